package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"
)

// method is a contender with its verdicts, one for each storm.
type method struct {
	zh, en   string
	verdicts []verdict
}

// score sums a method up.
type score struct {
	median, p10 float64 // minutes of lead, over the storms that crossed
	missed      int     // crossings without a pre-alert
	falses      int     // pre-alerts that came to nothing
	falseStorms int
	crossings   int
	first, last span // of the ranges that a pre-alert announced, the first and the newest
	all         span // of all of them
}

// span sums ranges up: how many, how many held the crossing, and how wide they were.
type span struct {
	n, inside    int
	median, mean float64 // minutes
	widths       []float64
}

func (s *span) add(a announced, crossed int64) {
	s.n++
	s.widths = append(s.widths, a.width())
	if a.holds(crossed) {
		s.inside++
	}
}

func (s *span) sum() {
	slices.Sort(s.widths)
	for _, w := range s.widths {
		s.mean += w / float64(len(s.widths))
	}
	if s.n > 0 {
		s.median = s.widths[s.n/2]
	}
}

func (s span) held() string {
	if s.n == 0 {
		return "–"
	}
	return fmt.Sprintf("%d / %d (%.0f %%)", s.inside, s.n, 100*float64(s.inside)/float64(s.n))
}

func (s span) wide() string {
	if s.n == 0 {
		return "–"
	}
	return fmt.Sprintf("%.0f min", s.median)
}

func (m *method) score(storms []*storm) (s score) {
	var leads []float64
	for i, v := range m.verdicts {
		s.falses += v.falses
		if v.falses > 0 {
			s.falseStorms++
		}
		if storms[i].crosses < 0 {
			continue
		}
		s.crossings++
		leads = append(leads, v.lead)
		if v.lead == 0 {
			s.missed++
		}
		at := storms[i].crossed()
		if a, ok := v.first(); ok {
			s.first.add(a, at)
		}
		if a, ok := v.last(); ok {
			s.last.add(a, at)
		}
		for _, a := range v.said {
			s.all.add(a, at)
		}
	}
	slices.Sort(leads)
	if len(leads) > 0 {
		s.median, s.p10 = leads[len(leads)/2], leads[len(leads)/10]
	}
	s.first.sum()
	s.last.sum()
	s.all.sum()
	return s
}

// table writes the comparison in a language.
func table(w io.Writer, methods []*method, storms []*storm, lang string) {
	head := "| pre-alert | lead, median | lead, p10 | crossings without | storms with a false one | false ones in all | crossing in the announced range | its width, median |"
	if lang == "zh" {
		head = "| 提前告警方式 | 提前量中位数 | 提前量 p10 | 漏报的越限 | 有误报的暴雨 | 误报总数 | 真实越限落在公布范围内 | 范围宽度中位数 |"
	}
	fmt.Fprintf(w, "%s\n| --- | --- | --- | --- | --- | --- | --- | --- |\n", head)
	for _, m := range methods {
		s := m.score(storms)
		name := m.en
		if lang == "zh" {
			name = m.zh
		}
		fmt.Fprintf(w, "| %s | %.1f min | %.1f min | %d / %d | %d / %d | %d | %s | %s |\n", name, s.median, s.p10, s.missed, s.crossings, s.falseStorms, len(storms), s.falses, s.first.held(), s.first.wide())
	}
}

// ranges writes what became of the ranges that were announced, the first and those that
// took its place, for the methods that announce any.
func ranges(w io.Writer, methods []*method, storms []*storm, lang string) {
	head := "| pre-alert | ranges | crossing in it | width, median | width, mean |"
	which := []string{"first", "newest at the crossing", "all"}
	if lang == "zh" {
		head, which = "| 提前告警方式 | 范围 | 真实越限落在其中 | 宽度中位数 | 宽度均值 |", []string{"首次", "越限时最新的", "全部"}
	}
	fmt.Fprintf(w, "%s\n| --- | --- | --- | --- | --- |\n", head)
	for _, m := range methods {
		s, name := m.score(storms), m.en
		if lang == "zh" {
			name = m.zh
		}
		for i, of := range []span{s.first, s.last, s.all} {
			if of.n > 0 {
				fmt.Fprintf(w, "| %s | %s | %s | %s | %.1f min |\n", name, which[i], of.held(), of.wide(), of.mean)
			}
		}
	}
}

