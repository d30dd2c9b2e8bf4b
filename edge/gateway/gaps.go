package gateway

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/record"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// gapsKey is the journal's state key for openGaps.
const gapsKey = "gaps"

// maxOpenGaps bounds the gaps that are remembered; beyond it the two neighbours with
// the least between them become one that spans both.
const maxOpenGaps = 64

// openGaps are the gaps that no store is known to have. They are kept as a state,
// which outlives the records that carry them: a gap whose record is given up by the
// quota, dropped from memory or damaged before it was sent is filed again, else
// what it declared would be lost silently after all.
type openGaps struct {
	// Told is the counter of the newest run whose end was declared. It is committed
	// together with the gap that declares it: a power cut right after a start takes
	// both, and the next start declares that end too.
	Told uint32 `json:"told,omitempty"`
	// Damaged are the counters of the runs whose damage of unknown extent was declared.
	Damaged []uint32  `json:"damaged,omitempty"`
	Open    []openGap `json:"open,omitempty"`
}

// openGap is a gap and the record that carries it.
type openGap struct {
	Epoch wire.Epoch `json:"epoch"`
	Seq   uint64     `json:"seq,omitempty"` // 0: not known
	Gap   wire.Gap   `json:"gap"`
}

func (g *Gateway) openGaps() (o openGaps) {
	if b, ok := g.journal.State(gapsKey); ok && json.Unmarshal(b, &o) != nil {
		return openGaps{} // ends of runs are declared twice then, rather than never
	}
	return o
}

// fileGap writes a gap down and hands it to the uplink. change, if there is one,
// changes what is committed with it. The caller holds the lock.
func (g *Gateway) fileGap(gap wire.Gap, change func(*openGaps)) error {
	o := g.openGaps()
	o.Open = slices.DeleteFunc(o.Open, g.gapStored)
	if change != nil {
		change(&o)
	}
	if len(o.Open) >= maxOpenGaps {
		i := closest(len(o.Open), func(i int) wire.Gap { return o.Open[i].Gap })
		both := span(o.Open[i].Gap, o.Open[i+1].Gap)
		o.Open = slices.Delete(o.Open, i, i+2)
		if err := g.carry(both, &o, i); err != nil {
			return err
		}
	}
	return g.carry(gap, &o, len(o.Open))
}

func (g *Gateway) gapStored(x openGap) bool {
	return g.uplink != nil && x.Seq > 0 && g.uplink.Stored(x.Epoch, wire.Range{From: x.Seq, To: x.Seq})
}

// carry appends the record of a gap, with o and the gap at place i in it as state.
func (g *Gateway) carry(gap wire.Gap, o *openGaps, i int) error {
	e := wire.Event{V: wire.Version, Kind: "gap", Gap: &gap, At: g.moment(g.opt.BootMS())}
	gap.From, gap.To = bounds(gap.From, gap.To, e.At)
	body, err := record.AppendEvent(nil, e)
	if err != nil {
		return err
	}
	g.showGap(gap)
	o.Open = slices.Insert(o.Open, i, openGap{Epoch: g.epoch, Gap: gap})
	state, err := json.Marshal(o)
	if err != nil {
		return err
	}
	seq, err := g.journal.AppendState(record.KindEvent, body, gapsKey, state)
	if err != nil {
		return err
	}
	o.Open[i].Seq = seq
	if state, err = json.Marshal(o); err != nil {
		return err
	}
	if err := g.journal.SetState(gapsKey, state); err != nil || g.uplink == nil {
		return err
	}
	e.Epoch, e.Seq = g.epoch, seq
	return g.uplink.Event(e)
}

// bounds returns the moments of a gap so that it can travel. A damaged header takes
// its stamp with it: then the gap lasts until now, and begins with the boot in which
// it ends, since nothing older is known. No gap ends before it begins.
func bounds(from, to, now wire.Moment) (wire.Moment, wire.Moment) {
	unknown := func(m wire.Moment) bool { return m.Unix == 0 && m.Boot == "" }
	if unknown(to) {
		to = now
	}
	if unknown(from) {
		from = wire.Moment{Boot: to.Boot}
		if to.Unix > to.BootMS && to.Boot != "" {
			from.Unix, from.ErrorMS = to.Unix-to.BootMS, to.ErrorMS
		}
	}
	if unknown(from) {
		from = to
	}
	if ms, ok := between(from, to); ok && ms < 0 {
		from = to
	}
	return from, to
}

// refile files those gaps again whose records are among the lost ones. The caller
// holds the lock.
func (g *Gateway) refile(l journal.Loss) error {
	var again []wire.Gap
	hit := func(x openGap) bool {
		return x.Epoch == wire.Epoch(l.Epoch.String()) && slices.ContainsFunc(l.Ranges, func(r journal.Range) bool {
			return r.From <= x.Seq && x.Seq <= r.To
		})
	}
	for _, x := range g.openGaps().Open {
		if hit(x) && !g.gapStored(x) {
			again = append(again, x.Gap)
		}
	}
	for len(again) > 1 && len(again) > maxOpenGaps/2 {
		i := closest(len(again), func(i int) wire.Gap { return again[i] })
		again = slices.Replace(again, i, i+2, span(again[i], again[i+1]))
	}
	forget := func(o *openGaps) { o.Open = slices.DeleteFunc(o.Open, hit) }
	for _, gap := range again {
		if err := g.fileGap(gap, forget); err != nil {
			return fmt.Errorf("a gap whose record is lost: %w", err)
		}
		forget = nil
	}
	return nil
}

// span is one gap over two, with the numbers only if they are of one epoch and few.
func span(a, b wire.Gap) wire.Gap {
	out := wire.Gap{From: a.From, To: b.To, Why: a.Why, Detail: "several gaps, declared as one"}
	if ms, ok := between(a.To, b.To); ok && ms < 0 {
		out.To = a.To
	}
	if a.Epoch != b.Epoch {
		return out
	}
	out.Epoch = a.Epoch
	if set, ok := wire.SetOf(slices.Concat(a.Ranges, b.Ranges)...); ok && set.Len() <= wire.MaxRanges && len(a.Ranges)*len(b.Ranges) > 0 {
		out.Ranges = set.Ranges()
	}
	return out
}

// closest returns the first of the two neighbours among n gaps, at least two, that
// have the least time between them: what one gap over both declares without need.
// What cannot be compared is merged last, the oldest first.
func closest(n int, at func(int) wire.Gap) (best int) {
	least := int64(math.MaxInt64)
	for i := range n - 1 {
		a, b := at(i), at(i+1)
		hole, ok := between(a.To, b.From)
		order, _ := between(a.From, b.From)
		if ok && order >= 0 && hole < least {
			best, least = i, max(hole, 0)
		}
	}
	return best
}

// between returns the milliseconds from a to b, if one clock saw both.
func between(a, b wire.Moment) (ms int64, ok bool) {
	switch {
	case a.Boot != "" && a.Boot == b.Boot:
		return b.BootMS - a.BootMS, true
	case a.Unix != 0 && b.Unix != 0:
		return b.Unix - a.Unix, true
	default:
		return 0, false
	}
}
