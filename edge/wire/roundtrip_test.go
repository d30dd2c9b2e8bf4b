package wire

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// randomPack makes readings as a street has them.
func randomPack(r *rand.Rand, values int) *Pack {
	streams := []struct {
		name, unit string
		decimals   int
	}{{"river/level", "m", 3}, {"river/water_temp", "Cel", 2}, {"weather/wind_speed", "m/s", 1}, {"weather/rh", "%RH", 1},
		{"air/pm2_5", "ug/m3", 0}, {"air/pm10", "ug/m3", 0}, {"pump/energy", "kWh", 2}, {"pump/power_factor", "", 3}, {"sky/noise", "dB", 1}}
	p := &Pack{Gateway: gw, Epoch: "17-9f3ac2d1b07e", Ranges: []Range{{1, 400}, {500, 777}}, Lane: Backfill}
	for i := range values {
		s := streams[i%len(streams)]
		scale := math.Pow10(s.decimals)
		v := Value{Stream: stream(s.name), Unit: s.unit, Time: 1795291200000 + int64(i/len(streams))*5000 + r.Int64N(40),
			V: math.Round(r.Float64()*200*scale) / scale, Quality: pass}
		switch r.IntN(40) {
		case 0:
			v.Quality, v.V, v.Unit = obs.Quality{Flag: obs.Missing, Why: obs.NoEcho}, math.NaN(), ""
		case 1:
			v.Quality = obs.Quality{Flag: obs.Suspect, Why: obs.Spike}
		case 2:
			v.Quality = obs.Quality{}
		case 3:
			v.Late = obs.Fail
		}
		p.Values = append(p.Values, v)
	}
	return p
}

func TestPackRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	packers := map[string]*Packer{"plain": {}, "zstd": {Compress: true}}
	var u Unpacker
	for range 200 {
		want := randomPack(r, r.IntN(600))
		for name, p := range packers {
			msg, err := p.Append(nil, want)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			got, err := u.Unpack(gw, msg)
			if err != nil {
				t.Fatalf("%s: %v\n%s", name, err, msg)
			}
			sortRuns := func(p *Pack) {
				slices.SortStableFunc(p.Values, func(a, b Value) int {
					return strings.Compare(a.Stream.String()+" "+a.Unit, b.Stream.String()+" "+b.Unit)
				})
			}
			sortRuns(got)
			sortRuns(want)
			samePack(t, got, want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 2.71: "2.71", -40: "-40", 0.30000000000000004: "0.30000000000000004", 1e-6: "0.000001", 1.5e-7: "1.5e-7", 1e21: "1e+21",
		math.MaxFloat64: "1.7976931348623157e+308", math.SmallestNonzeroFloat64: "5e-324", 123456789: "123456789",
	} {
		if got := string(appendNumber(nil, v)); got != want {
			t.Errorf("appendNumber(%v) = %s, want %s", v, got, want)
		}
	}
	for ms, want := range map[int64]string{0: "0", 1: "0.001", 400: "0.4", 450: "0.45", 1200: "1.2", 86400000: "86400"} {
		if got := string(appendSeconds(nil, ms)); got != want {
			t.Errorf("appendSeconds(%d) = %s, want %s", ms, got, want)
		}
	}
	for text, want := range map[string]int64{"1795291200.4": 1795291200400, "0.0005": 1, "0.0004999": 0, "-0.0005": -1, "-1.6": -1600, "1e3": 1000000,
		"1.7952912004e9": 1795291200400, "0.1234567890123456789": 123, "-0": 0} {
		us, ok := micros([]byte(text))
		if got := roundMS(us); !ok || got != want {
			t.Errorf("micros(%s) = %d ms, %v, want %d", text, got, ok, want)
		}
	}
	for _, text := range []string{"1000000000001", "1e13", "-1e300", "99999999999999999999999999"} {
		if us, ok := micros([]byte(text)); ok {
			t.Errorf("micros(%s) = %d", text, us)
		}
	}
}
