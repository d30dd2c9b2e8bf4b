package explore

import (
	"fmt"
	"math/bits"
	"strings"
)

// Records is how many records one history may hold, gaps included.
const Records = 8

// Set is a set of records, by index.
type Set uint8

func one(r int) Set { return 1 << r }

// Has says whether record r is in the set.
func (s Set) Has(r int) bool { return s>>r&1 == 1 }

// first returns the smallest record; the set is not empty.
func (s Set) first() int { return bits.TrailingZeros8(uint8(s)) }

func (s Set) last() int { return 7 - bits.LeadingZeros8(uint8(s)) }

// Len counts the records.
func (s Set) Len() int { return bits.OnesCount8(uint8(s)) }

// String lists the records: "{0 3}".
func (s Set) String() string {
	var b strings.Builder
	b.WriteByte('{')
	for r := range Records {
		if s.Has(r) {
			if b.Len() > 1 {
				b.WriteByte(' ')
			}
			fmt.Fprint(&b, r)
		}
	}
	return b.String() + "}"
}

// A pack holds one or two records of one epoch. Packs are numbered from 1 so that
// a set of packs fits a word.
const packCount = Records + Records*(Records-1)/2

type packTable struct {
	number [256]uint8
	set    [packCount + 1]Set
}

func newPackTable() *packTable {
	t, n := new(packTable), uint8(0)
	for s := 1; s < 256; s++ {
		if Set(s).Len() <= 2 {
			n++
			t.number[s], t.set[n] = n, Set(s)
		}
	}
	return t
}

// windowSize is how many packs may be unacknowledged: one for each record.
const windowSize = Records

// The lanes. A window entry is a pack's number with its lane above.
const (
	alertLane = iota
	eventLane
	liveLane
	historyLane
	laneShift = 6
	packMask  = 1<<laneShift - 1
)

// State is everything there is: gateway, network, aggregators, store, and how
// many of each fault have happened. It is a plain value, equal when all is equal.
type State struct {
	Net     uint64       // packs that were ever sent, by number
	Gap     [Records]Set // what a gap record declares; empty: it is no gap
	epochs  uint16       // two bits for each record
	used    uint32       // faults so far, three bits for each
	N       uint8        // records so far
	Now     uint8        // the present epoch
	Alerts  Set
	Outage  Set // gaps that declare the end of a run
	RAM     Set // appended, not committed
	Disk    Set // committed and readable
	Live    Set // offered, waiting to be sent live
	Crashed Set // lost before their commit
	Trimmed Set // given up
	Damaged Set // unreadable

	Unanswered Set
	Cursor     Set // in memory
	queued     Set // saved, to be on disk with the next commit
	Saved      Set // on disk

	Window [windowSize]uint8 // packs with their lanes, in the order of transmission
	passed uint8             // bit i: something later than Window[i] in its lane was acknowledged

	victim, heir uint8 // record being given up, and the gap that declares it; each +1
	rewind       uint8 // 1 asked for, 2 done and not on disk yet

	Acked            Set // acknowledgements on their way
	recvA, recvB     Set // received and not stored
	Rows             Set // in the store
	Had              Set // ever in the store
	backup           Set
	clone, cloneGoal uint8 // a foreign pack: 1 sent, 2 stored, 3 its acknowledgement came; for which record
	broken           law
}

func (s *State) epochOf(r int) uint8 { return uint8(s.epochs >> (2 * r) & 3) }

// gone is what the gateway does not hold any more.
func (s *State) gone() Set { return s.Crashed | s.Trimmed | s.Damaged }

// gaps is every record that is a gap.
func (s *State) gaps() (g Set) {
	for r := range int(s.N) {
		if s.Gap[r] != 0 {
			g |= one(r)
		}
	}
	return g
}

// declared is what gap records name that are not lost before their commit: the
// journal keeps that as a state beside them.
func (s *State) declared() (d Set) {
	for r := range int(s.N) {
		if !s.Crashed.Has(r) {
			d |= s.Gap[r]
		}
	}
	return d
}

// declaredBy is what the gaps in a set declare.
func (s *State) declaredBy(gaps Set) (d Set) {
	for r := range int(s.N) {
		if gaps.Has(r) {
			d |= s.Gap[r]
		}
	}
	return d
}

// ofEpoch is the records of one epoch.
func (s *State) ofEpoch(e uint8) (m Set) {
	for r := range int(s.N) {
		if s.epochOf(r) == e {
			m |= one(r)
		}
	}
	return m
}

// add appends a record to RAM and returns it.
func (s *State) add(gap Set) int {
	r := int(s.N)
	s.N++
	s.epochs |= uint16(s.Now&3) << (2 * r)
	s.RAM |= one(r)
	s.Gap[r] = gap
	return r
}

func (s *State) String() string {
	return fmt.Sprintf("epoch %d: memory %v disk %v cursor %v saved %v window %v; given up %v, lost %v, damaged %v; store %v",
		s.Now, s.RAM, s.Disk, s.Cursor, s.Saved, s.Window, s.Trimmed, s.Crashed, s.Damaged, s.Rows)
}
