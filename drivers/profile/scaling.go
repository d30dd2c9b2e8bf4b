package profile

import (
	"errors"
	"math"
)

// Scaling turns raw numbers into values of one channel: raw × scale + offset, plus
// what the configuration adds. It comes out as the float64 nearest to the decimal that
// is meant.
type Scaling struct {
	// A whole number times a decimal scale: (raw×mul + add) / unit, exactly.
	exact bool
	mul   int64
	// Else: raw × factor + base, rounded to whole steps, and then
	// (steps×step + add) / unit, where step is mul.
	factor, base float64
	perStep      float64 // steps in 1
	// Of decimals: × scale + plus, where scale is one.
	scale, plus Decimal
	decimal     bool
	// In both, add holds what is added in units of 1/unit.
	add  int64
	unit float64 // 10^places
}

// ErrDigits: the numbers of a channel cannot be reckoned with exactly.
var ErrDigits = errors.New("scale, offset and resolution together need more than 15 digits")

// NewScaling prepares a channel's numbers; whole says that its raw numbers are whole
// ones, mount is what the configuration adds. Those that are not whole, and those with
// a quotient as scale, are rounded to the resolution. The error is ErrDigits.
func NewScaling(scale Scale, offset, resolution, mount Decimal, whole bool) (Scaling, error) {
	s := Scaling{exact: scale.IsDecimal() && whole, scale: scale.Num, decimal: scale.IsDecimal()}
	var sum bool
	if s.plus, sum = offset.Plus(mount); !sum {
		return s, ErrDigits
	}
	unit, add := resolution, mount
	if s.exact {
		var ok bool
		if add, ok = offset.Plus(mount); !ok {
			return s, ErrDigits
		}
		unit = scale.Num
	}
	places := max(unit.Places, add.Places)
	n, ok := unit.Steps(places)
	var aok bool
	s.add, aok = add.Steps(places)
	if !ok || !aok {
		return s, ErrDigits
	}
	s.mul = n
	s.factor, s.base = scale.Float(), offset.Float()
	s.unit = pow10(places)
	s.perStep = pow10(resolution.Places) / float64(max(resolution.Digits, 1))
	return s, nil
}

// Small says whether Small16 may be used.
func (s *Scaling) Small() bool { return s.exact && max(abs(s.mul), abs(s.add)) < 1<<36 }

// Small16 is Whole for numbers of 16 bits, without a detour, where Small allows it.
func (s *Scaling) Small16(n int64) float64 { return float64(n*s.mul+s.add) / s.unit } // below 2^53: exact

// Whole scales a whole number. Results stay whole as long as a float64 can count them;
// one division then gives the float64 nearest to the decimal.
func (s *Scaling) Whole(n int64) float64 {
	if !s.exact {
		return s.Float(float64(n))
	}
	return s.units(n, float64(n))
}

// Float scales a number that is not whole, or too large to be counted.
func (s *Scaling) Float(f float64) float64 {
	if s.exact {
		return (f*float64(s.mul) + float64(s.add)) / s.unit
	}
	f = math.Round((f*s.factor + s.base) * s.perStep)
	if math.Abs(f) < 1<<53 {
		return s.units(int64(f), f)
	}
	return (f*float64(s.mul) + float64(s.add)) / s.unit
}

// Decimal scales a decimal, as a part prints it: nothing is lost where the scale is a
// decimal, too, and nothing rounded.
func (s *Scaling) Decimal(d Decimal) float64 {
	const short = 1_000_000_000 // the product of two has at most 18 digits
	if s.decimal && abs(d.Digits) < short && abs(s.scale.Digits) < short && d.Places+s.scale.Places <= maxPlaces {
		v := Decimal{d.Digits * s.scale.Digits, d.Places + s.scale.Places}.short()
		if sum, ok := v.Plus(s.plus); ok {
			return sum.Float()
		}
	}
	if s.decimal && s.scale == (Decimal{1, 0}) && s.plus == (Decimal{}) {
		return d.Float()
	}
	return s.Float(d.Float())
}

// units takes n, which is f, times mul plus add.
func (s *Scaling) units(n int64, f float64) float64 {
	if t := f*float64(s.mul) + float64(s.add); math.Abs(t) >= 1<<53 || math.Abs(f) >= 1<<53 {
		return t / s.unit
	}
	return float64(n*s.mul+s.add) / s.unit
}
