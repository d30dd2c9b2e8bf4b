package wire

import (
	"bytes"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

func shape(t testing.TB, channels ...string) *Shape {
	t.Helper()
	var names, units []string
	for _, c := range channels {
		name, unit, _ := strings.Cut(c, " ")
		names, units = append(names, name), append(units, unit)
	}
	s, err := NewShape(names, units)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSampleGolden(t *testing.T) {
	river := shape(t, "level m", "water_temp Cel")
	air := shape(t, "pm2_5 ug/m3", "rh %RH", "factor")
	p := &Pack{Gateway: gw, Epoch: "17-9f3ac2d1b07e", Ranges: []Range{{184202, 184204}}, Lane: Live, Samples: []Sample{
		{Device: "river", Shape: river, Time: 1795291200400, Readings: []obs.Reading{{Value: 2.71, Quality: pass}, {Value: -0.5, Quality: obs.Quality{}}}},
		{Device: "air", Shape: air, Time: 1795291201200, Readings: []obs.Reading{{Value: 187, Quality: obs.Quality{Flag: obs.Suspect, Why: obs.Rate}}, obs.None(obs.Instrument), {Value: 1e-9, Quality: pass}}},
		{Device: "river", Shape: river, Time: 1795291202000, Fault: "timeout"},
	}}
	const want = `[{"bver":26,"bn":"hz-gongshu-bridge-07/","bt":1795291200,"n":"pack","vs":"17-9f3ac2d1b07e/184202-184204/live/1"},
{"bn":"hz-gongshu-bridge-07/river/","bt":1795291200.4,"n":"level","u":"m","v":2.71},
{"n":"water_temp","u":"Cel","v":-0.5,"qc":2},
{"bn":"hz-gongshu-bridge-07/air/","bt":1795291201.2,"n":"pm2_5","u":"ug/m3","v":187,"qc":3,"why":"rate"},
{"n":"rh","vs":"instrument","qc":9},
{"n":"factor","v":1e-9},
{"bn":"hz-gongshu-bridge-07/river/","bt":1795291202,"n":"fault","vs":"timeout"}]`
	var pk Packer
	got, err := pk.Append(nil, p)
	if err != nil || string(got) != want {
		t.Fatalf("Append = %v\n%s\nwant\n%s", err, got, want)
	}
	var u Unpacker
	back, err := u.Unpack(gw, got)
	if err != nil {
		t.Fatal(err)
	}
	samePack(t, back, pk.single(p))
}

// Whatever samples are made of: as samples and as single values they say the same,
// and compressed they are the same bytes.
func TestSamplesSayWhatValuesSay(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	shapes := map[string]*Shape{"river": shape(t, "level m"), "air": shape(t, "pm2_5 ug/m3", "pm10 ug/m3", "rh %RH", "temp Cel", "factor"), "pump": shape(t, "energy kWh", "power W")}
	var u Unpacker
	for range 300 {
		p := &Pack{Gateway: gw, Epoch: "17-9f3ac2d1b07e", Ranges: []Range{{1, 400}}, Lane: Live}
		for i := range 1 + r.IntN(40) {
			device := [...]string{"river", "air", "pump"}[r.IntN(3)]
			s := Sample{Device: device, Shape: shapes[device], Time: 1795291200000 + int64(i)*700}
			if r.IntN(9) == 0 {
				s.Fault = "timeout"
			} else {
				s.Readings = randomReadings(r, len(s.channels))
			}
			p.Samples = append(p.Samples, s)
		}
		var plain, packed, other Packer
		msg, err := plain.Append(nil, p)
		if err != nil {
			t.Fatal(err)
		}
		back, err := u.Unpack(gw, msg)
		if err != nil {
			t.Fatalf("%v\n%s", err, msg)
		}
		values := plain.single(p)
		samePack(t, back, values)
		packed.Compress, other.Compress = true, true
		a, aerr := packed.Append(nil, p)
		b, berr := other.Append(nil, values)
		if aerr != nil || berr != nil || !bytes.Equal(a, b) {
			t.Fatalf("compressed: %v, %v: %d and %d bytes", aerr, berr, len(a), len(b))
		}
	}
}

func randomReadings(r *rand.Rand, n int) []obs.Reading {
	out := make([]obs.Reading, n)
	for i := range out {
		switch r.IntN(8) {
		case 0:
			out[i] = obs.None(obs.NoEcho)
		case 1:
			out[i] = obs.Reading{Value: r.NormFloat64(), Quality: obs.Quality{Flag: obs.Fail, Why: obs.Range}}
		default:
			out[i] = obs.Reading{Value: float64(r.IntN(20000)-1000) / 100, Quality: pass}
		}
	}
	return out
}

func TestSampleRefuses(t *testing.T) {
	river := shape(t, "level m")
	good := []obs.Reading{{Value: 1, Quality: pass}}
	for name, c := range map[string]struct {
		s    Sample
		want string
	}{
		"no shape":          {Sample{Device: "river", Time: 1795291200400, Readings: good}, "sample of river: it has no shape"},
		"device":            {Sample{Device: "River", Shape: river, Time: 1795291200400, Readings: good}, "sample: device"},
		"another's":         {Sample{Device: "river", Shape: river, Time: 1795291200400}, "sample of river: 0 readings of 1 channels"},
		"fault and reading": {Sample{Device: "river", Shape: river, Time: 1795291200400, Readings: good, Fault: "timeout"}, "sample of river: 1 readings of 1 channels"},
		"not a word":        {Sample{Device: "river", Shape: river, Time: 1795291200400, Fault: "no \"answer\""}, "sample of river: fault"},
		"since boot":        {Sample{Device: "river", Shape: river, Time: 1200, Readings: good}, "sample of river: time 1200 ms"},
		"infinite":          {Sample{Device: "river", Shape: river, Time: 1795291200400, Readings: []obs.Reading{{Value: math.Inf(1), Quality: pass}}}, "river/level: value +Inf"},
		"missing number":    {Sample{Device: "river", Shape: river, Time: 1795291200400, Readings: []obs.Reading{{Value: 1, Quality: obs.Quality{Flag: obs.Missing, Why: obs.Range}}}}, "river/level: value 1"},
		"reason":            {Sample{Device: "river", Shape: river, Time: 1795291200400, Readings: []obs.Reading{{Value: 1, Quality: obs.Quality{Flag: obs.Fail, Why: `"`}}}}, "river/level: why"},
	} {
		var pk Packer
		_, err := pk.Append(nil, &Pack{Gateway: gw, Epoch: "17-9f3ac2d1b07e", Ranges: []Range{{1, 1}}, Lane: Live, Samples: []Sample{c.s}})
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	for _, bad := range [][2]string{{"Level", "m"}, {"level", `"`}, {"fault", ""}} {
		if _, err := NewShape([]string{bad[0]}, []string{bad[1]}); err == nil {
			t.Errorf("NewShape(%q) is accepted", bad)
		}
	}
	if _, err := NewShape([]string{"level"}, nil); err == nil {
		t.Error("a shape with a unit too few is accepted")
	}
}

// FuzzDecimal: a decimal gives the number back, in the digits that the shortest form
// has, and what has no decimal has none with 12 digits.
func FuzzDecimal(f *testing.F) {
	for _, v := range []float64{0, 2.71, -40, 0.1 + 0.2, 1e-12, 123456789012345, 1e15, 999999999999999.5, math.Pi, 5e-324, math.MaxFloat64, math.Copysign(0, -1)} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v float64) {
		m, digits, ok := Decimal(v)
		short := strconv.FormatFloat(v, 'f', -1, 64)
		if !ok {
			_, frac, _ := strings.Cut(short, ".")
			if len(strings.Trim(short, "-.0")) > 0 && len(frac) <= maxDigits && math.Abs(v) < 1e14 && len(strings.Trim(short, "-.")) <= 15 {
				t.Fatalf("Decimal(%s) finds none", short)
			}
			return
		}
		if float64(m)/powers[digits] != v || m == 0 && v != 0 {
			t.Fatalf("Decimal(%v) = %d, %d", v, m, digits)
		}
		if got := string(appendDecimal(nil, m, int(digits))); got != short {
			t.Fatalf("Decimal(%s) is written %s", short, got)
		}
	})
}

func BenchmarkPackSamples(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	p := &Pack{Gateway: gw, Epoch: "17-9f3ac2d1b07e", Ranges: []Range{{1, 5}}, Lane: Live}
	var channels []string
	for i := range 100 {
		channels = append(channels, "voltage.f"+strconv.Itoa(i)+" V")
	}
	for i := range 5 {
		s := Sample{Device: "panel-00" + strconv.Itoa(i), Shape: shape(b, channels...), Time: 1795291200400}
		for range channels {
			s.Readings = append(s.Readings, obs.Reading{Value: float64(2200+r.IntN(200)) / 10, Quality: pass})
		}
		p.Samples = append(p.Samples, s)
	}
	var pk Packer
	values := *pk.single(p)
	for name, pack := range map[string]*Pack{"samples": p, "values": &values} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var out []byte
			for b.Loop() {
				out, _ = pk.Append(out[:0], pack)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/500, "ns/reading")
			b.ReportMetric(float64(len(out))/500, "B/reading")
		})
	}
}
