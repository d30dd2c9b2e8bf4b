package tape

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// wire is every wire with one answer for each operation, made of a script: each call
// takes 10 ms and gives the next answer.
type wire struct{ script []any }

func (w *wire) next(ctx context.Context) ([]byte, error) {
	if err := sleep(ctx, 10*time.Millisecond, true); err != nil {
		return nil, err
	}
	a := w.script[0]
	w.script = w.script[1:]
	if err, ok := a.(error); ok {
		return nil, err
	}
	return []byte(fmt.Sprint(a)), nil
}

func (w *wire) Tx(ctx context.Context, _, r []byte) error {
	b, err := w.next(ctx)
	copy(r, b)
	return err
}

func (w *wire) Active(ctx context.Context) (bool, error) {
	b, err := w.next(ctx)
	return string(b) == "true", err
}

func (w *wire) Count(ctx context.Context) (drivers.PulseCount, error) {
	b, err := w.next(ctx)
	return drivers.PulseCount{Total: uint64(len(b)), Lost: 1, Missed: true, Unwatched: time.Hour, Last: 3 * time.Second, Period: 250 * time.Millisecond, At: time.Minute + time.Microsecond}, err
}

func (w *wire) State() []byte        { return nil }
func (w *wire) Restore([]byte) error { return nil }

func (w *wire) Read(ctx context.Context, _ string) ([]byte, error) { return w.next(ctx) }

func (w *wire) Ask(ctx context.Context, _ []byte, _ func([]byte) bool) ([]byte, error) {
	return w.next(ctx)
}

// record samples a planned device three times and returns the tape.
func record(t *testing.T, kind drivers.Wire, p drivers.Plan, open func(*drivers.Plan) (drivers.Driver, error)) *Tape {
	t.Helper()
	var b bytes.Buffer
	r, err := NewRecorder(&b, Header{Driver: "toy", Wire: kind, By: "this test", At: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	d, err := open(r.Wrap(p))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		ctx, cancel := context.WithTimeout(t.Context(), p.Timeout)
		r.Begin()
		rs, err := d.Sample(ctx)
		r.End(p.Channels, rs, err)
		cancel()
		if err := sleep(t.Context(), time.Second, true); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(d.Close(), r.Close()); err != nil {
		t.Fatal(err)
	}
	if r.Count(Outcome) != 3 || r.Count(Sent) != r.Count(Received)+1 {
		t.Errorf("%d sent, %d received, %d outcomes", r.Count(Sent), r.Count(Received), r.Count(Outcome))
	}
	tape, err := Read("test", bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatalf("%v\n%s", err, b.Bytes())
	}
	return tape
}

// TestRecordAndPlay: on each wire, what was recorded plays, and plays only so.
func TestRecordAndPlay(t *testing.T) {
	script := func() *wire { return &wire{[]any{"ab", "c", "true", drivers.ErrUnplugged, "z", "q"}} }
	for _, c := range []struct {
		kind drivers.Wire
		plan func(seen *string) drivers.Plan
		open func(*drivers.Plan) (drivers.Driver, error)
	}{
		{drivers.I2CDevice, func(seen *string) drivers.Plan {
			return drivers.Plan{OpenI2C: func(w drivers.I2C) (drivers.Driver, error) {
				return twice(func(ctx context.Context, i int) error {
					b := make([]byte, 2-i)
					err := w.Tx(ctx, []byte{0xD0}[:1-i], b)
					*seen += string(b)
					return err
				}), nil
			}}
		}, func(p *drivers.Plan) (drivers.Driver, error) { return p.OpenI2C(script()) }},
		{drivers.InputLine, func(seen *string) drivers.Plan {
			return drivers.Plan{OpenInput: func(w drivers.Input) (drivers.Driver, error) {
				return twice(func(ctx context.Context, _ int) error {
					on, err := w.Active(ctx)
					*seen += fmt.Sprint(on)
					return err
				}), nil
			}}
		}, func(p *drivers.Plan) (drivers.Driver, error) { return p.OpenInput(script()) }},
		{drivers.PulseLine, func(seen *string) drivers.Plan {
			return drivers.Plan{OpenPulses: func(w drivers.Pulses) (drivers.Driver, error) {
				return twice(func(ctx context.Context, _ int) error {
					n, err := w.Count(ctx)
					if err == nil {
						*seen += fmt.Sprint(n)
					}
					return err
				}), nil
			}}
		}, func(p *drivers.Plan) (drivers.Driver, error) { return p.OpenPulses(script()) }},
		{drivers.OneWireDevice, func(seen *string) drivers.Plan {
			return drivers.Plan{OpenOneWire: func(w drivers.OneWire) (drivers.Driver, error) {
				return twice(func(ctx context.Context, i int) error {
					b, err := w.Read(ctx, fmt.Sprint("file", i))
					*seen += string(b)
					return err
				}), nil
			}}
		}, func(p *drivers.Plan) (drivers.Driver, error) { return p.OpenOneWire(script()) }},
		{drivers.ChildProcess, func(seen *string) drivers.Plan {
			return drivers.Plan{OpenProcess: func(w drivers.Process) (drivers.Driver, error) {
				return twice(func(ctx context.Context, i int) error {
					b, err := w.Ask(ctx, []byte(fmt.Sprintf(`{"i":%d}`, i)), func([]byte) bool { return true })
					*seen += string(b)
					return err
				}), nil
			}}
		}, func(p *drivers.Plan) (drivers.Driver, error) { return p.OpenProcess(script()) }},
	} {
		t.Run(string(c.kind), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var live, played string
				plan := func(seen *string) drivers.Plan {
					p := c.plan(seen)
					p.Channels, p.Timeout = value, time.Second
					return p
				}
				tape := record(t, c.kind, plan(&live), c.open)
				p := plan(&played)
				if err := Play(t.Context(), &p, tape); err != nil || live != played || live == "" {
					t.Errorf("played %q, live it was %q: %v", played, live, err)
				}
				other := *tape
				other.Entries = append([]Entry(nil), tape.Entries...)
				other.Entries[1].Bytes = []byte("other")
				if err := Play(t.Context(), &p, &other); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("line %d: ", tape.Entries[1].Line)) {
					t.Errorf("another request than the tape's: %v", err)
				}
			})
		})
	}
}

