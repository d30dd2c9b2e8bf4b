package clock

import (
	"slices"
)

// When a source is believed, and what is worth an anchor. Milliseconds.
const (
	freshUplink = 10 * 60_000 // a source that spoke within this is still there
	freshKernel = 60 * 60_000 // longer than the longest pause between two polls of an NTP daemon
	anchorEvery = 60_000      // between anchors, at least
	threshold   = 100         // beside the error bounds that is not worth an anchor
	refresh     = 1_000       // by which an anchor's error may exceed what is known now
	confirmIn   = 5 * 60_000  // for how long a source has to insist on what contradicts the rest
)

// kernelPPM is how fast the kernel's error estimate grows while nobody looks after
// its clock. It says that it is unsynchronised only when the estimate reaches 16 s,
// nine hours later.
const kernelPPM = 500

// ear is what was heard from the sources.
type ear struct {
	waiting map[string]Anchor // not weighed yet
	said    map[string]Anchor // last word
	heard   map[string]int64  // boot time at which the source was surely alive
	beat    Kernel            // the kernel's answer when its clock was last looked after
	doubt   *doubt
}

// doubt is a word of a source that contradicts what is known.
type doubt struct {
	Anchor
	since int64 // boot time of the first such word
	off   int64 // from what is known, milliseconds
}

func (e *ear) fresh(source string, now int64) bool {
	at, ok := e.heard[source]
	limit := int64(freshUplink)
	if source == FromKernel {
		limit = freshKernel
	}
	return ok && now-at <= limit
}

// kernel takes the kernel's answer. That it calls itself synchronised says little:
// what counts is that its error estimate does anything but grow by itself.
func (e *ear) kernel(k Kernel) {
	if !k.Synced {
		delete(e.heard, FromKernel)
		delete(e.said, FromKernel)
		e.beat = Kernel{}
		return
	}
	a := Anchor{FromKernel, k.BootMS, k.UnixMS, k.ErrMS}
	if a.check() != nil {
		return
	}
	grown := e.beat.ErrMS + (k.BootMS-e.beat.BootMS)*kernelPPM/1_000_000
	if off := k.ErrMS - grown; !e.beat.Synced || max(off, -off) > 5 {
		e.beat = k
		e.heard[FromKernel] = k.BootMS
	}
	if e.fresh(FromKernel, k.BootMS) {
		e.waiting[FromKernel], e.said[FromKernel] = a, a
	}
}

func (e *ear) note(a Anchor) {
	if a.check() == nil {
		e.waiting[a.Source], e.said[a.Source], e.heard[a.Source] = a, a, a.BootMS
	}
}

// best takes what waits and returns the word of the best source that is there. A
// source is not heard while a better one is.
func (e *ear) best(trust []string, now int64) (found *Anchor) {
	waiting := e.waiting
	e.waiting = make(map[string]Anchor)
	for _, source := range trust {
		if a, ok := waiting[source]; ok {
			return &a
		}
		if e.fresh(source, now) {
			return nil
		}
	}
	return nil
}

// weigh decides on the observations that wait, and makes an anchor of one that is
// worth it.
func (c *Clock) weigh() {
	now := c.o.Now()
	c.mu.Lock()
	found := c.best(c.o.Trust, now)
	if found != nil && found.UnixMS < c.earliest {
		found = nil // it says that this program has not been written yet
	}
	if found != nil {
		found = c.judge(*found, now)
	}
	c.mu.Unlock()
	if found != nil {
		c.anchor(*found)
	}
}

