package uplink

import (
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// echoes remembers when the last live packs left, so that the time in an
// acknowledgement can be read with half the round trip as error.
type echoes struct {
	sent [64]struct {
		echo   string
		bootMS int64
	}
	next int
}

func (e *echoes) note(p *wire.Pack, c Clock) {
	if c == nil {
		return
	}
	e.sent[e.next].echo, e.sent[e.next].bootMS = p.Echo(), c.BootMS()
	e.next = (e.next + 1) % len(e.sent)
}

// observe tells the clock what an acknowledgement says of the time.
func (e *echoes) observe(a *wire.Ack, c Clock) {
	if c == nil || a.Echo == "" || a.Time == 0 {
		return
	}
	for _, s := range e.sent {
		if s.echo == a.Echo {
			now := c.BootMS()
			half := (now - s.bootMS + 1) / 2
			c.Observe("uplink", now, a.Time+half, half+1)
			return
		}
	}
}

// receive takes what arrives. It must not block: paho waits for it.
func (u *Uplink) receive(topic string, payload []byte) {
	if t, err := wire.ParseTopic(u.o.Prefix, topic); err == nil && t.Kind == wire.CommandTopic && t.Gateway == u.o.Gateway && u.o.Command != nil {
		u.commandReceived(t, payload)
		return
	}
	if topic != u.topic(wire.AckTopic) || len(payload) == 0 {
		return // one without a payload was too large, or was cleared at the broker
	}
	var a wire.Ack
	err := wire.Decode(payload, &a)
	foreign := err == nil && u.foreign(a.Epoch)
	u.mu.Lock()
	if err != nil {
		u.count.BadAcks++
		u.mu.Unlock()
		u.o.Log.Warn("uplink: an acknowledgement is not valid", "error", err)
		return
	}
	pinned, known := u.known(a.Store)
	ours, news := slices.Clone(u.cursors.stores), !known && u.said.first("store "+a.Store, time.Now())
	if known {
		last := u.count.LastAck
		u.take(&a, time.Now()) // alerts and pictures in it may be ours all the same
		if foreign {
			u.count.Foreign, u.count.LastForeign, u.count.LastAck = u.count.Foreign+1, u.count.LastAck, last
		}
	}
	u.mu.Unlock()
	switch {
	case news:
		u.o.Log.Warn("uplink: a store that is not ours acknowledges; it does not count. If the cloud was set up anew, write its id into uplink.stores and restart", "store", a.Store, "ours", ours)
	case pinned:
		u.o.Log.Info("uplink: store pinned: from now on only its acknowledgements count", "store", a.Store)
		signal(u.save)
	}
	signal(u.wake)
	signal(u.fill)
}

// foreign says whether an epoch is not of our journal: another gateway, most likely
// one with a copied card, uses our id.
func (u *Uplink) foreign(e wire.Epoch) bool {
	if e == "" || e == u.o.Epoch || u.o.Journal == nil {
		return false
	}
	return !slices.ContainsFunc(u.o.Journal.Extents(), func(x Extent) bool { return x.Epoch == e })
}

// known says whether a store counts. The first one ever heard is pinned.
func (u *Uplink) known(store string) (pinned, known bool) {
	switch {
	case slices.Contains(u.cursors.stores, store):
		return false, true
	case len(u.cursors.stores) > 0:
		u.count.Alien, u.count.AlienStore, u.count.LastAlien = u.count.Alien+1, store, time.Now()
		return false, false
	}
	u.cursors.stores, u.cursors.dirty = []string{store}, true
	return true, true
}

// take applies an acknowledgement.
func (u *Uplink) take(a *wire.Ack, now time.Time) {
	for _, r := range a.Stored {
		u.settle(a.Epoch, r, now)
	}
	for _, refused := range a.Refused {
		if refused.Retry {
			u.release(a.Epoch, refused.Range, now)
			continue
		}
		u.count.Refused += u.settle(a.Epoch, refused.Range, now)
		u.count.RefusedWhy = refused.Why
	}
	for _, r := range a.Alerts {
		u.settleAlert(r, now)
	}
	for _, id := range a.Images {
		if u.images.done(id) {
			u.o.Album.Done(id)
		}
	}
	if a.Credit != nil {
		u.link.credit = a.Credit
	}
	u.learn(a.Dictionaries)
	u.echoes.observe(a, u.o.Clock)
	u.count.LastAck, u.count.Store = now, a.Store
	if len(a.Stored)+len(a.Refused)+len(a.Alerts)+len(a.Images) == 0 && a.Echo == "" {
		for lane := range u.window {
			u.window[lane].greet(now)
		}
	}
}

// settle marks what was transmitted of r as being the store's, and returns how
// many records that were.
func (u *Uplink) settle(e wire.Epoch, r wire.Range, now time.Time) (n uint64) {
	set := u.unanswered[e]
	if set == nil {
		return 0 // nothing of that epoch was sent since the start
	}
	for _, part := range slices.Collect(set.Common(r)) {
		u.cursors.add(e, part)
		set.Subtract(part)
		n += part.Count()
		u.answered(e, part, now)
	}
	if h := u.holds[e]; h != nil && n > 0 {
		h.pause = 0
	}
	return n
}

// answered takes part off everything that waits for an answer. What is still in a
// queue is passed over when its turn comes.
func (u *Uplink) answered(e wire.Epoch, part wire.Range, now time.Time) {
	for lane := range u.window {
		u.window[lane].settle(e, part, now, u.spares.take)
	}
}

// settleAlert marks one revision of an alert, sent or about to be sent again.
func (u *Uplink) settleAlert(r wire.Revised, now time.Time) {
	for _, s := range slices.Concat(u.window[alertLane].ships, u.alerts.ships) {
		if s.alert == r {
			for _, part := range s.left.Ranges() {
				u.settle(s.epoch, part, now)
			}
		}
	}
}

// release leaves r to the journal, to be sent again after a pause.
func (u *Uplink) release(e wire.Epoch, r wire.Range, now time.Time) {
	set := u.unanswered[e]
	if set == nil {
		return
	}
	for _, part := range slices.Collect(set.Common(r)) {
		set.Subtract(part)
		u.answered(e, part, now)
		u.hold(e).refuse(part, now)
	}
}
