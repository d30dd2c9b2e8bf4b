package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/bus/tape"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/clock"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/quality"
)

// Recording says what is recorded and who sees it.
type Recording struct {
	Device string        // its id in the configuration
	For    time.Duration // 0: until ctx ends
	// Header is what the person says of the part, and who it is. Driver, Wire, Framing
	// and Options come from the configuration; Firmware, if it is empty, and a note of
	// each fact from the part, if it can tell.
	Header tape.Header
	To     io.Writer
	// Sampled is called after each sample with its outcome as the gateway would flag it
	// while the part warms up. On the tape stands what the driver said: it is the driver
	// that a tape is played to.
	Sampled func(since time.Duration, outcome string, err error)
}

// Record samples one device of a configuration at its interval, and writes what
// crosses its wire and what comes out to a tape. Nothing else is opened. It ends in
// order with ctx, which is no error. good and bad count the samples.
func Record(ctx context.Context, cfg *config.Config, r Recording) (good, bad int, err error) {
	i := slices.IndexFunc(cfg.Devices, func(d config.Device) bool { return d.ID == r.Device })
	if i < 0 {
		return 0, 0, fmt.Errorf("there is no device %q", r.Device)
	}
	d := cfg.Devices[i]
	if !tape.Keeps(d.Wire) {
		return 0, 0, fmt.Errorf("%s: what crosses the wire of a %s is not kept on a tape", d.ID, d.Driver)
	}
	h := r.Header
	h.Driver, h.Wire, h.Options, h.Framing = d.Driver, d.Wire, d.Options, ""
	alone := *cfg
	alone.Buses = slices.DeleteFunc(slices.Clone(cfg.Buses), func(b config.Bus) bool { return b.ID != d.Bus })
	if d.Wire == drivers.ModbusUnit {
		h.Framing = framing(alone.Buses[0])
	}
	if err := r.ask(ctx, &alone, d, &h); err != nil {
		return 0, 0, err
	}
	rec, err := tape.NewRecorder(r.To, h)
	if err != nil {
		return 0, 0, err
	}
	good, bad, err = r.run(ctx, &alone, d, rec)
	return good, bad, errors.Join(err, rec.Close())
}

func framing(b config.Bus) string {
	if b.TCP != "" && !b.RTU {
		return "tcp"
	}
	return "rtu"
}

// ask lets the part say what it is, before the tape begins. One that says nothing is
// recorded all the same.
func (r Recording) ask(ctx context.Context, cfg *config.Config, d config.Device, h *tape.Header) error {
	cfg.Devices = []config.Device{d}
	lines, err := OpenLines(cfg, nil)
	if err != nil {
		return err
	}
	defer lines.Close()
	facts, err := factsOf(ctx, lines, d)
	if err != nil {
		h.Notes = append(h.Notes, fmt.Sprintf("it did not say what it is: %v", err))
	}
	for _, f := range facts {
		if f.Name == "firmware" && h.Firmware == "" {
			h.Firmware = f.Value
			continue
		}
		h.Notes = append(h.Notes, f.Name+" "+f.Value)
	}
	return nil
}

// factsOf asks the part of a device on lines what it is. A driver that cannot
// ask gives none.
func factsOf(ctx context.Context, lines *Lines, d config.Device) ([]drivers.Fact, error) {
	if d.Wire != drivers.ModbusUnit { // opening and closing others may have effects on the part
		return nil, nil
	}
	for _, l := range lines.all {
		for _, p := range l.devices {
			if p.ID != d.ID {
				continue
			}
			driver, err := p.Open()
			if err != nil {
				return nil, err
			}
			defer driver.Close()
			asked, ok := driver.(drivers.Informant)
			if !ok {
				return nil, nil
			}
			ctx, cancel := context.WithTimeout(ctx, p.Timeout)
			defer cancel()
			return asked.Facts(ctx)
		}
	}
	return nil, nil
}

// run samples until the time is over.
func (r Recording) run(ctx context.Context, cfg *config.Config, d config.Device, rec *tape.Recorder) (good, bad int, err error) {
	d.Plan = rec.Wrap(*d.Plan)
	cfg.Devices = []config.Device{d}
	lines, err := OpenLines(cfg, func(_ string, sent bool, p []byte, at time.Time) { rec.Trace(sent, p, at) })
	if err != nil {
		return 0, 0, err
	}
	defer lines.Close()
	i := slices.IndexFunc(lines.all, func(l *line) bool { return len(l.devices) > 0 })
	driver, err := lines.all[i].devices[0].Open()
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, driver.Close()) }()
	if r.For > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, r.For)
		defer cancel()
	}
	start, grid := time.Now(), time.NewTicker(d.Every)
	defer grid.Stop()
	warm := warmth{limits: quality.Limits{WarmUp: d.Plan.WarmUp}}
	for ctx.Err() == nil {
		rec.Begin()
		readings, err := sampleOnce(ctx, driver, d.Timeout)
		rec.End(d.Plan.Channels, readings, err)
		if ctx.Err() != nil && errors.Is(err, context.Canceled) {
			break // it was not the part that failed
		}
		if err == nil {
			good++
		} else {
			bad++
		}
		r.Sampled(time.Since(start), tape.Text(d.Plan.Channels, warm.flag(clock.BootMS(), readings, err), err), err)
		select {
		case <-ctx.Done():
		case <-grid.C:
		}
	}
	return good, bad, nil
}

// warmth flags readings while a part warms up, from the first answer after it was
// opened or plugged in again, as the gateway does.
type warmth struct {
	limits quality.Limits
	stream *quality.Stream // nil until it answers
}

// flag returns what the readings of a sample are worth. Those given stay as they are.
func (w *warmth) flag(bootMS int64, readings []obs.Reading, err error) []obs.Reading {
	if err != nil {
		if errors.Is(err, drivers.ErrUnplugged) {
			w.stream = nil
		}
		return nil
	}
	if w.stream == nil {
		w.stream = quality.New(&w.limits, bootMS)
	}
	out := make([]obs.Reading, len(readings))
	for i, r := range readings {
		out[i] = w.stream.Judge(bootMS, r)
	}
	return out
}

// sampleOnce lets a sample that has begun come to its end: it is cut only by its own
// time, and when the recording is over for a second.
func sampleOnce(ctx context.Context, d drivers.Driver, timeout time.Duration) ([]obs.Reading, error) {
	asking, cut := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	defer cut()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(time.Second, cut) })()
	return d.Sample(asking)
}
