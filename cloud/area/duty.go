package area

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/cloud/view"
)

// Limits of a roster.
const (
	maxShifts = 2000
	maxSpans  = 5000                 // in what is worked out at once
	maxLook   = 100 * 24 * time.Hour // how much of a roster is worked out at once
)

// rota is a roster that can be worked out.
type rota struct {
	view.Roster
	zone    *time.Location
	shifts  []shift
	instead map[string][]view.DutySpan // person → times in which others stand in
}

// shift is one line: of every week if days has any, else from from to to.
type shift struct {
	person     string
	days       [7]bool // by time.Weekday
	weekly     bool
	start, end time.Duration // weekly: after midnight; end may be on the next day
	from, to   time.Time
}

var weekdays = map[string]time.Weekday{"sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6}

// compile works out a roster's times. Its error is a *view.FieldError.
func compile(r view.Roster) (rota, error) {
	zone, err := parseZone(r.Zone)
	if err != nil {
		return rota{}, err
	}
	if len(r.Shifts) > maxShifts {
		return rota{}, wrong("shifts", fmt.Sprintf("班次最多 %d 条", maxShifts), fmt.Sprintf("there are at most %d shifts", maxShifts))
	}
	c := rota{Roster: r, zone: zone, instead: map[string][]view.DutySpan{}}
	for i, s := range r.Shifts {
		at := func(field string) string { return fmt.Sprintf("shifts[%d].%s", i, field) }
		if err := checkPerson(at("person"), s.Person); err != nil {
			return rota{}, err
		}
		if s.Instead != "" {
			if err := checkPerson(at("instead"), s.Instead); err != nil {
				return rota{}, err
			}
		}
		done, err := parseShift(s, zone, at)
		if err != nil {
			return rota{}, err
		}
		c.shifts = append(c.shifts, done)
		if s.Instead != "" {
			c.instead[s.Instead] = append(c.instead[s.Instead], view.DutySpan{From: done.from.UnixMilli(), To: done.to.UnixMilli()})
		}
	}
	return c, nil
}

// parseZone reads an IANA name, or a distance like +08:00.
func parseZone(name string) (*time.Location, error) {
	if t, err := time.Parse("-07:00", name); err == nil {
		_, seconds := t.Zone()
		return time.FixedZone(name, seconds), nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return nil, wrong("zone", "请写时区，如 Asia/Shanghai 或 +08:00", "write a time zone like Asia/Shanghai or +08:00")
	}
	return zone, nil
}

func parseShift(s view.Shift, zone *time.Location, at func(string) string) (shift, error) {
	out := shift{person: s.Person, weekly: len(s.Days) > 0}
	if !out.weekly {
		const form = "2006-01-02T15:04"
		var errFrom, errTo error
		out.from, errFrom = time.ParseInLocation(form, s.From, zone)
		out.to, errTo = time.ParseInLocation(form, s.To, zone)
		switch {
		case errFrom != nil:
			return out, wrong(at("from"), "请写成 2026-11-23T08:00；每周的班次还要写 days", "write it as 2026-11-23T08:00; a weekly shift needs days")
		case errTo != nil:
			return out, wrong(at("to"), "请写成 2026-11-23T20:00", "write it as 2026-11-23T20:00")
		case !out.to.After(out.from):
			return out, wrong(at("to"), "结束时间不晚于开始时间", "it ends before it begins")
		}
		return out, nil
	}
	if s.Instead != "" {
		return out, wrong(at("instead"), "只有一次性的班次可以替班", "only a shift of one time can be instead of somebody's")
	}
	for _, d := range s.Days {
		w, ok := weekdays[d]
		if !ok {
			return out, wrong(at("days"), "星期请写 mon、tue、wed、thu、fri、sat、sun", "the days are mon, tue, wed, thu, fri, sat, sun")
		}
		out.days[w] = true
	}
	var ok1, ok2 bool
	out.start, ok1 = clock(s.From)
	if out.end, ok2 = clock(s.To); !ok1 || !ok2 {
		return out, wrong(at("from"), "每周的班次时间请写成 08:00", "the times of a weekly shift are like 08:00")
	}
	if out.end <= out.start {
		out.end += 24 * time.Hour
	}
	return out, nil
}

// clock reads a time of day.
func clock(s string) (time.Duration, bool) {
	t, err := time.Parse("15:04", s)
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, err == nil && len(s) == 5
}

// spans works out who is on duty between two times, by time and person. What begins
// before or ends after is not cut off.
func (r *rota) spans(from, to time.Time) []view.DutySpan {
	var out []view.DutySpan
	for _, s := range r.shifts {
		if !s.weekly {
			if s.from.Before(to) && s.to.After(from) {
				out = append(out, view.DutySpan{Person: s.person, From: s.from.UnixMilli(), To: s.to.UnixMilli()})
			}
			continue
		}
		// A shift of the day before may reach into the first one.
		day := from.In(r.zone).AddDate(0, 0, -1)
		for day := time.Date(day.Year(), day.Month(), day.Day(), 12, 0, 0, 0, r.zone); day.Before(to.Add(24 * time.Hour)); day = day.AddDate(0, 0, 1) {
			if !s.days[day.Weekday()] {
				continue
			}
			begins, ends := r.on(day, s.start), r.on(day, s.end)
			if begins.Before(to) && ends.After(from) && ends.After(begins) {
				out = append(out, r.without(view.DutySpan{Person: s.person, From: begins.UnixMilli(), To: ends.UnixMilli()})...)
			}
		}
	}
	slices.SortFunc(out, func(a, b view.DutySpan) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), cmp.Compare(a.Person, b.Person))
	})
	return slices.Compact(out)
}

