//go:build linux

package gpio

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

// board is a machine with one pulse line in a bubble, over restarts of the program and
// of the board.
type board struct {
	*bench
	t      *testing.T
	dir    string
	booted time.Time
	boots  string
	seq    map[*benchLine]uint32
}

func newBoard(t *testing.T, dir string) *board {
	return &board{bench: newBench(), t: t, dir: dir, booted: time.Now(), boots: boot, seq: map[*benchLine]uint32{}}
}

// now is the board's clock, also for what a run finds when it begins.
func (b *board) now() time.Duration { return time.Since(b.booted) }

// start is a new run of the program.
func (b *board) start(state []byte) *Counter {
	b.t.Helper()
	c, err := newChip(Config{Chip: "gpiochip0", Keep: b.dir, Boot: b.boots}, b)
	if err != nil {
		b.t.Fatal(err)
	}
	n, err := c.Counter("rain", "GPIO17", drivers.PinSettings{Active: "low", Spacing: 100 * ms})
	if err != nil {
		b.t.Fatal(err)
	}
	if state != nil {
		if err := n.Restore(state); err != nil {
			b.t.Error(err)
		}
	}
	return n
}

// reboot is a power cut: the folder on the tmpfs is empty after it.
func (b *board) reboot() {
	b.boots = strings.Replace(b.boots, "6f1d", "7a2e", 1)
	b.booted = time.Now()
	if err := os.Remove(filepath.Join(b.dir, "rain.count")); err != nil {
		b.t.Error(err)
	}
}

