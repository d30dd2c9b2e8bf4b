package gateway

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/clock"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/poll"
)

// Outcome is what one device answered to a single poll.
type Outcome struct {
	Device   config.Device
	Readings []obs.Reading // judged by range and warm-up, as the gateway's first ones are; nil if Err
	Err      error
	Took     time.Duration
	Frames   []Frame
	Facts    []drivers.Fact // what the part says of itself, where it can
	Doubt    string         // why it may be another part than the configuration says; empty: nothing says so
	Impaired error          // why channels have no values though the part answers; nil: nothing is wrong
	Learning drivers.Learning
}

// Frame is bytes that crossed a line in one direction without a pause.
type Frame struct {
	Sent  bool
	At    time.Duration // since the poll began
	Bytes []byte
}

// maxFrames bounds what is remembered of one poll.
const maxFrames = 200

// Read polls each device of a configuration once, those named or all, and returns
// the outcomes in the configuration's order. It writes nothing and needs no
// cloud. Lines are read side by side, devices on one line one after another. The
// error says that a line cannot be made at all.
func Read(ctx context.Context, cfg *config.Config, catalog *obs.Catalog, only []string) ([]Outcome, error) {
	var w wiretap
	lines, err := OpenLines(cfg, w.hear)
	if err != nil {
		return nil, err
	}
	defer lines.Close()
	var wg sync.WaitGroup
	out := make([]Outcome, len(cfg.Devices))
	for _, l := range lines.all {
		wg.Go(func() {
			for _, p := range l.devices {
				i := slices.IndexFunc(cfg.Devices, func(d config.Device) bool { return d.ID == p.ID })
				if len(only) > 0 && !slices.Contains(only, p.ID) {
					continue
				}
				out[i] = readOne(ctx, cfg.Devices[i], p, catalog)
				out[i].Frames = w.take(l.id, out[i].Took)
				if out[i].Err == nil {
					out[i].Facts, _ = factsOf(ctx, lines, cfg.Devices[i]) // a part that does not tell has answered all the same
					w.take(l.id, 0)
				}
			}
		})
	}
	wg.Wait()
	return slices.DeleteFunc(out, func(o Outcome) bool { return o.Device.ID == "" }), nil
}

func readOne(ctx context.Context, d config.Device, p poll.Device, catalog *obs.Catalog) Outcome {
	o := Outcome{Device: d}
	open, opened := p.Open, drivers.Driver(nil)
	p.Open = func() (driver drivers.Driver, err error) {
		driver, err = open()
		opened = driver
		return driver, err
	}
	o.Readings, o.Took, o.Err = poll.Once(ctx, p)
	if o.Err != nil {
		o.Readings = nil
		return o
	}
	o.Doubt, o.Impaired, o.Learning = doubtOf(opened), impairedOf(opened), learningOf(opened)
	rec, _ := newDevice(specOf(d), catalog).take(poll.Sample{Device: d.ID, BootMS: clock.BootMS(), Readings: o.Readings})
	o.Readings = rec.Readings
	return o
}

// wiretap remembers what crossed each line since it was last taken.
type wiretap struct {
	mu    sync.Mutex
	lines map[string][]heard
}

type heard struct {
	sent bool
	at   time.Time
	p    []byte
}

func (w *wiretap) hear(line string, sent bool, p []byte, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lines == nil {
		w.lines = map[string][]heard{}
	}
	hs := w.lines[line]
	if n := len(hs); n > 0 && hs[n-1].sent == sent && at.Sub(hs[n-1].at) < 50*time.Millisecond {
		hs[n-1].p = append(hs[n-1].p, p...)
		return
	}
	if len(hs) < maxFrames {
		w.lines[line] = append(hs, heard{sent, at, slices.Clone(p)})
	}
}

// take returns what crossed a line during the poll that has just ended.
func (w *wiretap) take(line string, took time.Duration) (out []Frame) {
	w.mu.Lock()
	defer w.mu.Unlock()
	began := time.Now().Add(-took)
	for _, h := range w.lines[line] {
		out = append(out, Frame{Sent: h.sent, At: max(0, h.at.Sub(began)), Bytes: h.p})
	}
	delete(w.lines, line)
	return out
}

// WarmsUp says how long after opening the values of a device do not count, if that is
// why one of these does not; else 0. How long the part has been powered nobody knows.
func (o Outcome) WarmsUp() time.Duration {
	for _, r := range o.Readings {
		if r.Quality.Why == obs.WarmUp {
			return o.Device.Plan.WarmUp
		}
	}
	return 0
}

// Starts says whether a value is missing because what gives it still starts, or learns what
// is usual, for as long as it takes.
func (o Outcome) Starts() bool {
	return slices.ContainsFunc(o.Readings, func(r obs.Reading) bool {
		return r.Quality.Flag == obs.Missing && r.Quality.Why == obs.WarmUp
	}) && o.Device.Plan.WarmUp == 0
}

// Answered says whether a device gave at least one value.
func (o Outcome) Answered() bool { return o.Err == nil }

// Fault is the fault word of an outcome without values.
func (o Outcome) Fault() string {
	if o.Err == nil {
		return ""
	}
	return drivers.FaultWord(o.Err)
}
