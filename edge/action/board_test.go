package action

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/edge/wire"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// relay is hardware in a test: it does as told, or what the test sets.
type relay struct {
	mu     sync.Mutex
	is     bool
	log    []string      // "+" or "-" and the second at which it happened
	err    error         // what every call ends with
	blind  bool          // it cannot tell its state
	idle   bool          // it takes what it is told, and does nothing
	deaf   chan struct{} // calls wait for it and do not heed their context; nil: they do not
	slow   time.Duration // calls take so long, and heed their context
	closed int
	begun  time.Time
}

func (r *relay) Set(ctx context.Context, on bool) error {
	r.mu.Lock()
	deaf, slow, err := r.deaf, r.slow, r.err
	r.mu.Unlock()
	if deaf != nil {
		<-deaf
	}
	if slow > 0 {
		select {
		case <-time.After(slow):
		case <-ctx.Done():
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.idle {
		r.is = on
	}
	r.log = append(r.log, fmt.Sprintf("%s%d", map[bool]string{true: "+", false: "-"}[on], int(time.Since(r.begun).Seconds())))
	return nil
}

func (r *relay) Get(context.Context) (on, ok bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.is, !r.blind, r.err
}

func (r *relay) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed++
	return nil
}

func (r *relay) set(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
}

func (r *relay) history() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.log, " ")
}

// bench is a board with relays, in a bubble.
type bench struct {
	*Board
	t      *testing.T
	relays map[string]*relay
	outs   []Output
	o      Options
	mu     sync.Mutex
	events []string
	states map[string][]byte
}

var plain = Spec{MaxOn: time.Minute, MinOff: time.Second, PerHour: 60, Timeout: 2 * time.Second, Within: 5 * time.Second}

// newBench makes a board of outputs; those that are not stated otherwise are plain.
func newBench(t *testing.T, specs map[string]Spec) *bench {
	begun := time.Now()
	b := &bench{t: t, relays: map[string]*relay{}, states: map[string][]byte{}}
	b.o = Options{Boot: "b1", Now: func() int64 { return 1000 + time.Since(begun).Milliseconds() },
		Tell: func(a wire.Actuation, _ int64, state []byte) {
			b.mu.Lock()
			defer b.mu.Unlock()
			on := map[bool]string{true: "on", false: "off"}[a.On]
			b.events = append(b.events, strings.TrimSpace(fmt.Sprintf("%ds %s %s %s %s %s", int(time.Since(begun).Seconds()), a.Output, on, a.Why, a.By, a.Result)))
			b.states[a.Output] = state
		},
		Keep: func(id string, state []byte) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.states[id] = state
		}}
	for id, s := range specs {
		r := &relay{begun: begun}
		b.relays[id] = r
		b.outs = append(b.outs, Output{ID: id, Spec: s, Same: "v1", Open: func() (drivers.Output, error) { return r, nil }})
	}
	slices.SortFunc(b.outs, func(x, y Output) int { return strings.Compare(x.ID, y.ID) })
	b.Board = New(b.outs, b.o)
	return b
}

func (b *bench) told() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.events)
}

func (b *bench) wantTold(want ...string) {
	b.t.Helper()
	if got := b.told(); !slices.Equal(got, want) {
		b.t.Errorf("events\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func (b *bench) wantRelay(id, want string) {
	b.t.Helper()
	if got := b.relays[id].history(); got != want {
		b.t.Errorf("%s was set %s, want %s", id, got, want)
	}
}

func wait(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// On at the raise, off at the clear; and off after the longest time, whatever the
// alert does.
func TestFollowsAlerts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, map[string]Spec{"siren": plain})
		b.Start()
		wait(10 * time.Second)
		b.Raised("siren", "flood", 0)
		wait(10 * time.Second)
		b.Cleared("siren", "flood")
		wait(10 * time.Second)
		b.Raised("siren", "flood", 0)
		wait(time.Hour)
		b.Raised("siren", "fire", 20*time.Second)
		wait(time.Minute)
		b.Close(nil)
		b.wantRelay("siren", "-0 +10 -20 +30 -90 +3630 -3650")
		b.wantTold("10s siren on rule flood done", "20s siren off rule flood done", "30s siren on rule flood done",
			"90s siren off limit  done", "3630s siren on rule fire done", "3650s siren off rule fire done")
	})
}

