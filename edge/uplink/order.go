package uplink

import (
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// manyRecords is how many are asked of the journal at a time, oldest first: a few
// packs' worth, so that what is not there any more is stepped over quickly.
const manyRecords = 5000

// pending returns the records that are the filler's next to send: committed, not
// stored, not under way, not held; of one epoch, ascending. Oldest first, these are
// the oldest there are, more than one pack; newest first the newest, about one pack
// of so many readings, so that the next one is what came before it.
func (u *Uplink) pending(extents []Extent, readings int, now time.Time) (wire.Epoch, []wire.Range) {
	newest := u.o.Limits.Order == Newest
	if newest {
		extents = slices.Clone(extents)
		slices.Reverse(extents)
	}
	for _, x := range extents {
		missing := u.cursors.missing(x.Epoch, x.Range)
		if len(missing) == 0 {
			continue
		}
		busy, ok := u.busy(x.Epoch)
		if !ok {
			continue
		}
		take := pick
		enough := uint64(manyRecords)
		// A cursor with no room for another hole is mended from its oldest hole on:
		// what fills that always joins a range that is there.
		if newest && !u.cursors.full(x.Epoch) {
			take, enough = pickLast, u.records(readings)
		}
		if out := take(u.free(x.Epoch, missing, busy, now), enough); len(out) > 0 {
			return x.Epoch, out
		}
	}
	return "", nil
}

// records returns how many records so many readings of history take, roughly.
func (u *Uplink) records(readings int) uint64 {
	return max(1, uint64(float64(readings)/max(u.perRecord, 1)))
}

// free returns the parts of missing that are neither busy nor held, ascending.
func (u *Uplink) free(e wire.Epoch, missing []wire.Range, busy wire.RangeSet, now time.Time) (out []wire.Range) {
	h := u.hold(e)
	for _, r := range missing {
		for m := range busy.Missing(r) {
			out = append(out, h.free(m, now)...)
		}
	}
	return out
}

// pick returns the first n numbers of ranges, in at most wire.MaxRanges of them.
func pick(ranges []wire.Range, n uint64) (out []wire.Range) {
	for _, r := range ranges {
		if n == 0 || len(out) == wire.MaxRanges {
			break
		}
		r.To = min(r.To, r.From+n-1)
		n -= r.Count()
		out = append(out, r)
	}
	return out
}

// pickLast returns the last n, ascending.
func pickLast(ranges []wire.Range, n uint64) (out []wire.Range) {
	for _, r := range slices.Backward(ranges) {
		if n == 0 || len(out) == wire.MaxRanges {
			break
		}
		if r.Count() > n {
			r.From = r.To - n + 1
		}
		n -= r.Count()
		out = append(out, r)
	}
	slices.Reverse(out)
	return out
}
