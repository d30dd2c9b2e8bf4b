package h264

import (
	"encoding/hex"
	"strings"
	"testing"
)

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// written is a sequence parameter set of bits, for what no encoder at hand writes.
func written(bits string) []byte {
	bits = strings.ReplaceAll(bits, " ", "") + "1"
	bits += strings.Repeat("0", (8-len(bits)%8)%8)
	out := []byte{0x67}
	for i := 0; i < len(bits); i += 8 {
		var c byte
		for _, b := range bits[i : i+8] {
			c = c<<1 | byte(b-'0')
		}
		out = append(out, c)
	}
	return out
}

// head of a set: baseline, level 4, number 0, numbers of 4 bits, order of kind 2, one
// reference, no gaps.
const head = "01000010 11000000 00101000 1 1 011 010 0"

// exp is an Exp-Golomb number as text.
func exp(v uint64) string {
	var b string
	for v++; v > 0; v /= 2 {
		b = string(rune('0'+v%2)) + b
	}
	return strings.Repeat("0", len(b)-1) + b
}

// The sets with a source were written by x264 (core 164, Debian 12), by its option in the
// name; the sizes are those that ffprobe 5.1 calls coded.
func TestParseSequence(t *testing.T) {
	high := "01111010 00000000 00101000 1 "                                                  // High 4:2:2, number 0
	lists := strings.Repeat("0", 6) + "1" + exp(0) + strings.Repeat("1", 63) + "1" + exp(16) // a list of eights, and one that ends at once
	for _, c := range []struct {
		name          string
		unit          []byte
		width, height int
	}{
		{"baseline", unhex(t, "6742c016dc0a03db011000000300100000030020f162f8"), 640, 480},
		{"high", unhex(t, "67641028acb80f0044fcb8088000000300800000030102"), 1920, 1088},
		{"high, interlaced=1", unhex(t, "67641028acf01e0113f7808800000300080000030010a0"), 1920, 1088},
		{"high 4:2:2, 10 bits", unhex(t, "677a100bb6cb82c12d80880000030008000003001020"), 352, 288},
		{"high 4:4:4", unhex(t, "67f4101f9197014016ec044000000300400000030081"), 1280, 720},
		{"4k", unhex(t, "67641033acb80780087d80880000030008000003001020"), 3840, 2160},
		{"scaling lists", written(high + exp(2) + exp(2) + exp(2) + "0 1" + lists + exp(0) + exp(2) + exp(1) + "0" + exp(21) + exp(17) + "1 1 0 0"), 352, 288},
		{"an order with a cycle", written("01000010 00000000 00101000 1 1 " + exp(1) + "0 1 1" + exp(2) + exp(3) + exp(4) + exp(1) + "0" + exp(1) + exp(1) + "1 1 0 0"), 32, 32},
		{"a bomb", written(head + exp(1249) + exp(1249) + "1 1 0 0"), 20000, 20000},
		{"the largest that can be said", written(head + exp(1<<32-2) + exp(1<<32-2) + "0 0 1 0 0"), 16 * (mostBlocks + 1), 32 * (mostBlocks + 1)},
	} {
		s, err := ParseSequence(c.unit)
		if err != nil || s.Width != c.width || s.Height != c.height || s.ID != 0 {
			t.Errorf("%s: %+v, %v; want %d × %d", c.name, s, err, c.width, c.height)
		}
	}
}

func TestBadSequences(t *testing.T) {
	whole := unhex(t, "67641028acb80f0044fcb8088000000300800000030102")
	for _, c := range []struct {
		name, want string
		unit       []byte
	}{
		{"nothing", "no sequence", nil},
		{"another unit", "no sequence", append([]byte{0x68}, whole[1:]...)},
		{"too long", "no sequence", append(whole, make([]byte, 2000)...)},
		{"cut short", "cut short", whole[:7]},
		{"number 32", "the number 32", written("01000010 11000000 00101000" + exp(32))},
		{"colours", "colour format 4", written("01100100 00000000 00101000 1" + exp(4))},
		{"bits", "15 and 8 bits", written("01100100 00000000 00101000 1" + exp(1) + exp(7) + exp(0))},
		{"numbers", "numbers of 17 bits", written("01000010 00000000 00101000 1" + exp(13))},
		{"order", "order of kind 3", written("01000010 00000000 00101000 1 1" + exp(3))},
		{"a long order", "order of 17 bits", written("01000010 00000000 00101000 1 1 1" + exp(13))},
		{"a long cycle", "cycle of 256", written("01000010 00000000 00101000 1 1" + exp(1) + "0 1 1" + exp(256))},
		{"references", "17 reference", written("01000010 00000000 00101000 1 1 011" + exp(17))},
		{"a number without end", "cut short", append([]byte{0x67, 66, 0, 40}, make([]byte, 20)...)},
	} {
		if s, err := ParseSequence(c.unit); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %+v, %v; want %q", c.name, s, err, c.want)
		}
	}
}

// FuzzParseSequence holds that a set is read from what it says: behind its end nothing
// counts, and a size is made of whole blocks.
func FuzzParseSequence(f *testing.F) {
	f.Add(unhex(f, "67641028acb80f0044fcb8088000000300800000030102"))
	f.Add(unhex(f, "677a100bb6cb82c12d80880000030008000003001020"))
	f.Add(written(head + exp(1249) + exp(1249) + "1 1 0 0"))
	f.Fuzz(func(t *testing.T, unit []byte) {
		s, err := ParseSequence(unit)
		if err != nil {
			if s.Width != 0 && len(unit) < 4 {
				t.Fatalf("a size from %d bytes", len(unit))
			}
			return
		}
		if s.ID > 31 || s.Width < 16 || s.Height < 16 || s.Width%16 != 0 || s.Height%16 != 0 {
			t.Fatalf("%+v", s)
		}
		if len(unit) < maxSet {
			if more, err := ParseSequence(append(unit[:len(unit):len(unit)], 0x80)); err != nil || more != s {
				t.Fatalf("with a byte behind it: %+v, %v; it was %+v", more, err, s)
			}
		}
	})
}
