package command

import (
	"fmt"
	"strings"
)

// conditionWord is something that a condition may say, with an example of it that a test
// compiles.
type conditionWord struct{ example, en, zh string }

// conditionWords are the functions of conditions, and what else stands in them.
var conditionWords = []conditionWord{
	{"river.level > 3.00", "the last usable value: device.channel", "最近一个可用值：设备.测点"},
	{"avg(river.level, 10m) > 3.00", "`avg`: mean of the readings of the last ten minutes", "`avg`：最近十分钟读数的平均值"},
	{"leq(street.noise, 10m) > 65", "`leq`: energy mean of a sound level; `avg` of decibels is refused", "`leq`：声级的能量平均（等效声级）；分贝值不能用 `avg`"},
	{"min(river.level, 1h) < 0.20", "`min`: the lowest of them", "`min`：其中最小值"},
	{"max(river.level, 1h) > 3.00", "`max`: the highest of them", "`max`：其中最大值"},
	{"count(river.level, 10m) < 30", "`count`: how many usable readings there were", "`count`：可用读数的个数"},
	{"rise(river.level, 10m) > 0.30", "`rise`: by how much the last reading is above the lowest one in the window; of a running total, what came in that time, also where its counter begins anew", "`rise`：最后一个读数比窗口内最低读数高多少；对累计量即这段时间内的增量，计数器归零也不受影响"},
	{"rate(river.level, 30m) > 0.20", "`rate`: last reading less the first one in the window, per hour", "`rate`：窗口内最后一个读数减第一个读数，折算为每小时"},
	{"rises_to(river.level, 3.00, 15m) < 30m", "`rises_to`: how long until the trend of the last fifteen minutes reaches 3.00 from below", "`rises_to`：按最近十五分钟的趋势，多久以后从下方到达 3.00"},
	{"falls_to(river.level, 0.50, 1h) < 2h", "`falls_to`: likewise, from above", "`falls_to`：同上，从上方到达"},
	{"stale(river.level) > 5m", "`stale`: how long no usable value has come; a part that says that it warms up, is calibrated, maintained or switched off by plan is not silent", "`stale`：多久没有可用值；部件报告预热、校准、维护或按计划停运的时间不计"},
	{"stuck(river.level) > 6h", "`stuck`: how long it has given the same value", "`stuck`：数值多久没有变化"},
	{"abs(river.level - canal.level) > 0.50", "`abs`: the size of a number, whatever its sign", "`abs`：绝对值"},
	{"1.00 < river.level < 3.00 and not (canal.level >= 2.00 or canal.level == 0)", "`and`, `or`, `not`, brackets, chained comparisons `< <= > >= == !=`", "`and`、`or`、`not`、括号、连续比较 `< <= > >= == !=`"},
	{"(river.level + canal.level) / 2 > 2 * 1.25 - 0.5", "arithmetic `+ - * / % ^`; both sides of `+`, `-` and a comparison are in one unit", "算术 `+ - * / % ^`；`+`、`-` 和比较的两边单位须相同"},
	{"river.level > (canal.level > 1.00 ? 2.50 : 3.00)", "one number or another, by a condition", "按条件取两个数值之一"},
}

// conditionExample is a rule with levels and a forecast, which a test checks.
const conditionExample = `rules:
  river-high:
    levels:
      red:    {when: "river.level > 3.40", clear: "river.level < 3.30", clear_for: 5m}
      orange: {when: "river.level > 3.00", for: 2m, clear: "river.level < 2.90", clear_for: 5m, hold: 10m}
    forecast: {within: 30m, window: 30m, method: theil-sen, severity: orange, message: {zh: "预计{in}超过 {limit} 米", en: "above {limit} m {in}"}}
    message: {zh: "河道水位 {value} 米", en: "river level {value} m"}
`

// conditionsPart writes what a condition may say.
func conditionsPart(b *strings.Builder, lang string) {
	b.WriteString(pick(lang, conditionsHead, conditionsHeadZh))
	for _, w := range conditionWords {
		fmt.Fprintf(b, "| `%s` | %s |\n", w.example, pick(lang, w.en, w.zh))
	}
	fmt.Fprintf(b, pick(lang, conditionsTail, conditionsTailZh), conditionExample)
}

const conditionsHead = `
<a id="conditions"></a>

## What a condition may say

A rule of a site's own has a condition in ` + "`when`" + `, and may have another one in ` + "`clear`" + `. Windows are written as durations from 1s to 48h, no shorter than the
stream's interval (twice that for ` + "`rise` and `rate`" + `). Numbers have no units: each stream has its own. ` + "`lamppost check`" + ` says where something is
wrong, and what to write instead.

| for example | what it says |
| --- | --- |
`

