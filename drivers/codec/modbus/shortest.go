package modbus

import (
	"math"
	"strconv"
)

// shortest returns the float64 nearest to the shortest decimal that tells f
// from its float32 neighbours. That decimal is what the part meant to say; the
// digits beyond it are an artefact of widening.
func shortest(f float32) float64 {
	if f == float32(int32(f)) { // whole numbers widen exactly
		return float64(f) + 0 // and -0 becomes 0
	}
	var b [24]byte
	v, err := strconv.ParseFloat(string(strconv.AppendFloat(b[:0], float64(f), 'g', -1, 32)), 64)
	if err != nil { // NaN and infinities parse, so this cannot be
		return math.NaN()
	}
	return v
}
