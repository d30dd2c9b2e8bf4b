// Package scenery films a street and a river as a cheap camera would, and says what is
// truly in each picture: where the water stands on the staff, whether there is smoke or
// flame, whether somebody is in the yard, what has been done to the camera. It is what a
// camera's measurements are tested with, and what the simulated camera can play.
//
// A film is light, not pictures: surfaces have an albedo and a distance, light falls on
// them from sky, sun, lamps, headlights and fire, air and smoke take some of it away. The
// camera comes last: focus, what is on the lens, an exposure that lags behind and moves
// in steps, noise of photons and of the sensor, gamma, and JPEG.
//
// Everything follows from the kind, the seed and the size. A film is drawn in the order
// of time; equal calls in equal order give equal bytes. What it is not: photographs. Its
// smoke is puffs, its fire licking noise, its people boxes on legs.
package scenery

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"math"
	"slices"
	"strings"
	"time"
)

// Truth is what is in one picture.
type Truth struct {
	Level    float64 // of the water at the staff, metres; NaN in a film without a staff
	Readable bool    // the staff can be seen, and the line on it
	Smoke    bool
	Flame    bool
	Presence bool   // somebody, or a vehicle, is in the yard
	Tamper   string // blocked, defocused, moved, frozen, dark, glare, or nothing
}

// Film is one scene.
type Film struct {
	Kind string
	Seed uint64
	// Length is how long it runs; afterwards it goes on as it ended. What happens in it,
	// if anything does, happens between From and To.
	Length, From, To time.Duration
	Every            time.Duration // the pace that its kind is meant to be watched at

	script  script
	stage   *stage
	moved   *stage // seen by a camera that was turned
	lens    lens
	view    view
	quality int
	last    []byte // of a camera that hangs
}

// Kinds lists the kinds of film.
func Kinds() (names []string) {
	for _, s := range scripts {
		names = append(names, s.kind)
	}
	return names
}

// New plans a film of w × h pixels, 64 to 1920 a side. Nothing is drawn yet.
func New(kind string, seed uint64, w, h int) (*Film, error) {
	i := slices.IndexFunc(scripts, func(s script) bool { return s.kind == kind })
	if i < 0 {
		return nil, fmt.Errorf("no scene is called %q; there are %s", kind, strings.Join(Kinds(), ", "))
	}
	if min(w, h) < 64 || max(w, h) > 1920 {
		return nil, fmt.Errorf("a scene of %d × %d; write 64 to 1920 pixels a side", w, h)
	}
	d := dice{seed: seed}
	every := time.Second
	if scripts[i].river {
		every = 3 * time.Second
	}
	f := &Film{Kind: kind, script: scripts[i], Every: every, Length: 6 * time.Minute}
	f.schedule(d)
	if f.quality = f.script.quality; f.quality == 0 {
		f.quality = 55 + int(d.draw("jpeg")*30)
	}
	f.stage = newStage(f.script, d, w, h, 0, 0)
	if f.script.tamper == "moved" {
		turn := 0.06 + 0.3*d.draw("turn")
		f.moved = newStage(f.script, d, w, h, turn*(2*math.Round(d.draw("side"))-1), 0.1*d.between("tilt", -1, 1))
	}
	f.lens = lens{dice: d, gain: 1}
	f.view = view{w: w, h: h, pix: make([]rgb, w*h)}
	return f, nil
}

// schedule says when what happens does.
func (f *Film) schedule(d dice) {
	f.Seed = d.seed
	f.From = 2*time.Minute + time.Duration(d.draw("from")*20*float64(time.Second))
	f.To = f.From + 90*time.Second + time.Duration(d.draw("to")*30*float64(time.Second))
}

// Again makes f the film that follows at the same place, by the same camera, and begins its
// time anew. What stands stays where it is and the water goes on from where it stood; what
// comes and goes is drawn from the seed.
func (f *Film) Again(seed uint64) {
	d := dice{seed: seed}
	f.schedule(d)
	f.stage = f.stage.again(d)
	if f.moved != nil {
		f.moved = f.moved.again(d)
	}
	f.lens.dice = d
	f.lens.last -= f.Length.Seconds()
}

// JPEG draws the picture of a moment, which is not before that of the call before.
func (f *Film) JPEG(at time.Duration) ([]byte, Truth, error) {
	truth := f.Truth(at)
	if truth.Tamper == "frozen" && f.last != nil {
		return f.last, truth, nil
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, f.Draw(at), &jpeg.Options{Quality: f.quality}); err != nil {
		return nil, truth, err
	}
	f.last = b.Bytes()
	return f.last, truth, nil
}

// Draw draws the picture of a moment, as the sensor has it: without JPEG, and also while
// the camera hangs.
func (f *Film) Draw(at time.Duration) *image.RGBA {
	stage, a := f.stage, f.act(at)
	if a.during && f.moved != nil {
		stage = f.moved
	}
	stage.draw(&f.view, a)
	return f.lens.take(&f.view, a)
}

func (f *Film) act(at time.Duration) act {
	return act{script: f.script, t: at.Seconds(), since: (at - f.From).Seconds(), during: f.happens(at), left: (f.To - at).Seconds()}
}

func (f *Film) happens(at time.Duration) bool { return at >= f.From && at < f.To }

// Truth is what is in the picture of a moment.
func (f *Film) Truth(at time.Duration) Truth {
	during := f.happens(at)
	t := Truth{Level: math.NaN(), Flame: during && f.script.flame}
	// Smoke needs some seconds to be more than a wisp, and hangs on when nothing burns any more.
	t.Smoke = f.script.smoke && at >= f.From+3*time.Second && at < f.To+15*time.Second
	if f.script.river {
		t.Level = f.stage.river.level(at.Seconds())
		t.Readable = !(during && (f.script.hides || f.script.tamper != ""))
	}
	if during {
		t.Tamper = f.script.tamper
		t.Presence = f.script.visit != "" && f.act(at).inYard()
	}
	return t
}

// Mark is a place on the staff, as a share of the picture, and its level in metres.
type Mark struct{ X, Y, Level float64 }

// Staff says where the staff is in films with a river: two of its marks, and its width as
// a share of the picture's; ok is false in the others.
func (f *Film) Staff() (marks [2]Mark, width float64, ok bool) {
	r := f.stage.river
	if r == nil {
		return marks, 0, false
	}
	x := r.left + r.wide/2
	return [2]Mark{{x, r.rowOf(staffHigh - 0.2), staffHigh - 0.2}, {x, r.rowOf(staffLow + 0.2), staffLow + 0.2}}, r.wide, true
}

// Yard is the corners of the area that nobody should be in, as shares of the picture.
func (f *Film) Yard() [][2]float64 {
	return [][2]float64{{0.08, 0.62}, {0.5, 0.62}, {0.5, 0.97}, {0.02, 0.97}}
}