// twice is a device that performs an operation twice for each sample.
func twice(op func(context.Context, int) error) drivers.Driver {
	return doing{func(ctx context.Context) (float64, error) {
		for i := range 2 {
			if err := op(ctx, i); err != nil {
				return 0, err
			}
		}
		return 42, nil
	}}
}

// TestTrace: pieces that belong together are one line, and times never fall.
func TestTrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b strings.Builder
		start := time.Now()
		r, err := NewRecorder(&b, Header{Driver: "toy", Wire: drivers.SerialLine, By: "x\ny", At: start, Notes: []string{"", "a"}})
		if err != nil {
			t.Fatal(err)
		}
		at := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
		r.Trace(true, []byte{1}, at(1))
		r.Trace(false, []byte{2}, at(5))
		r.Trace(false, []byte{3}, at(9))
		r.Trace(false, []byte{4}, at(14))
		r.Trace(false, nil, at(15))
		r.Trace(false, []byte{5}, at(30))
		r.Trace(true, []byte{6}, at(20))
		r.Begin()
		r.End(value, []obs.Reading{obs.Of(1)}, nil)
		r.Trace(false, []byte{7}, at(40))
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		_, got, _ := strings.Cut(b.String(), "\n\n")
		want := "   0.001000 > 01\n   0.005000 < 02 03 04\n   0.030000 < 05\n   0.030000 > 06\n   0.030000 ?\n   0.030000 = temp=1\n   0.040000 < 07\n"
		if got != want || !strings.Contains(b.String(), "by: x y\nat: 2000-01-01T00:00:00Z\nnote: a\n") {
			t.Errorf("got\n%s\nwant\n%s\n%s", got, want, b.String())
		}
	})
}

type full struct{ left int }

func (f *full) Write(b []byte) (int, error) {
	if f.left -= len(b); f.left < 0 {
		return 0, errors.New("no room")
	}
	return len(b), nil
}

// TestRecorderErrors: what cannot be kept is refused, and a full disk is told once.
func TestRecorderErrors(t *testing.T) {
	h := Header{Driver: "camera", Wire: drivers.HTTPHost, By: "me", At: time.Now()}
	if _, err := NewRecorder(&full{}, h); err == nil || !errors.Is(err, ErrTape) {
		t.Errorf("HTTP: %v", err)
	}
	h.Wire = drivers.ModbusUnit
	if _, err := NewRecorder(&full{}, h); err == nil || !strings.Contains(err.Error(), "framing") {
		t.Errorf("no framing: %v", err)
	}
	h.Wire = drivers.I2CDevice
	r, err := NewRecorder(&full{200}, h)
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		r.Begin()
	}
	if err := r.Close(); err == nil || err.Error() != "no room" {
		t.Errorf("got %v", err)
	}
	r, err = NewRecorder(&full{1 << 30}, h)
	if err != nil {
		t.Fatal(err)
	}
	for range MaxBytes/maxLine + 1 {
		r.pair(make([]byte, maxLine/3), func() ([]byte, error) { return nil, nil })
	}
	if err := r.Close(); err == nil || !strings.Contains(err.Error(), "it is full") {
		t.Errorf("got %v", err)
	}
}
