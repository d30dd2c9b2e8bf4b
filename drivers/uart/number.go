package uart

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lamppost-city/lamppost/drivers/codec/modbus"
)

// Type is how a frame holds a number. The types of 16, 32 and 64 bits are those of
// registers (package codec/modbus); those of 8 and 24 bits stand beside them.
type Type struct {
	name  string
	bytes int
	reg   modbus.Type // what it is read as
}

// types are all that a profile may name.
var types = []Type{
	{"uint8", 1, modbus.Uint16}, {"int8", 1, modbus.Int8Low}, {"uint16", 2, modbus.Uint16}, {"int16", 2, modbus.Int16},
	{"uint24", 3, modbus.Uint32}, {"int24", 3, modbus.Int32}, {"uint32", 4, modbus.Uint32}, {"int32", 4, modbus.Int32},
	{"uint64", 8, modbus.Uint64}, {"int64", 8, modbus.Int64}, {"float32", 4, modbus.Float32}, {"float64", 8, modbus.Float64},
	{"bcd8", 1, modbus.BCD16}, {"bcd16", 2, modbus.BCD16}, {"bcd32", 4, modbus.BCD32}, {"bcd64", 8, modbus.BCD64},
	{"signmag16", 2, modbus.SignMag16},
}

func typeNames() (names []string) {
	for _, t := range types {
		names = append(names, t.name)
	}
	return names
}

// UnmarshalText reads a type's name.
func (t *Type) UnmarshalText(text []byte) error {
	i := slices.IndexFunc(types, func(o Type) bool { return o.name == string(text) })
	if i < 0 {
		return fmt.Errorf("%q is none of %s", text, strings.Join(typeNames(), " "))
	}
	*t = types[i]
	return nil
}

// String returns the type's name.
func (t Type) String() string { return t.name }

// whole says whether the type holds whole numbers only.
func (t Type) whole() bool { return t.reg.Whole() }

// takes says whether numbers of the type may stand in this order.
func (t Type) takes(o modbus.Order) bool {
	switch t.bytes {
	case 1:
		return o == modbus.ABCD
	case 3:
		return o == modbus.ABCD || o == modbus.DCBA
	}
	return o.Fits(t.reg.Words())
}

// holds says whether the type has these bits.
func (t Type) holds(f modbus.Bits) bool {
	return f.Fits(t.reg) && int(f.Low)+int(f.Width) <= 8*t.bytes && t.name != "int24"
}

// decode takes the number out of the t.bytes bytes that b holds.
func (t Type) decode(b []byte, o modbus.Order, bits modbus.Bits) (modbus.Number, error) {
	var words [4]uint16
	n := t.reg.Words()
	switch t.bytes {
	case 1:
		words[0] = uint16(b[0])
	case 3:
		hi, mid, lo := b[0], b[1], b[2]
		if o == modbus.DCBA {
			hi, lo = lo, hi
		}
		words[0], words[1] = uint16(hi), uint16(mid)<<8|uint16(lo)
		if t.reg == modbus.Int32 && hi >= 0x80 {
			words[0] |= 0xFF00
		}
		o = modbus.ABCD
	default:
		for i := range n {
			words[i] = uint16(b[2*i])<<8 | uint16(b[2*i+1])
		}
	}
	num, err := bits.Decode(t.reg, words[:n], o)
	if t.bytes == 3 {
		num.Raw &= 1<<24 - 1
	}
	return num, err
}
