package config

import (
	"testing"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Tests that take a difference are none for a direction; all others are, and all for what
// does not turn.
func TestTurning(t *testing.T) {
	src := "spike: {fail: 60}\nrate: {suspect: 5}\nattenuated: {window: 1h, suspect: 10}\nneighbour: {with: a.b, suspect: 3}\nflat: {suspect: 30m}\ngross: {fail: [0, 350]}\n"
	for unit, want := range map[string]int{"deg": 4, "m": 0} {
		doc, err := yamldoc.Parse("a.yaml", []byte(src))
		if err != nil {
			t.Fatal(err)
		}
		l := &loader{doc: doc}
		c := obs.Checks{Spike: &obs.SpikeCheck{}, Rate: &obs.RateCheck{}, Attenuated: &obs.AttenuatedCheck{}, Neighbour: &obs.NeighbourCheck{}, Flat: &obs.FlatCheck{}, Gross: &obs.GrossCheck{}}
		l.turning(c, obs.Metric{Unit: unit, Max: 360}, nil)
		if len(l.problems) != want {
			t.Errorf("in %s: %v, want %d problems", unit, l.problems, want)
		}
	}
}
