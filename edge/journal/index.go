package journal

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
)

// index is what Open finds in a directory. Making it changes nothing.
type index struct {
	names  []string
	files  []*file // ascending by number
	life   Wear    // as the newest header tells it
	states map[string][]byte
	floor  uint64     // segments below it were given up; what is left of them can go
	epoch  uint32     // highest counter seen
	num    uint64     // highest segment number seen
	bad    []badBytes // in the newest segment
}

// load reads the headers of all segments and the newest segment whole. The
// others are taken at their successor's word, so that a large journal opens fast.
func load(fsys FS, dir string) (*index, error) {
	names, err := fsys.List(dir)
	if err != nil {
		return nil, fmt.Errorf("journal: list %s: %w", dir, err)
	}
	x := &index{names: names, states: map[string][]byte{}}
	said := map[uint64]summary{}
	for _, name := range names {
		f, err := openFile(fsys, dir, name)
		if err != nil {
			return nil, fmt.Errorf("journal: read %s: %w", filepath.Join(dir, name), err)
		}
		if f == nil {
			continue
		}
		x.files = append(x.files, f)
		x.num, x.epoch = max(x.num, f.num), max(x.epoch, f.epoch.N)
		if h := f.header; h.flash > x.life.Flash {
			x.life = Wear{Syncs: h.syncs, Flash: h.flash}
		}
		if p := f.header.prev; p.num != 0 {
			x.num, x.epoch = max(x.num, p.num), max(x.epoch, p.epoch.N)
			said[p.num] = p
		}
	}
	slices.SortFunc(x.files, func(a, b *file) int { return cmp.Compare(a.num, b.num) })
	for i, f := range x.files {
		s, known := said[f.num]
		delete(said, f.num)
		f.expect(x.files[:i])
		if i == len(x.files)-1 {
			break // foldStates scans it
		}
		if err := f.settle(fsys, dir, s, known); err != nil {
			return nil, err
		}
	}
	if err := x.foldStates(fsys, dir); err != nil {
		return nil, err
	}
	x.addMissing(said)
	return x, nil
}

// foldStates scans the newest segment, and older ones as long as none has
// carried all states along, and applies what they say in order.
func (x *index) foldStates(fsys FS, dir string) error {
	var runs [][]stateEntry
	for i := len(x.files) - 1; i >= 0; i-- {
		var run []stateEntry
		complete := false
		f := x.files[i]
		before, damaged := f.summary, f.damaged
		if err := f.scan(fsys, dir, endOf(before, i == len(x.files)-1), collect(&run, &complete)); err != nil {
			return err
		}
		if i < len(x.files)-1 { // settled already
			f.summary, f.damaged = before, f.damaged || damaged
		} else if x.bad = f.bad; f.foul {
			f.ruin()
			x.bad = append(x.bad, badBytes{off: f.end, end: f.size})
		}
		if runs = append(runs, run); complete {
			break
		}
	}
	for _, run := range slices.Backward(runs) {
		for _, e := range run {
			x.apply(e)
		}
	}
	return nil
}

func endOf(s summary, newest bool) int64 {
	if newest {
		return 0
	}
	return s.end
}

func (x *index) apply(e stateEntry) {
	if e.isFloor {
		x.floor = max(x.floor, e.floor)
		return
	}
	applyState(x.states, e)
}

func applyState(states map[string][]byte, e stateEntry) {
	switch {
	case e.isFloor:
	case e.gone:
		delete(states, e.key)
	default:
		states[e.key] = e.value
	}
}

// collect returns a visitor that gathers the state entries of a segment.
func collect(run *[]stateEntry, complete *bool) func(*block, int64) error {
	dec, err := newUnpacker()
	return func(b *block, _ int64) error {
		if err != nil {
			return err
		}
		*complete = *complete || b.flags&flagHeadEnd != 0
		if b.flags&flagState == 0 {
			return nil
		}
		raw, bad := b.unpack(dec, nil)
		if bad != nil {
			return nil // Read reports it
		}
		_, _ = entries(raw, b.first, nil, func(e stateEntry) error {
			e.value = slices.Clone(e.value)
			*run = append(*run, e)
			return nil
		})
		return nil
	}
}

// addMissing puts an entry for each segment that a later one names and that is
// not there, though nobody gave it up.
func (x *index) addMissing(said map[uint64]summary) {
	for num, s := range said {
		if num < x.floor || s.first == 0 {
			continue
		}
		f := &file{segment: segment{summary: s, gone: true, absent: true}}
		if s.first <= s.last {
			f.lost = []Loss{{Epoch: s.epoch, Ranges: []Range{{s.first, s.last}}, From: s.opened, To: s.closed, Why: WhyDamage}}
		}
		x.files = append(x.files, f)
	}
	slices.SortFunc(x.files, func(a, b *file) int { return cmp.Compare(a.num, b.num) })
}

// epochs rolls segments, ascending by number, up into epochs.
func epochs(segs []*segment) []EpochInfo {
	var out []EpochInfo
	for _, s := range segs {
		if s.first == 0 {
			continue // nothing was ever written to it
		}
		if len(out) == 0 || out[len(out)-1].Epoch != s.epoch {
			out = append(out, EpochInfo{Epoch: s.epoch, First: s.first, Last: s.first - 1, Opened: s.opened, LastCommit: s.opened})
			if n := len(out) - 1; n > 0 {
				out[n].follow(out[n-1].LastCommit, s)
			}
		}
		e := &out[len(out)-1]
		if s.first > e.Last+1 { // the numbers go on, the records between are in no segment
			e.Lost = append(e.Lost, Loss{Epoch: s.epoch, Ranges: []Range{{e.Last + 1, s.first - 1}},
				From: e.LastCommit, To: s.opened, Why: WhyDamage})
		}
		for _, l := range s.lost {
			if l.From == (Stamp{}) {
				l.From = e.LastCommit
			}
			e.Lost = append(e.Lost, l)
		}
		e.Clean, e.Damaged = s.clean, s.ruined
		if e.Opened == (Stamp{}) {
			e.Opened = s.opened
		}
		e.Last = max(e.Last, s.last)
		if s.closed != (Stamp{}) { // unknown when the header is damaged and nothing follows
			e.LastCommit = s.closed
		}
	}
	return out
}

// follow gives an epoch whose beginning is damaged the newest commit before it as a
// bound. Opened stays unknown if there are records, or they would be dated by it.
func (e *EpochInfo) follow(before Stamp, s *segment) {
	if e.LastCommit == (Stamp{}) {
		e.LastCommit = before
	}
	if e.Opened == (Stamp{}) && s.last < s.first {
		e.Opened = before
	}
}
