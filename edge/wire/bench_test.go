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

// strangerPack is streetPack of a gateway whose words the dictionary has never seen:
// its own id, those of its devices, and of its metrics those that no example in the
// dictionary has.
func strangerPack(values int, lane Lane) *Pack {
	p := streetPack(values, lane)
	p.Gateway, p.Epoch = "wz-ouhai-qiaotou-31", "204-77e1c0ab52f9"
	devices := map[string]string{"river": "fuyang", "weather": "tianqi-2", "air": "kongqi", "cabinet": "dianxiang", "underpass": "hanjie", "pump": "shuibeng-1"}
	metrics := map[string][2]string{"wind_speed": {"nox", "ug/m3"}, "noise": {"noise_l50", "dB"}, "pm1": {"tsp", "ug/m3"}, "level": {"snow_depth", "cm"},
		"voltage": {"leakage_current", "mA"}, "current": {"power_reactive", "var"}, "pressure": {"toc", "mg/L"}}
	for i := range p.Values {
		v := &p.Values[i]
		v.Stream.Device = devices[v.Stream.Device]
		if m, ok := metrics[v.Stream.Channel]; ok {
			v.Stream.Channel, v.Unit = m[0], m[1]
		}
	}
	return p
}

// forms are the three ways a pack may travel.
var forms = []struct {
	name string
	Packer
}{
	{"plain", Packer{}},
	{"zstd", Packer{Compress: true}},
	{"dictionary", Packer{Compress: true, Dictionary: 40102}},
}

func benchmarkForms(b *testing.B, run func(b *testing.B, p *Pack, pk *Packer)) {
	for _, n := range []int{30, 100, 500} {
		for _, f := range forms {
			b.Run(fmt.Sprintf("%s-%d", f.name, n), func(b *testing.B) { run(b, streetPack(n, Live), &f.Packer) })
		}
	}
}

func report(b *testing.B, values, bytes int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(values), "ns/reading")
	b.ReportMetric(float64(bytes)/float64(values), "B/reading")
}

func BenchmarkPack(b *testing.B) {
	benchmarkForms(b, func(b *testing.B, p *Pack, pk *Packer) {
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
	benchmarkForms(b, func(b *testing.B, p *Pack, pk *Packer) {
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
		form             int
		values           int
		street, stranger float64 // limits
	}{{0, 30, 53, 56}, {0, 500, 26, 26}, {1, 30, 17.2, 17.5}, {1, 500, 5, 5}, {2, 10, 13, 17}, {2, 30, 11, 12.2}, {2, 100, 7, 7.6}, {2, 500, 4.9, 4.9}} {
		for name, w := range map[string]struct {
			pack  *Pack
			limit float64
		}{"street": {streetPack(c.values, Live), c.street}, "stranger": {strangerPack(c.values, Live), c.stranger}} {
			pk := forms[c.form].Packer
			msg, err := pk.Append(nil, w.pack)
			if err != nil {
				t.Fatal(err)
			}
			got := float64(len(msg)) / float64(c.values)
			t.Logf("%s, %s, %d values: %.2f bytes per reading", forms[c.form].name, name, c.values, got)
			if got > w.limit {
				t.Errorf("%s, %s, %d values: %.2f bytes per reading, limit %.2f", forms[c.form].name, name, c.values, got, w.limit)
			}
		}
	}
}
