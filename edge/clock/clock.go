package clock

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// The trust states, as they stand in wire.State.Clock.
const (
	Synced   = "synced"   // confirmed lately
	Held     = "held"     // was confirmed; boot time carries it on, the error grows
	Unsynced = "unsynced" // never confirmed since boot: nothing can be dated
)

// The sources an anchor can come from.
const (
	FromKernel = "kernel"
	FromUplink = "uplink"
)

// When to look, and when a new anchor is worth a record.
const (
	lookUnsynced = time.Second      // how often the kernel is asked before the first anchor
	lookSynced   = 30 * time.Second // and after
	fresh        = 10 * 60_000      // ms: a source that spoke within this is still there
	anchorEvery  = 60_000           // ms between anchors, at least
	lead         = 2_000            // ms: an anchor is made this far ahead, see anchor
	threshold    = 100              // ms beside the error bounds that are not worth an anchor
	refresh      = 1_000            // ms by which an anchor's error may exceed what is known now
)

// Options says how a Clock is made.
type Options struct {
	Boot  Boot
	Trust []string // sources believed, the best first; none means kernel, uplink
	// Saved is the timeline of this boot from before a restart; nil or of another
	// boot: begin anew.
	Saved *Timeline
	// Save keeps the timeline on the disk, synced, before its newest anchor counts:
	// a date must survive a crash, or what is sent again would be stored twice. It
	// may block. After an error the anchor counts all the same; the clock goes on.
	Save func(*Timeline) error
	// Anchored is told of each anchor after it counts. It must not block. May be nil.
	Anchored func(Anchor)
	// Kernel is asked for the kernel's view; nil: ReadKernel.
	Kernel func() Kernel
	// Now returns boot time; nil: BootMS.
	Now func() int64
}

// Clock dates moments of the running boot. Safe for concurrent use.
type Clock struct {
	o      Options
	looked chan struct{} // wakes Run: an observation waits

	mu       sync.Mutex
	timeline *Timeline
	dated    int64            // latest moment ever dated; its date must stand
	heard    map[string]int64 // source → boot time of its last word
	waiting  map[string]Anchor
	saveErr  error
}

// New returns a clock. Without Run it dates by the saved anchors only.
func New(o Options) *Clock {
	if len(o.Trust) == 0 {
		o.Trust = []string{FromKernel, FromUplink}
	}
	if o.Kernel == nil {
		o.Kernel = ReadKernel
	}
	if o.Now == nil {
		o.Now = BootMS
	}
	c := &Clock{o: o, looked: make(chan struct{}, 1), timeline: &Timeline{Boot: o.Boot.ID},
		heard: make(map[string]int64), waiting: make(map[string]Anchor)}
	if o.Saved != nil && o.Saved.Boot == o.Boot.ID {
		c.timeline = o.Saved.Clone()
	}
	return c
}

// Boot returns the id of the running boot.
func (c *Clock) Boot() string { return c.o.Boot.ID }

// BootMS returns the milliseconds since boot.
func (c *Clock) BootMS() int64 { return c.o.Now() }

// Unix dates a moment of this boot; see Timeline.Unix. Once trusted, the date of
// a moment that has passed never changes.
func (c *Clock) Unix(bootMS int64) (unixMS, errMS int64, trusted bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	unixMS, errMS, trusted = c.timeline.Unix(bootMS)
	if trusted {
		c.dated = max(c.dated, bootMS)
	}
	return unixMS, errMS, trusted
}

// Moment returns a moment of this boot as it travels.
func (c *Clock) Moment(bootMS int64) wire.Moment {
	unixMS, errMS, _ := c.Unix(bootMS)
	return wire.Moment{Unix: unixMS, Boot: c.o.Boot.ID, BootMS: bootMS, ErrorMS: errMS}
}

// State returns Synced, Held or Unsynced.
func (c *Clock) State() string {
	now := c.o.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, _, trusted := c.timeline.Unix(now); !trusted {
		return Unsynced
	}
	for _, at := range c.heard {
		if now-at <= fresh {
			return Synced
		}
	}
	return Held
}

// Timeline returns a copy of the anchors there are, and the error of the last
// Save.
func (c *Clock) Timeline() (*Timeline, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.timeline.Clone(), c.saveErr
}

// Observe tells the clock what a source says: at bootMS it was unixMS, give or
// take errMS. It does not block; Run weighs it.
func (c *Clock) Observe(source string, bootMS, unixMS, errMS int64) {
	c.note(Anchor{source, bootMS, unixMS, errMS})
	select {
	case c.looked <- struct{}{}:
	default:
	}
}

func (c *Clock) note(a Anchor) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting[a.Source] = a
}

// Run asks the kernel from time to time and weighs what the sources say, until
// ctx ends; then it returns nil.
func (c *Clock) Run(ctx context.Context) error {
	look := time.NewTimer(0)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-c.looked:
			c.weigh()
			continue
		case <-look.C:
		}
		if k := c.o.Kernel(); k.Synced && slices.Contains(c.o.Trust, FromKernel) {
			c.note(Anchor{FromKernel, k.BootMS, k.UnixMS, k.ErrMS})
		}
		c.weigh()
		every := lookSynced
		if c.State() == Unsynced {
			every = lookUnsynced
		}
		look.Reset(every)
	}
}

// weigh takes the observations that wait, the best source first, and makes an
// anchor of one that is worth it. A source is not heard while a better one is.
func (c *Clock) weigh() {
	now := c.o.Now()
	c.mu.Lock()
	waiting := c.waiting
	c.waiting = make(map[string]Anchor)
	var found *Anchor
	for _, source := range c.o.Trust {
		if a, ok := waiting[source]; ok && a.check() == nil {
			c.heard[source] = a.BootMS
			if found == nil {
				found = &a
			}
		}
		if at, ok := c.heard[source]; ok && now-at <= fresh {
			break
		}
	}
	worth := found != nil && c.timeline.worth(*found)
	c.mu.Unlock()
	if worth {
		c.anchor(*found)
	}
}

// worth says whether an observation adds to the timeline: there is none, it
// contradicts the line, or it knows far better. It is compared with the line and
// not with the date, which may still be catching up after a step back.
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

// anchor makes an anchor of an observation, has it saved, and lets it count. A
// moment dated meanwhile keeps its date, because the anchor lies ahead of it; if
// saving took longer than that, it is made again further ahead.
func (c *Clock) anchor(o Anchor) {
	for ahead := int64(lead); ahead < lead*1000; ahead *= 10 {
		c.mu.Lock()
		next := c.timeline.Clone()
		at := max(c.o.Now(), c.dated)
		c.mu.Unlock()
		if _, _, trusted := next.Unix(at); trusted {
			at += ahead
		}
		a := Anchor{Source: o.Source, BootMS: at}
		a.UnixMS, a.ErrMS = o.line(at)
		if err := next.Add(a); err != nil {
			return // full, or not possible: the anchors there are go on counting
		}
		var err error
		if c.o.Save != nil {
			err = c.o.Save(next)
		}
		if c.use(next, a, err) {
			return
		}
	}
}

// use lets the timeline count, unless a moment it would date anew was dated.
func (c *Clock) use(next *Timeline, a Anchor, saveErr error) bool {
	c.mu.Lock()
	if len(c.timeline.segments) > 0 && c.dated >= a.BootMS {
		c.mu.Unlock()
		return false
	}
	c.timeline, c.saveErr = next, saveErr
	c.mu.Unlock()
	if c.o.Anchored != nil {
		c.o.Anchored(a)
	}
	return true
}
