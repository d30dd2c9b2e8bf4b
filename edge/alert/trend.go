package alert

import (
	"fmt"
	"math"
	"slices"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// trend says which way the alert's stream goes, by the readings that are its evidence: the
// median of the slopes between all pairs of them, in an hour, or by how much it jumped where
// one jump explains them better than any slope does. With fewer than four usable ones nothing
// is said; what moves by less than the metric shows is steady.
func trend(m obs.Metric, a wire.Alert, lang string) string {
	stream := obs.Stream{Device: a.Device, Channel: a.Channel}.String()
	var at, v []float64
	for _, e := range a.Evidence {
		if f, _ := obs.FlagOf(e.QC); e.Stream == stream && (e.QC == 0 || f.Usable()) {
			at, v = append(at, -float64(e.At)), append(v, e.V)
		}
	}
	slope, ok := medianSlope(at, v)
	if !ok {
		return "–"
	}
	zh := lang == "zh"
	step := math.Pow10(-m.Decimals)
	if by := jump(at, v, slope, step); by != 0 {
		words := map[bool][2]string{true: {"骤降", "骤升"}, false: {"fell at once by", "rose at once by"}}[zh]
		return fmt.Sprintf("%s %s %s", way(words, by), m.Format(math.Abs(by)), m.Text)
	}
	if math.Abs(slope)*(at[len(at)-1]-at[0]) < step {
		return map[bool]string{true: "平稳", false: "steady"}[zh]
	}
	words := map[bool][2]string{true: {"下降", "上升"}, false: {"falling", "rising"}}[zh]
	return fmt.Sprintf("%s %s %s/h", way(words, slope), m.Format(math.Abs(slope)*3_600_000), m.Text)
}

// way chooses the word for down or up.
func way(words [2]string, by float64) string {
	if by > 0 {
		return words[1]
	}
	return words[0]
}

// medianSlope is Theil's: a wrong reading among ten does not turn it.
func medianSlope(at, v []float64) (perMS float64, ok bool) {
	if len(at) < 4 {
		return 0, false
	}
	var slopes []float64
	for i := range at {
		for j := range i {
			if at[i] != at[j] {
				slopes = append(slopes, (v[i]-v[j])/(at[i]-at[j]))
			}
		}
	}
	if len(slopes) == 0 {
		return 0, false
	}
	slices.Sort(slopes)
	n := len(slopes)
	return (slopes[n/2] + slopes[(n-1)/2]) / 2, true
}

// What one jump must explain to be told: readings apart from it at most by half of what they
// are apart from the line, and by a quarter of the jump on average; a jump of two steps.
const (
	jumpOfLine  = 2
	jumpOfNoise = 4
	jumpSteps   = 2
)

// jump is by how much the values jumped, where two levels with one jump between them explain
// them better than a line of that slope (per ms) does; else 0.
func jump(at, v []float64, slope, step float64) float64 {
	line := make([]float64, len(v))
	for i := range v {
		line[i] = v[i] - slope*(at[i]-at[0])
	}
	least, by := math.Inf(1), 0.0
	for i := 1; i < len(v); i++ {
		before, off := level(v[:i])
		after, more := level(v[i:])
		if off+more < least {
			least, by = off+more, after-before
		}
	}
	_, apart := level(line)
	if jumpOfLine*least > apart || jumpOfNoise*least/float64(len(v)) > math.Abs(by) || math.Abs(by) < jumpSteps*step {
		return 0
	}
	return by
}

// level is the middle of values, and how far they are from it together.
func level(v []float64) (middle, apart float64) {
	in := slices.Sorted(slices.Values(v))
	middle = (in[len(in)/2] + in[(len(in)-1)/2]) / 2
	for _, x := range in {
		apart += math.Abs(x - middle)
	}
	return middle, apart
}
