package winsen

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRequest(t *testing.T) {
	for _, c := range []struct {
		command byte
		args    []byte
		want    string
	}{
		{Read, nil, "FF 01 86 00 00 00 00 00 79"},
		{0x87, nil, "FF 01 87 00 00 00 00 00 78"},
		{0x88, []byte{0x07, 0xD0}, "FF 01 88 07 D0 00 00 00 A0"},
		{Baseline, []byte{0xA0}, "FF 01 79 A0 00 00 00 00 E6"},
		{Baseline, nil, "FF 01 79 00 00 00 00 00 86"},
		{0x99, []byte{0, 0, 0, 0x07, 0xD0}, "FF 01 99 00 00 00 07 D0 8F"},
		{0x99, []byte{0, 0, 0, 0x13, 0x88}, "FF 01 99 00 00 00 13 88 CB"},
		{Mode, []byte{0x41}, "FF 01 78 41 00 00 00 00 46"},
		{Mode, []byte{0x40}, "FF 01 78 40 00 00 00 00 47"},
		{Mode, []byte{0x04}, "FF 01 78 04 00 00 00 00 83"},
		{Mode, []byte{0x03}, "FF 01 78 03 00 00 00 00 84"},
	} {
		if got := Request(c.command, c.args...); !bytes.Equal(got, unhex(t, c.want)) {
			t.Errorf("Request(%#x, % x) = % X, want %s", c.command, c.args, got, c.want)
		}
	}
}

func TestDecode(t *testing.T) {
	f, ok := Decode(unhex(t, "FF 86 02 7C 42 00 00 00 BA"))
	if !ok || f[0] != Read || f.Word(2) != 636 || f.Word(1) != 0x8602 || f.Word(6) != 0 {
		t.Errorf("Decode gives % x, %v", f, ok)
	}
	if f, ok := Decode(unhex(t, "FF 86 01 79 00 00 00 00 00")); !ok || f.Word(2) != 377 {
		t.Errorf("a sum of 00: % x, %v", f, ok)
	}
	for name, s := range map[string]string{
		"nothing":                    "",
		"a byte short":               "FF 86 02 7C 42 00 00 00",
		"a byte long":                "FF 86 02 7C 42 00 00 00 BA 00",
		"another start":              "FE 86 02 7C 42 00 00 00 BA",
		"a wrong sum":                "FF 86 02 7C 42 00 00 00 BB",
		"a sum that a manual prints": "FF 04 03 01 00 25 13 88 25",
		"FF for a sum of 00":         "FF 86 01 79 00 00 00 00 FF",
		"the start byte in the sum":  "FF 86 02 7C 42 00 00 00 BB",
	} {
		if f, ok := Decode(unhex(t, s)); ok {
			t.Errorf("%s is decoded to % x", name, f)
		}
	}
}

// FuzzDecode holds that what is accepted is reproduced byte for byte, and that no
// other last byte would have been accepted.
func FuzzDecode(f *testing.F) {
	f.Add(unhex(f, "FF 86 02 7C 42 00 00 00 BA"))
	f.Add(unhex(f, "FF 04 03 01 00 25 13 88 25"))
	f.Add(unhex(f, "FF 86 01 79 00 00 00 00 00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		frame, ok := Decode(b)
		if !ok {
			return
		}
		if got := frame.Append(nil); !bytes.Equal(got, b) {
			t.Errorf("Decode(% x) then Append gives % x", b, got)
		}
		other := bytes.Clone(b)
		for other[Size-1]++; other[Size-1] != b[Size-1]; other[Size-1]++ {
			if _, ok := Decode(other); ok {
				t.Fatalf("% x and % x are both accepted", b, other)
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	good := unhex(b, "FF 86 02 7C 42 00 00 00 BA")
	b.SetBytes(Size)
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := Decode(good); !ok {
			b.Fatal("not decoded")
		}
	}
}
