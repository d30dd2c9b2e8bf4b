package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// groups are the quantities that one device measures together, the most frequent
// devices first.
var groups = []struct {
	words    []string // what such a device is called
	channels []string
}{
	{[]string{"air", "dust", "pm"}, []string{"pm1", "pm2_5", "pm10"}},
	{[]string{"river", "level", "water", "underpass", "culvert"}, []string{"level"}},
	{[]string{"river", "bridge", "level"}, []string{"level", "water_temp"}},
	{[]string{"weather", "wx", "mast"}, []string{"wind_speed", "wind_dir", "temp", "rh", "pressure", "rain", "noise"}},
	{[]string{"cabinet", "box", "room"}, []string{"temp", "rh"}},
	{[]string{"pump", "meter", "power"}, []string{"voltage", "current", "power", "energy", "frequency", "power_factor"}},
	{[]string{"gateway"}, []string{"uptime"}},
	{[]string{"noise", "sound"}, []string{"noise", "noise_leq", "noise_max"}},
	{[]string{"air", "station"}, []string{"pm2_5", "pm10", "so2", "no2", "o3", "co", "temp", "rh"}},
	{[]string{"wind"}, []string{"wind_speed", "wind_dir", "wind_gust"}},
	{[]string{"rain", "gauge"}, []string{"rain", "rain_rate"}},
	{[]string{"indoor", "hall", "air"}, []string{"co2", "temp", "rh", "tvoc"}},
	{[]string{"flow", "pipe", "outfall"}, []string{"flow", "velocity", "level", "volume"}},
	{[]string{"quality", "lake", "water"}, []string{"ph", "do", "conductivity", "turbidity", "water_temp", "orp"}},
	{[]string{"chem", "lab"}, []string{"ammonia_n", "codmn", "total_p", "total_n"}},
	{[]string{"soil", "field"}, []string{"soil_moisture", "soil_temp", "soil_conductivity", "soil_ph"}},
	{[]string{"tank", "well", "sump"}, []string{"distance", "level"}},
	{[]string{"gate", "door", "hatch"}, []string{"open", "wet"}},
	{[]string{"gauge", "camera", "view"}, []string{"brightness", "sharpness", "motion"}},
	{[]string{"board"}, []string{"board_temp", "cpu_load", "memory_used", "disk_used", "signal", "clock_offset"}},
	{[]string{"pole", "wall"}, []string{"tilt.x", "tilt.y", "displacement"}},
	{[]string{"sky", "sun"}, []string{"illuminance", "radiation", "uv_index", "visibility"}},
	{[]string{"main", "pressure"}, []string{"water_pressure", "flow"}},
	{[]string{"gas", "kitchen", "sewer"}, []string{"ch4", "h2s", "oxygen", "combustible"}},
}

// street makes the packs of gateways that nobody has: the words of their ids, what
// they measure and how often differ from one to the next.
type street struct {
	r       *rand.Rand
	catalog *obs.Catalog
	strange float64  // share of ids whose words stand nowhere
	odd     []string // if set, devices measure these and not what is usual
}

// word makes up a word that stands nowhere: letters of spoken names, some changed.
func (s *street) word() string {
	const names = "qiaohetingshuiludengzhankoubengfangyuanchengxibeinandongpark"
	n := s.r.IntN(6) + 3
	i := s.r.IntN(len(names) - n)
	b := []byte(names[i : i+n])
	for i := range b {
		if s.r.IntN(4) == 0 {
			b[i] = byte('a' + s.r.IntN(26))
		}
	}
	return string(b)
}

// device is one device of a gateway, with its values as they stand.
type device struct {
	id       string
	everyMS  int64
	phaseMS  int64
	channels []channel
}

type channel struct {
	name, unit string
	decimals   int
	v          float64
}

