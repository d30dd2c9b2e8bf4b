package modbus

import (
	"fmt"
	"math"
	"slices"
)

// Type is how a part writes a number into registers.
type Type uint8

// The types in use. The 8-bit types are the high or the low byte of one register.
// SignMag16 has its sign in the highest bit and the amount in the others. BCD types
// hold one decimal digit in four bits.
const (
	Uint16 Type = iota + 1
	Int16
	Uint32
	Int32
	Float32
	Uint64
	Int64
	Float64
	BCD16
	BCD32
	BCD64
	SignMag16
	Uint8High
	Uint8Low
	Int8High
	Int8Low
)

var typeNames = [...]string{Uint16: "uint16", Int16: "int16", Uint32: "uint32", Int32: "int32", Float32: "float32",
	Uint64: "uint64", Int64: "int64", Float64: "float64", BCD16: "bcd16", BCD32: "bcd32", BCD64: "bcd64", SignMag16: "signmag16",
	Uint8High: "uint8-high", Uint8Low: "uint8-low", Int8High: "int8-high", Int8Low: "int8-low"}

// TypeNames returns the names of all types, as profiles write them.
func TypeNames() []string { return slices.Clone(typeNames[1:]) }

// String returns the type's name as profiles write it.
func (t Type) String() string { return name(typeNames[:], uint8(t)) }

// UnmarshalText accepts the names that String gives.
func (t *Type) UnmarshalText(b []byte) error {
	i, err := index(typeNames[:], string(b))
	*t = Type(i)
	return err
}

// MarshalText returns what String does.
func (t Type) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// Words is the number of registers that t takes: 1, 2 or 4.
func (t Type) Words() int {
	switch t {
	case Uint32, Int32, Float32, BCD32:
		return 2
	case Uint64, Int64, Float64, BCD64:
		return 4
	}
	return 1
}

// Whole says whether t holds whole numbers only.
func (t Type) Whole() bool { return t != Float32 && t != Float64 }

func name(names []string, i uint8) string {
	if int(i) >= len(names) || names[i] == "" {
		return fmt.Sprintf("unknown(%d)", i)
	}
	return names[i]
}

func index(names []string, s string) (uint8, error) {
	valid := ""
	for i, n := range names {
		if n == s && n != "" {
			return uint8(i), nil
		}
		if n != "" {
			valid += " " + n
		}
	}
	return 0, fmt.Errorf("%q is none of%s", s, valid)
}

// Number is what registers held: a whole number or a floating-point one, never
// NaN or infinite.
type Number struct {
	// Raw is the content of the registers put in ABCD order, right-aligned: what
	// a part's "no value" codes are compared with. Of an 8-bit type or a bit field it
	// is those bits alone.
	Raw   uint64
	Whole bool  // the value is Int, exactly
	Int   int64 // only with Whole
	// Float is the value, rounded to the nearest float64 where it is a whole
	// number above 2^53. A float32 comes as the float64 nearest to its shortest
	// decimal form: 230.2, not 230.1999969482422.
	Float float64
}

// Decode makes a number of t.Words() registers. Too few are ErrShort; NaN,
// infinities and BCD digits above 9 are ErrNumber, with Raw still set.
func (t Type) Decode(words []uint16, o Order) (Number, error) {
	n := t.Words()
	if len(words) < n {
		return Number{}, fmt.Errorf("%w: %s needs %d registers, there are %d", ErrShort, t, n, len(words))
	}
	raw := o.join(words[:n])
	switch t {
	case Uint16, Uint32:
		return whole(raw, int64(raw)), nil
	case Uint64:
		return unsigned(raw), nil
	case Int16:
		return whole(raw, int64(int16(raw))), nil
	case Int32:
		return whole(raw, int64(int32(raw))), nil
	case Int64:
		return whole(raw, int64(raw)), nil
	case Float32:
		return float(raw, shortest(math.Float32frombits(uint32(raw))))
	case Float64:
		return float(raw, math.Float64frombits(raw))
	case BCD16, BCD32, BCD64:
		return bcd(raw, 4*n)
	case SignMag16:
		return signMagnitude(raw), nil
	case Uint8High, Int8High:
		return octet(t, raw>>8), nil
	case Uint8Low, Int8Low:
		return octet(t, raw&0xFF), nil
	}
	return Number{}, fmt.Errorf("%w: type %s", ErrFormat, t)
}

// octet is an 8-bit number; its raw content is the byte alone.
func octet(t Type, raw uint64) Number {
	if t == Int8High || t == Int8Low {
		return whole(raw, int64(int8(raw)))
	}
	return whole(raw, int64(raw))
}

// signMagnitude has no minus nought.
func signMagnitude(raw uint64) Number {
	amount := int64(raw & 0x7FFF)
	if raw>>15 != 0 {
		amount = -amount
	}
	return whole(raw, amount)
}

func unsigned(raw uint64) Number {
	if raw > math.MaxInt64 {
		return Number{Raw: raw, Float: float64(raw)}
	}
	return whole(raw, int64(raw))
}

func whole(raw uint64, i int64) Number {
	return Number{Raw: raw, Whole: true, Int: i, Float: float64(i)}
}

func float(raw uint64, f float64) (Number, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return Number{Raw: raw}, fmt.Errorf("%w: %v", ErrNumber, f)
	}
	return Number{Raw: raw, Float: f + 0}, nil // no part means -0
}

func bcd(raw uint64, digits int) (Number, error) {
	var v int64
	for i := digits - 1; i >= 0; i-- {
		d := raw >> (4 * i) & 0xF
		if d > 9 {
			return Number{Raw: raw}, fmt.Errorf("%w: %0*X has a digit above 9", ErrNumber, digits, raw)
		}
		v = 10*v + int64(d)
	}
	return whole(raw, v), nil
}
