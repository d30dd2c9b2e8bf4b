package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/control"
	"github.com/lamppost-city/lamppost/edge/gateway"
	"github.com/lamppost-city/lamppost/edge/rule"
	"github.com/spf13/cobra"
)

func rulesExplain(o Options) *cobra.Command {
	l := looking{with: o}
	asJSON := false
	c := &cobra.Command{
		Use:   "explain RULE",
		Short: "why a rule of the gateway that runs here fires, or does not",
		Long: `explain asks the gateway that runs on this machine: each condition of the rule, each
comparison in it with its value now, the timers, and the streams with their age and
quality. A value is used until it is older than its stream may be; then what depends on it
is unknown, and unknown neither raises nor clears.

Exit codes: 0, 1 the gateway has no such rule, 2 wrong usage, 3 wrong configuration, 4 no
gateway runs here, 7 permission.`,
		Args: cobra.ExactArgs(1),
	}
	l.flags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	c.RunE = func(c *cobra.Command, args []string) error {
		dir, err := l.place(c)
		if err != nil {
			return err
		}
		b, err := o.loadBuiltin(true)
		if err != nil {
			return err
		}
		w, err := gateway.AskWhy(c.Context(), dir, args[0])
		if err != nil {
			return unexplained(err, l.lang)
		}
		if asJSON {
			e := json.NewEncoder(c.OutOrStdout())
			e.SetIndent("", "  ")
			return shown(e.Encode(w))
		}
		return shown(b.explain(c.OutOrStdout(), w, l.lang))
	}
	return c
}

// unexplained is the error of a gateway that could not be asked about a rule.
func unexplained(err error, lang string) error {
	if errors.Is(err, control.ErrAbsent) {
		return &exit{exitSilent, err, pick(lang, "start it (systemctl start lamppost); lamppost rules simulate says what a rule would have done", "请先启动网关（systemctl start lamppost）；规则会怎样处理记录的读数，见 lamppost rules simulate")}
	}
	if errors.Is(err, fs.ErrPermission) {
		return &exit{exitPermission, err, pick(lang, "run it as root or as the gateway's user: sudo lamppost rules explain …", "请用 root 或网关用户运行：sudo lamppost rules explain …")}
	}
	return &exit{exitFindings, err, ""}
}