// gateway makes up one gateway: its id and its devices.
func (s *street) gateway() (string, []device) {
	cities := []string{"hz", "sh", "nb", "sz", "wx", "gz", "cd"}
	places := []string{"bridge", "river", "road", "park", "gate", "school", "station", "lane", "east", "lamp"}
	if s.r.Float64() < s.strange {
		cities, places = []string{s.word()}, []string{s.word()}
	}
	id := fmt.Sprintf("%s-%s-%02d", pick(s, cities), pick(s, places), s.r.IntN(99)+1)
	var devices []device
	for range 1 + s.r.IntN(8) {
		// Squared: what stands first is what most streets have.
		x := s.r.Float64()
		g := groups[int(x*x*float64(len(groups)))]
		name := pick(s, g.words)
		if s.r.Float64() < s.strange {
			name = s.word()
		}
		if s.r.IntN(4) == 0 {
			name += fmt.Sprintf("-%d", s.r.IntN(4)+1)
		}
		if slices.ContainsFunc(devices, func(d device) bool { return d.id == name }) {
			continue
		}
		channels := g.channels
		if len(s.odd) > 0 {
			at := s.r.IntN(len(s.odd))
			channels = s.odd[at:min(at+len(channels), len(s.odd))]
		}
		devices = append(devices, s.device(name, channels))
	}
	return id, devices
}

func pick(s *street, words []string) string { return words[s.r.IntN(len(words))] }

func (s *street) device(id string, names []string) device {
	d := device{id: id, everyMS: []int64{1000, 5000, 5000, 10000, 10000, 30000}[s.r.IntN(6)], phaseMS: s.r.Int64N(1000)}
	for _, name := range names {
		m, ok := s.catalog.Lookup(name)
		if !ok {
			continue // book complains
		}
		span := min(m.Max-m.Min, 4000*math.Pow10(-m.Decimals))
		d.channels = append(d.channels, channel{name: name, unit: m.Wire, decimals: m.Decimals, v: max(m.Min, 0) + s.r.Float64()*span/4})
	}
	return d
}

// pack makes one live pack of about n values of a gateway.
func (s *street) pack(n int) *wire.Pack {
	id, devices := s.gateway()
	seq := uint64(s.r.IntN(9_000_000) + 1)
	var random [6]byte
	for i := range random {
		random[i] = byte(s.r.Uint32())
	}
	p := &wire.Pack{Gateway: id, Epoch: wire.NewEpoch(uint32(s.r.IntN(60)+1), random), Lane: wire.Live}
	start := int64(1_790_000_000+s.r.IntN(250_000_000)) * 1000
	for t := start; len(p.Values) < n; t += 1000 {
		for i := range devices {
			if (t/1000)%(devices[i].everyMS/1000) == 0 {
				p.Values = s.sample(p.Values, &devices[i], t)
				seq++
			}
		}
	}
	p.Ranges = []wire.Range{{From: seq - uint64(len(p.Values)/2), To: seq}}
	if p.Ranges[0].From < 1 || p.Ranges[0].From > seq {
		p.Ranges[0].From = 1
	}
	return p
}

// sample adds one sample of a device.
func (s *street) sample(vs []wire.Value, d *device, t int64) []wire.Value {
	at := t + d.phaseMS + s.r.Int64N(12)
	if s.r.IntN(200) == 0 {
		return append(vs, wire.Value{Stream: obs.Stream{Device: d.id, Channel: wire.FaultChannel}, Time: at, V: math.NaN(),
			Quality: obs.Quality{Flag: obs.Missing, Why: "timeout"}})
	}
	first := len(vs)
	vs = s.good(vs, d, at)
	for i := first; i < len(vs); i++ {
		if s.r.IntN(300) == 0 {
			vs[i].Quality = obs.Quality{Flag: obs.Suspect, Why: obs.Rate}
		}
	}
	return vs
}

// good adds one sample of a device that is well, each value a step from the last.
func (s *street) good(vs []wire.Value, d *device, at int64) []wire.Value {
	for i := range d.channels {
		c := &d.channels[i]
		scale := math.Pow10(c.decimals)
		c.v = math.Round(c.v*scale+s.r.NormFloat64()*1.5) / scale
		vs = append(vs, wire.Value{Stream: obs.Stream{Device: d.id, Channel: c.name}, Unit: c.unit, Time: at, V: c.v, Quality: obs.Quality{Flag: obs.Pass}})
	}
	return vs
}
