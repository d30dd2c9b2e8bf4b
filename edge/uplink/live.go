package uplink

import (
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// sample is one offered record that waits for its pack. Times are as offered.
type sample struct {
	seq    uint64
	values []wire.Value // what was offered with Offer
	whole  wire.Sample  // what was offered with OfferSample
	at     time.Time
}

// len returns how many values the sample has.
func (s *sample) len() int {
	if s.whole.Shape != nil {
		return s.whole.Len()
	}
	return len(s.values)
}

// time returns when it was taken, as offered.
func (s *sample) time() (ms int64, ok bool) {
	switch {
	case s.whole.Shape != nil:
		return s.whole.Time, true
	case len(s.values) > 0:
		return s.values[0].Time, true
	}
	return 0, false
}

// device returns whose it is, and whether it is the gateway's heartbeat.
func (s *sample) device() (name string, heartbeat bool) {
	switch {
	case s.whole.Shape != nil:
		name = s.whole.Device
	case len(s.values) > 0:
		name = s.values[0].Stream.Device
	}
	return name, name == wire.HeartbeatStream.Device
}

// liveQueue is the present, in memory. What it drops is not lost: the journal has
// it, and it goes as history.
type liveQueue struct {
	items  []sample
	values int
	full   int // values that fill a pack, when one was last thought of
}

const (
	maxLiveValues = 16 << 10         // kept at most: half a megabyte, or what many lines give in a third of a second
	maxLiveAge    = 60 * time.Second // what is older is history
	maxLiveDelay  = 2 * time.Second  // so is what had to wait so long for room, while there is more
	mostSlots     = 256              // of a queue that are kept, and cheap to move up
)

func (q *liveQueue) push(s sample) {
	q.items = append(q.items, s)
	q.values += s.len()
	for q.values > maxLiveValues && len(q.items) > 1 {
		q.drop(1)
	}
}

// drop forgets the n oldest and returns how many values they had.
func (q *liveQueue) drop(n int) (values int) {
	for i := range q.items[:n] {
		values += q.items[i].len()
	}
	q.values -= values
	switch {
	case cap(q.items) <= mostSlots: // to be filled again: two packs a second would leave as many behind
		q.items = slices.Delete(q.items, 0, n)
	case len(q.items) == n:
		q.items = nil // lets go of a buffer that grew
	default:
		clear(q.items[:n])
		if q.items = q.items[n:]; cap(q.items) <= mostSlots {
			q.items = slices.Clone(q.items) // it was the end of one that grew
		}
	}
	return values
}

// begin leaves only what a first pack can hold and is not old: after an outage
// the present goes first.
func (q *liveQueue) begin(limit int, now time.Time) {
	n := 0
	values := q.values
	for n < len(q.items)-1 && (values > limit || now.Sub(q.items[n].at) > maxLiveAge) {
		values -= q.items[n].len()
		n++
	}
	q.drop(n)
}

// due returns when the oldest sample has waited long enough; zero: there is none.
func (q *liveQueue) due(linger time.Duration) time.Time {
	if len(q.items) == 0 {
		return time.Time{}
	}
	return q.items[0].at.Add(linger)
}

// head returns how many of the oldest samples make one pack: at most limit values,
// unless the first sample alone has more, and at most wire.MaxRanges ranges.
func (q *liveQueue) head(limit int) int {
	values, ranges := 0, 0
	for i := range q.items {
		s := &q.items[i]
		if i == 0 || s.seq != q.items[i-1].seq+1 {
			ranges++
		}
		if values += s.len(); i > 0 && (values > limit || ranges > wire.MaxRanges) {
			return i
		}
	}
	return len(q.items)
}

// pack makes a pack of the n oldest samples. If clock cannot date the first, all
// keep their time since boot.
func (q *liveQueue) pack(n int, o *Options) *wire.Pack {
	p := &wire.Pack{Gateway: o.Gateway, Epoch: o.Epoch, Lane: wire.Live}
	date := func(ms int64) int64 { return ms }
	if o.Clock != nil && n > 0 {
		if _, _, trusted := o.Clock.Unix(firstTime(q.items[:n])); !trusted {
			p.Boot = o.Boot
		} else {
			date = func(ms int64) int64 {
				unixMS, _, _ := o.Clock.Unix(ms)
				return unixMS
			}
		}
	}
	for i := range q.items[:n] {
		s := &q.items[i]
		p.Ranges = appendSeq(p.Ranges, s.seq)
		if s.whole.Shape != nil {
			whole := s.whole
			whole.Time = date(whole.Time)
			p.Samples = append(p.Samples, whole)
		}
		for _, v := range s.values {
			v.Time = date(v.Time)
			p.Values = append(p.Values, v)
		}
	}
	return p
}

func firstTime(items []sample) int64 {
	for i := range items {
		if ms, ok := items[i].time(); ok {
			return ms
		}
	}
	return 0
}

// appendSeq adds a number to ranges in ascending order.
func appendSeq(rs []wire.Range, seq uint64) []wire.Range {
	if n := len(rs); n > 0 && rs[n-1].To+1 == seq {
		rs[n-1].To = seq
		return rs
	}
	return append(rs, wire.Range{From: seq, To: seq})
}
