package rule

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"pgregory.net/rapid"
)

// standings draws what the alert says after each value, a minute apart: - none,
// f forecast, a actual, or the first letter of its severity. A forecast with severity
// is told by a capital.
func standings(e *Engine, values []float64) string {
	var b strings.Builder
	for i, v := range values {
		at := int64(i) * minute
		e.Observe(level, at, reading(v))
		e.Tick(at)
		b.WriteString(letter(e.Standing("r")))
	}
	return b.String()
}

func letter(s Standing) string {
	switch {
	case s == Standing{}:
		return "-"
	case s.Severity == "":
		return s.Stage[:1]
	case s.Stage == StageForecast:
		return strings.ToUpper(s.Severity[:1])
	default:
		return s.Severity[:1]
	}
}

// ramp goes from a to b in n values, both included.
func ramp(a, b float64, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = a + (b-a)*float64(i)/float64(n-1)
	}
	return out
}

func series3(parts ...[]float64) (all []float64) {
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

var (
	ahead  = Forecast{Within: 10 * time.Minute, Window: 10 * time.Minute}
	levels = [MaxLevels]Level{{Severity: "red", When: "river.level > 4"}, {Severity: "orange", When: "river.level > 3.5", Clear: "river.level < 3.3"}, {Severity: "yellow", When: "river.level > 3", ClearFor: 2 * time.Minute}}
)

func TestStagePictures(t *testing.T) {
	flat := func(v float64, n int) []float64 { return ramp(v, v+1e-12, n) }
	for _, c := range []struct {
		name   string
		spec   Spec
		values []float64
		want   string
	}{
		{"rises steadily: forecast, then actual, then over", Spec{When: "river.level > 3", Forecast: ahead},
			series3(ramp(2, 3.2, 13), ramp(2.9, 2.4, 6)), "-----ffffffaa------"},
		{"stops below the limit: withdrawn, never actual", Spec{When: "river.level > 3", Forecast: ahead},
			series3(ramp(2, 2.6, 7), flat(2.6, 14)), "-----fffffffffff-----"},
		{"one spike is no trend", Spec{When: "river.level > 3", Forecast: ahead},
			series3(flat(2, 8), []float64{2.9}, flat(2, 6)), strings.Repeat("-", 15)},
		{"falls to a limit below", Spec{When: "river.level < 1", Forecast: ahead},
			ramp(2, 0.8, 13), "-----ffffffaa"},
		{"too slow to be within", Spec{When: "river.level > 3", Forecast: ahead},
			ramp(2, 2.24, 13), strings.Repeat("-", 13)},
		{"a drowned sensor withdraws nothing", Spec{When: "river.level > 3", Forecast: ahead},
			series3(ramp(2, 2.6, 7), []float64{no, no, no, no, no, no, no, no}), "-----ffffffffff"},
		{"holt", Spec{When: "river.level > 3", Forecast: Forecast{Within: 10 * time.Minute, Window: 10 * time.Minute, Method: Holt}},
			ramp(2, 3.2, 13), "-----ffffffaa"},
		{"for delays the actual stage, not the forecast", Spec{When: "river.level > 3", For: 2 * time.Minute, Forecast: ahead},
			ramp(2, 3.5, 16), "-----ffffffffaaa"},
		{"what has come is not foreseen, however the trend lags", Spec{When: "river.level > 3", For: 9 * time.Minute, Forecast: ahead},
			series3(ramp(2, 2.1, 11), ramp(3.4, 3.5, 10)), strings.Repeat("-", 20) + "a"},

		{"up at once, down by its own clear", Spec{Levels: levels},
			[]float64{2, 3.2, 3.6, 4.2, 3.9, 3.4, 3.4, 3.2, 2.9, 2.9, 2.9}, "-yoroooyyy-"},
		{"from nothing to red, and all gone at once", Spec{Levels: levels}, []float64{2, 5, 2, 2, 2}, "-ryy-"},
		{"a drowned sensor keeps its level", Spec{Levels: levels}, []float64{2, 5, no, no, no, no, no, no}, "-rrrrrrr"},
		{"a ladder with a forecast", Spec{Levels: levels, Forecast: Forecast{Severity: "blue", Within: 10 * time.Minute, Window: 10 * time.Minute}},
			ramp(2, 4.4, 13), "-----Byyooorr"},
		{"the forecast is for the first level", Spec{Levels: levels, Forecast: Forecast{Severity: "blue", Within: 10 * time.Minute, Window: 10 * time.Minute}},
			ramp(2, 3.2, 13), "-----BBBBBByy"},
	} {
		if got := standings(New([]*Rule{mustCompile(t, c.spec)}), c.values); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

// One alert from the forecast to the clear: each change is told once, with the range,
// the value and the limit of what it is now.
func TestForecastTransitions(t *testing.T) {
	e := New([]*Rule{mustCompile(t, Spec{ID: "r", When: "river.level > 3", Forecast: ahead})})
	var got []string
	for i, v := range series3(ramp(2, 3.2, 13), ramp(2.9, 2.4, 6)) {
		at := int64(i) * minute
		e.Observe(level, at, obs.Of(v))
		for _, x := range e.Tick(at) {
			if x.Was != x.Is {
				got = append(got, fmt.Sprintf("%d %s→%s %s %.1f/%.1f in %.0f…%.0f %v%v%v", i, letter(x.Was), letter(x.Is), x.Stream, x.Value, x.Limit, x.Early, x.Late, x.Raised(), x.Moved(), x.Cleared()))
			}
		}
	}
	want := []string{
		"5 -→f river/level 2.5/3.0 in 267…870 truefalsefalse",
		"11 f→a river/level 3.1/3.0 in 0…0 falsetruefalse",
		"13 a→- river/level 2.9/3.0 in 0…0 falsefalsetrue",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Where several levels end in one moment the alert ends once; a rise is told before
// anything that follows.
func TestFallsAreToldOnce(t *testing.T) {
	l := levels
	l[2].ClearFor = 0
	e := New([]*Rule{mustCompile(t, Spec{ID: "r", Levels: l})})
	var got []string
	for i, v := range []float64{2, 5, 2} {
		e.Observe(level, int64(i)*minute, obs.Of(v))
		for _, x := range e.Tick(int64(i) * minute) {
			if x.Was != x.Is {
				got = append(got, letter(x.Was)+letter(x.Is))
			}
		}
	}
	if s := strings.Join(got, " "); s != "-r r-" {
		t.Errorf("%s, want -r r-", s)
	}
}

func TestForeseeRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		when      string
		f         Forecast
		field, id string
	}{
		"a mean":             {"avg(river.level, 5m) > 3", ahead, "forecast", "E3111"},
		"two conditions":     {"river.level > 3 and river.level < 5", ahead, "forecast", "E3111"},
		"equality":           {"river.level == 3", ahead, "forecast", "E3111"},
		"two streams":        {"river.level > tank.temp.inlet", ahead, "forecast", "E3111"},
		"too far":            {"river.level > 3", Forecast{Within: 21 * time.Minute, Window: 10 * time.Minute}, "forecast.window", "E3112"},
		"too short a window": {"river.level > 3", Forecast{Within: 2 * time.Minute, Window: 4 * time.Minute}, "forecast.window", "E3112"},
		"too short a notice": {"river.level > 3", Forecast{Within: time.Minute, Window: 10 * time.Minute}, "forecast.within", "E3112"},
		"too long a window":  {"river.level > 3", Forecast{Within: time.Hour, Window: 49 * time.Hour}, "forecast.window", "E3112"},
		"no within":          {"river.level > 3", Forecast{Window: 10 * time.Minute}, "forecast", "E3112"},
		"no window":          {"river.level > 3", Forecast{Within: 10 * time.Minute}, "forecast", "E3112"},
		"method":             {"river.level > 3", Forecast{Within: 10 * time.Minute, Window: 10 * time.Minute, Method: "arima"}, "forecast.method", "E3112"},
	} {
		_, errs := Compile(Spec{ID: "r", When: c.when, Forecast: c.f}, street)
		if len(errs) != 1 || errs[0].ID != c.id || errs[0].Hint == "" || errs[0].Field != c.field {
			t.Errorf("%s: %v, want %s with a hint", name, errs, c.id)
		}
	}
}

func TestLadderOrder(t *testing.T) {
	for name, c := range map[string]struct {
		red, yellow string
		wrong       bool
	}{
		"beyond":           {"river.level > 4", "river.level > 3", false},
		"below":            {"river.level > 3", "river.level > 4", true},
		"the same":         {"river.level > 3", "river.level >= 3", true},
		"falling":          {"river.level < 1", "river.level < 2", false},
		"falling, crossed": {"river.level < 2", "river.level < 1", true},
		"other things":     {"river.level > 3", "rate(river.level, 10m) > 4", false},
	} {
		_, errs := Compile(Spec{ID: "r", Levels: [MaxLevels]Level{{Severity: "red", When: c.red}, {Severity: "yellow", When: c.yellow}}}, street)
		if (len(errs) == 1 && errs[0].ID == "E3113" && errs[0].Field == "levels.red.when") != c.wrong || !c.wrong && len(errs) > 0 {
			t.Errorf("%s: %v", name, errs)
		}
	}
}

// staged draws a rule with levels, a forecast, or both, and what it is fed.
func staged(t *rapid.T) (*Rule, []float64) {
	s := Spec{ID: "r", When: "river.level > 3", Clear: "river.level < 2.8"}
	if rapid.Bool().Draw(t, "levels") {
		s.When, s.Clear, s.Levels = "", "", levels
	}
	if rapid.Bool().Draw(t, "forecast") {
		s.Forecast = Forecast{Severity: "blue", Within: 10 * time.Minute, Window: time.Duration(rapid.IntRange(6, 12).Draw(t, "window")) * time.Minute}
	}
	r, errs := Compile(s, street)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	var values []float64
	v := 2.0
	slope := 0.0
	for range rapid.IntRange(5, 80).Draw(t, "values") {
		if rapid.IntRange(0, 9).Draw(t, "turn") == 0 {
			slope = rapid.Float64Range(-0.2, 0.2).Draw(t, "slope")
		}
		v = min(max(v+slope, 0), 6)
		x := math.Round(100*(v+rapid.Float64Range(-0.02, 0.02).Draw(t, "noise"))) / 100
		if rapid.IntRange(0, 7).Draw(t, "missing") == 0 {
			x = no
		}
		values = append(values, x)
	}
	return r, values
}

// The alert never changes without a cause: each change is told, starts where the last
// one ended, comes with a reading of its own or a timer, and what is told is what stands.
func TestNoTransitionWithoutCause(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, values := staged(t)
		e := New([]*Rule{r})
		told := Standing{}
		hear := func(ts []Transition) {
			for _, x := range ts {
				if x.Was != told {
					t.Fatalf("told %v, then %v→%v", told, x.Was, x.Is)
				}
				if told = x.Is; x.Is.Stage == StageForecast && x.Was != x.Is && !(0 <= x.Early && x.Early <= x.Late && x.Late <= 3*r.spec.Forecast.Window.Seconds()) {
					t.Fatalf("a forecast of %g…%g s", x.Early, x.Late)
				}
			}
			if e.Standing("r") != told {
				t.Fatalf("it is %v, told was %v", e.Standing("r"), told)
			}
		}
		for i, v := range values {
			at := int64(i) * minute
			e.Observe(level, at, reading(v))
			hear(e.Tick(at))
			if again := e.Tick(at); len(again) != 0 {
				t.Fatalf("asked again at the same time: %+v", again)
			}
			if rapid.IntRange(0, 9).Draw(t, "back") == 0 {
				if ts := e.Tick(at - 5*minute); len(ts) != 0 {
					t.Fatalf("time went back: %+v", ts)
				}
			}
		}
		// From here on nothing is known: the alert stays as it is, for days.
		for day := range int64(3) {
			before := told
			hear(e.Tick((int64(len(values)) + 1440*(day+1)) * minute))
			if day > 0 && told != before {
				t.Fatalf("%v became %v without a reading", before, told)
			}
		}
	})
}

// A gateway that is cut at any instant, and reads its journal's readings again as the
// engine asks for it, tells the same as one that ran on: up to the moment at which a
// trend is found anew, a fortieth of its window, here less than a reading.
func TestStagedRestartIsNoRestart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, values := staged(t)
		cut := rapid.IntRange(0, len(values)-1).Draw(t, "cut")
		run := func(restart bool) (log string) {
			e := New([]*Rule{r})
			for i, v := range values {
				at := int64(i) * minute
				if restart && i == cut {
					e2 := New([]*Rule{r})
					if err := e2.Restore("r", e.Snapshot("r"), Resume{Now: e.now, SameBoot: true, LastSeen: e.now}); err != nil {
						t.Fatal(err)
					}
					for j, past := range values[:i] {
						e2.Observe(level, int64(j)*minute, reading(past))
					}
					if i > 0 {
						e2.Tick(at - minute)
					}
					e = e2
				}
				e.Observe(level, at, reading(v))
				for _, x := range e.Tick(at) {
					if x.Was != x.Is {
						log += fmt.Sprintf("%s→%s at %d %.2f\n", letter(x.Was), letter(x.Is), i, x.Value)
					}
				}
			}
			return log
		}
		if plain, cutShort := run(false), run(true); plain != cutShort {
			t.Fatalf("%+v cut at %d:\n%s\nwithout restart:\n%s", r.Spec(), cut, cutShort, plain)
		}
	})
}

