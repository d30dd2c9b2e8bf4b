package uplink

import (
	"context"
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// hold keeps parts of an epoch out of history for a while: what a store wants
// later, what cannot be dated yet, what the disk does not give.
type hold struct {
	refused wire.RangeSet // not before until
	until   time.Time
	pause   time.Duration
	from    uint64 // from this number on not before then; 0: none
	then    time.Time
}

// How long a hold lasts.
const (
	refusedPause     = 5 * time.Second
	refusedMostPause = 5 * time.Minute
	rewindPause      = 5 * time.Second // for answers to what was sent before
	undatedPause     = 5 * time.Second
	readPause        = 10 * time.Second
	lookEvery        = time.Second // for newly committed records, when all else is sent
)

// maxPrepared is how many packs of history wait ready to be sent.
const maxPrepared = 2

func (u *Uplink) hold(e wire.Epoch) *hold {
	h := u.holds[e]
	if h == nil {
		h = new(hold)
		u.holds[e] = h
	}
	return h
}

// refuse puts r off, longer each time until something is stored again.
func (h *hold) refuse(r wire.Range, now time.Time) {
	if !h.until.After(now) {
		h.pause = min(max(2*h.pause, refusedPause), refusedMostPause)
		h.until = now.Add(h.pause)
	}
	h.refused.Add(r) // without room it is sent again at once, and refused again
}

// rest keeps r out for at least d.
func (h *hold) rest(r wire.Range, d time.Duration, now time.Time) {
	if t := now.Add(d); t.After(h.until) {
		h.until = t
	}
	h.refused.Add(r)
}

// stop holds everything from a number on.
func (h *hold) stop(from uint64, then time.Time) {
	if h.from == 0 || from < h.from || !h.then.After(then) {
		h.from, h.then = from, then
	}
}

// free returns the parts of r that may be sent now.
func (h *hold) free(r wire.Range, now time.Time) []wire.Range {
	if h.from > 0 && h.then.After(now) {
		if h.from <= r.From {
			return nil
		}
		r.To = min(r.To, h.from-1)
	}
	if !h.until.After(now) {
		h.refused = wire.RangeSet{}
	}
	var out []wire.Range
	for m := range h.refused.Missing(r) {
		out = append(out, m)
	}
	return out
}

// fillLoop prepares packs of history for one connection, until ctx ends. It does
// the reading and packing, so that the sender is free for an alert.
func (u *Uplink) fillLoop(ctx context.Context) {
	u.mu.Lock()
	f := filler{u: u, perRecord: u.perRecord}
	u.mu.Unlock()
	for {
		wait := f.step(time.Now())
		if wait == 0 && ctx.Err() == nil {
			continue
		}
		timer := time.NewTimer(max(wait, time.Millisecond))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-u.fill:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// filler reads the journal for the history lane.
type filler struct {
	u         *Uplink
	perRecord float64 // readings in a record, smoothed
	compress  bool
}

// weigh learns how many readings a record has.
func (f *filler) weigh(h *harvest) {
	if len(h.records) == 0 {
		return
	}
	now := float64(max(h.values, 1)) / float64(len(h.records))
	if f.perRecord == 0 {
		f.perRecord = now
	}
	f.perRecord += (now - f.perRecord) / 4
}

// step prepares one pack and returns 0, or how long to wait.
func (f *filler) step(now time.Time) (wait time.Duration) {
	u := f.u
	extents := u.o.Journal.Extents()
	u.mu.Lock()
	u.prune(extents)
	want := demand{
		readings: min(u.packReadings(), max(1, int(u.allowed()/2))),
		singles:  maxQueued - max(len(u.events.ships), len(u.alerts.ships)),
	}
	f.compress = u.compress()
	var epoch wire.Epoch
	var ranges []wire.Range
	if len(u.prepared) < maxPrepared && u.pace() > 0 && !u.link.draining {
		epoch, ranges = u.pending(extents, want.readings, now)
	}
	if len(ranges) > 0 {
		u.claim(epoch, ranges)
	}
	u.mu.Unlock()
	if len(ranges) == 0 {
		return lookEvery
	}
	h := f.read(epoch, ranges, want)
	f.weigh(&h)
	p := f.parcel(h)
	u.mu.Lock()
	u.perRecord = f.perRecord
	u.apply(p, now)
	u.mu.Unlock()
	signal(u.wake)
	return 0
}

// prune forgets what concerns epochs that the journal does not hold any more.
func (u *Uplink) prune(extents []Extent) {
	u.cursors.prune(extents, u.o.Epoch)
	for e := range u.holds {
		if e.Counter() < u.cursors.floor {
			delete(u.holds, e)
		}
	}
	for e, set := range u.unanswered {
		if e.Counter() < u.cursors.floor && set.Len() == 0 {
			delete(u.unanswered, e)
		}
	}
}

// claim notes that the filler takes records of the present epoch. One that is
// offered only now, because its commit was faster, is then not sent live as well.
func (u *Uplink) claim(e wire.Epoch, ranges []wire.Range) {
	if e == u.o.Epoch {
		u.claimed = max(u.claimed, ranges[len(ranges)-1].To)
	}
}

// busy returns what of an epoch is in memory: waiting, prepared or under way. ok is
// false if that is too scattered to say.
func (u *Uplink) busy(e wire.Epoch) (set wire.RangeSet, ok bool) {
	ok = true
	add := func(ships []*shipment) {
		for _, s := range ships {
			if s.epoch == e {
				for r := range s.left.All() {
					ok = set.Add(r) && ok
				}
			}
		}
	}
	for lane := range u.window {
		add(u.window[lane].ships)
	}
	add(u.prepared)
	add(u.alerts.ships)
	add(u.events.ships)
	if e == u.o.Epoch {
		for _, s := range u.live.items {
			ok = set.Add(wire.Range{From: s.seq, To: s.seq}) && ok
		}
	}
	return set, ok
}
