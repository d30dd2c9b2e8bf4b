package api

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/lamppost-city/lamppost/cloud/view"
)

func (s *server) figures(r *http.Request) (view.Performance, error) {
	q := r.URL.Query()
	ask := view.PerformanceQuery{First: q.Get("from"), Last: q.Get("to"), Area: q.Get("area"), Department: q.Get("department")}
	for _, name := range []string{"from", "to", "area", "department"} {
		if len(q.Get(name)) > maxKey {
			return view.Performance{}, badField(name, "过长", "this is too long")
		}
	}
	return s.Cases.Performance(r.Context(), ask, time.Now())
}

// performance says how well cases were followed in a span of days.
func (s *server) performance(w http.ResponseWriter, r *http.Request) error {
	p, err := s.figures(r)
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, p)
}

// performanceTable is the same as a table for a spreadsheet: a line for all, and one for each
// area, department and severity.
func (s *server) performanceTable(w http.ResponseWriter, r *http.Request) error {
	zh := false
	switch language := r.URL.Query().Get("language"); language {
	case "", "en":
	case "zh":
		zh = true
	default:
		return badField("language", "应为 zh 或 en", "write zh or en")
	}
	p, err := s.figures(r)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	b.WriteString("\ufeff") // without it a spreadsheet takes Chinese for something else
	out := csv.NewWriter(&b)
	for _, line := range performanceLines(p, zh) {
		if err := out.Write(line); err != nil {
			return err
		}
	}
	if out.Flush(); out.Error() != nil {
		return out.Error()
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="performance-%s-%s.csv"`, p.FirstDay, p.LastDay))
	_, err = w.Write(b.Bytes())
	return err
}

// performanceLines are the lines of the table, its head first.
func performanceLines(p view.Performance, zh bool) [][]string {
	out := [][]string{head(zh)}
	add := func(kind view.Text, groups ...view.PerformanceGroup) {
		for _, g := range groups {
			out = append(out, line(p, say(kind, zh), g, zh))
		}
	}
	add(view.Text{Zh: "全部", En: "all"}, p.Total)
	add(view.Text{Zh: "区域", En: "area"}, p.Areas...)
	add(view.Text{Zh: "部门", En: "department"}, p.Departments...)
	add(view.Text{Zh: "级别", En: "severity"}, p.Severities...)
	return out
}

// counted are the columns of numbers.
var counted = []struct {
	name view.Text
	of   func(view.PerformanceGroup) int
}{
	{view.Text{Zh: "立案数", En: "raised"}, func(g view.PerformanceGroup) int { return g.Raised }},
	{view.Text{Zh: "其中已办结", En: "of these closed"}, func(g view.PerformanceGroup) int { return g.Concluded }},
	{view.Text{Zh: "其中曾办结", En: "of these ever closed"}, func(g view.PerformanceGroup) int { return g.EverClosed }},
	{view.Text{Zh: "其中重新开启", En: "of these reopened"}, func(g view.PerformanceGroup) int { return g.Reopened }},
	{view.Text{Zh: "其中复发", En: "of these recurring"}, func(g view.PerformanceGroup) int { return g.Recurring }},
	{view.Text{Zh: "其中已派单", En: "of these dispatched"}, func(g view.PerformanceGroup) int { return g.Dispatched }},
	{view.Text{Zh: "其中退单", En: "of these returned"}, func(g view.PerformanceGroup) int { return g.Returned }},
	{view.Text{Zh: "处置数", En: "handled"}, func(g view.PerformanceGroup) int { return g.Handled }},
	{view.Text{Zh: "其中返工", En: "of these reworked"}, func(g view.PerformanceGroup) int { return g.Reworked }},
	{view.Text{Zh: "办结数", En: "closed"}, func(g view.PerformanceGroup) int { return g.Closed }},
	{view.Text{Zh: "其中有答复", En: "of these answered"}, func(g view.PerformanceGroup) int { return g.Answered }},
	{view.Text{Zh: "其中误报", En: "of these false alarms"}, func(g view.PerformanceGroup) int { return g.FalseAlarms }},
	{view.Text{Zh: "其中自行恢复", En: "of these self-recovered"}, func(g view.PerformanceGroup) int { return g.SelfRecovered }},
	{view.Text{Zh: "当前超时", En: "overdue now"}, func(g view.PerformanceGroup) int { return g.Overdue }},
}

// timed are the steps in their order, and the whole ways, which are not due.
var timed = []struct {
	name view.Text
	due  bool
}{
	{view.Text{Zh: "确认", En: "acknowledge"}, true}, {view.Text{Zh: "派单", En: "dispatch"}, true}, {view.Text{Zh: "签收", En: "sign"}, true},
	{view.Text{Zh: "处置", En: "handle"}, true}, {view.Text{Zh: "核查", En: "verify"}, true}, {view.Text{Zh: "办结", En: "close"}, true},
	{view.Text{Zh: "立案至处置", En: "raised to handled"}, false}, {view.Text{Zh: "立案至办结", En: "raised to closed"}, false},
}

func say(t view.Text, zh bool) string {
	if zh && t.Zh != "" || t.En == "" {
		return t.Zh
	}
	return t.En
}

// head are the names of the columns.
func head(zh bool) []string {
	words := func(zhText, en string) string { return say(view.Text{Zh: zhText, En: en}, zh) }
	out := []string{words("起", "from"), words("止", "to"), words("分组", "group"), words("代码", "key"), words("名称", "name")}
	for _, c := range counted {
		out = append(out, say(c.name, zh))
	}
	for _, t := range timed {
		name := say(t.name, zh)
		for _, f := range []string{words("完成数", "done"), words("平均（分钟）", "mean (min)"), words("中位数（分钟）", "median (min)"), words("95 百分位（分钟）", "95th percentile (min)")} {
			out = append(out, name+" "+f)
		}
		if t.due {
			out = append(out, name+" "+words("到期数", "due"), name+" "+words("按时数", "in time"))
		}
	}
	return out
}

// line is a group as a line of the table.
func line(p view.Performance, kind string, g view.PerformanceGroup, zh bool) []string {
	out := []string{p.FirstDay, p.LastDay, kind, inert(g.Key), inert(say(g.Name, zh))}
	for _, c := range counted {
		out = append(out, strconv.Itoa(c.of(g)))
	}
	for i, f := range g.Steps {
		out = append(out, strconv.Itoa(f.Done), inMinutes(f.Mean), inMinutes(f.Median), inMinutes(f.P95))
		if i < len(timed) && timed[i].due {
			out = append(out, strconv.Itoa(f.Due), strconv.Itoa(f.InTime))
		}
	}
	return out
}

// inMinutes is a time of a table; empty: there is none.
func inMinutes(ms *int64) string {
	if ms == nil {
		return ""
	}
	return strconv.FormatFloat(float64(*ms)/60_000, 'f', 2, 64)
}
