package uplink

import (
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// harvest is what one reading of the journal gave.
type harvest struct {
	epoch   wire.Epoch
	records []Record
	covered []wire.Range // ends with the last record taken, or at the end of what was asked for
	values  int
	single  int // events and alerts
	// If hold is set, the records from number next on are to be left for so long; err
	// says why if the journal could not be read.
	hold time.Duration
	next uint64
	err  error
}

// demand is how much a reading may give.
type demand struct {
	readings int
	singles  int // events and alerts: what their queues have room for
}

// read takes up to what is wanted from the journal.
func (f *filler) read(e wire.Epoch, ranges []wire.Range, want demand) harvest {
	h := harvest{epoch: e}
	for _, r := range ranges {
		from, full := r.From, false
		err := f.u.o.Journal.Read(e, r, func(rec Record) bool {
			if rec.Seq < from || rec.Seq > r.To {
				return true // not asked for
			}
			if full = !h.take(rec, want); full {
				return false
			}
			h.covered = appendRange(h.covered, wire.Range{From: from, To: rec.Seq})
			from = rec.Seq + 1
			return true
		})
		switch {
		case full:
			return h
		case err != nil:
			h.hold, h.next, h.err = readPause, from, err
			return h
		case from <= r.To:
			h.covered = appendRange(h.covered, wire.Range{From: from, To: r.To})
		}
	}
	return h
}

// take adds a record, or returns false: the harvest ends before it.
func (h *harvest) take(rec Record, want demand) bool {
	single := rec.Event != nil || rec.Alert != nil
	switch {
	case rec.Undated:
		h.hold, h.next = undatedPause, rec.Seq
		return false
	case single && h.single >= want.singles:
		h.hold, h.next = lookEvery, rec.Seq
		return false
	case len(h.records) > 0 && (h.values+len(rec.Values) > want.readings || len(h.records) >= want.readings):
		return false
	}
	h.records = append(h.records, rec)
	h.values += len(rec.Values)
	if single {
		h.single++
	}
	return true
}

// appendRange adds a range behind the others.
func appendRange(rs []wire.Range, r wire.Range) []wire.Range {
	if n := len(rs); n > 0 && rs[n-1].To+1 == r.From {
		rs[n-1].To = r.To
		return rs
	}
	return append(rs, r)
}

// parcel is what a harvest becomes.
type parcel struct {
	harvest
	pack    *shipment     // the pack; nil: there are no readings
	singles []*shipment   // events and alerts, each for itself
	done    wire.RangeSet // numbers that nothing stands behind
	poison  []wire.Range  // records that will never travel,
	why     error         // and why

	dictionary uint32 // that the pack may use
}

// parcel makes messages of a harvest.
func (f *filler) parcel(h harvest) parcel {
	p := parcel{harvest: h, dictionary: f.u.packer.dictionary()}
	rest, _ := wire.SetOf(h.covered...)
	var readings []Record
	for _, rec := range h.records {
		switch {
		case rec.Event != nil || rec.Alert != nil:
			rest.Subtract(wire.Range{From: rec.Seq, To: rec.Seq})
			f.single(&p, rec)
		case len(rec.Values) > 0:
			readings = append(readings, rec)
		}
	}
	p.pack = f.pack(&p, readings, &rest)
	if p.pack == nil {
		p.done = rest
	}
	return p
}

func (f *filler) single(p *parcel, rec Record) {
	var s *shipment
	var err error
	if rec.Event != nil {
		s, err = f.u.eventShipment(*rec.Event)
	} else {
		s, err = f.u.alertShipment(*rec.Alert)
	}
	if err != nil {
		p.spoil(rec.Seq, err)
		return
	}
	s.old = true
	p.singles = append(p.singles, s)
}

func (p *parcel) spoil(seq uint64, err error) {
	p.poison, p.why = append(p.poison, wire.Range{From: seq, To: seq}), err
}

// pack makes one message of the records, or of as many as fit; rest is what the
// message covers, and shrinks with them. A record that cannot travel even alone is
// put aside, so that it does not block the others. nil: nothing is left to send.
func (f *filler) pack(p *parcel, records []Record, rest *wire.RangeSet) *shipment {
	for len(records) > 0 {
		pack := &wire.Pack{Gateway: f.u.o.Gateway, Epoch: p.epoch, Lane: wire.Backfill, Ranges: rest.Ranges()}
		for _, rec := range records {
			pack.Values = append(pack.Values, rec.Values...)
		}
		payload, err := f.u.packer.Append(nil, pack, f.compress)
		if err == nil {
			return &shipment{lane: backfillLane, topic: f.u.topic(wire.BackfillTopic), payload: payload, epoch: p.epoch,
				left: rest.Clone(), records: uint64(len(records)), values: len(pack.Values)}
		}
		if len(records) == 1 {
			rest.Subtract(wire.Range{From: records[0].Seq, To: records[0].Seq})
			p.spoil(records[0].Seq, err)
			return nil
		}
		half := len(records) / 2
		rest.Subtract(wire.Range{From: records[half].Seq, To: wire.MaxSeq})
		records = records[:half]
	}
	return nil
}

// apply takes a parcel over. Call with mu held.
func (u *Uplink) apply(p parcel, now time.Time) {
	if p.pack != nil && !u.stale(p) {
		u.weigh(p.pack.payload, p.pack.values)
		u.prepared = append(u.prepared, p.pack)
	}
	for r := range p.done.All() {
		u.cursors.add(p.epoch, r)
	}
	for _, r := range p.poison {
		u.cursors.add(p.epoch, r)
		u.count.Refused, u.count.RefusedWhy = u.count.Refused+1, p.why.Error()
		u.o.Log.Error("uplink: a record cannot be sent and is put aside", "epoch", p.epoch, "record", r.From, "error", p.why)
	}
	if p.hold > 0 {
		u.hold(p.epoch).stop(p.next, now.Add(p.hold))
	}
	if p.err != nil {
		u.count.ReadError = p.err.Error()
		u.o.Log.Warn("uplink: the journal cannot be read; tried again", "epoch", p.epoch, "record", p.next, "error", p.err)
	}
	for _, s := range p.singles {
		u.push(s) // what finds no room now is read again
	}
}

// push puts an alert or an event into its queue; false: there is no room.
func (u *Uplink) push(s *shipment) bool {
	if s.lane == alertLane {
		return u.alerts.pushAlert(s, u.window[alertLane].ships)
	}
	for _, other := range slices.Concat(u.events.ships, u.window[eventLane].ships) {
		if other.epoch == s.epoch && common(other.left, s.left.Ranges()[0]) {
			other.old = other.old && s.old
			u.events.sort()
			return true // offered and read from the journal as well
		}
	}
	ok := u.events.push(s)
	u.events.sort()
	return ok
}