// An alert that gets worse is heard anew: after the longest time at once, and while it is
// still on for the longest time once more.
func TestWorseIsHeardAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, map[string]Spec{"siren": plain})
		b.Start()
		wait(10 * time.Second)
		b.Raised("siren", "flood", 0)
		wait(90 * time.Second)
		b.Worsened("siren", "flood", 0) // orange, after the limit
		wait(50 * time.Second)
		b.Worsened("siren", "flood", 0) // red, just before it
		wait(time.Hour)
		b.Close(nil)
		b.wantRelay("siren", fmt.Sprintf("-0 +10 -70 +100 -160 +%v -%v", (160*time.Second+plain.MinOff).Seconds(), (220*time.Second+plain.MinOff).Seconds()))
	})
}

// Several ask: it is on while one of them does. A person's off ends what is asked now
// and nothing else; off for a time also what is asked then; on ends that.
func TestSeveralAskAndAPersonSaysOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, map[string]Spec{"siren": plain})
		b.Start()
		b.Raised("siren", "flood", 0)
		b.Raised("siren", "fire", 0)
		wait(5 * time.Second)
		b.Cleared("siren", "flood")
		wait(5 * time.Second) // 10: fire still wants it
		if _, err := b.Off(t.Context(), "siren", "li", 0); err != nil {
			t.Error(err)
		}
		wait(10 * time.Second) // 20: fire is still active, and has no say any more
		b.Raised("siren", "gas", 0)
		wait(10 * time.Second) // 30
		if _, err := b.Off(t.Context(), "siren", "li", time.Minute); err != nil {
			t.Error(err)
		}
		b.Raised("siren", "flood", 0)
		wait(10 * time.Second) // 40
		if v, err := b.On(t.Context(), "siren", "li", 5*time.Second); err != nil || v.State != "on" || v.By != "li" {
			t.Errorf("On = %+v, %v", v, err)
		}
		b.Cleared("siren", "flood")
		wait(10 * time.Second)
		b.Close(nil)
		b.wantRelay("siren", "-0 +1 -10 +20 -30 +40 -45")
		b.wantTold("1s siren on rule flood done", "10s siren off command li done", "20s siren on rule gas done", "30s siren off command li done",
			"40s siren on command li done", "45s siren off command li done")
	})
}

// Who has seen one alert silences what that one asked for: another alert keeps it on, a
// person's wish as well; what is raised anew counts.
func TestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, map[string]Spec{"siren": plain})
		b.Start()
		b.Raised("siren", "flood", 0)
		b.Raised("siren", "fire", 0)
		wait(5 * time.Second)
		if b.Silence("siren", "flood", "wang") {
			t.Error("it goes off although the fire wants it on")
		}
		wait(5 * time.Second) // 10
		if !b.Silence("siren", "fire", "wang") {
			t.Error("it does not go off although nobody wants it on")
		}
		if v, err := b.Settled(t.Context(), "siren"); err != nil || v.State != "off" {
			t.Errorf("Settled = %+v, %v", v, err)
		}
		if b.Silence("siren", "fire", "wang") || b.Silence("siren", "gas", "wang") || b.Silence("horn", "fire", "wang") {
			t.Error("what is silent is silenced")
		}
		wait(10 * time.Second) // 20: both are active still
		b.Raised("siren", "fire", 0)
		wait(10 * time.Second)
		b.Close(nil)
		if _, err := b.Settled(t.Context(), "horn"); !errors.Is(err, ErrUnknown) {
			t.Errorf("of no output: %v", err)
		}
		b.wantRelay("siren", "-0 +1 -10 +20 -30")
	})
}

// A hold ends by itself, and what is still asked for then counts.
func TestHoldEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, map[string]Spec{"siren": plain})
		b.Start()
		wait(2 * time.Second)
		if _, err := b.Off(t.Context(), "siren", "li", 30*time.Second); err != nil {
			t.Error(err)
		}
		b.Raised("siren", "flood", 0)
		wait(28 * time.Second)
		if v := b.Views()[0]; v.State != "off" || v.Held != 33_000 {
			t.Errorf("held: %+v", v)
		}
		wait(2 * time.Second)
		b.wantRelay("siren", "-0 -2 +32")
		b.Close(nil)
	})
}

