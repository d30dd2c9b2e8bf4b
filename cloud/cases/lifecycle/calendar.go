package lifecycle

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Calendar says when people work: the hours of a working day, the days of the week, the
// holidays, and the days that are worked though the week says otherwise. The zero value
// works nowhere; DefaultCalendar is one to begin with.
type Calendar struct {
	Zone     Zone   `yaml:"zone"`     // +08:00, Asia/Shanghai, or another name of the tz database
	Hours    []Span `yaml:"hours"`    // of a working day, rising: 09:00-12:00
	Week     []Day  `yaml:"week"`     // mon tue wed thu fri sat sun
	Holidays []Date `yaml:"holidays"` // 2026-10-01, or 2026-10-01..2026-10-07
	Worked   []Date `yaml:"worked"`   // days that are worked all the same
}

// maxDays bounds how far a calendar is walked: a deadline is never more than ten years away.
const maxDays = 3660

// Zone is a time zone that a file names.
type Zone struct{ loc *time.Location }

// UnmarshalText reads a zone. China's needs no database of zones on the machine.
func (z *Zone) UnmarshalText(b []byte) error {
	name := string(b)
	if t, err := time.Parse("-07:00", name); err == nil {
		_, offset := t.Zone()
		z.loc = time.FixedZone(name, offset)
		return nil
	}
	if name == "Asia/Shanghai" {
		z.loc = time.FixedZone(name, 8*3600)
		return nil
	}
	loc, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return fmt.Errorf("%q is no time zone; write +08:00 or Asia/Shanghai", name)
	}
	z.loc = loc
	return nil
}

// Location returns the zone; UTC where none was named.
func (z Zone) Location() *time.Location {
	if z.loc == nil {
		return time.UTC
	}
	return z.loc
}

// Span is a part of a day, in minutes after midnight.
type Span struct{ From, To int }

// UnmarshalText reads 08:30-12:00; 24:00 is the end of the day.
func (s *Span) UnmarshalText(b []byte) error {
	bad := fmt.Errorf("%q is no part of a day; write 08:30-12:00", b)
	from, to, found := strings.Cut(string(b), "-")
	a, errA := minute(from)
	z, errZ := minute(to)
	if !found || errA != nil || errZ != nil || a >= z {
		return bad
	}
	*s = Span{a, z}
	return nil
}

func minute(text string) (int, error) {
	if text == "24:00" {
		return 24 * 60, nil
	}
	t, err := time.Parse("15:04", text)
	return t.Hour()*60 + t.Minute(), err
}

// Day is a day of the week.
type Day time.Weekday

var dayNames = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// UnmarshalText reads mon to sun.
func (d *Day) UnmarshalText(b []byte) error {
	i := slices.Index(dayNames, string(b))
	if i < 0 {
		return fmt.Errorf("%q is no day of the week; write one of %s", b, strings.Join(dayNames, ", "))
	}
	*d = Day(i)
	return nil
}

// Date is a day, or all from one to another.
type Date struct{ From, To string }

// UnmarshalText reads 2026-10-01 or 2026-10-01..2026-10-07, at most 366 days.
func (d *Date) UnmarshalText(b []byte) error {
	from, to, found := strings.Cut(string(b), "..")
	if !found {
		to = from
	}
	a, errA := time.Parse(time.DateOnly, from)
	z, errZ := time.Parse(time.DateOnly, to)
	if errA != nil || errZ != nil || z.Before(a) || z.Sub(a) > 365*24*time.Hour {
		return fmt.Errorf("%q is no day; write 2026-10-01, or 2026-10-01..2026-10-07", b)
	}
	*d = Date{from, to}
	return nil
}

func (d Date) has(day string) bool { return d.From <= day && day <= d.To }

// check says what in the calendar cannot be.
func (c Calendar) check() error {
	if len(c.Hours) == 0 || len(c.Hours) > 8 || len(c.Week) == 0 {
		return fmt.Errorf("a calendar needs 1 to 8 hours (08:30-12:00) and the days of its week (mon)")
	}
	if len(c.Holidays)+len(c.Worked) > 2000 {
		return fmt.Errorf("a calendar has at most 2000 holidays and worked days")
	}
	for i := 1; i < len(c.Hours); i++ {
		if c.Hours[i].From < c.Hours[i-1].To {
			return fmt.Errorf("the hours of a calendar rise and do not overlap")
		}
	}
	return nil
}

