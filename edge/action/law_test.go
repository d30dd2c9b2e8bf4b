package action

import (
	"errors"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
	"pgregory.net/rapid"
)

// world is a machine with hardware that may do anything within reason: take a call
// late, fail it before or after it had an effect, hang, or lie in its feedback.
type world struct {
	*rapid.T
	m      *machine
	spec   Spec
	boot   string
	now    int64
	state  []byte
	permit Truth

	really   bool  // what the hardware is
	onSince  int64 // when on was first ordered since off was last taken; -1: it is not
	offSince int64 // when off was last taken
	begins   []int64
	blocked  bool  // a person said off, or the limit, and nobody has asked anew
	anew     bool  // somebody asked anew while it was on
	cut      bool  // it was the limit that blocked last
	ran      int64 // ms for which it had been on then
	spent    int64 // of the longest time, what is used up when it goes on by a longer limit
	held     int64 // until when a person said off
	lastOff  int64 // when the last attempt at off began
}

func (w *world) check(before phase) {
	m := w.m
	m.step(w.now)
	if c := m.call(); c != nothing {
		w.issue(c)
	}
	if m.phase == falling && m.flight == setOn && !m.obsolete() {
		w.Fatal("a call that switches on is left to stand in the way of off")
	}
	if before != falling && m.phase == falling && m.flight == nothing {
		w.Fatal("off was decided and is not on its way")
	}
	if before != falling && m.phase == falling && m.cause.why == wire.WhyLimit && m.took {
		w.blocked, w.anew = !w.anew, false // who asked until now has had the longest time
		if w.cut = true; w.onSince >= 0 {
			w.ran = w.now - w.onSince
		}
	}
	if (m.phase == on || m.phase == rising) && m.spec.Interlock && m.permit != True {
		w.Fatalf("%v although the interlock is %v", m.phase, m.permit)
	}
	if w.onSince >= 0 && w.now-w.onSince >= ms(w.spec.MaxOn) && m.phase != falling {
		w.Fatalf("%v for %d ms, at most %v are allowed", m.phase, w.now-w.onSince, w.spec.MaxOn)
	}
	if next := m.next(); next <= w.now && m.phase != falling && m.flight == nothing && m.call() == nothing {
		w.Fatalf("Next is %d at %d, and nothing is done: a caller would spin", next, w.now)
	}
	if events, dirty := m.take(); dirty || len(events) > 0 {
		w.state = m.snapshot(w.boot)
		for _, e := range events {
			ev := wire.Event{V: 1, Epoch: "1-000000000000", Seq: 1, At: wire.Moment{Boot: "d2cba9a4-6f1c-4e90-ac85-9364e3d8ef20"}, Kind: "actuation", Actuation: &e}
			if err := ev.Validate(); err != nil {
				w.Fatalf("%+v cannot travel: %v", e, err)
			}
		}
	}
}

// issue judges a call the moment it is made.
func (w *world) issue(c call) {
	switch c {
	case setOff:
		w.lastOff = w.now
	case setOn:
		if w.m.phase == on && w.onSince >= 0 {
			return // once more what it is
		}
		if w.spec.Interlock && w.permit != True {
			w.Fatalf("switched on while the interlock is %v", w.permit)
		}
		if w.blocked {
			w.Fatal("switched on although it was to stay off until somebody asks anew")
		}
		if w.now < w.held {
			w.Fatalf("switched on at %d, a person said off until %d", w.now, w.held)
		}
		if w.onSince >= 0 {
			return // another try
		}
		if off := w.now - w.offSince; off < ms(w.spec.MinOff) {
			w.Fatalf("switched on after %d ms, the shortest time off is %v", off, w.spec.MinOff)
		}
		w.onSince, w.spent = w.now-w.spent, 0
		w.begins = append(w.begins, w.now)
		n := 0
		for _, t := range w.begins {
			if w.now-t < hour {
				n++
			}
		}
		if n > w.spec.PerHour {
			w.Fatalf("switched on %d times in an hour, at most %d are allowed", n, w.spec.PerHour)
		}
	}
}

