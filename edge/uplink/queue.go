package uplink

import "slices"

// Bounds of what waits in memory to be sent. What does not fit is in the journal.
const (
	maxQueued = 256 // alerts, and events
	maxOnWay  = 64  // of each, sent and unacknowledged
)

// queue holds alerts or events that were not sent on this connection yet, in the
// order in which they are to go.
type queue struct{ ships []*shipment }

// push adds an event at the end; false: there is no room.
func (q *queue) push(s *shipment) bool {
	if len(q.ships) >= maxQueued {
		return false
	}
	q.ships = append(q.ships, s)
	return true
}

// pushAlert adds a revision: the newest revision of each alert goes first, in the
// order in which they came, then what they supersede, as history. Without room
// history gives way, then the oldest. It returns false if s itself found no room.
func (q *queue) pushAlert(s *shipment, onWay []*shipment) bool {
	for _, other := range slices.Concat(q.ships, onWay) {
		switch {
		case other.alert.ID != s.alert.ID:
		case other.alert.Rev > s.alert.Rev:
			s.history = true
		case other.alert.Rev < s.alert.Rev:
			other.history = true
		default:
			other.old = other.old && s.old
			q.sort()
			return true // the same revision again
		}
	}
	q.ships = append(q.ships, s)
	q.sort()
	if len(q.ships) <= maxQueued {
		return true
	}
	drop := len(q.ships) - 1 // the last of the history, if there is any
	if !q.ships[drop].history {
		drop = 0
	}
	kept := q.ships[drop] != s
	q.ships = slices.Delete(q.ships, drop, drop+1)
	return kept
}

// behind says that a message does not go before the present: it is out of the
// journal, or a newer revision exists.
func (s *shipment) behind() bool { return s.old || s.history }

// first returns what pop would.
func (q *queue) first() *shipment {
	if len(q.ships) == 0 {
		return nil
	}
	return q.ships[0]
}

// sort puts what is out of the journal behind the rest, and superseded revisions
// last; otherwise all stay in their order.
func (q *queue) sort() {
	class := func(s *shipment) int {
		switch {
		case s.history:
			return 2
		case s.old:
			return 1
		}
		return 0
	}
	slices.SortStableFunc(q.ships, func(a, b *shipment) int { return class(a) - class(b) })
}

// pop takes the first; nil: there is none.
func (q *queue) pop() *shipment {
	if len(q.ships) == 0 {
		return nil
	}
	s := q.ships[0]
	q.ships = slices.Delete(q.ships, 0, 1)
	return s
}

// requeue puts back what a lost connection left unacknowledged, before the rest.
func (q *queue) requeue(ships []*shipment) {
	q.ships = append(slices.Clone(ships), q.ships...)
	q.sort()
}
