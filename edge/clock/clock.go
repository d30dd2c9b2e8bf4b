package clock

import (
	"context"
	"slices"
	"sync"
	"time"
)

// The trust states, as they stand in wire.State.Clock.
const (
	Synced   = "synced"   // confirmed lately
	Held     = "held"     // was confirmed; boot time carries it on, the error grows
	Unsynced = "unsynced" // never confirmed since boot: nothing can be dated
)

// The sources an anchor can come from. The last two are of boots that ended
// without one and were dated later, see Settle.
const (
	FromKernel = "kernel"
	FromUplink = "uplink"
	FromChip   = "chip"
	FromBounds = "bounds"
)

// When to look.
const (
	lookUnsynced = time.Second      // how often the kernel is asked before the first anchor
	lookSynced   = 30 * time.Second // and after
	lead         = 2_000            // ms: an anchor is made this far ahead, see anchor
)

// Options says how a Clock is made.
type Options struct {
	Boot  Boot
	Trust []string // sources believed, the best first; none means kernel, uplink
	// Runs are the boots on record, in order; the present one is the last if it is
	// among them, as after a restart of the program.
	Runs []Run
	// Order is the present boot's, if it is not among Runs.
	Order uint32
	// Save keeps runs on the disk, synced, in this order, before their newest anchors
	// count: a date must survive a crash, or what is sent again would be stored twice.
	// It may block. After an error the present boot's anchor counts all the same; the
	// earlier boots wait, and Save is tried again.
	Save func([]Run) error
	// Note keeps what is known of the present boot with the next write, whenever that
	// is. It is called when the program starts, now and then, and when Run ends. nil:
	// it is not kept.
	Note func(Run)
	// Anchored is told of each anchor after it counts: the newest of its run. It must
	// not block. May be nil.
	Anchored func(Run)
	// Kernel is asked for the kernel's view, Chip for the clock chip's; nil:
	// ReadKernel, ReadChip.
	Kernel func() Kernel
	Chip   func() (unixMS int64, ok bool)
	// Now returns boot time; nil: BootMS.
	Now func() int64
	// Built is when the program was made, see Built: what says less is no clock.
	Built time.Time
}

func (o *Options) defaults() {
	if len(o.Trust) == 0 {
		o.Trust = []string{FromKernel, FromUplink}
	}
	if o.Kernel == nil {
		o.Kernel = ReadKernel
	}
	if o.Chip == nil {
		o.Chip = ReadChip
	}
	if o.Now == nil {
		o.Now = BootMS
	}
	if o.Note == nil {
		o.Note = func(Run) {}
	}
	if o.Save == nil {
		o.Save = func([]Run) error { return nil }
	}
	if o.Anchored == nil {
		o.Anchored = func(Run) {}
	}
}

// Clock dates moments of the running boot and of those before. Safe for concurrent
// use.
type Clock struct {
	o      Options
	looked chan struct{} // wakes Run: an observation waits

	earliest int64 // see Options.Built
	floor    int64 // this boot began after it, Unix ms

	mu     sync.Mutex
	past   []Run          // the boots before, in order
	byBoot map[string]int // → past
	owed   []Run          // of them: dated, not on the disk yet
	run    Run            // the present one
	dated  int64          // latest moment ever dated; its date must stand
	shown  int64          // the latest Floor
	ear
	saveErr error
}

// New returns a clock. Without Run it dates by the saved anchors only.
func New(o Options) *Clock {
	o.defaults()
	c := &Clock{o: o, looked: make(chan struct{}, 1), earliest: o.earliest(), byBoot: make(map[string]int),
		ear: ear{waiting: make(map[string]Anchor), said: make(map[string]Anchor), heard: make(map[string]int64)}}
	c.run = Run{Timeline: &Timeline{Boot: o.Boot.ID}, Order: o.Order}
	for i, r := range o.Runs {
		if r.Timeline.Boot == o.Boot.ID {
			c.run = r
			break
		}
		c.byBoot[r.Timeline.Boot] = i
		c.past = append(c.past, r)
	}
	if c.run.Until = o.Now(); o.Boot.Made && c.run.Began == 0 {
		c.run.Began = c.run.Until
	}
	c.floor = floorOf(c.past, c.earliest)
	c.owed = Settle(append(slices.Clone(c.past), c.run), c.earliest)
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
	unixMS, errMS, trusted = c.run.Timeline.Unix(bootMS)
	if trusted {
		c.dated = max(c.dated, bootMS)
	}
	return unixMS, errMS, trusted
}

// Date is when a moment was.
type Date struct {
	UnixMS int64
	ErrMS  int64 // half width of what it may be instead
	// Guess says that the date is only a point between bounds, see Settle.
	Guess bool
}