// answer ends the call under way.
func (w *world) answer(works, effect bool) {
	c := w.m.flight
	var err error
	if !works {
		err = errors.New("the line is dead")
	}
	switch {
	case c == nothing:
		return
	case c != look && (works || effect):
		if c == setOff && works && (w.onSince >= 0 || w.really) {
			w.onSince, w.offSince = -1, w.now
		}
		w.really = c == setOn
	}
	w.m.done(w.now, w.really, true, err)
}

// restart is a power cut, or a kill in the same boot.
func (w *world) restart(sameBoot bool) {
	state, old := w.state, w.m
	if !sameBoot {
		w.boot += "x"
		shift := w.now - 1000 // boot time begins anew
		w.now = 1000
		for i := range w.begins {
			w.begins[i] -= shift
		}
		w.offSince -= shift
		if w.onSince >= 0 {
			w.onSince = -1 // the relay fell with the power; MaxOn counts from the start on
		}
		if w.held > 0 {
			w.held = max(1, w.held-shift)
		}
	}
	w.m = newMachine("siren", w.spec, w.now)
	if state != nil {
		lived := old.now
		if err := w.m.restore(state, Resume{Now: w.now, Boot: w.boot, LastSeen: func(string) int64 { return lived }}); err != nil {
			w.Fatal(err)
		}
	}
	w.permit = Unknown
	if w.m.phase != falling {
		w.Fatalf("after a restart the output is %v, want it set off first", w.m.phase)
	}
	if !w.spec.Resume {
		w.blocked = true // nobody has asked since
	}
	w.cut, w.anew, w.spent = w.cut && w.spec.Resume, false, 0
}

func (w *world) act() {
	m := w.m
	rule := rapid.SampledFrom([]string{"flood", "fire", "gas"})
	switch rapid.IntRange(0, 14).Draw(w.T, "what") {
	case 0, 1:
		d := time.Duration(rapid.SampledFrom([]int64{0, 0, 1, 5_000, 90_000}).Draw(w.T, "for")) * time.Millisecond
		if rapid.Bool().Draw(w.T, "worse") {
			m.worsened(w.now, rule.Draw(w.T, "rule"), d)
			w.anew = w.anew || m.phase == on || m.phase == rising
		} else {
			m.raised(w.now, rule.Draw(w.T, "rule"), d)
		}
		w.blocked, w.spent = false, 0
	case 2:
		m.withdraw(w.now, rule.Draw(w.T, "rule"))
		if rapid.Bool().Draw(w.T, "silence") {
			m.silence(w.now, rule.Draw(w.T, "rule"), "li")
		}
	case 3:
		if m.commandOn(w.now, "root", time.Duration(rapid.Int64Range(0, 70).Draw(w.T, "for"))*time.Second) == nil {
			w.blocked, w.held, w.spent = false, 0, 0
		}
	case 4:
		hold := rapid.SampledFrom([]time.Duration{0, 0, time.Minute, time.Hour}).Draw(w.T, "hold")
		m.commandOff(w.now, "root", hold)
		w.blocked, w.anew, w.cut, w.held = true, false, false, 0
		if hold > 0 {
			w.held = w.now + ms(hold)
		}
		if m.phase == on || m.phase == rising {
			w.Fatalf("a person said off and it is %v", m.phase)
		}
	case 5:
		w.permit = Truth(rapid.IntRange(-1, 1).Draw(w.T, "permit"))
		m.permitted(w.now, w.permit, "")
	case 6:
		m.sense(w.now, Truth(rapid.IntRange(-1, 1).Draw(w.T, "seen")))
	case 7, 8, 9, 10:
		w.answer(true, true)
	case 11:
		w.answer(false, rapid.Bool().Draw(w.T, "effect"))
	case 12:
		w.restart(rapid.Bool().Draw(w.T, "same boot"))
	case 13:
		w.reload(time.Duration(rapid.SampledFrom([]int64{20, 60, 180}).Draw(w.T, "max on")) * time.Second)
	}
}

