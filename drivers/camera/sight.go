package camera

import (
	"image"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
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
}

// look lets the driver's pictures be masked and looked at, as far as it was asked for.
func (d *driver) look(l looking, c vision.Config) (err error) {
	if len(c.Masks) > 0 {
		d.Mask = func(w, h int, set func(x, y int)) {
			for _, p := range c.Masks {
				cover(p, w, h, set)
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
	d.See = func(m image.Image) (err error) {
		d.seen, err = d.eye.Look(m, d.taken)
		return err
	}
	return nil
}

// add appends what was seen to the readings of a picture.
func (s *sight) add(rs []obs.Reading) []obs.Reading {
	for _, m := range s.measured {
		r := m.of(&s.seen)
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
