package modbus

import (
	"fmt"
	"strconv"
	"strings"
)

// Bits is a field inside a number: Width bits from Low on, 0 being the lowest of the
// number in ABCD order. The zero value is no field.
type Bits struct{ Low, Width uint8 }

// UnmarshalText reads "3", one bit, or "4-7", bits 4 to 7.
func (f *Bits) UnmarshalText(b []byte) error {
	low, high, several := strings.Cut(string(b), "-")
	if !several {
		high = low
	}
	from, err := strconv.ParseUint(low, 10, 8)
	to, err2 := strconv.ParseUint(high, 10, 8)
	if err != nil || err2 != nil || from > to || to > 63 {
		return fmt.Errorf("%q is no field of bits; write one like 3, or the lowest and the highest like 4-7, bit 0 being the lowest", b)
	}
	*f = Bits{uint8(from), uint8(to - from + 1)}
	return nil
}

// String returns what UnmarshalText reads.
func (f Bits) String() string {
	if f.Width <= 1 {
		return strconv.Itoa(int(f.Low))
	}
	return fmt.Sprintf("%d-%d", f.Low, f.Low+f.Width-1)
}

// MarshalText returns what String does.
func (f Bits) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// Fits says whether a number of type t has the field: t is a whole number that is
// written in binary digits, with so many of them.
func (f Bits) Fits(t Type) bool {
	switch t {
	case Uint16, Int16, Uint32, Int32, Uint64, Int64:
		return int(f.Low)+int(f.Width) <= 16*t.Words()
	}
	return false
}

// Decode takes the field out of t.Words() registers. In a signed type the highest bit
// of the field is its sign. Too few registers are ErrShort.
func (f Bits) Decode(t Type, words []uint16, o Order) (Number, error) {
	n, err := t.Decode(words, o)
	if err != nil || f.Width == 0 || f.Width >= 64 {
		return n, err
	}
	raw := n.Raw >> f.Low & (1<<f.Width - 1)
	switch t {
	case Int16, Int32, Int64:
		shift := 64 - f.Width
		return whole(raw, int64(raw<<shift)>>shift), nil
	}
	return whole(raw, int64(raw)), nil
}