// An interlock that turns false or unknown switches off; a rule's wish lives on, a
// person's does not; and a person is told why not.
func TestInterlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		locked := plain
		locked.Interlock = true
		b := newBench(t, map[string]Spec{"pump": locked})
		b.Start()
		wait(5 * time.Second)
		if _, err := b.On(t.Context(), "pump", "li", 0); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "its interlock is unknown") {
			t.Errorf("On = %v", err)
		}
		b.Raised("pump", "sump-high", 0)
		wait(5 * time.Second) // 10
		b.Permit("pump", True, "")
		wait(5 * time.Second) // 15
		b.Permit("pump", Unknown, "")
		wait(5 * time.Second) // 20
		b.Permit("pump", True, "")
		wait(5 * time.Second) // 25
		b.Cleared("pump", "sump-high")
		wait(5 * time.Second) // 30
		if _, err := b.On(t.Context(), "pump", "li", 0); err != nil {
			t.Error(err)
		}
		b.Permit("pump", False, "")
		wait(5 * time.Second) // 35
		b.Permit("pump", True, "")
		wait(5 * time.Second)
		b.Close(nil)
		b.wantRelay("pump", "-0 +10 -15 +20 -25 +30 -30")
		b.wantTold("5s pump on command li blocked", "5s pump on interlock sump-high blocked", "10s pump on rule sump-high done", "15s pump off interlock  done",
			"20s pump on rule sump-high done", "25s pump off rule sump-high done", "30s pump on command li done", "30s pump off interlock  done")
	})
}

// An output that stays in the next configuration is not touched in between, one that
// goes is off.
func TestReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, map[string]Spec{"lamp": plain, "siren": plain})
		b.Start()
		wait(10 * time.Second)
		b.Raised("siren", "flood", 0)
		b.Raised("lamp", "flood", 0)
		wait(10 * time.Second) // 20
		next := slices.Clone(b.outs)
		next[0].Same = "v2" // another line
		after := New(next, b.o)
		b.Close(func(id string) bool { return after.Stays(b.Board, id) })
		after.Adopt(b.Board)
		b.Board = after
		b.Start()
		wait(30 * time.Second) // 50
		b.wantRelay("lamp", "-0 +10 -20 -20")
		b.wantRelay("siren", "-0 +10 +20")
		wait(time.Minute) // the longest time counts from the beginning
		b.wantRelay("siren", "-0 +10 +20 -70")
		b.Rules(func(output, rule string) bool { return false })
		b.Close(nil)
		if b.relays["siren"].closed != 2 || b.relays["lamp"].closed != 2 {
			t.Error("hardware was not given up")
		}
	})
}

// Hardware that keeps its state over a reload is not told again, unless something is in
// doubt.
func TestReloadOfWhatKeepsItsState(t *testing.T) {
	for _, c := range []struct {
		name  string
		kept  bool
		blind bool
		at    int // second of do
		do    func(r *relay)
		want  string
	}{
		{"given up", false, false, 28, nil, "-0 +10 +29"},
		{"kept", true, false, 28, nil, "-0 +10"},
		{"kept and cannot tell", true, true, 28, nil, "-0 +10"},
		{"kept, is off, and can be asked now", true, true, 28, func(r *relay) { r.is, r.blind = false, false }, "-0 +10 +29"},
		{"kept, is off, and nobody asks any more", true, false, 28, func(r *relay) { r.is, r.blind = false, true }, "-0 +10"},
		{"kept, and is off", true, false, 28, func(r *relay) { r.is = false }, "-0 +10 +34"},
		{"kept, with a fault", true, false, 24, func(r *relay) { r.err = drivers.ErrTimeout }, "-0 +10 +29"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, map[string]Spec{"siren": plain})
				r := b.relays["siren"]
				r.blind = c.blind
				b.Start()
				wait(10 * time.Second)
				b.Raised("siren", "flood", 0)
				wait(time.Duration(c.at-10) * time.Second)
				if c.do != nil {
					r.set(func() { c.do(r) })
				}
				wait(time.Duration(29-c.at) * time.Second)
				next := slices.Clone(b.outs)
				next[0].Kept = c.kept
				after := New(next, b.o)
				b.Close(func(id string) bool { return after.Stays(b.Board, id) })
				after.Adopt(b.Board)
				b.Board = after
				r.set(func() { r.err = nil })
				b.Start()
				wait(30 * time.Second)
				b.wantRelay("siren", c.want)
				b.Close(nil)
			})
		})
	}
}

