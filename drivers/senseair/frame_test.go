package senseair

import (
	"bytes"
	"testing"

	"github.com/lamppost-city/lamppost/drivers/codec/modbus"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
)

// The requests are those of published programs.
func TestRequests(t *testing.T) {
	for _, c := range []struct {
		name string
		r    modbus.Request
		want string
	}{
		{"status and CO2", question, "FE 04 00 00 00 04 E5 C6"},
		{"the baseline's period", askPeriod, "FE 03 00 1F 00 01 A1 C3"},
		{"180 hours", writePeriod(180), "FE 06 00 1F 00 B4 AC 74"},
		{"off", writePeriod(0), "FE 06 00 1F 00 00 AC 03"},
		{"what it is", askIdentity, "FE 04 00 19 00 06 B5 C0"},
	} {
		if err := c.r.Check(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if got := modbus.AppendRTU(nil, anyUnit, c.r.Append(nil)); !bytes.Equal(got, drivertest.Hex(t, c.want)) {
			t.Errorf("%s is asked % X, want %s", c.name, got, c.want)
		}
	}
}

// No request of ours is taken for a frame of the part, but the confirmation of a write,
// which repeats it: that one is read back.
func TestRequestsAreNoAnswers(t *testing.T) {
	for _, r := range []modbus.Request{question, askPeriod, askIdentity} {
		if f, _, _, ok := format.Next(modbus.AppendRTU(nil, anyUnit, r.Append(nil))); ok {
			t.Errorf("the request %+v is taken for the answer % x", r, f.pdu())
		}
	}
}

// FuzzStream holds that whatever a line brings, each frame that is found stood in it,
// with a CRC that is right, and answers at most one of what is asked.
func FuzzStream(f *testing.F) {
	good := drivertest.Load(f, "testdata/published.frame").Frame
	f.Add(append(append(bytes.Clone(good), good[:5]...), good...))
	f.Add(drivertest.Load(f, "testdata/identity-first.frame").Frame)
	f.Add(drivertest.Load(f, "testdata/echo-first.frame").Frame)
	f.Add([]byte{0xFE, 0xFE, 4, 8, 0xFE, 0x84, 2})
	asked := []modbus.Request{question, askIdentity, askPeriod, writePeriod(180), writePeriod(0)}
	f.Fuzz(func(t *testing.T, line []byte) {
		for _, a := range drivertest.Frames(t, format, line, func(a answer) []byte { return a.append(nil) }) {
			if got := a.append(nil); modbus.CRC(got) != 0 {
				t.Fatalf("% x is taken for a frame", got)
			}
			fits := 0
			for _, r := range asked {
				if x, err := r.Answers(a.pdu()); err == nil && x.Exception == 0 {
					fits++
				}
			}
			if fits > 1 {
				t.Fatalf("% x answers %d requests", a.pdu(), fits)
			}
		}
	})
}

// FuzzValue holds that no value is believed beside a status that is not 0, nor one that
// the part cannot measure.
func FuzzValue(f *testing.F) {
	f.Add(uint16(0), uint16(412))
	f.Add(uint16(0x20), uint16(0))
	f.Add(uint16(0x41), uint16(412))
	f.Fuzz(func(t *testing.T, s, ppm uint16) {
		r, err := read(status(s), ppm)
		switch usable := err == nil && r.Quality.Usable(); {
		case usable != (s == 0 && ppm >= 300 && ppm <= 10000):
			t.Errorf("status %04x, %d ppm: %+v, %v", s, ppm, r, err)
		case err == nil && r.Value == 0, usable && r.Value != float64(ppm):
			t.Errorf("status %04x, %d ppm is read as %v", s, ppm, r.Value)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	good := drivertest.Load(b, "testdata/published.frame").Frame
	b.SetBytes(int64(len(good)))
	b.ReportAllocs()
	for b.Loop() {
		a, _, _, ok := format.Next(good)
		if !ok || a.n != 10 {
			b.Fatal("not decoded")
		}
	}
}
