package street_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/street"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/rule"
)

var flooding = obs.Stream{Device: "underpass", Channel: "level"}

// floodRule is the underpass's rule as the written configuration has it.
func floodRule(t *testing.T, c *config.Config) *rule.Rule {
	t.Helper()
	i := slices.IndexFunc(c.Rules, func(r config.Rule) bool { return r.ID == "underpass-flood" })
	if i < 0 {
		t.Fatal("there is no rule underpass-flood")
	}
	r := c.Rules[i]
	spec := rule.Spec{ID: r.ID, Forecast: rule.Forecast{Severity: string(r.Forecast.Severity), Within: r.Forecast.Within, Window: r.Forecast.Window, Method: rule.Method(r.Forecast.Method)}}
	for k, l := range r.Levels {
		spec.Levels[k] = rule.Level{Severity: string(l.Severity), When: l.When, Clear: l.Clear, For: l.For, ClearFor: l.ClearFor}
	}
	compiled, errs := rule.Compile(spec, rule.Streams{flooding: {Every: time.Second, Step: 0.001}})
	if len(errs) > 0 {
		t.Fatal(errs[0])
	}
	return compiled
}

// crossing is when the water truly reaches limit for good, without the sensor's noise.
func crossing(c *scenario.Course, limit float64) time.Duration {
	for now := time.Duration(0); now < 9*time.Minute; now += 200 * time.Millisecond {
		sum, n := 0.0, 0
		for d := -2 * time.Second; d <= 2*time.Second; d += 50 * time.Millisecond {
			v, _ := c.At("underpass.level", max(0, now+d))
			sum, n = sum+v, n+1
		}
		if sum/float64(n) >= limit {
			return now
		}
	}
	return 0
}

// told lets the engine see one storm, a reading a second in whole millimetres, and says
// how its alert went; and between when the crossing was expected, as it was announced.
func told(r *rule.Rule, c *scenario.Course) (went string, begun, from, to time.Duration) {
	e := rule.New([]*rule.Rule{r})
	var said []string
	for now := time.Duration(0); now < 9*time.Minute; now += time.Second {
		v, _ := c.At("underpass.level", now)
		e.Observe(flooding, now.Milliseconds(), obs.Of(math.Round(v*1000)/1000))
		for _, x := range e.Tick(now.Milliseconds()) {
			switch {
			case x.Was == x.Is:
			case x.Cleared():
				said = append(said, "cleared")
			default:
				said = append(said, x.Is.Stage+" "+x.Is.Severity)
				if x.Is.Stage == rule.StageForecast {
					at := time.Duration(x.At) * time.Millisecond
					begun, from, to = at, at+time.Duration(x.Early*float64(time.Second)), at+time.Duration(x.Late*float64(time.Second))
				}
			}
		}
	}
	return strings.Join(said, ", "), begun, from, to
}

// Over five storms the underpass's alert goes from the forecast to orange, red, orange
// again and cleared, without a false word between; and the true crossing lies in the
// announced range in at least four of them.
func TestCloudburstIsForeseen(t *testing.T) {
	o := options(t, "cloudburst")
	s, err := street.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r := floodRule(t, gatewayConfig(t, s))
	inside := 0
	var lines []string
	for seed := uint64(1); seed <= 5; seed++ {
		c := o.Scenario.Course(seed, true)
		truly := crossing(c, 0.27)
		went, begun, from, to := told(r, c)
		if want := "forecast yellow, actual orange, actual red, actual orange, cleared"; went != want {
			t.Errorf("seed %d: %s, want %s", seed, went, want)
		}
		if lead := truly - begun; lead < time.Minute || lead > 4*time.Minute {
			t.Errorf("seed %d: the pre-alert begins %v before the crossing", seed, lead)
		}
		if from <= truly && truly <= to {
			inside++
		}
		lines = append(lines, fmt.Sprintf("seed %d: at %v expected in %v to %v, truly in %v", seed, begun, from-begun, to-begun, truly-begun))
	}
	t.Log(strings.Join(lines, "\n"))
	if inside < 4 {
		t.Errorf("the crossing lay in the announced range in %d of 5 storms", inside)
	}
}
