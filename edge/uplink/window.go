package uplink

import (
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// The lanes, in the order in which they are served.
const (
	alertLane = iota
	eventLane
	liveLane
	backfillLane
	lanes
)

// shipment is one message under way: sent, or ready to be, and not acknowledged.
type shipment struct {
	lane    int
	topic   string
	payload []byte
	epoch   wire.Epoch
	left    wire.RangeSet // not acknowledged yet
	records uint64
	values  int
	alert   wire.Revised // alertLane
	history bool         // alertLane: a newer revision exists
	old     bool         // an alert or event read from the journal

	number  uint64    // of its newest transmission in its lane
	sent    time.Time // that transmission
	passed  time.Time // when a later one was acknowledged; zero: not yet
	pending bool      // the broker has not confirmed the newest transmission yet
}

// window holds what one lane has sent on this connection and is not acknowledged,
// and says what to send again. The rule: on one connection a message is sent again
// only if a later one of its lane was acknowledged, a little after that, since
// several aggregators do not answer in order. While nothing is acknowledged, one
// message at a time goes out as a probe, with growing pauses: a stalled store must
// not fill the broker with copies.
type window struct {
	ships []*shipment
	next  uint64        // number of the last transmission
	quiet time.Time     // since when nothing was heard: last acknowledgement, probe or first message
	pause time.Duration // before the next probe
	first time.Duration // pause to begin with
	most  time.Duration // and to end with
	grace time.Duration // see the constant
	rtt   time.Duration // from transmission to acknowledgement, smoothed
}

// After a later message's acknowledgement an earlier one may still be answered for
// this long: the shorter, unless answers take long anyway.
const (
	grace     = time.Second
	mostGrace = 5 * time.Second
)

func newWindow(first, most time.Duration) window {
	return window{first: first, most: most, pause: first, grace: grace}
}

// add puts a message in that is sent now for the first time.
func (w *window) add(s *shipment, now time.Time) {
	if len(w.ships) == 0 {
		w.quiet, w.pause = now, w.first
	}
	w.ships = append(w.ships, s)
	w.stamp(s, now)
}

// stamp notes that s is transmitted now.
func (w *window) stamp(s *shipment, now time.Time) {
	w.next++
	s.number, s.sent, s.passed, s.pending = w.next, now, time.Time{}, true
}

// settle takes r, which was acknowledged or refused for good, off what is
// outstanding. Each message that is done with that is given to done, which may be nil.
func (w *window) settle(e wire.Epoch, r wire.Range, now time.Time, done func(*shipment)) {
	newest := uint64(0)
	w.ships = filter(w.ships, func(s *shipment) bool {
		if s.epoch != e || !common(s.left, r) || !s.left.Subtract(r) {
			return true
		}
		newest = max(newest, s.number)
		if s.left.Len() > 0 {
			return true
		}
		w.rtt += (now.Sub(s.sent) - w.rtt) / 8
		if done != nil {
			done(s)
		}
		return false
	})
	if newest > 0 {
		w.heard(newest, now)
	}
}

// heard notes that transmission number n was answered.
func (w *window) heard(n uint64, now time.Time) {
	w.quiet, w.pause = now, w.first
	for _, s := range w.ships {
		if s.number < n && s.passed.IsZero() {
			s.passed = now
		}
	}
}

// due returns the message to send again now, if any, else when to ask again (zero:
// not before something happens).
func (w *window) due(now time.Time) (again *shipment, at time.Time) {
	var oldest *shipment
	for _, s := range w.ships {
		if oldest == nil || s.number < oldest.number {
			oldest = s
		}
		if s.passed.IsZero() || s.pending {
			continue
		}
		if t := s.passed.Add(min(max(w.grace, 3*w.rtt), mostGrace)); !t.After(now) {
			return s, now
		} else if at.IsZero() || t.Before(at) {
			at = t
		}
	}
	if oldest == nil || oldest.pending {
		return nil, at
	}
	t := w.quiet.Add(w.pause)
	if t.After(now) {
		if at.IsZero() || t.Before(at) {
			at = t
		}
		return nil, at
	}
	w.quiet, w.pause = now, min(2*w.pause, w.most)
	return oldest, now
}

// greet makes the next probe due: somebody listens again.
func (w *window) greet(now time.Time) {
	if now.Sub(w.quiet) > w.grace {
		w.quiet, w.pause = now.Add(-w.first), w.first
	}
}

// records returns how many records are unacknowledged.
func (w *window) records() (n uint64) {
	for _, s := range w.ships {
		n += s.records
	}
	return n
}

// size returns how many bytes are kept to be sent again.
func (w *window) size() (n int) {
	for _, s := range w.ships {
		n += len(s.payload)
	}
	return n
}

// take empties the window and returns what was in it.
func (w *window) take() []*shipment {
	ships := w.ships
	*w = window{first: w.first, most: w.most, pause: w.first, grace: w.grace}
	return ships
}

func common(set wire.RangeSet, r wire.Range) bool {
	for range set.Common(r) {
		return true
	}
	return false
}

// filter keeps the elements for which keep is true, in place.
func filter[T any](s []T, keep func(T) bool) []T {
	kept := s[:0]
	for _, v := range s {
		if keep(v) {
			kept = append(kept, v)
		}
	}
	clear(s[len(kept):])
	return kept
}
