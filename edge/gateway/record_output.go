package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/bus/tape"
	"github.com/lamppost-city/lamppost/drivers/relay"
	"github.com/lamppost-city/lamppost/edge/config"
)

// switchEvery is the pace at which an output is recorded, and turns is what it is asked
// for by turns. It begins with what is safe.
const switchEvery = 2 * time.Second

var turns = []tape.Switch{tape.Off, tape.Look, tape.On, tape.Look}

// RecordOutput switches one output of a configuration off and on by turns, asks it for
// its state after each, and keeps that on a tape as Record does. Interlock and limits are
// not asked: whoever records has made it safe. At the end it is set off; Sampled is told if
// it may not be.
func RecordOutput(ctx context.Context, cfg *config.Config, r Recording) (good, bad int, err error) {
	i := slices.IndexFunc(cfg.Outputs, func(o config.Output) bool { return o.ID == r.Device })
	if i < 0 {
		return 0, 0, fmt.Errorf("there is no output %q", r.Device)
	}
	o := cfg.Outputs[i]
	alone := *cfg
	alone.Devices = nil
	alone.Buses = slices.DeleteFunc(slices.Clone(cfg.Buses), func(b config.Bus) bool { return b.ID != o.Bus })
	h := r.Header
	h.Driver, h.Wire, h.Options, h.Framing = relay.Kind().Name, o.Plan.Wire, optionsOf(o), ""
	if o.Plan.Wire == drivers.ModbusUnit {
		h.Framing = framing(alone.Buses[0])
	}
	rec, err := tape.NewRecorder(r.To, h)
	if err != nil {
		return 0, 0, err
	}
	lines, err := OpenLines(&alone, func(_ string, sent bool, p []byte, at time.Time) { rec.Trace(sent, p, at) })
	if err != nil {
		return 0, 0, err
	}
	defer lines.Close()
	o.Plan = rec.WrapOutput(*o.Plan)
	out, err := lines.openOutput(o, "LAMPPOST_RECORD="+o.ID)
	if err != nil {
		return 0, 0, err
	}
	good, bad = r.take(ctx, rec, out, o.Timeout)
	return good, bad, errors.Join(out.Close(), rec.Close())
}

// take asks the output by turns until the time is over.
func (r Recording) take(ctx context.Context, rec *tape.Recorder, out drivers.Output, timeout time.Duration) (good, bad int) {
	whole := ctx
	if r.For > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, r.For)
		defer cancel()
	}
	start, grid := time.Now(), time.NewTicker(switchEvery)
	defer grid.Stop()
	for n := 0; ctx.Err() == nil; n++ {
		outcome, err := r.switchOnce(ctx, rec, out, turns[n%len(turns)], timeout)
		switch {
		case err != nil:
			bad++
		case outcome != "unknown": // who is asked and does not know has not answered
			good++
		}
		r.Sampled(time.Since(start), string(turns[n%len(turns)])+": "+outcome, err)
		select {
		case <-ctx.Done():
		case <-grid.C:
		}
	}
	if outcome, err := r.switchOnce(whole, rec, out, tape.Off, timeout); err != nil {
		bad++
		r.Sampled(time.Since(start), "off: "+outcome, fmt.Errorf("%s may be on still, switch it off by hand: %w", r.Device, err))
	}
	return good, bad
}

// switchOnce lets a call that has begun come to its end.
func (r Recording) switchOnce(ctx context.Context, rec *tape.Recorder, out drivers.Output, s tape.Switch, timeout time.Duration) (string, error) {
	asking, cut := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	defer cut()
	rec.BeginSwitch(s)
	outcome, err := s.Do(asking, out)
	rec.EndSwitch(outcome, err)
	return outcome, err
}

// optionsOf are the driver's own keys of an output, as a tape has them: a command without
// its arguments, which may hold what is nobody's business.
func optionsOf(o config.Output) string {
	var keys []string
	switch o.Kind {
	case "line":
		keys = append(keys, fmt.Sprintf("line: %q", o.Pin), "active: "+map[bool]string{true: "low", false: "high"}[o.Low])
	case "coil":
		keys = append(keys, fmt.Sprintf("coil: %d", o.Number))
	case "register":
		keys = append(keys, fmt.Sprintf("register: %d, on: %d, off: %d", o.Number, o.On, o.Off))
	default:
		keys = append(keys, fmt.Sprintf("command: [%q]", o.Command[0]))
	}
	if !o.ReadBack {
		keys = append(keys, "read_back: false")
	}
	return "{" + strings.Join(keys, ", ") + "}"
}
