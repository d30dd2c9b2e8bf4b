package uart

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/pace"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// Hearer is a part that hears what is sent to it. One that also talks without being
// asked is a [Part] besides; its Pause is then 0 while it is in a mode, or asleep, in
// which it does not.
type Hearer interface {
	// Hear is given what was heard and not used yet, at least one byte. It returns how
	// many of these bytes it is done with, requests and what can begin none, and what
	// the part says to them, in order. It is called again when more has come, or at once
	// when it used something and something is left.
	Hear(heard []byte, s Source) (used int, says []Saying)
}

// Starter is a part that says something when it gets power. Start also puts the
// part into the state in which it leaves the drawer.
type Starter interface{ Start() []Saying }

// Saying is what a part says once.
type Saying struct {
	After time.Duration // from the end of the request, or from power-on, to the first byte
	Bytes []byte
	Lines []truth.Line // of the values in it, without device and time; Via only where it is another than that of all it says
}

// Answerer is a part that hears, on its port.
type Answerer struct {
	Port   Port
	Baud   int
	Device string // the gateway's name for it, for the truth log
	Part   Hearer
	Source Source
	Record Recorder
}

const (
	forgets  = 200 * time.Millisecond // silence after which half a request is no request
	maxHeard = 256                    // bytes that are held of one
)

// Run answers, and talks, until ctx ends. The port must be closed then as well: only
// that ends the goroutine that reads. A part that was silent in the scenario has been
// without power: it starts again before it says anything else.
func (a *Answerer) Run(ctx context.Context) {
	v := voice{Answerer: a}
	v.start(time.Now())
	heard := listen(a.Port)
	in := heard // nil once the port is closed
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		if at, ok := v.next(); ok {
			timer.Reset(time.Until(at))
		} else {
			timer.Stop()
		}
		select {
		case <-ctx.Done():
			for range heard { // until the port is closed
			}
			return
		case b, ok := <-in:
			if !ok {
				in = nil
				continue
			}
			v.hear(b, time.Now())
		case <-timer.C:
			v.speak(time.Now())
		}
	}
}

// listen passes on what arrives until the port is closed.
func listen(p Port) <-chan []byte {
	in := make(chan []byte)
	go func() {
		defer close(in)
		b := make([]byte, 256)
		for {
			n, err := p.Read(b)
			if err != nil {
				return
			}
			in <- bytes.Clone(b[:n])
		}
	}()
	return in
}

// voice is what an Answerer knows while it runs.
type voice struct {
	*Answerer
	heard   []byte
	last    time.Time // when something was heard last
	waiting []waiting // in the order of at
	talk    time.Time // when the next unasked frame is due; zero: it does not talk
	dark    bool      // the last thing that was to be said was not: no power
}

// waiting is a saying that has its time.
type waiting struct {
	Saying
	at     time.Time
	mishap scenario.Mishap
}

// start is power-on.
func (v *voice) start(now time.Time) {
	v.heard, v.waiting, v.dark = nil, nil, false
	if s, ok := v.Part.(Starter); ok {
		for _, text := range s.Start() {
			v.queue(waiting{Saying: text, at: now.Add(text.After)})
		}
	}
	v.schedule(now)
}

// schedule plans the next unasked frame, if the part is one that talks, and does now.
func (v *voice) schedule(from time.Time) {
	v.talk = time.Time{}
	if p, ok := v.Part.(Part); ok {
		if pause := p.Pause(); pause > 0 {
			v.talk = from.Add(pause)
		}
	}
}

func (v *voice) queue(w waiting) {
	i, _ := slices.BinarySearchFunc(v.waiting, w.at, func(q waiting, at time.Time) int {
		if !q.at.After(at) {
			return -1 // behind what is due at the same time
		}
		return 1
	})
	v.waiting = slices.Insert(v.waiting, i, w)
}

// next returns when there is something to say.
func (v *voice) next() (at time.Time, ok bool) {
	if len(v.waiting) > 0 && (v.talk.IsZero() || v.waiting[0].at.Before(v.talk)) {
		return v.waiting[0].at, true
	}
	return v.talk, !v.talk.IsZero()
}

// hear takes requests out of what was heard. A pty brings a request at once where a
// wire would take its time, so that is added.
func (v *voice) hear(b []byte, now time.Time) {
	m := v.Source.Mishap()
	if m.Unplug || !v.powered(m, now) {
		v.heard = nil
		if m.Silent {
			v.silence()
		}
		return
	}
	if now.Sub(v.last) > forgets {
		v.heard = nil
	}
	v.last = now
	v.heard = append(v.heard, b...)
	quiet := v.talk.IsZero()
	for len(v.heard) > 0 {
		used, says := v.Part.Hear(v.heard, v.Source)
		end := now.Add(pace.Characters(used, v.Baud) + m.Delay)
		v.heard = v.heard[min(used, len(v.heard)):]
		for _, s := range says {
			v.queue(waiting{s, end.Add(s.After), m})
		}
		if used == 0 {
			break
		}
	}
	v.heard = v.heard[max(0, len(v.heard)-maxHeard):]
	v.changed(quiet, now)
}

// changed looks whether a request has made the part talk, or fall silent.
func (v *voice) changed(quiet bool, now time.Time) {
	p, ok := v.Part.(Part)
	switch {
	case !ok:
	case quiet:
		v.schedule(now)
	case p.Pause() <= 0:
		v.talk = time.Time{}
	}
}

// powered says whether the part has power, and starts it when it has it again.
func (v *voice) powered(m scenario.Mishap, now time.Time) bool {
	if m.Silent {
		v.dark, v.waiting = true, nil
		return false
	}
	if _, starts := v.Part.(Starter); starts && v.dark {
		v.start(now)
		return false // what woke this up was said or heard before
	}
	v.dark = false
	return true
}

// silence records that a question was left without an answer.
func (v *voice) silence() {
	lines := []truth.Line{{Device: v.Device, Via: truth.Silence}}
	truth.Stamp(lines, false, "")
	v.Record.Add(lines...)
}

// speak says what is due: answers first, then one frame that nobody asked for.
func (v *voice) speak(now time.Time) {
	for len(v.waiting) > 0 && !v.waiting[0].at.After(now) {
		w := v.waiting[0]
		v.waiting = v.waiting[1:]
		v.say(w.Bytes, w.Lines, w.mishap, truth.Answer)
	}
	if v.talk.IsZero() || v.talk.After(now) {
		return
	}
	due := v.talk
	m := v.Source.Mishap()
	if !m.Unplug && v.powered(m, now) {
		frame, lines := v.Part.(Part).Frame(v.Source)
		v.say(frame, lines, m, truth.Frame)
	}
	if v.talk == due { // not started again meanwhile
		v.schedule(due.Add(m.Delay))
	}
	if now := time.Now(); !v.talk.IsZero() && v.talk.Before(now) { // nothing is caught up
		v.talk = now
	}
}

func (v *voice) say(b []byte, lines []truth.Line, m scenario.Mishap, via truth.Via) {
	if !pace.Send(v.Port.Write, v.Baud, m.Damage(b)) {
		return
	}
	for i := range lines {
		lines[i].Device, lines[i].Via = v.Device, cmp.Or(lines[i].Via, via)
	}
	truth.Stamp(lines, !m.Wrong(), m.Fault())
	v.Record.Add(lines...)
}