// shapes writes median lead and false pre-alerts by the shape of the storm, for the
// first method.
func shapes(w io.Writer, m *method, storms []*storm, lang string) {
	head := "| shape | storms | lead, median | crossings without | false ones | in range |"
	if lang == "zh" {
		head = "| 形状 | 场数 | 提前量中位数 | 漏报 | 误报 | 落在范围内 |"
	}
	fmt.Fprintf(w, "%s\n| --- | --- | --- | --- | --- | --- |\n", head)
	for _, k := range kinds {
		part, of := &method{}, []*storm(nil)
		for i, s := range storms {
			if s.kind == k {
				part.verdicts, of = append(part.verdicts, m.verdicts[i]), append(of, s)
			}
		}
		s := part.score(of)
		lead, held := "–", "–"
		if s.crossings > 0 {
			lead, held = fmt.Sprintf("%.1f min", s.median), fmt.Sprintf("%d / %d", s.first.inside, s.first.n)
		}
		fmt.Fprintf(w, "| %s | %d | %s | %d / %d | %d | %s |\n", k, len(of), lead, s.missed, s.crossings, s.falses, held)
	}
}

// each writes every storm with its seed and what each method made of it.
func each(w io.Writer, methods []*method, storms []*storm) error {
	c := csv.NewWriter(w)
	head := []string{"seed", "shape", "crosses_min"}
	for _, m := range methods {
		head = append(head, m.en+" lead_min", m.en+" false", m.en+" in range", m.en+" in newest")
	}
	rows := [][]string{head}
	for i, s := range storms {
		at := ""
		if s.crosses >= 0 {
			at = fmt.Sprintf("%.2f", float64(s.crosses)*every/60)
		}
		row := []string{fmt.Sprintf("%016x", s.seed), s.kind, at}
		for _, m := range methods {
			row = append(row, fmt.Sprintf("%.2f", m.verdicts[i].lead), fmt.Sprint(m.verdicts[i].falses), held(m.verdicts[i], s), newest(m.verdicts[i], s))
		}
		rows = append(rows, row)
	}
	return c.WriteAll(rows)
}

// plot draws for each method which share of the crossings had at least so many
// minutes of lead, as SVG.
func plot(w io.Writer, methods []*method, storms []*storm) {
	const width, height, left, top = 560.0, 260.0, 60.0, 20.0
	most := 40.0
	dashes := []string{"", "8 4", "2 3", "10 3 2 3"}
	fmt.Fprintf(w, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 800 330\" font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"800\" height=\"330\" fill=\"#fff\"/>\n")
	x := func(min float64) float64 { return left + width*min/most }
	y := func(share float64) float64 { return top + height*(1-share) }
	for i := 0; i <= 4; i++ {
		share := float64(i) / 4
		fmt.Fprintf(w, "<path d=\"M%.0f %.1fh%.0f\" stroke=\"#ddd\"/><text x=\"%.0f\" y=\"%.1f\" text-anchor=\"end\">%.0f %%</text>\n", left, y(share), width, left-6, y(share)+4, 100*share)
		fmt.Fprintf(w, "<text x=\"%.1f\" y=\"%.0f\" text-anchor=\"middle\">%.0f min</text>\n", x(most*share), top+height+18, most*share)
	}
	for k, m := range methods {
		var leads []float64
		for i, v := range m.verdicts {
			if storms[i].crosses >= 0 {
				leads = append(leads, v.lead)
			}
		}
		slices.Sort(leads)
		var path strings.Builder
		fmt.Fprintf(&path, "M%.1f %.1f", x(0), y(1))
		for i, l := range leads {
			fmt.Fprintf(&path, "H%.1fV%.1f", x(min(l, most)), y(1-float64(i+1)/float64(len(leads))))
		}
		grey := []string{"#000", "#0072b2", "#d55e00", "#888"}[k%4]
		fmt.Fprintf(w, "<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\" stroke-dasharray=\"%s\"/>\n", path.String(), grey, dashes[k%4])
		ly := top + 14 + 20*float64(k)
		fmt.Fprintf(w, "<path d=\"M630 %.0fh30\" stroke=\"%s\" stroke-width=\"2\" stroke-dasharray=\"%s\"/><text x=\"666\" y=\"%.0f\">%s</text>\n", ly-4, grey, dashes[k%4], ly, m.en)
	}
	fmt.Fprintf(w, "<text x=\"%.0f\" y=\"320\">share of crossings with at least this lead · 越限中提前量不少于此值的比例</text>\n</svg>\n", left)
}

// held says whether the first range held, newest whether the last one did; empty where
// none was announced.
func held(v verdict, s *storm) string {
	a, ok := v.first()
	if !ok {
		return ""
	}
	return fmt.Sprint(a.holds(s.crossed()))
}

func newest(v verdict, s *storm) string {
	a, ok := v.last()
	if !ok {
		return ""
	}
	return fmt.Sprint(a.holds(s.crossed()))
}
