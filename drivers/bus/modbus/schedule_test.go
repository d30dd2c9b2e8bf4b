package modbus

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"

	"github.com/lamppost-city/lamppost/drivers"
)

// poll asks every unit once per second on its own grid (unit n at n×100 ms), in
// the order of their deadlines and from one goroutine, as the gateway does. It
// returns by how much each unit was asked too late, at most, after the given
// number of seconds, and how often.
func poll(t *testing.T, b *Bus, line *fakeLine, units []uint8, seconds int) map[uint8]time.Duration {
	start := time.Now()
	for s := range seconds {
		for _, n := range units {
			slot := start.Add(time.Duration(s)*time.Second + time.Duration(n)*100*time.Millisecond)
			time.Sleep(time.Until(slot))
			within(t.Context(), time.Second, func(ctx context.Context) { _, _ = b.Unit(n).ReadRegisters(ctx, 3, 0, 2) })
		}
	}
	late := map[uint8]time.Duration{}
	for _, n := range units {
		for _, at := range line.asked(n) {
			slot := start.Add(time.Duration(n) * 100 * time.Millisecond)
			late[n] = max(late[n], at.Sub(slot)%time.Second)
		}
	}
	return late
}

// TestSilentSlave: five slaves, 30 ms each, one of them silent with a timeout of
// 200 ms, from the start or after 10 s. The others may wait for one timeout of it,
// three times in a row and then once in a while; they never miss a slot.
func TestSilentSlave(t *testing.T) {
	for _, well := range []time.Duration{0, 10 * time.Second} {
		t.Run("silent after "+well.String(), func(t *testing.T) { silentSlave(t, well) })
	}
}

func silentSlave(t *testing.T, wellFor time.Duration) {
	units := []uint8{1, 2, 3, 4, 5}
	run := func(deaf uint8) (late map[uint8]time.Duration, line *fakeLine, h Health) {
		synctest.Test(t, func(t *testing.T) {
			says, start := after(30*time.Millisecond, registers), time.Now()
			line = newFake(func(u uint8, r codec.Request, f []byte) []piece {
				if u == deaf && time.Since(start) >= wellFor {
					return nil
				}
				return says(u, r, f)
			})
			b := NewRTU(line, Options{Answer: 200 * time.Millisecond})
			late, h = poll(t, b, line, units, 60), b.Health()
		})
		return late, line, h
	}
	well, _, _ := run(0)
	ill, line, h := run(2)
	// one attempt: request and answer on the line, and the slave's 200 ms
	const cost = 200*time.Millisecond + (8+9)*11*time.Second/9600
	for _, n := range units {
		if n == 2 {
			continue
		}
		if got := len(line.asked(n)); got != 60 {
			t.Errorf("unit %d was asked %d times in 60 s", n, got)
		}
		// the slots are 100 ms apart, so that a delay is what the attempt overruns
		if added := ill[n] - well[n]; added > cost-100*time.Millisecond+5*time.Millisecond {
			t.Errorf("unit %d was asked up to %v later than without the silent one, want less than one timeout", n, added)
		}
	}
	// three in a row, then after 2, 4, 8, 10, 10, 10 s, on the grid
	attempts, want := h.Units[1].Timeouts, uint64(9)
	if wellFor > 0 {
		want = 8 // the minute began without them
	}
	if attempts != want {
		t.Errorf("the silent unit was asked %d times, want %d", attempts, want)
	}
	if h.Retries != 0 {
		t.Errorf("%d retries, want none: they would take the others' slots", h.Retries)
	}
	t.Logf("one silent slave of five, 200 ms timeout, 1 s grid: the others are asked at most %v, %v, %v, %v later; %d attempts in 60 s",
		ill[1]-well[1], ill[3]-well[3], ill[4]-well[4], ill[5]-well[5], attempts)
}

// TestBreaker: pauses of 2, 4, 8, 10, 10 s; calls in between take no
// time and say so; one answer closes it.
func TestBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		well := false
		line := newFake(func(u uint8, r codec.Request, _ []byte) []piece {
			if !well {
				return nil
			}
			return []piece{{0, registers(u, r)}}
		})
		b := NewRTU(line, Options{})
		u := b.Unit(9)
		ask := func() error { _, err := u.ReadRegisters(t.Context(), 3, 0, 1); return err }
		for range 3 {
			var s *Skipped
			if err := ask(); !errors.Is(err, drivers.ErrTimeout) || errors.As(err, &s) {
				t.Fatalf("got %v", err)
			}
		}
		for i, pause := range []time.Duration{2, 4, 8, 10, 10} {
			pause *= time.Second
			requests, start := b.Health().Requests, time.Now()
			err := ask()
			var s *Skipped
			if !errors.As(err, &s) || !errors.Is(err, drivers.ErrTimeout) || s.RetryIn() != pause || s.Failed != 3+i {
				t.Fatalf("after %d failures: %v, want a pause of %v", 3+i, err, pause)
			}
			if want := "skipped, next try in " + pause.String(); !strings.HasSuffix(err.Error(), want) {
				t.Errorf("%v, want …%s", err, want)
			}
			if time.Since(start) != 0 || b.Health().Requests != requests {
				t.Error("a skipped call took time or line")
			}
			if h := b.Health().Units[0]; !h.NextTry.Equal(start.Add(pause)) || h.Cause == nil {
				t.Errorf("health %+v", h)
			}
			time.Sleep(pause)
			if err := ask(); errors.As(err, &s) {
				t.Fatalf("after the pause: %v", err)
			}
		}
		well = true
		time.Sleep(10 * time.Second)
		if err := ask(); err != nil {
			t.Fatalf("the slave is well, and: %v", err)
		}
		if h := b.Health().Units[0]; h.Failures != 0 || !h.NextTry.IsZero() || h.Cause != nil {
			t.Errorf("health %+v", h)
		}
	})
}

