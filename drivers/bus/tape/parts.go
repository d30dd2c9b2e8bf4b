package tape

import (
	"context"
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

// I2C returns the part as an address on an I2C bus.
func (r *Replay) I2C() drivers.I2C { return i2c{r} }

// Input returns the part as a GPIO line.
func (r *Replay) Input() drivers.Input { return input{r} }

// Pulses returns the part as a counter.
func (r *Replay) Pulses() drivers.Pulses { return pulses{r} }

// OneWire returns the part as a 1-Wire slave.
func (r *Replay) OneWire() drivers.OneWire { return oneWire{r} }

// Process returns the part as a child process.
func (r *Replay) Process() drivers.Process { return process{r} }

type (
	i2c     struct{ *Replay }
	input   struct{ *Replay }
	pulses  struct{ *Replay }
	oneWire struct{ *Replay }
	process struct{ *Replay }
)

// Tx implements drivers.I2C.
func (d i2c) Tx(ctx context.Context, w, r []byte) error {
	got, err := d.pair(ctx, w)
	if err != nil {
		return err
	}
	if len(got) != len(r) {
		return d.fail(d.tape.Entries[d.i-1], "%d bytes were read here, the driver reads %d", len(got), len(r))
	}
	copy(r, got)
	return nil
}

// Active implements drivers.Input.
func (d input) Active(ctx context.Context) (bool, error) {
	got, err := d.pair(ctx, nil)
	if err != nil {
		return false, err
	}
	if len(got) != 1 || got[0] > 1 {
		return false, d.fail(d.tape.Entries[d.i-1], "a level is 00 or 01, not % X", got)
	}
	return got[0] == 1, nil
}

// Count implements drivers.Pulses.
func (d pulses) Count(ctx context.Context) (drivers.PulseCount, error) {
	got, err := d.pair(ctx, nil)
	if err != nil {
		return drivers.PulseCount{}, err
	}
	c, err := parseCount(string(got))
	if err != nil {
		return c, d.fail(d.tape.Entries[d.i-1], "%v", err)
	}
	return c, nil
}

// State implements drivers.Pulses: what is on a tape survives by itself.
func (pulses) State() []byte { return nil }

// Restore implements drivers.Pulses.
func (pulses) Restore([]byte) error { return nil }

// Read implements drivers.OneWire.
func (d oneWire) Read(ctx context.Context, file string) ([]byte, error) {
	got, err := d.pair(ctx, []byte(file))
	return append([]byte(nil), got...), err
}

// Ask implements drivers.Process.
func (d process) Ask(ctx context.Context, line []byte, accept func([]byte) bool) ([]byte, error) {
	got, err := d.pair(ctx, line)
	if err == nil && !accept(got) {
		return nil, d.fail(d.tape.Entries[d.i-1], "the driver took this answer then and does not now")
	}
	return append([]byte(nil), got...), err
}

const countForm = "total=%d lost=%d unwatched=%s missed=%t last=%s period=%s at=%s peak=%g"

func formatCount(c drivers.PulseCount) string {
	return fmt.Sprintf(countForm, c.Total, c.Lost, c.Unwatched, c.Missed, c.Last, c.Period, c.At, c.Peak)
}

func parseCount(s string) (c drivers.PulseCount, err error) {
	var spans [4]string
	if _, err := fmt.Sscanf(s, countForm, &c.Total, &c.Lost, &spans[0], &c.Missed, &spans[1], &spans[2], &spans[3], &c.Peak); err != nil {
		return c, fmt.Errorf("a count is like %q", formatCount(drivers.PulseCount{}))
	}
	for i, at := range []*time.Duration{&c.Unwatched, &c.Last, &c.Period, &c.At} {
		if *at, err = time.ParseDuration(spans[i]); err != nil {
			return c, err
		}
	}
	return c, nil
}
