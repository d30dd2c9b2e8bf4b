package command

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/buffer"
	"github.com/lamppost-city/lamppost/edge/wire"
	"github.com/spf13/cobra"
)

// filterFlags are what inspect and export can be asked for.
type filterFlags struct {
	since, until   moments
	device, stream string
	kinds          []string
	undated        bool
}

func (f *filterFlags) flags(c *cobra.Command) {
	c.Flags().Var(&f.since, "since", "from then on: 2h, 3d, 2026-11-20, \"2026-11-20 08:00\"")
	c.Flags().Var(&f.until, "until", "up to then")
	c.Flags().StringVar(&f.device, "device", "", "of this device only")
	c.Flags().StringVar(&f.stream, "stream", "", "of this stream only, device/channel")
	c.Flags().StringSliceVar(&f.kinds, "kind", nil, "of these kinds only: "+strings.Join(buffer.Kinds(), ", "))
	c.Flags().BoolVar(&f.undated, "undated", false, "with --since or --until: also what has no date yet")
}

func (f *filterFlags) filter() (buffer.Filter, error) {
	out := buffer.Filter{Since: f.since.at, Until: f.until.at, Undated: f.undated, Kinds: f.kinds, Stream: obs.Stream{Device: f.device}}
	if f.stream != "" {
		s, err := obs.ParseStream(f.stream)
		if err != nil || f.device != "" && f.device != s.Device {
			return out, &exit{exitUsage, fmt.Errorf("--stream %q is not a stream of the device asked for", f.stream), "write device/channel, like river/level"}
		}
		out.Stream = s
	}
	for _, k := range f.kinds {
		if !slices.Contains(buffer.Kinds(), k) {
			return out, &exit{exitUsage, fmt.Errorf("there is no kind %q", k), "kinds: " + strings.Join(buffer.Kinds(), ", ")}
		}
	}
	if !out.Until.IsZero() && out.Until.Before(out.Since) {
		return out, &exit{exitUsage, fmt.Errorf("--until %s is before --since %s", f.until.text, f.since.text), "exchange them"}
	}
	return out, nil
}

// maxInspect bounds what inspect keeps in memory.
const maxInspect = 100_000

func bufferInspect(with Options) *cobra.Command {
	l := looking{with: with}
	var f filterFlags
	var limit int
	c := &cobra.Command{
		Use:   "inspect",
		Short: "show entries: readings with their quality, events, alerts",
		Long: `inspect shows the newest entries that were asked for, the last one below. Times are
local. What was taken while the clock was not known has none yet: it is shown with
the boot and the time since.

Exit codes: 0 shown, 2 wrong usage, 3 wrong configuration, 7 permission, 8 no journal there
or standard output takes nothing.`,
		Args: cobra.NoArgs,
	}
	l.flags(c)
	f.flags(c)
	c.Flags().IntVarP(&limit, "limit", "n", 40, "entries at most")
	c.RunE = func(c *cobra.Command, _ []string) error {
		filter, err := f.filter()
		if err != nil {
			return err
		}
		if limit < 1 || limit > maxInspect {
			return &exit{exitUsage, fmt.Errorf("--limit is 1 to %d", maxInspect), "lamppost buffer export has no limit"}
		}
		o, err := l.open(c)
		if err != nil {
			return err
		}
		defer o.Journal.Close()
		entries, sum, err := o.Tail(c.Context(), filter, limit)
		if cut := cutShort(c.Context()); cut != nil {
			return cut
		}
		if err != nil {
			return &exit{exitStorage, err, ""}
		}
		return shown(renderEntries(c.OutOrStdout(), entries, sum, teller{o.lang, time.Local}))
	}
	return c
}

func renderEntries(w io.Writer, entries []buffer.Entry, sum buffer.Summary, t teller) error {
	at := time.Now()
	if n := len(entries); n > 0 && entries[n-1].Dated {
		at = time.UnixMilli(entries[n-1].UnixMS)
	}
	rows := [][]string{{t.pick("TIME ", "时间 ") + zone(at.In(t.loc)), t.pick("DEVICE", "设备"), t.pick("CHANNEL", "测点"), t.pick("VALUE", "数值"), t.pick("UNIT", "单位"), t.pick("QUALITY", "质量")}}
	before := map[string]*wire.Alert{} // the revision that stands above, by the alert's id
	for i := range entries {
		e := &entries[i]
		news := ""
		if e.Alert != nil {
			if news = e.Alert.News(before[e.Alert.ID]); e.Alert.Renews(before[e.Alert.ID]) {
				news = renewed
			}
			before[e.Alert.ID] = e.Alert
		}
		rows = append(rows, t.entryRow(e, news))
	}
	if err := columns(w, rows); err != nil {
		return err
	}
	for _, line := range t.summary(sum) {
		if _, err := fmt.Fprintln(w, "# "+line); err != nil {
			return err
		}
	}
	return nil
}

