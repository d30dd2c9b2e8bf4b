package rule

import (
	"testing"
	"time"
)

func at(day, hour, min int) time.Time { // 2026-06-01 is a Monday
	return time.Date(2026, 6, day, hour, min, 0, 0, time.UTC)
}

func TestScheduleIn(t *testing.T) {
	weekdays := Days(1<<time.Monday | 1<<time.Tuesday | 1<<time.Wednesday | 1<<time.Thursday | 1<<time.Friday)
	night := Schedule{Set: true, Days: weekdays, From: 22 * 60, To: 6 * 60}
	work := Schedule{Set: true, Days: weekdays, From: 8 * 60, To: 17*60 + 30}
	weekend := Schedule{Set: true, Days: 1<<time.Saturday | 1<<time.Sunday}
	for _, c := range []struct {
		name string
		s    Schedule
		t    time.Time
		in   bool
		left int
	}{
		{"before work", work, at(1, 7, 59), false, 1},
		{"work begins", work, at(1, 8, 0), true, 570},
		{"work ends", work, at(1, 17, 30), false, 390},
		{"Saturday", work, at(6, 9, 0), false, 510},
		{"Monday night", night, at(1, 23, 0), true, 60},
		{"the night of Monday reaches into Tuesday", night, at(2, 5, 59), true, 1},
		{"it ends", night, at(2, 6, 0), false, 960},
		{"the night of Friday reaches into Saturday", night, at(6, 3, 0), true, 180},
		{"that of Saturday does not begin", night, at(6, 23, 0), false, 60},
		{"nor does Sunday's reach into Monday", night, at(1, 3, 0), false, 180},
		{"the whole weekend", weekend, at(7, 23, 59), true, 1},
		{"and not Monday", weekend, at(1, 0, 0), false, 1440},
		{"every day", Schedule{Set: true, From: 60, To: 120}, at(7, 1, 30), true, 30},
	} {
		if in, left := c.s.in(c.t); in != c.in || left != c.left {
			t.Errorf("%s: %v, %d minutes left, want %v, %d", c.name, in, left, c.in, c.left)
		}
	}
}

// One letter a minute, from 21:57 on; the schedule is 22:00 to 22:05.
func TestSchedulePictures(t *testing.T) {
	five := Schedule{Set: true, From: 22 * 60, To: 22*60 + 5}
	dismiss := five
	dismiss.Dismiss = true
	for _, c := range []struct {
		name   string
		s      Schedule
		spec   Spec
		values []float64
		known  bool
		want   string
	}{
		{"raises when it begins", five, Spec{}, []float64{4, 4, 4, 4, 4, 4}, true, "nnnAAA"},
		{"an alert that stands stays until it is over", five, Spec{}, []float64{2, 2, 2, 4, 4, 4, 4, 4, 4, 4, 2, 2}, true, "nnnAAAAAAAnn"},
		{"or ends with the schedule", dismiss, Spec{}, []float64{2, 2, 2, 4, 4, 4, 4, 4, 4, 4, 4}, true, "nnnAAAAAnnn"},
		{"a timer begins with the schedule", five, Spec{For: 2 * time.Minute}, []float64{4, 4, 4, 4, 4, 4}, true, "nnnppA"},
		{"and ends with it", five, Spec{For: 2 * time.Minute}, []float64{2, 2, 2, 2, 2, 2, 2, 4, 4, 4, 4}, true, "nnnnnnnpnnn"},
		{"what clears goes on clearing", five, Spec{ClearFor: 2 * time.Minute}, []float64{2, 2, 2, 2, 2, 2, 4, 2, 2, 2, 2}, true, "nnnnnnAccnn"},
		{"nobody knows the time: as without a schedule", five, Spec{}, []float64{2, 4, 4, 2}, false, "nAAn"},
		{"and nothing is dismissed", dismiss, Spec{}, []float64{4, 4, 4, 4, 4, 4, 4, 4, 4, 4}, false, "AAAAAAAAAA"},
	} {
		c.spec.When, c.spec.Schedule = "river.level > 3", c.s
		e := New([]*Rule{mustCompile(t, c.spec)})
		e.Civil(func(ms int64) (time.Time, bool) {
			return at(1, 21, 57).Add(time.Duration(ms) * time.Millisecond), c.known
		})
		if got := picture(e, c.values); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

// A schedule begins and ends by itself, on the minute.
func TestScheduleNeedsNoInput(t *testing.T) {
	spec := Spec{When: "river.level > 3", Schedule: Schedule{Set: true, From: 60, To: 120, Dismiss: true}}
	known := Streams{level: {Every: 2 * time.Hour}}
	r, errs := Compile(spec, known)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	e := New([]*Rule{r})
	e.Civil(func(ms int64) (time.Time, bool) { return at(1, 0, 0).Add(time.Duration(ms) * time.Millisecond), true })
	e.Observe(level, 1000, reading(4))
	e.Tick(1000)
	if why, ok := e.Idle(""); !ok || why != OffSchedule {
		t.Errorf("Idle at midnight: %q, %v", why, ok)
	}
	var got []int64
	for {
		next, ok := e.Next()
		if !ok || next > 180*minute {
			break
		}
		for _, x := range e.Tick(next) {
			if x.Raised() || x.Cleared() {
				got = append(got, next/1000)
			}
		}
	}
	if len(got) != 2 || got[0] != 3600 || got[1] != 7200 {
		t.Errorf("raised and cleared at %v s, want 3600 and 7200", got)
	}
}

// The wall clock may be set to anything: a rule without a schedule does not notice, and
// an alert with one only ends where its schedule dismisses it.
func TestScheduleAndAClockThatIsSet(t *testing.T) {
	for _, c := range []struct {
		dismiss bool
		want    string
	}{{false, "AAAAAAAA"}, {true, "AAAnnnAA"}} {
		e := New([]*Rule{mustCompile(t, Spec{When: "river.level > 3", Schedule: Schedule{Set: true, From: 22 * 60, To: 23 * 60, Dismiss: c.dismiss}})})
		e.Civil(func(ms int64) (time.Time, bool) {
			hour := 22
			if ms >= 3*minute && ms < 6*minute {
				hour = 4 // somebody set it wrong
			}
			return at(1, hour, 10), true
		})
		if got := picture(e, repeat(8, 4)); got != c.want {
			t.Errorf("dismiss %v: %s, want %s", c.dismiss, got, c.want)
		}
	}
}
