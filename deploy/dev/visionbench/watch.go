package main

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"math"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenery"
	"github.com/lamppost-city/lamppost/drivers/camera/vision"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// result is what came of one film.
type result struct {
	task
	seconds float64
	errors  []float64 // of the water line, centimetres, where it was to be read and was
	due     int       // pictures in which it was to be read
	wrong   int       // readings more than five centimetres off, or of a staff that cannot be read
	hidden  int       // pictures in which it cannot be read

	tamper   detection
	smoke    detection
	flame    detection
	presence detection
	peaks    [2]float64        // of smoke and flame
	states   map[string]string // states of tamper that were told, and when
	wronged  bool              // one is told that is none
}

// detection is what was made of one sort of event.
type detection struct {
	event  bool    // there is one in the film
	found  bool    // and it was told while it was there
	after  float64 // seconds from its beginning until it was told
	alarms int     // told when there was none
	raised bool
}

// How long before an event its being told is no false alarm, and how long after it:
// whoever comes is at the gate before he is in the yard, and measurements follow and hold: a state of tamper for a minute.
const (
	early = 10 * time.Second
	late  = 70 * time.Second
)

// take judges one picture: whether the event is there, whether it is near, and whether it
// is told.
func (d *detection) take(there, near, told bool, after float64) {
	d.event = d.event || there
	if there && told && !d.found {
		d.found, d.after = true, after
	}
	if told && !d.raised && !near {
		d.alarms++
	}
	d.raised = told
}

// likely is the likelihood from which the built-in rules count smoke or flame, percent.
const likely = 40

// watch shows a film to an eye, as JPEG: rivers in 640 × 480, all else in 320 × 240, a
// picture each second.
func watch(t task) (result, error) {
	r := result{task: t, states: map[string]string{}}
	w, h := 320, 240
	if strings.HasPrefix(t.kind, "river") {
		w, h = 640, 480
	}
	film, err := scenery.New(t.kind, t.seed, w, h)
	if err != nil {
		return r, err
	}
	eye, err := vision.New(configOf(film))
	if err != nil {
		return r, err
	}
	noon := time.Date(2026, 6, 1, 12, 10, 0, 0, time.UTC)
	for at := time.Duration(0); at < film.Length; at += film.Every {
		b, truth, err := film.JPEG(at)
		if err != nil {
			return r, err
		}
		m, err := jpeg.Decode(bytes.NewReader(b))
		if err != nil {
			return r, err
		}
		seen, err := eye.Look(m, noon.Add(at))
		if err != nil {
			return r, err
		}
		r.take(film, at, truth, seen)
	}
	r.seconds = film.Length.Seconds()
	return r, nil
}

// throughJPEG is a picture after a camera's JPEG.
func throughJPEG(m image.Image, quality int) (image.Image, error) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}); err != nil {
		return nil, err
	}
	return jpeg.Decode(&b)
}

// configOf looks at the yard, and reads the staff where there is one.
func configOf(f *scenery.Film) (c vision.Config) {
	var yard vision.Polygon
	for _, p := range f.Yard() {
		yard = append(yard, vision.Point{X: p[0], Y: p[1]})
	}
	marks, width, ok := f.Staff()
	if !ok {
		c.Zones = []vision.Zone{{Area: yard}}
		return c
	}
	c.Staff = &vision.Staff{Width: width, Lowest: 0.1, Highest: 1.95}
	for i, m := range marks {
		c.Staff.Marks[i] = vision.Mark{At: vision.Point{X: m.X, Y: m.Y}, Level: m.Level}
	}
	return c
}

func (r *result) take(f *scenery.Film, at time.Duration, truth scenery.Truth, seen vision.Seen) {
	after := (at - f.From).Seconds()
	near := func(is func(scenery.Truth) bool) bool {
		return is(truth) || is(f.Truth(at+early)) || is(f.Truth(max(at-late, 0))) || at >= f.From && at < f.To+late && is(f.Truth((f.From+f.To)/2))
	}
	told := func(v obs.Reading, limit float64) bool { return v.Quality.Usable() && v.Value >= limit }
	right, wrong := false, false
	for i, s := range seen.Tamper {
		state := vision.State(i).String()
		if !told(s, 1) {
			continue
		}
		if r.states[state] == "" {
			r.states[state] = fmt.Sprintf("%s at %.0f s", state, at.Seconds())
		}
		if near(func(t scenery.Truth) bool { return t.Tamper == state }) {
			right = true
		} else {
			wrong = true
		}
	}
	r.tamper.take(truth.Tamper != "", true, right, after)
	if wrong && !r.wronged {
		r.tamper.alarms++
	}
	r.wronged = wrong
	if len(seen.Presence) > 0 && !flames(r.kind) { // a fire in the yard moves, too
		r.presence.take(truth.Presence, near(func(t scenery.Truth) bool { return t.Presence }), told(seen.Presence[0], 1), after)
	}
	if !math.IsNaN(truth.Level) {
		r.line(truth, seen.Level)
		return // nobody asks a camera at a staff for smoke
	}
	r.smoke.take(truth.Smoke, near(func(t scenery.Truth) bool { return t.Smoke || t.Flame }), told(seen.Smoke, likely), after)
	r.flame.take(truth.Flame, near(func(t scenery.Truth) bool { return t.Flame }), told(seen.Flame, likely), after)
	for i, v := range []obs.Reading{seen.Smoke, seen.Flame} {
		if v.Quality.Usable() {
			r.peaks[i] = max(r.peaks[i], v.Value)
		}
	}
}

func flames(kind string) bool { return strings.HasPrefix(kind, "flame") }

func (r *result) line(truth scenery.Truth, level obs.Reading) {
	read := level.Quality.Usable()
	switch off := math.Abs(level.Value-truth.Level) * 100; {
	case !truth.Readable:
		r.hidden++
		if read && off > 5 {
			r.wrong++
		}
	default:
		r.due++
		if read {
			r.errors = append(r.errors, off)
			if off > 5 {
				r.wrong++
			}
		}
	}
}
