package drivertest

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// tally is a counter that knows no more than it must: the rate of the last two pulses,
// lower while none comes. What it reads may be broken.
type tally struct {
	drivers.Pulses
	broken func([]obs.Reading) []obs.Reading
}

var tallied = []drivers.Channel{{Name: "pulses", Max: 1e15, Resolution: 1}, {Name: "pulse_rate", Max: 100, Resolution: 0.1}, {Name: "pulse_rate.peak", Max: 100, Resolution: 0.1}}

func (d tally) Sample(ctx context.Context) ([]obs.Reading, error) {
	c, err := d.Count(ctx)
	if err != nil {
		return nil, err
	}
	rs := []obs.Reading{obs.Of(float64(c.Total)), obs.None(obs.WarmUp), obs.None(obs.WarmUp)}
	if c.Period > 0 && c.At > c.Last {
		v := min(1/c.Period.Seconds(), 1/(c.At-c.Last).Seconds())
		rs[1], rs[2] = tallied[1].Read(v), tallied[2].Read(max(v, c.Peak))
	}
	for i := range rs {
		if c.Missed && rs[i].Quality.Flag != obs.Missing {
			rs[i].Quality = rs[i].Quality.Worst(obs.Quality{Flag: obs.Suspect, Why: obs.Lost})
		}
	}
	return d.broken(rs), nil
}

func (tally) Close() error { return nil }

func playTally(t *testing.T, script string, broken func([]obs.Reading) []obs.Reading) error {
	t.Helper()
	k := drivers.Kind{Name: "tally", Wire: drivers.PulseLine, Plan: func(func(any) error) (*drivers.Plan, error) {
		return &drivers.Plan{Channels: tallied, OpenPulses: func(p drivers.Pulses) (drivers.Driver, error) { return tally{p, broken}, nil }}, nil
	}}
	return playScript(t.Context(), k, "{}", time.Minute, []byte(script))
}

// What happens on a line, in the script's bytes: a pulse after 64 ms, a sample, one after
// nine minutes, edges lost, a restart, twenty quick pulses, nonsense.
const (
	pulse, sample, later = "\x00\x60", "\x02\x10", "\x02\xff"
	lost, reopened       = "\x04\x60", "\x05\x60"
	burst, nonsense      = "\x07\x00", "\x06\x00ABCDEFGHIJKLMNOPQRSTUVWX"
)

// A counter in order keeps the law, whatever happens, and each mistake is found: a law
// that nothing breaks would prove nothing.
func TestCountLaw(t *testing.T) {
	set := func(i int, v float64) func([]obs.Reading) []obs.Reading {
		return func(rs []obs.Reading) []obs.Reading { rs[i] = obs.Reading{Value: v}; return rs }
	}
	for _, c := range []struct {
		name, script string
		broken       func([]obs.Reading) []obs.Reading
		want         string // empty: nothing is wrong
	}{
		{"in order", sample + pulse + sample + pulse + sample + later + lost + sample + pulse + sample + reopened + sample + burst + sample + later + nonsense + sample,
			func(rs []obs.Reading) []obs.Reading { return rs }, ""},
		{"a total that forgets", pulse + pulse + pulse + sample, set(0, 2), "3 pulses of 1 are 2"},
		{"nought at once", sample, set(1, 0), "0 after 0 pulses"},
		{"a rate of one pulse", pulse + sample, set(1, 5), "5 after 1 pulses"},
		{"a rate of the time before a restart", pulse + pulse + reopened + sample, set(1, 5), "may have been missed"},
		{"a rate over a restart", pulse + pulse + reopened + sample + sample, func(rs []obs.Reading) []obs.Reading { return lostAnd(rs, 5) }, "5 after 0 pulses"},
		{"rain from nowhere", sample + later, func(rs []obs.Reading) []obs.Reading { return lostAnd(rs, 3) }, "3 after 0 pulses"},
		{"water that runs back", pulse + pulse + sample, set(1, -1), "-1 is no rate"},
		{"no time between two pulses", pulse + pulse + sample, set(1, math.Inf(1)), "+Inf is no rate"},
		{"a storm that nobody doubts", burst + sample, set(1, 250), "250 is above 100 and not flagged"},
		{"a restart that nobody tells", reopened + sample, set(0, 0), "though pulses may have been missed"},
		{"a gust below the mean", pulse + pulse + sample, set(2, 0), "a gust of 0 in a mean of 15.625"},
		{"a reading less", sample, func(rs []obs.Reading) []obs.Reading { return rs[:1] }, "1 readings of 3 channels"},
	} {
		err := playTally(t, c.script, c.broken)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: the law says %v, want %q", c.name, err, c.want)
		}
	}
}

// lostAnd is a rate that admits a loss, and has a value all the same.
func lostAnd(rs []obs.Reading, v float64) []obs.Reading {
	rs[1] = obs.Reading{Value: v, Quality: obs.Quality{Flag: obs.Suspect, Why: obs.Lost}}
	return rs
}

// After a pause the rate is nought, and not more.
func TestCountLawAfterAPause(t *testing.T) {
	n := 0.0
	quiet := func(rs []obs.Reading) []obs.Reading {
		if n++; n > 1 {
			rs[1] = obs.Reading{Value: n - 2}
		}
		return rs
	}
	if err := playTally(t, sample+later, quiet); err != nil {
		t.Errorf("nought after a pause: %v", err)
	}
	if err := playTally(t, later, quiet); err == nil || !strings.Contains(err.Error(), "1 without a pulse") {
		t.Errorf("a rate after a pause without a pulse: %v", err)
	}
}
