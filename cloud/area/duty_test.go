package area

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lamppost-city/lamppost/cloud/view"
)

var week = view.Roster{ID: "street-office", Area: "990101001", Role: "lead", Zone: "Asia/Shanghai", Shifts: []view.Shift{
	{Person: "wang.fang", Days: []string{"mon", "tue", "wed", "thu", "fri"}, From: "08:00", To: "20:00"},
	{Person: "li.lei", Days: []string{"mon", "tue", "wed", "thu"}, From: "20:00", To: "08:00"},
	{Person: "zhao.min", Days: []string{"sat", "sun"}, From: "08:00", To: "08:00"},
	{Person: "chen.jie", From: "2026-11-24T12:00", To: "2026-11-24T14:00", Instead: "wang.fang"},
}}

func at(zone *time.Location, day, hour, minute int) time.Time {
	return time.Date(2026, 11, day, hour, minute, 0, 0, zone)
}

func TestAWeekOfDuty(t *testing.T) {
	r, err := compile(week)
	if err != nil {
		t.Fatal(err)
	}
	sh := r.zone
	for _, c := range []struct {
		day, hour, minute int
		want              string
	}{
		{23, 8, 0, "wang.fang"}, {23, 19, 59, "wang.fang"}, {23, 20, 0, "li.lei"}, {24, 7, 59, "li.lei"}, {24, 8, 0, "wang.fang"},
		{24, 12, 0, "chen.jie"}, {24, 13, 59, "chen.jie"}, {24, 14, 0, "wang.fang"},
		{27, 7, 59, "li.lei"}, {27, 21, 0, ""}, {28, 8, 0, "zhao.min"}, {29, 12, 0, "zhao.min"}, {30, 7, 59, "zhao.min"},
	} {
		if got := strings.Join(r.at(at(sh, c.day, c.hour, c.minute)), " "); got != c.want {
			t.Errorf("on the %d at %d:%02d %q is on duty, want %q", c.day, c.hour, c.minute, got, c.want)
		}
	}
	d, err := r.duty(at(sh, 24, 13, 0), at(sh, 23, 0, 0), at(sh, 30, 0, 0))
	if err != nil || strings.Join(d.Now, " ") != "chen.jie" {
		t.Errorf("now: %v, %v", d.Now, err)
	}
	want := "roster street-office: nobody is on duty from 2026-11-27 20:00 to 2026-11-28 08:00 (Asia/Shanghai)"
	if len(d.Gaps) != 1 || d.Gaps[0].Text.En != want || !strings.Contains(d.Gaps[0].Text.Zh, "2026-11-27 20:00 至 2026-11-28 08:00") {
		t.Errorf("gaps: %+v", d.Gaps)
	}
	var told []string
	for _, h := range d.HandOvers {
		told = append(told, fmt.Sprintf("%s %s>%s", time.UnixMilli(h.At).In(sh).Format("02 15:04"), strings.Join(h.From, "+"), strings.Join(h.To, "+")))
	}
	if got := strings.Join(told[:6], ", "); got != "23 08:00 zhao.min>wang.fang, 23 20:00 wang.fang>li.lei, 24 08:00 li.lei>wang.fang, 24 12:00 wang.fang>chen.jie, 24 14:00 chen.jie>wang.fang, 24 20:00 wang.fang>li.lei" {
		t.Errorf("hand-overs: %s", got)
	}
}

