package rule

import "github.com/lamppost-city/lamppost/drivers/obs"

// Retract takes back a reading that was observed before, because a later one showed
// that it was wrong: a spike is told by what comes behind it. Windows forget it, and what
// stood still before it goes on standing. A condition that was met on it and on nothing newer ends at the next Tick, without
// clear_for and hold, unless it is met on what is left: an alert must not stand on a
// value that nobody believes. Call it before Observe of the reading that showed it.
func (e *Engine) Retract(st obs.Stream, bootMS int64) {
	s := e.series[st]
	if s == nil {
		return
	}
	for _, w := range s.windows {
		w.remove(bootMS)
	}
	s.meter.forget(bootMS)
	s.still.forget(bootMS)
	newest, doubt := s.at, doubted
	if !s.has {
		newest, doubt = s.before, doubtedEarly
	}
	if s.has || s.recalled {
		e.doubt(s, st, bootMS, newest, doubt)
	}
}

// doubt notes that the reading of st at bootMS was wrong; newest is when the last one was.
func (e *Engine) doubt(s *series, st obs.Stream, bootMS, newest int64, as doubt) {
	for _, i := range s.rules {
		e.touch(i)
	}
	if newest != bootMS {
		return
	}
	s.void = true
	for _, i := range s.rules {
		if b := e.rules[i]; b.phase != Normal && b.since >= bootMS && b.rests(st) {
			b.doubt = as
		}
	}
}

// Recall says that the last usable reading of st before this engine began was at bootMS, in
// this boot: what [Engine.Restore] gave to a rule may rest on it, and Retract may take it
// back. Nothing else comes of it. It belongs behind Restore and before the first Observe;
// several of one stream come in order, with the Retract of one before the next.
func (e *Engine) Recall(st obs.Stream, bootMS int64) {
	s := e.series[st]
	if s == nil || s.has || s.recalled && bootMS <= s.before {
		return
	}
	s.before, s.recalled = bootMS, true
	for _, i := range s.rules { // what began with this one does not rest on the one before
		if b := e.rules[i]; b.doubt == doubtedEarly && b.since >= bootMS && b.rests(st) {
			b.doubt = trusted
		}
	}
}

// doubt is whether the reading on which a condition was met is believed.
type doubt int8

const (
	trusted      doubt = iota
	doubted            // it has been taken back
	doubtedEarly       // it was of before the engine began
	doubtedLong        // and what else the condition looks at is not known yet
)

// doubtful withdraws an alert whose reading was taken back, unless its condition is met on
// what is left. Of one from before a restart it waits while that cannot be known yet, which
// it tells, so that another restart does not forget it.
func (e *Engine) doubtful(b *bound, was doubt, when truth, r *reader) {
	if was == trusted {
		return
	}
	switch until := e.ripens(b); {
	case b.phase == Normal:
	case when == isTrue: // on something else, and since now
		b.since = e.now
		e.report(b, b.phase, e.now)
	case was != doubted && when == unknown && e.now <= until:
		b.doubt = doubtedLong
		r.recheck = min(r.recheck, until+1)
		if was == doubtedEarly {
			e.report(b, b.phase, e.now)
		}
	default:
		e.withdraw(b)
	}
}

// ripens is until when what b looks at may be unknown only because the engine began lately:
// a stream was not heard yet, or a window has not filled. A window of the stream in doubt
// held nothing that counted without it.
func (e *Engine) ripens(b *bound) (until int64) {
	about := e.series[b.about()]
	until = e.start - 1
	for _, in := range b.when {
		from := max(e.start, in.from)
		if !in.has {
			until = max(until, from+in.stale)
		}
		if in.window != nil && in.series != about {
			until = max(until, from+in.window.length)
		}
	}
	return until
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
