// Package modbusslave answers Modbus masters as real parts do, on an RS-485 line
// (RTU) and over TCP. It has an encoder, a checksum and a framing of its own,
// written from the Modbus specification and apart from the gateway's, so that a
// mistake in one of them shows.
//
// A unit holds registers made from a device profile. Between its lowest and its
// highest register of a function it answers every address, with zeros where
// nothing is; outside it refuses with exception 2, as most parts do.
package modbusslave

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Type is a register's number format.
type Type string

// The formats, in the words of the device profiles.
const (
	Uint16  Type = "uint16"
	Int16   Type = "int16"
	Uint32  Type = "uint32"
	Int32   Type = "int32"
	Float32 Type = "float32"
	Uint64  Type = "uint64"
	Int64   Type = "int64"
	Float64 Type = "float64"
)

// words returns how many registers a number of type t fills, 0 if t is unknown.
func (t Type) words() int {
	switch t {
	case Uint16, Int16:
		return 1
	case Uint32, Int32, Float32:
		return 2
	case Uint64, Int64, Float64:
		return 4
	}
	return 0
}

// Register is one channel of a unit: value = raw × Scale + Offset.
type Register struct {
	Channel       string
	Function      uint8  // 3: holding, 4: input
	Address       uint16 // zero-based protocol address of the first word
	Type          Type
	Order         string // abcd, cdab, badc or dcba (see arrange); "" is abcd
	Scale, Offset float64
	Resolution    float64 // the step of the value; for an integer type its Scale if 0
}

func (r Register) check() error {
	switch {
	case r.Type.words() == 0:
		return fmt.Errorf("channel %s: type %q is not known", r.Channel, r.Type)
	case r.Scale == 0 || math.IsNaN(r.Scale) || math.IsInf(r.Scale, 0):
		return fmt.Errorf("channel %s: scale %v", r.Channel, r.Scale)
	case r.Function != 3 && r.Function != 4:
		return fmt.Errorf("channel %s: function %d; write 3 or 4", r.Channel, r.Function)
	case int(r.Address)+r.Type.words() > 1<<16:
		return fmt.Errorf("channel %s: register %d is the last one's neighbour", r.Channel, r.Address)
	case !slices.Contains([]string{"", "abcd", "cdab", "badc", "dcba"}, r.Order):
		return fmt.Errorf("channel %s: order %q is not known", r.Channel, r.Order)
	}
	return nil
}

// step returns the resolution that the truth log states.
func (r Register) step() float64 {
	if r.Resolution == 0 && r.Type != Float32 && r.Type != Float64 {
		return math.Abs(r.Scale)
	}
	return r.Resolution
}

// Encode returns the words that hold v and the value that they then stand for:
// v in whole steps, or the end of the range when v lies outside it.
func (r Register) Encode(v float64) (words []uint16, held float64) {
	if r.Type == Float32 || r.Type == Float64 {
		held = round(v, r.Resolution)
		raw := (held - r.Offset) / r.Scale
		bits := math.Float64bits(raw)
		if r.Type == Float32 {
			bits = uint64(math.Float32bits(float32(raw)))
		}
		return r.arrange(bits), held
	}
	lo, hi := r.Type.limits()
	raw := math.Round((v - r.Offset) / r.Scale)
	raw = min(max(raw, lo), hi)
	return r.arrange(uint64(int64(raw))), exact(raw, r.Scale, r.Offset)
}

// limits returns the range of raw numbers. Of 64 bits it stops at what a float64
// counts exactly.
func (t Type) limits() (lo, hi float64) {
	switch t {
	case Uint16:
		return 0, math.MaxUint16
	case Int16:
		return math.MinInt16, math.MaxInt16
	case Uint32:
		return 0, math.MaxUint32
	case Int32:
		return math.MinInt32, math.MaxInt32
	case Uint64:
		return 0, 1 << 53
	default:
		return -1 << 53, 1 << 53
	}
}

// arrange cuts bits into words and puts them in order. a is the most significant
// byte: cdab sends the low word first, badc swaps the bytes in each word, dcba
// does both. Of four words, all four change places.
func (r Register) arrange(bits uint64) []uint16 {
	n := r.Type.words()
	w := make([]uint16, n)
	for i := range n {
		w[i] = uint16(bits >> (16 * (n - 1 - i)))
	}
	if r.Order == "cdab" || r.Order == "dcba" {
		for i := range n / 2 {
			w[i], w[n-1-i] = w[n-1-i], w[i]
		}
	}
	if r.Order == "badc" || r.Order == "dcba" {
		for i := range w {
			w[i] = w[i]<<8 | w[i]>>8
		}
	}
	return w
}

// round returns v in whole steps, as the float64 nearest to that decimal number.
func round(v, step float64) float64 {
	if step == 0 {
		return v
	}
	return exact(math.Round(v/step), step, 0)
}

// exact returns n × scale + offset without the rests of binary fractions: 3 × 0.1
// is 0.3. It is the float64 nearest to the decimal number, as long as that has no
// more than 15 digits.
func exact(n, scale, offset float64) float64 {
	v := n*scale + offset
	tens := math.Pow10(max(decimals(scale), decimals(offset)))
	if whole := math.Round(v * tens); math.Abs(whole) < 1e15 {
		return whole / tens
	}
	return v
}

// decimals returns how many digits follow the point in the shortest decimal that
// names f.
func decimals(f float64) int {
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if i := strings.IndexByte(s, '.'); i >= 0 {
		return len(s) - i - 1
	}
	return 0
}
