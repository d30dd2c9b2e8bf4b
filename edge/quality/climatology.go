package quality

import (
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// climatology is QARTOD test 5: a range that depends on the calendar. A value that no
// member covers is not evaluated, nor is one whose time nobody knows; of several
// members the last one counts. The depth spans of the reference implementation have no
// use on a street.
type climatology struct {
	members []member
	civil   func(ms int64) (time.Time, bool)
}

// member is one season. A span whose end is before its beginning runs over the turn
// of the year.
type member struct {
	unit     func(time.Time) int // nil: always
	from, to int
	ok, fail Range // fail may be unstated
}

func (m *member) covers(t time.Time) bool {
	if m.unit == nil {
		return true
	}
	n := m.unit(t)
	if m.from <= m.to {
		return n >= m.from && n <= m.to
	}
	return n >= m.from || n <= m.to
}

func (m *member) judge(v float64) obs.Flag {
	switch {
	case m.fail.stated() && !m.fail.holds(v):
		return obs.Fail
	case !m.ok.holds(v):
		return obs.Suspect
	default:
		return obs.Pass
	}
}

func (c *climatology) judge(ms int64, v float64) (now, late obs.Flag) {
	if v != v {
		return obs.Missing, 0
	}
	if c.civil == nil {
		return obs.NotEvaluated, 0
	}
	t, known := c.civil(ms)
	if !known {
		return obs.NotEvaluated, 0
	}
	for i := len(c.members) - 1; i >= 0; i-- {
		if c.members[i].covers(t) {
			return c.members[i].judge(v), 0
		}
	}
	return obs.NotEvaluated, 0
}

func weekOf(t time.Time) int {
	_, w := t.ISOWeek()
	return w
}

func weekdayOf(t time.Time) int { return (int(t.Weekday())+6)%7 + 1 }

func monthOf(t time.Time) int { return int(t.Month()) }

func quarterOf(t time.Time) int { return (int(t.Month()) + 2) / 3 }

func membersOf(seasons []obs.Season) []member {
	all := make([]member, len(seasons))
	for i, s := range seasons {
		m := member{ok: rangeOf(s.Suspect), fail: rangeOf(s.Fail)}
		for _, u := range []struct {
			span []int
			unit func(time.Time) int
		}{{s.Months, monthOf}, {s.Weeks, weekOf}, {s.Days, time.Time.YearDay}, {s.Weekdays, weekdayOf}, {s.Quarters, quarterOf}, {s.Hours, time.Time.Hour}} {
			if len(u.span) == 2 {
				m.unit, m.from, m.to = u.unit, u.span[0], u.span[1]
			}
		}
		all[i] = m
	}
	return all
}

// rangeOf makes a range of its two ends, in whatever order they stand.
func rangeOf(span []float64) Range {
	if len(span) != 2 {
		return Range{}
	}
	return Range{min(span[0], span[1]), max(span[0], span[1])}
}
