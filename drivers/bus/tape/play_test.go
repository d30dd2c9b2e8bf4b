package tape

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/modbus"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/drivers/sdi12"
)

// part plans a device with a profile.
func part(t testing.TB, options string) *drivers.Plan {
	t.Helper()
	profiles, err := modbus.ParseProfiles(os.DirFS("../../../firmware-configs/devices"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := modbus.Kind(profiles).Plan(func(out any) error {
		doc, err := yamldoc.Parse("options", []byte(options))
		if err != nil {
			return err
		}
		return doc.Decode(out)
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// play plays a tape in no time.
func play(t *testing.T, p *drivers.Plan, tape *Tape) (took time.Duration, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		err = Play(t.Context(), p, tape)
		took = time.Since(start)
	})
	return took, err
}

func TestPlay(t *testing.T) {
	tape := load(t, "xy-md02.tape")
	took, err := play(t, part(t, tape.Options), tape)
	if err != nil || took < 5900*time.Millisecond || took > 7*time.Second {
		t.Errorf("%v after %v", err, took)
	}
}

// TestDepartures: whatever differs from the tape is found, with its line.
func TestDepartures(t *testing.T) {
	src, err := os.ReadFile("testdata/xy-md02.tape")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ from, to, want string }{
		{"= temp=30.5 rh=54.6", "= temp=30.6 rh=54.6", "line 15: the sample gave temp=30.5 rh=54.6, the tape has temp=30.6 rh=54.6"},
		{"= fault timeout", "= fault checksum", "the tape has fault checksum"},
		{"> 01 04 00 01 00 02 20 0B", "> 01 04 00 02 00 02 D0 0B", "line 13: > 01 04 00 02 00 02 D0 0B was asked here, the driver asks function 4, address 0x0001, count 2"},
		{"> 01 04 00 01 00 02 20 0B", "> 01 04 00 01 00 02 20 0C", "line 13: this is no request: checksum is wrong: frame says 0c20, its bytes give 0b20"},
		{"   1.000000 ?", "   0.50 > 01 04 00 02 00 01 90 0A\n   1.000000 ?", "line 17: > 01 04 00 02 00 01 90 0A was asked here"},
		{"   1.040000 =", "   1.040000 > 01 04 00 02 00 01 90 0A\n   1.040000 =", "line 21: the sample ended without this: > 01 04 00 02 00 01 90 0A"},
		{"   6.000000 ?\n   6.000100 ! unplugged\n   6.000100 = fault unplugged\n", "   6.000000 > 01 04 00 02 00 01 90 0A\n", "line 47: this was not played: > 01 04 00 02 00 01 90 0A"},
		{"   0.000812 > 01 04 00 01 00 02 20 0B\n   0.034120 < 01 04 04 01 31 02 22 2A CE\n", "", "line 13: nothing more was asked here, the driver asks function 4, address 0x0001, count 2"},
	} {
		if !strings.Contains(string(src), c.from) {
			t.Fatalf("%q is not on the tape", c.from)
		}
		tape := parse(t, strings.Replace(string(src), c.from, c.to, 1))
		if _, err := play(t, part(t, tape.Options), tape); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s\ngives %v\nwant  %s", c.to, err, c.want)
		}
	}
}

// TestCut: a recording that ends in the middle of a sample is played up to there.
func TestCut(t *testing.T) {
	src, err := os.ReadFile("testdata/xy-md02.tape")
	if err != nil {
		t.Fatal(err)
	}
	whole := parse(t, string(src))
	plan := part(t, whole.Options)
	for n := range whole.Entries {
		tape := *whole
		tape.Entries = whole.Entries[:n]
		if _, err := play(t, plan, &tape); err != nil {
			t.Errorf("cut after %d entries: %v", n, err)
		}
	}
}

func TestOtherWire(t *testing.T) {
	tape := parse(t, head("i2c"))
	want := "tape test: it was recorded on the wire i2c, this device opens [modbus]"
	if _, err := play(t, part(t, "profile: xy-md02"), tape); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestSDI12: a sensor behind the owner of its line, with a call for service, an answer
// that had to be asked for twice, and silence.
func TestSDI12(t *testing.T) {
	p, err := sdi12.Kind().Plan(func(out any) error {
		doc, err := yamldoc.Parse("options", []byte("measure: MC\nchannels: {level: {value: 1, min: 0, max: 10, resolution: 0.01}}"))
		if err != nil {
			return err
		}
		return doc.Decode(out)
	})
	if err != nil {
		t.Fatal(err)
	}
	tries := ""
	for i := range 9 {
		tries += fmt.Sprintf("%.1f > \"0MC!\"\n", 10.1+float64(i)/10)
	}
	tape := parse(t, head("sdi12")+`0 ?
0.026 > "0MC!"
0.075 < "0MC!0001"
0.110 < "1\r\n"
1.020 < "0\r\n"
1.030 > "0D0!"
1.080 < "0+"
1.160 < "3.15OqZ\r\n"
1.170 > "0D0!"
1.225 < "0+"
1.300 < "3.14OqZ\r\n"
1.301 = level=3.14
10 ?
`+tries+`11.5 = fault timeout
`)
	if _, err := play(t, p, tape); err != nil {
		t.Error(err)
	}
	tape = parse(t, head("sdi12")+"0 ?\n0.026 > \"0MC!\"\n0.1 < \"00001\\r\\n\"\n0.11 > \"0D0!\"\n0.2 < \"0+3.14OqZ\\r\\n\"\n0.3 = level=3.15\n")
	if _, err := play(t, p, tape); err == nil || !strings.Contains(err.Error(), "level=3.14") {
		t.Errorf("another value than the tape's: %v", err)
	}
}

// TestModbusTCP: transactions are told apart, alien ones passed over.
func TestModbusTCP(t *testing.T) {
	tape := parse(t, strings.Replace(head("modbus"), "rtu", "tcp", 1)+`0 ?
0.001 > 00 07 00 00 00 06 01 04 00 01 00 02
0.010 < 00 06 00 00 00 07 01 04 04 00 01 00 01
0.011 < 00 07 00 00 00 07 01 04 04 01 31 02 22
0.012 = temp=30.5 rh=54.6
1 ?
1.001 > 00 08 00 00 00 06 01 04 00 01 00 02
1.600 > 00 09 00 00 00 06 01 04 00 01 00 02
1.700 < 00 09 00 00 00 03 01 84 0B
1.701 = fault timeout
2 ?
2.001 > 00 0A 00 00 00 06 01 04 00 01 00 02
2.002 < 00 0A 00 00 00 03 01 84 06
2.003 = fault exception
`)
	if _, err := play(t, part(t, "profile: xy-md02"), tape); err != nil {
		t.Error(err)
	}
}

// TestIdentification: function 43/14 in two answers, as a part with little room gives
// it.
func TestIdentification(t *testing.T) {
	tape := parse(t, strings.Replace(head("modbus"), "rtu", "tcp", 1)+`0 ?
0.001 > 00 01 00 00 00 05 01 2B 0E 01 00
0.010 < 00 01 00 00 00 0D 01 2B 0E 01 01 FF 01 01 00 03 41 62 63
0.011 > 00 02 00 00 00 05 01 2B 0E 01 01
0.020 < 00 02 00 00 00 0C 01 2B 0E 01 01 00 00 01 01 02 58 31
0.021 = temp=4
`)
	p := &drivers.Plan{Channels: value, Timeout: time.Second, OpenModbus: func(u drivers.Modbus) (drivers.Driver, error) {
		return doing{func(ctx context.Context) (float64, error) {
			objects, err := u.(interface {
				Identify(context.Context, codec.Level, uint8) ([]codec.Object, error)
			}).Identify(ctx, codec.Basic, 0)
			if err != nil || len(objects) != 2 || string(objects[0].Value) != "Abc" || string(objects[1].Value) != "X1" {
				return 0, fmt.Errorf("%v, %w", objects, err)
			}
			return 4, nil
		}}, nil
	}}
	if _, err := play(t, p, tape); err != nil {
		t.Error(err)
	}
}

// doing is a device that does what the test says.
type doing struct {
	do func(ctx context.Context) (float64, error)
}

func (d doing) Sample(ctx context.Context) ([]obs.Reading, error) {
	v, err := d.do(ctx)
	if err != nil {
		return nil, fmt.Errorf("toy: %w", err)
	}
	return []obs.Reading{obs.Of(v)}, nil
}
func (doing) Close() error { return nil }

func toy(do func(context.Context) (float64, error)) drivers.Driver { return doing{do} }

var value = []drivers.Channel{{Name: "temp", Max: 1e9}}

// TestStreaming: a part that sends without being asked. What comes while nobody
// reads waits; what is dropped is gone.
func TestStreaming(t *testing.T) {
	tape := parse(t, head("serial")+`0 ?
0.100 < 01 02
0.200 = temp=258
1.5 < 99
2 ?
2.1 < 03
2.1 < 04
2.2 = temp=772
3 ?
3.0001 > AA BB
3.2 < 05 06
3.3 = temp=1286
4 ?
9 ! timeout
9 = fault timeout
10 ?
10.1 ! unplugged
10.1 = fault unplugged
11 > CC
`)
	var port drivers.Port
	n := 0
	p := &drivers.Plan{Channels: value, Timeout: 6 * time.Second, OpenSerial: func(w drivers.Port) (drivers.Driver, error) {
		port = w
		return closing{toy(func(ctx context.Context) (float64, error) {
			if n++; n == 3 {
				for _, b := range []byte{0xAA, 0xBB} {
					if _, err := port.Write(ctx, []byte{b}); err != nil {
						return 0, err
					}
				}
			} else if err := port.Discard(); err != nil {
				return 0, err
			}
			var got [2]byte
			for i := range got {
				if _, err := port.Read(ctx, got[i:i+1]); err != nil {
					return 0, err
				}
			}
			port.Noise(1)
			port.BadChecksum()
			return float64(got[0])*256 + float64(got[1]), nil
		}), func() error { _, err := port.Write(t.Context(), []byte{0xCC}); return err }}, nil
	}}
	if took, err := play(t, p, tape); err != nil || took < 10*time.Second || took > 11*time.Second {
		t.Errorf("%v after %v", err, took)
	}
	if n != 5 {
		t.Errorf("%d samples", n)
	}
}

type closing struct {
	drivers.Driver
	last func() error
}

func (c closing) Close() error { return c.last() }

// TestSerialDepartures: other bytes, more bytes, and bytes where none were sent.
func TestSerialDepartures(t *testing.T) {
	for _, c := range []struct {
		write []byte
		want  string
	}{
		{[]byte{0xAA, 0xBC}, "line 8: > AA BB was sent here, the driver sends > AA BC"},
		{[]byte{0xAA, 0xBB, 0xCC}, "line 9: nothing more was sent here, the driver sends > CC"},
		{[]byte{0xAA}, "line 8: the sample ended without this: > AA BB"},
		{[]byte{0xAA, 0xBB}, ""},
	} {
		p := &drivers.Plan{Channels: value, Timeout: time.Second, OpenSerial: func(w drivers.Port) (drivers.Driver, error) {
			return toy(func(ctx context.Context) (float64, error) {
				_, err := w.Write(ctx, c.write)
				return 1, err
			}), nil
		}}
		_, err := play(t, p, parse(t, head("serial")+"0 ?\n0 > AA BB\n1 = temp=1\n"))
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("writing % X gives %v, want %s", c.write, err, c.want)
		}
	}
}