// reload gives other limits. More time may let go on whom the limit alone had ended, for
// what is left of it.
func (w *world) reload(maxOn time.Duration) {
	longer := maxOn > w.spec.MaxOn
	w.spec.MaxOn = maxOn
	w.m.limited(w.spec)
	if longer && w.blocked && w.cut {
		w.blocked, w.spent = false, min(w.ran, ms(maxOn))
	}
	w.m.step(w.now)
}

// Whatever comes in whatever order: the longest time on, the shortest off, the count
// per hour, the interlock, the word of a person and the precedence of off hold, across
// kills and power cuts, and every event can travel.
func TestNoSequenceBreaksALimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spec := Spec{MaxOn: time.Minute, MinOff: rapid.SampledFrom([]time.Duration{0, time.Second, 40 * time.Second}).Draw(t, "min off"),
			PerHour: rapid.SampledFrom([]int{2, 5, 60}).Draw(t, "per hour"), Timeout: 2 * time.Second, Within: 5 * time.Second,
			Interlock: rapid.Bool().Draw(t, "interlock"), Feedback: rapid.Bool().Draw(t, "feedback"), Resume: rapid.Bool().Draw(t, "resume")}
		w := &world{T: t, spec: spec, boot: "b", now: 1000, onSince: -1, offSince: -1 << 40}
		w.m = newMachine("siren", spec, w.now)
		w.m.call()
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			before := w.m.phase
			w.act()
			w.check(before)
			// Time passes, as a caller lets it: never past the moment that Next names.
			before = w.m.phase
			ahead := rapid.Int64Range(0, 20_000).Draw(t, "wait")
			for ahead > 0 {
				step := min(ahead, max(1, w.m.next()-w.now))
				w.now, ahead = w.now+step, ahead-step
				w.check(before)
				before = w.m.phase
			}
		}
	})
}

// When the hardware works and all have had enough, it is off: nothing is left hanging
// by whatever happened before.
func TestEndsOff(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spec := Spec{MaxOn: time.Minute, PerHour: 9, Timeout: time.Second, Within: time.Second, Interlock: rapid.Bool().Draw(t, "interlock")}
		w := &world{T: t, spec: spec, boot: "b", now: 1000, onSince: -1, offSince: -1 << 40}
		w.m = newMachine("siren", spec, w.now)
		w.m.call()
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			before := w.m.phase
			w.act()
			w.check(before)
			before = w.m.phase
			w.now += rapid.Int64Range(0, 5_000).Draw(t, "wait")
			w.check(before)
		}
		for range 800 { // twice the longest time on of any reload, and the tries beside
			w.answer(true, true)
			w.check(w.m.phase)
			w.now += 1000
		}
		if w.m.phase != off || w.really {
			t.Fatalf("%v after more than the longest time on", w.m.phase)
		}
	})
}

// What nobody of ours has written is refused or harmless: nothing is on because of it.
func FuzzRestore(f *testing.F) {
	m := newMachine("siren", Spec{MaxOn: time.Minute, PerHour: 9, Resume: true}, 5000)
	m.raised(6000, "flood", 0)
	f.Add(m.snapshot("b"), int64(7000))
	f.Add([]byte(`{"v":1,"boot":"b","at":5000,"on":true,"begun":4000,"held":9000,"starts":[1,2],"asks":[{"rule":"flood","until":9}]}`), int64(6000))
	f.Fuzz(func(t *testing.T, state []byte, now int64) {
		now = max(0, now%(maxTime/2))
		m := newMachine("siren", Spec{MaxOn: time.Minute, PerHour: 9, Timeout: time.Second, Within: time.Second, Resume: true}, now)
		if err := m.restore(state, Resume{Now: now, Boot: "b", LastSeen: func(string) int64 { return now }}); err != nil {
			if !errors.Is(err, ErrState) {
				t.Fatal(err)
			}
			return
		}
		if m.step(now); m.phase != falling || m.call() != setOff {
			t.Fatalf("a restored output is %v", m.phase)
		}
		again := newMachine("siren", m.spec, now)
		if err := again.restore(m.snapshot("b"), Resume{Now: now, Boot: "b", LastSeen: func(string) int64 { return now }}); err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
	})
}
