package explore

import "hash/maphash"

// table is a set of states, numbered in the order in which they came. Equal
// hashes are told apart by the states themselves: nothing is taken for seen that
// was not.
type table struct {
	seed   maphash.Seed
	slots  []uint32 // number of a state, +1
	states []State
}

func newTable() *table {
	return &table{seed: maphash.MakeSeed(), slots: make([]uint32, 1<<12)}
}

// put returns the number of s, and whether it is new.
func (t *table) put(s *State) (n int, fresh bool) {
	if 2*len(t.states) >= len(t.slots) {
		t.grow()
	}
	i := t.slot(s)
	if n := t.slots[i]; n > 0 {
		return int(n - 1), false
	}
	t.states = append(t.states, *s)
	t.slots[i] = uint32(len(t.states))
	return len(t.states) - 1, true
}

// slot is where s is, or belongs.
func (t *table) slot(s *State) uint64 {
	mask := uint64(len(t.slots) - 1)
	i := maphash.Comparable(t.seed, *s) & mask
	for t.slots[i] > 0 && t.states[t.slots[i]-1] != *s {
		i = (i + 1) & mask
	}
	return i
}

func (t *table) grow() {
	t.slots = make([]uint32, 2*len(t.slots))
	for n := range t.states {
		t.slots[t.slot(&t.states[n])] = uint32(n + 1)
	}
}
