package rule

import "github.com/lamppost-city/lamppost/drivers/obs"

// Retract takes back a reading that was observed before, because a later one showed
// that it was wrong: a spike is told by what comes behind it. Windows forget it. A
// condition that was met on it and on nothing newer ends at the next Tick, without
// clear_for and hold, unless it is met on what is left: an alert must not stand on a
// value that nobody believes. Call it before Observe of the reading that showed it.
func (e *Engine) Retract(st obs.Stream, bootMS int64) {
	s := e.series[st]
	if s == nil || !s.has {
		return
	}
	for _, w := range s.windows {
		w.remove(bootMS)
	}
	s.meter.forget(bootMS)
	for _, i := range s.rules {
		e.touch(i)
	}
	if s.at != bootMS {
		return
	}
	s.void = true
	for _, i := range s.rules {
		b := e.rules[i]
		if b.phase != Normal && b.since >= bootMS && b.about() == st {
			b.doubted = true
		}
	}
}

// about is the stream that decided that b's condition is met.
func (b *bound) about() obs.Stream {
	when := b.stage.when
	if len(when.compared) == 0 {
		return when.reads[0].stream
	}
	return when.compared[min(b.subject, len(when.compared)-1)].stream
}

// withdraw ends what was met on a reading that was taken back.
func (e *Engine) withdraw(b *bound) {
	from := b.phase
	b.move(Normal, e.now)
	e.report(b, from, e.now)
	e.out[len(e.out)-1].Withdrawn = true
}

// remove forgets the reading at t. Where it is not the newest and shares its bucket with
// others, all of them go: the stretch counts as not covered, which is what is known of it.
func (w *window) remove(t int64) {
	for i := len(w.ring) - 1; i >= w.head && w.ring[i].to >= t; i-- {
		if w.ring[i].from > t {
			continue
		}
		if i == len(w.ring)-1 && i > w.head { // the one before speaks on
			w.ring = w.ring[:i]
			w.ring[i-1].covered -= w.gained
			w.gained = 0
		} else {
			w.ring = append(w.ring[:i], w.ring[i+1:]...)
		}
		break
	}
	w.trends = w.trends[:0]
}
