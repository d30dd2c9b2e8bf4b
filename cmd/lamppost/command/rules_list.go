package command

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/control"
	"github.com/lamppost-city/lamppost/edge/gateway"
	"github.com/lamppost-city/lamppost/edge/rulepack"
	"github.com/spf13/cobra"
)

func rulesList(o Options) *cobra.Command {
	var set packSet
	markdown := false
	c := &cobra.Command{
		Use:   "list [WORD…]",
		Short: "every rule that packs offer, and the rules of a configuration with their state",
		Long: `list shows the rules that packs offer: id, severities, what it is about, and below it the
parameters; with words, those that have all of them. With --config the packs beside that
configuration count too, and its own rules come first, each with its state if its gateway
runs here.

Exit codes: 0, 3 a mistake in the configuration or a pack.`,
	}
	set.flags(c)
	c.Flags().BoolVar(&markdown, "markdown", false, "all about each of them, as the page docs/rules.md")
	c.RunE = func(c *cobra.Command, words []string) error {
		b, err := o.loadBuiltin(true)
		if err != nil {
			return err
		}
		packs, err := set.load(c, b)
		if err != nil {
			return err
		}
		if markdown {
			return shown(rulesPage(c.OutOrStdout(), packs, set.lang))
		}
		if set.config != "" {
			if err := listSite(c, b, &set); err != nil {
				return err
			}
		}
		return shown(listPacks(c.OutOrStdout(), packs, words, set.lang))
	}
	return c
}

// listSite shows the rules of a configuration and how they stand.
func listSite(c *cobra.Command, b *builtin, set *packSet) error {
	cfg, err := b.load(set.config, c.ErrOrStderr())
	if err != nil {
		return err
	}
	states, err := gateway.AskRules(c.Context(), cfg.Journal.Dir)
	note := ""
	switch {
	case errors.Is(err, control.ErrAbsent):
		note = pick(set.lang, "no gateway runs here on this configuration: no states", "本机没有运行使用该配置的网关，无状态")
	case err != nil:
		note = pick(set.lang, "the gateway could not be asked: ", "无法询问网关：") + err.Error()
	}
	return shown(siteTable(c.OutOrStdout(), cfg, states, note, set.lang))
}

func siteTable(w io.Writer, cfg *config.Config, states []gateway.RuleState, note, lang string) error {
	rows := [][]string{strings.Split(pick(lang, "RULE STATE ALERT FROM", "规则 状态 告警 来源"), " ")}
	for _, r := range cfg.Rules {
		row := []string{r.ID, "-", "-", cmp.Or(r.Use, pick(lang, "this file", "本文件"))}
		for _, s := range states {
			if s.Rule == r.ID {
				row[1], row[2] = phaseText(s.Phase, lang)+restText(s.Idle, lang)+unrestText(s, lang), standingText(s.Stage, s.Severity, lang)
			}
		}
		rows = append(rows, row)
	}
	if err := columns(w, rows); err != nil {
		return err
	}
	if note != "" {
		note = "# " + note + "\n"
	}
	_, err := io.WriteString(w, note+"\n")
	return err
}

// restText is why a rule does not judge now, in a word behind its state.
func restText(why, lang string) string {
	words := map[string][2]string{"maintenance": {"under maintenance", "维护中"}, "depends": {"kept back", "随上级规则"}, "schedule": {"off schedule", "时段外"}, "broken": {"stopped", "已停用"}}
	if w, ok := words[why]; ok {
		return pick(lang, " ("+w[0]+")", "（"+w[1]+"）")
	}
	return ""
}

// unrestText says that a rule's alert chatters.
func unrestText(s gateway.RuleState, lang string) string {
	if s.Changes == 0 {
		return ""
	}
	return pick(lang, " (chatters)", "（反复）")
}

func phaseText(phase, lang string) string {
	return pick(lang, phase, cmp.Or(map[string]string{"normal": "正常", "pending": "待确认", "active": "告警中", "clearing": "待解除"}[phase], phase))
}

// standingText says what an alert is: red, a forecast of it.
func standingText(stage, severity, lang string) string {
	if stage == "" {
		return "-"
	}
	text := severityText([]string{severity}, lang)
	if stage == "forecast" {
		text = pick(lang, "forecast ", "预测 ") + text
	}
	return text
}

// listPacks writes each pack, its rules, and below them their parameters.
func listPacks(w io.Writer, packs *rulepack.Set, words []string, lang string) error {
	var b strings.Builder
	for _, p := range packs.Packs() {
		rows := [][]string{}
		var rules []*rulepack.Rule
		for _, r := range p.Rules {
			if hasWords(r, words) {
				rules = append(rules, r)
				raises := severityText(severitiesOf(r), lang)
				if r.Forecasts {
					raises += pick(lang, ", forecast", "，预测")
				}
				rows = append(rows, []string{"  " + r.ID, raises, r.About.In(lang)})
			}
		}
		if len(rules) == 0 {
			continue
		}
		fmt.Fprintf(&b, "%s (%s, %s)\n", p.Name.In(lang), p.ID, packOrigin(p, lang))
		for i, line := range aligned(rows, screen) {
			b.WriteString(line)
			for _, line := range wrap(parameterList(rules[i], lang), screen-4) {
				b.WriteString("    " + line + "\n")
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// parameterList names a rule's parameters, those that must be given first.
func parameterList(r *rulepack.Rule, lang string) string {
	var must, may []string
	for _, p := range r.Parameters {
		switch {
		case p.Default != "":
			may = append(may, strings.TrimSpace(p.Name+"="+p.Default+" "+p.Unit))
		case p.Optional:
			may = append(may, p.Name)
		default:
			must = append(must, p.Name)
		}
	}
	text := pick(lang, "needs ", "必填 ") + strings.Join(must, ", ")
	if len(may) > 0 {
		text += pick(lang, "; takes ", "；可选 ") + strings.Join(may, ", ")
	}
	return text
}

func hasWords(r *rulepack.Rule, words []string) bool {
	text := strings.ToLower(strings.Join([]string{r.ID, r.Pack.ID, r.Pack.Name.ZH, r.Pack.Name.EN, r.About.ZH, r.About.EN, parameterList(r, "en")}, " "))
	for _, s := range r.Standards {
		text += " " + strings.ToLower(s.Number+" "+s.Name.ZH+" "+s.Name.EN)
	}
	for _, w := range words {
		if !strings.Contains(text, strings.ToLower(w)) {
			return false
		}
	}
	return true
}
