package derive

import (
	"math"
	"math/big"
)

// tie is how near to the middle between two integers a scaled number is taken to lie on
// it: binary floating point has no 4.05, the standard that rounds it has.
const tie = 1e-6

// halfEven scales v to tenths, hundredths … and rounds it to an integer, the middle to the
// even neighbour (GB/T 8170-2008, 3.2).
func halfEven(v float64, decimals int) int64 {
	s := v * math.Pow10(decimals)
	if twice := math.Round(2 * s); math.Abs(2*s-twice) < 2*tie {
		s = twice / 2
	}
	return int64(math.RoundToEven(s))
}

// cut scales v and drops what stands behind, as the US EPA truncates. What lies within tie
// below an integer is that integer.
func cut(v float64, decimals int) int64 {
	return int64(math.Floor(v*math.Pow10(decimals) + tie))
}

// ceilDiv and nearDiv divide integers, b > 0: rounded up; to the nearest, the middle up.
func ceilDiv(a, b int64) int64 { return -floorDiv(-a, b) }

func nearDiv(a, b int64) int64 { return floorDiv(2*a+b, 2*b) }

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// NowCastHours is how many hours a NowCast looks back on.
const NowCastHours = 12

// NowCast weighs the last twelve hourly means of a particle concentration, newest first,
// NaN where an hour is missing, and truncates to 0.1 (US EPA). ok is false where fewer
// than two of the newest three hours exist. It computes in integers, from thousandths.
func NowCast(hours []float64) (v float64, ok bool) {
	hours = hours[:min(len(hours), NowCastHours)]
	recent, low, high := 0, int64(math.MaxInt64), int64(0)
	milli := make([]int64, len(hours))
	for i, h := range hours {
		if math.IsNaN(h) {
			continue
		}
		if i < 3 {
			recent++
		}
		milli[i] = max(0, halfEven(h, 3))
		low, high = min(low, milli[i]), max(high, milli[i])
	}
	if recent < 2 {
		return math.NaN(), false
	}
	if 2*low < high { // the weight is at least one half
		low, high = 1, 2
	}
	if high == 0 {
		low, high = 1, 1
	}
	// Of Σ (low/high)^i·c both sums are multiplied by high^(n-1).
	sum, weights := new(big.Int), new(big.Int)
	for i, h := range hours {
		if math.IsNaN(h) {
			continue
		}
		w := new(big.Int).Exp(big.NewInt(low), big.NewInt(int64(i)), nil)
		w.Mul(w, new(big.Int).Exp(big.NewInt(high), big.NewInt(int64(len(hours)-1-i)), nil))
		weights.Add(weights, w)
		sum.Add(sum, w.Mul(w, big.NewInt(milli[i])))
	}
	tenths := sum.Quo(sum, weights.Mul(weights, big.NewInt(100)))
	return float64(tenths.Int64()) / 10, true
}
