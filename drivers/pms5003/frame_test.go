package pms5003

import (
	"bytes"
	"testing"

	"github.com/lamppost-city/lamppost/drivers/drivertest"
)

func TestDecode(t *testing.T) {
	good := drivertest.Load(t, "testdata/indoors.frame").Frame
	w, ok := decode(good)
	if !ok || w.n != 13 || w.data[4] != 8 || w.data[12] != 0x9700 {
		t.Fatalf("decode gives %+v, %v", w, ok)
	}
	for name, b := range map[string][]byte{
		"nothing":            nil,
		"a head":             good[:4],
		"a byte short":       good[:31],
		"a byte long":        append(bytes.Clone(good), 0),
		"another head":       append([]byte("BN"), good[2:]...),
		"an unknown length":  append([]byte{'B', 'M', 0, 30}, good[4:]...),
		"an ack's length":    append([]byte{'B', 'M', 0, 4}, good[4:]...),
		"a length of 64 KiB": append([]byte{'B', 'M', 255, 255}, good[4:]...),
	} {
		if w, ok := decode(b); ok {
			t.Errorf("%s is decoded to %+v", name, w)
		}
	}
}

func TestSize(t *testing.T) {
	for _, c := range []struct {
		in   []byte
		want int
	}{
		{[]byte("BM"), 4}, {[]byte("BM\x00"), 4}, {[]byte("BM\x00\x04"), 8}, {[]byte("BM\x00\x14"), 24},
		{[]byte("BM\x00\x1c"), 32}, {[]byte("BM\x00\x24"), 40}, {[]byte("BM\x00\x1d"), 0}, {[]byte("BM\x1c\x00"), 0},
	} {
		if got := size(c.in); got != c.want {
			t.Errorf("size(% x) = %d, want %d", c.in, got, c.want)
		}
	}
}

// FuzzDecode holds that what is accepted is reproduced byte for byte: no byte of
// a frame goes unread or unchecked.
func FuzzDecode(f *testing.F) {
	f.Add(words{}.append(nil))
	f.Add(words{n: 1, data: [maxWords]uint16{0xE100}}.append(nil))
	for _, name := range []string{"indoors", "pms5003t", "pms3003", "pms5003st", "bad-checksum"} {
		f.Add(drivertest.Load(f, "testdata/"+name+".frame").Frame)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		w, ok := decode(b)
		if ok && !bytes.Equal(w.append(nil), b) {
			t.Errorf("decode(% x) then append gives % x", b, w.append(nil))
		}
	})
}

// FuzzStream holds that whatever a line brings, each frame that is found is one
// that the part could have sent, and only bytes of the line are used.
func FuzzStream(f *testing.F) {
	good := drivertest.Load(f, "testdata/indoors.frame").Frame
	f.Add(append(append(bytes.Clone(good), good[:9]...), good...))
	f.Add([]byte("BMBMBM\x00\x1cBM"))
	f.Fuzz(func(t *testing.T, line []byte) {
		drivertest.Frames(t, format, line, func(w words) []byte { return w.append(nil) })
	})
}

func BenchmarkDecode(b *testing.B) {
	good := drivertest.Load(b, "testdata/indoors.frame").Frame
	l := models["pms5003"]
	d := driver{layout: l, sources: l.channels(atmosphericSet, true)}
	b.SetBytes(int64(len(good)))
	b.ReportAllocs()
	for b.Loop() {
		w, _, _, ok := format.Next(good)
		if !ok || len(d.readings(w)) != 9 {
			b.Fatal("not decoded")
		}
	}
	b.ReportMetric(float64(b.N)*9/b.Elapsed().Seconds(), "readings/s")
}
