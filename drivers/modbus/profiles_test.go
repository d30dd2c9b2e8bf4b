package modbus

import (
	"os"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
)

const profilesDir = "../../firmware-configs/devices"

// builtIn reads the profiles that are compiled into the programs. ParseProfiles
// holds each of them against its fixtures.
func builtIn(t testing.TB) *Profiles {
	t.Helper()
	p, err := ParseProfiles(os.DirFS(profilesDir))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestBuiltInProfiles: there are as many as a city mounts; every channel is a metric of
// the catalogue, within its range; every profile can be planned; and one that does not
// say how its line is set, or at which address, says that among its doubts.
func TestBuiltInProfiles(t *testing.T) {
	p, metrics := builtIn(t), drivertest.Metrics(t)
	if len(p.IDs()) < 40 {
		t.Errorf("only %d profiles: %v", len(p.IDs()), p.IDs())
	}
	for _, id := range p.IDs() {
		f, _ := p.Get(id)
		stated := f.Line.Baud != 0 && f.Line.Parity != "" && f.Line.Stop != 0 && f.Address != 0
		if !stated && f.Sure {
			t.Errorf("%s: the part's line settings or address are not stated, and no doubt says so", id)
		}
		if len(f.Fixtures) < 1 || f.Sure == (len(f.Doubts) > 0) {
			t.Errorf("%s: %d fixtures, sure %v, %d doubts", id, len(f.Fixtures), f.Sure, len(f.Doubts))
		}
		pl := planned(t, p, "profile: "+id)
		for i, c := range pl.Channels {
			m, ok := metrics.Lookup(c.Name)
			if !ok || c.Min < m.Min || c.Max > m.Max {
				t.Errorf("%s: %s (%v to %v) is no metric, or goes beyond it (%v to %v)", id, c.Name, c.Min, c.Max, m.Min, m.Max)
			}
			if c.Resolution <= 0 || c.Name != f.Channels[i].Channel {
				t.Errorf("%s: channel %+v", id, c)
			}
		}
		if pl.Timeout < f.Answer || pl.Line != (drivers.LineSettings{Baud: f.Line.Baud, Parity: f.Line.Parity, StopBits: f.Line.Stop}) {
			t.Errorf("%s: plan %+v", id, pl)
		}
	}
}

// TestStreetReadsInOneRequest: the parts of the simulated street cost one request
// each, which is what their poll intervals are reckoned with.
func TestStreetReadsInOneRequest(t *testing.T) {
	p := builtIn(t)
	for _, id := range []string{"keller-36xw", "weather-01f4", "xy-md02", "sdm120", "pzem-004t", "phg-2091"} {
		f, _ := p.Get(id)
		convs, err := converters(f.Channels, nil)
		if err != nil {
			t.Fatal(err)
		}
		all := make([]int, len(convs))
		for i := range all {
			all[i] = i
		}
		if reads := merge(f, convs, all); len(reads) != 1 {
			t.Errorf("%s is read with %v", id, reads)
		}
	}
}

// TestYosemitechProbesAreTold: all of the maker's probes have the same registers, so that
// one under another's profile would read as that; the type in the serial number, where it
// is known, tells them apart.
func TestYosemitechProbesAreTold(t *testing.T) {
	p, kinds := builtIn(t), map[string]string{"y504": "01", "y511": "29", "y513": "47", "y514": "48", "y520": "09", "y532": "43", "y533": "44"}
	for _, profile := range []string{"y504", "y511", "y514", "y520", "y532"} {
		for probe, kind := range kinds {
			registers := map[uint16]uint16{}
			for i, text := 0, "\tYL"+kind+"16112101\x00"; i < 7; i++ {
				registers[0x0900+uint16(i)] = uint16(text[2*i])<<8 | uint16(text[2*i+1])
			}
			d, err := planned(t, p, "profile: yosemitech-"+profile).OpenModbus(&drivertest.Modbus{Registers: map[uint8]map[uint16]uint16{3: registers}})
			if err != nil {
				t.Fatal(err)
			}
			_, err = d.Sample(t.Context())
			if told := drivers.FaultWord(err) == "wrong-part"; told != (probe != profile) {
				t.Errorf("a %s read as a %s: %v", probe, profile, err)
			}
		}
	}
}
