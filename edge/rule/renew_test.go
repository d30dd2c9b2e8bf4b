package rule

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"pgregory.net/rapid"
)

// A range stands for a minute, and then until another one says something else.
func TestForetoldIsOutdated(t *testing.T) {
	said := foretell(0, outlook{early: 300, late: 1500}) // the middle is at 900 s
	for _, c := range []struct {
		name              string
		now               int64 // s
		early, best, late float64
		want              bool
	}{
		{"the same, a little later", 100, 200, 700, 1400, false},
		{"half as wide", 100, 300, 500, 900, true},
		{"half as wide, within the minute", 59, 300, 500, 900, false},
		{"sooner than it was expected", 100, 50, 199, 1000, true},
		{"later than it was expected", 100, 1000, 1401, 2400, true},
		{"half of the time is over", 450, 0, 450, 1050, true},
		{"nearly half of it is", 449, 0, 450, 1050, false},
		{"its time is over", 1501, 0, 100, 1300, true},
	} {
		next := foretell(c.now*1000, outlook{early: c.early, late: c.late})
		if got := said.outdated(next, c.now*1000+int64(c.best*1000)); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	if !(foretold{}).outdated(said, 900_000) {
		t.Error("after a restart nobody knows what was announced")
	}
}

// As the water comes near its range is told anew, as news of the same alert, until the
// limit is reached; a reload does not tell it again.
func TestRangeIsRenewed(t *testing.T) {
	spec := Spec{ID: "r", When: "river.level > 3", Forecast: ahead}
	e := New([]*Rule{mustCompile(t, spec)})
	var got []string
	for i, v := range ramp(2, 3.2, 25) {
		at := int64(i) * minute / 2
		if i == 18 {
			next := New([]*Rule{mustCompile(t, spec)})
			next.Adopt(e)
			e = next
		}
		e.Observe(level, at, obs.Of(v))
		for _, x := range e.Tick(at) {
			if x.Was != x.Is || x.News {
				got = append(got, fmt.Sprintf("%.1f %s→%s news %v in %.0f…%.0f", float64(i)/2, letter(x.Was), letter(x.Is), x.News, x.Early, x.Late))
			}
		}
	}
	want := []string{
		"5.0 -→f news false in 267…870",
		"8.0 f→f news true in 98…357",
		"9.5 f→f news true in 13…100",
		"10.5 f→a news false in 0…0",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Whatever the water does: a range is told anew once a minute at most, only while the
// pre-alert stands, and it lies ahead.
func TestRenewalsAreRare(t *testing.T) {
	r := mustCompile(t, Spec{ID: "r", When: "river.level > 3", Forecast: ahead})
	rapid.Check(t, func(t *rapid.T) {
		e, at, v, last := New([]*Rule{r}), int64(0), 2.0, int64(-1)
		for range rapid.IntRange(10, 150).Draw(t, "readings") {
			at += rapid.Int64Range(1_000, 60_000).Draw(t, "after")
			v = min(max(v+rapid.Float64Range(-0.05, 0.1).Draw(t, "by"), 0), 4)
			e.Observe(level, at, obs.Of(v))
			for _, x := range e.Tick(at) {
				if x.Is.Stage != StageForecast || x.Was == x.Is && !x.News {
					continue
				}
				if x.News && (x.Was != x.Is || last < 0 || x.At-last < renewEvery) {
					t.Fatalf("%+v, the last range was told at %d", x, last)
				}
				if x.News && !(0 <= x.Early && x.Early <= x.Straight && x.Straight <= x.Late) {
					t.Fatalf("%+v: the straight line is not in its range", x)
				}
				last = x.At
			}
		}
	})
}
