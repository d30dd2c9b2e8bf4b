package rehearsal_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/edge/rehearsal"
)

// written writes a series as plain words, so that a test can hold it whole.
func written(points []rehearsal.Point) string {
	var words []string
	for _, p := range points {
		switch {
		case p.Silent:
			words = append(words, "_")
		case p.Quality.Flag.Code() == 1:
			words = append(words, fmt.Sprint(p.Value))
		default:
			words = append(words, fmt.Sprintf("%v/%d", p.Value, p.Quality.Flag.Code()))
		}
	}
	return strings.Join(words, " ")
}

func TestParseSeries(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "",
		"2.40":                   "2.4",
		"2.40 +0.03x10 _x3 3.10": "2.4 2.43 2.46 2.49 2.52 2.55 2.58 2.61 2.64 2.67 2.7 _ _ _ 3.1",
		"0.1 +0.2 +0.2":          "0.1 0.3 0.5", // and not 0.30000000000000004
		"5x3 -1x2 =-5 -1":        "5 5 5 4 3 -5 -6",
		"1 _ +1":                 "1 _ 2",
		"3.6! 3.6?x2 +1!":        "3.6/4 3.6/3 3.6/3 4.6/4",
		"  1\n\t2 ":              "1 2",
		"1e3 =-2.5e-1":           "1000 -0.25",
		"9007199254740993 +1":    "9.007199254740992e+15 9.007199254740992e+15",
		"+1":                     "byte 0: +1 is a step, and there is no reading before it; write a reading first, like 2.40; =-5 is five below nought",
		"1 2x":                   `byte 2: "" is not how often; write a whole number from 1 on behind the x`,
		"1x0":                    `byte 0: "0" is not how often; write a whole number from 1 on behind the x`,
		"1x172801":               `byte 0: "172801" is not how often; write a whole number from 1 on behind the x`,
		"1x172800 1":             "byte 9: the series has more than 172800 readings; make every longer",
		"1 two":                  `byte 2: "two" is no reading; write 2.40, 2.40x6, +0.03x10, =-5, _ for silence, 9.99! for a reading that is flagged`,
		"NaN":                    `byte 0: "NaN" is no reading; write 2.40, 2.40x6, +0.03x10, =-5, _ for silence, 9.99! for a reading that is flagged`,
		"0x10p1":                 `byte 0: "10p1" is not how often; write a whole number from 1 on behind the x`,
		"1,5":                    `byte 0: "1,5" is no reading; write 2.40, 2.40x6, +0.03x10, =-5, _ for silence, 9.99! for a reading that is flagged`,
	} {
		points, err := rehearsal.ParseSeries(text)
		got := written(points)
		var at *rehearsal.SeriesError
		if errors.As(err, &at) {
			got = fmt.Sprintf("byte %d: %v", at.Offset, at)
		}
		if got != want {
			t.Errorf("ParseSeries(%q) = %s\nwant %s", text, got, want)
		}
	}
}

// FuzzParseSeries: whatever is read can be written as plain words and read again as the
// same; an error lies inside the text.
func FuzzParseSeries(f *testing.F) {
	f.Add("2.40 +0.03x10 _x3 3.10")
	f.Add("=-5 9.99! 3?x2")
	f.Fuzz(func(t *testing.T, text string) {
		points, err := rehearsal.ParseSeries(text)
		var at *rehearsal.SeriesError
		if errors.As(err, &at) {
			if at.Offset < 0 || at.Offset+at.Length > len(text) || at.Msg == "" || at.Hint == "" {
				t.Errorf("%q: %+v", text, at)
			}
			return
		}
		if len(points) > 1000 {
			return
		}
		var words []string
		for _, p := range points {
			word := fmt.Sprintf("=%v", p.Value)
			switch {
			case p.Silent:
				word = "_"
			case p.Quality.Flag.Code() == 4:
				word += "!"
			case p.Quality.Flag.Code() == 3:
				word += "?"
			}
			words = append(words, word)
		}
		again, err := rehearsal.ParseSeries(strings.Join(words, " "))
		if err != nil || written(again) != written(points) {
			t.Errorf("%q is %s, again %s, %v", text, written(points), written(again), err)
		}
	})
}
