package vision

import (
	"fmt"
	"image"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// ofTheView are the values that say something of a view.
func ofTheView(s Seen) map[string]obs.Reading {
	return map[string]obs.Reading{
		"blocked": s.Tamper[Blocked], "defocused": s.Tamper[Defocused], "moved": s.Tamper[Moved],
		"clarity": s.Clarity, "smoke": s.Smoke, "flame": s.Flame, "presence": s.Presence[0], "level": s.Level,
	}
}

// A lens that is covered when its view is to be learned has none: nothing is told of it that
// looks well, however long that lasts. When the cover is off, the view is learned from there.
func TestACoverFromTheBeginningIsNoView(t *testing.T) {
	long(t)
	plain := few(func(n int) image.Image {
		return drawn(width, height, func(x, y int) uint8 { return uint8(60 + x/12 + y/20 + (x*y*(n+3))%4) })
	})
	for name, cloth := range map[string]func(int) image.Image{
		"a cloth": covered(0, 4), "most of a cloth": covered(0.12, 4), "with the sensor's noise": covered(0.05, 12), "a hand": plain,
	} {
		for _, every := range []time.Duration{time.Second, 30 * time.Second, time.Minute} {
			t.Run(fmt.Sprintf("%s every %v", name, every), func(t *testing.T) {
				t.Parallel()
				coverFromTheBeginning(t, cloth, every)
			})
		}
	}
}

func coverFromTheBeginning(t *testing.T, cloth func(int) image.Image, every time.Duration) {
	e, err := New(everything)
	if err != nil {
		t.Fatal(err)
	}
	at, good := noon, walls(wall{noise: 4})
	look := func(m image.Image) map[string]obs.Reading {
		t.Helper()
		at = at.Add(every)
		s, err := e.Look(m, at)
		if err != nil {
			t.Fatal(err)
		}
		return ofTheView(s)
	}
	for n := range 700 {
		for channel, r := range look(cloth(n)) {
			if r.Quality.Usable() {
				t.Fatalf("picture %d of a cover: %s is told as %+v", n, channel, r)
			}
			if settled := n > 2*presenceWarm && time.Duration(n)*every > 2*time.Minute; settled && r.Quality.Why == obs.WarmUp {
				t.Fatalf("picture %d of a cover: %s is still to be learned", n, channel)
			}
		}
	}
	if l := e.Learning(); !l.Blank || e.Keep() != nil {
		t.Errorf("behind a cover: %+v, and %d bytes are kept", l, len(e.Keep()))
	}
	for n := range max(240, int(12*time.Minute/every)) {
		look(good(n))
	}
	for channel, r := range look(good(1)) {
		if channel != "level" && !(r.Quality.Usable() && (r.Value == 0 || channel == "clarity")) {
			t.Errorf("after the cover %s is told as %+v", channel, r)
		}
	}
	if l := e.Learning(); l.Blank || l.View > 0 {
		t.Errorf("after the cover: %+v", l)
	}
	told := false
	for n := range int(2*time.Minute/every) + 5 {
		told = told || look(cloth(n))["blocked"] == obs.Of(1)
	}
	if !told {
		t.Error("covered again it is not told")
	}
}

// A view with little in it is one all the same: fog from the beginning, half of it a plain
// sky, a mast that shakes.
func TestPoorViewsAreViews(t *testing.T) {
	long(t)
	good := wall{noise: 4}
	for name, view := range map[string]func(int) image.Image{
		"fog": walls(wall{contrast: 0.7, noise: 3}),
		"half of it sky": few(func(n int) image.Image {
			m := good.picture(n)
			for i := range width * height / 2 {
				m.Y[i] = uint8(190 + i/width/20)
			}
			return m
		}),
		"a night full of noise": walls(wall{gain: 0.5, noise: 25}),
		"a mast that shakes":    few(func(n int) image.Image { return wall{dx: n % 4, dy: n % 3, noise: 4}.picture(n) }),
		"a soft lens":           walls(wall{soft: 3, noise: 3}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, err := New(everything)
			if err != nil {
				t.Fatal(err)
			}
			var s Seen
			for n := range 100 {
				if s, err = e.Look(view(n), noon.Add(time.Duration(n)*time.Second)); err != nil {
					t.Fatal(err)
				}
			}
			if l := e.Learning(); l.Blank || s.Tamper[Blocked] != obs.Of(0) {
				t.Errorf("shown %.3f: %+v, blocked %+v", e.tamper.shown, l, s.Tamper[Blocked])
			}
		})
	}
}
