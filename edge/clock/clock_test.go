package clock

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// board is a bubble's board: its boot time runs with the bubble's time, its
// kernel says what the test wants, its disk keeps the timeline.
type board struct {
	mu     sync.Mutex
	start  time.Time
	kernel func(bootMS int64) Kernel
	saved  []Run
	chip   func(bootMS int64) (int64, bool)
	saves  int
	onSave func() error
	got    []Anchor
}

func newBoard() *board {
	return &board{start: time.Now(), kernel: func(int64) Kernel { return Kernel{} }}
}

func (b *board) now() int64 { return time.Since(b.start).Milliseconds() }

// says changes what the kernel says from now on.
func (b *board) says(kernel func(bootMS int64) Kernel) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.kernel = kernel
}

// synced is a kernel whose clock is right.
func synced(bootMS int64) Kernel { return Kernel{bootMS, truth + bootMS, 5, true} }

// clock starts the clock of the board; stop ends it, as a restart does.
func (b *board) clock(t *testing.T, trust ...string) (c *Clock, stop func()) {
	c = New(Options{Boot: Boot{ID: bootID}, Trust: trust, Runs: b.saved, Now: b.now,
		Chip: func() (int64, bool) {
			if b.chip == nil {
				return 0, false
			}
			return b.chip(b.now())
		},
		Kernel: func() Kernel {
			b.mu.Lock()
			defer b.mu.Unlock()
			return b.kernel(b.now())
		},
		Save: func(runs []Run) error {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.saves++
			if b.onSave != nil {
				if err := b.onSave(); err != nil {
					return err
				}
			}
			b.saved = runs
			return nil
		},
		Anchored: func(r Run) {
			b.mu.Lock()
			defer b.mu.Unlock()
			as := r.Timeline.Anchors()
			b.got = append(b.got, as[len(as)-1])
		}})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	return c, func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func wait(d time.Duration) {
	time.Sleep(d) // in a bubble: no real time passes
	synctest.Wait()
}

// The board starts in 1970; minutes later the kernel is synchronised. All
// readings of the boot are dated, and keep their dates over a restart.
func TestClockStartsIn1970(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBoard()
		b.says(func(bootMS int64) Kernel { return Kernel{bootMS, bootMS, 16_000_000, true} }) // 1970, and a status that lies
		c, stop := b.clock(t)
		wait(5 * time.Minute)
		if _, _, trusted := c.Unix(1000); trusted || c.State() != Unsynced || b.saves != 0 {
			t.Fatalf("1970 was believed: %s", c.State())
		}
		if d, ok := c.Date(bootID, 1000); ok {
			t.Errorf("Date = %+v", d)
		}
		b.says(synced)
		wait(time.Second)
		unix, errMS, trusted := c.Unix(1000)
		if unix != truth+1000 || errMS > 5+31 || !trusted || c.State() != Synced || b.saves != 1 || len(b.got) != 1 {
			t.Fatalf("Unix(1000) = %d ± %d, %v; %s, %d saves", unix-truth, errMS, trusted, c.State(), b.saves)
		}
		stop()
		again, stop := b.clock(t)
		defer stop()
		if got, _, _ := again.Unix(1000); got != unix {
			t.Errorf("after a restart Unix(1000) = %d, was %d", got, unix)
		}
		if tl, err := again.Timeline(); err != nil || len(tl.Anchors()) != 1 {
			t.Errorf("%+v, %v", tl, err)
		}
	})
}

// Jumps of the wall clock by hours: what was dated keeps its date, time rises,
// and the anchors do not flood the journal.
func TestClockJumps(t *testing.T) {
	for name, jump := range map[string]int64{"forward": 5 * hour, "back": -5 * hour} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBoard()
				b.says(synced)
				c, stop := b.clock(t)
				defer stop()
				wait(10 * time.Minute)
				var dated [][2]int64
				last := int64(0)
				note := func() {
					unix, _, _ := c.Unix(b.now())
					if unix <= last {
						t.Fatalf("at %d time fell from %d to %d", b.now(), last, unix)
					}
					last = unix
					dated = append(dated, [2]int64{b.now(), unix})
				}
				note()
				b.says(func(bootMS int64) Kernel { return Kernel{bootMS, truth + bootMS + jump, 5, true} })
				for range 200 {
					wait(500 * time.Millisecond)
					note()
				}
				wait(11 * time.Hour)
				note()
				if now := b.now(); last != truth+now+jump {
					t.Errorf("the truth was not reached: %d ms away", last-truth-now-jump)
				}
				for _, d := range dated {
					if unix, _, _ := c.Unix(d[0]); unix != d[1] {
						t.Fatalf("%d was dated %d and is %d", d[0], d[1], unix)
					}
				}
				// One for the start, one for the jump, and one each time the drift bound
				// has grown by a second: every 10 000 s.
				if n := len(b.got); n > 2+5 {
					t.Errorf("%d anchors", n)
				}
			})
		})
	}
}

