package modbus

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
)

// part makes a test part that holds what the fixtures say: for each channel those
// registers that the fixture which shows most with a value for it has. change, if not nil, may
// change them. ok is false where a channel has no fixture with a value.
func part(t *testing.T, f *Profile, change func(address uint16, word uint16) uint16) (p drivertest.Part, ok bool) {
	t.Helper()
	held, values := map[uint8]map[uint16]uint16{}, map[string]string{}
	fixtures := slices.Clone(f.Fixtures) // those that show most come first
	slices.SortStableFunc(fixtures, func(a, b Fixture) int { return len(b.Values) - len(a.Values) })
	for _, x := range fixtures {
		news := 0
		for _, r := range f.Channels {
			if v := x.Values[r.Channel]; v != "" && v != "none" && !strings.Contains(v, "/") && values[r.Channel] == "" {
				values[r.Channel], news = v, news+1
			}
		}
		if news == 0 && !good(x) {
			continue
		}
		e, err := x.Exchange()
		if err != nil {
			t.Fatal(err)
		}
		hold(held, e, change)
	}
	var want []string
	for _, r := range f.Channels {
		if values[r.Channel] == "" {
			return p, false
		}
		want = append(want, r.Channel+"="+values[r.Channel])
	}
	return drivertest.Part{
		Name: f.ID, Source: f.Fixtures[0].Source, Options: "profile: " + f.ID, Want: strings.Join(want, " "),
		Unit: drivertest.Modbus{Registers: held},
	}, true
}

// good says whether nothing is wrong with the part in a fixture.
func good(x Fixture) bool {
	for _, v := range x.Values {
		if v == "none" || strings.Contains(v, "/") {
			return false
		}
	}
	for _, v := range x.Status {
		if v != "pass" {
			return false
		}
	}
	return true
}

// framed makes a golden frame, an answer on RTU, the registers of the part: those that
// its profile's one request of that function and size asks for.
func framed(t *testing.T, p *Profiles) func(*drivertest.Part) {
	return func(g *drivertest.Part) {
		unit, pdu, err := codec.ParseRTU(g.Frame)
		if err != nil {
			t.Fatalf("%s: unit %d: %v", g.Name, unit, err)
		}
		a, err := codec.ParseAnswer(pdu)
		if err != nil {
			t.Fatalf("%s: %v", g.Name, err)
		}
		f, ok := p.Get(strings.TrimPrefix(g.Options, "profile: "))
		if !ok {
			t.Fatalf("%s: %s", g.Name, g.Options)
		}
		words, held := a.Registers(nil), map[uint16]uint16{}
		for _, q := range f.Requests() {
			if q.Function != a.Function || int(q.Count) != len(words) {
				continue
			}
			for i, w := range words {
				held[q.Start+uint16(i)] = w
			}
		}
		all := map[uint8]map[uint16]uint16{a.Function: held}
		for _, x := range f.Fixtures { // what tells the part stands where the fixtures have it
			if e, err := x.Exchange(); err == nil && f.Identify.in(e) != nil {
				hold(all, e, nil)
			}
		}
		g.Unit = drivertest.Modbus{Registers: all}
	}
}

// hold puts the registers of e into held, where an earlier exchange has not.
func hold(held map[uint8]map[uint16]uint16, e Exchange, change func(address uint16, word uint16) uint16) {
	m := held[e.Request.Function]
	if m == nil {
		m = map[uint16]uint16{}
		held[e.Request.Function] = m
	}
	for i, w := range e.Registers {
		at := e.Request.Start + uint16(i)
		if _, there := m[at]; there {
			continue
		}
		if change != nil {
			w = change(at, w)
		}
		m[at] = w
	}
}

// TestConformance runs the kit over every built-in profile.
func TestConformance(t *testing.T) {
	p := builtIn(t)
	ran := 0
	for _, id := range p.IDs() {
		f, _ := p.Get(id)
		good, ok := part(t, f, nil)
		if !ok {
			t.Errorf("%s: no fixture shows a value of each channel", id)
			continue
		}
		beyond, ok := beyonds[id]
		c := drivertest.Config{Kind: Kind(p), Good: good, NeverBeyond: "its own test says which values are", Play: framed(t, p)}
		if ok {
			c.Beyond, _ = part(t, f, func(at, w uint16) uint16 {
				if v, ok := beyond.registers[at]; ok {
					return v
				}
				return w
			})
			c.Beyond.Want, c.NeverBeyond = beyond.want, ""
		}
		t.Run(id, func(t *testing.T) { drivertest.Run(t, c) })
		ran++
	}
	if ran < 40 || len(beyonds) != 5 {
		t.Errorf("only %d profiles were tested", ran)
	}
}

// beyonds are registers that hold values outside the part's range.
var beyonds = map[string]struct {
	registers map[uint16]uint16
	want      string
}{
	"keller-36xw":  {map[uint16]uint16{2: 0x42C8, 3: 0, 8: 0x42F0, 9: 0}, "level=1019.716/fail/range water_temp=120/fail/range"},
	"weather-01f4": {map[uint16]uint16{0x1F7: 361, 0x1F8: 1001, 0x1F9: 0x8000}, "wind_speed=2.5 wind_dir=361/fail/range rh=100.1/fail/range temp=-3276.8/fail/range noise=50 pm2_5=12 pm10=23 pressure=1012 illuminance=25000 rain=1.2 radiation=450"},
	"xy-md02":      {map[uint16]uint16{1: 801}, "temp=80.1/fail/range rh=54.6"},
	"sdm120":       {map[uint16]uint16{0: 0x4396, 1: 0x3333}, "voltage=300.4/fail/range current=4.873 power=1092.6 power_factor=0.969 frequency=49.98 energy=1532.42"},
	"pzem-004t":    {map[uint16]uint16{7: 701}, "voltage=225.7 current=0.108 power=24.4 energy=0.038 frequency=70.1/fail/range power_factor=1"},
}

// TestReadmeNamesProfilesKeys keeps the format's description complete.
func TestReadmeNamesProfilesKeys(t *testing.T) {
	for _, key := range []string{"doubts", "turnaround", "warm_up", "max_registers", "gap", "identify", "facts", "max_bits", "bits", "fixtures", "missing", "resolution", "start", "status", "decimals"} {
		if !strings.Contains(readme, key) {
			t.Errorf("README.md does not explain %s", key)
		}
	}
	for _, n := range []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 31, 32, 33} {
		if id := fmt.Sprintf("E18%02d", n); !strings.Contains(readme, id) {
			t.Errorf("README.md does not explain %s", id)
		}
	}
}
