package wire

import (
	"math"
	"strconv"
)

const (
	maxDigits   = 12
	maxMantissa = 1e15 // below it two decimals never share a float64
)

var powers = [maxDigits + 1]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12}

// Decimal returns v as mantissa / 10^digits with the fewest digits after the point,
// 12 at most. ok is false when no mantissa below 10^15 gives exactly v, for -0, NaN
// and the infinities. What a sensor says nearly always is such a decimal, and is
// written and compressed as one in a fraction of the time and bytes of a float64.
func Decimal(v float64) (mantissa int64, digits byte, ok bool) {
	for d, p := range powers {
		m := v * p
		if !(math.Abs(m) < maxMantissa) { // false for NaN
			break
		}
		// v×p is off by one rounding; what is further from a whole number need not be
		// divided to see that it does not give v.
		whole := math.RoundToEven(m)
		if math.Abs(m-whole) <= math.Abs(m)*0x1p-51 && whole/p == v {
			return int64(whole), byte(d), whole != 0 || !math.Signbit(v)
		}
	}
	return 0, 0, false
}

// appendNumber writes the shortest decimal that reads back as v: 2.71, 1e-9.
func appendNumber(b []byte, v float64) []byte {
	a := math.Abs(v)
	if a != 0 && (a < 1e-6 || a >= 1e15) {
		b = strconv.AppendFloat(b, v, 'e', -1, 64)
		if n := len(b); b[n-4] == 'e' && b[n-2] == '0' { // e-09 → e-9
			b[n-2] = b[n-1]
			b = b[:n-1]
		}
		return b
	}
	// Of the decimals below 10^15 only one gives v, so that it is also the shortest.
	if m, digits, ok := Decimal(v); ok {
		return appendDecimal(b, m, int(digits))
	}
	return strconv.AppendFloat(b, v, 'f', -1, 64)
}

// appendDecimal writes mantissa / 10^digits.
func appendDecimal(b []byte, mantissa int64, digits int) []byte {
	if mantissa < 0 {
		b, mantissa = append(b, '-'), -mantissa
	}
	if digits == 0 {
		return strconv.AppendUint(b, uint64(mantissa), 10)
	}
	n := uint64(mantissa)
	size := max(length(n), digits+1) + 1 // a digit before the point, and the point
	b = append(b, "0000000000000000000"[:size]...)
	out := b[len(b)-size:]
	i := size - 1
	for point := size - 1 - digits; i > point; i-- {
		out[i] = byte('0' + n%10)
		n /= 10
	}
	for out[i] = '.'; n > 0; n /= 10 {
		i--
		out[i] = byte('0' + n%10)
	}
	return b
}

// length is how many digits n has, which is below 10^15; 0 has none.
func length(n uint64) (digits int) {
	for limit := uint64(1); limit <= n; limit *= 10 {
		digits++
	}
	return digits
}
