package apart

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Device is what the child is told to open.
type Device struct {
	Driver, Options string // the driver's name, and its own options as YAML
	Channels        int    // that its plan has
	MaxStill        int    // bytes of a picture that are taken
}

// Remote is the driver of a device that runs in a process of its own.
type Remote struct {
	child  drivers.Process
	device Device
	id     uint64
	still  []byte
	found  *[]drivers.Detection // of the last sample; nil: not known
	why    error                // what was wrong beside the part
	state  []byte               // of the last sample; nil: nothing new
	kept   []byte               // what the device is opened with
	learns drivers.Learning     // of the last sample
}

var (
	_ drivers.StillSource = (*Remote)(nil)
	_ drivers.Finder      = (*Remote)(nil)
	_ drivers.Impaired    = (*Remote)(nil)
	_ drivers.Stateful    = (*Remote)(nil)
	_ drivers.Learner     = (*Remote)(nil)
)

// New returns a driver that asks child, which stays the caller's.
func New(child drivers.Process, d Device) *Remote { return &Remote{child: child, device: d} }

// reserve is how much of a sample's time is kept for fetching the picture and for the way.
const reserve = 200 * time.Millisecond

// Sample implements drivers.Driver.
func (r *Remote) Sample(ctx context.Context) ([]obs.Reading, error) {
	a, err := r.ask(ctx, question{Do: doSample, MS: left(ctx)})
	if err == nil && a.Fault == notOpen {
		if a, err = r.ask(ctx, question{Do: doOpen, Driver: r.device.Driver, Options: r.device.Options, State: r.kept}); err == nil && a.Fault == "" {
			a, err = r.ask(ctx, question{Do: doSample, MS: left(ctx)})
		}
	}
	if err == nil {
		err = a.err()
	}
	if err != nil {
		return nil, err
	}
	if len(a.Readings) != r.device.Channels || a.Still < 0 || a.Still > r.device.MaxStill {
		return nil, fmt.Errorf("%w: %d readings for %d channels and a picture of %d bytes come from its process", drivers.ErrProtocol, len(a.Readings), r.device.Channels, a.Still)
	}
	if a.Found != nil && !good(*a.Found) {
		return nil, fmt.Errorf("%w: what its process says was found cannot be", drivers.ErrProtocol)
	}
	if len(a.State) > maxState {
		return nil, fmt.Errorf("%w: its process wants to keep %d bytes, %d are allowed", drivers.ErrProtocol, len(a.State), maxState)
	}
	still, err := r.fetch(ctx, a.Still)
	if err != nil {
		return nil, err
	}
	r.still, r.found, r.why, r.state = still, a.Found, toldOf(a.Impaired, a.Why), a.State
	r.learns = a.learning()
	if r.state != nil {
		r.kept = r.state
	}
	out := make([]obs.Reading, len(a.Readings))
	for i, v := range a.Readings {
		out[i] = obs.Reading(v)
	}
	return out, nil
}

// left is the time that the child may take, ms.
func left(ctx context.Context) int64 {
	at, ok := ctx.Deadline()
	if !ok {
		return time.Minute.Milliseconds()
	}
	return max(time.Until(at)-reserve, 1*time.Millisecond).Milliseconds()
}

// fetch takes a picture of n bytes over, piece by piece.
func (r *Remote) fetch(ctx context.Context, n int) ([]byte, error) {
	if n == 0 {
		return nil, nil
	}
	b := make([]byte, 0, n)
	for len(b) < n {
		a, err := r.ask(ctx, question{Do: doStill, From: len(b)})
		if err == nil {
			err = a.err()
		}
		if err != nil {
			return nil, err
		}
		if len(a.Piece) == 0 || len(a.Piece) > n-len(b) {
			return nil, fmt.Errorf("%w: a piece of %d bytes at byte %d of %d comes from its process", drivers.ErrProtocol, len(a.Piece), len(b), n)
		}
		b = append(b, a.Piece...)
	}
	return b, nil
}

// ask asks one question. Answers to earlier ones are passed over.
func (r *Remote) ask(ctx context.Context, q question) (a answer, err error) {
	r.id++
	q.ID = r.id
	line, err := json.Marshal(q)
	if err != nil {
		return a, err
	}
	mine := fmt.Appendf(nil, `{"id":%d`, q.ID)
	said, err := r.child.Ask(ctx, line, func(b []byte) bool {
		rest, ok := bytes.CutPrefix(b, mine)
		return ok && len(rest) > 0 && (rest[0] == ',' || rest[0] == '}')
	})
	if err != nil {
		return a, err
	}
	if err := json.Unmarshal(said, &a); err != nil {
		return answer{}, fmt.Errorf("%w: its process says %.60q", drivers.ErrProtocol, said)
	}
	return a, nil
}

// Still implements drivers.StillSource.
func (r *Remote) Still() ([]byte, bool) { return r.still, r.still != nil }

// Found implements drivers.Finder.
func (r *Remote) Found() ([]drivers.Detection, bool) {
	if r.found == nil {
		return nil, false
	}
	return *r.found, true
}

// Impaired implements drivers.Impaired.
func (r *Remote) Impaired() error { return r.why }

// Learning implements drivers.Learner.
func (r *Remote) Learning() drivers.Learning { return r.learns }

// State implements drivers.Stateful.
func (r *Remote) State() []byte { return r.state }

// Restore implements drivers.Stateful. The device takes it when it is opened; what it cannot
// read it begins anew without.
func (r *Remote) Restore(state []byte) error {
	r.kept = state
	return nil
}

// Close does nothing: the device is closed when its process ends, which its owner sees to.
func (r *Remote) Close() error { return nil }
