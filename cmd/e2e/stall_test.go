package e2e

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// stalls is a bare yardstick beside the programs under test: something that wants
// to run each 10 ms and to reach the disk each half second, and notes how late it
// was. What the machine holds up for everybody is no fault of the gateway's, so
// every limit in milliseconds is widened by it. It never excuses a value: slack
// only says how far apart in time a value and its line may be.
type stalls struct {
	began time.Time
	stop  context.CancelFunc
	done  chan struct{}
	held  []time.Duration // by whole seconds since began: the longest hold-up of the processor
	disk  []time.Duration // likewise of a write and its sync
	ask   chan chan [2][]time.Duration
}

const yardTick = 10 * time.Millisecond

// measure starts the yardstick; it ends with the test.
func measure(t *testing.T, dir string) *stalls {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	s := &stalls{began: time.Now(), stop: stop, done: make(chan struct{}), ask: make(chan chan [2][]time.Duration)}
	f, err := os.Create(filepath.Join(dir, "yardstick"))
	if err != nil {
		t.Fatal(err)
	}
	syncs := make(chan time.Time, 1)
	slow := make(chan [2]time.Time)
	go syncing(f, syncs, slow)
	go s.run(ctx, syncs, slow)
	t.Cleanup(func() {
		stop()
		<-s.done
		f.Close()
		t.Logf("the machine held this test up for at most %v, its disk for %v, %.1f %% of the time",
			s.longest(s.held).Round(time.Millisecond), s.longest(s.disk).Round(time.Millisecond), 100*share(s.held))
	})
	return s
}

// syncing writes and syncs 4 KB when asked and tells when that began and ended.
func syncing(f *os.File, when <-chan time.Time, told chan<- [2]time.Time) {
	b := make([]byte, 4096)
	for at := range when {
		_, _ = f.WriteAt(b, 0) // a yardstick that fails shows no hold-up, which widens nothing
		_ = f.Sync()
		told <- [2]time.Time{at, time.Now()}
	}
	close(told)
}

func (s *stalls) run(ctx context.Context, syncs chan<- time.Time, slow <-chan [2]time.Time) {
	defer close(s.done)
	defer func() {
		close(syncs)
		for range slow { //nolint:revive // the last sync ends before the file is closed
		}
	}()
	const each = 50 // ticks between two syncs
	busy := false
	for n := 0; ; n++ {
		due := time.Now().Add(yardTick)
		if n%each == 0 && !busy {
			busy = true
			syncs <- time.Now()
		}
		select {
		case <-time.After(yardTick):
			note(&s.held, s.began, due, time.Since(due))
		case span := <-slow:
			busy = false
			note(&s.disk, s.began, span[1], span[1].Sub(span[0]))
		case c := <-s.ask:
			c <- [2][]time.Duration{append([]time.Duration(nil), s.held...), append([]time.Duration(nil), s.disk...)}
		case <-ctx.Done():
			return
		}
	}
}

// note keeps the longest hold-up of the second in which something was due.
func note(by *[]time.Duration, began, due time.Time, d time.Duration) {
	i := int(due.Sub(began) / time.Second)
	for len(*by) <= i {
		*by = append(*by, 0)
	}
	(*by)[i] = max((*by)[i], d)
}

func (*stalls) longest(by []time.Duration) (d time.Duration) {
	for _, v := range by {
		d = max(d, v)
	}
	return d
}

// share is the part of all seconds that was lost in hold-ups worth the name.
func share(held []time.Duration) float64 {
	lost := time.Duration(0)
	for _, d := range held {
		if d >= 50*time.Millisecond {
			lost += min(d, time.Second)
		}
	}
	return lost.Seconds() / max(1, float64(len(held)))
}

// now returns the longest hold-ups so far: of a chain of two programs that both
// wait for the processor, and of a sync; and the share of time lost.
func (s *stalls) now() (processor, disk time.Duration, lost float64) {
	c := make(chan [2][]time.Duration)
	select {
	case s.ask <- c:
		by := <-c
		return 2 * s.longest(by[0]), s.longest(by[1]), share(by[0])
	case <-s.done:
		return 2 * s.longest(s.held), s.longest(s.disk), share(s.held)
	}
}

// slack is the longest hold-up of processor and disk so far.
func (c *city) slack() time.Duration {
	processor, disk, _ := c.yard.now()
	return processor + disk
}

// The yardstick sees what holds it up, and nothing on a machine that does not.
func TestYardstick(t *testing.T) {
	began := time.Now()
	var by []time.Duration
	note(&by, began, began.Add(100*time.Millisecond), 2*time.Millisecond)
	note(&by, began, began.Add(900*time.Millisecond), 400*time.Millisecond)
	note(&by, began, began.Add(3*time.Second), time.Millisecond)
	s := &stalls{held: by, done: make(chan struct{})}
	close(s.done)
	if d, disk, lost := s.now(); d != 800*time.Millisecond || disk != 0 || lost != 0.1 {
		t.Errorf("now() = %v, %v, %v, want twice the longest of 400ms, no disk, a tenth of four seconds", d, disk, lost)
	}
}
