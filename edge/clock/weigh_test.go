package clock

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// The kernel goes on calling itself synchronised for nine hours after the last word of
// an NTP server; that its error estimate only grows gives it away within the hour.
func TestClockNoticesLostSync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBoard()
		b.says(synced)
		c, stop := b.clock(t)
		defer stop()
		wait(10 * time.Minute)
		lost := b.now()
		b.says(func(bootMS int64) Kernel {
			k := synced(bootMS)
			k.ErrMS += (bootMS - lost) * kernelPPM / 1_000_000
			k.Synced = k.ErrMS < 16_000
			return k
		})
		wait(50 * time.Minute)
		if s := c.Status(); s.State != Synced {
			t.Errorf("after 50 minutes, a long pause between two polls: %+v", s)
		}
		wait(15 * time.Minute)
		if s := c.Status(); s.State != Held || s.ErrMS < 5 || s.ForMS < 60*60_000 {
			t.Errorf("after an hour: %+v", s)
		}
		wait(24 * time.Hour)
		if s := c.Status(); s.State != Held || s.ErrMS < 24*hour*DriftPPM/1_000_000 {
			t.Errorf("after a day: %+v, want held, and a bound that grew", s)
		}
		b.says(func(bootMS int64) Kernel { k := synced(bootMS); k.UnixMS += 7_000; return k }) // within the bound
		wait(time.Minute)
		if s := c.Status(); s.State != Synced || s.ErrMS > 10 {
			t.Errorf("with a server again: %+v", s)
		}
	})
}

// A wall clock that jumps by hours for some minutes and calls itself synchronised
// dates nothing; the dispute is shown meanwhile.
func TestClockPassesOverATransient(t *testing.T) {
	for _, jump := range []int64{5 * hour, -5 * hour} {
		synctest.Test(t, func(t *testing.T) {
			b := newBoard()
			b.says(synced)
			c, stop := b.clock(t)
			defer stop()
			wait(10 * time.Minute)
			b.says(func(bootMS int64) Kernel { k := synced(bootMS); k.UnixMS += jump; return k })
			wait(4 * time.Minute)
			if d := c.Status().Dispute; d == nil || d.Source != FromKernel || d.OffMS != jump {
				t.Errorf("the dispute is %+v, want the kernel %d ms off", d, jump)
			}
			b.says(synced)
			wait(10 * time.Minute)
			if got, _, _ := c.Unix(b.now()); got != truth+b.now() || len(b.got) != 1 || c.Status().Dispute != nil {
				t.Errorf("%d ms off, %d anchors, %+v", got-truth-b.now(), len(b.got), c.Status().Dispute)
			}
		})
	}
}

// Of two sources that contradict each other, the one that stands by what is known is
// right as long as it speaks, whatever their order.
func TestClockIsNotLiedTo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBoard()
		b.says(synced)
		c, stop := b.clock(t)
		defer stop()
		wait(10 * time.Minute)
		lie := func(bootMS int64) Kernel { k := synced(bootMS); k.UnixMS += 5 * hour; return k }
		b.says(lie)
		for range 24 * 60 {
			c.Observe(FromUplink, b.now(), truth+b.now()+20, 50)
			wait(time.Minute)
		}
		s := c.Status()
		if got, errMS, _ := c.Unix(b.now()); abs(got-truth-b.now()) > errMS || errMS > 2_000 || s.State != Synced {
			t.Errorf("%d ± %d ms off, %+v", got-truth-b.now(), errMS, s)
		}
		if d := s.Dispute; d == nil || d.Source != FromKernel || d.Against != FromUplink || abs(d.OffMS-5*hour) > 100 {
			t.Errorf("the dispute is %+v", d)
		}
		wait(20 * time.Minute) // nobody contradicts any more
		if got, _, _ := c.Unix(b.now()); got != truth+b.now()+5*hour {
			t.Errorf("alone, the kernel is not followed: %d", got-truth-b.now())
		}
	})
}

// Two sources that say the same against what is known are followed at once.
func TestClockFollowsTwo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBoard()
		b.says(func(bootMS int64) Kernel { k := synced(bootMS); k.UnixMS -= 5 * hour; return k })
		c, stop := b.clock(t)
		defer stop()
		wait(10 * time.Minute)
		c.Observe(FromUplink, b.now(), truth+b.now(), 50)
		b.says(synced)
		wait(time.Minute)
		if got, _, _ := c.Unix(b.now()); got != truth+b.now() {
			t.Errorf("%d ms off", got-truth-b.now())
		}
	})
}

