package alert

import (
	"fmt"
	"math"
	"slices"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// trend says which way the alert's stream goes, by the readings that are its evidence: the
// median of the slopes between all pairs of them, in an hour, or by how much it jumped last
// where jumps explain them better than any slope does. With fewer than four usable ones nothing
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

// What jumps must explain to be told: readings are apart from their levels by no more than a
// share of what they are apart from a line, ever less of it with each jump; by a quarter of
// the last jump on average; a jump of two steps.
const (
	jumpOfLine   = 2 // of one jump
	furtherJumps = 4 // times that, of each more
	mostJumps    = 3 // a wave or two in the evidence
	jumpOfNoise  = 4
	jumpSteps    = 2
)

// jump is by how much the values jumped last, where a few levels with jumps between them
// explain them better than a line of that slope (per ms) does; else 0. One reading that stands
// apart from those on both its sides is no level.
func jump(at, v []float64, slope, step float64) float64 {
	line := make([]float64, len(v))
	for i := range v {
		line[i] = v[i] - slope*(at[i]-at[0])
	}
	_, apart := level(line)
	share := float64(jumpOfLine)
	for jumps := 1; jumps <= mostJumps; jumps, share = jumps+1, share*furtherJumps {
		off, now, by := levels(v, jumps)
		if newest := v[len(v)-1]; math.Abs(newest-now) > math.Abs(newest-now+by) {
			continue // it is back where it was before
		}
		if share*off <= apart && jumpOfNoise*off/float64(len(v)) <= math.Abs(by) && math.Abs(by) >= jumpSteps*step {
			return by
		}
	}
	return 0
}

// levels finds the levels that so many jumps leave: how far the values are from them
// together, at least, the last level, and by how much the last jump goes.
func levels(v []float64, jumps int) (apart, now, by float64) {
	// best[i] is what is known of the first i values: the least, and the level that they end with.
	type fit struct{ apart, level, by float64 }
	best := make([]fit, len(v)+1)
	for i := 1; i <= len(v); i++ {
		best[i].level, best[i].apart = level(v[:i])
	}
	for n := 1; n <= jumps; n++ {
		next := make([]fit, len(v)+1)
		for i := range next {
			next[i].apart = math.Inf(1)
			short := 2 // a level between two jumps
			if n == jumps {
				short = 1
			}
			for from := n; from <= i-short; from++ {
				is, off := level(v[from:i])
				if all := best[from].apart + off; all < next[i].apart {
					next[i] = fit{all, is, is - best[from].level}
				}
			}
		}
		best = next
	}
	all := best[len(v)]
	return all.apart, all.level, all.by
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