// Without a kernel that is synchronised, the aggregator's time serves; once the
// kernel is, the aggregator is not heard any more.
func TestClockSources(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBoard()
		c, stop := b.clock(t)
		defer stop()
		wait(10 * time.Second)
		c.Observe(FromUplink, b.now(), truth+b.now()+300, 400)
		wait(0)
		if unix, errMS, _ := c.Unix(b.now()); unix != truth+b.now()+300 || errMS != 400 || c.State() != Synced {
			t.Fatalf("%d ± %d, %s", unix-truth-b.now(), errMS, c.State())
		}
		wait(11 * time.Minute)
		if c.State() != Held {
			t.Errorf("nothing was heard for 11 minutes, the clock is %s", c.State())
		}
		b.says(synced)
		wait(2 * time.Minute)
		if got, _, _ := c.Unix(b.now()); got != truth+b.now() || c.State() != Synced {
			t.Errorf("with the kernel: %d ms off, %s", got-truth-b.now(), c.State())
		}
		anchors := len(b.got)
		c.Observe(FromUplink, b.now(), truth+b.now()+hour, 10)
		wait(time.Minute)
		if len(b.got) != anchors {
			t.Errorf("the aggregator overruled the kernel: %+v", b.got)
		}
	})
}

// Only sources that the configuration trusts count.
func TestClockTrust(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBoard()
		b.says(synced)
		c, stop := b.clock(t, FromUplink)
		defer stop()
		c.Observe("gps", b.now(), truth, 1)
		wait(time.Minute)
		if c.State() != Unsynced {
			t.Errorf("an untrusted source set the clock: %+v", b.got)
		}
	})
}

// A moment that is dated while the disk is slow to save an anchor keeps its date.
func TestClockSlowDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBoard()
		b.says(synced)
		c, stop := b.clock(t)
		wait(5 * time.Minute)
		var at, unix int64
		b.mu.Lock()
		b.onSave = func() error {
			time.Sleep(9 * time.Second) // in a bubble
			if at == 0 {
				at = b.now()
				unix, _, _ = c.Unix(at)
			}
			return nil
		}
		b.mu.Unlock()
		b.says(func(bootMS int64) Kernel { return Kernel{bootMS, truth + bootMS + hour, 5, true} })
		wait(7 * time.Minute) // it has to insist for five
		stop()
		if got, _, _ := c.Unix(at); at == 0 || got != unix {
			t.Errorf("%d was dated %d and is %d", at, unix, got)
		}
		if got, _, _ := c.Unix(b.now()); got != truth+b.now()+hour || b.saves < 3 {
			t.Errorf("the anchor does not count: %d, %d saves", got-truth-b.now(), b.saves)
		}
		if got, _, _ := b.saved[len(b.saved)-1].Timeline.Unix(at); got != unix {
			t.Errorf("after a restart %d would be dated %d, not %d", at, got, unix)
		}
	})
}

// A disk that fails does not stop the clock.
func TestClockFailingDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBoard()
		b.says(synced)
		full := errors.New("disk is full")
		b.onSave = func() error { return full }
		c, stop := b.clock(t)
		defer stop()
		wait(time.Second)
		if _, err := c.Timeline(); c.State() != Synced || !errors.Is(err, full) {
			t.Errorf("%s, %v", c.State(), err)
		}
	})
}

func TestBoot(t *testing.T) {
	if b := ThisBoot(); !validBoot(b.ID) || b.Made {
		t.Errorf("boot id %q", b.ID)
	}
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad")
	if err := os.WriteFile(bad, []byte("not a boot id\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{bad, filepath.Join(dir, "none")} {
		a, b := bootFrom(file), bootFrom(file)
		if !validBoot(a.ID) || a == b || !a.Made {
			t.Errorf("%s: %q, %q", file, a.ID, b.ID)
		}
	}
	if first, second := BootMS(), BootMS(); first <= 0 || second < first {
		t.Errorf("boot time %d, then %d", first, second)
	}
}

// The kernel's answer is consistent, whatever state this machine is in.
func TestReadKernel(t *testing.T) {
	k := ReadKernel()
	wall := time.Now().UnixMilli()
	if k.ErrMS < 1 || k.BootMS <= 0 || k.UnixMS > wall || wall-k.UnixMS > 10_000 {
		t.Errorf("%+v at %d", k, wall)
	}
	for unixMS, want := range map[int64]bool{0: false, 1_704_067_200_000: false, truth: true, 4_200_000_000_000: false} {
		if plausible(unixMS) != want {
			t.Errorf("plausible(%d) = %v", unixMS, !want)
		}
	}
}
