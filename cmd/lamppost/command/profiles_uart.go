package command

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/drivers/uart"
	"github.com/spf13/cobra"
)

// describeUART prints how a part on a serial line of its own talks.
func describeUART(b *strings.Builder, f *uart.Profile, metrics *obs.Catalog, lang string) error {
	line := f.Line.Settings()
	fmt.Fprintf(b, pick(lang, "line: %d bit/s %s\n", "线路：%d bit/s %s\n"), line.Baud, dash(line.Parity))
	for _, cmd := range f.Start {
		fmt.Fprintf(b, pick(lang, "set up with: %q\n", "设置命令：%q\n"), []byte(cmd))
	}
	switch {
	case f.Ask != nil:
		fmt.Fprintf(b, pick(lang, "asked with: %q, answers within %v\n", "查询命令：%q，%v 内应答\n"), []byte(f.Ask), f.Timeout)
	default:
		fmt.Fprintf(b, pick(lang, "talks by itself, at least every %v\n", "主动发送，至少每 %v 一次\n"), f.Timeout)
	}
	fmt.Fprintf(b, pick(lang, "messages: %s\n\n", "报文：%s\n\n"), f.Looks())
	rows := [][]string{strings.Fields(pick(lang, "CHANNEL WHERE VALUE RANGE UNIT", "测点 位置 数值 量程 单位"))}
	for _, c := range f.Channels {
		m, _ := metrics.Lookup(c.Name)
		rows = append(rows, []string{c.Name, f.Where(c), scaled(c.Scale.String(), c.Offset.String()), c.Min.String() + " … " + c.Max.String(), dash(m.Text)})
	}
	if err := columns(b, rows); err != nil {
		return err
	}
	fmt.Fprint(b, "\n")
	return nil
}

// tryMessage decodes what a part has sent with one profile.
func tryMessage(c *cobra.Command, b *builtin, f *uart.Profile, sent, lang string) error {
	all, err := f.Decode(message(sent, f))
	if err != nil {
		return &exit{exitFindings, fmt.Errorf("%s does not read it: %w", f.ID, err), "lamppost profiles show " + f.ID + " says how its messages look"}
	}
	return shown(decoded(c.OutOrStdout(), all, b.metrics, lang))
}

// message is what was sent: in hexadecimal digits, or as text, with \r and \n where its
// end was kept; a text without one gets it. Digits that are a text stay one.
func message(s string, f *uart.Profile) []byte {
	ends := f.Ends()
	b, err := hex.DecodeString(strings.NewReplacer(" ", "", ":", "", "\t", "").Replace(s))
	if err == nil && bytes.HasSuffix(b, ends) {
		return b
	}
	b = []byte(strings.NewReplacer(`\r`, "\r", `\n`, "\n").Replace(s))
	if !bytes.HasSuffix(b, ends) {
		b = append(b, ends...)
	}
	return b
}
