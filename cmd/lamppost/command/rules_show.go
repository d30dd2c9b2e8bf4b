package command

import (
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/lamppost-city/lamppost/cmd/chinese"
	"github.com/lamppost-city/lamppost/edge/rulepack"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
	"github.com/spf13/cobra"
)

func rulesShow(o Options) *cobra.Command {
	var set packSet
	var text bool
	c := &cobra.Command{
		Use:   "show RULE",
		Short: "one rule of a pack: where its figures come from, its parameters, what to write",
		Long: `show prints one rule of a pack: what it is about, the standards that its figures come
from, its parameters with their units and defaults, and the lines to put into a
configuration. With --yaml the pack's file alone, to begin one of your own with:

  lamppost rules show underpass-flood --yaml > packs/flooding.yaml

Exit codes: 0, 2 no such rule, 3 a pack beside the configuration has mistakes.`,
		Args: cobra.ExactArgs(1),
	}
	set.flags(c)
	c.Flags().BoolVar(&text, "yaml", false, "the file of its pack")
	c.RunE = func(c *cobra.Command, args []string) error {
		b, err := o.loadBuiltin(true)
		if err != nil {
			return err
		}
		packs, err := set.load(c, b)
		if err != nil {
			return err
		}
		r, ok := packs.Get(args[0])
		if !ok {
			return noRule(args[0], packs)
		}
		if !text {
			return shown(describeRule(c.OutOrStdout(), r, set.lang))
		}
		src, err := packText(r.Pack)
		if err != nil {
			return &exit{code: exitStorage, err: err}
		}
		_, err = c.OutOrStdout().Write(src)
		return shown(err)
	}
	return c
}

// packText is the file of a pack, as it is written.
func packText(p *rulepack.Pack) ([]byte, error) {
	if p.Own {
		return readText(p.File)
	}
	return fs.ReadFile(firmwareconfigs.Rules(), p.File)
}

func describeRule(w io.Writer, r *rulepack.Rule, lang string) error {
	var b strings.Builder
	fmt.Fprintf(&b, pick(lang, "%s: %s (%s, %s)\n", "%s：%s（%s，%s）\n"), r.ID, r.About.In(lang), r.Pack.Name.In(lang), packOrigin(r.Pack, lang))
	raises := severityText(severitiesOf(r), lang)
	if r.Forecasts {
		raises += pick(lang, ", and a forecast", "，并有预测")
	}
	fmt.Fprintf(&b, pick(lang, "raises: %s\n", "等级：%s\n"), raises)
	for _, s := range r.Standards {
		for i, line := range wrap(pick(lang, "from: ", "依据：")+standardText(s, lang), screen) {
			b.WriteString(map[bool]string{true: "", false: "  "}[i == 0] + line + "\n")
		}
	}
	b.WriteString("\n")
	rows := [][]string{strings.Split(pick(lang, "PARAMETER IS DEFAULT RANGE MEANING", "参数 类型 缺省值 范围 含义"), " ")}
	for i := range r.Parameters {
		p := &r.Parameters[i]
		rows = append(rows, []string{p.Name, kindText(p, lang), defaultText(p, lang), rangeText(p, lang), p.About.In(lang)})
	}
	for _, line := range aligned(rows, screen) {
		b.WriteString(line)
	}
	b.WriteString("\n" + ruleSample(r))
	_, err := io.WriteString(w, b.String())
	return err
}

// standardText says where figures come from, and how sure that is.
func standardText(s rulepack.Standard, lang string) string {
	text := s.Name.In(lang)
	if s.Number != "" {
		text = s.Number + " " + text
	}
	if s.Clause != "" {
		text += pick(lang, ", ", "，") + s.Clause
	}
	text += pick(lang, ": ", "：") + s.Says.In(lang)
	if s.Unsure {
		text += pick(lang, " (unsure: not compared with a printed text)", "（存疑：未与正式文本核对）")
	}
	return text
}

func kindText(p *rulepack.Parameter, lang string) string {
	switch p.Is {
	case rulepack.Stream:
		names := p.Metric.Name
		for _, m := range p.Also {
			names += pick(lang, " or ", " 或 ") + m.Name
		}
		return fmt.Sprintf(pick(lang, "stream of %s", "%s 数据流"), names)
	case rulepack.Duration:
		return pick(lang, "duration", "时长")
	}
	return pick(lang, "number", "数值")
}

func defaultText(p *rulepack.Parameter, lang string) string {
	text := strings.TrimSpace(p.Default + " " + p.Unit)
	switch {
	case p.Default == "" && p.Optional:
		return pick(lang, "none", "无")
	case p.Default == "":
		return strings.TrimSpace(pick(lang, "must be given", "必填") + " " + p.Unit)
	case p.Optional:
		text += pick(lang, ", or off", "，可 off")
	}
	return text
}

// ruleSample is what a configuration says to use a rule.
func ruleSample(r *rulepack.Rule) string {
	var with []string
	for _, p := range r.Parameters {
		switch {
		case p.Is == rulepack.Stream:
			with = append(with, p.Name+": device."+p.Metric.Name)
		case p.Default == "" && !p.Optional:
			with = append(with, p.Name+": "+p.Example)
		}
	}
	return "rules:\n  my-" + r.ID + ": {use: " + r.ID + ", with: {" + strings.Join(with, ", ") + "}}\n"
}

// rangeText is what a parameter may be.
func rangeText(p *rulepack.Parameter, lang string) string {
	return pick(lang, dash(p.Range()), chinese.Or(dash(p.Range())))
}
