package profile

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

// Decimal is a decimal fraction as a datasheet prints it: Digits / 10^Places. A
// float64 cannot hold 0.1, and 271 × 0.01 is not 2.71 in it; counted in whole
// steps and divided once, every value comes out as the decimal that is meant.
type Decimal struct {
	Digits int64
	Places int // 0 to 15
}

const maxPlaces, maxDigits = 15, 15

// ParseDecimal reads 0.01, -40 or 100000; no exponent, at most 15 digits.
func ParseDecimal(s string) (Decimal, error) {
	whole, frac, dotted := strings.Cut(s, ".")
	digits := strings.TrimLeft(strings.TrimPrefix(whole, "-")+frac, "0")
	n, err := strconv.ParseInt(whole+frac, 10, 64)
	if err != nil || len(digits) > maxDigits || len(frac) > maxPlaces || dotted && frac == "" || strings.Trim(whole, "-") == "" || strings.ContainsAny(s, "+_ ") {
		return Decimal{}, fmt.Errorf("%q is no decimal number; write one like 0.01 or -40, with at most %d digits", s, maxDigits)
	}
	return Decimal{n, len(frac)}.short(), nil
}

// UnmarshalText reads what ParseDecimal does.
func (d *Decimal) UnmarshalText(b []byte) (err error) {
	*d, err = ParseDecimal(string(b))
	return err
}

// short takes trailing noughts off the fraction.
func (d Decimal) short() Decimal {
	for d.Places > 0 && d.Digits%10 == 0 {
		d.Digits, d.Places = d.Digits/10, d.Places-1
	}
	return d
}

// String writes d as a datasheet would: 0.01, -40.
func (d Decimal) String() string { return strconv.FormatFloat(d.Float(), 'f', d.Places, 64) }

// MarshalText returns what String does.
func (d Decimal) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// Float returns the float64 nearest to d.
func (d Decimal) Float() float64 { return float64(d.Digits) / pow10(d.Places) }

// pow10 is exact for every number of places in use.
func pow10(places int) float64 { return math.Pow10(places) }

// Plus adds two decimals; ok is false beyond 15 digits.
func (d Decimal) Plus(o Decimal) (sum Decimal, ok bool) {
	places := max(d.Places, o.Places)
	a, aok := d.Steps(places)
	b, bok := o.Steps(places)
	return Decimal{a + b, places}.short(), aok && bok && abs(a+b) < 1e15
}

// Steps counts d in units of 10^-places, which must be at least d.Places.
func (d Decimal) Steps(places int) (n int64, ok bool) {
	n = d.Digits
	for range places - d.Places {
		if abs(n) >= 1e15 {
			return 0, false
		}
		n *= 10
	}
	return n, abs(n) < 1e17
}

func abs(n int64) int64 { return max(n, -n) }

// Scale is what a raw number is multiplied with: a decimal, or a quotient of two
// where the factor is no decimal ("100000/9806.65").
type Scale struct{ Num, Den Decimal }

// UnmarshalText reads "0.1" or "100000/9806.65".
func (s *Scale) UnmarshalText(b []byte) error {
	num, den, quotient := strings.Cut(string(b), "/")
	if !quotient {
		den = "1"
	}
	var err error
	if s.Num, err = ParseDecimal(strings.TrimSpace(num)); err != nil {
		return err
	}
	if s.Den, err = ParseDecimal(strings.TrimSpace(den)); err != nil {
		return err
	}
	if s.Num.Digits == 0 || s.Den.Digits == 0 {
		return fmt.Errorf("%q is no scale; it must not be or divide by 0", b)
	}
	return nil
}

// String writes the factor as it was read.
func (s Scale) String() string {
	if s.IsDecimal() {
		return s.Num.String()
	}
	return s.Num.String() + "/" + s.Den.String()
}

// Float returns the factor as a float64.
func (s Scale) Float() float64 { return s.Num.Float() / s.Den.Float() }

// IsDecimal says whether the factor is a decimal fraction.
func (s Scale) IsDecimal() bool { return s.Den == Decimal{1, 0} }

// decimalPattern is how ParseDecimal's numbers look in a schema: a number, or the same as
// text.
const decimalPattern = `-?\d+(?:\.\d+)?`

// YAMLSchema says what UnmarshalText reads.
func (*Decimal) YAMLSchema() yamldoc.Schema {
	return yamldoc.Schema{"type": []string{"number", "string"}, "pattern": "^" + decimalPattern + "$"}
}

// YAMLSchema says what UnmarshalText reads.
func (*Scale) YAMLSchema() yamldoc.Schema {
	return yamldoc.Schema{"type": []string{"number", "string"}, "pattern": "^" + decimalPattern + `(?: */ *` + decimalPattern + ")?$"}
}
