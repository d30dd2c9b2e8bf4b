package vision

import (
	"image"
	"math"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// State is a state of tamper.
type State int

// The states of tamper, each of which holds for a while before it is told.
const (
	Blocked   State = iota // something is in front of the lens, or on it
	Defocused              // fine detail is gone while the rest is as it was
	Moved                  // it looks somewhere else
	Frozen                 // the same picture again and again
	Dark                   // nothing but black
	Glare                  // nearly half of it is white
	States                 // how many there are
)

// String returns the state's word, a channel's qualifier.
func (s State) String() string {
	return [...]string{"blocked", "defocused", "moved", "frozen", "dark", "glare", "?"}[min(max(s, 0), States)]
}

// Seen is what was measured in one picture.
type Seen struct {
	Brightness obs.Reading         // percent of white
	Sharpness  obs.Reading         // variance of the Laplacian
	Clarity    obs.Reading         // fine detail, percent of what this hour of the day had before
	Motion     obs.Reading         // percent of the picture that moves
	Tamper     [States]obs.Reading // 1: so it is, 0: it is not
	Level      obs.Reading         // of the water, metres; missing without a staff
	Smoke      obs.Reading         // percent, how likely
	Flame      obs.Reading         // percent, how likely
	// Presence has one reading for each zone: 1 somebody is there, 0 nobody. It is the
	// eye's own and holds until the next picture.
	Presence []obs.Reading
}

// Eye looks at the pictures of one camera. It is used by one goroutine at a time.
type Eye struct {
	config  Config
	open    [pixels]uint8 // 1: looked at, 0: masked
	share   [cells]uint8  // how many pixels of a cell are open
	visible int           // open pixels
	reduce  reducer
	now     frame
	before  [pixels]uint8 // the picture before, after masks
	looked  int           // pictures so far
	last    time.Time
	gap     float64 // seconds since the picture before, at most longPause

	light   light
	ground  ground
	detail  detail
	tamper  tamper
	staff   *staff
	smoke   smoke
	flame   flame
	zones   zones
	seen    Seen
	nothing bool // not a pixel is open
}

// New returns an eye that has seen nothing yet. The error is Config.Check's.
func New(c Config) (*Eye, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	e := &Eye{config: c}
	fill(e.open[:], 1)
	for _, m := range c.Masks {
		m.Fill(width, height, func(x, y int) { e.open[y*width+x] = 0 })
	}
	for i, o := range e.open {
		e.visible += int(o)
		e.share[cellOf(i)] += o
	}
	e.nothing = e.visible < pixels/100
	e.zones.take(c.Zones, &e.open)
	e.smoke.take(c.Smoke, &e.share)
	e.flame.take(c.Smoke, &e.open)
	if c.Staff != nil {
		e.staff = newStaff(*c.Staff)
	}
	e.seen.Presence = make([]obs.Reading, len(c.Zones))
	return e, nil
}

// cellOf is the cell that a pixel belongs to.
func cellOf(i int) int { return i/width/cell*cols + i%width/cell }

// Look measures a picture that was taken at a time: an *image.YCbCr or *image.Gray of 16
// to 8192 pixels a side, which is not kept. The times of pictures rise; where they do
// not, or after a pause of more than a quarter of an hour, what is known of the
// background begins anew. Of the time of day only the hour counts, in at's zone.
func (e *Eye) Look(m image.Image, at time.Time) (Seen, error) {
	y, cb, cr, err := planes(m)
	if err != nil {
		return Seen{}, err
	}
	e.before = e.now.luma
	e.reduce.take(&e.now, y, cb, cr, &e.open)
	since := at.Sub(e.last).Seconds()
	if e.gap = 0; !e.last.IsZero() {
		e.gap = min(max(since, 0), longPause)
	}
	if e.looked == 0 || since <= 0 || since > longPause {
		e.forget()
		since = 0
	}
	e.last = at
	e.looked++
	e.measure(since, at.Hour(), y)
	return e.seen, nil
}

// longPause is how many seconds without a picture make the background worthless.
const longPause = 15 * 60

// forget begins anew what is only worth something from one picture to the next.
func (e *Eye) forget() {
	e.looked = 0
	e.before = e.now.luma
	e.ground.begin(&e.now)
	e.smoke.forget()
	e.flame.forget()
	e.zones.forget()
	e.tamper.pause()
	if e.staff != nil {
		e.staff.forget()
	}
}

// wake begins the background anew after the camera saw nothing, or something else: meanwhile
// it has become that.
func (e *Eye) wake() {
	e.ground.begin(&e.now)
	e.smoke.forget()
	e.flame.forget()
	e.zones.forget()
}

func (e *Eye) measure(since float64, hour int, full plane) {
	s := &e.seen
	e.light.measure(&e.now, &e.open, e.visible)
	s.Brightness = obs.Of(math.Round(e.light.mean/255*1000) / 10)
	s.Sharpness = obs.Of(math.Round(e.light.sharpness*10) / 10)
	same := e.looked > 1 && e.before == e.now.luma
	e.ground.look(e, since)
	e.detail.measure(e)
	s.Clarity = e.tamper.clarity(&e.detail, hour, e.ground.hiss)
	away := e.tamper.away()
	e.tamper.judge(e, e.gap, hour, same)
	if away && !e.tamper.away() {
		e.wake()
	}
	s.Motion = e.motion()
	for i := range s.Tamper {
		s.Tamper[i] = e.tamper.reading(State(i))
	}
	e.zones.look(e, since, s.Presence)
	s.Smoke = e.smoke.look(e, since)
	s.Flame = e.flame.look(e, since)
	s.Level = obs.None(obs.Absent)
	if e.staff != nil {
		s.Level = e.staff.read(e, full, since)
	}
	if e.nothing {
		e.seen.blind(obs.Absent)
	} else if e.tamper.on(Frozen) {
		e.seen.doubt(obs.Flat)
	}
}

// blind takes every value away.
func (s *Seen) blind(why obs.Reason) {
	s.each(func(r *obs.Reading) { *r = obs.None(why) })
}

// doubt makes every value suspect, but not what says why.
func (s *Seen) doubt(why obs.Reason) {
	frozen := s.Tamper[Frozen]
	s.each(func(r *obs.Reading) {
		if r.Quality.Flag != obs.Missing {
			r.Quality = r.Quality.Worst(obs.Quality{Flag: obs.Suspect, Why: why})
		}
	})
	s.Tamper[Frozen] = frozen
}

func (s *Seen) each(f func(*obs.Reading)) {
	for _, r := range []*obs.Reading{&s.Brightness, &s.Sharpness, &s.Clarity, &s.Motion, &s.Level, &s.Smoke, &s.Flame} {
		f(r)
	}
	for i := range s.Tamper {
		f(&s.Tamper[i])
	}
	for i := range s.Presence {
		f(&s.Presence[i])
	}
}

// motion is the share of the picture that moves. Where nearly all of it changes at once,
// the light was switched or the camera shaken, and the number says little.
func (e *Eye) motion() obs.Reading {
	if e.looked < fewPictures {
		return obs.None(obs.WarmUp)
	}
	r := obs.Of(math.Round(e.ground.share*1000) / 10)
	if e.ground.upset {
		r.Quality = obs.Quality{Flag: obs.Suspect, Why: obs.Unclear}
	}
	return r
}

// fewPictures is how many are needed before anything can move.
const fewPictures = 3
