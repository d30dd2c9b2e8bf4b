package gateway

import (
	"context"
	"errors"
	"math"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/record"
)

// odometer is a driver that must not forget how often it was sampled.
type odometer struct {
	n        atomic.Int64 // also read by tests while the gateway runs
	restored []string
	state    func() []byte // instead of its own
	closed   bool
}

func (o *odometer) Sample(context.Context) ([]obs.Reading, error) {
	return []obs.Reading{obs.Of(float64(o.n.Add(1)) / 1000)}, nil
}

func (o *odometer) State() []byte {
	if o.state != nil {
		return o.state()
	}
	return []byte(strconv.FormatInt(o.n.Load(), 10))
}

func (o *odometer) Restore(state []byte) error {
	o.restored = append(o.restored, string(state))
	n, err := strconv.ParseInt(string(state), 10, 64)
	o.n.Store(n)
	return err
}

func (o *odometer) Close() error { o.closed = true; return nil }

// drive runs the gateway with this driver for a while.
func (b *stage) drive(o *odometer, d time.Duration) {
	b.cfg.Devices[0].Plan.OpenHTTP = func(drivers.Fetcher) (drivers.Driver, error) { return o, nil }
	_, stop := b.start()
	wait(d)
	stop()
}

func TestDriversRemember(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStage(t)
		b.began = time.Now()
		b.boot(0)
		first := &odometer{}
		b.drive(first, 10*time.Minute)
		if len(first.restored) != 0 || first.n.Load() < 19 {
			t.Fatalf("the first run was given %q and sampled %d times", first.restored, first.n.Load())
		}
		second := &odometer{}
		b.drive(second, 5*time.Minute)
		if len(second.restored) != 1 || second.restored[0] != strconv.FormatInt(first.n.Load(), 10) || second.n.Load() <= first.n.Load() {
			t.Errorf("the second run was given %q, and went from %d to %d", second.restored, first.n.Load(), second.n.Load())
		}
		b.cfg.Devices[0].Driver = "another"
		third := &odometer{}
		b.drive(third, time.Minute)
		if len(third.restored) != 0 {
			t.Errorf("another driver was given %q", third.restored)
		}
	})
}

// What is on the disk at any moment is what a power cut leaves: the state in it is that
// of the newest sample in it.
func TestStateIsThatOfTheSample(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStage(t)
		b.began = time.Now()
		b.boot(0)
		o := &odometer{}
		b.cfg.Devices[0].Plan.OpenHTTP = func(drivers.Fetcher) (drivers.Driver, error) { return o, nil }
		_, stop := b.start()
		defer stop()
		held := 0
		for range 20 {
			wait(37 * time.Second)
			left := t.TempDir()
			if err := os.CopyFS(left, os.DirFS(b.cfg.Journal.Dir)); err != nil {
				t.Fatal(err)
			}
			newest, state := b.left(left)
			if newest != state {
				t.Fatalf("the newest sample on the disk is number %d, the state %d", newest, state)
			}
			if held = newest; newest > int(o.n.Load()) {
				t.Fatalf("sample %d of %d", newest, o.n.Load())
			}
		}
		if held == 0 {
			t.Error("nothing ever reached the disk: the test proves nothing")
		}
	})
}

// left reads the newest sample and the state of a journal that was cut off.
func (b *stage) left(dir string) (newest, state int) {
	j, err := journal.Open(dir, journal.Options{})
	if err != nil {
		b.t.Fatal(err)
	}
	defer j.Close()
	for _, e := range j.Epochs() {
		err = errors.Join(err, j.Read(e.Epoch, e.First, e.Last, func(r journal.Record) error {
			if r.Kind != record.KindSample {
				return nil
			}
			s, err := record.DecodeSample(r.Body)
			if err == nil && s.Device == "river" && len(s.Readings) == 1 {
				newest = int(math.Round(s.Readings[0].Value * 1000))
			}
			return err
		}))
	}
	if kept, ok := j.State(stateKey("river", "meter")); ok {
		n, serr := strconv.Atoi(string(kept))
		state, err = n, errors.Join(err, serr)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return newest, state
}

// A driver that cannot keep what it wants to keep, or cannot read it, goes on without,
// and so does the gateway.
func TestDriversThatForget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStage(t)
		b.began = time.Now()
		b.boot(0)
		for _, state := range []func() []byte{
			func() []byte { panic("out of cheese") },
			func() []byte { return make([]byte, maxState+1) },
			func() []byte { return nil },
		} {
			o := &odometer{state: state}
			b.drive(o, 2*time.Minute)
			if len(o.restored) != 0 || o.n.Load() < 3 {
				t.Errorf("given %q, sampled %d times", o.restored, o.n.Load())
			}
		}
		b.drive(&odometer{state: func() []byte { return []byte("gibberish") }}, 2*time.Minute)
		o := &odometer{}
		b.drive(o, 2*time.Minute)
		if len(o.restored) != 1 || o.restored[0] != "gibberish" || o.n.Load() < 3 {
			t.Errorf("given %q, sampled %d times", o.restored, o.n.Load())
		}
	})
}
