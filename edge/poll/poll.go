// Package poll decides when each device is sampled. One line has one goroutine,
// so that what shares a wire never talks at the same time, and what does not
// share it never waits for each other.
//
// The schedule is a fixed grid on the monotonic clock: a step of the wall clock
// moves nothing. A sample that overruns its slot skips to the next grid point;
// nothing is caught up. Of several devices that are due, the one whose slot ends
// first goes first; one that failed last time lets a whole interval's worth of
// others go before it. The devices of a line begin one after another, so that one
// that waits for its timeout keeps no other from its grid point if that can be.
package poll

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Device is one device on a line.
type Device struct {
	ID      string
	Every   time.Duration // the grid; > 0
	Timeout time.Duration // bound for one sample; > 0
	// Due is a point of its grid, as Sample.Next said: who polls it after somebody else
	// keeps its rhythm. Zero: the line chooses.
	Due time.Time
	// Least is the shortest time between two samples that the part allows, however it
	// is asked. Pace changes its rhythm; nil: nobody does.
	Least time.Duration
	Pace  *Pace
	// Open makes the driver. It is called before the first sample and again, in a
	// later slot, as long as it fails. It must not block on the hardware.
	Open func() (drivers.Driver, error)
	// Driver is open already: whoever polled the device before handed it on. Nil: Open
	// makes it.
	Driver drivers.Driver
	// Keep is given the open driver when the polling ends, which else closes it. It is
	// called by the goroutine that polls. Nil: nobody keeps it.
	Keep func(drivers.Driver)
}

// Sample is the outcome of one slot: readings, or an error.
type Sample struct {
	Device   string
	BootMS   int64 // boot time at which the sample was complete, milliseconds
	Readings []obs.Reading
	Err      error
	Took     time.Duration
	Late     time.Duration // how long after its grid point the sample began
	Skipped  int           // grid points passed over since the last sample
	Next     time.Time     // when the device is due again
	Driver   drivers.Driver
}

// lastWord is how long a sample that has begun may go on after the end: a slave that
// was asked is heard, so that whoever polls it next does not get its answer.
const lastWord = time.Second

// Line samples the devices of one line until ctx ends and the sample in hand is
// complete, at most a second later; then it closes their drivers, or gives them to whom
// keeps them. Its first device is
// due at start: lines with the same start wake up together, which costs less than
// each for itself. bootMS reads the boot clock. sink is called from this goroutine, in
// order; the samples are its to keep.
func Line(ctx context.Context, start time.Time, devices []Device, bootMS func() int64, sink func(Sample)) {
	slots, apart := make([]*slot, len(devices)), spread(devices)
	for i, d := range devices {
		slots[i] = &slot{device: d, driver: d.Driver, due: start.Add(time.Duration(i) * apart)}
		if !d.Due.IsZero() {
			slots[i].due = d.Due.Add(max(0, start.Sub(d.Due)/d.Every) * d.Every) // at most one slot late
		}
	}
	defer end(slots)
	timer := time.NewTimer(0)
	defer timer.Stop()
	var changed atomic.Bool
	for _, s := range slots {
		s.device.Pace.on(func() { changed.Store(true); timer.Reset(0) })
		s.heed(start)
		defer s.device.Pace.on(nil)
	}
	asking, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	defer context.AfterFunc(ctx, func() {
		time.AfterFunc(lastWord, cut)
		timer.Reset(0) // whoever sets it later sees that ctx has ended
	})()
	for now := time.Now(); ; now = time.Now() {
		if changed.Swap(false) {
			for _, s := range slots {
				s.heed(now)
			}
		}
		s := next(slots, now)
		if s == nil {
			return // no devices
		}
		// One channel is waited for, not two: many lines do this often.
		if timer.Reset(s.soonest(now).Sub(now)); ctx.Err() == nil && !changed.Load() {
			<-timer.C
		}
		if ctx.Err() != nil {
			return
		}
		now = time.Now()
		if s = next(slots, now); changed.Load() || s.soonest(now).After(now) {
			continue // it was woken for a change
		}
		sample := s.sample(asking, now, bootMS, closest(slots)) // several may be due by now
		if ctx.Err() != nil && sample.Err != nil {
			return // probably cut short by the end, not by the device
		}
		sink(sample)
	}
}

// maxSpread bounds how long after one device the next one begins: nobody wants to
// wait for the first values of a line with many slow devices.
const maxSpread = time.Second

