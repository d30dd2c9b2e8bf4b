package cases_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// recordAt stores revisions that arrive at a time.
func (b *bench) recordAt(t *testing.T, at time.Time, as ...wire.Alert) {
	t.Helper()
	refused, err := b.Record(t.Context(), of("gw", as...), at)
	if err != nil || len(refused) != 0 {
		t.Fatalf("Record refused %v, %v", refused, err)
	}
}

// shown is what a console shows of an alert that is active.
func shown(a view.Alert) string {
	b, err := json.Marshal([]any{a.ID, a.Rev, a.Severity, a.Stage, a.Since, a.At, a.Value, a.Limit, a.Worst, a.Peak, a.Text, a.Acknowledged, a.Vanished})
	if err != nil {
		panic(err)
	}
	return string(b)
}

// live is what is active now.
func (b *bench) live(t *testing.T) (out []string) {
	t.Helper()
	p, err := b.List(t.Context(), view.AlertFilter{State: "active", Limit: 1000}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range p.Alerts {
		out = append(out, shown(a))
	}
	slices.Sort(out)
	return out
}

// then is what a replay says was active at a time.
func then(p view.Replay, at int64) (out []string) {
	for _, r := range p.Alerts {
		a, known := r.Alert, false
		for _, s := range r.Steps {
			if s.Known > at {
				break
			}
			known = true
			a.Rev, a.Severity, a.Stage, a.Condition, a.At, a.Cleared = s.Rev, s.Severity, s.Stage, s.Condition, s.At, s.Cleared
			a.Value, a.Limit, a.Worst, a.Peak, a.Text, a.Acknowledged, a.Vanished = s.Value, s.Limit, s.Worst, s.Peak, s.Text, s.Acknowledged, s.Vanished
		}
		if known && a.Condition == "active" {
			out = append(out, shown(a))
		}
	}
	slices.Sort(out)
	return out
}

// storm lets a few alerts live through anything: raised, worse, better, over, again, revisions
// overtaken by newer ones, seen by people, not listed by their gateway any more. It returns
// what was shown at each time.
func storm(t *testing.T, b *bench, random *rand.Rand, from int64, events int) map[int64][]string {
	t.Helper()
	snapshots := map[int64][]string{}
	rev := map[string]int{}
	var kept []wire.Alert // sent later, or never
	for i := range events {
		at := time.UnixMilli(from + int64(i)*1000)
		id := fmt.Sprint("a", random.IntN(8))
		switch random.IntN(10) {
		case 0, 1:
			// Nobody may see what there is not, or twice: that is refused and changes nothing.
			_ = b.Acknowledge(t.Context(), id, "wang", "seen", at)
		case 2:
			state := wire.State{Epoch: "3-00000000000c", At: wire.Moment{Boot: "c", BootMS: int64(i)}}
			if err := b.Reconcile(t.Context(), "gw", state, at); err != nil {
				t.Fatal(err)
			}
		default:
			rev[id]++
			value := random.Float64()
			a := alert(rev[id], func(a *wire.Alert) {
				a.ID, a.Value, a.At.Unix = id, &value, at.UnixMilli()-int64(random.IntN(300_000))
				a.Severity = []wire.Severity{wire.Red, wire.Orange, wire.Yellow, wire.Blue}[random.IntN(4)]
				a.Stage = []string{"forecast", "actual"}[random.IntN(2)]
				a.Text = map[string]string{"en": fmt.Sprint("revision ", a.Rev)}
				if random.IntN(4) == 0 {
					cleared(a)
				}
			})
			if random.IntN(5) == 0 {
				kept = append(kept, a)
				continue
			}
			b.recordAt(t, at, a)
			if len(kept) > 0 && random.IntN(2) == 0 {
				b.recordAt(t, at.Add(time.Millisecond), kept[0])
				kept = kept[1:]
			}
		}
		snapshots[at.UnixMilli()+500] = b.live(t)
	}
	return snapshots
}

// What a replay says was active at a moment is what was shown at that moment.
func TestReplayIsWhatWasLive(t *testing.T) {
	for seed := range uint64(3) {
		b := open(t)
		const events = 100
		snapshots := storm(t, b, rand.New(rand.NewPCG(seed, 1)), noonMS, events)
		several := 0
		for _, part := range [][2]int64{{-10, events}, {30, 60}, {59, 61}, {80, events}} {
			from, to := noonMS+part[0]*1000, noonMS+part[1]*1000
			p, err := b.Replay(t.Context(), from, to, nil)
			if err != nil {
				t.Fatal(err)
			}
			for at, want := range snapshots {
				if at < from || at > to {
					continue
				}
				if got := then(p, at); !slices.Equal(got, want) {
					t.Fatalf("seed %d, %d s, asked for %v:\n%v\nwas live:\n%v", seed, (at-noonMS)/1000, part, got, want)
				}
				if len(want) > 1 {
					several++
				}
			}
		}
		if several < 40 {
			t.Errorf("seed %d: several alerts at once at %d moments only", seed, several)
		}
	}
}

// What was over before the span, and what came behind it, is not in it; the latter is counted.
func TestReplayLeavesOutWhatWasNotKnown(t *testing.T) {
	b := open(t)
	at := func(s int64) time.Time { return time.UnixMilli(noonMS + s*1000) }
	b.recordAt(t, at(0), alert(1, func(a *wire.Alert) { a.ID = "before" }))
	b.recordAt(t, at(10), alert(2, func(a *wire.Alert) { a.ID = "before"; cleared(a) }))
	b.recordAt(t, at(500), alert(1, func(a *wire.Alert) { a.ID = "late" }))
	b.recordAt(t, at(20), alert(1, func(a *wire.Alert) { a.ID = "within" }))
	p, err := b.Replay(t.Context(), noonMS+15_000, noonMS+100_000, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Alerts) != 1 || p.Alerts[0].Alert.ID != "within" || p.Late != 1 || p.More {
		t.Errorf("%d alerts, late %d, more %v: %+v", len(p.Alerts), p.Late, p.More, p.Alerts)
	}
	if p, err = b.Replay(t.Context(), noonMS+15_000, noonMS+100_000, func(string) bool { return false }); err != nil || len(p.Alerts) != 0 || p.Late != 0 {
		t.Errorf("who may see nothing sees %+v, %v", p, err)
	}
}
