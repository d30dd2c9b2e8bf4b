package command

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/edge/board"
	"github.com/lamppost-city/lamppost/edge/buffer"
	"github.com/lamppost-city/lamppost/edge/wire"
	"github.com/spf13/cobra"
)

func bufferStats(with Options) *cobra.Command {
	l := looking{with: with}
	var asJSON, segments bool
	c := &cobra.Command{
		Use:   "stats",
		Short: "size, time span, what waits for the cloud, what was lost and why",
		Long: `stats shows how much the journal holds and from when, run by run, how many records no store
has yet, what was lost and why, and what the card has to bear.

Exit codes: 0 shown, 3 wrong configuration, 7 permission, 8 no journal there.`,
		Args: cobra.NoArgs,
	}
	l.flags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "as one JSON object")
	c.Flags().BoolVar(&segments, "segments", false, "also list the files")
	c.RunE = func(c *cobra.Command, _ []string) error {
		o, err := l.open(c)
		if err != nil {
			return err
		}
		defer o.Journal.Close()
		s := o.Stats()
		if asJSON {
			return shown(json.NewEncoder(c.OutOrStdout()).Encode(o.jsonStats(s)))
		}
		return shown(o.renderStats(c.OutOrStdout(), s, segments, time.Local))
	}
	return c
}

// jsonStats is the --json form; fields are only ever added.
type jsonStats struct {
	buffer.Stats
	Dir    string      `json:"dir"`
	Stores []string    `json:"stores"`
	Writes board.Meter `json:"writes"`
}

func (o *opened) jsonStats(s buffer.Stats) *jsonStats {
	return &jsonStats{s, o.dir, append([]string{}, o.Stores...), o.Writes}
}

func (o *opened) renderStats(w io.Writer, s buffer.Stats, segments bool, loc *time.Location) error {
	t := teller{o.lang, loc}
	head := [][]string{
		{t.pick("journal", "数据缓存"), o.dir},
		{t.pick("size", "大小"), o.sizeText(s)},
		{t.pick("span", "时间"), t.spanText(s.Oldest, s.Newest)},
		{t.pick("records", "记录"), fmt.Sprintf(t.pick("%s, %s", "%s 条，%s"), grouped(s.Records), o.unsentText(s))},
		{t.pick("lost", "丢失"), t.lossText(s.Losses)},
	}
	if wear := o.wearText(); wear != "" {
		head = append(head, []string{t.pick("writes", "写入"), wear})
	}
	if err := columns(w, head); err != nil {
		return err
	}
	tables := [][][]string{t.epochRows(s.Epochs), t.lossRows(s.Losses)}
	if segments {
		tables = append(tables, t.segmentRows(s.Segments))
	}
	for _, rows := range tables {
		if len(rows) < 2 {
			continue
		}
		if _, err := fmt.Fprintln(w); err != nil {
			return err
		}
		if err := columns(w, rows); err != nil {
			return err
		}
	}
	return nil
}

func (o *opened) sizeText(s buffer.Stats) string {
	text := fmt.Sprintf(pick(o.lang, "%s in %s", "%s，%s"), bytesText(float64(s.Bytes)), filesText(s.Files, o.lang))
	if o.cfg != nil {
		text += fmt.Sprintf(pick(o.lang, " (%.0f %% of %s)", "（%s 的 %.0f %%）"), either(o.lang, float64(s.Bytes)*100/float64(o.cfg.Journal.Size), bytesText(float64(o.cfg.Journal.Size)))...)
	}
	if s.Broken > 0 {
		text += fmt.Sprintf(pick(o.lang, ", %d of them damaged: lamppost buffer verify", "，其中 %d 个已损坏：lamppost buffer verify"), s.Broken)
	}
	return text
}

// either puts two arguments in the order of the language.
func either(lang string, a, b any) []any {
	if lang == "zh" {
		return []any{b, a}
	}
	return []any{a, b}
}

func (o *opened) unsentText(s buffer.Stats) string {
	stores, unsent := strings.Join(o.Stores, ", "), s.Unsent
	switch {
	case unsent == nil:
		return pick(o.lang, "it is not known what a store has", "上传情况未知")
	case *unsent == 0:
		return pick(o.lang, "a store has them all", "均已上传")
	case *unsent == s.Records:
		return pick(o.lang, "none of them is in a store yet", "均未上传")
	case stores == "":
		return fmt.Sprintf(pick(o.lang, "%s of them wait for a store", "其中 %s 条待上传"), grouped(*unsent))
	}
	return fmt.Sprintf(pick(o.lang, "%s of them wait for %s", "其中 %s 条待上传至 %s"), grouped(*unsent), stores)
}

