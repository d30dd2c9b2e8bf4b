package alert

import (
	"fmt"
	"math"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// forecast is the stage before a limit is reached.
const forecast = "forecast"

// ahead is the sentence of a forecast without a message of its own.
var ahead = map[string]string{
	"zh": "{device}：{label}预计{in}达到 {limit} {unit}，现为 {value} {unit}",
	"en": "{device}: {label} {limit} {unit} expected {in}, now {value} {unit}",
}

// in writes when something is expected: as a range, since a single minute would claim
// more than anybody knows. It is rounded outwards, to whole minutes, to five of them
// from twenty on, to a quarter of an hour from two hours on.
func in(e *wire.Expected, lang string) string {
	if e == nil {
		return "–"
	}
	to := float64(e.ToMS) / 60_000
	step := 1.0
	switch {
	case to >= 120:
		step = 15
	case to >= 20:
		step = 5
	}
	from := int(math.Floor(float64(e.FromMS)/60_000/step) * step)
	until := int(math.Ceil(to/step) * step)
	switch {
	case from == 0 && lang == "zh":
		return fmt.Sprintf("%d 分钟内", max(until, 1))
	case from == 0:
		return fmt.Sprintf("within %d min", max(until, 1))
	case lang == "zh":
		return fmt.Sprintf("%d–%d 分钟后", from, max(until, from+1))
	default:
		return fmt.Sprintf("in %d–%d min", from, max(until, from+1))
	}
}
