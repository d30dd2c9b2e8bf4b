package alert_test

import (
	"testing"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/alert"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// An alert remembers how bad it has been, in severity and in value, on either side of its
// limit, until it is over; a forecast, and where it ended, are not what it was.
func TestWorst(t *testing.T) {
	type at struct {
		severity wire.Severity
		stage    string
		v, limit float64
		over     bool
		other    bool      // about another channel
		seen     []float64 // before this
		worst    wire.Severity
		peak     float64 // 0: none
	}
	for name, story := range map[string][]at{
		"a flood": {
			{severity: wire.Orange, stage: "forecast", v: 2.5, limit: 3, worst: wire.Orange},
			{severity: wire.Yellow, stage: "actual", v: 3.1, limit: 3, worst: wire.Yellow, peak: 3.1},
			{severity: wire.Red, stage: "actual", v: 4.1, limit: 4, seen: []float64{3.4}, worst: wire.Red, peak: 4.1},
			{severity: wire.Yellow, stage: "actual", v: 3.6, limit: 3, seen: []float64{4.1 + 0.2, 3.9}, worst: wire.Red, peak: 4.3},
			{severity: wire.Yellow, stage: "actual", v: 2.8, limit: 3, over: true, worst: wire.Red, peak: 4.3},
		},
		"a drought": {
			{severity: wire.Yellow, stage: "actual", v: 0.9, limit: 1, worst: wire.Yellow, peak: 0.9},
			{severity: wire.Yellow, stage: "actual", v: 1.1, limit: 1, over: true, seen: []float64{0.7, 0.8, 1.05}, worst: wire.Yellow, peak: 0.7},
		},
		"a forecast that was none": {
			{severity: wire.Orange, stage: "forecast", v: 2.5, limit: 3, worst: wire.Orange},
			{severity: wire.Orange, stage: "forecast", v: 2, limit: 3, over: true, seen: []float64{2.7}, worst: wire.Orange},
		},
		"a worse thing of another kind": {
			{severity: wire.Yellow, stage: "actual", v: 3.1, limit: 3, worst: wire.Yellow, peak: 3.1},
			{severity: wire.Red, stage: "actual", v: 60, limit: 50, other: true, seen: []float64{3.9}, worst: wire.Red, peak: 60},
			{severity: wire.Yellow, stage: "actual", v: 3.2, limit: 3, worst: wire.Red, peak: 3.2},
		},
		"a door": {
			{severity: wire.Blue, stage: "actual", v: 1, limit: 1, worst: wire.Blue},
			{severity: wire.Blue, stage: "actual", v: 0, limit: 1, over: true, seen: []float64{0}, worst: wire.Blue},
		},
	} {
		var prev *wire.Alert
		for i, x := range story {
			for _, v := range x.seen {
				alert.Reach(prev, v)
			}
			c := change(int64(i)*60_000, x.v, x.over)
			c.Severity, c.Stage, c.Limit = x.severity, x.stage, x.limit
			if x.other {
				c.Stream.Channel = "rain_rate"
			}
			a := alert.Revise(river, level, prev, c, idA, nil)
			peak := 0.0
			if a.Peak != nil {
				peak = *a.Peak
			}
			if a.Worst != x.worst || peak != x.peak {
				t.Errorf("%s, revision %d: worst %s, peak %v, want %s, %v", name, a.Rev, a.Worst, peak, x.worst, x.peak)
			}
			prev = &a
		}
	}
}

// Documents hold what people would write, not what arithmetic leaves behind.
func TestNumbersAreShort(t *testing.T) {
	tenth, fifth := 0.1, 0.2
	a := alert.Revise(river, level, nil, change(0, 3.4+tenth+fifth-fifth, false), idA, nil)
	if *a.Value != 3.5 {
		t.Errorf("the value is %v", *a.Value)
	}
	var trail alert.Trail
	s := obs.Stream{Device: "river", Channel: "level"}
	trail.Add(s, 0, obs.Of(tenth+fifth))
	if e := trail.Of(s, 10); len(e) != 1 || e[0].V != 0.3 {
		t.Errorf("evidence %+v", e)
	}
	for in, want := range map[float64]float64{1e-9: 1e-9, 123456.789: 123456.789, -0.30000000000000004: -0.3, 1e15 + 1: 1e15} {
		if got := alert.Revise(river, level, nil, change(0, in, false), idA, nil); *got.Value != want {
			t.Errorf("%v became %v, want %v", in, *got.Value, want)
		}
	}
}

// A spike is not how far it has gone: only what came before the newest reading is settled.
func TestSettled(t *testing.T) {
	var trail alert.Trail
	s := obs.Stream{Device: "river", Channel: "level"}
	if _, ok := trail.Settled(s); ok {
		t.Error("something of nothing")
	}
	trail.Add(s, 0, obs.Of(3))
	trail.Add(s, 10, obs.Of(9))
	if v, ok := trail.Settled(s); !ok || v != 3 {
		t.Errorf("%v, %t", v, ok)
	}
	trail.Judge(s, 10, obs.Quality{Flag: obs.Fail, Why: obs.Spike})
	trail.Add(s, 20, obs.Of(3.1))
	if v, ok := trail.Settled(s); ok {
		t.Errorf("the spike %v is settled", v)
	}
}
