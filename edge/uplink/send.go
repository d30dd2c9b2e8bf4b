package uplink

import (
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// message is what the sender publishes next.
type message struct {
	topic    string
	retained bool
	payload  []byte
	ship     *shipment // its confirmation is noted, with the live lane's count
	picture  *picture
	alone    bool // sent when nothing else was on its way
}

// next returns what is to be sent now, or when to look again (zero: when
// something happens). Alerts first, then events, the present, the state; behind
// them alerts and events out of the journal, history, and pictures. Call with mu
// held.
func (u *Uplink) next(now time.Time) (m *message, at time.Time) {
	u.spend(now)
	for step := range steps {
		m, t := u.step(step, now)
		if m != nil {
			return m, now
		}
		at = sooner(at, t)
	}
	if t := u.link.pacer.later(); t.After(now) {
		at = sooner(at, t)
	}
	return nil, at
}

// sooner returns the earlier of two moments; zero is never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

const steps = 8

func (u *Uplink) step(n int, now time.Time) (m *message, at time.Time) {
	switch n {
	case 0:
		return u.nextAlert(now)
	case 1:
		return u.nextEvent(now)
	case 2:
		return u.nextReply(now)
	case 3:
		return u.nextLive(now)
	case 4:
		return u.nextState(now)
	case 5:
		return u.nextOld(now)
	case 6:
		return u.nextHistory(now)
	}
	return u.nextPiece(now)
}

// nextAlert does not ask whether the link has room: an alert waits for nothing.
func (u *Uplink) nextAlert(now time.Time) (*message, time.Time) {
	again, at := u.window[alertLane].due(now)
	if again != nil {
		return u.resend(again, now), now
	}
	return u.nextSingle(alertLane, &u.alerts, now, at, func(s *shipment) bool { return !s.behind() })
}

func (u *Uplink) nextEvent(now time.Time) (*message, time.Time) {
	again, at := u.window[eventLane].due(now)
	if again != nil {
		return u.resend(again, now), now
	}
	return u.nextSingle(eventLane, &u.events, now, at, func(s *shipment) bool { return !s.behind() && u.link.pacer.room(len(s.payload), now) })
}

func (u *Uplink) nextReply(now time.Time) (*message, time.Time) {
	if len(u.replies) == 0 || !u.link.pacer.room(len(u.replies[0].payload), now) {
		return nil, time.Time{}
	}
	m := u.replies[0]
	u.replies = u.replies[1:]
	return m, now
}

// nextOld sends alerts and events of earlier: the present does not wait for them,
// and they leave a new alert half of its window.
func (u *Uplink) nextOld(now time.Time) (*message, time.Time) {
	queues := [...]*queue{alertLane: &u.alerts, eventLane: &u.events}
	for lane, q := range queues {
		room := func(s *shipment) bool {
			return len(u.window[lane].ships) < maxOnWay/2 && u.link.pacer.room(len(s.payload), now)
		}
		if m, _ := u.nextSingle(lane, q, now, time.Time{}, room); m != nil {
			return m, now
		}
	}
	return nil, time.Time{} // an acknowledgement or a confirmation wakes the sender
}

// nextSingle sends the first in the queue, if it may go.
func (u *Uplink) nextSingle(lane int, q *queue, now, at time.Time, may func(*shipment) bool) (*message, time.Time) {
	for len(u.window[lane].ships) < maxOnWay {
		s := q.first()
		switch {
		case s == nil:
			return nil, at
		case u.settled(s):
			q.pop()
		case !may(s):
			return nil, at
		default:
			return u.transmit(q.pop(), now), now
		}
	}
	return nil, at
}

// settled says whether the store has all of s already.
func (u *Uplink) settled(s *shipment) bool {
	for r := range s.left.All() {
		if !u.cursors.contains(s.epoch, r) {
			return false
		}
	}
	return true
}

// onlineEvery is how often the gateway says again that it is there. A clone with
// this gateway's id leaves its own last will behind, retained.
const onlineEvery = time.Minute

func (u *Uplink) nextState(now time.Time) (*message, time.Time) {
	if !u.state.greeted.IsZero() && now.Sub(u.state.greeted) >= onlineEvery*u.sparing() {
		u.state.greeted = now
		return &message{topic: u.topic(wire.OnlineTopic), retained: true, payload: u.online(true, u.state.as)}, now
	}
	switch t := u.state.sent.Add(u.statePause()); {
	case !u.state.dirty || !u.link.draining && !u.link.pacer.room(len(u.state.payload), now):
		return nil, time.Time{}
	case t.After(now):
		return nil, t
	}
	u.state.dirty, u.state.sent = false, now
	return &message{topic: u.topic(wire.StateTopic), retained: true, payload: u.state.payload}, now
}

// nextLive makes a pack when its first reading has waited long enough or it is
// full, and the broker has confirmed the last one: on a slow link packs grow.
func (u *Uplink) nextLive(now time.Time) (*message, time.Time) {
	w := &u.window[liveLane]
	again, at := w.due(now)
	if again != nil {
		return u.resend(again, now), now
	}
	due := u.live.due(u.linger())
	if u.o.Journal != nil && !due.IsZero() && now.Sub(due) > maxLiveDelay && u.live.values > u.packReadings() {
		u.live.begin(u.packReadings(), now) // more than the link carries: the rest goes as history
		due = u.live.due(u.linger())
	}
	u.live.full = u.packReadings()
	full := u.live.values >= u.live.full
	switch {
	case due.IsZero() || u.link.onWay > 0 && !full || !u.link.pacer.room(0, now):
		return nil, at
	case u.onWay() >= u.allowed() || w.size() > maxWindowBytes:
		return nil, at
	case due.After(now) && !full:
		if at.IsZero() || due.Before(at) {
			at = due
		}
		return nil, at
	}
	if s := u.packLive(); s != nil {
		if s.epoch == "" { // clockless: shown, not stored, not waited for
			return u.message(s, now), now
		}
		return u.transmit(s, now), now
	}
	return nil, now
}

func (u *Uplink) linger() time.Duration {
	if u.link.draining || !u.link.shown {
		return 0 // the first pack of a connection shows at once how things are
	}
	if u.budget.perDay > 0 {
		return max(u.o.Limits.Linger, u.budget.plan.Linger)
	}
	return u.o.Limits.Linger
}

// packLive takes the oldest samples out of the queue and packs them. It returns nil
// if they cannot be packed: then the one that is to blame is dropped, and the
// journal's copy meets the same fate with a reason.
func (u *Uplink) packLive() *shipment {
	for n := u.live.head(u.packReadings()); n > 0; n /= 2 {
		p := u.live.pack(n, &u.o)
		payload, err := u.packer.Append(u.spares.buffer(), p, u.compress())
		if err != nil {
			if n == 1 {
				u.live.drop(1)
			}
			continue
		}
		values := u.live.drop(n)
		u.weigh(payload, values)
		u.perLive = smooth(u.perLive, payload, values)
		u.echoes.note(p, u.o.Clock)
		s := &shipment{lane: liveLane, topic: u.topic(wire.LiveTopic), payload: payload, records: uint64(n), values: values}
		if p.Boot == "" {
			s.epoch = p.Epoch
			s.left, _ = wire.SetOf(p.Ranges...)
		}
		return s
	}
	return nil
}

// nextHistory sends what the filler has prepared, if window, rate and link allow.
func (u *Uplink) nextHistory(now time.Time) (*message, time.Time) {
	w := &u.window[backfillLane]
	again, at := w.due(now)
	if again != nil {
		return u.resend(again, now), now
	}
	if len(u.prepared) > 0 && !u.affords(History, len(u.prepared[0].payload)+packCost) {
		if t := u.budget.planned.Add(planEvery); at.IsZero() || t.Before(at) {
			at = t
		}
		return nil, at
	}
	if len(u.prepared) == 0 || u.link.draining || w.size() > maxWindowBytes {
		return nil, at
	}
	s := u.prepared[0]
	// A quarter of the window is the present's.
	if u.onWay() > 0 && (u.onWay()+s.records)*4 > u.allowed()*3 || !u.link.pacer.room(len(s.payload), now) {
		return nil, at
	}
	u.link.bucket.rate = float64(u.pace())
	if wait, ok := u.link.bucket.take(s.values, now); !ok {
		if t := now.Add(wait); wait > 0 && (at.IsZero() || t.Before(at)) {
			at = t
		}
		return nil, at
	}
	u.prepared = u.prepared[1:]
	signal(u.fill)
	if u.settled(s) {
		return u.nextHistory(now)
	}
	return u.transmit(s, now), now
}

func (u *Uplink) nextPiece(now time.Time) (*message, time.Time) {
	p, at := u.images.due(now)
	if p == nil {
		return nil, at
	}
	if !u.affordsPicture(p) {
		if p.kept && p.next == 0 {
			p.pieces = nil // read again when it may go
		}
		return nil, u.budget.planned.Add(planEvery)
	}
	if u.link.draining {
		return nil, time.Time{}
	}
	if p.pieces == nil {
		u.images.want = p.id
		signal(u.fetch) // fetchLoop reads it and wakes the sender
		return nil, time.Time{}
	}
	if !u.link.pacer.room(len(p.pieces[p.next]), now) {
		return nil, time.Time{} // a confirmation wakes the sender
	}
	topic := wire.Topic{Gateway: u.o.Gateway, Kind: wire.ImageTopic, ID: p.id, Piece: p.next}
	m := &message{topic: topic.Build(u.o.Prefix), payload: p.pieces[p.next], picture: p}
	p.sent(now)
	return m, now
}

// affordsPicture says whether what is left of a picture may go: of one without an alert when
// there is no history to be sent either, of one with an alert while but a tenth of the day's
// bytes is left then, which is the alerts' own. What cannot be ended is not begun, unless no
// day could end it.
func (u *Uplink) affordsPicture(p *picture) bool {
	if u.budget.perDay == 0 {
		return true
	}
	if !p.alert {
		return u.affords(Pictures, int(p.rest())) && len(u.prepared) == 0
	}
	most := u.budget.perDay - u.budget.perDay/10
	rest := p.rest()
	if int64(p.bytes) >= most {
		rest = 0
	}
	return u.budget.saved.Used+rest < most
}

// heldImages counts the pictures of alerts that wait until the byte budget has room.
func (u *Uplink) heldImages() (n int) {
	for _, p := range u.images.pictures {
		if p.alert && p.next < max(p.count, 1) && !u.affordsPicture(p) {
			n++
		}
	}
	return n
}

// Held says whether a picture waits until the byte budget has room for it.
func (u *Uplink) Held(id string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, p := range u.images.pictures {
		if p.id == id && u.budget.perDay > 0 {
			return p.alert && !u.affordsPicture(p) || !p.alert && !u.affords(Pictures, int(p.rest()))
		}
	}
	return false
}

// transmit sends s for the first time on this connection.
func (u *Uplink) transmit(s *shipment, now time.Time) *message {
	set := u.unanswered[s.epoch]
	if set == nil {
		set = new(wire.RangeSet)
		u.unanswered[s.epoch] = set
	}
	for r := range s.left.All() {
		set.Add(r) // refused only if it has more than 1 024 ranges: then it is sent again
	}
	u.window[s.lane].add(s, now)
	return u.message(s, now)
}

func (u *Uplink) resend(s *shipment, now time.Time) *message {
	u.window[s.lane].stamp(s, now)
	u.count.Resent++
	return u.message(s, now)
}

func (u *Uplink) message(s *shipment, now time.Time) *message {
	s.sent = now
	switch s.lane {
	case liveLane:
		u.link.onWay++
		u.link.shown = true
		u.count.Live += uint64(s.values)
	case backfillLane:
		u.count.Backfill += uint64(s.values)
	}
	return &message{topic: s.topic, payload: s.payload, ship: s}
}

// maxWindowBytes bounds what a lane keeps in memory to send it again: half a second of
// 50 000 readings a second, since stores gather acknowledgements for 200 ms.
const maxWindowBytes = 1 << 20

// onWay returns how many records of readings are unacknowledged.
func (u *Uplink) onWay() uint64 {
	return u.window[liveLane].records() + u.window[backfillLane].records()
}

// allowed returns how many may be.
func (u *Uplink) allowed() uint64 {
	n := u.o.Limits.Window
	if c := u.link.credit; c != nil {
		n = min(n, c.Window)
	}
	return uint64(n)
}

// pace returns how many readings of history may go in a second.
func (u *Uplink) pace() int {
	n := u.o.Limits.Backfill
	if c := u.link.credit; c != nil {
		n = min(n, c.Backfill)
	}
	return n
}

// confirmed notes the broker's answer to a publish on the connection with that
// number; one that is closing does not speak for the next.
func (u *Uplink) confirmed(m *message, number int64, sent time.Time, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if number != u.link.number {
		return
	}
	defer signal(u.wake)
	now := time.Now()
	u.link.pacer.confirmed(len(m.payload), now.Sub(sent), m.alone, now)
	u.bytes.confirmed(len(m.payload), now.Sub(sent))
	if err != nil && u.link.failed == nil {
		u.link.failed = fmt.Errorf("%w: %w", errLost, err)
	}
	if m.picture != nil {
		m.picture.onWay = false
	}
	if s := m.ship; s != nil {
		s.pending = false
		if s.lane == liveLane {
			u.link.onWay--
		}
	}
}
