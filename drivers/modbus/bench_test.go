package modbus

import (
	"context"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
)

// BenchmarkSample is what the driver itself costs: registers to readings.
func BenchmarkSample(b *testing.B) {
	p := builtIn(b)
	for _, id := range []string{"weather-01f4", "sdm120", "keller-36xw"} {
		b.Run(id, func(b *testing.B) {
			pl := planned(b, p, "profile: "+id)
			words := make([]uint16, 125)
			for i := range words {
				words[i] = 0x41B8 // 23.0 as the high word of a float
			}
			d, err := pl.OpenModbus(fixed{words: words})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := d.Sample(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(pl.Channels)*b.N)/b.Elapsed().Seconds(), "readings/s")
		})
	}
}

// fixed answers every request with the same registers, without copying.
type fixed struct {
	drivers.Modbus
	words []uint16
}

func (f fixed) ReadRegisters(_ context.Context, _ uint8, _, count uint16) ([]uint16, error) {
	return f.words[:count], nil
}
