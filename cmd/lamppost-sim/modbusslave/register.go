// Package modbusslave answers Modbus masters as real parts do, on an RS-485 line
// (RTU) and over TCP. It has an encoder, a checksum and a framing of its own,
// written from the Modbus specification and apart from the gateway's, so that a
// mistake in one of them shows.
//
// A unit holds the registers that its maker's table has, see package registers. What
// it does when it is asked for others is the part's manner: as most parts do it
// answers every address between its lowest and its highest register of a function,
// with zeros where nothing is, and refuses with exception 2 outside.
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
	// Decimals is a whole number, and in the low byte of the next register how many of
	// its digits follow the point.
	Decimals Type = "decimals"
)

// words returns how many registers a number of type t fills, 0 if t is unknown.
func (t Type) words() int {
	switch t {
	case Uint16, Int16:
		return 1
	case Uint32, Int32, Float32, Decimals:
		return 2
	case Uint64, Int64, Float64:
		return 4
	}
	return 0
}

// Register is one entry of a unit's table: a channel, value = raw × Scale + Offset;
// words that stand there for ever (Fixed); or a word that tells whether a channel is
// to be believed (Tells).
type Register struct {
	Channel       string
	Function      uint8  // 3: holding, 4: input; 0: both, where the maker does not say
	Address       uint16 // zero-based protocol address of the first word
	Type          Type
	Order         string // abcd, cdab, badc or dcba (see arrange); "" is abcd
	Scale, Offset float64
	Resolution    float64 // the step of the value; for an integer type its Scale if 0

	Turn     float64 // counts that are once around, of a direction in sectors: there it is 0 again; 0: it does not turn
	Shadow   bool    // another entry says the same in another form: the truth log has that one's line
	Missing  uint64  // raw, what an integer type sends for a value that is not there (NaN)
	Misses   bool    // it has such a number; one without sends 0
	Fixed    []uint16
	Tells    string // a channel, or "*" for the part as a whole:
	OK, Fail uint16 // what is sent while it is well, and when it is missing or the part reports a fault
}

// words returns how many registers r fills.
func (r Register) words() int {
	switch {
	case r.Fixed != nil:
		return len(r.Fixed)
	case r.Tells != "":
		return 1
	}
	return r.Type.words()
}

// reads says whether a function reads r.
func (r Register) reads(function uint8) bool {
	return r.Function == function || r.Function == 0 && (function == 3 || function == 4)
}

func (r Register) check() error {
	if r.Fixed != nil || r.Tells != "" {
		r.Type, r.Scale = Uint16, 1
	}
	switch {
	case r.Type.words() == 0:
		return fmt.Errorf("channel %s: type %q is not known", r.Channel, r.Type)
	case r.Scale == 0 || math.IsNaN(r.Scale) || math.IsInf(r.Scale, 0):
		return fmt.Errorf("channel %s: scale %v", r.Channel, r.Scale)
	case r.Function != 3 && r.Function != 4 && r.Function != 0:
		return fmt.Errorf("channel %s: function %d; write 3, 4, or 0 for both", r.Channel, r.Function)
	case int(r.Address)+r.words() > 1<<16:
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
// v in whole steps, or the end of the range when v lies outside it. NaN is what is
// not there: it is sent in the part's own way and held is NaN.
func (r Register) Encode(v float64) (words []uint16, held float64) {
	if math.IsNaN(v) {
		return r.missing(), v
	}
	if r.Type == Decimals {
		return r.decimals(v)
	}
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
	held = exact(raw, r.Scale, r.Offset)
	if r.Turn > 0 {
		raw = math.Mod(raw, r.Turn)
	}
	return r.arrange(uint64(int64(raw))), held
}

// missing returns the words for a value that is not there.
func (r Register) missing() []uint16 {
	switch {
	case r.Misses:
		return r.arrange(r.Missing)
	case r.Type == Float32:
		return r.arrange(0x7FC00000)
	case r.Type == Float64:
		return r.arrange(0x7FF8 << 48)
	}
	return make([]uint16, r.Type.words())
}

// decimals writes v with as many digits after the point as its resolution has and a
// word has room for.
func (r Register) decimals(v float64) ([]uint16, float64) {
	places := decimals(r.Resolution)
	for places > 0 && math.Round(v/r.Scale*math.Pow10(places)) > math.MaxUint16 {
		places--
	}
	raw := min(max(math.Round(v/r.Scale*math.Pow10(places)), 0), math.MaxUint16)
	return []uint16{uint16(raw), uint16(places)}, exact(raw, r.Scale/math.Pow10(places), 0)
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