// kill ends a run without giving it time to say anything: what the goroutine does at
// its end is undone.
func (b *board) kill(n *Counter) {
	b.t.Helper()
	file := filepath.Join(b.dir, "rain.count")
	kept, err := os.ReadFile(file)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := n.chip.Close(); err != nil {
		b.t.Error(err)
	}
	if err := os.WriteFile(file, kept, 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// pulses lets n pulses come, one a second.
func (b *board) pulses(n int) {
	b.t.Helper()
	for range n {
		pass(time.Second)
		b.edges(true, false)
	}
}

func (b *board) edges(rising ...bool) {
	b.t.Helper()
	l := b.requested(2)
	if l == nil {
		b.t.Fatal("nobody watches the line")
	}
	var p []byte
	for _, r := range rising {
		b.seq[l]++
		p = event{at: time.Since(b.booted), rising: r, seq: b.seq[l]}.put(p)
	}
	if _, err := l.feed.Write(p); err != nil {
		b.t.Error(err)
	}
	synctest.Wait()
}

func (b *board) count(n *Counter) drivers.PulseCount {
	b.t.Helper()
	c, err := n.Count(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

// pass lets time pass in a bubble.
func pass(d time.Duration) { <-time.After(d) }

func inBubble(t *testing.T, test func(*testing.T, *board)) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		pass(time.Hour) // so that the board has been up for a while
		b := newBoard(t, dir)
		b.booted = b.booted.Add(-time.Hour)
		b.levels[2] = true // active low: the contact is open
		test(t, b)
	})
}

func TestCounts(t *testing.T) {
	inBubble(t, func(t *testing.T, b *board) {
		n := b.start(nil)
		if c := b.count(n); c != (drivers.PulseCount{At: time.Hour}) {
			t.Errorf("a counter that was never used: %+v", c)
		}
		b.pulses(3)
		if c := b.count(n); c.Total != 3 || c.Missed || c.Last != time.Hour+3*time.Second || c.Period != time.Second || c.At != c.Last {
			t.Errorf("after three pulses: %+v", c)
		}
		pass(50 * ms)
		b.edges(true, false) // 50 ms after one: its bounce
		l := b.requested(2)
		b.seq[l] += 4 // the buffer overflowed
		b.edges(true, false)
		c := b.count(n)
		if c.Total != 4 || c.Lost != 2 || !c.Missed {
			t.Errorf("after a bounce and an overflow: %+v", c)
		}
		if c := b.count(n); c.Missed {
			t.Errorf("asked again: %+v", c)
		}
		if h := n.chip.Health(); h.Edges != 10 || h.Gone != 4 || h.Bounces != 1 || h.Keeping != nil {
			t.Errorf("health %+v", h)
		}
		if w := b.asked[0]; !w.edges || !w.activeLow || len(b.asked) != 1 {
			t.Errorf("requested as %+v", b.asked)
		}
		if err := errors.Join(n.chip.Close(), n.Close()); err != nil {
			t.Error(err)
		}
		if _, err := n.Count(t.Context()); !errors.Is(err, os.ErrClosed) {
			t.Errorf("closed: %v", err)
		}
	})
}

// The program is killed, again and again, with and without a word in the journal: what
// was counted stays counted, once, and the time in between is told.
func TestKilled(t *testing.T) {
	for _, journal := range []bool{false, true} {
		inBubble(t, func(t *testing.T, b *board) {
			n := b.start(nil)
			b.count(n)
			var state []byte
			total, dark := uint64(0), time.Duration(0)
			for run := range 5 {
				b.pulses(10)
				if journal {
					b.count(n)
					state = n.State()
				}
				b.pulses(7) // counted since the last sample
				total += 17
				b.kill(n)
				pass(20 * time.Second)
				dark += 20 * time.Second
				n = b.start(state)
				c := b.count(n)
				if c.Total != total || !c.Missed || c.Lost != 0 || c.Last != 0 {
					t.Errorf("journal %v, run %d: %+v, want %d pulses", journal, run, c, total)
				}
				if off := c.Unwatched - dark; off < 0 || off > time.Duration(run+1)*breath {
					t.Errorf("journal %v, run %d: unwatched for %v, truly %v", journal, run, c.Unwatched, dark)
				}
				if c := b.count(n); c.Missed {
					t.Errorf("told twice: %+v", c)
				}
			}
			n.chip.Close()
		})
	}
}

// After a power cut the total is that of the newest sample on the disk, and the time
// since the board is up again counts as unwatched.
func TestPowerCut(t *testing.T) {
	inBubble(t, func(t *testing.T, b *board) {
		n := b.start(nil)
		b.count(n)
		b.pulses(10)
		b.count(n)
		state := n.State()
		b.pulses(5) // since the last sample: gone with the power
		n.chip.Close()
		pass(3 * time.Hour)
		b.reboot()
		pass(40 * time.Second)
		n = b.start(state)
		if c := b.count(n); c.Total != 10 || !c.Missed || c.Unwatched != 40*time.Second {
			t.Errorf("%+v", c)
		}
		b.pulses(4)
		b.count(n)
		old := state
		b.kill(n)
		n = b.start(old) // the file is newer than the journal
		if c := b.count(n); c.Total != 14 {
			t.Errorf("%+v", c)
		}
		if err := n.Restore(state); err == nil {
			t.Error("restored while it counts")
		}
		n.chip.Close()
		n = b.start(nil)
		if err := n.Restore(state[:10]); err == nil || !strings.Contains(err.Error(), "GPIO17") {
			t.Errorf("half a state: %v", err)
		}
		if c := b.count(n); c.Total != 14 {
			t.Errorf("after half a state: %+v", c)
		}
		n.chip.Close()
	})
}

func TestChipGoneAndBack(t *testing.T) {
	inBubble(t, func(t *testing.T, b *board) {
		b.with(func() { b.there = nil })
		n := b.start(nil)
		if _, err := n.Count(t.Context()); !errors.Is(err, drivers.ErrUnplugged) {
			t.Errorf("not there yet: %v", err)
		}
		b.with(func() { b.there = newBench().there })
		pass(maxPause)
		synctest.Wait()
		if c := b.count(n); c.Unwatched != 0 || c.Missed {
			t.Errorf("the first time that it is watched: %+v", c)
		}
		b.pulses(2)
		l := b.requested(2)
		pass(gather)
		synctest.Wait()
		b.with(func() { b.broken, b.there = syscall.ENODEV, nil })
		l.feed.Close()
		synctest.Wait()
		if _, err := n.Count(t.Context()); !errors.Is(err, drivers.ErrUnplugged) {
			t.Errorf("pulled: %v", err)
		}
		if n.chip.Health().Fault == nil {
			t.Error("health does not say so")
		}
		pass(time.Minute)
		b.with(func() { b.broken, b.there = nil, newBench().there })
		pass(maxPause)
		synctest.Wait()
		if c := b.count(n); c.Total != 2 || !c.Missed || c.Unwatched < time.Minute || c.Unwatched > time.Minute+2*maxPause {
			t.Errorf("back: %+v", c)
		}
		b.pulses(1)
		if c := b.count(n); c.Total != 3 {
			t.Errorf("and on: %+v", c)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := n.Count(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
		n.chip.Close()
	})
}

// Edges that wait in the kernel when the counter is closed are counted.
func TestClosedWithEdgesWaiting(t *testing.T) {
	inBubble(t, func(t *testing.T, b *board) {
		n := b.start(nil)
		b.count(n)
		l := b.requested(2)
		fed := make(chan struct{})
		closed := make(chan struct{})
		go func() {
			defer close(closed)
			n.chip.Close()
		}()
		go func() {
			defer close(fed)
			pass(ms)
			_, _ = l.feed.Write(event{at: time.Since(b.booted), rising: true, seq: 1}.put(nil))
		}()
		<-closed
		<-fed
		n = b.start(nil)
		if c := b.count(n); c.Total != 1 {
			t.Errorf("%+v", c)
		}
		n.chip.Close()
	})
}

func TestNothingToKeepIn(t *testing.T) {
	inBubble(t, func(t *testing.T, b *board) {
		b.dir = filepath.Join(b.dir, "none")
		n := b.start(nil)
		if n.State() != nil {
			t.Error("a state before the first count")
		}
		b.count(n)
		b.pulses(2)
		if c := b.count(n); c.Total != 2 {
			t.Errorf("%+v", c)
		}
		n.chip.Close()
	})
}
