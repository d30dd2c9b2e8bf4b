package detect

import (
	"errors"
	"image"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

// A program that greets and then answers wrongly is told for its answer, whatever came
// before or after, while it is waited for and when its time is over; the greeting stands
// beside it, shortly.
func TestWrongAnswerIsToldBeforeNoise(t *testing.T) {
	const banner = "people.py 1.2: loading the model of a very long name from a very long path indeed"
	short := `"` + banner[:mostNoise] + `…"`
	for _, c := range []struct {
		name, wrong, want string
	}{
		{"a score of NaN", `{"id":%d,"found":[{"class":"person","score":NaN,"box":[0,0,1,1]}]}`, "JSON has no NaN and no Infinity"},
		{"a score of 2", `{"id":%d,"found":[{"class":"person","score":2,"box":[0,0,1,1]}]}`, `"person" has a score of 2; write 0 to 1`},
		{"no class", `{"id":%d,"found":[{"class":"","score":1,"box":[0,0,1,1]}]}`, "a class of 0 bytes"},
		{"a box in dots", ` {"id":%d,"found":[{"class":"person","score":1,"box":[0,0,100,100]}]}`, "not pixels"},
		{"a line that breaks off", `{"id":%d,"found":[`, "is no answer"},
	} {
		for order, lines := range map[string][]string{"banner first": {banner, "ready", c.wrong}, "answer first": {c.wrong, banner}, "alone": {c.wrong}} {
			synctest.Test(t, func(t *testing.T) {
				var says []said
				for _, l := range lines {
					says = append(says, said{after: time.Millisecond, line: l})
				}
				a := New(&program{says: [][]said{says}}, Config{Width: 16, Height: 16, Timeout: time.Second, Start: 5 * time.Second})
				defer a.Close()
				if err := a.Show(image.NewGray(image.Rect(0, 0, 16, 16)), time.Now()); err != nil {
					t.Fatal(err)
				}
				_, early := a.Found(t.Context())
				time.Sleep(5 * time.Second)
				a.collect()
				for when, err := range map[string]error{"waiting": early, "over": a.Err()} {
					if !errors.Is(err, drivers.ErrProtocol) || !strings.Contains(err.Error(), c.want) ||
						strings.Contains(err.Error(), "before that it wrote "+short) != (order == "banner first") {
						t.Errorf("%s, %s, %s: %v", c.name, order, when, err)
					}
				}
			})
		}
	}
}

// Without an answer the first noise is told, and nothing of what follows.
func TestNoiseAloneIsTold(t *testing.T) {
	var r rejects
	if r.err() != nil {
		t.Error(r.err())
	}
	noise := errors.New("noise")
	if !r.add([]byte("INFO"), noise) || r.add([]byte("INFO 2"), errors.New("more")) || !errors.Is(r.err(), noise) || !errors.Is(r.err(), drivers.ErrProtocol) {
		t.Errorf("%v", r.err())
	}
}
