package sensirion

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
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

// The data sheets' own check value.
func TestCRC(t *testing.T) {
	if got := CRC(0xBE, 0xEF); got != 0x92 {
		t.Errorf("CRC(BE EF) = %02X, want 92", got)
	}
}

func TestWords(t *testing.T) {
	for _, c := range []struct {
		source, bytes string
		want          []uint16
		err           error
	}{
		{"published, SCD4x data sheet: 500 ppm, 25 °C, 37 %", "01 F4 33 66 67 A2 5E B9 3C", []uint16{500, 0x6667, 0x5EB9}, nil},
		{"captured, periph.io devices/scd4x", "02 2C A3 67 0D 36 4D 08 F1", []uint16{556, 0x670D, 0x4D08}, nil},
		{"captured, periph.io devices/scd4x", "02 1F 35 65 82 BB 53 5E 2A", []uint16{543, 0x6582, 0x535E}, nil},
		{"captured: not ready", "80 00 A2", []uint16{0x8000}, nil},
		{"captured: ready", "80 06 04", []uint16{0x8006}, nil},
		{"captured: temperature offset 4 °C", "05 DA 29", []uint16{1498}, nil},
		{"constructed: 25 °C, 50 %", "66 67 A2 7F FF 8F", []uint16{0x6667, 0x7FFF}, nil},
		{"constructed: -12.19 °C, 75 %", "30 00 33 C0 00 2B", []uint16{0x3000, 0xC000}, nil},
		{"constructed: status of a part that was reset", "80 10 E1", []uint16{0x8010}, nil},
		{"constructed: one bit of the temperature is wrong", "66 67 A3 7F FF 8F", make([]uint16, 2), ErrChecksum},
		{"constructed: the last word is wrong", "66 67 A2 7F FF 8E", make([]uint16, 2), ErrChecksum},
		{"an open bus", "FF FF FF", make([]uint16, 1), ErrChecksum},
		{"a bus tied to ground", "00 00 00", make([]uint16, 1), ErrChecksum},
		{"cut", "66 67 A2 7F FF", make([]uint16, 2), ErrLength},
		{"too much", "66 67 A2 7F FF 8F 00", make([]uint16, 2), ErrLength},
	} {
		got := make([]uint16, len(c.want))
		err := Words(unhex(t, c.bytes), got)
		if !errors.Is(err, c.err) || err == nil && !slices.Equal(got, c.want) {
			t.Errorf("%s: Words(%s) = %04X, %v; want %04X, %v", c.source, c.bytes, got, err, c.want, c.err)
		}
	}
}

func TestCommand(t *testing.T) {
	for _, c := range []struct {
		what, want string
		got        []byte
	}{
		{"forced recalibration of an SCD4x to 400 ppm", "36 2F 01 90 4C", Command(nil, 0x362F, 400)},
		{"a bare command", "24 00", Command(nil, 0x2400)},
		{"two words", "61 1D BE EF 92 80 00 A2", Command(nil, 0x611D, 0xBEEF, 0x8000)},
		{"appended", "AA 24 00", Command([]byte{0xAA}, 0x2400)},
	} {
		if want := unhex(t, c.want); !bytes.Equal(c.got, want) {
			t.Errorf("%s: % X, want % X", c.what, c.got, want)
		}
	}
}

func TestValues(t *testing.T) {
	for _, c := range []struct {
		raw           uint16
		temp, percent float64
	}{
		{0, -45, 0}, {0x3000, -12.19, 18.75}, {0x6667, 25, 40}, {0x670D, 25.45, 40.25}, {0x6582, 24.39, 39.65}, {0x5EB9, 19.75, 37}, {0x4D08, 7.66, 30.09},
		{0x535E, 11.99, 32.57}, {0x7FFF, 42.5, 50}, {0xC000, 86.25, 75}, {0xFFFF, 130, 100},
	} {
		if temp, percent := Celsius(c.raw), Percent(c.raw); temp != c.temp || percent != c.percent {
			t.Errorf("%04X is %v °C and %v %%, want %v and %v", c.raw, temp, percent, c.temp, c.percent)
		}
	}
}

// What Words accepts, Command writes again byte for byte; and one bit changed is noticed.
func FuzzWords(f *testing.F) {
	for _, s := range []string{"01F43366 67A2 5EB93C", "6667A27FFF8F", "8010E1", "FFFFFF", "6667A37FFF8F", ""} {
		f.Add(unhex(f, s), uint(3))
	}
	f.Fuzz(func(t *testing.T, b []byte, bit uint) {
		if len(b) > 300 {
			return
		}
		words := make([]uint16, len(b)/WordLen)
		if err := Words(b, words); err != nil {
			if !errors.Is(err, ErrChecksum) && !errors.Is(err, ErrLength) {
				t.Errorf("Words(% X) gives %v", b, err)
			}
			return
		}
		if again := Command(nil, 0, words...)[2:]; !bytes.Equal(again, b) {
			t.Errorf("% X is written again as % X", b, again)
		}
		if len(b) == 0 {
			return
		}
		bad := slices.Clone(b)
		bad[bit/8%uint(len(b))] ^= 1 << (bit % 8)
		if err := Words(bad, words); !errors.Is(err, ErrChecksum) {
			t.Errorf("% X with one bit changed, % X, gives %v", b, bad, err)
		}
	})
}

func BenchmarkWords(b *testing.B) {
	frame, words := unhex(b, "01 F4 33 66 67 A2 5E B9 3C"), make([]uint16, 3)
	b.ReportAllocs()
	for b.Loop() {
		if err := Words(frame, words); err != nil {
			b.Fatal(err)
		}
	}
}

func Example() {
	var words [2]uint16
	if err := Words([]byte{0x66, 0x67, 0xA2, 0x7F, 0xFF, 0x8F}, words[:]); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(Celsius(words[0]), Percent(words[1]))
	// Output: 25 50
}
