package uart

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/drivers/profile"
)

// described is a random frame format, with an encoder that shares nothing with the
// package: where a number stands, how it is held, what guards the frame.
type described struct {
	starts   []byte
	ends     []byte
	counted  bool // the frame says its length
	stuffing string
	kind     string
	size     int // of what is between the length and the checksum
	at       []int
	types    []string
	orders   []string
}

var holds = map[string]int{"uint8": 1, "int8": 1, "uint16": 2, "int16": 2, "uint24": 3, "int24": 3, "uint32": 4, "int32": 4}

func draw(t *rapid.T) described {
	d := described{
		starts:   rapid.SliceOfN(rapid.Byte(), 1, 3).Draw(t, "starts"),
		ends:     rapid.SliceOfN(rapid.Byte(), 0, 2).Draw(t, "ends"),
		counted:  rapid.Bool().Draw(t, "counted"),
		stuffing: rapid.SampledFrom([]string{"none", "shdlc", "slip"}).Draw(t, "stuffing"),
		kind:     rapid.SampledFrom([]string{"sum8", "neg8", "inv8", "xor8", "sum16", "crc8", "crc16-modbus", "crc16-arc", "crc16-ccitt"}).Draw(t, "kind"),
	}
	at := len(d.starts)
	if d.counted {
		at++
	}
	for range rapid.IntRange(1, 5).Draw(t, "channels") {
		name := rapid.SampledFrom(slices.Sorted(mapKeys(holds))).Draw(t, "type")
		order := "abcd"
		if holds[name] > 1 && rapid.Bool().Draw(t, "little") {
			order = "dcba"
		}
		gap := rapid.IntRange(0, 2).Draw(t, "gap")
		d.at, d.types, d.orders = append(d.at, at+gap), append(d.types, name), append(d.orders, order)
		at += gap + holds[name]
	}
	d.size = at
	return d
}

func mapKeys(m map[string]int) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func (d described) sumLen() int {
	if strings.HasSuffix(d.kind, "16") || strings.HasPrefix(d.kind, "crc16") {
		return 2
	}
	return 1
}

// yaml is the profile without its fixtures.
func (d described) yaml() string {
	var b strings.Builder
	b.WriteString(smallHead)
	total := d.size + d.sumLen() + len(d.ends)
	length := fmt.Sprint(total)
	if d.counted {
		length = fmt.Sprintf("{at: %d, type: uint8, add: %d}", len(d.starts), total-7)
	}
	extra := ""
	if d.kind == "crc8" {
		extra = ", poly: 0x31, init: 0xFF, reflected: true"
	}
	fmt.Fprintf(&b, "frame: {starts: \"%X\", length: %s, stuffing: %s, sum: {kind: %s%s}", d.starts, length, d.stuffing, d.kind, extra)
	if len(d.ends) > 0 {
		fmt.Fprintf(&b, ", ends: \"%X\"", d.ends)
	}
	b.WriteString("}\nchannels:\n")
	for i := range d.at {
		fmt.Fprintf(&b, "  - {name: temp.c%d, at: %d, type: %s, order: %s, scale: 0.01, offset: 5, min: -99999999, max: 99999999}\n", i, d.at[i], d.types[i], d.orders[i])
	}
	return b.String()
}

// encode makes a frame of raw numbers.
func (d described) encode(raw []int64, fill byte) []byte {
	b := make([]byte, d.size)
	for i := range b {
		b[i] = fill
	}
	copy(b, d.starts)
	if d.counted {
		b[len(d.starts)] = 7
	}
	for i, at := range d.at {
		n := holds[d.types[i]]
		var w [8]byte
		binary.BigEndian.PutUint64(w[:], uint64(raw[i]))
		one := w[8-n:]
		if d.orders[i] == "dcba" {
			slices.Reverse(one)
		}
		copy(b[at:], one)
	}
	b = append(b, checksum(d.kind, b)...)
	b = append(b, d.ends...)
	return stuff(d.stuffing, b)
}