// TestBackAgain: however long a slave was silent, it is read again within ten seconds of
// its return, or two of its intervals, and its own interval.
func TestBackAgain(t *testing.T) {
	for every, within := range map[time.Duration]time.Duration{
		time.Second: 11 * time.Second, 5 * time.Second: 15 * time.Second, time.Minute: 3 * time.Minute,
	} {
		synctest.Test(t, func(t *testing.T) {
			well := true
			u := NewRTU(newFake(func(u uint8, r codec.Request, _ []byte) []piece {
				if !well {
					return nil
				}
				return []piece{{0, registers(u, r)}}
			}), Options{}).Unit(9)
			begin := time.Now()
			poll := func(until time.Duration) (last error) {
				for time.Since(begin) < until {
					_, last = u.ReadRegisters(t.Context(), 3, 0, 1)
					time.Sleep(time.Until(begin.Add((time.Since(begin)/every + 1) * every)))
					if last == nil && time.Since(begin) > time.Hour {
						break
					}
				}
				return last
			}
			if err := poll(5 * every); err != nil {
				t.Fatal(err)
			}
			well = false
			if err := poll(26 * time.Hour); !errors.Is(err, drivers.ErrTimeout) {
				t.Fatalf("silent: %v", err)
			}
			well = true
			back := time.Since(begin)
			if err := poll(back + within + every); err != nil || time.Since(begin)-back > within {
				t.Errorf("every %v: read again %v after its return, want at most %v (%v)", every, time.Since(begin)-back, within, err)
			}
		})
	}
}

// TestRetry: once more after a damaged answer, when it hurts nobody, or little.
func TestRetry(t *testing.T) {
	damaged := func(u uint8, r codec.Request) []byte {
		f := registers(u, r)
		f[3] ^= 0x10
		return f
	}
	// unit 1 answers well (+) or damaged (-), at last well; the others are well
	newLine := func(says string) *fakeLine {
		return newFake(func(u uint8, r codec.Request, _ []byte) []piece {
			if u != 1 || says == "" {
				return []piece{{10 * time.Millisecond, registers(u, r)}}
			}
			say := registers
			if says[0] == '-' {
				say = damaged
			}
			says = says[1:]
			return []piece{{10 * time.Millisecond, say(u, r)}}
		})
	}
	ask := func(t *testing.T, b *Bus, unit uint8, within time.Duration) error {
		ctx, cancel := context.WithTimeout(t.Context(), within)
		defer cancel()
		_, err := b.Unit(unit).ReadRegisters(ctx, 3, 0, 1)
		return err
	}
	for _, c := range []struct {
		name, says string
		do         func(t *testing.T, b *Bus)
		want       error
	}{
		{"alone on the line", "+-+", func(t *testing.T, b *Bus) { _ = ask(t, b, 1, time.Second) }, nil},
		{"damaged twice", "+--+", func(t *testing.T, b *Bus) { _ = ask(t, b, 1, time.Second) }, drivers.ErrChecksum},
		{"never heard before", "-+", func(*testing.T, *Bus) {}, drivers.ErrChecksum},
		{"the last call failed", "+--+", func(t *testing.T, b *Bus) {
			_ = ask(t, b, 1, time.Second)
			_ = ask(t, b, 1, 200*time.Millisecond) // no room for a retry
		}, drivers.ErrChecksum},
		{"another unit is due later", "+-+", func(t *testing.T, b *Bus) {
			_ = ask(t, b, 1, time.Second)
			for range 3 {
				time.Sleep(10 * time.Second)
				_ = ask(t, b, 2, time.Second)
			}
		}, nil},
		{"another unit is due soon", "+-+", func(t *testing.T, b *Bus) {
			_ = ask(t, b, 1, time.Second)
			for range 3 {
				time.Sleep(time.Second)
				_ = ask(t, b, 2, time.Second)
			}
			time.Sleep(500 * time.Millisecond)
		}, nil},
		{"another unit is due soon, and the budget is used up", "+-+", func(t *testing.T, b *Bus) {
			_ = ask(t, b, 1, time.Second)
			for range 3 {
				time.Sleep(time.Second)
				_ = ask(t, b, 2, time.Second)
			}
			time.Sleep(500 * time.Millisecond)
			b.spare = budget{left: 0, at: time.Now()}
		}, drivers.ErrChecksum},
		{"another unit was due long ago", "+-+", func(t *testing.T, b *Bus) {
			_ = ask(t, b, 1, time.Second)
			for range 3 {
				time.Sleep(time.Second)
				_ = ask(t, b, 2, time.Second)
			}
			time.Sleep(5 * time.Second)
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := NewRTU(newLine(c.says), Options{})
				c.do(t, b)
				if err := ask(t, b, 1, 2*time.Second); !errors.Is(err, c.want) {
					t.Errorf("got %v, want %v", err, c.want)
				}
			})
		})
	}
	t.Run("somebody waits", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := NewRTU(newLine("+-+"), Options{})
			_ = ask(t, b, 1, time.Second)
			var first, second error
			var wg sync.WaitGroup
			wg.Go(func() { first = ask(t, b, 1, 2*time.Second) })
			synctest.Wait()
			wg.Go(func() { second = ask(t, b, 2, 2*time.Second) })
			wg.Wait()
			if first != nil || second != nil {
				t.Errorf("got %v and %v", first, second)
			}
		})
	})
}