// Date dates a moment of any boot on record; ok is false while it cannot. Once given,
// a date never changes.
func (c *Clock) Date(boot string, bootMS int64) (d Date, ok bool) {
	if boot == c.o.Boot.ID {
		d.UnixMS, d.ErrMS, ok = c.Unix(bootMS)
		return d, ok
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	i, known := c.byBoot[boot]
	if !known {
		return d, false
	}
	t := c.past[i].Timeline
	d.UnixMS, d.ErrMS, ok = t.Unix(bootMS)
	d.Guess = t.Source() == FromBounds
	return d, ok
}

// State returns Synced, Held or Unsynced.
func (c *Clock) State() string { return c.Status().State }

// Timeline returns a copy of the present boot's anchors, and the error of the last
// Save.
func (c *Clock) Timeline() (*Timeline, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.run.Timeline.Clone(), c.saveErr
}

// Observe tells the clock what a source says: at bootMS it was unixMS, give or
// take errMS. It does not block; Run weighs it.
func (c *Clock) Observe(source string, bootMS, unixMS, errMS int64) {
	c.mu.Lock()
	c.note(Anchor{source, bootMS, unixMS, errMS})
	c.mu.Unlock()
	select {
	case c.looked <- struct{}{}:
	default:
	}
}

// Run asks the kernel and the clock chip from time to time and weighs what the
// sources say, until ctx ends; then it returns nil.
func (c *Clock) Run(ctx context.Context) error {
	look, chip := time.NewTimer(0), time.NewTicker(chipEvery)
	defer look.Stop()
	defer chip.Stop()
	c.lookAtChip()
	for {
		select {
		case <-ctx.Done():
			c.lookAtChip()
			return nil
		case <-chip.C:
			c.lookAtChip()
			continue
		case <-c.looked:
			c.weigh()
			continue
		case <-look.C:
		}
		if k := c.o.Kernel(); slices.Contains(c.o.Trust, FromKernel) {
			c.mu.Lock()
			c.kernel(k)
			c.mu.Unlock()
		}
		c.weigh()
		c.payOwed()
		every := lookSynced
		if c.State() == Unsynced {
			every = lookUnsynced
		}
		look.Reset(every)
	}
}

// lookAtChip notes what the clock chip shows, and how long this boot has lasted.
// The kernel sets the chip as soon as it is synchronised itself; what it shows then
// says nothing of how it ran before.
func (c *Clock) lookAtChip() {
	unixMS, ok := c.o.Chip()
	now := c.o.Now()
	virgin := !c.o.Kernel().Synced
	c.mu.Lock()
	c.run.Until = now
	if t := (Tick{now, unixMS}); ok {
		if c.run.First == nil && c.run.Last == nil && virgin {
			c.run.First = &t
		}
		c.run.Last = &t
	}
	r := c.run
	c.mu.Unlock()
	if r.Last != nil || r.Began > 0 || r.anchored() {
		c.o.Note(r)
	}
}

// anchor makes an anchor of an observation, has it saved, and lets it count. A
// moment dated meanwhile keeps its date, because the anchor lies ahead of it; if
// saving took longer than that, it is made again further ahead.
func (c *Clock) anchor(o Anchor) {
	for ahead := int64(lead); ahead < lead*1000; ahead *= 10 {
		c.mu.Lock()
		now := c.o.Now()
		next := c.run
		next.Timeline, next.Until = c.run.Timeline.Clone(), now
		at := max(now, c.dated)
		if next.anchored() {
			at += ahead
		}
		a := Anchor{Source: o.Source, BootMS: at}
		a.UnixMS, a.ErrMS = o.line(at)
		earlier, err := c.plan(&next, a)
		c.mu.Unlock()
		if err != nil {
			return // full, or not possible: the anchors there are go on counting
		}
		err = c.o.Save(append(slices.Clone(earlier), next))
		if c.use(next, a, earlier, err) {
			return
		}
	}
}

// plan adds the anchor to next. The first one of a boot also dates the boots before
// that had none, and has next begin behind them. Call with mu held.
func (c *Clock) plan(next *Run, a Anchor) (earlier []Run, err error) {
	if next.anchored() {
		return nil, next.Timeline.Add(a)
	}
	if err := next.Timeline.Add(a); err != nil {
		return nil, err
	}
	earlier = Settle(append(slices.Clone(c.past), *next), c.earliest)
	if n := len(c.past); n > 0 {
		before := c.past[n-1]
		if m := len(earlier); m > 0 && earlier[m-1].Timeline.Boot == before.Timeline.Boot {
			before = earlier[m-1]
		}
		next.Timeline.follow(&before)
	}
	return earlier, nil
}

// use lets the timeline count, unless a moment it would date anew was dated.
func (c *Clock) use(next Run, a Anchor, earlier []Run, saveErr error) bool {
	c.mu.Lock()
	if c.run.anchored() && c.dated >= a.BootMS {
		c.mu.Unlock()
		return false
	}
	c.run.Timeline, c.saveErr = next.Timeline, saveErr
	if saveErr != nil {
		c.owed, earlier = append(c.owed, earlier...), nil
	}
	c.adopt(earlier)
	c.mu.Unlock()
	for _, r := range earlier {
		c.o.Anchored(r)
	}
	c.o.Anchored(next)
	return true
}

// adopt lets the dates of earlier boots count. Call with mu held.
func (c *Clock) adopt(runs []Run) {
	for _, r := range runs {
		if i, ok := c.byBoot[r.Timeline.Boot]; ok && !c.past[i].anchored() {
			c.past[i] = r
		}
	}
}

// payOwed saves the dates of earlier boots that could not be saved before, or were
// found when the program started.
func (c *Clock) payOwed() {
	c.mu.Lock()
	owed := c.owed
	c.mu.Unlock()
	if len(owed) == 0 {
		return
	}
	err := c.o.Save(owed)
	c.mu.Lock()
	if c.saveErr = err; err != nil {
		c.mu.Unlock()
		return
	}
	c.owed = nil
	c.adopt(owed)
	c.mu.Unlock()
	for _, r := range owed {
		c.o.Anchored(r)
	}
}