// spread returns how far apart the grids of these devices lie: an equal share of
// the shortest interval for each.
func spread(devices []Device) time.Duration {
	apart := maxSpread
	for _, d := range devices {
		apart = min(apart, d.Every/time.Duration(len(devices)))
	}
	return apart
}

// Once opens a device, samples it a single time and closes it again.
func Once(ctx context.Context, d Device) ([]obs.Reading, time.Duration, error) {
	s := &slot{device: d}
	defer s.close()
	began := time.Now()
	rs, err := s.ask(ctx, began)
	return rs, time.Since(began), err
}

// slot is a device with its place on the grid.
type slot struct {
	device  Device
	driver  drivers.Driver
	due     time.Time // the next grid point
	skipped int
	failed  bool // the last sample did

	began  time.Time     // the last sample; zero: none yet
	asked  bool          // for a sample beside the grid
	closer time.Duration // how often it is sampled instead of Every; 0: it is not
	grid   time.Time     // while it is looked at closer: a point of its grid
}

// closest returns how many devices are looked at closer.
func closest(slots []*slot) (n int) {
	for _, s := range slots {
		if s.closer > 0 {
			n++
		}
	}
	return n
}

// next picks the slot to serve: among those due, the one whose slot ends first;
// if none is due, the one that will be due first.
func next(slots []*slot, now time.Time) *slot {
	var due, soonest *slot
	for _, s := range slots {
		at := s.soonest(now)
		if soonest == nil || at.Before(soonest.soonest(now)) {
			soonest = s
		}
		if !at.After(now) && (due == nil || s.ends().Before(due.ends())) {
			due = s
		}
	}
	if due != nil {
		return due
	}
	return soonest
}

// ends is when the slot ends; for a device that failed, a slot later. It will
// probably take all of its timeout again, and those who answer need not wait for
// that. On a line that is always busy its turn comes all the same.
func (s *slot) ends() time.Time {
	if s.asked && !s.failed {
		return s.began // somebody waits for it
	}
	if s.failed {
		return s.due.Add(2 * s.device.Every)
	}
	return s.due.Add(s.device.Every)
}

// sample polls once, now, bounded by the device's timeout, and moves the slot to the
// first grid point that is still ahead.
func (s *slot) sample(ctx context.Context, began time.Time, bootMS func() int64, closer int) Sample {
	out := Sample{Device: s.device.ID, Late: max(0, began.Sub(s.due)), Skipped: s.skipped}
	s.began, s.asked = began, false
	out.Readings, out.Err = s.ask(ctx, began)
	ended := time.Now()
	out.BootMS, out.Took, out.Driver = bootMS(), ended.Sub(began), s.driver
	s.failed = out.Err != nil
	if s.closer > 0 && !s.failed {
		s.skipped, s.due = 0, s.closely(ended, out.Took, closer)
	} else {
		s.advance(ended)
	}
	out.Next = s.due
	return out
}

func (s *slot) ask(ctx context.Context, began time.Time) ([]obs.Reading, error) {
	if s.driver == nil {
		d, err := s.device.Open()
		if err != nil {
			return nil, err
		}
		s.driver, began = d, time.Now()
	}
	limited := bound(ctx, began.Add(s.device.Timeout))
	defer limited.end()
	return guarded(limited, s.driver)
}

// guarded turns a panic in a driver into that device's error: one broken driver
// must not take the gateway down with it.
func guarded(ctx context.Context, d drivers.Driver) (rs []obs.Reading, err error) {
	defer func() {
		if p := recover(); p != nil {
			rs, err = nil, fmt.Errorf("the driver has a bug and panicked: %v\n%s", p, debug.Stack())
		}
	}()
	return d.Sample(ctx)
}

func (s *slot) advance(now time.Time) {
	s.skipped = -1
	if s.closer > 0 { // it failed while it was looked at closer
		s.due = s.onGrid(now)
	}
	for !s.due.After(now) {
		behind := now.Sub(s.due)/s.device.Every + 1
		s.due = s.due.Add(behind * s.device.Every)
		s.skipped += int(behind)
	}
	s.skipped = max(s.skipped, 0)
}

// end closes the drivers that nobody keeps.
func end(slots []*slot) {
	for _, s := range slots {
		if s.driver != nil && s.device.Keep != nil {
			s.device.Keep(s.driver)
			continue
		}
		s.close()
	}
}

func (s *slot) close() {
	if s.driver != nil {
		_ = s.driver.Close() // the line goes away with the gateway's part; nothing is left to tell
	}
}
