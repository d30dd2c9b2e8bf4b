package uplink

import (
	"fmt"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// Rewind forgets what was acknowledged of records taken at since (Unix
// milliseconds) or later, so that what the journal still holds of them is sent
// again, as history, to a store that was restored from an older copy. It returns
// how many acknowledgements of records were forgotten. When it returns nil, a
// restart does not undo it; with an error it holds until one. What was on its way at
// that moment goes again, five seconds later: answers that come until then may be
// those of the store as it was. It may block on the disk, and needs no connection.
func (u *Uplink) Rewind(since int64) (records uint64, err error) {
	if u.o.Journal == nil {
		return 0, fmt.Errorf("uplink: there is no journal to send from again")
	}
	if u.o.Sync != nil {
		// Readings are acknowledged before their commit, too, and Since knows the
		// committed ones only. If the disk takes nothing now, keepNow says so.
		_ = u.o.Sync()
	}
	extents, again := u.o.Journal.Extents(), u.o.Journal.Since(since)
	u.mu.Lock()
	records = u.cursors.rewind(extents, again)
	for _, x := range again {
		u.recall(x)
		u.hold(x.Epoch).rest(x.Range, rewindPause, time.Now())
	}
	u.count.Rewinds++
	u.mu.Unlock()
	u.o.Log.Info("uplink: rewound: what the journal still holds is sent again", "since", since, "records", records)
	signal(u.fill)
	return records, u.keepNow()
}

// keepNow saves the cursors and waits until they are durable.
func (u *Uplink) keepNow() error {
	if err := u.saveCursors(); err != nil {
		return fmt.Errorf("uplink: the rewind holds until the next restart only: %w", err)
	}
	if u.o.Sync == nil {
		return nil
	}
	if err := u.o.Sync(); err != nil {
		return fmt.Errorf("uplink: the rewind may not outlast a power cut: %w", err)
	}
	return nil
}

// recall makes answers to what was sent of x count no more. Alerts and events on
// their way stay there: they are not acknowledged, and go until they are.
func (u *Uplink) recall(x Extent) {
	touches := func(s *shipment) bool { return s.epoch == x.Epoch && common(s.left, x.Range) }
	u.prepared = filter(u.prepared, func(s *shipment) bool { return !touches(s) })
	for _, lane := range []int{liveLane, backfillLane} {
		u.window[lane].ships = filter(u.window[lane].ships, func(s *shipment) bool { return !touches(s) })
	}
	set := u.unanswered[x.Epoch]
	if set == nil {
		return
	}
	set.Subtract(x.Range) // without room all stays: an answer of before then counts
	for _, lane := range []int{alertLane, eventLane} {
		for _, s := range u.window[lane].ships {
			for r := range s.left.All() {
				if s.epoch == x.Epoch {
					set.Add(r)
				}
			}
		}
	}
}

// rewind takes again out of what is stored and returns how many records that were.
// extents is all that the journal holds: an epoch that the floor stood for has to be
// remembered by itself when the floor sinks below it.
func (c *cursors) rewind(extents, again []Extent) (records uint64) {
	floor := c.floor
	for _, x := range again {
		floor = min(floor, x.Epoch.Counter())
	}
	for _, x := range extents {
		if n := x.Epoch.Counter(); n >= floor && n < c.floor {
			set, _ := wire.SetOf(x.Range)
			c.epochs[x.Epoch] = &set
		}
	}
	c.dirty = c.dirty || floor != c.floor
	c.floor = floor
	for _, x := range again {
		if set := c.epochs[x.Epoch]; set != nil {
			for _, r := range slices.Collect(set.Common(x.Range)) {
				records += r.Count()
			}
			c.forget(x.Epoch, x.Range)
			c.dirty = true
		}
	}
	return records
}

// forget takes a range out of an epoch's set. Where a hole would need one range too
// many, what comes after it is forgotten as well: sent again, never taken for stored.
func (c *cursors) forget(e wire.Epoch, r wire.Range) {
	set := c.epochs[e]
	if !set.Subtract(r) && !set.Subtract(wire.Range{From: r.From, To: wire.MaxSeq}) {
		delete(c.epochs, e)
	}
}

// RewindSaved is Rewind for a gateway that is not running: it returns what Save
// would have been given. saved is what it was given last, extents all that the
// journal holds, again what is to be sent again. Errors: saved cannot be read, and
// then the next start sends everything anyway.
func RewindSaved(saved []byte, extents, again []Extent) (state []byte, records uint64, err error) {
	c, err := decodeCursors(saved)
	if err != nil {
		return nil, 0, fmt.Errorf("uplink: %w", err)
	}
	records = c.rewind(extents, again)
	if state, err = c.encode(); err != nil {
		return nil, 0, fmt.Errorf("uplink: %w", err)
	}
	return state, records, nil
}
