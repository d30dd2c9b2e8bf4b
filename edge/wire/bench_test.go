package wire

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// streetPack is what one street sends: six devices, nineteen streams, each a
// random walk at the step its sensor has, every 5 or 10 s, a few milliseconds
// beside the grid.
func streetPack(values int, lane Lane) *Pack {
	r := rand.New(rand.NewPCG(1, 2))
	type channel struct {
		name, unit string
		v          float64
		decimals   int
	}
	devices := []struct {
		every    int64
		channels []*channel
	}{
		{5000, []*channel{{"river/level", "m", 2.71, 3}, {"river/water_temp", "Cel", 18.2, 2}}},
		{10000, []*channel{{"weather/wind_speed", "m/s", 2.1, 1}, {"weather/wind_dir", "deg", 180, 0}, {"weather/temp", "Cel", 21.3, 1},
			{"weather/rh", "%RH", 65.2, 1}, {"weather/noise", "dB", 55, 1}, {"weather/pressure", "hPa", 1012.3, 1}, {"weather/rain", "mm", 12.2, 1}}},
		{10000, []*channel{{"air/pm1", "ug/m3", 12, 0}, {"air/pm2_5", "ug/m3", 23, 0}, {"air/pm10", "ug/m3", 41, 0}}},
		{10000, []*channel{{"cabinet/temp", "Cel", 31.2, 1}, {"cabinet/rh", "%RH", 40.1, 1}}},
		{5000, []*channel{{"underpass/level", "m", 0.12, 3}}},
		{5000, []*channel{{"pump/voltage", "V", 230.1, 1}, {"pump/current", "A", 3.21, 2}, {"pump/power", "W", 700.2, 1}, {"pump/energy", "kWh", 1023.12, 2}}},
	}
	p := &Pack{Gateway: gw, Epoch: "17-9f3ac2d1b07e", Ranges: []Range{{184202, 184202 + uint64(values/3)}}, Lane: lane}
	for t := int64(1795291200000); ; t += 5000 {
		for i, d := range devices {
			at := t + int64(i)*137 + r.Int64N(12)
			for _, c := range d.channels {
				if t%d.every != 0 {
					continue
				}
				if len(p.Values) == values {
					return p
				}
				scale := math.Pow10(c.decimals)
				c.v = math.Round((c.v+r.NormFloat64()*1.5/scale)*scale) / scale
				p.Values = append(p.Values, Value{Stream: stream(c.name), Unit: c.unit, Time: at, V: c.v, Quality: pass})
			}
		}
	}
}

func benchmarkSizes(b *testing.B, run func(b *testing.B, p *Pack, compress bool)) {
	for _, n := range []int{30, 500} {
		for _, compress := range []bool{false, true} {
			form := map[bool]string{false: "plain", true: "zstd"}[compress]
			b.Run(fmt.Sprintf("%s-%d", form, n), func(b *testing.B) { run(b, streetPack(n, Live), compress) })
		}
	}
}

func report(b *testing.B, values, bytes int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(values), "ns/reading")
	b.ReportMetric(float64(bytes)/float64(values), "B/reading")
}

func BenchmarkPack(b *testing.B) {
	benchmarkSizes(b, func(b *testing.B, p *Pack, compress bool) {
		pk := Packer{Compress: compress}
		var msg []byte
		b.ReportAllocs()
		for b.Loop() {
			var err error
			if msg, err = pk.Append(msg[:0], p); err != nil {
				b.Fatal(err)
			}
		}
		report(b, len(p.Values), len(msg))
	})
}

func BenchmarkUnpack(b *testing.B) {
	benchmarkSizes(b, func(b *testing.B, p *Pack, compress bool) {
		pk := Packer{Compress: compress}
		var u Unpacker
		msg, err := pk.Append(nil, p)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			if _, err := u.Unpack(gw, msg); err != nil {
				b.Fatal(err)
			}
		}
		report(b, len(p.Values), len(msg))
	})
}

// What the contract costs must not grow by accident.
func TestBytesPerReading(t *testing.T) {
	for _, c := range []struct {
		values   int
		compress bool
		limit    float64
	}{{30, false, 56}, {30, true, 18}, {500, false, 26}, {500, true, 5.2}} {
		pk := Packer{Compress: c.compress}
		msg, err := pk.Append(nil, streetPack(c.values, Backfill))
		if err != nil {
			t.Fatal(err)
		}
		if got := float64(len(msg)) / float64(c.values); got > c.limit {
			t.Errorf("%d values, compressed %v: %.2f bytes per reading, limit %.2f", c.values, c.compress, got, c.limit)
		}
	}
}
