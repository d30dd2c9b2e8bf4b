package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// share of a sorted list, 0 to 1.
func share(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

// kindsOf groups results by kind, in order.
func kindsOf(all []result) (kinds []string, by map[string][]result) {
	by = map[string][]result{}
	for _, r := range all {
		if by[r.kind] == nil {
			kinds = append(kinds, r.kind)
		}
		by[r.kind] = append(by[r.kind], r)
	}
	return kinds, by
}

// score sums up one sort of detection over films.
type score struct {
	events, found, alarms int
	seconds               float64
	after                 []float64
}

func scoreOf(rs []result, of func(*result) *detection) (s score) {
	for i := range rs {
		d := of(&rs[i])
		s.seconds += rs[i].seconds
		s.alarms += d.alarms
		if d.event {
			s.events++
			if d.found {
				s.found++
				s.after = append(s.after, d.after)
			}
		}
	}
	slices.Sort(s.after)
	return s
}

func (s score) String() string {
	out := "–"
	if s.events > 0 {
		out = fmt.Sprintf("%d / %d", s.found, s.events)
		if len(s.after) > 0 {
			out += fmt.Sprintf(", %.0f s", share(s.after, 0.5))
		}
	}
	return fmt.Sprintf("%s | %d", out, s.alarms)
}

// perDay is how many false alarms a day would have at this rate.
func (s score) perDay() float64 { return float64(s.alarms) / max(s.seconds, 1) * 86400 }

func tables(w io.Writer, all []result, lang string) {
	pick := func(en, zh string) string {
		if lang == "zh" {
			return zh
		}
		return en
	}
	kinds, by := kindsOf(all)
	fmt.Fprintln(w, pick("| scene | to be read, pictures | read | median, cm | p95, cm | off by more than 5 cm | cannot be read, pictures |\n| --- | --- | --- | --- | --- | --- | --- |",
		"| 场景 | 应可读帧数 | 读出 | 误差中位数（cm） | p95（cm） | 误差大于 5 cm | 不可读帧数 |\n| --- | --- | --- | --- | --- | --- | --- |"))
	for _, k := range kinds {
		if by[k][0].due+by[k][0].hidden > 0 {
			fmt.Fprintln(w, "| "+k+" | "+lines(by[k])+" |")
		}
	}
	fmt.Fprintln(w, pick("\n| scene | films | tamper found, after | false | smoke found, after | false | flame found, after | false | presence found, after | false |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
		"\n| 场景 | 段数 | 干扰检出，用时 | 误报 | 烟雾检出，用时 | 误报 | 火焰检出，用时 | 误报 | 有人检出，用时 | 误报 |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"))
	row := func(name string, rs []result) {
		cells := []string{name, fmt.Sprint(len(rs))}
		for _, of := range sorts {
			cells = append(cells, scoreOf(rs, of).String())
		}
		fmt.Fprintln(w, "| "+strings.Join(cells, " | ")+" |")
	}
	for _, k := range kinds {
		row(k, by[k])
	}
	row(pick("**all**", "**合计**"), all)
	cells := []string{pick("false a day, at this rate", "按此比例每天误报"), ""}
	for _, of := range sorts {
		cells = append(cells, "", fmt.Sprintf("%.1f", scoreOf(all, of).perDay()))
	}
	fmt.Fprintln(w, "| "+strings.Join(cells, " | ")+" |")
}

var sorts = []func(*result) *detection{
	func(r *result) *detection { return &r.tamper }, func(r *result) *detection { return &r.smoke },
	func(r *result) *detection { return &r.flame }, func(r *result) *detection { return &r.presence },
}

func lines(rs []result) string {
	var errs []float64
	due, wrong, hidden := 0, 0, 0
	for _, r := range rs {
		errs = append(errs, r.errors...)
		due, wrong, hidden = due+r.due, wrong+r.wrong, hidden+r.hidden
	}
	slices.Sort(errs)
	return fmt.Sprintf("%d | %d | %.1f | %.1f | %d | %d", due, len(errs), share(errs, 0.5), share(errs, 0.95), wrong, hidden)
}

// list writes every film, one a line.
func list(w io.Writer, all []result) error {
	if _, err := fmt.Fprintln(w, "seed,kind,tamper_found,tamper_false,smoke_found,smoke_false,smoke_peak,flame_found,flame_false,flame_peak,presence_found,presence_false,line_read,line_due,line_wrong,told"); err != nil {
		return err
	}
	for _, r := range all {
		var told []string
		for _, s := range r.states {
			told = append(told, s)
		}
		slices.Sort(told)
		if _, err := fmt.Fprintf(w, "%016x,%s,%v,%d,%v,%d,%.0f,%v,%d,%.0f,%v,%d,%d,%d,%d,%s\n", r.seed, r.kind, r.tamper.found, r.tamper.alarms,
			r.smoke.found, r.smoke.alarms, r.peaks[0], r.flame.found, r.flame.alarms, r.peaks[1], r.presence.found, r.presence.alarms,
			len(r.errors), r.due, r.wrong, strings.Join(told, "; ")); err != nil {
			return err
		}
	}
	return nil
}
