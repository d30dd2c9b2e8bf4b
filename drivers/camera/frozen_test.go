package camera

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// thawing is a driver that samples what page answers, every five seconds.
type thawing struct {
	t      *testing.T
	plan   *drivers.Plan
	driver drivers.Driver
	page   func() []byte
}

func show(t *testing.T, page func() []byte) *thawing {
	p, err := planned(t, "{url: 'http://cam/', measure: [clarity, motion, tamper, smoke, flame], zones: {yard: [[0, 0], [1, 0], [1, 1]]}, "+
		"staff: {marks: [[0.5, 0.2, 3], [0.5, 0.8, 1]], width: 0.1}}")
	if err != nil {
		t.Fatal(err)
	}
	s := &thawing{t: t, plan: p, page: page}
	s.driver, err = p.OpenHTTP(&drivertest.Fetcher{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(s.page()) })})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *thawing) sample() map[string]obs.Reading {
	s.t.Helper()
	time.Sleep(5 * time.Second)
	rs, err := s.driver.Sample(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	all := map[string]obs.Reading{}
	for i, c := range s.plan.Channels {
		all[c.Name] = rs[i]
	}
	return all
}

// From the first repeated picture on nothing is told as good but, once it has lasted, that
// the camera has frozen; the next picture that is another one ends that.
func TestNothingOfARepeatedPictureIsGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		s := show(t, func() []byte { return blocksJPEG(t, n) })
		for range 30 {
			n++
			s.sample()
		}
		good := func(all map[string]obs.Reading) (names []string) {
			for _, c := range s.plan.Channels {
				if f := all[c.Name].Quality.Flag; f != obs.Suspect && f != obs.Missing {
					names = append(names, c.Name)
				}
			}
			return names
		}
		n++
		if all := s.sample(); all["smoke"] != obs.Of(0) || all["tamper.frozen"] != obs.Of(0) || all["motion"] != obs.Of(0) {
			t.Fatalf("the camera is well: %v", all)
		}
		for i := 1; i <= 40; i++ {
			all := s.sample()
			want := ""
			if i >= frozenTimes {
				want = "tamper.frozen"
			}
			if got := strings.Join(good(all), " "); got != want || i >= frozenTimes && all[want] != obs.Of(1) {
				t.Fatalf("repeated %d times: good are %q, want %q: %v", i, got, want, all)
			}
			if all["smoke"] != (obs.Reading{Quality: obs.Quality{Flag: obs.Suspect, Why: obs.Flat}}) {
				t.Fatalf("repeated %d times: smoke %+v", i, all["smoke"])
			}
		}
		n++
		if all := s.sample(); all["smoke"] != obs.Of(0) || all["tamper.frozen"] != obs.Of(0) {
			t.Errorf("it lives again: %v", all)
		}
	})
}

// A minute of one picture is no minute of learning.
func TestRepeatsAreNoLearning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 1
		s := show(t, func() []byte { return blocksJPEG(t, n) })
		s.sample()
		for range 60 {
			if all := s.sample(); all["smoke"].Quality != obs.None(obs.Flat).Quality || all["clarity"].Quality != obs.None(obs.Flat).Quality {
				t.Fatalf("frozen: smoke %+v, clarity %+v", all["smoke"], all["clarity"])
			}
		}
		n++
		s.sample()
		n++
		for range 2 {
			if all := s.sample(); all["presence.yard"].Quality.Flag != obs.Missing {
				t.Fatalf("of two pictures somebody is told: %v", all)
			}
		}
	})
}

// Black is black: a lens that is covered by night is told as dark though its pictures are
// the same, and whether the camera has frozen nobody knows then.
func TestBlackRepeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var black bytes.Buffer
		if err := jpeg.Encode(&black, image.NewGray(image.Rect(0, 0, 320, 240)), nil); err != nil {
			t.Fatal(err)
		}
		s := show(t, black.Bytes)
		var all map[string]obs.Reading
		for range 30 {
			all = s.sample()
		}
		if all["tamper.dark"] != obs.Of(1) || all["tamper.frozen"].Quality != obs.None(obs.Unclear).Quality || all["motion"].Quality.Flag != obs.Suspect {
			t.Errorf("black: %s", fmt.Sprint(all))
		}
	})
}