// judge returns the observation to make an anchor of, nil if there is none. One that
// contradicts what is known by more than both bounds allow is either a lie or the
// end of one. It is followed at once if another source says the same, never while
// another one stands by what is known, and else when it has been said for
// confirmIn: a wall clock that jumps for a minute dates nothing.
func (c *Clock) judge(a Anchor, now int64) *Anchor {
	off, allowed, first := c.off(a)
	if max(off, -off) <= allowed {
		c.doubt = nil
		if first || c.run.Timeline.worth(a) {
			return &a
		}
		return nil
	}
	for _, source := range c.o.Trust {
		o, ok := c.said[source]
		if source == a.Source || !ok || !c.fresh(source, now) {
			continue
		}
		if agree(a, o) {
			c.doubt = nil
			return &a
		}
		if off, allowed, _ := c.off(o); max(off, -off) <= allowed && !first {
			c.doubt = &doubt{a, now, off}
			if c.run.Timeline.worth(o) {
				return &o
			}
			return nil
		}
	}
	if c.doubt == nil || !agree(a, c.doubt.Anchor) {
		c.doubt = &doubt{a, now, off}
	}
	if c.doubt.off = off; now-c.doubt.since < confirmIn {
		return nil
	}
	c.doubt = nil
	return &a
}

// off returns how far an observation is from what is known, and how far the bounds
// allow. Before the first anchor of the boot it is only known that it is later than
// the boots before: that is what first says.
func (c *Clock) off(a Anchor) (off, allowed int64, first bool) {
	s, ok := c.run.Timeline.at(a.BootMS)
	if !ok {
		return min(0, a.UnixMS-c.floor-max(0, shrink(a.BootMS-c.run.Began))), a.ErrMS, true
	}
	unixMS, errMS := s.line(a.BootMS)
	return a.UnixMS - unixMS, a.ErrMS + errMS + threshold, false
}

// agree says whether two observations can both be true.
func agree(a, b Anchor) bool {
	unixMS, errMS := b.line(a.BootMS)
	d := a.UnixMS - unixMS
	return max(d, -d) <= a.ErrMS+errMS+threshold
}

// worth says whether an observation adds to the timeline: it is off the line, or it
// knows far better. It is compared with the line and not with the date, which may
// still be catching up after a step back.
func (t *Timeline) worth(a Anchor) bool {
	s, ok := t.at(a.BootMS)
	if !ok {
		return true
	}
	if a.BootMS < t.segments[len(t.segments)-1].BootMS+anchorEvery {
		return false
	}
	unixMS, errMS := s.line(a.BootMS)
	off := a.UnixMS - unixMS
	return max(off, -off) > a.ErrMS+threshold || errMS > a.ErrMS+refresh
}

// Dispute says that two sources of time contradict each other by more than their
// bounds allow: one of them lies.
type Dispute struct {
	Source  string // who says something else
	Against string // than whom; empty: than what was known before
	OffMS   int64  // by how much, positive: Source is ahead
}

// Status is what the clock is worth at one moment.
type Status struct {
	State   string // Synced, Held, Unsynced
	ErrMS   int64  // half width of what the time may be; 0 while Unsynced
	Source  string // of the newest anchor; empty while Unsynced
	ForMS   int64  // since the best source was heard, or since boot while Unsynced
	Dispute *Dispute
}

// Status returns the state of this moment.
func (c *Clock) Status() Status {
	now := c.o.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	s := Status{State: Unsynced, ForMS: now, Dispute: c.dispute(now)}
	if _, errMS, trusted := c.run.Timeline.Unix(now); trusted {
		s.State, s.ErrMS = Held, errMS
		newest := c.run.Timeline.segments[len(c.run.Timeline.segments)-1]
		s.Source, s.ForMS = newest.Source, now-newest.BootMS
	}
	for source, at := range c.heard {
		if s.State != Unsynced && slices.Contains(c.o.Trust, source) {
			s.ForMS = max(0, min(s.ForMS, now-at))
			if c.fresh(source, now) {
				s.State = Synced
			}
		}
	}
	return s
}

func (c *Clock) dispute(now int64) *Dispute {
	for i, a := range c.o.Trust {
		for _, b := range c.o.Trust[i+1:] {
			x, y := c.said[a], c.said[b]
			if c.fresh(a, now) && c.fresh(b, now) && !agree(x, y) {
				unixMS, _ := y.line(x.BootMS)
				return &Dispute{a, b, x.UnixMS - unixMS}
			}
		}
	}
	if c.doubt != nil {
		return &Dispute{Source: c.doubt.Source, OffMS: c.doubt.off}
	}
	return nil
}
