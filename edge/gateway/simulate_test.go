package gateway

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/record"
	"github.com/lamppost-city/lamppost/edge/rehearsal"
	"github.com/lamppost-city/lamppost/edge/rule"
)

// A replay of what a gateway wrote down raises and takes back what the gateway did, at the
// same moments: spikes raise and are withdrawn, end nothing, and leave no trace in windows,
// also through derived streams.
func TestReplayIsWhatHappened(t *testing.T) {
	for name, levels := range map[string][]float64{
		"a spike up":                    {2, 2, 2.01, 4.5, 2.02, 2, 2},
		"a spike up at the end":         {2, 2, 2.01, 4.5},
		"a spike in a flood":            {2, 3.5, 3.51, 1, 3.52, 3.53, 3.5},
		"a flood":                       {2, 3.5, 3.51, 3.5, 3.4, 1, 1, 1},
		"two in a row":                  {2, 2.01, 4.5, 4.51, 2, 2},
		"one every other second":        {2, 4.5, 2, 4.5, 2, 4.5, 2},
		"noise with steps and spikes 1": trembling(1),
		"noise with steps and spikes 2": trembling(2),
		"noise with steps and spikes 3": trembling(3),
	} {
		t.Run(name, func(t *testing.T) { replayed(t, levels) })
	}
}

// trembling is a level that steps now and then, with spikes among it.
func trembling(seed uint64) (all []float64) {
	r, base := rand.New(rand.NewPCG(seed, 0)), 2.0
	for range 300 {
		if r.IntN(25) == 0 {
			base = []float64{1, 2, 3.5, 4.2}[r.IntN(4)]
		}
		v := base + 0.03*r.Float64()
		if r.IntN(12) == 0 {
			v = []float64{0.5, 4.8}[r.IntN(2)]
		}
		all = append(all, v)
	}
	return all
}

func replayed(t *testing.T, levels []float64) {
	t.Helper()
	g, say, records := judging(t, `devices:
  gauge: {driver: staff, port: /dev/ttyS1, every: 1s, checks: {level: {spike: {fail: 0.2}}}}
derived:
  water: {is: "x + 10", of: gauge.level, metric: level}
  most: {is: max, of: gauge.level, over: 10s, every: 2s}
rules:
  flood: {when: "gauge.level > 3", severity: red}
  held: {when: "gauge.level > 3", hold: 10s, severity: red}
  mean: {when: "avg(gauge.level, 5s) > 3", severity: red}
  above: {when: "water.level > 13", severity: red}
  wave: {when: "most.level > 4", severity: blue}
`)
	var lived []string
	stands := map[string]bool{}
	for i, v := range levels {
		at := int64(100 + i)
		say("gauge", at, v, 12)
		for _, id := range []string{"above", "flood", "held", "mean", "wave"} {
			if is := g.active[id] != nil; is != stands[id] {
				stands[id] = is
				lived = append(lived, fmt.Sprintf("%d %s %t", at, id, is))
			}
		}
	}
	again := rehearsed(t, g, records())
	slices.Sort(again) // of one second in no order
	if slices.Sort(lived); !slices.Equal(lived, again) || !strings.Contains(strings.Join(lived, " "), "true") {
		t.Errorf("the gateway lived\n%s\nthe replay\n%s", strings.Join(lived, "\n"), strings.Join(again, "\n"))
	}
}

// rehearsed simulates the rules of g with what was written down of its gauge, as a journal has
// it: a late verdict is a record of its own.
func rehearsed(t *testing.T, g *Gateway, written []record.Sample) (again []string) {
	t.Helper()
	var rules []*rule.Rule
	for _, id := range slices.Sorted(maps.Keys(g.gen.rules)) {
		rules = append(rules, g.gen.rules[id].rule)
	}
	const base = 1_700_000_000_000
	sim := NewSimulation(g.gen.cfg, g.catalog, rules, func(h rehearsal.Happening) {
		if (h.Was == rule.Standing{}) != (h.Is == rule.Standing{}) {
			again = append(again, fmt.Sprintf("%d %s %t", (h.UnixMS-base)/1000, h.Rule, h.Is != rule.Standing{}))
		}
	})
	late := 0
	for _, s := range written {
		if s.Device != "gauge" {
			continue
		}
		r := s.Readings[slices.Index(s.Channels, "level")]
		if s.Late != nil {
			late++
			r.Quality = obs.Quality{Flag: s.Late[0], Why: s.LateWhy[0]} // as it is read back
		}
		sim.Take(rehearsal.Record{UnixMS: base + s.BootMS, Stream: obs.Stream{Device: "gauge", Channel: "level"}, Reading: r})
	}
	if tallies := sim.Finish(); tallies[1].Rule != "flood" || tallies[1].Readings+late != count(written, "gauge") {
		t.Errorf("%+v of %d samples, %d of them said late", tallies[1], count(written, "gauge"), late)
	}
	return again
}

func count(written []record.Sample, device string) (n int) {
	for _, s := range written {
		if s.Device == device {
			n++
		}
	}
	return n
}