// on is a time of day by the clock on the wall, also on the day on which it is changed.
func (r *rota) on(day time.Time, d time.Duration) time.Time {
	return time.Date(day.Year(), day.Month(), day.Day(), 0, int(d/time.Minute), 0, 0, r.zone)
}

// without cuts out of a weekly span the times in which somebody stands in.
func (r *rota) without(span view.DutySpan) []view.DutySpan {
	left := []view.DutySpan{span}
	for _, other := range r.instead[span.Person] {
		from, to := other.From, other.To
		var next []view.DutySpan
		for _, l := range left {
			if to <= l.From || from >= l.To {
				next = append(next, l)
				continue
			}
			if l.From < from {
				next = append(next, view.DutySpan{Person: l.Person, From: l.From, To: from})
			}
			if to < l.To {
				next = append(next, view.DutySpan{Person: l.Person, From: to, To: l.To})
			}
		}
		left = next
	}
	return left
}

// at returns who is on duty at a time, by id.
func (r *rota) at(t time.Time) []string {
	on := map[string]bool{}
	for _, s := range r.spans(t, t.Add(time.Millisecond)) {
		if s.From <= t.UnixMilli() && t.UnixMilli() < s.To {
			on[s.Person] = true
		}
	}
	return sorted(on)
}

func sorted(set map[string]bool) []string {
	return append([]string{}, slices.Sorted(maps.Keys(set))...)
}

// duty works out a roster between two times: who, hand-overs, gaps.
func (r *rota) duty(now, from, to time.Time) (view.Duty, error) {
	d := view.Duty{
		Roster: r.ID, At: now.UnixMilli(), Now: r.at(now), From: from.UnixMilli(), To: to.UnixMilli(),
		Spans: append([]view.DutySpan{}, r.spans(from, to)...), HandOvers: []view.HandOver{}, Gaps: []view.DutyGap{},
	}
	if len(d.Spans) > maxSpans {
		return d, wrong("to", "班次过多，请缩短时间段", "there are too many shifts in this time; ask for less")
	}
	r.changes(&d)
	return d, nil
}

// changes works out hand-overs and gaps of d's spans.
func (r *rota) changes(d *view.Duty) {
	type change struct {
		at     int64
		person string
		by     int
	}
	var changes []change
	for _, s := range d.Spans {
		changes = append(changes, change{s.From, s.Person, 1}, change{s.To, s.Person, -1})
	}
	slices.SortFunc(changes, func(a, b change) int { return cmp.Compare(a.at, b.at) })
	count, before, began := map[string]int{}, map[string]bool{}, d.From
	for i := 0; i < len(changes); {
		at := changes[i].at
		for ; i < len(changes) && changes[i].at == at; i++ {
			count[changes[i].person] += changes[i].by
			if count[changes[i].person] == 0 {
				delete(count, changes[i].person)
			}
		}
		after := map[string]bool{}
		for p := range count {
			after[p] = true
		}
		if at > d.From && at < d.To && !maps.Equal(before, after) {
			d.HandOvers = append(d.HandOvers, view.HandOver{At: at, From: less(before, after), To: less(after, before)})
		}
		if len(before) == 0 && len(after) > 0 {
			r.gap(d, began, at)
		}
		began, before = at, after
	}
	if len(before) == 0 {
		r.gap(d, began, d.To)
	}
}

// less is what is in a and not in b.
func less(a, b map[string]bool) []string {
	out := map[string]bool{}
	for p := range a {
		if !b[p] {
			out[p] = true
		}
	}
	return sorted(out)
}

// gap notes that nobody is on duty from one time to another, as far as it is asked for.
func (r *rota) gap(d *view.Duty, from, to int64) {
	from, to = max(from, d.From), min(to, d.To)
	if from >= to {
		return
	}
	say := func(ms int64) string { return time.UnixMilli(ms).In(r.zone).Format("2006-01-02 15:04") }
	d.Gaps = append(d.Gaps, view.DutyGap{From: from, To: to, Text: view.Text{
		Zh: fmt.Sprintf("值班表 %s：%s 至 %s（%s）无人值班", r.ID, say(from), say(to), r.Zone),
		En: fmt.Sprintf("roster %s: nobody is on duty from %s to %s (%s)", r.ID, say(from), say(to), r.Zone),
	}})
}
