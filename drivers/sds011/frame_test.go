package sds011

import (
	"bytes"
	"testing"

	"github.com/lamppost-city/lamppost/drivers/drivertest"
)

// The commands are those of the protocol sheet, their sums computed apart from this
// code.
func TestCommand(t *testing.T) {
	for _, c := range []struct {
		data []byte
		want string
	}{
		{[]byte{cmdMode, 1, 0}, "AA B4 02 01 00 00 00 00 00 00 00 00 00 00 00 FF FF 01 AB"},
		{[]byte{cmdMode, 1, 1}, "AA B4 02 01 01 00 00 00 00 00 00 00 00 00 00 FF FF 02 AB"},
		{[]byte{cmdMode}, "AA B4 02 00 00 00 00 00 00 00 00 00 00 00 00 FF FF 00 AB"},
		{[]byte{cmdQuery}, "AA B4 04 00 00 00 00 00 00 00 00 00 00 00 00 FF FF 02 AB"},
		{[]byte{cmdRest, 1, 0}, "AA B4 06 01 00 00 00 00 00 00 00 00 00 00 00 FF FF 05 AB"},
		{[]byte{cmdRest, 1, 1}, "AA B4 06 01 01 00 00 00 00 00 00 00 00 00 00 FF FF 06 AB"},
		{[]byte{cmdBuilt}, "AA B4 07 00 00 00 00 00 00 00 00 00 00 00 00 FF FF 05 AB"},
		{[]byte{cmdPeriod, 1, 0}, "AA B4 08 01 00 00 00 00 00 00 00 00 00 00 00 FF FF 07 AB"},
		{[]byte{cmdPeriod, 1, 5}, "AA B4 08 01 05 00 00 00 00 00 00 00 00 00 00 FF FF 0C AB"},
		{[]byte{cmdPeriod}, "AA B4 08 00 00 00 00 00 00 00 00 00 00 00 00 FF FF 06 AB"},
	} {
		if got := command(c.data...); !bytes.Equal(got, drivertest.Hex(t, c.want)) {
			t.Errorf("command(% x) = % X, want %s", c.data, got, c.want)
		}
	}
}

// A frame can be meant for one part alone: here it is given another id.
func TestCommandToOne(t *testing.T) {
	got := commandTo([2]byte{0xA0, 0x01}, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xB0, 0xB1)
	if want := "AA B4 05 00 00 00 00 00 00 00 00 00 00 B0 B1 A0 01 07 AB"; !bytes.Equal(got, drivertest.Hex(t, want)) {
		t.Errorf("commandTo gives % X, want %s", got, want)
	}
}

func TestDecode(t *testing.T) {
	good := "AA C0 D4 04 3A 0A A1 60 1D AB"
	a, ok := decode(drivertest.Hex(t, good))
	if !ok || a.kind != kindDust || a.word(0) != 1236 || a.word(2) != 2618 || a.id != [2]byte{0xA1, 0x60} {
		t.Errorf("decode gives %+v, %v", a, ok)
	}
	for name, s := range map[string]string{
		"nothing":       "",
		"a byte short":  good[:26],
		"a byte long":   good + "00",
		"another head":  "AB" + good[2:],
		"another kind":  "AA C1" + good[5:],
		"a command":     "AA B4" + good[5:],
		"a wrong sum":   "AA C0 D4 04 3A 0A A1 60 1E AB",
		"another tail":  "AA C0 D4 04 3A 0A A1 60 1D AA",
		"swapped bytes": "AA C0 D4 04 3A 0A A1 1D 60 AB",
	} {
		if a, ok := decode(drivertest.Hex(t, s)); ok {
			t.Errorf("%s is decoded to %+v", name, a)
		}
	}
}

// FuzzDecode holds that what is accepted is reproduced byte for byte: no byte of a
// frame goes unread or unchecked.
func FuzzDecode(f *testing.F) {
	for _, name := range []string{"captured", "protocol-sheet", "ack-sleep", "sds198", "bad-checksum", "bad-tail"} {
		f.Add(drivertest.Load(f, "testdata/"+name+".frame").Frame)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if a, ok := decode(b); ok && !bytes.Equal(a.append(nil), b) {
			t.Errorf("decode(% x) then append gives % x", b, a.append(nil))
		}
	})
}

// FuzzStream holds that whatever a line brings, each frame that is found stood in it.
func FuzzStream(f *testing.F) {
	good := drivertest.Load(f, "testdata/captured.frame").Frame
	f.Add(append(append(bytes.Clone(good), good[:7]...), good...))
	f.Add([]byte{head, head, kindDust, head, kindAnswer})
	f.Fuzz(func(t *testing.T, line []byte) {
		drivertest.Frames(t, format, line, func(a answer) []byte { return a.append(nil) })
	})
}

func BenchmarkDecode(b *testing.B) {
	good := drivertest.Load(b, "testdata/captured.frame").Frame
	d := driver{model: fine}
	b.SetBytes(answerLen)
	b.ReportAllocs()
	for b.Loop() {
		a, _, _, ok := format.Next(good)
		if !ok || len(d.readings(a)) != 2 {
			b.Fatal("not decoded")
		}
	}
	b.ReportMetric(float64(b.N)*2/b.Elapsed().Seconds(), "readings/s")
}
