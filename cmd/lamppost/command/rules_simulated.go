package command

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/edge/alert"
	"github.com/lamppost-city/lamppost/edge/rehearsal"
	"github.com/lamppost-city/lamppost/edge/rule"
)

// simulated is what came of a simulation.
type simulated struct {
	timeline   []rehearsal.Happening
	tallies    []rehearsal.Tally
	from, to   int64    // Unix ms
	beside     []string // rules that those which are asked for depend on
	undated    int
	doubles    int // readings of a moment of which their stream had another one
	absent     []string
	strange    []strange         // what the files have beside it
	severities map[string]string // of rules without levels
	zone       *time.Location    // of the place
	made       map[string]alert.Made
	builtin    *builtin
	lang       string
}

func (s *simulated) standing(id string, is rule.Standing) string {
	if is == (rule.Standing{}) {
		return pick(s.lang, "cleared", "解除")
	}
	return standingText(is.Stage, cmp.Or(is.Severity, s.severities[id]), s.lang)
}

// tell writes the timeline, and what came of each rule.
func (s *simulated) tell(w io.Writer) error {
	if s.from == 0 {
		fmt.Fprintln(w, pick(s.lang, "no reading of what the rules read was found", "没有找到规则所读取数据流的读数"))
		return s.tellNotes(w)
	}
	stamp := func(ms int64) string { return time.UnixMilli(ms).In(s.zone).Format("2006-01-02 15:04:05") }
	fmt.Fprintf(w, pick(s.lang, "readings from %s to %s (%s)\n\n", "读数时间：%s 至 %s（%s）\n\n"), stamp(s.from), stamp(s.to), zone(time.UnixMilli(s.to).In(s.zone)))
	rows := [][]string{strings.Split(pick(s.lang, "TIME RULE ALERT VALUE LIMIT NOTE", "时间 规则 告警 读数 限值 说明"), " ")}
	for _, h := range s.timeline {
		rows = append(rows, []string{stamp(h.UnixMS), h.Rule, s.standing(h.Rule, h.Is), s.builtin.measured(h.Stream.Channel, string(h.Quantity), &h.Value) + whatText(h.Stream, h.Quantity, h.Over, s.made, s.lang),
			s.builtin.measured(h.Stream.Channel, string(h.Quantity), &h.Limit), s.note(h)})
	}
	if len(s.timeline) > 0 {
		if err := columns(w, rows); err != nil {
			return err
		}
		fmt.Fprintln(w)
	}
	if err := columns(w, s.counts()); err != nil {
		return err
	}
	return s.tellNotes(w)
}

func (s *simulated) tellNotes(w io.Writer) error {
	for _, line := range s.notes() {
		if _, err := fmt.Fprintln(w, "# "+line); err != nil {
			return err
		}
	}
	return nil
}

func (s *simulated) note(h rehearsal.Happening) string {
	minutes := func(seconds float64) string {
		return longText(time.Duration(seconds*float64(time.Second)).Round(time.Second), s.lang)
	}
	switch {
	case h.Ahead:
		return fmt.Sprintf(pick(s.lang, "forecast %s before", "提前 %s预测"), longText(h.Lead, s.lang))
	case h.Is.Stage == rule.StageForecast && h.Late > 0:
		return fmt.Sprintf(pick(s.lang, "expected in %s to %s", "预计 %s至 %s后达到"), minutes(h.Early), minutes(h.Late))
	case h.Is.Stage == "" && h.Was.Stage == rule.StageForecast:
		return pick(s.lang, "false: the limit was not reached", "虚报：未达到限值")
	}
	return ""
}

func (s *simulated) counts() [][]string {
	rows := [][]string{strings.Split(pick(s.lang, "RULE ALERTS STOOD PRE-ALERTS TRUE FALSE MISSED LEAD READINGS", "规则 告警 持续 预测 属实 虚报 漏报 提前 读数"), " ")}
	for i := range s.tallies {
		t := &s.tallies[i]
		lead := "-"
		if len(t.Leads) > 0 {
			lead = longText(t.Median(), s.lang)
		}
		readings := fmt.Sprint(t.Readings)
		if t.Unusable > 0 {
			readings += fmt.Sprintf(pick(s.lang, " (%d unusable)", "（%d 不可用）"), t.Unusable)
		}
		rows = append(rows, []string{t.Rule, fmt.Sprint(t.Alerts), longText(t.Raised, s.lang), fmt.Sprint(t.Forecasts), fmt.Sprint(t.True), fmt.Sprint(t.False), fmt.Sprint(t.Missed), lead, readings})
	}
	return rows
}

// mostStrange is how many names are told that fit nothing.
const mostStrange = 10