// A kernel that claims a time at which this program was not written, or one before
// what earlier boots saw, is not believed at once; a floor stands meanwhile.
func TestClockFloor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBoard()
		before := ran(1, hour, Anchor{FromKernel, 0, truth - 30*24*hour, 10})
		b.saved = []Run{before}
		b.says(func(bootMS int64) Kernel { return Kernel{bootMS, truth - 200*24*hour + bootMS, 5, true} })
		c, stop := b.clock(t)
		defer stop()
		floor, trusted := c.Time()
		end, _, _ := before.Timeline.Unix(hour)
		if trusted || floor.UnixMilli() < end-1000 || floor.UnixMilli() > end {
			t.Errorf("the floor is %v, trusted %v, want the end of the boot before, %d", floor, trusted, end)
		}
		wait(time.Minute)
		if later, _ := c.Time(); later.Sub(floor) < 59*time.Second || later.Sub(floor) > time.Minute {
			t.Errorf("a minute later the floor has risen by %v", later.Sub(floor))
		}
		if s := c.Status(); s.State != Unsynced || s.Dispute == nil || s.Dispute.Against != "" {
			t.Errorf("a kernel that is half a year late: %+v", s)
		}
		last := c.Floor()
		b.says(synced)
		for range 20 {
			wait(30 * time.Second)
			now := c.Floor()
			if now.Before(last) {
				t.Fatalf("the floor fell from %v to %v", last, now)
			}
			last = now
		}
		if now, trusted := c.Time(); !trusted || now.UnixMilli() != truth+b.now() || last.After(now) {
			t.Errorf("%v, trusted %v, floor %v", now, trusted, last)
		}
	})
}

// A kernel that says what this program's own date contradicts is never believed.
func TestClockKnowsItsAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBoard()
		b.says(func(bootMS int64) Kernel { return Kernel{bootMS, truth + bootMS, 5, true} })
		c := New(Options{Boot: Boot{ID: bootID}, Now: b.now, Kernel: func() Kernel { return b.kernel(b.now()) },
			Chip: func() (int64, bool) { return 0, false }, Built: time.UnixMilli(truth + 24*hour)})
		if c.kernel(b.kernel(0)); c.said[FromKernel].UnixMS != truth {
			t.Fatal("the kernel was not heard")
		}
		c.weigh()
		if c.State() != Unsynced || !c.Floor().Equal(time.UnixMilli(truth+24*hour)) {
			t.Errorf("%s, floor %v", c.State(), c.Floor())
		}
	})
}

// The power goes while a first anchor and the dates of the boots before are being
// written: whatever prefix of them is on the disk, no boot is dated twice, and the
// next boot that learns the time dates the rest within the bounds, in order.
func TestClockCutWhileAnchoring(t *testing.T) {
	past := []Run{ran(1, hour, Anchor{FromKernel, 0, truth, 10}), ran(2, hour), ran(3, hour)}
	starts := []int64{truth, truth + 2*hour, truth + 5*hour, truth + 9*hour, truth + 12*hour} // of boot 1 to 5
	var written []Run
	c := New(Options{Boot: Boot{ID: boot(4)}, Order: 4, Runs: past, Now: func() int64 { return hour }, Chip: noChip,
		Save: func(runs []Run) error { written = runs; return nil }})
	c.anchor(Anchor{FromKernel, hour, starts[3] + hour, 10})
	if len(written) != 3 {
		t.Fatalf("%d boots were written, want 3", len(written))
	}
	for n := range len(written) + 1 {
		onDisk := append(append([]Run{}, past...), ran(4, hour))
		for _, r := range written[:n] {
			onDisk[r.Order-1] = r
		}
		d := New(Options{Boot: Boot{ID: boot(5)}, Order: 5, Runs: onDisk, Now: func() int64 { return hour }, Chip: noChip})
		d.payOwed()
		d.anchor(Anchor{FromKernel, hour, starts[4] + hour, 10})
		last := int64(0)
		for i, start := range starts {
			for _, at := range []int64{1_000, hour} {
				date, ok := d.Date(boot(i+1), at)
				if !ok || abs(date.UnixMS-start-at) > date.ErrMS || date.UnixMS <= last {
					t.Errorf("%d written: boot %d at %d: %+v, %v, truth %d, the one before %d", n, i+1, at, date, ok, start+at, last)
				}
				if last = date.UnixMS; i+1 >= 2 && i+1 < 2+n && i+1 < 5 {
					if was, _, _ := written[i-1].Timeline.Unix(at); was != date.UnixMS {
						t.Errorf("%d written: boot %d at %d was %d and is %d", n, i+1, at, was, date.UnixMS)
					}
				}
			}
		}
	}
}

func noChip() (int64, bool) { return 0, false }

// The dates of earlier boots do not count before they are on the disk, and are
// written again until they are.
func TestClockOwesDates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBoard()
		b.saved = []Run{ran(1, hour, Anchor{FromKernel, 0, truth - 9*hour, 10}), ran(2, hour)}
		b.says(synced)
		full := true
		b.onSave = func() error {
			if full {
				return errors.New("no space")
			}
			return nil
		}
		c, stop := b.clock(t)
		defer stop()
		wait(5 * time.Minute)
		if _, ok := c.Date(boot(2), 0); ok || c.State() != Synced {
			t.Errorf("dated %v on a full disk; %s", ok, c.State())
		}
		b.mu.Lock()
		full = false
		b.mu.Unlock()
		wait(time.Minute)
		d, ok := c.Date(boot(2), 0)
		if !ok || !d.Guess {
			t.Errorf("%+v, %v", d, ok)
		}
	})
}
