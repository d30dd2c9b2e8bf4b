package uplink

import (
	"errors"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// errUndated stops a reading at a record that has no date yet.
var errUndated = errors.New("cannot be dated yet")

// harvest is what one reading of the journal gave.
type harvest struct {
	epoch   wire.Epoch
	records []Record
	covered []wire.Range // ends with the last record taken, or at the end of what was asked for
	values  int
	next    uint64 // first number that was not taken, if stop is set
	stop    error
	hold    time.Duration
}

// read takes up to limit readings from the journal.
func (f *filler) read(e wire.Epoch, ranges []wire.Range, limit int) harvest {
	h := harvest{epoch: e}
	for _, r := range ranges {
		from, full := r.From, false
		err := f.u.o.Journal.Read(e, r, func(rec Record) bool {
			switch {
			case rec.Seq < from || rec.Seq > r.To:
				return true // not asked for
			case rec.Undated:
				h.stop, h.next, h.hold = errUndated, rec.Seq, undatedPause
				return false
			case len(h.records) > 0 && (h.values+len(rec.Values) > limit || len(h.records) >= limit):
				full = true
				return false
			}
			h.records = append(h.records, rec)
			h.values += len(rec.Values)
			h.covered = appendRange(h.covered, wire.Range{From: from, To: rec.Seq})
			from = rec.Seq + 1
			return true
		})
		switch {
		case h.stop != nil || full:
			return h
		case err != nil:
			h.stop, h.next, h.hold = err, from, readPause
			return h
		case from <= r.To:
			h.covered = appendRange(h.covered, wire.Range{From: from, To: r.To})
		}
	}
	return h
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
	ship    *shipment     // the pack; nil: there are no readings
	singles []*shipment   // events and alerts, each for itself
	done    wire.RangeSet // numbers that nothing stands behind
	poison  []wire.Range  // records that will never travel,
	why     error         // and why
}

// parcel makes messages of a harvest.
func (f *filler) parcel(h harvest) parcel {
	p := parcel{harvest: h}
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
	p.ship = f.pack(&p, readings, &rest)
	if p.ship == nil {
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
		payload, err := f.u.packer.Append(nil, pack)
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
	if p.ship != nil {
		u.prepared = append(u.prepared, p.ship)
	}
	for r := range p.done.All() {
		u.cursors.add(p.epoch, r)
	}
	for _, r := range p.poison {
		u.cursors.add(p.epoch, r)
		u.count.Refused, u.count.RefusedWhy = u.count.Refused+1, p.why.Error()
		u.o.Log.Error("uplink: a record cannot be sent and is put aside", "epoch", p.epoch, "record", r.From, "error", p.why)
	}
	if p.stop != nil {
		u.hold(p.epoch).stop(p.next, now.Add(p.hold))
		if !errors.Is(p.stop, errUndated) {
			u.count.ReadError = p.stop.Error()
			u.o.Log.Warn("uplink: the journal cannot be read; tried again", "epoch", p.epoch, "record", p.next, "error", p.stop)
		}
	}
	for _, s := range p.singles {
		if !u.push(s) {
			u.hold(p.epoch).stop(s.left.Ranges()[0].From, now.Add(lookEvery))
		}
	}
}

// push puts an alert or an event into its queue; false: there is no room.
func (u *Uplink) push(s *shipment) bool {
	if s.lane == alertLane {
		return u.alerts.pushAlert(s, u.window[alertLane].ships)
	}
	for _, other := range slices.Concat(u.events.ships, u.window[eventLane].ships) {
		if other.epoch == s.epoch && common(other.left, s.left.Ranges()[0]) {
			return true // offered and read from the journal as well
		}
	}
	return u.events.push(s)
}
