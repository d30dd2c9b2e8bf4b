package uplink

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	shown "github.com/lamppost-city/lamppost/drivers/codec/address"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// Run connects, and connects again, until ctx ends. Then it sends what is in
// memory, for at most Limits.Drain, says good-bye, saves the cursors and returns
// nil. It may be called once.
func (u *Uplink) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	keeping, stopKeeping := context.WithCancel(context.WithoutCancel(ctx))
	wg.Go(func() { u.keep(keeping) })
	if u.o.Command != nil {
		wg.Go(func() { u.obey(keeping) })
	}
	said := make(map[string]string) // why, by broker: an outage is one line, not one a try
	for n := int64(1); ctx.Err() == nil; n++ {
		before := u.lastAck()
		address, connected, err := u.connection(ctx, n)
		u.down(err)
		acked := u.lastAck() != before
		if acked || connected > mostPause {
			u.pause.reset() // it was of use: the link is worth a quick attempt
			clear(said)     // and what ended it is news
		}
		if ctx.Err() != nil {
			break
		}
		var wait time.Duration
		if !u.left(err, acked) {
			wait = u.pause.next()
		}
		level := slog.LevelInfo
		if err != nil && err.Error() == said[address] || errors.Is(err, errBetter) {
			level = slog.LevelDebug
		} else if err != nil {
			said[address] = err.Error()
		}
		u.o.Log.Log(ctx, level, "uplink: no connection", "broker", shown.Show(address), "error", err, "again", wait.Round(time.Millisecond))
		sleep(ctx, wait)
	}
	u.closing.Wait()
	stopKeeping()
	wg.Wait()
	return nil
}

// sleep waits for d or the end of ctx.
func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// number returns the number of the n-th connection of this epoch. It rises over
// restarts, because the epoch's counter does, so that a last will that comes late
// is known to be old.
func (u *Uplink) number(n int64) int64 { return int64(u.o.Epoch.Counter())*1_000_000 + n }

func (u *Uplink) online(up bool, number int64) []byte {
	payload, err := wire.Encode(&wire.Online{V: wire.Version, Online: up, Conn: number})
	if err != nil {
		return nil // the number of a connection is always valid
	}
	return payload
}

// connection dials a broker and uses the connection until it is lost or ctx ends. It
// returns which broker, and how long there was a connection.
func (u *Uplink) connection(ctx context.Context, n int64) (address string, lasted time.Duration, err error) {
	number := u.number(n)
	address = u.pick()
	l, err := u.dial(ctx, handshake{
		broker: address, clientID: clientID(u.o.Gateway, u.o.Epoch), willTopic: u.topic(wire.OnlineTopic), will: u.online(false, number),
		subscribe: []string{u.topic(wire.AckTopic)}, optional: u.commandFilter(), receive: u.receive, bytes: &u.bytes, maxReceived: maxReceived, large: u.tooLarge,
	})
	if err != nil {
		return address, 0, err
	}
	u.up(number)
	begin := time.Now()
	u.o.Log.Info("uplink: connected", "broker", shown.Show(address), "connection", number)
	filling, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	if u.o.Journal != nil {
		wg.Go(func() { u.fillLoop(filling) })
	}
	if u.o.Album != nil {
		wg.Go(func() { u.fetchLoop(filling) })
	}
	wg.Go(func() { u.tend(filling, number) })
	err = u.session(ctx, l, number)
	stop()
	wg.Wait()
	u.closing.Go(func() { l.close(err == nil) })
	return address, time.Since(begin), err
}

// session sends until the link is lost, or ctx ends and all is sent.
func (u *Uplink) session(ctx context.Context, l link, number int64) error {
	u.publish(l, &message{topic: u.topic(wire.OnlineTopic), retained: true, payload: u.online(true, number)})
	u.mu.Lock()
	u.state.greeted, u.state.as = time.Now(), number
	u.mu.Unlock()
	var deadline time.Time // zero: ctx has not ended yet
	for {
		if deadline.IsZero() && ctx.Err() != nil {
			deadline = time.Now().Add(u.o.Limits.Drain)
			u.drain()
		}
		now := time.Now()
		u.mu.Lock()
		m, at := u.next(now)
		failed, idle := u.link.failed, u.idle()
		u.mu.Unlock()
		switch {
		case over(l.lost()):
			return l.err()
		case failed != nil:
			return failed
		case !deadline.IsZero() && (m == nil && idle || !deadline.After(now)):
			return u.goodbye(l, number)
		case m != nil:
			u.publish(l, m)
			continue
		}
		ending := ctx.Done()
		if !deadline.IsZero() {
			ending = nil
			if at.IsZero() || deadline.Before(at) {
				at = deadline
			}
		}
		wake, stop := timerAt(at)
		select {
		case <-ending:
		case <-l.lost():
		case <-u.wake:
		case <-wake:
		}
		stop()
	}
}