// The night on which the clock is put back lasts an hour longer, that on which it is put
// forward an hour less, and nobody is missing.
func TestDutyWhereClocksAreChanged(t *testing.T) {
	r, err := compile(view.Roster{ID: "r", Zone: "Europe/Berlin", Shifts: []view.Shift{
		{Person: "day", Days: []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}, From: "08:00", To: "20:00"},
		{Person: "night", Days: []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}, From: "20:00", To: "08:00"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for night, hours := range map[time.Time]int{
		time.Date(2026, 3, 28, 20, 0, 0, 0, r.zone): 11, time.Date(2026, 10, 24, 20, 0, 0, 0, r.zone): 13, time.Date(2026, 6, 1, 20, 0, 0, 0, r.zone): 12,
	} {
		d, err := r.duty(night, night.Add(-48*time.Hour), night.Add(72*time.Hour))
		if err != nil || len(d.Gaps) != 0 {
			t.Errorf("%v: gaps %v, %v", night, d.Gaps, err)
		}
		i := slices.IndexFunc(d.Spans, func(s view.DutySpan) bool { return s.From == night.UnixMilli() })
		if i < 0 || d.Spans[i].To-d.Spans[i].From != int64(hours)*3_600_000 {
			t.Errorf("the night of %v is %+v, want %d hours", night, d.Spans, hours)
		}
	}
}

// Whoever asks minute by minute finds the same people, gaps and hand-overs.
func TestDutyMinuteByMinute(t *testing.T) {
	begin := time.Date(2026, 11, 23, 0, 0, 0, 0, time.FixedZone("+08:00", 8*3600))
	rapid.Check(t, func(t *rapid.T) {
		roster := view.Roster{ID: "r", Zone: "+08:00"}
		person := rapid.SampledFrom([]string{"a", "b", "c"})
		moment := func(name string) time.Time {
			return begin.Add(time.Duration(rapid.IntRange(0, 24).Draw(t, name)) * time.Hour)
		}
		for range rapid.IntRange(0, 6).Draw(t, "shifts") {
			s := view.Shift{Person: person.Draw(t, "person")}
			if rapid.Bool().Draw(t, "weekly") {
				s.Days = []string{rapid.SampledFrom([]string{"sun", "mon", "tue"}).Draw(t, "day")}
				s.From = fmt.Sprintf("%02d:30", rapid.IntRange(0, 23).Draw(t, "from"))
				s.To = fmt.Sprintf("%02d:30", rapid.IntRange(0, 23).Draw(t, "to"))
			} else {
				from, to := moment("from"), moment("to")
				if !to.After(from) {
					continue
				}
				s.From, s.To = from.Format("2006-01-02T15:04"), to.Format("2006-01-02T15:04")
				if rapid.Bool().Draw(t, "stands in") {
					s.Instead = person.Draw(t, "instead")
				}
			}
			roster.Shifts = append(roster.Shifts, s)
		}
		r, err := compile(roster)
		if err != nil {
			t.Fatal(err)
		}
		d, err := r.duty(begin, begin, begin.Add(24*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		var before []string
		for m := begin; m.Before(begin.Add(24 * time.Hour)); m = m.Add(30 * time.Minute) {
			on := byHand(roster, begin, m)
			if got := r.at(m); !slices.Equal(got, on) {
				t.Fatalf("%v: %v, by hand %v", m, got, on)
			}
			gap := slices.ContainsFunc(d.Gaps, func(g view.DutyGap) bool { return g.From <= m.UnixMilli() && m.UnixMilli() < g.To })
			if gap != (len(on) == 0) {
				t.Fatalf("%v: a gap is %v, on duty are %v", m, gap, on)
			}
			over := slices.ContainsFunc(d.HandOvers, func(h view.HandOver) bool { return h.At == m.UnixMilli() })
			if m != begin && over != !slices.Equal(before, on) {
				t.Fatalf("%v: a hand-over is %v, from %v to %v", m, over, before, on)
			}
			before = on
		}
	})
}

// byHand asks each line whether it speaks of a moment, in plain arithmetic of hours that
// have passed since a Monday.
func byHand(r view.Roster, monday, m time.Time) []string {
	hours := func(s string) float64 {
		var h, min float64
		if _, err := fmt.Sscanf(s, "%f:%f", &h, &min); err != nil {
			panic(err)
		}
		return h + min/60
	}
	now := m.Sub(monday).Hours()
	once := func(s view.Shift) bool {
		from, _ := time.ParseInLocation("2006-01-02T15:04", s.From, monday.Location())
		to, _ := time.ParseInLocation("2006-01-02T15:04", s.To, monday.Location())
		return !m.Before(from) && m.Before(to)
	}
	on := map[string]bool{}
	for _, s := range r.Shifts {
		if s.Days == nil {
			on[s.Person] = on[s.Person] || once(s)
			continue
		}
		start := map[string]float64{"sun": -24, "mon": 0, "tue": 24}[s.Days[0]]
		from, to := start+hours(s.From), start+hours(s.To)
		if to <= from {
			to += 24
		}
		away := slices.ContainsFunc(r.Shifts, func(o view.Shift) bool { return o.Instead == s.Person && o.Days == nil && once(o) })
		if from <= now && now < to && !away {
			on[s.Person] = true
		}
	}
	for p, is := range on {
		if !is {
			delete(on, p)
		}
	}
	return sorted(on)
}

func TestOnDuty(t *testing.T) {
	a := newAtlas(t)
	load(t, a, district)
	if _, err := a.PutDepartment(t.Context(), view.Department{ID: "water", Name: view.Text{Zh: "水务局"}}); err != nil {
		t.Fatal(err)
	}
	other := view.Roster{ID: "water-officer", Department: "water", Role: "officer", Zone: "+08:00", Shifts: []view.Shift{{Person: "sun.yi", From: "2026-11-23T00:00", To: "2026-11-24T00:00"}}}
	for _, r := range []view.Roster{week, other} {
		if _, err := a.PutRoster(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	noon := time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC)
	for got, want := range map[string]string{
		strings.Join(a.OnDuty("990101001", "lead", noon), " "):            "wang.fang",
		strings.Join(a.OnDuty("990101001000", "", noon), "+"):             "",
		"o" + strings.Join(a.OnDuty("990101001", "officer", noon), " "):   "o",
		"p" + strings.Join(a.OnDuty("990101", "lead", noon), " "):         "p",
		"d" + strings.Join(a.DepartmentOnDuty("water", "", noon), " "):    "dsun.yi",
		"e" + strings.Join(a.DepartmentOnDuty("", "officer", noon), " "):  "e",
		"l" + strings.Join(a.DepartmentOnDuty("water", "lead", noon), ""): "l",
	} {
		if got != want {
			t.Errorf("%q is on duty, want %q", got, want)
		}
	}
	load(t, a, "code,name,replaces\n990101003,新桥街道,990101001\n")
	if got := a.OnDuty("990101003", "lead", noon); !slices.Equal(got, []string{"wang.fang"}) {
		t.Errorf("after a merger %v is on duty", got)
	}
	if d, err := a.Duty("street-office", noon, noon, noon.Add(24*time.Hour)); err != nil || len(d.Spans) == 0 {
		t.Errorf("Duty = %+v, %v", d, err)
	}
	if _, err := a.Duty("none", noon, noon, noon.Add(time.Hour)); !errors.Is(err, view.ErrUnknown) {
		t.Errorf("Duty of nothing: %v", err)
	}
	var f *view.FieldError
	if _, err := a.Duty("street-office", noon, noon, noon.Add(maxLook+1)); !errors.As(err, &f) {
		t.Errorf("Duty of a year: %v", err)
	}
	if err := a.DeleteDepartment(t.Context(), "water"); !errors.As(err, &f) {
		t.Errorf("a department with a roster is deleted: %v", err)
	}
	if err := a.DeleteRoster(t.Context(), "water-officer"); err != nil {
		t.Fatal(err)
	}
	if err := a.DeleteRoster(t.Context(), "water-officer"); !errors.Is(err, view.ErrUnknown) {
		t.Errorf("deleted twice: %v", err)
	}
	if rs := a.Rosters(); len(rs) != 1 || rs[0].ID != "street-office" {
		t.Errorf("rosters: %+v", rs)
	}
}
