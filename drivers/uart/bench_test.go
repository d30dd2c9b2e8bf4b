package uart

import (
	"context"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
)

// endless is a line on which the same is sent again and again.
type endless struct {
	drivers.Port
	sent []byte
	at   int
}

func (e *endless) Read(_ context.Context, b []byte) (int, error) {
	n := copy(b, e.sent[e.at:])
	e.at = (e.at + n) % len(e.sent)
	return n, nil
}

func (e *endless) Write(_ context.Context, b []byte) (int, error) { return len(b), nil }
func (e *endless) Discard() error                                 { e.at = 0; return nil }
func (e *endless) Noise(int)                                      {}
func (e *endless) BadChecksum()                                   {}

// BenchmarkSample is what the driver itself costs: bytes to readings.
func BenchmarkSample(b *testing.B) {
	for _, id := range []string{"rg-15", "test-wind", "test-range", "test-gas", "test-shdlc"} {
		b.Run(id, func(b *testing.B) { benchSample(b, id, "") })
	}
}

// BenchmarkNoise is a sample behind 4 KiB of bytes that are no message: it must cost
// nothing to the heap.
func BenchmarkNoise(b *testing.B) {
	for _, id := range []string{"test-wind", "test-range", "test-shdlc"} {
		b.Run(id, func(b *testing.B) { benchSample(b, id, strings.Repeat("\x93\x07\xA5", 1365)) })
	}
}

func benchSample(b *testing.B, id, noise string) {
	p := get(b, id)
	pl, err := p.plan(options{})
	if err != nil {
		b.Fatal(err)
	}
	sent := append([]byte(noise), p.Fixtures[0].sent()...)
	d, err := pl.OpenSerial(&endless{sent: sent})
	if err != nil {
		b.Fatal(err)
	}
	d.(*driver).set = true
	b.ReportAllocs()
	b.SetBytes(int64(len(sent)))
	for b.Loop() {
		if _, err := d.(*driver).listen(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
