package alert

import (
	"fmt"
	"math"
	"slices"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// trend says which way the alert's stream goes, by the readings that are its evidence:
// the median of the slopes between all pairs of them, in an hour. With fewer than four
// usable ones nothing is said; what moves by less than the metric shows is steady, unless the
// newest alone stands elsewhere.
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
	if step := math.Pow10(-m.Decimals); math.Abs(slope)*(at[len(at)-1]-at[0]) < step {
		if by := jump(v, step); by != 0 {
			way := map[bool][2]string{true: {"骤降", "骤升"}, false: {"fell at once by", "rose at once by"}}[zh]
			word := way[0]
			if by > 0 {
				word = way[1]
			}
			return fmt.Sprintf("%s %s %s", word, m.Format(math.Abs(by)), m.Text)
		}
		return map[bool]string{true: "平稳", false: "steady"}[zh]
	}
	words := map[bool][2]string{true: {"下降", "上升"}, false: {"falling", "rising"}}[zh]
	word := words[0]
	if slope > 0 {
		word = words[1]
	}
	return fmt.Sprintf("%s %s %s/h", word, m.Format(math.Abs(slope)*3_600_000), m.Text)
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

// jump is by how much the newest of values that were steady stands apart from the older half
// of them: more than they did from one another and than two steps; else 0.
func jump(v []float64, step float64) float64 {
	old := slices.Sorted(slices.Values(v[:len(v)/2]))
	middle := (old[len(old)/2] + old[(len(old)-1)/2]) / 2
	by, spread := v[len(v)-1]-middle, old[len(old)-1]-old[0]
	if math.Abs(by) < max(2*step, 3*spread) {
		return 0
	}
	return by
}
