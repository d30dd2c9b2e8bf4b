package command

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// errCut ends a run of the gateway in the middle of something.
var errCut = errors.New("the power is cut")

// world is a gateway and its commands as somebody sees them who knows the true time.
type world struct {
	*bench
	t     *rapid.T
	now   int64 // true time, ms after start
	cutIn int   // journal calls and deeds until the power fails; negative: it does not
	ran   map[string]int
	order map[string]int64 // newest deed by subject
	told  map[string]wire.Reply
}

// tick is called where the power may fail; time passes there as well.
func (w *world) tick() {
	w.pass(rapid.Int64Range(0, 3000).Draw(w.t, "ms"))
	if w.cutIn == 0 {
		panic(errCut)
	}
	w.cutIn--
}

func (w *world) pass(ms int64) { w.now, w.boot = w.now+ms, w.boot+ms }

// begin starts a run. The boot clock may begin anew.
func (w *world) begin() {
	if rapid.Bool().Draw(w.t, "reboot") {
		w.boot = rapid.Int64Range(0, 1000).Draw(w.t, "boot")
	}
	w.disk.step = w.tick
	w.start(wire.Kinds()...)
	do := func(again bool) Do {
		return Do{Again: again, Run: func(_ context.Context, c wire.Command, _ string) (wire.Reply, error) {
			if !again {
				if w.now > c.Until-start {
					w.t.Fatalf("%s is done at %d, its deadline was %d", c.ID, w.now, c.Until-start)
				}
				if w.ran[c.ID]++; w.ran[c.ID] > 1 {
					w.t.Fatalf("%s is done twice", c.ID)
				}
				if w.order[c.Subject()] > c.Issued {
					w.t.Fatalf("%s is done after a newer one about %s", c.ID, c.Subject())
				}
				w.order[c.Subject()] = c.Issued
			}
			if r, told := w.told[c.ID]; told {
				w.t.Fatalf("%s is done although the answer was %+v", c.ID, r)
			}
			w.tick()
			return wire.Reply{}, nil
		}}
	}
	w.clerk.o.Do = map[string]Do{wire.KindActuate: do(false), wire.KindRead: do(false), wire.KindAcknowledge: do(true)}
}

// deliver brings a command to the gateway, which may lose its power meanwhile.
func (w *world) deliver(c wire.Command) {
	defer func() {
		if p := recover(); p != nil {
			if p != errCut {
				panic(p)
			}
			kept := maps.Clone(w.disk.now) // a journal may have committed by itself
			w.disk = w.disk.cut()
			if rapid.Bool().Draw(w.t, "committed") {
				w.disk.now, w.disk.durable = kept, maps.Clone(kept)
			}
			w.cutIn = -1
			w.begin()
		}
	}()
	r := w.clerk.Carry(context.Background(), c)
	if r.ID != c.ID || r.Validate() != nil {
		w.t.Fatalf("no answer to %s: %+v", c.ID, r)
	}
	if r.OK && c.Kind != wire.KindAcknowledge && w.ran[c.ID] != 1 {
		w.t.Fatalf("%s is said to be done, and was not", c.ID)
	}
	if was, told := w.told[c.ID]; told && (was.OK != r.OK || was.Why != r.Why) {
		w.t.Fatalf("%s: first %+v, then %+v", c.ID, was, r)
	}
	w.told[c.ID] = r
}

// Whatever comes how often and in which order, with the power cut anywhere, the clock
// lost and found, and time passing everywhere: nothing is done twice, nothing late,
// nothing behind a newer one, everything is answered, and always the same.
func TestLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &world{bench: newBench(), t: t, cutIn: -1, ran: map[string]int{}, order: map[string]int64{}, told: map[string]wire.Reply{}}
		w.wall = func() int64 {
			if w.untrusted {
				return rapid.Int64().Draw(t, "wall") // it shows anything
			}
			return start + w.now
		}
		w.begin()
		var sent []wire.Command
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			switch rapid.IntRange(0, 9).Draw(t, "step") {
			case 0, 1, 2:
				sent = append(sent, w.issue(len(sent)))
			case 3:
				w.pass(rapid.Int64Range(0, 40_000).Draw(t, "wait"))
			case 4:
				w.untrusted = !w.untrusted
			case 5:
				w.cutIn = rapid.IntRange(0, 4).Draw(t, "cut")
			default:
				if len(sent) > 0 {
					w.deliver(rapid.SampledFrom(sent).Draw(t, "which"))
				}
			}
		}
	})
}

// issue makes a command now, with a number larger than any before.
func (w *world) issue(n int) wire.Command {
	w.pass(1)
	c := wire.Command{V: wire.Version, ID: id(n), Issued: start + w.now}
	c.Until = c.Issued + rapid.Int64Range(0, (30*time.Second).Milliseconds()).Draw(w.t, "good for")
	switch about := fmt.Sprintf("d%d", rapid.IntRange(0, 2).Draw(w.t, "about")); rapid.IntRange(0, 2).Draw(w.t, "kind") {
	case 0:
		c.Kind, c.Actuate = wire.KindActuate, &wire.Actuate{Output: "lamp", On: true}
	case 1:
		c.Kind, c.Read = wire.KindRead, &wire.Read{Device: about}
	default:
		c.Kind, c.Acknowledge = wire.KindAcknowledge, &wire.Acknowledge{Alert: id(0)}
	}
	c.Sign(key(1), wire.DefaultPrefix, gateway)
	return c
}
