package camera

import (
	"fmt"
	"image"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/camera/cover"
	"github.com/lamppost-city/lamppost/drivers/camera/picture"
	"github.com/lamppost-city/lamppost/drivers/camera/vision"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// sight is what a driver looks for in its pictures.
type sight struct {
	eye      *vision.Eye
	seen     vision.Seen
	taken    time.Time // when the picture came
	measured []measured
	kept     time.Time // when what is known was last given away to be kept
	again    repeats
	hourly   bool // something is compared with its hour of the day
	recalled bool // the view is one that was kept

	uncovered int // how often what replaced the view replaced none: a lens was covered from the beginning
}

// keepEvery is how often what is known of the view and its hours is given away to be kept.
const keepEvery = time.Hour

// State implements drivers.Stateful: what a camera that is looked at knows of its view and of
// each hour, once an hour; nil in between, and while there is nothing worth it.
func (s *sight) State() []byte {
	if s.eye == nil || !s.kept.IsZero() && s.taken.Sub(s.kept) < keepEvery && !s.taken.Before(s.kept) {
		return nil
	}
	b := s.eye.Keep()
	if b != nil {
		s.kept = s.taken
	}
	return b
}

// Restore implements drivers.Stateful.
func (s *sight) Restore(kept []byte) error {
	if s.eye == nil {
		return nil // nothing is looked for any more
	}
	if err := s.eye.Recall(kept); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	s.recalled = s.eye.Learning().View == 0
	return nil
}

// Learning implements drivers.Learner.
func (s *sight) Learning() (l drivers.Learning) {
	if s.eye == nil {
		return l
	}
	e := s.eye.Learning()
	for _, m := range s.measured {
		switch q := m.of(&s.seen).Quality; {
		case q == obs.None(obs.Unclear).Quality:
			l.Unclear = append(l.Unclear, m.Name)
		case q != obs.None(obs.WarmUp).Quality:
		case hourlyChannel(m.Name):
			l.For, l.Waits = max(l.For, e.View), append(l.Waits, m.Name)
		default:
			l.For, l.Waits = max(l.For, e.Background), append(l.Waits, m.Name)
		}
	}
	l.Renewed = e.Renewed - s.uncovered
	if len(l.Unclear) > 0 {
		l.Why = s.hindered(e)
	}
	if !s.hourly {
		return l
	}
	l.Unkept, l.Hours = e.Keep > 0 && !(s.recalled && e.Renewed == 0), 24-e.Hours
	if e.Stands > 0 {
		l.Stands, l.Settles = e.Stands, vision.Settles
	}
	return l
}

// hindered is what has stood for a while between the camera and what it is to see, what
// somebody has to put right first; empty: nothing has.
func (s *sight) hindered(l vision.Learning) string {
	for _, state := range []vision.State{vision.Blocked, vision.Defocused, vision.Moved, vision.Glare, vision.Dark} {
		if s.seen.Tamper[state] == obs.Of(1) {
			return state.String()
		}
	}
	if l.Blank {
		return "blank"
	}
	return ""
}

// hourlyChannel says whether a channel compares with the view and its hour of the day.
func hourlyChannel(name string) bool {
	return name == measureClarity || strings.HasPrefix(name, measureTamper+".")
}

// look lets the driver's pictures be masked and looked at, as far as it was asked for.
func (d *driver) look(l looking, c vision.Config) (err error) {
	if len(c.Masks) > 0 {
		d.Mask = func(w, h int, set func(x, y int)) {
			for _, p := range c.Masks {
				cover.Dots(p, w, h, set)
			}
		}
	}
	if !l.asked() {
		return nil
	}
	if d.eye, err = vision.New(c); err != nil {
		return err
	}
	d.measured = l.measured()
	d.hourly = l.hourly()
	d.See = func(m image.Image) (err error) {
		if d.Repeated() && d.learnsNothingOf() {
			return nil
		}
		return d.watch(m)
	}
	return nil
}

// watch looks at a picture that came when taken says.
func (s *sight) watch(m image.Image) (err error) {
	before := s.eye.Learning()
	s.seen, err = s.eye.Look(m, s.taken)
	if before.Blank && s.eye.Learning().Renewed > before.Renewed {
		s.uncovered++
	}
	return err
}

// add appends what was seen to the readings of a picture, which may be a repeated one.
func (s *sight) add(rs []obs.Reading, repeated bool) []obs.Reading {
	s.again.count(repeated, s.taken)
	for _, m := range s.measured {
		r := m.of(&s.seen)
		if repeated {
			r = s.doubted(m.Name, r)
		}
		r.Quality = r.Quality.Worst(m.Read(r.Value).Quality)
		rs = append(rs, r)
	}
	return rs
}

// channels are those of every picture, and those that are looked for.
func (o options) channels() []drivers.Channel {
	all := picture.Channels()
	for _, m := range o.looking().measured() {
		all = append(all, m.Channel)
	}
	return append(all, o.Detector.channels()...)
}

// mostStill is how large a still can be: the camera's own, or, where masks are burnt in, one
// that is made anew, whose size nobody knows before.
func (o options) mostStill() int {
	most := o.MaxBytes + len(picture.Tables())
	if len(o.Masks) > 0 {
		most = 2 * most
	}
	return most
}