// Hardware that is asked no more is complained of no more: what it answered was no state.
func TestAskedNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, map[string]Spec{"siren": plain})
		r := b.relays["siren"]
		b.Start()
		wait(10 * time.Second)
		b.Raised("siren", "flood", 0)
		wait(10 * time.Second)
		r.set(func() { r.idle, r.is = true, false })
		wait(15 * time.Second)
		if v := b.Views()[0]; v.Fault != "astray" {
			t.Fatalf("it says something else, and is shown as %+v", v)
		}
		next := slices.Clone(b.outs)
		next[0].Kept = true
		after := New(next, b.o)
		b.Close(func(id string) bool { return after.Stays(b.Board, id) })
		after.Adopt(b.Board)
		b.Board = after
		r.set(func() { r.blind = true })
		b.Start()
		wait(15 * time.Second)
		if v := b.Views()[0]; v.Fault != "" || v.State != "on" {
			t.Errorf("asked no more it is shown as %+v", v)
		}
		if told := b.told(); !strings.HasSuffix(told[len(told)-1], "recovered") {
			t.Errorf("told was %q last", told[len(told)-1])
		}
		b.Close(nil)
	})
}

// Other limits do not make an output another one: what is on is judged by the new ones,
// and who was ended by the old longest time alone goes on for what is left of a longer one.
func TestReloadOfLimits(t *testing.T) {
	for _, c := range []struct {
		name  string
		maxOn time.Duration
		at    int // second of the reload; raised at 10
		do    func(b *bench)
		want  string
	}{
		{"longer, while on", 2 * time.Minute, 30, nil, "-0 +10 +30 -130"},
		{"shorter, while on", 40 * time.Second, 30, nil, "-0 +10 +30 -50"},
		{"shorter than it has been on", 15 * time.Second, 30, nil, "-0 +10 -30"},
		{"longer, after the limit", 2 * time.Minute, 80, nil, "-0 +10 -70 +80 -140"},
		{"shorter, after the limit", 50 * time.Second, 80, nil, "-0 +10 -70 -80"},
		{"longer, after a person", 2 * time.Minute, 80, func(b *bench) { _, _ = b.Off(b.t.Context(), "siren", "li", 0) }, "-0 +10 -70 -79 -80"},
		{"longer, after it was seen", 2 * time.Minute, 80, func(b *bench) { b.Silence("siren", "flood", "li") }, "-0 +10 -70 -80"},
		{"longer, after the alert", 2 * time.Minute, 80, func(b *bench) { b.Cleared("siren", "flood") }, "-0 +10 -70 -80"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, map[string]Spec{"siren": plain})
				b.Start()
				wait(10 * time.Second)
				b.Raised("siren", "flood", 0)
				wait(time.Duration(c.at-11) * time.Second)
				if c.do != nil {
					c.do(b)
				}
				wait(time.Second)
				next := slices.Clone(b.outs)
				next[0].Spec.MaxOn = c.maxOn
				after := New(next, b.o)
				b.Close(func(id string) bool { return after.Stays(b.Board, id) })
				after.Adopt(b.Board)
				b.Board = after
				b.Start()
				wait(5 * time.Minute)
				b.wantRelay("siren", c.want)
				b.Close(nil)
			})
		})
	}
}

