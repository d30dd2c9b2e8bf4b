package tape

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Recorder writes a tape while a device is sampled. Where the owner of a wire tells
// what crosses it, Trace takes that; on the wires where each operation has one
// answer, Wrap stands between driver and wire. It may be used from several
// goroutines. The first error of writing ends the tape and is what Close returns.
type Recorder struct {
	mu     sync.Mutex
	w      io.Writer
	wire   drivers.Wire
	start  time.Time
	last   time.Duration
	heard  Entry         // bytes that came and may go on
	until  time.Duration // they go on if more comes before this
	quiet  bool          // since the last Begin, the newest entry is a fault
	size   int
	err    error
	counts map[Kind]int
}

// pause parts two pieces of an answer on the tape; a USB adapter hands bytes on in
// parts of its own.
const pause = 5 * time.Millisecond

// NewRecorder writes the header; the tape begins now. What Header leaves empty is
// not on the tape.
func NewRecorder(w io.Writer, h Header) (*Recorder, error) {
	if !Keeps(h.Wire) {
		return nil, fmt.Errorf("%w: what crosses the wire %s is not kept", ErrTape, h.Wire)
	}
	head := appendHeader(nil, h)
	if _, err := Read("header", strings.NewReader(string(head)+"0 ?\n")); err != nil {
		return nil, err
	}
	r := &Recorder{w: w, wire: h.Wire, start: time.Now(), counts: map[Kind]int{}}
	return r, r.write(head)
}

// Trace takes bytes that crossed the wire. They are copied. On the wires that Wrap
// records it does nothing.
func (r *Recorder) Trace(sent bool, p []byte, at time.Time) {
	if len(p) == 0 || paired(r.wire) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.stamp(at)
	if sent {
		r.put(Entry{At: t, Kind: Sent, Bytes: p})
		return
	}
	if r.heard.Bytes != nil && t <= r.until && len(r.heard.Bytes)+len(p) < maxLine/4 {
		r.heard.Bytes, r.until = append(r.heard.Bytes, p...), t+pause
		return
	}
	r.flush()
	r.heard, r.until = Entry{At: t, Kind: Received, Bytes: slices.Clone(p)}, t+pause
}

// Begin marks the begin of a sample.
func (r *Recorder) Begin() { r.mark(Entry{Kind: Begin}) }

// End marks its end and what came out of it.
func (r *Recorder) End(channels []drivers.Channel, readings []obs.Reading, err error) {
	r.told(err)
	r.mark(Entry{Kind: Outcome, Text: Text(channels, readings, err)})
}

// told marks a fault unless the newest entry is it: where it happened is then not known,
// but that it did.
func (r *Recorder) told(err error) {
	if err == nil {
		return
	}
	r.mu.Lock()
	known := r.quiet
	r.mu.Unlock()
	if !known {
		r.mark(Entry{Kind: Fault, Text: drivers.FaultWord(err)})
	}
}

// Count returns how many entries of a kind are on the tape.
func (r *Recorder) Count(k Kind) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.counts[k]
}

// Close writes what is still held. The writer stays open.
func (r *Recorder) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.flush()
	return r.err
}

func (r *Recorder) mark(e Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e.At = r.stamp(time.Now())
	r.put(e)
}

// stamp makes a time of the tape; it never falls.
func (r *Recorder) stamp(at time.Time) time.Duration {
	r.last = max(r.last, at.Sub(r.start).Truncate(time.Microsecond))
	return r.last
}

// put writes e behind what is held.
func (r *Recorder) put(e Entry) {
	r.flush()
	r.quiet = e.Kind == Fault
	r.counts[e.Kind]++
	_ = r.write(appendEntry(nil, r.wire, e)) // kept in r.err
}

func (r *Recorder) flush() {
	if e := r.heard; e.Bytes != nil {
		r.heard = Entry{}
		r.put(e)
	}
}

func (r *Recorder) write(b []byte) error {
	if r.err == nil && r.size+len(b) > MaxBytes {
		r.err = fmt.Errorf("%w: it is full, a tape has at most %d bytes", ErrTape, MaxBytes)
	}
	if r.err == nil {
		var n int
		n, r.err = r.w.Write(b)
		r.size += n
	}
	return r.err
}

// pair records one operation and its end.
func (r *Recorder) pair(request []byte, do func() ([]byte, error)) {
	r.mark(Entry{Kind: Sent, Bytes: request})
	got, err := do()
	if err != nil {
		r.mark(Entry{Kind: Fault, Text: drivers.FaultWord(err)})
		return
	}
	r.mark(Entry{Kind: Received, Bytes: got})
}

// Wrap returns p so that what its driver does on the wire is recorded, on the wires
// where each operation has one answer; otherwise as it is, for Trace.
func (r *Recorder) Wrap(p drivers.Plan) *drivers.Plan {
	if open := p.OpenI2C; open != nil {
		p.OpenI2C = func(w drivers.I2C) (drivers.Driver, error) { return open(heardI2C{r, w}) }
	}
	if open := p.OpenInput; open != nil {
		p.OpenInput = func(w drivers.Input) (drivers.Driver, error) { return open(heardInput{r, w}) }
	}
	if open := p.OpenPulses; open != nil {
		p.OpenPulses = func(w drivers.Pulses) (drivers.Driver, error) { return open(heardPulses{r, w}) }
	}
	if open := p.OpenOneWire; open != nil {
		p.OpenOneWire = func(w drivers.OneWire) (drivers.Driver, error) { return open(heardOneWire{r, w}) }
	}
	if open := p.OpenProcess; open != nil {
		p.OpenProcess = func(w drivers.Process) (drivers.Driver, error) { return open(heardProcess{r, w}) }
	}
	if open := p.OpenHost; open != nil {
		p.OpenHost = func(w drivers.Host) (drivers.Driver, error) { return open(heardHost{r, w}) }
	}
	return &p
}

type (
	heardI2C struct {
		r *Recorder
		w drivers.I2C
	}
	heardInput struct {
		r *Recorder
		w drivers.Input
	}
	heardPulses struct {
		r *Recorder
		w drivers.Pulses
	}
	heardOneWire struct {
		r *Recorder
		w drivers.OneWire
	}
	heardProcess struct {
		r *Recorder
		w drivers.Process
	}
)

func (h heardI2C) Tx(ctx context.Context, w, r []byte) (err error) {
	h.r.pair(w, func() ([]byte, error) { err = h.w.Tx(ctx, w, r); return r, err })
	return err
}

func (h heardInput) Active(ctx context.Context) (on bool, err error) {
	h.r.pair(nil, func() ([]byte, error) {
		on, err = h.w.Active(ctx)
		if on {
			return []byte{1}, err
		}
		return []byte{0}, err
	})
	return on, err
}

func (h heardPulses) Count(ctx context.Context) (c drivers.PulseCount, err error) {
	h.r.pair(nil, func() ([]byte, error) { c, err = h.w.Count(ctx); return []byte(formatCount(c)), err })
	return c, err
}

func (h heardPulses) State() []byte              { return h.w.State() }
func (h heardPulses) Restore(state []byte) error { return h.w.Restore(state) }

func (h heardOneWire) Read(ctx context.Context, file string) (b []byte, err error) {
	h.r.pair([]byte(file), func() ([]byte, error) { b, err = h.w.Read(ctx, file); return b, err })
	return b, err
}

func (h heardProcess) Ask(ctx context.Context, line []byte, accept func([]byte) bool) (b []byte, err error) {
	h.r.pair(line, func() ([]byte, error) { b, err = h.w.Ask(ctx, line, accept); return b, err })
	return b, err
}