// over says whether something has happened, without waiting.
func over[T any](c <-chan T) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// timerAt returns a channel that fires at t; never, if t is zero.
func timerAt(t time.Time) (<-chan time.Time, func()) {
	if t.IsZero() {
		return nil, func() {}
	}
	timer := time.NewTimer(time.Until(t))
	return timer.C, func() { timer.Stop() }
}

func (u *Uplink) publish(l link, m *message) {
	sent := time.Now()
	u.mu.Lock()
	u.testify(m.ship)
	m.alone = u.link.pacer.sent(len(m.payload), sent)
	number := u.link.number
	u.mu.Unlock()
	l.publish(m.topic, m.retained, m.payload, func(err error) { u.confirmed(m, number, sent, err) })
}

// goodbye publishes offline and waits a moment for the broker to take it: the last
// will does not come after an orderly end.
func (u *Uplink) goodbye(l link, number int64) error {
	done := make(chan error, 1)
	l.publish(u.topic(wire.OnlineTopic), true, u.online(false, number), func(err error) { done <- err })
	timer := time.NewTimer(500 * time.Millisecond)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		return errNoConfirm
	}
}

// up begins a connection: all that was under way is to be sent again, in its order.
func (u *Uplink) up(number int64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	now := time.Now()
	u.link = linkState{up: true, since: now, number: number, pacer: newPacer(u.link.pacer)}
	u.packer.use(0) // nobody was heard yet
	u.bytes.chunk.Store(writeChunk)
	u.count.Connections++
	u.failover.reached()
	u.live.begin(u.packReadings(), now)
	u.images.begin()
	u.state.dirty, u.state.sent = len(u.state.payload) > 0, time.Time{}
}

// down ends a connection. Alerts and events that were not acknowledged wait in
// memory; readings are in the journal.
func (u *Uplink) down(err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.link.up, u.link.since, u.link.failed = false, time.Now(), nil
	if err != nil && !errors.Is(err, errBetter) {
		u.count.LastError = err.Error()
	}
	u.alerts.requeue(u.window[alertLane].take())
	u.events.requeue(u.window[eventLane].take())
	u.window[liveLane].take()
	u.window[backfillLane].take()
	u.prepared, u.replies = nil, nil
}

// drain makes the sender send what is in memory without waiting for company.
func (u *Uplink) drain() {
	u.mu.Lock()
	u.link.draining = true
	u.mu.Unlock()
}

// idle says whether all that was in memory is acknowledged.
func (u *Uplink) idle() bool {
	waiting := len(u.live.items) + len(u.alerts.ships) + len(u.events.ships) + u.link.onWay
	for _, lane := range []int{alertLane, eventLane, liveLane} {
		waiting += len(u.window[lane].ships)
	}
	return waiting == 0 && !u.state.dirty
}

// endBudget counts what the last connection took; nothing is spent any more.
func (u *Uplink) endBudget() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.spend(time.Now())
	u.budget.final = true
	u.cursors.dirty = u.cursors.dirty || u.budget.booked > 0 && u.budget.booked != u.budget.saved.Used
}

func (u *Uplink) lastAck() time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.count.LastAck
}

// keep saves the cursors when they changed: from time to time, at once when a
// store was pinned, and at the end. The disk may be slow: nobody waits for it.
func (u *Uplink) keep(ctx context.Context) {
	tick := time.NewTicker(u.o.Limits.SaveEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-u.save:
		case <-ctx.Done():
			u.endBudget()
			_ = u.saveCursors() // it has said so
			return
		}
		_ = u.saveCursors()
	}
}

// saveCursors saves them if they changed. One save is under way at a time, so that
// none overtakes a newer one.
func (u *Uplink) saveCursors() error {
	u.saving.Lock()
	defer u.saving.Unlock()
	u.mu.Lock()
	if !u.cursors.dirty || u.o.Save == nil {
		u.mu.Unlock()
		return nil
	}
	u.cursors.spent = u.budget.book()
	state, err := u.cursors.encode()
	u.cursors.dirty = false
	u.mu.Unlock()
	if err == nil {
		err = u.o.Save(state)
	}
	if err != nil {
		u.mu.Lock()
		u.cursors.dirty = true
		u.mu.Unlock()
		u.o.Log.Warn("uplink: what was stored cannot be saved; it is sent again after a restart", "error", err)
	}
	return err
}