// After a kill it is off and says so. What rules wanted goes on only where that is
// asked for, and for no longer than what is left; the count goes on.
func TestAfterAKill(t *testing.T) {
	for _, c := range []struct {
		name     string
		resume   bool
		sameBoot bool
		dead     time.Duration
		want     string // how the relay was set after the restart at 40+dead
	}{
		{"off, until asked anew", false, true, 5 * time.Second, "-45"},
		{"resumed, 35 s of its minute are used up", true, true, 5 * time.Second, "-45 +46 -71"},
		{"resumed after a power cut, 30 s are used up", true, false, 500 * time.Second, "-540 +541 -571"},
		{"nothing is left", true, true, 35 * time.Second, "-75"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				spec := plain
				spec.Resume = c.resume
				b := newBench(t, map[string]Spec{"siren": spec})
				b.Start()
				wait(10 * time.Second)
				b.Raised("siren", "flood", 0)
				wait(30 * time.Second)
				state := b.states["siren"] // of second 10
				b.Close(func(string) bool { return true })
				b.relays["siren"].set(func() { b.relays["siren"].log = nil })
				wait(c.dead)
				boot := map[bool]string{true: "b1", false: "b2"}[c.sameBoot]
				b.o.Boot = boot
				after := New(b.outs, b.o)
				if err := after.Restore("siren", state, Resume{Now: b.o.Now(), Boot: boot, LastSeen: func(string) int64 { return 41_000 }}); err != nil {
					t.Fatal(err)
				}
				after.Start()
				wait(2 * time.Minute)
				after.Close(nil)
				b.wantRelay("siren", c.want)
				if e := b.told()[1]; !strings.HasSuffix(e, "siren off safe  done") {
					t.Errorf("the first event after the restart is %s", e)
				}
			})
		})
	}
}

// Whom the longest time alone has ended stays ended after a restart too, and goes on like
// without one where that time is made longer.
func TestLimitAcrossRestart(t *testing.T) {
	for _, c := range []struct {
		name  string
		maxOn time.Duration // after the restart
		do    func(b *bench)
		want  string // how the relay was set after the restart at 100, longer at 160
	}{
		{"as it was", time.Minute, nil, "-100"},
		{"longer at the restart", 2 * time.Minute, nil, "-100 +101 -161"},
		{"longer later", time.Minute, func(b *bench) { b.limit(2 * time.Minute) }, "-100 +160 -220"},
		{"longer later, after it was seen", time.Minute, func(b *bench) { b.Silence("siren", "flood", "li"); b.limit(2 * time.Minute) }, "-100 -160"},
		{"another alert", time.Minute, func(b *bench) { b.Raised("siren", "fire", 0) }, "-100 +160 -220"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				spec := plain
				spec.Resume = true
				b := newBench(t, map[string]Spec{"siren": spec})
				b.Start()
				wait(10 * time.Second)
				b.Raised("siren", "flood", 0)
				wait(90 * time.Second)
				b.Close(func(string) bool { return true })
				b.relays["siren"].set(func() { b.relays["siren"].log = nil })
				b.outs[0].Spec.MaxOn = c.maxOn
				b.Board = New(b.outs, b.o)
				if err := b.Restore("siren", b.states["siren"], Resume{Now: b.o.Now(), Boot: "b1", LastSeen: func(string) int64 { return 99_000 }}); err != nil {
					t.Fatal(err)
				}
				b.Start()
				wait(time.Minute)
				if c.do != nil {
					c.do(b)
				}
				wait(4 * time.Minute)
				b.Close(nil)
				b.wantRelay("siren", c.want)
			})
		})
	}
}

// limit goes on with another longest time.
func (b *bench) limit(maxOn time.Duration) {
	next := slices.Clone(b.outs)
	next[0].Spec.MaxOn = maxOn
	after := New(next, b.o)
	b.Close(func(id string) bool { return after.Stays(b.Board, id) })
	after.Adopt(b.Board)
	b.Board = after
	b.Start()
}

// A driver that panics is hardware that fails.
func TestPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, map[string]Spec{"siren": plain})
		b.outs[0].Open = func() (drivers.Output, error) { return (*relay)(nil), nil }
		b.Board = New(b.outs, b.o)
		b.Start()
		wait(time.Second)
		if v := b.Views()[0]; v.Fault != "error" || !strings.Contains(v.Detail, "the driver has a bug") {
			t.Errorf("%+v", v)
		}
		b.Close(nil)
	})
}

