package main

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/rule"
)

// What the forecasts are asked for.
const (
	within = 20 * time.Minute
	window = 15 * time.Minute
)

var stream = obs.Stream{Device: "river", Channel: "level"}

// watcher says after each reading whether its pre-alert stands, and what range it has
// announced last, from now on if now.
type watcher interface {
	look(at int64, v float64) (stands bool, said announced)
}

// announced is a range, in seconds from when it was announced, at.
type announced struct {
	at                     int64 // ms
	early, late            float64
	straight, steady, blur float64 // what it was made from
}

// holds says whether the range holds a moment, ms.
func (a announced) holds(at int64) bool {
	ahead := float64(at-a.at) / 1000
	return a.early <= ahead && ahead <= a.late
}

// width is in minutes.
func (a announced) width() float64 { return (a.late - a.early) / 60 }

// engine is the rule engine with its forecast stage.
type engine struct {
	*rule.Engine
	said announced
}

func newEngine(m rule.Method) (watcher, error) {
	r, errs := rule.Compile(rule.Spec{ID: "r", When: fmt.Sprintf("river.level >= %.2f", limit), Clear: fmt.Sprintf("river.level < %.2f", limit-0.05), For: time.Minute, Forecast: rule.Forecast{Within: within, Window: window, Method: m}},
		rule.Streams{stream: {Every: every * time.Second, Min: -20, Step: step}})
	if len(errs) > 0 {
		return nil, errs[0]
	}
	return &engine{Engine: rule.New([]*rule.Rule{r})}, nil
}

func (e *engine) look(at int64, v float64) (bool, announced) {
	if !math.IsNaN(v) {
		e.Observe(stream, at, obs.Of(v))
	}
	for _, t := range e.Tick(at) {
		if (t.Raised() || t.News) && t.Is.Stage == rule.StageForecast && t.Late > 0 {
			e.said = announced{at: t.At, early: t.Early, late: t.Late, straight: t.Straight, steady: t.Steady, blur: t.Blur}
		}
	}
	return e.Standing("r").Stage == rule.StageForecast, e.said
}

// plain is a threshold below the limit, met for a minute, with five centimetres of
// hysteresis.
type plain struct {
	at   float64
	over int // readings in a row
	met  bool
}

func (p *plain) look(_ int64, v float64) (bool, announced) {
	switch {
	case v >= p.at:
		p.over++
		p.met = p.met || p.over > 60/every
	case v < p.at:
		p.over = 0
		p.met = p.met && v >= p.at-0.05
	}
	return p.met, announced{}
}

// squares is a forecast by least squares over the same window, under the same rules:
// six readings over half of the window, a slope beyond twice its error, at most three
// windows ahead, withdrawn at one and a half times as far after a third of the window.
type squares struct {
	t, y  []float64
	met   bool
	since float64 // of it being over
}

func (s *squares) look(at int64, v float64) (bool, announced) {
	now := float64(at) / 1000
	if !math.IsNaN(v) {
		s.t, s.y = append(s.t, now), append(s.y, v)
	}
	for len(s.t) > 0 && s.t[0] <= now-window.Seconds() {
		s.t, s.y = s.t[1:], s.y[1:]
	}
	left, known := s.left(now)
	switch {
	case !known:
	case left <= within.Seconds():
		s.met, s.since = true, math.Inf(1)
	case s.met && left >= 1.5*within.Seconds():
		if s.since = min(s.since, now); now-s.since >= window.Seconds()/3 {
			s.met = false
		}
	default:
		s.since = math.Inf(1)
	}
	return s.met, announced{}
}

func (s *squares) left(now float64) (seconds float64, known bool) {
	n := float64(len(s.t))
	if len(s.t) < 6 || now-s.t[0] < window.Seconds()/2 {
		return 0, false
	}
	var sx, sy, sxx, sxy, sse float64
	for i, t := range s.t {
		x := t - now
		sx, sy, sxx, sxy = sx+x, sy+s.y[i], sxx+x*x, sxy+x*s.y[i]
	}
	d := n*sxx - sx*sx
	slope := (n*sxy - sx*sy) / d
	level := (sy - slope*sx) / n
	for i, t := range s.t {
		e := s.y[i] - level - slope*(t-now)
		sse += e * e
	}
	se := math.Sqrt(sse / (n - 2) * n / d)
	switch {
	case level >= limit:
		return 0, true
	case slope <= 2*se || slope*window.Seconds() <= step:
		return math.Inf(1), true
	case (limit-level)/slope > 3*window.Seconds():
		return math.Inf(1), true
	}
	return (limit - level) / slope, true
}

// verdict is what a watcher made of one storm.
type verdict struct {
	lead   float64     // minutes from the pre-alert that stood at the crossing to that; 0: none did
	falses int         // pre-alerts that ended without one
	said   []announced // by the one that stood, the first when it began
}

// first and last are the first and the newest range that were announced; none: false.
func (v *verdict) first() (announced, bool) {
	if len(v.said) == 0 {
		return announced{}, false
	}
	return v.said[0], true
}

func (v *verdict) last() (announced, bool) {
	if len(v.said) == 0 {
		return announced{}, false
	}
	return v.said[len(v.said)-1], true
}

// judge lets w see a storm up to its crossing, or whole.
func judge(w watcher, s *storm) (v verdict) {
	begun := -1
	var said []announced
	for i, x := range s.read {
		if i == s.crosses {
			break
		}
		switch up, now := w.look(int64(i)*every*1000, x); {
		case up && begun < 0:
			begun, said = i, []announced{now}
		case up && now != said[len(said)-1]:
			said = append(said, now)
		case !up && begun >= 0:
			// The engine's forecast also ends when it comes true for the sensor, which may
			// be a moment before it does in truth.
			if e, ok := w.(*engine); ok && e.Standing("r").Stage == rule.StageActual {
				continue
			}
			begun = -1
			v.falses++
		}
	}
	switch {
	case begun >= 0 && s.crosses >= 0:
		v.lead = float64(s.crosses-begun) * every / 60
		v.said = slices.DeleteFunc(said, func(a announced) bool { return a == announced{} }) // of who announces none
	case begun >= 0:
		v.falses++
	}
	return v
}