// wearText says what the card has to bear, as far as the gateway has counted it.
func (o *opened) wearText() string {
	day, ok := o.Writes.PerDay()
	if !ok {
		return ""
	}
	return fmt.Sprintf(pick(o.lang, "%s a day reach the disk, %s of them the journal's, with %s flushes", "每天 %s 写入磁盘，其中数据缓存 %s，落盘 %s 次"),
		bytesText(float64(day.Bytes())), bytesText(float64(day.Journal)), grouped(day.Syncs))
}

// teller writes moments for a person.
type teller struct {
	lang string
	loc  *time.Location
}

func (t teller) pick(en, zh string) string { return pick(t.lang, en, zh) }

// when writes a moment: the local time, or which boot and how long after it.
func (t teller) when(m wire.Moment) string {
	if m.Unix != 0 {
		return time.UnixMilli(m.Unix).In(t.loc).Format(time.DateTime)
	}
	return t.undated(m.Boot, m.BootMS)
}

func (t teller) undated(boot string, bootMS int64) string {
	if boot == "" {
		return "-"
	}
	return fmt.Sprintf(t.pick("boot %s +%.1f s", "启动 %s +%.1f 秒"), boot[:min(8, len(boot))], float64(bootMS)/1000)
}

func (t teller) spanText(from, to wire.Moment) string {
	if from == (wire.Moment{}) {
		return "-"
	}
	text := fmt.Sprintf(t.pick("%s to %s", "%s 至 %s"), t.when(from), t.when(to))
	if from.Unix != 0 && to.Unix != 0 {
		text += fmt.Sprintf(" (%s, %s)", zone(time.UnixMilli(to.Unix).In(t.loc)), longText(time.Duration(to.Unix-from.Unix)*time.Millisecond, t.lang))
	}
	return text
}

func (t teller) lossText(losses []buffer.Loss) string {
	n, unknown := uint64(0), false
	for _, l := range losses {
		n += l.Records
		unknown = unknown || l.Unknown
	}
	switch {
	case unknown && n == 0:
		return t.pick("records, it is not known how many", "有记录丢失，数量未知")
	case unknown:
		return fmt.Sprintf(t.pick("%s records and others, it is not known how many", "%s 条记录，另有数量未知的记录"), grouped(n))
	case n == 0:
		return t.pick("nothing", "无")
	}
	return fmt.Sprintf(t.pick("%s records", "%s 条记录"), grouped(n))
}

func (t teller) epochRows(epochs []buffer.Epoch) [][]string {
	rows := [][]string{{t.pick("RUN", "运行"), t.pick("FROM", "开始"), t.pick("TO", "结束"), t.pick("RECORDS", "记录"), t.pick("WAITING", "待上传"), t.pick("LOST", "丢失"), t.pick("ENDED", "结束方式")}}
	for i, e := range epochs {
		ended := t.pick("without notice", "意外")
		switch {
		case e.Clean:
			ended = t.pick("in order", "正常")
		case i == len(epochs)-1:
			ended = "-" // it may be running
		}
		unsent := "-"
		if e.Unsent != nil {
			unsent = grouped(*e.Unsent)
		}
		rows = append(rows, []string{string(e.Epoch), t.when(e.From), t.when(e.To), grouped(e.Records), unsent, grouped(e.Lost), ended})
	}
	return rows
}

func (t teller) lossRows(losses []buffer.Loss) [][]string {
	rows := [][]string{{t.pick("LOST", "丢失"), t.pick("FROM", "从"), t.pick("TO", "到"), t.pick("WHY", "原因")}}
	for _, l := range losses {
		lost := grouped(l.Records)
		if l.Unknown {
			lost = "?"
		}
		rows = append(rows, []string{lost, t.when(l.From), t.when(l.To), buffer.GapReason(l.Why, t.lang)})
	}
	return rows
}

func (t teller) segmentRows(segments []buffer.Segment) [][]string {
	rows := [][]string{{t.pick("FILE", "文件"), t.pick("SIZE", "大小"), t.pick("FILLED", "已用"), t.pick("RECORDS", "记录"), t.pick("FROM", "开始"), t.pick("NOTE", "备注")}}
	for _, g := range segments {
		records, note := "-", ""
		if g.First <= g.Last {
			records = fmt.Sprintf("%d–%d", g.First, g.Last)
		}
		if g.Broken {
			note = t.pick("damaged", "已损坏")
		}
		rows = append(rows, []string{g.File, bytesText(float64(g.Size)), bytesText(float64(g.Used)), records, t.when(g.From), note})
	}
	return rows
}
