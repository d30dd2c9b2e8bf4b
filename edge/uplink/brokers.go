package uplink

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers/codec/address"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// failover chooses among several brokers, in the order of the configuration. One round tries
// each of them once; those that took messages and never had a store behind them come
// last. While a lower one is used, the better ones are looked at from time to time
// on a connection beside it, and one is gone back to when a store has answered
// there: nothing is interrupted for a broker that has not proved itself.
type failover struct {
	list []candidate
	now  int // the one used or tried
	next int // to be tried next, whatever the order says; -1: none

	patience time.Duration // for a store to acknowledge something
	proof    time.Duration // for a better broker to prove itself
	look     backoff       // between looks at the better ones
}

// candidate is one broker, and why it is not used.
type candidate struct {
	address string
	tried   bool  // in this round
	silent  bool  // no store answered there last time
	why     error // nil while it is used, and before it was tried
}

var (
	errBetter = errors.New("a broker that is preferred has a store behind it again")
	errSilent = errors.New("it takes messages, but no store acknowledges them")
)

func newFailover(addresses []string) failover {
	b := failover{next: -1, patience: 2 * time.Minute, proof: 15 * time.Second, look: backoff{first: 5 * time.Minute, most: time.Hour}}
	for _, a := range addresses {
		b.list = append(b.list, candidate{address: a})
	}
	return b
}

// pick chooses the one to be tried now.
func (b *failover) pick() (address string) {
	if b.next >= 0 {
		b.now, b.next = b.next, -1
		return b.list[b.now].address
	}
	best := -1
	for i, c := range b.list {
		if !c.tried && (best < 0 || b.list[best].silent && !c.silent) {
			best = i
		}
	}
	if best < 0 {
		b.round()
		return b.pick()
	}
	b.now = best
	return b.list[best].address
}

// round begins a new one.
func (b *failover) round() {
	for i := range b.list {
		b.list[i].tried = false
	}
}

// reached notes that there is a connection to the one tried.
func (b *failover) reached() { b.list[b.now].why = nil }

// left notes why the one in use was left, or not reached. It returns whether to try
// another at once: the next of the round, or one that has proved itself. acked says
// that a store acknowledged something there.
func (b *failover) left(err error, acked bool) (again bool) {
	c := &b.list[b.now]
	c.why, c.tried, c.silent = err, true, !acked && (c.silent || errors.Is(err, errSilent))
	switch {
	case errors.Is(err, errBetter):
		c.why = nil // it is as good as it was
		b.round()
		return true
	case acked:
		b.round() // it was good: the preferred one may be, too
		return false
	}
	if !slices.ContainsFunc(b.list, func(c candidate) bool { return !c.tried }) {
		b.round()
		return false
	}
	return true
}

// whyNotFirst says why the preferred one is not used; empty: it is, or is tried.
func (b *failover) whyNotFirst() string {
	if b.now == 0 || b.list[0].why == nil {
		return ""
	}
	return b.list[0].why.Error()
}

// problem returns what is wrong with certificates at one of the brokers.
func (b *failover) problem() string {
	for _, c := range b.list {
		if c.why != nil && aboutCertificates(c.why) {
			return c.address + ": " + c.why.Error()
		}
	}
	return ""
}

// pick chooses the broker to be tried now.
func (u *Uplink) pick() (address string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.failover.pick()
}

// left notes how a connection, or the attempt at one, ended. It returns whether to
// try another broker at once.
func (u *Uplink) left(err error, acked bool) (again bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.failover.left(err, acked)
}

// testify keeps the last live pack that a store can acknowledge. Call with mu held.
func (u *Uplink) testify(s *shipment) {
	if s != nil && s.lane == liveLane && s.epoch != "" {
		u.witness = s
	}
}