// A person gets an answer: what is unknown, what is too long, what fails.
func TestCommands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, map[string]Spec{"siren": plain})
		b.Start()
		wait(5 * time.Second)
		if _, err := b.On(t.Context(), "horn", "li", 0); !errors.Is(err, ErrUnknown) {
			t.Errorf("On of nothing = %v", err)
		}
		if _, err := b.On(t.Context(), "siren", "li", time.Hour); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "at most 1m0s") {
			t.Errorf("On for too long = %v", err)
		}
		if v, err := b.Off(t.Context(), "siren", "li", 0); err != nil || v.State != "off" {
			t.Errorf("Off = %+v, %v", v, err)
		}
		if _, err := b.On(t.Context(), "siren", "li", 0); err != nil {
			t.Error(err)
		}
		if _, err := b.Off(t.Context(), "siren", "li", 0); err != nil {
			t.Error(err)
		}
		if _, err := b.On(t.Context(), "siren", "li", 0); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "stays off for 1s; try again in 1s") {
			t.Errorf("On at once = %v", err)
		}
		b.relays["siren"].set(func() { b.relays["siren"].err = drivers.ErrBusy })
		wait(5 * time.Second)
		if _, err := b.On(t.Context(), "siren", "li", 0); err == nil || !strings.Contains(err.Error(), "(busy)") {
			t.Errorf("On of dead hardware = %v", err)
		}
		b.Close(nil)
	})
}

// What is on goes on while its interlock fades, and what is off stays off.
func TestFadingInterlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		locked := plain
		locked.Interlock = true
		b := newBench(t, map[string]Spec{"pump": locked, "fan": locked})
		b.Start()
		defer b.Close(nil)
		b.Permit("pump", True, "")
		wait(5 * time.Second)
		if _, err := b.On(t.Context(), "pump", "li", 0); err != nil {
			t.Fatal(err)
		}
		b.Fade("pump", "pass under maintenance")
		b.Fade("fan", "pass under maintenance")
		wait(5 * time.Second)
		if _, err := b.On(t.Context(), "fan", "li", 0); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "its interlock is unknown: pass under maintenance") {
			t.Errorf("On = %v", err)
		}
		for _, v := range b.Views() {
			if want := map[string]string{"pump": "on", "fan": "off"}[v.ID]; v.State != want {
				t.Errorf("%s is %s, want %s", v.ID, v.State, want)
			}
		}
		b.Permit("fan", True, "")
		if _, err := b.On(t.Context(), "fan", "li", 0); err != nil {
			t.Errorf("On = %v", err)
		}
	})
}

// A refusal for an interlock that nobody knew, since somebody worked on its sensor, is told
// anew with what is known behind that; what is known not to be safe is told once.
func TestRefusalIsThoughtOver(t *testing.T) {
	for _, c := range []struct {
		name string
		then Truth
		want []string // that it was told, when it was refused
	}{
		{"it forbids", False, []string{"its interlock is unknown: pass under maintenance", "its interlock is false"}},
		{"nobody knows yet", Unknown, []string{"its interlock is unknown: pass under maintenance"}},
		{"it permits", True, []string{"its interlock is unknown: pass under maintenance"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			locked := plain
			locked.Interlock = true
			m := newMachine("pump", locked, 0)
			m.step(0)
			m.call()
			m.done(1000, false, true, nil)
			var told []string
			look := func(now int64) {
				m.step(now)
				events, _ := m.take()
				for _, e := range events {
					if e.Result == wire.Blocked {
						told = append(told, e.Detail)
					}
				}
			}
			m.fades(100_000, "pass under maintenance")
			m.raised(101_000, "flood", 0)
			look(101_000)
			m.permitted(102_000, Unknown, "pass under maintenance")
			look(103_000)
			m.permitted(104_000, c.then, "")
			look(104_000)
			look(105_000)
			if !slices.Equal(told, c.want) {
				t.Errorf("told %q, want %q", told, c.want)
			}
			if on := m.phase != off; on != (c.then == True) {
				t.Errorf("it is %v", m.phase)
			}
		})
	}
}
