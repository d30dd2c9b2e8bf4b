package command

import (
	"fmt"
	"io"
	"strings"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/modbus"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/drivers/profile"
	"github.com/lamppost-city/lamppost/drivers/uart"
	"github.com/spf13/cobra"
)

func profilesShow(o Options) *cobra.Command {
	var set profileSet
	var text bool
	c := &cobra.Command{
		Use:   "show PROFILE",
		Short: "one profile: its channels as a table, how it is read, and the file itself",
		Long: `show prints one profile: what it is, where its channels stand, how it is asked, and its
file. With --yaml the file alone, to begin one of your own with:

  lamppost profiles show xy-md02 --yaml > profiles/xy-md02.yaml

Exit codes: 0, 2 no such profile, 3 a profile beside the configuration has mistakes.`,
		Args: cobra.ExactArgs(1),
	}
	set.flags(c)
	c.Flags().BoolVar(&text, "yaml", false, "the file alone")
	c.RunE = func(c *cobra.Command, args []string) error {
		b, err := o.loadBuiltin(true)
		if err != nil {
			return err
		}
		profiles, err := set.load(c, b)
		if err != nil {
			return err
		}
		f, ok := profiles.Get(args[0])
		if !ok {
			return noProfile(args[0], profiles, set.lang)
		}
		src, err := profileText(f.About())
		if err != nil {
			return &exit{code: exitStorage, err: err}
		}
		if !text {
			if err := describe(c.OutOrStdout(), f, b.metrics, set.lang); err != nil {
				return shown(err)
			}
		}
		_, err = c.OutOrStdout().Write(src)
		return shown(err)
	}
	return c
}

func noProfile(id string, profiles *profile.Set, lang string) error {
	hint := yamldoc.Hint(id, profiles.IDs())
	return &exit{exitUsage, fmt.Errorf("there is no profile %q; %s", id, hint), "lamppost profiles list"}
}

// describe prints all of a profile that is not its file.
func describe(w io.Writer, p profile.Profile, metrics *obs.Catalog, lang string) error {
	var b strings.Builder
	f := p.About()
	fmt.Fprintf(&b, pick(lang, "%s: %s, %s (%s)\n", "%s：%s，%s（%s）\n"), f.ID, f.Name.In(lang), f.Maker, origin(f, lang))
	fmt.Fprintf(&b, pick(lang, "from: %s\n", "依据：%s\n"), strings.TrimSuffix(f.Source.Document+", "+f.Source.Section, ", "))
	for _, d := range f.Doubts {
		fmt.Fprintf(&b, pick(lang, "doubt: %s\n", "存疑：%s\n"), d)
	}
	for _, n := range f.Notes {
		fmt.Fprintf(&b, pick(lang, "note: %s\n", "说明：%s\n"), n)
	}
	fmt.Fprintf(&b, pick(lang, "warm-up: %s (%s)\n", "预热：%s（%s）\n"), warmUpText(f, lang), warmUpSource(f, lang))
	var err error
	switch p := p.(type) {
	case *modbus.Profile:
		err = describeModbus(&b, p, metrics, lang)
	case *uart.Profile:
		err = describeUART(&b, p, metrics, lang)
	}
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, b.String())
	return err
}

// describeModbus prints the register map and how it is read.
func describeModbus(b *strings.Builder, f *modbus.Profile, metrics *obs.Catalog, lang string) error {
	fmt.Fprintf(b, pick(lang, "line: %s\n", "线路：%s\n"), lineText(f, lang))
	if ask := lineAsk(f, lang); ask != "" {
		fmt.Fprintf(b, pick(lang, "      %s\n", "      %s\n"), ask)
	}
	fmt.Fprint(b, "\n")
	rows := [][]string{strings.Fields(pick(lang, "CHANNEL FUNCTION REGISTER TYPE ORDER VALUE RANGE UNIT", "测点 功能码 寄存器 类型 字节序 数值 量程 单位"))}
	for _, r := range f.Channels {
		m, _ := metrics.Lookup(r.Channel)
		rows = append(rows, []string{r.Channel, fmt.Sprint(r.Function), fmt.Sprintf("0x%04X", r.Address), typeText(r), dash(orderText(r)),
			valueText(r), r.Min.String() + " … " + r.Max.String(), dash(m.Text)})
	}
	for _, x := range f.Facts {
		what := x.Type.String()
		if x.Text > 0 {
			what = fmt.Sprintf(pick(lang, "text, %d registers", "文本，%d 个寄存器"), x.Text)
		}
		rows = append(rows, []string{x.Name, fmt.Sprint(x.Function), fmt.Sprintf("0x%04X", x.Address), what, "-", pick(lang, "a fact", "信息"), "-", "-"})
	}
	if err := columns(b, rows); err != nil {
		return err
	}
	fmt.Fprint(b, "\n")
	for _, r := range f.Requests() {
		fmt.Fprintf(b, pick(lang, "read with function %d from 0x%04X, count %d\n", "读取：功能码 %d，起始 0x%04X，数量 %d\n"), r.Function, r.Start, r.Count)
	}
	fmt.Fprint(b, "\n")
	return nil
}

// lineText says how the line is set as the part is delivered.
func lineText(f *modbus.Profile, lang string) string {
	if text := deliveredText(f, lang); text != "-" {
		return text
	}
	return pick(lang, "not stated", "未说明")
}

func typeText(r modbus.Register) string {
	switch {
	case r.Coils():
		return "-"
	case r.Bits.Width > 0:
		return fmt.Sprintf("%s, bits %s", r.Type, r.Bits)
	}
	return r.Type.String()
}

func orderText(r modbus.Register) string {
	if r.Coils() || r.Type.Words() == 1 && r.Order == 0 {
		return ""
	}
	return r.Order.String()
}

// valueText is how the number becomes the value.
func valueText(r modbus.Register) string { return scaled(r.Scale.String(), r.Offset.String()) }

func scaled(scale, offset string) string {
	s := "raw"
	if scale != "1" {
		s += " × " + scale
	}
	switch t := offset; {
	case strings.HasPrefix(t, "-"):
		s += " - " + t[1:]
	case t != "0":
		s += " + " + t
	}
	return s
}