// checksum reckons bit by bit, by long division, unlike the package's tables of shifts.
func checksum(kind string, b []byte) []byte {
	sum, xor := 0, byte(0)
	for _, c := range b {
		sum, xor = sum+int(c), xor^c
	}
	switch kind {
	case "sum8":
		return []byte{byte(sum)}
	case "neg8":
		return []byte{byte(256 - sum%256)}
	case "inv8":
		return []byte{255 - byte(sum%256)}
	case "xor8":
		return []byte{xor}
	case "sum16":
		return []byte{byte(sum >> 8), byte(sum)}
	case "crc8":
		return []byte{bits.Reverse8(byte(divide(b, 8, 0x31, 0xFF, true)))}
	case "crc16-ccitt":
		crc := divide(b, 16, 0x1021, 0xFFFF, false)
		return []byte{byte(crc >> 8), byte(crc)}
	}
	init := uint32(0)
	if kind == "crc16-modbus" {
		init = 0xFFFF
	}
	crc := bits.Reverse16(uint16(divide(b, 16, 0x8005, init, true)))
	return []byte{byte(crc), byte(crc >> 8)}
}

// divide is a CRC as the book has it: the message's bits, the first width of them
// inverted by init, divided by the polynomial; the remainder, highest bit first.
func divide(b []byte, width int, poly, init uint32, mirrored bool) uint32 {
	var message []uint32
	for _, c := range b {
		if mirrored {
			c = bits.Reverse8(c)
		}
		for i := 7; i >= 0; i-- {
			message = append(message, uint32(c>>i&1))
		}
	}
	message = append(message, make([]uint32, width)...)
	for i := range width {
		message[i] ^= init >> (width - 1 - i) & 1
	}
	for i := range len(message) - width {
		if message[i] == 0 {
			continue
		}
		for j := range width {
			message[i+1+j] ^= poly >> (width - 1 - j) & 1
		}
	}
	rest := uint32(0)
	for _, bit := range message[len(message)-width:] {
		rest = rest<<1 | bit
	}
	return rest
}

func stuff(kind string, b []byte) []byte {
	var out []byte
	switch kind {
	case "none":
		return b
	case "shdlc":
		out = append(out, 0x7E)
		for _, c := range b {
			if c == 0x7E || c == 0x7D || c == 0x11 || c == 0x13 {
				out = append(out, 0x7D, c^0x20)
			} else {
				out = append(out, c)
			}
		}
		return append(out, 0x7E)
	}
	out = append(out, 0xC0)
	for _, c := range b {
		switch c {
		case 0xC0:
			out = append(out, 0xDB, 0xDC)
		case 0xDB:
			out = append(out, 0xDB, 0xDD)
		default:
			out = append(out, c)
		}
	}
	return append(out, 0xC0)
}

// TestRandomFrames: whatever a profile says of a frame, what an encoder makes after it is
// read as the numbers that were put in; behind noise, too; and a changed byte is no
// reading, or the same one.
func TestRandomFrames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t)
		raw := make([]int64, len(d.at))
		values := []string{}
		for i, name := range d.types {
			n := 8 * holds[name]
			low, high := int64(0), int64(1)<<n-1
			if strings.HasPrefix(name, "int") {
				low, high = -1<<(n-1), 1<<(n-1)-1
			}
			raw[i] = rapid.Int64Range(low, high).Draw(t, "raw")
			values = append(values, fmt.Sprintf("temp.c%d: %s", i, profile.Decimal{Digits: raw[i] + 500, Places: 2}))
		}
		sent := d.encode(raw, rapid.Byte().Draw(t, "fill"))
		src := d.yaml() + fmt.Sprintf("fixtures:\n  - {source: constructed, bytes: \"%X\", values: {%s}}\n", sent, strings.Join(values, ", "))
		p, err := parseText(src)
		if err != nil {
			t.Fatalf("%v\n%s", err, src)
		}
		got, err := p.Decode(append(rapid.SliceOfN(rapid.ByteRange(0x30, 0x39), 0, 40).Draw(t, "noise"), sent...))
		if err != nil && d.starts[0] < 0x30 || err != nil && d.starts[0] > 0x39 {
			t.Fatalf("behind noise: %v\n%s", err, src)
		}
		for i, one := range got {
			if want := float64(raw[i]+500) / 100; one.Reading.Quality.Flag != obs.Fail && one.Reading.Value != want && (d.starts[0] < 0x30 || d.starts[0] > 0x39) {
				t.Fatalf("%s is %v, want %v\n%s", one.Name, one.Reading.Value, want, src)
			}
		}
	})
}
