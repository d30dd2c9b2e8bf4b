package drivertest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// must opens a device and samples it, and compares with what p wants.
func (b bench) must(ctx context.Context, d device, p Part) error {
	rs, err := d.sample(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", p.Name, err)
	}
	if err := compare(d.plan.Channels, rs, p.Want); err != nil {
		return fmt.Errorf("%s: %w", p.Name, err)
	}
	return nil
}

// refused says what is wrong with err as the error of a failed sample: it must be
// there, be one of the contract's faults, and hold no secret.
func (b bench) refused(rs []obs.Reading, err error) error {
	switch {
	case err == nil:
		return fmt.Errorf("no error but the readings %v", rs)
	case drivers.FaultWord(err) == "error":
		return fmt.Errorf("%q wraps none of the faults of package drivers", err)
	}
	return b.discreet(err)
}

func (b bench) discreet(err error) error {
	for _, s := range b.Secrets {
		if strings.Contains(err.Error(), s) {
			return fmt.Errorf("an error holds the secret %q: %w", s, err)
		}
	}
	return nil
}

func readsGood(ctx context.Context, b bench) error {
	if b.Good.Source == "" {
		return fmt.Errorf("the good part does not say its source: captured, published or constructed, and where from")
	}
	wanted, err := parseWant(b.Good.Want)
	if err != nil || len(wanted) == 0 {
		return fmt.Errorf("the good part wants %q: %w", b.Good.Want, err)
	}
	for _, w := range wanted {
		if w.Quality.Flag != obs.NotEvaluated {
			return fmt.Errorf("the good part wants %s flagged %v; a part in good order has no flags", w.channel, w.Quality.Flag)
		}
	}
	d, err := b.open(b.Good)
	if err != nil {
		return err
	}
	for range 3 { // the state left by one sample must not change the next
		if err := b.must(ctx, d, b.Good); err != nil {
			return err
		}
	}
	return d.Close()
}

func readingsAreKept(ctx context.Context, b bench) error {
	d, err := b.open(b.Good)
	if err != nil {
		return err
	}
	first, err := d.sample(ctx)
	if err != nil {
		return err
	}
	for i := range first {
		first[i] = obs.None(obs.Stale)
	}
	second, err := d.sample(ctx)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(first, func(r obs.Reading) bool { return r.Quality.Why != obs.Stale }) {
		return fmt.Errorf("a later sample wrote into the readings of the one before")
	}
	return compare(d.plan.Channels, second, b.Good.Want)
}

func flagsBeyond(ctx context.Context, b bench) error {
	switch {
	case b.Beyond.Want == "" && b.NeverBeyond == "":
		return fmt.Errorf("the test shows no answer that is out of range, and does not say why there is none")
	case b.Beyond.Want == "":
		return nil
	}
	d, err := b.open(b.Beyond)
	if err != nil {
		return err
	}
	rs, err := d.sample(ctx)
	if err != nil {
		return err
	}
	flagged := false
	for i, r := range rs {
		c := d.plan.Channels[i]
		out := r.Value < c.Min || r.Value > c.Max // false without a value
		if out && r.Quality.Flag != obs.Fail {
			return fmt.Errorf("%s is %v, outside %v…%v, and is flagged %q", c.Name, r.Value, c.Min, c.Max, r.Quality.Flag)
		}
		flagged = flagged || out || r.Quality == obs.Quality{Flag: obs.Missing, Why: obs.Range}
	}
	if !flagged && b.NeverBeyond == "" {
		return fmt.Errorf("no reading of %q is out of range: %v", b.Beyond.Name, rs)
	}
	return compare(d.plan.Channels, rs, b.Beyond.Want)
}

func silence(ctx context.Context, b bench) error {
	d, err := b.open(Part{})
	if err != nil {
		return err
	}
	begun := time.Now()
	rs, err := d.sample(ctx)
	if err := b.refused(rs, err); err != nil {
		return err
	}
	if !errors.Is(err, drivers.ErrTimeout) {
		return fmt.Errorf("silence ends with %q, want %q in it", err, drivers.ErrTimeout)
	}
	if took := time.Since(begun); took > d.plan.Timeout {
		return fmt.Errorf("a silent part took %v, the plan says %v at most", took, d.plan.Timeout)
	}
	return d.Close()
}

func cancelled(ctx context.Context, b bench) error {
	for _, after := range []time.Duration{0, 50 * time.Millisecond} {
		d, err := b.open(Part{})
		if err != nil {
			return err
		}
		ctx, cancel := context.WithCancel(ctx)
		stop := time.AfterFunc(after, cancel)
		if after == 0 {
			cancel()
		}
		begun := time.Now()
		rs, err := d.sample(ctx)
		stop.Stop()
		cancel()
		if err := b.refused(rs, err); err != nil {
			return err
		}
		if took := time.Since(begun); !errors.Is(err, context.Canceled) || took > after {
			return fmt.Errorf("cancelled after %v, Sample went on for %v and ended with %q", after, took, err)
		}
	}
	return nil
}

func closeTwice(ctx context.Context, b bench) error {
	d, err := b.open(b.Good)
	if err != nil {
		return err
	}
	if _, err := d.sample(ctx); err != nil {
		return err
	}
	for i := range 2 {
		if err := d.Close(); err != nil {
			return fmt.Errorf("close number %d: %w", i+1, err)
		}
	}
	return nil
}

const (
	growthSamples = 1000
	growthLimit   = 16 << 10 // bytes: a slice of one reading kept per sample would be 32 KiB
)

// keepsNothing samples often and looks at the memory that is still held then. A
// slow driver is sampled for as long as a second of processor time lasts.
func keepsNothing(ctx context.Context, b bench) error {
	d, err := b.open(b.Good)
	if err != nil {
		return err
	}
	held := func(samples int) (uint64, error) {
		for begun := cpuTime(); samples > 0 && cpuTime()-begun < time.Second; samples-- {
			d.wire.forget()
			if _, err := d.sample(ctx); err != nil {
				return 0, err
			}
		}
		runtime.GC()
		runtime.GC() // what the first one's finalizers let go
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc, nil
	}
	before, err := held(growthSamples / 10)
	if err != nil {
		return err
	}
	after, err := held(growthSamples)
	if err != nil {
		return err
	}
	if after > before+growthLimit {
		return fmt.Errorf("%d bytes more are held after up to %d samples", after-before, growthSamples)
	}
	return d.Close()
}
