package clock

// span is the bounds of one moment, Unix milliseconds.
type span struct{ lo, hi int64 }

func (s span) shift(d int64) span { return span{s.lo + d, s.hi + d} }
func (s span) widen(d int64) span { return span{s.lo - d, s.hi + d} }
func (s span) empty() bool        { return s.lo > s.hi }

func (s span) meet(o span) span { return span{max(s.lo, o.lo), min(s.hi, o.hi)} }

// drift is how far an unwatched clock may go wrong in d milliseconds, rounded up.
func drift(d int64) int64 { return max(d, -d)*DriftPPM/1_000_000 + 1 }

// shrink is the least of true time that d milliseconds of boot time can be.
func shrink(d int64) int64 { return d - drift(d) }

// Settle dates the boots that never had an anchor and lie before one that has:
// no more will be learned about them. runs are in order; the result holds those that
// are newly dated, in order, each with one anchor. Nothing in runs is changed.
//
// What is known of such a boot: it began after the last moment on record of the
// boots before, and it was over before the next one began. All boots between two
// anchored ones together lack exactly the time that the board was off, and nobody
// knows where: the bounds are as far apart as that. If a clock chip ran all along
// (see chips) it knows better, to its own drift.
//
// The date is the middle of the bounds, which makes the worst possible error as
// small as it can be. If nothing is known of the time before but that the program
// had been built (earliest, Unix milliseconds), it is the upper bound: a boot is
// more likely followed by the next one at once than to lie a year back. The
// anchor's source is FromChip or FromBounds, its error reaches to the farther
// bound. Dates rise from boot to boot; where the middle would not, see
// Timeline.After.
//
// Bounds that contradict each other mean that a source has lied. The later one is
// believed, as Clock does, and the earlier one tells nothing.
func Settle(runs []Run, earliest int64) []Run {
	last := len(runs) - 1
	for last >= 0 && !runs[last].anchored() {
		last--
	}
	if last < 0 {
		return nil
	}
	s := settling{runs: runs[:last+1], found: make([]span, last+1), sided: make([]bool, last+1), source: make([]string, last+1)}
	s.bound(earliest)
	if s.useChip() {
		s.bound(earliest)
	}
	return s.result(earliest)
}

func (r *Run) anchored() bool { return len(r.Timeline.segments) > 0 }

// settling is Settle at work. found bounds the moment Began of each run.
type settling struct {
	runs   []Run
	found  []span
	sided  []bool // something is known of the time before, so that both bounds count
	source []string
}

// bound narrows what was found by the order of the boots: forward what must have
// passed before, backward what had to fit in behind.
func (s *settling) bound(earliest int64) {
	floor, sided := earliest, false
	for i := range s.runs {
		r := &s.runs[i]
		if t, ok := r.Timeline.truth(r.Until); ok {
			s.found[i], _ = r.Timeline.truth(r.Began)
			floor, sided = t.lo, true
			continue
		}
		if s.source[i] == "" {
			s.source[i], s.found[i] = FromBounds, span{floor, maxMS}
		}
		sided = sided || s.source[i] == FromChip
		s.found[i].lo = max(s.found[i].lo, floor)
		s.sided[i] = sided
		floor = s.found[i].lo + shrink(r.Until-r.Began)
	}
	ceiling := int64(maxMS)
	for i := len(s.runs) - 1; i >= 0; i-- {
		if r := &s.runs[i]; !r.anchored() {
			s.found[i].hi = min(s.found[i].hi, ceiling-shrink(r.Until-r.Began))
		}
		ceiling = s.found[i].hi
	}
}

// useChip takes what the clock chip says of each run, unless the order of the boots
// proves it wrong.
func (s *settling) useChip() (used bool) {
	for i, c := range chips(s.runs) {
		if c == nil || s.runs[i].anchored() {
			continue
		}
		if both := s.found[i].meet(*c); !both.empty() {
			s.found[i], s.source[i], used = both, FromChip, true
		}
	}
	return used
}

// result makes an anchor of what was found, in the middle of each run, where its
// drift weighs least.
func (s *settling) result(earliest int64) (out []Run) {
	runs := append([]Run(nil), s.runs...)
	for i := range runs {
		r := &runs[i]
		if r.anchored() {
			continue
		}
		f := s.found[i]
		at := f.hi
		if f.empty() {
			f.lo = min(earliest, f.hi)
		} else if s.sided[i] {
			at = f.lo + (f.hi-f.lo)/2
		}
		half := (r.Until - r.Began) / 2
		t := &Timeline{Boot: r.Timeline.Boot}
		a := Anchor{Source: s.source[i], BootMS: r.Began + half, UnixMS: at + half, ErrMS: max(at-f.lo, f.hi-at) + drift(half)}
		if t.Add(a) != nil {
			continue // a time that cannot be: it stays undated rather than wrong
		}
		if i > 0 {
			t.follow(&runs[i-1])
		}
		r.Timeline = t
		out = append(out, *r)
	}
	return out
}
