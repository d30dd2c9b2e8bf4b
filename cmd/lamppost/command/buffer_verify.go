package command

import (
	"fmt"
	"io"
	"strings"

	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/spf13/cobra"
)

func bufferVerify(with Options) *cobra.Command {
	l := looking{with: with}
	c := &cobra.Command{
		Use:   "verify",
		Short: "read every byte and check every checksum",
		Long: `verify reads the whole journal and checks every checksum. It repairs nothing: what is
damaged stays readable around the damage, and the gateway declares what is lost as a gap.
The torn end that a power cut leaves is no damage.

Exit codes: 0 sound, 1 damage was found, 3 wrong configuration, 7 permission,
8 no journal there or the disk cannot be read, 130 cut short.`,
		Args: cobra.NoArgs,
	}
	l.flags(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		o, err := l.open(c)
		if err != nil {
			return err
		}
		defer o.Journal.Close()
		b := newBar(c.ErrOrStderr(), o.lang)
		found, err := o.Journal.Verify(c.Context(), func(done, total int64) { b.show(uint64(done), uint64(total)) })
		b.end()
		if cut := cutShort(c.Context()); cut != nil {
			return cut
		}
		if err != nil {
			return &exit{exitStorage, err, "the disk does not give the file back; copy what is readable and replace the card"}
		}
		var text strings.Builder
		for _, f := range found {
			fmt.Fprintln(&text, findingText(f, o.lang))
		}
		s := o.Stats()
		fmt.Fprintf(&text, pick(o.lang, "%s of records in %s checked: %s\n", "已检查记录 %s，%s：%s\n"), bytesText(float64(s.Used)), filesText(s.Files, o.lang), verdictText(len(found), o.lang))
		if _, err := io.WriteString(c.OutOrStdout(), text.String()); err != nil {
			return shown(err)
		}
		if len(found) > 0 {
			return &exit{exitFindings, nil, pick(o.lang, "save what is readable with lamppost buffer export, and replace the card if it happens again", "用 lamppost buffer export 导出可读数据；若再次出现请更换存储卡")}
		}
		return nil
	}
	return c
}

func verdictText(n int, lang string) string {
	switch n {
	case 0:
		return pick(lang, "all is sound", "全部完好")
	case 1:
		return pick(lang, "1 place is damaged", "1 处损坏")
	}
	return fmt.Sprintf(pick(lang, "%d places are damaged", "%d 处损坏"), n)
}

// foundWords say what is wrong at a place.
var foundWords = map[string]struct{ en, zh string }{
	journal.FoundHeader:     {"the file's head is damaged, what follows is readable", "文件头损坏，其后内容可读"},
	journal.FoundRuined:     {"nothing from here on can be read", "此后内容均无法读出"},
	journal.FoundChecksum:   {"a checksum is wrong", "校验和不符"},
	journal.FoundUnreadable: {"the disk does not give the bytes back", "磁盘无法读出"},
	journal.FoundContent:    {"the checksum is right, what is inside is not", "校验和正确但内容有误"},
	journal.FoundShort:      {"the file ends too early", "文件被截短"},
	journal.FoundMissing:    {"the file is missing", "文件缺失"},
}

func findingText(f journal.Finding, lang string) string {
	w, ok := foundWords[f.What]
	if !ok {
		w.en, w.zh = f.What, f.What
	}
	var ranges []string
	n := uint64(0)
	for _, r := range f.Lost {
		n += r.To - r.From + 1
		text := fmt.Sprintf("%d–%d", r.From, r.To)
		if r.From == r.To {
			text = fmt.Sprint(r.From)
		}
		ranges = append(ranges, text)
	}
	lost := pick(lang, "no record is lost", "没有记录丢失")
	switch {
	case f.What == journal.FoundRuined:
		lost = fmt.Sprintf(pick(lang, "it is not known how many records of %s are lost", "%s 丢失的记录数量未知"), f.Epoch)
	case n > 0:
		lost = fmt.Sprintf(pick(lang, "%s records lost (%s of %s)", "丢失 %s 条记录（%s，%s）"), grouped(n), strings.Join(ranges, ", "), f.Epoch)
	}
	return fmt.Sprintf(pick(lang, "%s, byte %d, %d bytes: %s; %s", "%s，第 %d 字节起 %d 字节：%s；%s"), f.File, f.Offset, f.Length, pick(lang, w.en, w.zh), lost)
}