// Knows says whether the calendar has a word on the holidays of a year. Of a year that it
// does not know it takes each day of the week for what the week says, which makes
// deadlines too early around holidays.
func (c Calendar) Knows(year int) bool {
	prefix := fmt.Sprintf("%04d-", year)
	return slices.ContainsFunc(c.Holidays, func(d Date) bool { return strings.HasPrefix(d.From, prefix) || strings.HasPrefix(d.To, prefix) })
}

// Works says whether the day of t is a working day.
func (c Calendar) Works(t time.Time) bool {
	t = t.In(c.Zone.Location())
	day := t.Format(time.DateOnly)
	has := func(d Date) bool { return d.has(day) }
	if slices.ContainsFunc(c.Worked, has) {
		return true
	}
	return !slices.ContainsFunc(c.Holidays, has) && slices.Contains(c.Week, Day(t.Weekday()))
}

// spans calls visit with the working times that end after t, in order, until it returns
// false, for at most ten years.
func (c Calendar) spans(t time.Time, visit func(from, to time.Time) bool) {
	loc := c.Zone.Location()
	y, m, d := t.In(loc).Date()
	for i := range maxDays {
		noon := time.Date(y, m, d+i, 12, 0, 0, 0, loc)
		if !c.Works(noon) {
			continue
		}
		for _, h := range c.Hours {
			from, to := time.Date(y, m, d+i, 0, h.From, 0, 0, loc), time.Date(y, m, d+i, 0, h.To, 0, 0, loc)
			if to.After(t) && !visit(later(from, t), to) {
				return
			}
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Add returns the moment at which so much working time has passed since t.
func (c Calendar) Add(t time.Time, work time.Duration) time.Time {
	end := t
	c.spans(t, func(from, to time.Time) bool {
		end = to
		if n := to.Sub(from); n < work {
			work -= n
			return true
		}
		end = from.Add(work)
		return false
	})
	return end
}

// Between returns the working time from a to b; 0 if b is not later.
func (c Calendar) Between(a, b time.Time) (work time.Duration) {
	c.spans(a, func(from, to time.Time) bool {
		if !from.Before(b) {
			return false
		}
		if to.After(b) {
			to = b
		}
		work += to.Sub(from)
		return true
	})
	return work
}

// AddDays returns the end of work on the n-th working day after that of t, which does not
// count itself: so periods of days are counted in China (Civil Code, articles 201 and 203).
func (c Calendar) AddDays(t time.Time, n int) time.Time {
	loc := c.Zone.Location()
	y, m, d := t.In(loc).Date()
	end := t
	for i := 1; n > 0 && i <= maxDays; i++ {
		if noon := time.Date(y, m, d+i, 12, 0, 0, 0, loc); c.Works(noon) {
			n--
			end = time.Date(y, m, d+i, 0, c.Hours[len(c.Hours)-1].To, 0, 0, loc)
		}
	}
	return end
}

// DefaultCalendar returns office hours in China and the holidays of 2026, as the State
// Council's General Office published them on 4 November 2025. Other years are for the
// city to add: they are made known each November.
func DefaultCalendar() Calendar {
	c := Calendar{Hours: []Span{{8*60 + 30, 12 * 60}, {13*60 + 30, 17*60 + 30}}, Week: []Day{1, 2, 3, 4, 5},
		Zone: Zone{time.FixedZone("Asia/Shanghai", 8*3600)}}
	for _, d := range [][2]string{{"2026-01-01", "2026-01-03"}, {"2026-02-15", "2026-02-23"}, {"2026-04-04", "2026-04-06"},
		{"2026-05-01", "2026-05-05"}, {"2026-06-19", "2026-06-21"}, {"2026-09-25", "2026-09-27"}, {"2026-10-01", "2026-10-07"}} {
		c.Holidays = append(c.Holidays, Date{d[0], d[1]})
	}
	for _, d := range []string{"2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"} {
		c.Worked = append(c.Worked, Date{d, d})
	}
	return c
}
