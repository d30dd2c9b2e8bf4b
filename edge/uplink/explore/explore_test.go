package explore

import (
	"os"
	"strings"
	"testing"
	"time"
)

// scenarios are bounds, each with what it is about. quick ones are in every run.
var scenarios = []struct {
	name  string
	quick bool
	b     Bounds
}{
	{"links", true, Bounds{Telemetry: 3, Connections: 1, Aggregators: 2}},
	{"power", true, Bounds{Telemetry: 2, Crashes: 2, Aggregators: 1}},
	{"quota", true, Bounds{Telemetry: 2, Trims: 2, Aggregators: 1}},
	{"quota and power", true, Bounds{Telemetry: 2, Trims: 1, Crashes: 1, Aggregators: 1}},
	{"rewind", true, Bounds{Telemetry: 2, Restores: 1, Crashes: 1, Aggregators: 1}},
	{"damage", true, Bounds{Telemetry: 2, Damages: 1, Crashes: 1, Aggregators: 1}},
	{"clone", true, Bounds{Telemetry: 2, Clones: 1, Crashes: 1, Restarts: 1, Aggregators: 1}},
	{"alerts", true, Bounds{Telemetry: 1, Alerts: 1, Crashes: 1, Connections: 1, Aggregators: 1}},

	{"alerts", false, Bounds{Telemetry: 2, Alerts: 1, Crashes: 1, Connections: 1, Aggregators: 1}},
	{"links", false, Bounds{Telemetry: 4, Connections: 2, Aggregators: 1}},
	{"power", false, Bounds{Telemetry: 3, Crashes: 2, Aggregators: 1}},
	{"power, two aggregators", false, Bounds{Telemetry: 2, Crashes: 2, Connections: 2, Aggregators: 2}},
	{"quota", false, Bounds{Telemetry: 2, Trims: 3, Aggregators: 1}},
	{"quota and power", false, Bounds{Telemetry: 2, Trims: 2, Crashes: 1, Aggregators: 1}},
	{"rewind", false, Bounds{Telemetry: 2, Restores: 1, Crashes: 2, Aggregators: 1}},
	{"damage", false, Bounds{Telemetry: 2, Damages: 1, Crashes: 2, Aggregators: 1}},
	{"of each one", false, Bounds{Telemetry: 1, Alerts: 1, Crashes: 1, Trims: 1, Restores: 1, Aggregators: 1}},
}

func TestEveryOrder(t *testing.T) {
	long := os.Getenv("LAMPPOST_EXPLORE") != ""
	total, begin := 0, time.Now()
	for _, c := range scenarios {
		if c.quick == long {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			begin := time.Now()
			r := Explore(New(c.b), 16_000_000)
			took := time.Since(begin)
			t.Logf("%d states, %d steps, depth %d, %d on the ways to the end, %v, %.0f states/s",
				r.States, r.Steps, r.Depth, r.Recovers, took.Round(time.Millisecond), float64(r.States)/took.Seconds())
			if r.Broken != "" {
				t.Errorf("a law is broken:\n%s", r)
			} else if !r.Complete {
				t.Errorf("not all was seen: the bounds are too wide")
			}
			total += r.States
		})
	}
	t.Logf("%d states in all, %v", total, time.Since(begin).Round(time.Millisecond))
}

// Without these, laws that cannot be broken would look like laws that are kept.
func TestBuiltInMistakesAreFound(t *testing.T) {
	for _, c := range []struct {
		name string
		bug  bug
		b    Bounds
		want law
	}{
		{"acknowledged before it is durable", ackEarly, Bounds{Telemetry: 1}, ackWithoutRow},
		{"the broker's PUBACK counts as stored", pubackIsStored, Bounds{Telemetry: 1}, cursorAhead},
		{"the highest seen number with two aggregators", highestSeen, Bounds{Telemetry: 2, Aggregators: 2}, neverArrives},
		{"given up before it is declared", trimFirst, Bounds{Telemetry: 2, Trims: 1, Crashes: 1}, lossUndeclared},
		{"cursors saved ahead of the store", saveAhead, Bounds{Telemetry: 1}, cursorAhead},
		{"a power cut is not declared", noOutageGap, Bounds{Telemetry: 1, Crashes: 1}, lossUndeclared},
		{"a gap lost in the next power cut", outageOnce, Bounds{Telemetry: 1, Crashes: 2}, lossUndeclared},
		{"a gap given up before it was sent", gapForgotten, Bounds{Telemetry: 2, Trims: 3}, neverArrives},
		{"a gap over what the store has", gapOverStored, Bounds{Telemetry: 1, Damages: 1}, gapIsWrong},
		{"a resend makes a second row", doubleRows, Bounds{Telemetry: 1}, rowTwice},
		{"an epoch without salt on a cloned card", bareEpoch, Bounds{Telemetry: 1, Clones: 1}, cursorAhead},
		{"numbers go on after a power cut", sameEpoch, Bounds{Telemetry: 2, Crashes: 1}, numberTwice},
		{"a rewind answered before it is on disk", rewindEarly, Bounds{Telemetry: 1, Restores: 1, Crashes: 1}, neverArrives},
		{"an acknowledgement older than the restore", lateAck, Bounds{Telemetry: 1, Restores: 1}, neverArrives},
		{"nothing is sent again until something later is acknowledged", noProbe, Bounds{Telemetry: 1}, neverArrives},
		{"alerts behind telemetry", fifo, Bounds{Telemetry: 1, Alerts: 1}, alertWaits},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.b.Aggregators = max(c.b.Aggregators, 1)
			if r := Explore(New(c.b), 300_000); r.Broken != "" {
				t.Fatalf("without the mistake: %s\n%s", r.Broken, r)
			}
			r := Explore(broken(c.b, c.bug), 2_000_000)
			if r.Broken != c.want.String() {
				t.Errorf("broken: %q, want %q", r.Broken, c.want)
			}
			t.Logf("after %d states:\n%s", r.States, r)
		})
	}
}

func TestSetString(t *testing.T) {
	if got := Set(0b1001).String(); got != "{0 3}" || !strings.Contains(Step{Send, 9, 0}.String(), got) {
		t.Error(got)
	}
}
