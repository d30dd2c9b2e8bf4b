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
		t.Error("nothing was announced yet, and that stands")
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

// A range that was announced stands over a restart: at whatever moment that is, what is told
// of the pre-alert is the same as without it.
func TestRangeStandsOverRestart(t *testing.T) {
	spec := Spec{ID: "r", When: "river.level > 3", Forecast: ahead}
	var values []float64
	values = append(values, ramp(2, 3.2, 25)...)
	live := func(restart int, anew bool) (told []string) {
		e, off := New([]*Rule{mustCompile(t, spec)}), int64(0)
		for i, v := range values {
			at := int64(i) * minute / 2
			if i == restart {
				next := New([]*Rule{mustCompile(t, spec)})
				how := Resume{Now: at, SameBoot: true, LastSeen: at - 1}
				if anew { // the board began anew, as long before as this one
					how, off = Resume{Now: 0, LastSeen: at}, -at
				}
				if err := next.Restore("r", e.Snapshot("r"), how); err != nil {
					t.Fatal(err)
				}
				for k := range i { // the journal has what was read
					next.Observe(level, int64(k)*minute/2+off, obs.Of(values[k]))
				}
				e = next
			}
			e.Observe(level, at+off, obs.Of(v))
			for _, x := range e.Tick(at + off) {
				if x.Was != x.Is || x.News {
					told = append(told, fmt.Sprintf("%.1f %s→%s news %v", float64(i)/2, letter(x.Was), letter(x.Is), x.News))
				}
			}
		}
		return told
	}
	want := live(-1, false)
	for i := 11; i < len(values); i++ { // from its first announcement on
		for _, anew := range []bool{false, true} {
			if got := live(i, anew); strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("restarted at %.1f, anew %v:\n%s\nwant\n%s", float64(i)/2, anew, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		}
	}
}

// What no engine has written announces nothing.
func TestRangeThatCannotBe(t *testing.T) {
	for _, told := range []string{`{"at":5,"from":4,"to":9}`, `{"at":5,"from":9,"to":6}`, `{"at":9000,"from":9001,"to":9002}`, `{"at":-9223372036854775808,"from":0,"to":9223372036854775807}`} {
		e := New([]*Rule{mustCompile(t, Spec{ID: "r", When: "river.level > 3", Forecast: ahead})})
		if err := e.Restore("r", []byte(`{"v":2,"at":100,"stages":[{"stage":"forecast","phase":"active"}],"told":`+told+`}`), Resume{Now: 200}); err != nil {
			t.Fatal(err)
		}
		if got := e.byID["r"].foretold; got != (foretold{}) {
			t.Errorf("%s is taken for %+v", told, got)
		}
	}
}
