package ingest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// town is a broker as the gate sees it: up or not, with the connections it has.
type town struct {
	gate *gate

	mu    sync.Mutex
	up    bool
	deny  map[string]bool // answered, and not accepted
	mute  map[string]bool // never answered
	slow  time.Duration   // until a try ends
	tries []time.Time     // of all, since the last change
	busy  int             // tries at this moment
	most  int             // and at most, while down
	conns map[string]chan error
	back  map[string]time.Time
	came  []string
}

func newTown(up bool) *town {
	return &town{gate: newGate(), up: up, deny: map[string]bool{}, mute: map[string]bool{}, slow: 5 * time.Millisecond,
		conns: map[string]chan error{}, back: map[string]time.Time{}}
}

// set starts or kills the broker.
func (w *town) set(up bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.up, w.tries, w.most, w.came = up, nil, 0, nil
	clear(w.back)
	if !up {
		for name, c := range w.conns {
			c <- errors.New("reset by peer")
			delete(w.conns, name)
		}
	}
}

// session is a connection of the name.
func (w *town) session(ctx context.Context, name string) error {
	turn, err := w.gate.enter(ctx, rank(name))
	if err != nil {
		return err
	}
	begin := time.Now()
	lost, err := w.dial(name)
	w.gate.left(turn, begin, err)
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case err := <-lost:
		w.gate.lost()
		return err
	}
}

func (w *town) dial(name string) (<-chan error, error) {
	w.mu.Lock()
	w.tries = append(w.tries, time.Now())
	w.busy++
	if !w.up {
		w.most = max(w.most, w.busy)
	}
	slow := w.slow
	w.mu.Unlock()
	time.Sleep(slow)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.busy--
	switch {
	case !w.up || w.mute[name]:
		return nil, verdictOf(0xfe, errors.New("connection refused"))
	case w.deny[name]:
		return nil, verdictOf(5, errors.New("not authorised"))
	}
	lost := make(chan error, 1)
	w.conns[name], w.back[name] = lost, time.Now()
	w.came = append(w.came, name)
	return lost, nil
}

// run keeps all connections until the test ends.
func (w *town) run(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for _, name := range order {
		all.Go(func() {
			w.gate.keep(ctx, func(ctx context.Context) error { return w.session(ctx, name) }, func(error) {})
		})
	}
	t.Cleanup(func() {
		cancel()
		all.Wait()
	})
}

// last returns when the last connection came back, counted from the broker's return.
func (w *town) last(t *testing.T, since time.Time, but ...string) (d time.Duration) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, name := range order {
		at, ok := w.back[name]
		if !ok && !slices.Contains(but, name) {
			t.Errorf("%s is not back after %s", name, time.Since(since))
		}
		d = max(d, at.Sub(since))
	}
	return d
}

// However long the broker was away, all connections are back within a quarter of
// that, 250 ms at least, 5 s at most; meanwhile one at a time tries, and alerts are
// the first to.
func TestAllLanesComeBackTogether(t *testing.T) {
	for _, away := range []time.Duration{0, 100 * time.Millisecond, time.Second, 3 * time.Second, 17 * time.Second, 10 * time.Minute, 12 * time.Hour} {
		t.Run(fmt.Sprint(away), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newTown(true)
				w.run(t)
				time.Sleep(time.Minute)
				w.set(false)
				synctest.Wait()
				time.Sleep(away)
				tries, most := w.seen()
				w.set(true)
				start := time.Now()
				time.Sleep(6 * time.Second)
				allow := min(max(away/4, leastWait), mostWait) + 3*w.slow
				if d := w.last(t, start); d > allow {
					t.Errorf("away for %s, all were back after %s, more than %s", away, d, allow)
				}
				if most > 1 {
					t.Errorf("%d connections tried at once", most)
				}
				// At most two in the time of the shortest wait, and of the longest.
				if limit := 40 + int(2*away/mostWait); tries > limit {
					t.Errorf("%d tries in %s, more than %d", tries, away, limit)
				}
				if w.came[0] != "alert" && away < leastWait/2 {
					t.Errorf("the order is %v, want alerts first", w.came)
				}
			})
		})
	}
}

func (w *town) seen() (tries, most int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.tries), w.most
}

// A connection that the broker treats badly, the first in the order even, keeps no
// other away, and is not tried all the time.
func TestOneBadLaneKeepsNoOtherAway(t *testing.T) {
	for name, bad := range map[string]func(*town, bool){
		"denied":       func(w *town, on bool) { w.deny["alert"] = on },
		"not answered": func(w *town, on bool) { w.mute["alert"] = on },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newTown(false)
				bad(w, true)
				w.run(t)
				time.Sleep(time.Minute)
				w.set(true)
				start := time.Now()
				time.Sleep(time.Hour)
				// Two tries at most may be the bad one's.
				if d := w.last(t, start, "alert"); d > 2*mostWait {
					t.Errorf("the others were back after %s", d)
				}
				if tries, _ := w.seen(); tries > 2*int(time.Hour/mostWait) {
					t.Errorf("%d tries in an hour", tries)
				}
				w.mu.Lock()
				bad(w, false)
				w.mu.Unlock()
				time.Sleep(maxPause + time.Second)
				w.last(t, start)
			})
		})
	}
}

// A broker that refuses everybody is asked ever more seldom, and when it accepts one
// all come.
func TestDeniedLanesComeWithTheFirstAccepted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(true)
		for _, name := range order {
			w.deny[name] = true
		}
		w.run(t)
		time.Sleep(time.Hour)
		if tries, _ := w.seen(); tries > len(order)*(10+int(2*time.Hour/maxPause)) {
			t.Errorf("%d tries in an hour", tries)
		}
		w.mu.Lock()
		clear(w.deny)
		w.mu.Unlock()
		start := time.Now()
		time.Sleep(maxPause + time.Second)
		w.last(t, start)
		w.mu.Lock()
		defer w.mu.Unlock()
		if first, last := w.back[w.came[0]], w.back[w.came[len(w.came)-1]]; last.Sub(first) > time.Second {
			t.Errorf("the last came %s after the first", last.Sub(first))
		}
	})
}

// A connection that is accepted and lost again and again is not a hammer.
func TestFlappingIsSlowedDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(true)
		w.run(t)
		time.Sleep(time.Minute)
		w.set(true)
		for range int(time.Hour / time.Millisecond / 50) {
			time.Sleep(50 * time.Millisecond)
			w.mu.Lock()
			if c := w.conns["image"]; c != nil {
				c <- errors.New("kicked")
				delete(w.conns, "image")
			}
			w.mu.Unlock()
		}
		if tries, _ := w.seen(); tries > 20+2*int(time.Hour/mostWait) {
			t.Errorf("%d tries in an hour", tries)
		}
	})
}

// A connection that waits behind the gate leaves when it is told to.
func TestGateLetsGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(false)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, len(order))
		for _, name := range order {
			go func() { done <- w.session(ctx, name) }()
		}
		synctest.Wait()
		cancel()
		for range order {
			if err := <-done; !errors.Is(err, context.Canceled) && !errors.Is(err, errUnreachable) {
				t.Errorf("session = %v", err)
			}
		}
	})
}