const conditionsTail = `
**A restart** costs what came while nothing ran, and no more: windows are filled again from the gateway's own journal, as far as its last 262 144 samples
reach. Timers stand still meanwhile, alerts stand. Two things begin anew: ` + "`count`" + ` says "at least so many" until its window has passed once, and after a
power cut on a board whose clock is not yet known when it starts (no clock chip, no network) windows begin empty.

**What counts as known.** A value is used until its stream has been silent for three of its intervals, at least 30 s: one that is read every 5 s is unknown
30 s after its last usable value, one that is read every minute after three minutes. What is unknown neither raises nor clears.

**Times.** ` + "`for`" + ` is how long a condition must be met before the alert is raised, ` + "`clear_for`" + ` how long it must be over before the alert ends (7d at most
each), ` + "`hold`" + ` how long an alert stays at least, from its raise on (24h at most). Beside ` + "`use`, `hold`" + ` is the site's and means the same; how long
something must last is the pack's, and its parameter is called ` + "`for`" + `.

**Several severities.** ` + "`levels`" + ` stands in place of ` + "`when` and `severity`" + `: below red, orange, yellow or blue a ` + "`when`" + ` of its own, and if need be ` + "`for`, `clear`, `clear_for`, `hold`" + `. The
rule has one alert, with the severity of the most severe level that is met: it climbs at once and comes down by each level's own ` + "`clear`" + `.

**Before the limit is reached.** ` + "`forecast`" + ` belongs to a condition that compares one value with a number; of levels it is for the least severe.

| key | what it says |
| --- | --- |
| ` + "`within`" + ` | how far ahead to look, at most twice the window |
| ` + "`window`" + ` | from the readings of how long the trend is taken: at least six of them, at most 48h |
| ` + "`method`" + ` | theil-sen (the default) withstands wrong readings, holt is quicker on clean ones |
| ` + "`severity`" + ` | of the pre-alert, no more severe than what it expects; that one's by default |
| ` + "`message`" + ` | its text; {in} is when the limit is expected, with its own word: "within 2 min", "in 5–12 min" |

The limit is reckoned from where the value stands now. Once it has gone back, pumped out or after the crest, nothing is foreseen until it comes again; a pre-alert
that stands is withdrawn when no trend has led to the limit for a third of the window.

` + "```yaml" + `
%s` + "```" + `
`

const conditionsHeadZh = `
<a id="conditions"></a>

## 条件可以怎么写

站点自己的规则在 ` + "`when`" + ` 中写条件，也可在 ` + "`clear`" + ` 中写解除条件。窗口写成 1s 到 48h 的时长，不短于数据流的采样间隔（` + "`rise` 和 `rate`" + ` 不短于两倍）。
数值不写单位，各数据流有自己的单位。` + "`lamppost check`" + ` 会指出错误的位置和应写的内容。

| 例 | 含义 |
| --- | --- |
`

const conditionsTailZh = `
**重启**只损失停机期间的数据：窗口会用网关自己的日志重新填满（最多追溯最近 262 144 个样本）。计时在停机期间暂停，告警保持。
只有两处重新开始：` + "`count`" + ` 在满一个窗口之前只给出“至少多少个”；断电后启动时时钟还未知的板子（没有时钟芯片、也没有网络），窗口从空开始。

**什么算已知。** 数据流中断不超过三个采样间隔（至少 30 秒）时，最近的可用值仍然有效：每 5 秒采样的，最后一个可用值之后 30 秒变为未知；每分钟采样的，三分钟后变为未知。未知既不触发也不解除。

**时间。** ` + "`for`" + ` 是条件要持续多久才报警，` + "`clear_for`" + ` 是条件结束多久才解除（最长各 7d），` + "`hold`" + ` 是报警从触发起至少保持多久（最长 24h）。写在 ` + "`use`" + ` 旁边的 ` + "`hold`" + `
是站点的，含义相同；要持续多久由规则包给出，参数名为 ` + "`for`" + `。

**多个级别。** ` + "`levels`" + ` 代替 ` + "`when` 和 `severity`" + `：在 red、orange、yellow、blue 下各写 ` + "`when`" + `，需要时再写 ` + "`for`、`clear`、`clear_for`、`hold`" + `。一条规则只有一个报警，
级别取已满足的最严重一级：升级立即生效，降级按各级自己的 ` + "`clear`" + `。

**到达限值之前。** ` + "`forecast`" + ` 用于一个数据与数值比较的条件；有多个级别时针对最轻的一级。

| 键 | 含义 |
| --- | --- |
| ` + "`within`" + ` | 提前多久预测，最多为窗口的两倍 |
| ` + "`window`" + ` | 用多长时间的读数求趋势：至少六个读数，最长 48h |
| ` + "`method`" + ` | theil-sen（缺省）不怕错误读数，holt 在数据干净时更快 |
| ` + "`severity`" + ` | 预测报警的级别，不高于它所预测的级别；缺省与其相同 |
| ` + "`message`" + ` | 预测报警的文字；{in} 是预计何时到达限值，已带介词：“2 分钟内”“5–12 分钟后” |

到达时间从数值现在的位置算起。数值一旦回退（抽排、洪峰已过），在再次上涨之前不作预测；已有的预测报警在三分之一窗口内没有趋势指向限值时撤回。

` + "```yaml" + `
%s` + "```" + `
`
