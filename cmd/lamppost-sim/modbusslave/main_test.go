package modbusslave

import (
	"encoding/hex"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// unhex reads "01 03 00".
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// fixed is a source that never changes.
type fixed struct {
	values map[string]float64
	mishap scenario.Mishap
}

func (f *fixed) Value(channel string) float64 { return f.values[channel] }
func (f *fixed) Mishap() scenario.Mishap      { return f.mishap }

// notebook records truth lines. Only one goroutine at a time uses it.
type notebook struct{ lines []truth.Line }

func (n *notebook) Add(l ...truth.Line) { n.lines = append(n.lines, l...) }

func unit(t testing.TB, address uint8, device string, source Source, registers ...Register) *Unit {
	t.Helper()
	u, err := NewUnit(address, device, registers, source)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// The parts whose answers are printed in datasheets and forums.

func thermometer(t testing.TB, source Source) *Unit { // XY-MD02, from its manual
	return unit(t, 1, "cabinet", source,
		Register{Channel: "temp", Function: 4, Address: 1, Type: Int16, Scale: 0.1},
		Register{Channel: "rh", Function: 4, Address: 2, Type: Uint16, Scale: 0.1})
}

func meter(t testing.TB, source Source) *Unit { // Eastron SDM120
	return unit(t, 1, "pump", source,
		Register{Channel: "voltage", Function: 4, Address: 0, Type: Float32, Scale: 1, Resolution: 0.1},
		Register{Channel: "power", Function: 4, Address: 12, Type: Float32, Scale: 1, Resolution: 0.1})
}

func louver(t testing.TB, source Source) *Unit { // 0x01F4 weather family
	r := func(channel string, at uint16, typ Type, scale float64) Register {
		return Register{Channel: channel, Function: 3, Address: at, Type: typ, Scale: scale}
	}
	return unit(t, 1, "weather", source,
		r("wind_speed", 0x1F4, Uint16, 0.1), r("force", 0x1F5, Uint16, 1), r("sector", 0x1F6, Uint16, 1), r("wind_dir", 0x1F7, Uint16, 1),
		r("rh", 0x1F8, Uint16, 0.1), r("temp", 0x1F9, Int16, 0.1), r("noise", 0x1FA, Uint16, 0.1), r("pm2_5", 0x1FB, Uint16, 1),
		r("pm10", 0x1FC, Uint16, 1), r("pressure", 0x1FD, Uint16, 1), r("illuminance", 0x1FE, Uint32, 1), r("light", 0x200, Uint16, 100),
		r("rain", 0x201, Uint16, 0.1), r("radiation", 0x202, Uint16, 1), r("spare", 0x203, Uint16, 1))
}