// explain writes why a rule stands as it does.
func (b *builtin) explain(w io.Writer, why gateway.RuleWhy, lang string) error {
	var out strings.Builder
	name := why.Rule
	if why.Use != "" {
		name += " (" + why.Use + ")"
	}
	fmt.Fprintf(&out, pick(lang, "%s: %s, alert: %s\n", "%s：%s，告警：%s\n"), name, phaseText(why.Phase, lang), standingText(why.Stage, why.Severity, lang))
	if why.Changes > 0 {
		fmt.Fprintf(&out, pick(lang, "chatters: %d changes in %s; it is kept as it was at its worst until it calms down\n", "反复告警：%[2]s内变化 %[1]d 次；平静之前保持最严重时的状态\n"), why.Changes, span(why.ChatterMS, lang))
	}
	if why.Idle != "" {
		fmt.Fprintf(&out, "%s\n", idleText(why.RuleState, lang))
	}
	for _, s := range why.Stages {
		fmt.Fprintf(&out, "\n%s%s%s\n", standingText(s.Stage, s.Severity, lang), pick(lang, ": ", "："), b.sentence(s, why.Idle != "", lang))
		rows := b.parts(pick(lang, "when", "条件"), s.When, lang)
		if s.Clear != nil {
			rows = append(rows, b.parts(pick(lang, "clear", "解除"), *s.Clear, lang)...)
		}
		if err := columns(&out, rows); err != nil {
			return err
		}
	}
	out.WriteString("\n")
	if err := columns(&out, b.streams(why, lang)); err != nil {
		return err
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// idleText says why a rule does not judge now, and what ends that.
func idleText(s gateway.RuleState, lang string) string {
	switch s.Idle {
	case "maintenance":
		return pick(lang, "does not judge: somebody works on a device that it reads; lamppost maintenance list says until when", "暂不判断：它读取的设备正在维护；截止时间见 lamppost maintenance list")
	case "depends":
		return fmt.Sprintf(pick(lang, "does not judge: it depends on %s, which has an alert or is kept back itself", "暂不判断：它所依赖的 %s 正在告警，或自身也被抑制"), strings.Join(s.KeptBy, ", "))
	case "schedule":
		return pick(lang, "does not judge: it is outside its schedule", "暂不判断：不在它的时段内")
	}
	return pick(lang, "does not judge: its evaluation failed and was stopped; please report it with the log", "暂不判断：规则求值出错，已停用；请附日志报告")
}

func truthText(is, lang string) string {
	return pick(lang, is, map[string]string{"true": "成立", "false": "不成立", "unknown": "未知"}[is])
}

// sentence says in one line why a condition stands as it does.
// idle: its rule does not judge now.
func (b *builtin) sentence(s gateway.StageWhy, idle bool, lang string) string {
	timer := fmt.Sprintf(pick(lang, "%s of %s", "%s／%s"), span(s.RanMS, lang), span(s.NeedsMS, lang))
	if !s.Running {
		timer += pick(lang, ", the timer stands still", "，计时暂停")
	}
	missing := missingOf(s.When.Streams, lang)
	if s.Clear != nil && s.Clear.Is == "unknown" && missing == "" {
		missing = missingOf(s.Clear.Streams, lang)
	}
	switch {
	case s.Phase == "pending":
		return fmt.Sprintf(pick(lang, "met, not yet for long enough: %s", "条件已满足，时间未到：%s"), timer) + missing
	case s.Phase == "clearing":
		return fmt.Sprintf(pick(lang, "over, not yet for long enough: %s", "条件已解除，时间未到：%s"), timer) + missing
	case idle && s.Phase == "active":
		return pick(lang, "stays as it is: it does not judge", "保持不变：暂不判断")
	case s.Phase == "active" && s.When.Is == "true":
		return fmt.Sprintf(pick(lang, "fires: met for %s", "告警中：条件已满足 %s"), span(s.SinceMS, lang))
	case s.Phase == "active" && s.Clear != nil && s.Clear.Is == "false":
		return pick(lang, "stays: its clear is not true yet", "保持：解除条件尚未成立")
	case s.Phase == "active":
		return pick(lang, "stays: what is unknown does not clear", "保持：数据未知时不解除") + missing
	case s.When.Is == "unknown" && missing == "" && infinite(s.When):
		return pick(lang, "cannot be judged; what it computes has no finite result just now, like a division by 0", "无法判断；此刻算式没有有限的结果，如除以 0")
	case s.When.Is == "unknown":
		return pick(lang, "cannot be judged", "无法判断") + missing
	}
	return pick(lang, "does not fire: the condition is not met", "不告警：条件不满足")
}

// infinite says whether a comparison is unknown because of what was computed for it, of
// streams that are all known.
func infinite(c gateway.ConditionWhy) bool {
	for _, p := range c.Parts {
		if p.Is == "unknown" && p.Value == nil && rule.Quantity(p.Quantity) == rule.Other {
			return true
		}
	}
	return false
}

// missingOf says which streams are to blame for what is unknown.
func missingOf(all []gateway.StreamWhy, lang string) string {
	var names []string
	for _, s := range all {
		text := ""
		switch {
		case s.Clock && !s.Known:
			text = fmt.Sprintf(pick(lang, "%s waits for the clock: it goes by the time of day, which this gateway does not know yet (from NTP, GPS or the cloud)", "%s 等待时钟：它按钟点计算，而网关还不知道时间（来自 NTP、GPS 或云端）"), s.Stream)
		case !s.Known && s.Newest.LearnsMS > 0:
			text = fmt.Sprintf(pick(lang, "%s is learned yet: %s", "%s 尚在学习：%s"), s.Stream, learnsText(s.Newest.LearnsMS, lang))
		case !s.Known && hinders[s.Newest.Hinder] != [2]string{}:
			text = fmt.Sprintf(pick(lang, "%s cannot be seen: %s", "%s 无法看到：%s"), s.Stream, hinderText(s.Newest.Hinder, lang))
		case s.Value == nil:
			text = fmt.Sprintf(pick(lang, "%s has given nothing usable since the start", "%s 自启动以来无可用读数"), s.Stream)
		case !s.Known && answers(s):
			text = fmt.Sprintf(pick(lang, "%s answers, but nothing usable for %s (%s)", "%s 有应答，但已 %s无可用读数（%s）"), s.Stream, span(s.AgeMS, lang), flagged(s.Newest, lang))
		case !s.Known:
			text = fmt.Sprintf(pick(lang, "%s is silent for %s", "%s 已 %s无可用读数"), s.Stream, span(s.AgeMS, lang))
		case s.WindowMS > 0 && s.Covered < 0.75:
			text = fmt.Sprintf(pick(lang, "of the last %s of %s only %.0f %% are known", "%[2]s 最近 %[1]s只有 %.0[3]f%% 有读数"), span(s.WindowMS, lang), s.Stream, 100*s.Covered)
		}
		if text != "" && !slices.Contains(names, text) {
			names = append(names, text)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return pick(lang, "; ", "；") + strings.Join(names, pick(lang, ", ", "，"))
}

// learnsText says for how long a device learns yet, and until when that is.
func learnsText(ms int64, lang string) string {
	left := (time.Duration(ms)*time.Millisecond + 10*time.Second - 1).Truncate(10 * time.Second)
	return fmt.Sprintf(pick(lang, "its device learns what it sees, for about %s more, until %s; pictures in the dark do not count", "设备正在学习所见画面，还需约 %s，至 %s；黑暗中的画面不计"),
		longText(left, lang), time.Now().Add(left).Format("15:04"))
}

// hinders are what keeps a camera from seeing what it is to measure, in words, in English
// and in Chinese; see drivers.Learning.
var hinders = map[string][2]string{
	"blank":     {"what it sees is no view, next to no edges are in it", "所见不能作为视野，画面几乎没有轮廓"},
	"blocked":   {"something is before the lens", "镜头被遮挡"},
	"defocused": {"it is out of focus", "画面失焦"},
	"moved":     {"it looks somewhere else", "镜头方向已改变"},
	"glare":     {"a light dazzles it", "画面过曝"},
	"dark":      {"it is too dark", "光线太暗"},
}

func hinderText(word, lang string) string { return pick(lang, hinders[word][0], hinders[word][1]) }

// answers says whether a stream's device gives readings, however bad.
func answers(s gateway.StreamWhy) bool {
	return s.Newest.Fault == "" && s.Newest.Value != nil && s.Newest.AgeMS < s.StaleMS && s.Newest.QC == obs.Fail.Code()
}

// flagged is the flag of a newest reading with its reason.
func flagged(n gateway.Newest, lang string) string {
	flag, _ := obs.FlagOf(n.QC)
	return teller{lang, time.Local}.grade(obs.Quality{Flag: flag, Why: obs.Reason(n.Why)})
}

// span writes a time in the unit that says most.
func span(ms int64, lang string) string {
	return longText((time.Duration(ms) * time.Millisecond).Round(time.Second), lang)
}

// parts lists a condition and its comparisons.
func (b *builtin) parts(word string, c gateway.ConditionWhy, lang string) [][]string {
	rows := [][]string{{"  " + word, c.Text, truthText(c.Is, lang)}}
	for _, p := range c.Parts {
		_, channel, _ := strings.Cut(p.Stream, ".")
		value := b.measured(channel, p.Quantity, p.Value)
		if p.Bound && p.Value != nil {
			value += pick(lang, " (as far as is known)", "（目前已知）")
		}
		row := []string{"", p.Text, truthText(p.Is, lang), value, pick(lang, "limit ", "限值 ") + b.measured(channel, p.Quantity, p.Limit)}
		if len(c.Parts) == 1 { // it is the condition itself
			row[0] = rows[0][0]
			return [][]string{row}
		}
		rows = append(rows, row)
	}
	return rows
}

// streams lists what the rule reads, each once.
func (b *builtin) streams(why gateway.RuleWhy, lang string) [][]string {
	rows := [][]string{strings.Split(pick(lang, "STREAM VALUE AGE STALE QUALITY", "数据流 读数 时间 失效 质量"), " ")}
	seen := map[string]bool{}
	for _, s := range why.Stages {
		conditions := []gateway.ConditionWhy{s.When}
		if s.Clear != nil {
			conditions = append(conditions, *s.Clear)
		}
		for _, c := range conditions {
			for _, st := range c.Streams {
				if seen[st.Stream] {
					continue
				}
				seen[st.Stream] = true
				_, channel, _ := strings.Cut(st.Stream, ".")
				age := "-"
				if st.Value != nil {
					age = fmt.Sprintf(pick(lang, "%s ago", "%s前"), span(st.AgeMS, lang))
				}
				rows = append(rows, []string{st.Stream, b.measured(channel, "", st.Value), age, span(st.StaleMS, lang), b.newest(channel, st, lang)})
			}
		}
	}
	return rows
}

// newest says what a device said last, where that is not what the rule uses.
func (b *builtin) newest(channel string, st gateway.StreamWhy, lang string) string {
	n := st.Newest
	if st.Clock {
		return pick(lang, "waits for the clock", "等待时钟")
	}
	if n.Fault != "" {
		return pick(lang, "fault: ", "故障：") + reason(obs.Reason(n.Fault), lang)
	}
	flag, ok := obs.FlagOf(n.QC)
	if !ok {
		return pick(lang, "no reading yet", "尚无读数")
	}
	text := teller{lang, time.Local}.grade(obs.Quality{Flag: flag, Why: obs.Reason(n.Why)})
	switch {
	case n.LearnsMS > 0:
		text += pick(lang, "; ", "；") + learnsText(n.LearnsMS, lang)
	case hinders[n.Hinder] != [2]string{}:
		text += pick(lang, "; ", "；") + hinderText(n.Hinder, lang)
	}
	if !flag.Usable() && n.Value != nil {
		text += ": " + b.measured(channel, "", n.Value)
	}
	return text
}
