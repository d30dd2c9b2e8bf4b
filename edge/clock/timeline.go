package clock

import (
	"errors"
	"fmt"
	"sort"
)

// DriftPPM is what an unwatched board's clock may run wrong, in parts per
// million: 8.6 s a day. Crystals on cheap boards are sold with 20 to 100.
const DriftPPM = 100

// MaxAnchors bounds a Timeline. Anchors come a few times a day, at most once a
// minute.
const MaxAnchors = 4096

// maxMS bounds every count of milliseconds that is read back.
const maxMS = 1 << 52

// ErrFull says that a Timeline takes no more anchors. The last one goes on
// counting and the error bound grows: dates already given must not change.
var ErrFull = errors.New("timeline is full")

// Anchor ties boot time to wall time: at BootMS it was UnixMS, give or take ErrMS.
type Anchor struct {
	Source string `json:"s"` // kernel, uplink, chip, bounds
	BootMS int64  `json:"b"`
	UnixMS int64  `json:"t"`
	ErrMS  int64  `json:"e"`
}

// Timeline is the anchors of one boot, in the order of their boot times. The
// latest at or before a moment counts; before the first, the first. A step back
// is not taken at once: time then runs at half speed until the truth has caught
// up, and so it does when the boot before had been dated further than this one
// begins. The zero value dates nothing. Not safe for concurrent use.
type Timeline struct {
	Boot string
	// After is the latest date that the boots before were given, Unix milliseconds:
	// every date of this one lies behind it. 0: there is none. Set before the second Add.
	After    int64
	segments []segment
}

// segment is an anchor and the wall time that had been reached when it came.
type segment struct {
	Anchor
	from int64 // ≥ UnixMS
}

// Add puts a behind the anchors there are.
func (t *Timeline) Add(a Anchor) error {
	if err := a.check(); err != nil {
		return err
	}
	s := segment{a, a.UnixMS}
	if n := len(t.segments); n > 0 {
		if n >= MaxAnchors {
			return ErrFull
		}
		if last := t.segments[n-1].BootMS; a.BootMS <= last {
			return fmt.Errorf("anchor at %d ms since boot is not after the last, %d ms", a.BootMS, last)
		}
		reached, _, _ := t.Unix(a.BootMS)
		s.from = max(s.from, reached)
	}
	t.segments = append(t.segments, s)
	return nil
}

func (a Anchor) check() error {
	if a.BootMS < 0 || a.BootMS > maxMS || a.ErrMS < 0 || a.ErrMS > maxMS || !plausible(a.UnixMS) || a.Source == "" || len(a.Source) > 32 {
		return fmt.Errorf("anchor %+v is not possible", a)
	}
	return nil
}

// Unix returns the wall time of a moment of this boot in Unix milliseconds, and
// how far the truth may be away on either side. trusted is false, and the times
// are 0, if there is no anchor.
func (t *Timeline) Unix(bootMS int64) (unixMS, errMS int64, trusted bool) {
	s, ok := t.at(bootMS)
	if !ok {
		return 0, 0, false
	}
	line, errMS := s.line(bootMS)
	unixMS = line
	if past := bootMS - s.BootMS; past >= 0 {
		unixMS = max(line, s.from+past/2)
	}
	if t.After != 0 && s.BootMS == t.segments[0].BootMS {
		unixMS = max(unixMS, t.After+1+max(bootMS, 0)/2)
	}
	return unixMS, errMS + unixMS - line, true
}

// truth returns the bounds between which a moment surely lay, if the anchors are
// honest.
func (t *Timeline) truth(bootMS int64) (span, bool) {
	s, ok := t.at(bootMS)
	if !ok {
		return span{}, false
	}
	line, errMS := s.line(bootMS)
	return span{line - errMS, line + errMS}, true
}

// follow makes the dates of t lie behind the last one of the boot before. Where
// the two contradict each other a source has lied, and the truth is not held up
// for that.
func (t *Timeline) follow(before *Run) {
	end, endErr, ok := before.Timeline.Unix(before.Until)
	begin, beginErr, _ := t.Unix(0)
	if ok && end-begin <= endErr+beginErr {
		t.After = end
	}
}

// Source returns the source of the first anchor, empty if there is none.
func (t *Timeline) Source() string {
	if len(t.segments) == 0 {
		return ""
	}
	return t.segments[0].Source
}

// at returns the segment that counts for a moment.
func (t *Timeline) at(bootMS int64) (segment, bool) {
	if len(t.segments) == 0 {
		return segment{}, false
	}
	i := sort.Search(len(t.segments), func(i int) bool { return t.segments[i].BootMS > bootMS })
	return t.segments[max(i-1, 0)], true
}

// line returns the wall time without regard to what had been reached, and its
// error bound.
func (a Anchor) line(bootMS int64) (unixMS, errMS int64) {
	past := bootMS - a.BootMS
	return a.UnixMS + past, a.ErrMS + max(past, -past)*DriftPPM/1_000_000
}

// Anchors returns a copy of the anchors.
func (t *Timeline) Anchors() []Anchor {
	as := make([]Anchor, len(t.segments))
	for i, s := range t.segments {
		as[i] = s.Anchor
	}
	return as
}

// Clone returns a timeline that shares nothing with t.
func (t *Timeline) Clone() *Timeline {
	return &Timeline{Boot: t.Boot, After: t.After, segments: append([]segment(nil), t.segments...)}
}
