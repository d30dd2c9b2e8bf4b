//go:build linux

package main

import (
	"context"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	busmodbus "github.com/lamppost-city/lamppost/drivers/bus/modbus"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/poll"
)

// wire is a serial line inside a bubble: the master's end is a drivers.Port, the other
// end is the slaves'. Like a pseudo terminal it passes bytes at once; the slaves pace
// what they say, and reckon with the time that requests would take.
type wire struct {
	mu       sync.Mutex
	come     chan struct{} // closed and made anew when something came to the master
	answers  []byte
	requests chan []byte
}

func newWire() *wire { return &wire{come: make(chan struct{}), requests: make(chan []byte, 16)} }

func (w *wire) Write(_ context.Context, p []byte) (int, error) {
	w.requests <- append([]byte(nil), p...)
	return len(p), nil
}

func (w *wire) Read(ctx context.Context, p []byte) (int, error) {
	for {
		w.mu.Lock()
		n := copy(p, w.answers)
		w.answers = w.answers[n:]
		come := w.come
		w.mu.Unlock()
		if n > 0 {
			return n, nil
		}
		select {
		case <-come:
		case <-ctx.Done():
			if ctx.Err() == context.DeadlineExceeded {
				return 0, drivers.ErrTimeout
			}
			return 0, ctx.Err()
		}
	}
}

func (w *wire) Discard() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answers = nil
	return nil
}

func (w *wire) Noise(int)    {}
func (w *wire) BadChecksum() {}

func (w *wire) Close() error {
	close(w.requests)
	return nil
}

// far is the slaves' end.
type far struct{ *wire }

func (f far) Read(p []byte) (int, error) {
	b, ok := <-f.requests
	if !ok {
		return 0, io.EOF
	}
	return copy(p, b), nil
}

func (f far) Write(p []byte) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers = append(f.answers, p...)
	close(f.come)
	f.come = make(chan struct{})
	return len(p)
}

// inBubble measures as onPTY does, without a kernel between and in no time.
func inBubble(t *testing.T, s setup, measure time.Duration) (out tally) {
	t.Helper()
	cfg, err := s.config("/dev/ttyS0") // which nobody opens
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		w := newWire()
		line, err := s.line(far{w})
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		wg.Go(line.Serve)
		bus := busmodbus.NewRTU(w, busmodbus.Options{Baud: s.baud})
		out, err = s.poll(t.Context(), cfg, measure, func(ctx context.Context, sink func(poll.Sample)) error {
			begin := time.Now()
			poll.Line(ctx, begin, devices(cfg, bus), func() int64 { return time.Since(begin).Milliseconds() }, sink)
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		if err := bus.Close(); err != nil {
			t.Error(err)
		}
		wg.Wait()
	})
	return out
}

func devices(cfg *config.Config, bus *busmodbus.Bus) (ds []poll.Device) {
	for _, d := range cfg.Devices {
		ds = append(ds, poll.Device{ID: d.ID, Every: d.Every, Timeout: d.Timeout,
			Open: func() (drivers.Driver, error) { return d.Plan.OpenModbus(bus.Unit(d.Address)) }})
	}
	return ds
}

// TestLine holds what the rig measures on a real pseudo terminal, in the bubble's time:
// what is lost here is lost to the protocol and the schedule, not to a busy machine.
func TestLine(t *testing.T) {
	for _, baud := range bauds {
		got, err := fill(baud, func(s setup) (tally, error) { return inBubble(t, s, time.Minute), nil })
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%d baud: %.1f %% used; of a full line kept %.3f, of one two thirds full %.3f", baud, 100*got.used, got.full, got.partly)
		if got.used < 0.95 || got.used > 1 {
			t.Errorf("%d baud: %.1f %% of the line is used, want 95 to 100", baud, 100*got.used)
		}
		for i := range got.full {
			if got.full[i] < 0.95 || got.partly[i] < 0.95 {
				t.Errorf("%d baud, silent %v, noisy %v: the others keep %.3f of a full line and %.3f of one two thirds full, want 0.95",
					baud, i&1 != 0, i&2 != 0, got.full[i], got.partly[i])
			}
		}
	}
}

// TestManySilent: a quarter of the line is dead, and the rest of it gets what is left.
func TestManySilent(t *testing.T) {
	got := inBubble(t, setup{baud: 9600, every: time.Second, silent: manySilent}, 5*time.Minute)
	t.Logf("beside %d silent slaves, %.1f %% of the line is used", len(manySilent), 100*got.used(9600))
	if got.used(9600) < 0.95 {
		t.Error("want 95")
	}
}
