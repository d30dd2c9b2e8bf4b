package loop

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/lamppost-city/lamppost/drivers"
	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
	"github.com/lamppost-city/lamppost/drivers/modbus"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// kind is the driver as the catalogue has it.
func kind(t testing.TB) drivers.Kind {
	t.Helper()
	p, err := modbus.ParseProfiles(firmwareconfigs.Devices())
	if err != nil {
		t.Fatal(err)
	}
	return Kind(modbus.Kind(p))
}

func planYAML(k drivers.Kind, src string) (*drivers.Plan, error) {
	return k.Plan(func(out any) error {
		doc, err := yamldoc.Parse("options", []byte(src))
		if err != nil {
			return err
		}
		return doc.Decode(out)
	})
}

// ranges are the holding registers of a Waveshare module in which it says what each of
// its inputs is set to.
const ranges = 0x1000

// module is a Waveshare module: eight inputs set to 0-20 mA, with these microamperes in
// the first ones.
func module(microamperes ...uint16) drivertest.Modbus {
	codes, currents := map[uint16]uint16{}, map[uint16]uint16{}
	for i := range uint16(8) {
		codes[ranges+i], currents[i] = 2, 0
	}
	for i, v := range microamperes {
		currents[uint16(i)] = v
	}
	return drivertest.Modbus{Registers: map[uint8]map[uint16]uint16{3: codes, 4: currents}}
}

// framed makes an answer on RTU the module that gives it: to function 4 with its
// currents, to function 3 with its ranges.
func framed(t *testing.T) func(*drivertest.Part) {
	return func(p *drivertest.Part) {
		unit, pdu, err := codec.ParseRTU(p.Frame)
		if err != nil {
			t.Fatalf("%s: unit %d: %v", p.Name, unit, err)
		}
		p.Unit = module(12000, 12000)
		if pdu[0] >= 0x80 {
			p.Unit.Fault = func(int, drivertest.Request) error { return drivertest.Exception(pdu[1]) }
			return
		}
		a, err := codec.ParseAnswer(pdu)
		if err != nil {
			t.Fatalf("%s: %v", p.Name, err)
		}
		at := map[uint8]uint16{3: ranges, 4: 0}[a.Function]
		for i, w := range a.Registers(nil) {
			p.Unit.Registers[a.Function][at+uint16(i)] = w
		}
	}
}

func TestConformance(t *testing.T) {
	drivertest.Run(t, drivertest.Config{
		Kind: kind(t), Good: drivertest.Load(t, "testdata/half.frame"), Beyond: drivertest.Load(t, "testdata/beyond.frame"), Play: framed(t),
		NeverBeyond: "beyond 3.8 to 20.5 mA a value is suspect, beyond 3.6 to 21 there is none (NAMUR NE 43)",
	})
}

func BenchmarkSample(b *testing.B) {
	p, err := planYAML(kind(b), "module: waveshare-ai-8ch\n"+tank)
	if err != nil {
		b.Fatal(err)
	}
	unit := module(4160)
	d, err := p.OpenModbus(&unit)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		unit.Asked = unit.Asked[:0]
		rs, err := d.Sample(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		d.(drivers.Recycler).Recycle(rs)
	}
}
