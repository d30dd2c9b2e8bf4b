package command

import (
	"fmt"
	"strings"
)

// derivedSample is a derived stream with a rule on it, and testsSample tests of that; a
// test runs them.
const (
	derivedSample = `derived:
  calm: {is: mean, of: river.level, over: 1m, every: 10s}
rules:
  calm-high: {when: "calm.level > 3.00", clear: "calm.level < 2.90", severity: orange}
`
	testsSample = `config: gateway.yaml
tests:
  - name: waves are no flood
    rule: calm-high
    every: 5s
    series: {river.level: "2.80x24 3.40 2.60 3.40 2.60 2.80x24"}
    expect: {}
  - name: a flood
    rule: calm-high
    every: 5s
    series: {river.level: "2.80x24 +0.05x12 3.40x24"}
    expect: {2m30s..3m: orange}
  - name: the mean itself
    rule: calm-high
    every: 10s
    series: {calm.level: "2.80x6 3.10x6 2.80x6"}
    expect: {1m: orange, 2m: normal}
`
)

// testsPart writes how rules are tested.
func testsPart(b *strings.Builder, lang string) {
	fmt.Fprintf(b, pick(lang, testsText, testsTextZh), derivedSample, testsSample)
}

const testsText = `
<a id="tests"></a>

## Tests of rules

` + "`lamppost rules test FILE…`" + ` lets rules live through readings that are made up and says whether what was expected came; how they are written
stands in ` + "`lamppost rules test --help`" + `. Of a derived stream a test gives the readings of what it is made of, and it is computed as the gateway does,
bad and missing readings included; or it gives the derived stream's own readings. Both only go together where the rule itself reads both. What is derived by the clock begins at
` + "`start`" + `, at the place; without ` + "`start`" + ` on a Monday at 00:00.
Where a test gives readings of what a rule under ` + "`depends`" + ` reads, that rule is judged too, and while it has an alert the tested one is kept back:
a part that falls silent is ` + "`1.50x3 _x60`" + `. A rule of which no reading is given keeps nothing back.
The readings of a configuration's device are judged by its ranges and by ` + "`spike` and `rate`" + ` of its ` + "`checks`" + `, as the gateway does: a lone wrong value is
taken back by the next, with what it raised. The other checks are left out, since a series written by hand stands still as no sensor does. Tests in a
pack have no device: there a value counts as good unless ` + "`!` or `?`" + ` stands behind it.

` + "```yaml" + `
%s` + "```" + `

` + "```yaml calm.test.yaml" + `
%s` + "```" + `
`

const testsTextZh = `
<a id="tests"></a>

## 规则的测试

` + "`lamppost rules test 文件…`" + ` 让规则经历编写的读数，并说明预期的变化是否出现；读数的写法见 ` + "`lamppost rules test --help`" + `。对推算的数据流，测试可以给出来源的读数，
由引擎照网关运行时的方式推算（包括不良和缺失的读数）；也可以直接给出推算数据流自己的读数；只有规则本身两者都读时，才可两者都给。按钟点推算的，从 ` + "`start`" + `（当地时间）开始；没有 ` + "`start`" + ` 时从星期一 00:00 开始。
测试若给出 ` + "`depends`" + ` 所指规则要读的读数，该规则也参与判断；它有告警期间，被测规则不判断。部件失联写作 ` + "`1.50x3 _x60`" + `。没有给出读数的上级规则不起作用。
属于配置中设备的读数，按其量程和 ` + "`checks` 中的 `spike`、`rate`" + ` 判断，与网关一样：单个错误值由下一个读数撤回，连同它触发的告警。其他检验不做，因为手写的序列不像传感器那样变动。
规则包里的测试没有设备，其中的值除非后面写 ` + "`!` 或 `?`" + `，都算有效。

` + "```yaml" + `
%s` + "```" + `

` + "```yaml calm.test.yaml" + `
%s` + "```" + `
`