// A level that is gone after a change of the configuration passes its alert on; a
// forecast that is gone ends. Nothing is left standing that nobody would end.
func TestStagesThatAreGone(t *testing.T) {
	ladder := Spec{ID: "r", Levels: levels}
	plain := Spec{ID: "r", When: "river.level > 3"}
	foreseen := Spec{ID: "r", When: "river.level > 3", Forecast: ahead}
	for _, c := range []struct {
		name     string
		old, new Spec
		values   []float64
		want     string
	}{
		{"ladder to plain", ladder, plain, []float64{4.5}, "r→a"},
		{"plain to ladder", plain, ladder, []float64{4.5}, "a→r"},
		{"forecast to plain", foreseen, plain, ramp(2, 2.6, 7), "f→-"},
		{"plain to forecast", plain, foreseen, []float64{4.5}, ""},
	} {
		for _, restart := range []bool{false, true} {
			old := New([]*Rule{mustCompile(t, c.old)})
			standings(old, c.values)
			e := New([]*Rule{mustCompile(t, c.new)})
			at := int64(len(c.values)-1) * minute
			if restart {
				if err := e.Restore("r", old.Snapshot("r"), Resume{Now: at, SameBoot: true, LastSeen: at}); err != nil {
					t.Fatal(err)
				}
				e.Observe(level, at, reading(c.values[len(c.values)-1]))
			} else {
				e.Adopt(old)
			}
			got := ""
			for _, x := range e.Tick(at) {
				if x.Was != x.Is {
					got += letter(x.Was) + "→" + letter(x.Is)
				}
			}
			if c.name == "plain to ladder" && got == "a→yy→r" {
				got = c.want
			}
			if got != c.want {
				t.Errorf("%s, restart %v: %q, want %q", c.name, restart, got, c.want)
			}
		}
	}
}
