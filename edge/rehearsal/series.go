package rehearsal

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Point is what a stream says at one moment; Silent: nothing.
type Point struct {
	obs.Reading
	Silent bool
}

// SeriesError is a word of a series that cannot be read.
type SeriesError struct {
	Offset, Length int // bytes of the text
	Msg, Hint      string
}

func (e *SeriesError) Error() string { return e.Msg + "; " + e.Hint }

// maxPoints is how long a series may be: two days at a second.
const maxPoints = 172_800

// ParseSeries reads the shorthand of a series. The error is a *SeriesError.
func ParseSeries(text string) ([]Point, error) {
	var out []Point
	last, known := 0.0, false
	for at := 0; at < len(text); {
		if text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r' {
			at++
			continue
		}
		end := at
		for end < len(text) && !strings.ContainsRune(" \t\r\n", rune(text[end])) {
			end++
		}
		w, err := parseWord(text[at:end])
		switch {
		case err == nil && w.step && !known:
			err = &SeriesError{Msg: text[at:end] + " is a step, and there is no reading before it", Hint: "write a reading first, like 2.40; =-5 is five below nought"}
		case err == nil && len(out)+w.times > maxPoints:
			err = &SeriesError{Msg: fmt.Sprintf("the series has more than %d readings", maxPoints), Hint: "make every longer"}
		}
		if err != nil {
			err.Offset, err.Length = at, end-at
			return nil, err
		}
		for range w.times {
			p := Point{Silent: w.silent, Reading: obs.Reading{Value: w.value, Quality: w.quality}}
			if w.step {
				p.Value = round(last + w.value)
			}
			if !w.silent {
				last, known = p.Value, true
			}
			out = append(out, p)
		}
		at = end
	}
	return out, nil
}

// round takes away what adding hundredths in binary leaves.
func round(v float64) float64 {
	if math.Abs(v) > 1e6 {
		return v
	}
	return math.Round(v*1e9) / 1e9
}

// written is one word of a series.
type written struct {
	value        float64
	step, silent bool
	quality      obs.Quality
	times        int
}

func parseWord(word string) (written, *SeriesError) {
	w := written{times: 1, quality: obs.Quality{Flag: obs.Pass}}
	hint := "write 2.40, 2.40x6, +0.03x10, =-5, _ for silence, 9.99! for a reading that is flagged"
	body, times, many := strings.Cut(word, "x")
	if many {
		n, err := strconv.Atoi(times)
		if err != nil || n < 1 || n > maxPoints {
			return w, &SeriesError{Msg: fmt.Sprintf("%q is not how often", times), Hint: "write a whole number from 1 on behind the x"}
		}
		w.times = n
	}
	if body == "_" {
		w.silent = true
		return w, nil
	}
	switch {
	case strings.HasSuffix(body, "!"):
		body, w.quality = strings.TrimSuffix(body, "!"), obs.Quality{Flag: obs.Fail, Why: obs.Range}
	case strings.HasSuffix(body, "?"):
		body, w.quality = strings.TrimSuffix(body, "?"), obs.Quality{Flag: obs.Suspect, Why: obs.Range}
	}
	number, absolute := strings.CutPrefix(body, "=")
	w.step = !absolute && (strings.HasPrefix(body, "+") || strings.HasPrefix(body, "-"))
	v, err := strconv.ParseFloat(number, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) || strings.ContainsAny(number, "_xXpP") {
		return w, &SeriesError{Msg: fmt.Sprintf("%q is no reading", word), Hint: hint}
	}
	w.value = v
	return w, nil
}
