package poll_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/poll"
)

// slow takes its time for each sample, and fails while broken.
type slow struct {
	takes  time.Duration
	broken *atomic.Bool
}

func (s slow) Sample(ctx context.Context) ([]obs.Reading, error) {
	t := time.NewTimer(s.takes)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if s.broken != nil && s.broken.Load() {
		return nil, errors.New("no answer")
	}
	return []obs.Reading{{}}, nil
}

func (slow) Close() error { return nil }

// paced polls devices for a while, lets script change their rhythm, and returns when
// each sample began, in milliseconds.
func paced(t *testing.T, devices []poll.Device, d time.Duration, script func()) map[string][]int64 {
	t.Helper()
	got := map[string][]int64{}
	ctx, stop := context.WithTimeout(t.Context(), d)
	defer stop()
	start := time.Now()
	var all sync.WaitGroup
	all.Go(script)
	poll.Line(ctx, start, devices, func() int64 { return time.Since(start).Milliseconds() }, func(s poll.Sample) {
		got[s.Device] = append(got[s.Device], s.BootMS-s.Took.Milliseconds())
		if s.Late < 0 || s.Next.Before(time.Now()) {
			panic(fmt.Sprintf("%s: late %v, next %v", s.Device, s.Late, s.Next))
		}
	})
	all.Wait()
	return got
}

func pacedDevice(id string, every, least time.Duration, s slow) (poll.Device, *poll.Pace) {
	p := &poll.Pace{}
	return poll.Device{ID: id, Every: every, Timeout: 2 * time.Second, Least: least, Pace: p, Open: func() (drivers.Driver, error) { return s, nil }}, p
}

// after runs f at a moment of the bubble's time.
func after(d time.Duration, f func()) {
	t := time.NewTimer(d)
	defer t.Stop()
	<-t.C
	f()
}

// A device is read once beside its grid, and goes on with its grid as if nothing had
// been; not sooner than its part allows.
func TestReadNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, p := pacedDevice("a", 10*time.Second, 2*time.Second, slow{})
		got := paced(t, []poll.Device{d}, 35*time.Second, func() {
			after(13*time.Second, p.Now)
			after(time.Second, p.Now) // at 14 s; the part allows 15 s
			after(15*time.Second, p.Now)
			p.Now() // twice is once
		})
		if want := []int64{0, 10_000, 13_000, 15_000, 20_000, 29_000, 30_000}; !reflect.DeepEqual(got["a"], want) {
			t.Errorf("read at %v, want %v", got["a"], want)
		}
	})
}

// Looked at closer, a device is read more often at once, not more often than its part
// allows, and afterwards on its grid again.
func TestCloser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, p := pacedDevice("a", 10*time.Second, time.Second, slow{})
		got := paced(t, []poll.Device{d}, 45*time.Second, func() {
			after(12*time.Second, func() { p.Closer(2 * time.Second) })
			after(5*time.Second, func() { p.Closer(100 * time.Millisecond) }) // at 17 s
			after(3500*time.Millisecond, func() { p.Closer(0) })
		})
		if want := []int64{0, 10_000, 12_000, 14_000, 16_000, 17_000, 18_000, 19_000, 20_000, 30_000, 40_000}; !reflect.DeepEqual(got["a"], want) {
			t.Errorf("read at %v, want %v", got["a"], want)
		}
	})
}

// What is looked at closer takes half of the line at most, so that the others keep
// their rhythm; one that does not answer is not asked more often than ever.
func TestCloserSharesTheLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var broken atomic.Bool
		a, p := pacedDevice("a", 10*time.Second, 0, slow{300 * time.Millisecond, &broken})
		others := []poll.Device{a}
		for _, id := range []string{"b", "c"} {
			d, _ := pacedDevice(id, 2*time.Second, 0, slow{takes: 300 * time.Millisecond})
			others = append(others, d)
		}
		got := paced(t, others, time.Minute, func() {
			after(20*time.Second, func() { p.Closer(10 * time.Millisecond) })
			after(20*time.Second, func() { broken.Store(true) })
		})
		count := func(id string, from, to int64) (n int) {
			for _, at := range got[id] {
				if at >= from && at < to {
					n++
				}
			}
			return n
		}
		for _, id := range []string{"b", "c"} {
			if n := count(id, 20_000, 40_000); n < 9 {
				t.Errorf("%s was read %d times in 20 s, want 10", id, n)
			}
		}
		if n := count("a", 20_000, 40_000); n < 15 || n > 34 {
			t.Errorf("a was looked at %d times in 20 s, want half of the line at most: 33", n)
		}
		if n := count("a", 41_000, 60_000); n > 3 {
			t.Errorf("a does not answer and was asked %d times in 19 s, want 2", n)
		}
	})
}