// TestTurns: who waits is served by deadline, whoever came first.
func TestTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := newFake(after(100*time.Millisecond, registers))
		b := NewRTU(line, Options{})
		var wg sync.WaitGroup
		for _, c := range []struct {
			unit     uint8
			deadline time.Duration // 0: none
		}{{1, 5 * time.Second}, {2, 0}, {3, 3 * time.Second}, {4, time.Second}, {5, 3 * time.Second}, {6, 150 * time.Millisecond}} {
			wg.Go(func() {
				ctx := t.Context()
				if c.deadline > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, c.deadline)
					defer cancel()
				}
				_, err := b.Unit(c.unit).ReadRegisters(ctx, 3, 0, 1)
				if c.unit != 6 && err != nil {
					t.Errorf("unit %d: %v", c.unit, err)
				}
			})
			synctest.Wait()
		}
		wg.Wait()
		var order []uint8
		for _, s := range line.sent {
			order = append(order, s.unit)
		}
		if got, want := string(order), "\x01\x06\x04\x03\x05\x02"; got != want {
			t.Errorf("served in the order %v, want 1 6 4 3 5 2", order)
		}
	})
}

// TestOwnPause: while a slave has the pause that it wants, the others have the line.
func TestOwnPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := newFake(after(20*time.Millisecond, registers))
		b := NewRTU(line, Options{})
		b.Unit(1).SetTiming(0, 200*time.Millisecond)
		start := time.Now()
		read := func(unit uint8) { _, _ = b.Unit(unit).ReadRegisters(t.Context(), 3, 0, 1) }
		read(1)
		var wg sync.WaitGroup
		wg.Go(func() { read(1) })
		synctest.Wait()
		for range 3 {
			wg.Go(func() { read(2) })
		}
		wg.Wait()
		if at := line.asked(1); len(at) != 2 || at[1].Sub(at[0]) != 220*time.Millisecond {
			t.Errorf("the slave that wants a pause was asked at %v", at)
		}
		if at := line.asked(2); len(at) != 3 || at[2].Sub(start) > 100*time.Millisecond {
			t.Errorf("the other one was asked at %v, from %v on", at, start)
		}
	})
}

// TestWaitingEnds: a caller that is never served has asked nothing, so the unit
// is not to blame.
func TestWaitingEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := newFake(silent)
		b := NewRTU(line, Options{Answer: 10 * time.Second})
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = b.Unit(1).ReadRegisters(t.Context(), 3, 0, 1) })
		synctest.Wait()
		within(t.Context(), time.Second, func(ctx context.Context) {
			_, err := b.Unit(2).ReadRegisters(ctx, 3, 0, 1)
			if want := "rs485-1: unit 2: no answer in time: the line was not free before the deadline"; err == nil || err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if _, err := b.Unit(2).ReadRegisters(ctx, 3, 0, 1); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		wg.Wait()
		if h := b.Health(); h.Units[1].Failures != 0 || h.Units[1].Requests != 0 || b.turn.taken {
			t.Errorf("health %+v", h)
		}
	})
}

func TestSetTiming(t *testing.T) {
	b := NewRTU(newFake(silent), Options{Answer: 300 * time.Millisecond})
	u := b.Unit(1)
	for _, c := range []struct{ say, answer, turnaround, wantAnswer, wantTurnaround time.Duration }{
		{0, 0, 0, 300, 0}, {0, 200, 10, 200, 10}, {0, 100, 30, 200, 30}, {0, 400, 20, 400, 30}, {0, 0, 0, 400, 30},
	} {
		u.SetTiming(c.answer, c.turnaround)
		if u.answer%time.Millisecond == 0 && u.answer/time.Millisecond == 300 {
			u.answer = 300
		}
		if u.answer != c.wantAnswer || u.turnaround != c.wantTurnaround {
			t.Errorf("SetTiming(%d, %d): %d, %d; want %d, %d", c.answer, c.turnaround, u.answer, u.turnaround, c.wantAnswer, c.wantTurnaround)
		}
	}
}
