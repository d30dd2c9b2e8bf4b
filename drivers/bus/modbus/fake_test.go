package modbus

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"

	"github.com/lamppost-city/lamppost/drivers"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// piece is something that is said on a fake line, after so long.
type piece struct {
	after time.Duration
	bytes []byte
}

// fakeLine is a serial line inside a bubble: what slaves says to a request comes
// when it says so, paced by the bubble's clock.
type fakeLine struct {
	slaves func(unit uint8, r codec.Request, frame []byte) []piece

	mu      sync.Mutex
	wake    chan struct{}
	coming  []arrival
	sent    []sending // every request, as the line saw it
	gone    error     // what every call ends with from now on
	noise   int
	damaged int
}

type arrival struct {
	at    time.Time
	bytes []byte
}

type sending struct {
	at   time.Time
	unit uint8
	r    codec.Request
}

func newFake(slaves func(uint8, codec.Request, []byte) []piece) *fakeLine {
	return &fakeLine{slaves: slaves, wake: make(chan struct{})}
}

// registers answers every read with the register's number in each register.
func registers(unit uint8, r codec.Request) []byte {
	data := make([]byte, 0, 2*r.Count)
	for i := range r.Count {
		data = append(data, byte((r.Start+i)>>8), byte(r.Start+i))
	}
	return codec.AppendRTU(nil, unit, codec.Answer{Function: r.Function, Data: data}.Append(nil))
}

// after answers with what frame gives, after d.
func after(d time.Duration, frame func(uint8, codec.Request) []byte) func(uint8, codec.Request, []byte) []piece {
	return func(unit uint8, r codec.Request, _ []byte) []piece { return []piece{{d, frame(unit, r)}} }
}

func silent(uint8, codec.Request, []byte) []piece { return nil }

// each lets every unit answer in its own way; units not named are silent.
func each(units map[uint8]func(uint8, codec.Request, []byte) []piece) func(uint8, codec.Request, []byte) []piece {
	return func(unit uint8, r codec.Request, frame []byte) []piece {
		if say := units[unit]; say != nil {
			return say(unit, r, frame)
		}
		return nil
	}
}

func (f *fakeLine) say(after time.Duration, b ...byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.coming = append(f.coming, arrival{time.Now().Add(after), b})
	close(f.wake)
	f.wake = make(chan struct{})
}

func (f *fakeLine) Write(_ context.Context, p []byte) (int, error) {
	unit, pdu, err := codec.ParseRTU(p)
	if err != nil {
		return 0, err
	}
	r, err := codec.ParseRequest(pdu)
	if err != nil && (len(pdu) < 5 || pdu[3]|pdu[4] != 0) { // asking for nothing is what Start does
		return 0, err
	}
	f.mu.Lock()
	if f.gone != nil {
		f.mu.Unlock()
		return 0, f.gone
	}
	f.sent = append(f.sent, sending{time.Now(), unit, r})
	f.mu.Unlock()
	for _, s := range f.slaves(unit, r, append([]byte(nil), p...)) {
		f.say(s.after, s.bytes...)
	}
	return len(p), nil
}

func (f *fakeLine) Read(ctx context.Context, p []byte) (int, error) {
	for {
		f.mu.Lock()
		wait, wake, gone := time.Hour, f.wake, f.gone
		for i, a := range f.coming {
			d := time.Until(a.at)
			if d <= 0 && ctx.Err() == nil && gone == nil {
				n := copy(p, a.bytes)
				if f.coming[i].bytes = a.bytes[n:]; n == len(a.bytes) {
					f.coming = append(f.coming[:i], f.coming[i+1:]...)
				}
				f.mu.Unlock()
				return n, nil
			}
			wait = min(wait, d)
		}
		f.mu.Unlock()
		if gone != nil {
			return 0, gone
		}
		t := time.NewTimer(wait)
		select {
		case <-t.C:
		case <-wake:
		case <-ctx.Done():
			t.Stop()
			if ctx.Err() == context.DeadlineExceeded {
				return 0, drivers.ErrTimeout
			}
			return 0, ctx.Err()
		}
		t.Stop()
	}
}

func (f *fakeLine) Discard() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var later []arrival
	for _, a := range f.coming {
		if time.Until(a.at) > 0 {
			later = append(later, a)
		} else {
			f.noise += len(a.bytes)
		}
	}
	f.coming = later
	return f.gone
}

func (f *fakeLine) Noise(n int) { f.mu.Lock(); f.noise += n; f.mu.Unlock() }

func (f *fakeLine) BadChecksum() { f.mu.Lock(); f.damaged++; f.mu.Unlock() }

func (f *fakeLine) Close() error { f.pull(os.ErrClosed); return nil }

// pull lets every call end with err, running ones too.
func (f *fakeLine) pull(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.gone = err
	close(f.wake)
	f.wake = make(chan struct{})
}

func (f *fakeLine) String() string { return "rs485-1" }

// asked returns when unit was asked, and forgets it.
func (f *fakeLine) asked(unit uint8) (at []time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.sent {
		if s.unit == unit {
			at = append(at, s.at)
		}
	}
	return at
}

func within(ctx context.Context, d time.Duration, do func(context.Context)) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	do(ctx)
}
