package nmea0183

import (
	"math/big"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// value is what a sentence says of one channel: a number as exact as it is written, or
// none and why.
type value struct {
	number  *big.Rat // nil: there is none
	quality obs.Quality
}

// none is what an empty field says: the part itself knows no value. It is never nought.
func none() value { return value{quality: obs.Quality{Flag: obs.Missing, Why: obs.Instrument}} }

// number reads a field: digits with at most one point, and a sign before them.
func number(field string) value {
	if field == "" {
		return none()
	}
	digits, points := 0, 0
	for i, c := range []byte(field) {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c == '.':
			points++
		case i > 0 || c != '-' && c != '+':
			points = 2
		}
	}
	const longest = 20
	r, ok := new(big.Rat), digits > 0 && points < 2 && len(field) <= longest
	if ok {
		_, ok = r.SetString(field)
	}
	if !ok {
		return value{quality: obs.Quality{Flag: obs.Missing, Why: obs.NotANumber}}
	}
	return value{number: r}
}

// times returns v × scale.
func (v value) times(scale *big.Rat) value {
	if v.number != nil {
		v.number.Mul(v.number, scale)
	}
	return v
}

// plus returns v + offset.
func (v value) plus(offset *big.Rat) value {
	if v.number != nil {
		v.number.Add(v.number, offset)
	}
	return v
}

// judged returns v with the quality of the whole sentence, without a number where that
// says that there is none.
func (v value) judged(q obs.Quality) value {
	if v.number == nil {
		return v
	}
	if q.Flag == obs.Missing {
		v.number = nil
	}
	v.quality = q
	return v
}

// reading is the reading of a channel: the float64 nearest to the number.
func (v value) reading(c drivers.Channel) obs.Reading {
	if v.number == nil {
		return obs.None(v.quality.Why)
	}
	f, _ := v.number.Float64()
	r := c.Read(f)
	r.Quality = r.Quality.Worst(v.quality)
	return r
}

// degrees reads dddmm.mmmm and the letter of the hemisphere; negative ones are south
// and west.
func degrees(field, hemisphere, positive, negative string) value {
	v := number(field)
	if v.number == nil {
		return v
	}
	if v.number.Sign() < 0 || hemisphere != positive && hemisphere != negative {
		return value{quality: obs.Quality{Flag: obs.Missing, Why: obs.NotANumber}}
	}
	whole := new(big.Int).Quo(v.number.Num(), new(big.Int).Mul(v.number.Denom(), big.NewInt(100)))
	deg := new(big.Rat).SetInt(whole)
	minutes := v.number.Sub(v.number, new(big.Rat).Mul(deg, big.NewRat(100, 1)))
	if minutes.Cmp(big.NewRat(60, 1)) >= 0 {
		return value{quality: obs.Quality{Flag: obs.Missing, Why: obs.NotANumber}}
	}
	deg.Add(deg, minutes.Quo(minutes, big.NewRat(60, 1)))
	if hemisphere == negative {
		deg.Neg(deg)
	}
	return value{number: deg}
}

// The units of speeds, in metres a second.
var speeds = map[string]*big.Rat{
	"K": big.NewRat(1000, 3600), "M": big.NewRat(1, 1), "N": big.NewRat(1852, 3600), "S": big.NewRat(44704, 100000),
}

// speed reads a speed and its unit: K km/h, M m/s, N knots, S miles an hour.
func speed(field, unit string) value {
	scale := speeds[unit]
	switch {
	case field == "":
		return none()
	case scale == nil:
		return value{quality: obs.Quality{Flag: obs.Missing, Why: obs.NotANumber}}
	}
	return number(field).times(scale)
}
