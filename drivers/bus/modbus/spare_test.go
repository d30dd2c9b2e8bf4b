package modbus

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"

	"github.com/lamppost-city/lamppost/drivers"
)

// street is a line of 32 slaves at 115200 baud of which some are silent, for as long as
// they are in the map. Each is asked once per second on its own grid from one goroutine,
// as the gateway does it.
type street struct {
	silent map[uint8]bool
	line   *fakeLine
	bus    *Bus
	due    [crowd]time.Time // of the slave with the address one higher
}

const crowd = 32

// newStreet makes one whose first so many slaves fall silent after ten seconds in which
// they were well; those who are well answer after so long.
func newStreet(t *testing.T, dead uint8, answer time.Duration) *street {
	s := &street{silent: map[uint8]bool{}}
	s.line = newFake(func(u uint8, r codec.Request, _ []byte) []piece {
		if s.silent[u] {
			return nil
		}
		return []piece{{answer, registers(u, r)}}
	})
	s.bus = NewRTU(s.line, Options{Baud: 115200})
	for i := range s.due {
		s.due[i] = time.Now().Add(time.Duration(i) * time.Second / crowd)
	}
	s.poll(t, 10*time.Second)
	for u := range dead {
		s.silent[u+1] = true
	}
	return s
}

// poll asks for so long: of those that are due the one whose second ends first, and
// one that failed as if it ended a second later.
func (s *street) poll(t *testing.T, d time.Duration) {
	for until := time.Now().Add(d); time.Now().Before(until); {
		best, ends := -1, time.Time{}
		for i, due := range s.due {
			if s.bus.Unit(uint8(i+1)).failures > 0 {
				due = due.Add(time.Second)
			}
			if !s.due[i].After(time.Now()) && (best < 0 || due.Before(ends)) {
				best, ends = i, due
			}
		}
		if best < 0 {
			time.Sleep(time.Until(slices.MinFunc(s.due[:], time.Time.Compare)))
			continue
		}
		within(t.Context(), time.Second, func(ctx context.Context) { _, _ = s.bus.Unit(uint8(best+1)).ReadRegisters(ctx, 3, 0, 2) })
		for !s.due[best].After(time.Now()) {
			s.due[best] = s.due[best].Add(time.Second)
		}
	}
}

// longest is the longest time in which u was not asked, of the time since from.
func (s *street) longest(u uint8, from time.Time) (most time.Duration) {
	last := from
	for _, at := range append(s.line.asked(u), time.Now()) {
		if at.After(last) {
			most, last = max(most, at.Sub(last)), at
		}
	}
	return most
}

// TestRoomForTheSilent: on a line with room each silent slave is asked every ten seconds
// (and its own second, and its timeout), and nobody else misses a second for it. Where
// their timeouts take more than there is, each has its turn: those of twenty take 10 s,
// and half of what the others leave is theirs; on a full line they wait.
func TestRoomForTheSilent(t *testing.T) {
	for _, c := range []struct {
		dead   uint8
		answer time.Duration
		want   time.Duration // between two tries
		asked  float64       // how often each of the others is, at least, per second
	}{
		{2, 2 * time.Millisecond, 12 * time.Second, 0.99},
		{5, 2 * time.Millisecond, 12 * time.Second, 0.99},
		{20, 2 * time.Millisecond, 40 * time.Second, 0.95},
		{2, 32 * time.Millisecond, 70 * time.Second, 0.95},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newStreet(t, c.dead, c.answer)
			s.poll(t, 40*time.Second)
			from, measured := time.Now(), 2*time.Minute
			s.poll(t, measured)
			var most time.Duration
			for u := range c.dead {
				most = max(most, s.longest(u+1, from))
			}
			least := 1.0
			for u := c.dead + 1; u <= crowd; u++ {
				at := s.line.asked(u)
				i, _ := slices.BinarySearchFunc(at, from, time.Time.Compare)
				least = min(least, float64(len(at)-i)/measured.Seconds())
			}
			t.Logf("%d silent of %d, the others take %v: asked again within %v, the others %.3f times a second at least", c.dead, crowd, c.answer, most, least)
			if most > c.want || least < c.asked {
				t.Errorf("want %v and %.2f", c.want, c.asked)
			}
		})
	}
}

// TestHiccup: a slave that answers and once does not is asked again at once,
// however many silent ones have used the budget up; but a second time in a minute it
// has to wait as they do.
func TestHiccup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t, 5, 28*time.Millisecond)
		s.poll(t, 30*time.Second)
		fails := func() error {
			s.silent[9] = true
			_, err := s.bus.Unit(9).ReadRegisters(t.Context(), 3, 0, 2)
			delete(s.silent, 9)
			return err
		}
		again := func() error {
			s.bus.spare = budget{left: -time.Second, at: time.Now()}
			_, err := s.bus.Unit(9).ReadRegisters(t.Context(), 3, 0, 2)
			return err
		}
		if err := fails(); !errors.Is(err, drivers.ErrTimeout) {
			t.Fatal(err)
		}
		if err := again(); err != nil {
			t.Errorf("after one hiccup: %v", err)
		}
		_ = fails()
		var skipped *Skipped
		if err := again(); !errors.As(err, &skipped) || skipped.Wait <= 0 {
			t.Errorf("after the second in a minute: %v, want that it is skipped", err)
		}
		s.poll(t, 61*time.Second)
		_ = fails()
		if err := again(); err != nil {
			t.Errorf("after one hiccup, a minute later: %v", err)
		}
	})
}