// entryRow is one line; news says what a revision of an alert tells.
func (t teller) entryRow(e *buffer.Entry, news string) []string {
	row := []string{t.entryTime(e), dash(e.Stream.Device)}
	if e.Kind != buffer.Reading {
		return append(row, dash(e.Stream.Channel), t.mark(e, news)+e.Text(t.lang))
	}
	value, channel := "-", e.Stream.Channel
	if e.Quality.Flag != obs.Missing {
		value = e.Metric.Format(e.Value)
	}
	if channel == wire.FaultChannel {
		channel = "-" // the whole device
	}
	return append(row, channel, value, dash(e.Metric.Text), t.grade(e.Quality))
}

// grades and reasons are the words of quality in Chinese; in English they are
// those of the flags themselves.
var (
	grades  = map[obs.Flag]string{obs.Pass: "正常", obs.NotEvaluated: "未检验", obs.Suspect: "可疑", obs.Fail: "不合格", obs.Missing: "缺测"}
	reasons = map[obs.Reason]string{"range": "超出量程", "rate": "变化过快", "flat": "数据不变", "warm-up": "预热中", "stale": "过期", "no-echo": "无回波", "absent": "本机没有", "lost": "可能漏计", "sparse": "数据不足", "unclear": "画面不清",
		"instrument": "仪器故障", "not-a-number": "非数值", "timeout": "无应答", "checksum": "数据损坏", "protocol": "无法解析", "exception": "拒绝请求", "wrong-part": "不是该设备",
		"unplugged": "已拔出", "spike": "尖峰", "calibration": "校准中", "maintenance": "维护中", "gap": "间隔过长", "season": "与季节不符", "attenuated": "信号衰减", "alone": "单独跳变", "neighbour": "与邻站不符", "place": "位置不符",
		"switched-off": "按计划停运", "manual": "人工录入", "busy": "端口被占用", "device": "设备故障", "error": "错误"}
)

func (t teller) grade(q obs.Quality) string {
	if t.lang != "zh" {
		return grade(q)
	}
	text := grades[q.Flag]
	if why := cmp.Or(reasons[q.Why], string(q.Why)); why != "" {
		text += "：" + why
	}
	return text
}

// renewed is of a forecast that tells its range anew.
const renewed = "renewed"

// newsWords stand before what an alert says again: a reader must not take it for a new one.
var newsWords = map[string][2]string{
	wire.Reached:      {" reached: ", " 已到限值："},
	wire.Worse:        {" more severe: ", " 加重："},
	wire.Milder:       {" less severe: ", " 减轻："},
	wire.Acknowledges: {" acknowledged: ", " 已确认："},
	wire.Aside:        {" still active: ", " 仍在："},
	wire.Restless:     {" still active: ", " 仍在："},
	wire.Repeated:     {" repeated: ", " 重报："},
	renewed:           {" newer range: ", " 更新预计："},
	wire.Over:         {" cleared: ", " 解除："},
}

// mark stands before the text of what is not a reading.
func (t teller) mark(e *buffer.Entry, news string) string {
	if e.Alert == nil {
		return ""
	}
	sign := map[wire.Severity]string{wire.Red: "Ⅰ", wire.Orange: "Ⅱ", wire.Yellow: "Ⅲ", wire.Blue: "Ⅳ"}[e.Alert.Severity]
	if words, ok := newsWords[news]; ok {
		return sign + t.pick(words[0], words[1])
	}
	return sign + " "
}

// entryTime is the date to the millisecond; ± where it is not known to the second.
func (t teller) entryTime(e *buffer.Entry) string {
	if !e.Dated {
		return t.undated(e.Boot, e.BootMS)
	}
	s := time.UnixMilli(e.UnixMS).In(t.loc).Format("2006-01-02 15:04:05.000")
	if e.ErrMS >= 1000 || e.Guess {
		s += " ±" + longText(time.Duration(e.ErrMS)*time.Millisecond, t.lang)
	}
	return s
}

// summary says what is not on the list.
func (t teller) summary(s buffer.Summary) (lines []string) {
	say := func(n uint64, en, zh string) {
		if n > 0 {
			lines = append(lines, fmt.Sprintf(t.pick(en, zh), grouped(n)))
		}
	}
	if s.Entries == 0 {
		lines = append(lines, t.pick("nothing of that is in the journal", "数据缓存中没有符合条件的内容"))
	}
	if s.Limited {
		say(s.Entries, "the newest %s; there are more: --limit, or lamppost buffer export", "仅显示最新 %s 条；查看更多请用 --limit 或 lamppost buffer export")
	}
	say(s.Undated, "%s entries have no date yet and were left out: --undated shows them", "%s 条尚无时间，未列出：加 --undated 显示")
	say(s.Unreadable, "%s records cannot be read by this program; a newer one wrote them", "%s 条记录本程序无法读取，由更新的版本写入")
	say(s.Damaged, "%s records are lost to damage: lamppost buffer verify", "%s 条记录因损坏丢失：lamppost buffer verify")
	return lines
}