func (s *simulated) notes() (lines []string) {
	for i, x := range s.strange {
		if i == mostStrange {
			lines = append(lines, fmt.Sprintf(pick(s.lang, "%d more fit no stream of the configuration", "另有 %d 个不是配置中的数据流"), len(s.strange)-i))
			break
		}
		line := fmt.Sprintf(pick(s.lang, "%q fits no stream of the configuration", "%q 不是配置中的数据流"), x.Name)
		if x.Meant != "" {
			line += fmt.Sprintf(pick(s.lang, "; did you mean %q?", "；是否指 %q？"), x.Meant)
		}
		lines = append(lines, line)
	}
	if len(s.beside) > 0 {
		lines = append(lines, pick(s.lang, "replayed too, since others depend on them: ", "一并回放（被依赖的规则）：")+strings.Join(s.beside, ", "))
	}
	if len(s.absent) > 0 {
		lines = append(lines, pick(s.lang, "nothing was recorded of ", "没有以下数据流的记录：")+strings.Join(s.absent, ", "))
	}
	if s.undated > 0 {
		lines = append(lines, fmt.Sprintf(pick(s.lang, "%d readings have no date and were left out", "%d 条读数没有时间，未计入"), s.undated))
	}
	if s.doubles > 0 {
		lines = append(lines, fmt.Sprintf(pick(s.lang, "%d readings have the very time of another one of their stream, and another value: only the first of each moment was taken. Write times with seconds, or parts of one", "%d 条读数与同一数据流的另一条时间完全相同而数值不同：每个时刻只取第一条。请把时间写到秒或更细"), s.doubles))
	}
	open := 0
	for _, t := range s.tallies {
		open += t.Open
	}
	if open > 0 {
		lines = append(lines, fmt.Sprintf(pick(s.lang, "%d pre-alerts stand at the end: neither true nor false", "%d 条预测到结束时仍未定论"), open))
	}
	return lines
}

// json writes the same. Fields are only ever added.
func (s *simulated) json(w io.Writer) error {
	type happening struct {
		Time     string   `json:"time"`
		Unix     int64    `json:"t"`
		Rule     string   `json:"rule"`
		Stage    string   `json:"stage,omitempty"` // empty: cleared
		Severity string   `json:"severity,omitempty"`
		WasStage string   `json:"was_stage,omitempty"`
		Was      string   `json:"was_severity,omitempty"`
		Stream   string   `json:"stream,omitempty"`
		Value    *float64 `json:"value,omitempty"`
		Limit    *float64 `json:"limit,omitempty"`
		Quantity string   `json:"quantity,omitempty"`
		OverS    float64  `json:"over_s,omitempty"` // the window of quantity
		FromS    float64  `json:"expected_from_s,omitempty"`
		ToS      float64  `json:"expected_to_s,omitempty"`
		LeadS    float64  `json:"lead_s,omitempty"`
	}
	type tally struct {
		Rule      string  `json:"rule"`
		Alerts    int     `json:"alerts"`
		StoodS    float64 `json:"stood_s"`
		Forecasts int     `json:"pre_alerts"`
		True      int     `json:"true"`
		Inside    int     `json:"in_announced_range"`
		False     int     `json:"false"`
		Missed    int     `json:"missed"`
		Open      int     `json:"open"`
		LeadS     float64 `json:"lead_median_s"`
		LeadP10   float64 `json:"lead_p10_s"`
		Readings  int     `json:"readings"`
		Unusable  int     `json:"unusable"`
	}
	out := struct {
		From     int64       `json:"from"`
		To       int64       `json:"to"`
		Undated  int         `json:"undated"`
		Doubles  int         `json:"same_time,omitempty"`
		Beside   []string    `json:"replayed_too,omitempty"`
		Absent   []string    `json:"not_recorded"`
		Strange  []strange   `json:"fit_no_stream"`
		Timeline []happening `json:"timeline"`
		Rules    []tally     `json:"rules"`
	}{From: s.from, To: s.to, Undated: s.undated, Doubles: s.doubles, Beside: s.beside, Absent: append([]string{}, s.absent...), Strange: append([]strange{}, s.strange...), Timeline: []happening{}, Rules: []tally{}}
	finite := func(v float64) *float64 {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
		return &v
	}
	severity := func(id string, is rule.Standing) string {
		if is.Stage == "" {
			return ""
		}
		return cmp.Or(is.Severity, s.severities[id])
	}
	for _, h := range s.timeline {
		out.Timeline = append(out.Timeline, happening{time.UnixMilli(h.UnixMS).In(s.zone).Format(time.RFC3339), h.UnixMS, h.Rule, h.Is.Stage, severity(h.Rule, h.Is), h.Was.Stage, severity(h.Rule, h.Was),
			h.Stream.Device + "." + h.Stream.Channel, finite(h.Value), finite(h.Limit), string(h.Quantity), h.Over.Seconds(), h.Early, h.Late, h.Lead.Seconds()})
	}
	for i := range s.tallies {
		t := &s.tallies[i]
		out.Rules = append(out.Rules, tally{t.Rule, t.Alerts, t.Raised.Seconds(), t.Forecasts, t.True, t.Inside, t.False, t.Missed, t.Open, t.Median().Seconds(), t.P10().Seconds(), t.Readings, t.Unusable})
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(out)
}
