package uplink

import (
	"slices"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// learn takes note of the dictionaries that the aggregator behind an acknowledgement
// reads. Several of different versions may share the records, and nobody says which
// of them gets the next pack: what counts is what all of them listed since the
// connection began. An aggregator speaks to each gateway that comes online, and when
// it starts itself, so it is heard before much can reach it.
func (u *Uplink) learn(listed []uint32) {
	if !u.link.heard {
		u.link.heard, u.link.readable = true, slices.Clone(listed)
	}
	u.link.readable = filter(u.link.readable, func(id uint32) bool { return slices.Contains(listed, id) })
	now := wire.ChooseDictionary(u.link.readable)
	before := u.packer.use(now)
	if before == 0 || before == now {
		return
	}
	// Somebody cannot read what is on its way. It is not sent again as it is, but as
	// what the journal makes of it now. An answer to it counts all the same.
	u.prepared = nil
	u.window[liveLane].take()
	u.window[backfillLane].take()
}

// use sets the dictionary for what is packed from now on, 0 for none, and returns
// the one before.
func (p *packer) use(id uint32) (before uint32) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before, p.Dictionary = p.Dictionary, id
	return before
}

func (p *packer) dictionary() uint32 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.Dictionary
}

// stale says whether a parcel was packed with a dictionary that was withdrawn while
// it was made. Its readings are read again.
func (u *Uplink) stale(p parcel) bool {
	return p.dictionary != 0 && p.dictionary != u.packer.dictionary()
}