// tend watches a connection on behalf of the other brokers: it ends it if no store
// answers there, or if a better broker has one. Without others it does nothing.
func (u *Uplink) tend(ctx context.Context, number int64) {
	u.mu.Lock()
	b, look := &u.failover, u.failover.look
	now, patience := b.now, b.patience
	u.mu.Unlock()
	if len(b.list) == 1 {
		return
	}
	tick := time.NewTicker(patience / 8)
	defer tick.Stop()
	heard, next := time.Now(), time.Now().Add(look.next())
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if heard = u.heard(heard); time.Since(heard) >= patience {
			u.end(number, u.silent())
			return
		}
		if now == 0 || time.Now().Before(next) {
			continue
		}
		if better := u.better(ctx, now); better >= 0 {
			u.mu.Lock()
			b.next = better
			u.mu.Unlock()
			u.o.Log.Info("uplink: going back to a broker that is preferred", "broker", address.Show(b.list[better].address))
			u.end(number, errBetter)
			return
		}
		next = time.Now().Add(look.next())
	}
}

// silent says that no store of ours acknowledges anything, and which other one does.
func (u *Uplink) silent() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if wrong := u.wrongStore(); wrong != "" {
		return fmt.Errorf("%w but %s, and this gateway reports to %s", errSilent, wrong, strings.Join(u.cursors.stores, ", "))
	}
	return errSilent
}

// heard returns until when nobody can complain that no store answers: the last
// acknowledgement, or the last time that nothing waited for one; not before since.
func (u *Uplink) heard(since time.Time) time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	waiting := 0
	for lane := range u.window {
		waiting += len(u.window[lane].ships)
	}
	if waiting == 0 {
		return time.Now()
	}
	if u.count.LastAck.After(since) {
		return u.count.LastAck
	}
	return since
}

// end ends the connection with that number.
func (u *Uplink) end(number int64, why error) {
	u.mu.Lock()
	if u.link.up && u.link.number == number && u.link.failed == nil {
		u.link.failed = why
	}
	u.mu.Unlock()
	signal(u.wake)
}

// better looks at the brokers before the one in use and returns the first that has
// a store behind it; -1: none.
func (u *Uplink) better(ctx context.Context, now int) int {
	for i := range now {
		err := u.prove(ctx, u.failover.list[i].address)
		if err == nil {
			return i
		}
		u.mu.Lock()
		u.failover.list[i].why = err
		u.mu.Unlock()
		u.o.Log.Debug("uplink: the preferred broker is no good yet", "broker", address.Show(u.failover.list[i].address), "error", err)
	}
	return -1
}

// prove sends the last live pack to a broker once more, on a connection of its own,
// and waits for a store of ours to acknowledge it. Stored twice is stored once. The
// client's id is another one, for the brokers may be one cluster, and there is no
// last will: that one speaks for the connection in use.
func (u *Uplink) prove(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, u.failover.proof, errSilent)
	defer cancel()
	u.mu.Lock()
	s := u.witness
	u.mu.Unlock()
	if s == nil {
		return errors.New("nothing was sent yet that a store could acknowledge")
	}
	var unpack wire.Unpacker
	p, err := unpack.Unpack(u.o.Gateway, s.payload)
	if err != nil {
		return fmt.Errorf("what was sent cannot be read: %w", err)
	}
	answered := make(chan struct{}, 1)
	l, err := u.dial(ctx, handshake{
		broker: address, clientID: clientID(u.o.Gateway, u.o.Epoch) + ".look", subscribe: []string{u.topic(wire.AckTopic)},
		receive: func(_ string, payload []byte) {
			if u.answers(payload, p) {
				signal(answered)
			}
		},
		bytes: &u.bytes, maxReceived: maxReceived, large: u.tooLarge,
	})
	if err != nil {
		return err
	}
	defer l.close(true)
	l.publish(s.topic, false, s.payload, func(error) {})
	select {
	case <-answered:
		return nil
	case <-l.lost():
		return l.err()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// answers says whether a message is the acknowledgement of p by a store of ours.
func (u *Uplink) answers(payload []byte, p *wire.Pack) bool {
	var a wire.Ack
	if wire.Decode(payload, &a) != nil || a.Epoch != p.Epoch {
		return false
	}
	u.mu.Lock()
	ours := len(u.cursors.stores) == 0 || slices.Contains(u.cursors.stores, a.Store)
	u.mu.Unlock()
	has, _ := wire.SetOf(a.Stored...)
	return ours && slices.ContainsFunc(p.Ranges, func(r wire.Range) bool { return common(has, r) })
}
