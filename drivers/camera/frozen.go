package camera

import (
	"time"

	"github.com/lamppost-city/lamppost/drivers/camera/vision"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// repeats counts how often a picture came again.
type repeats struct {
	n     int
	since time.Time // when it came for the first time
}

// When a camera that repeats a picture is told as frozen.
const (
	frozenTimes = 20
	frozenFor   = 20 * time.Second
)

func (r *repeats) count(repeated bool, at time.Time) {
	if !repeated {
		*r = repeats{since: at}
		return
	}
	r.n++
}

// frozen says whether the same picture has come for long enough, at a time.
func (r *repeats) frozen(at time.Time) bool {
	return r.n >= frozenTimes && at.Sub(r.since) >= frozenFor
}

// black says whether the picture that was seen last is, or may be, nothing but black: that
// is the same again and again with a sensor that is well.
func (s *sight) black() bool { return s.seen.Tamper[vision.Dark] != obs.Of(0) }

// learnsNothingOf says whether an eye is not shown a repeated picture: it would take it for
// what is usual, and the minutes of it for those that it has to learn. Black teaches nothing
// but that it lasts.
func (s *sight) learnsNothingOf() bool { return !s.black() }

// doubted is what a repeated picture says of a channel. What it shows was once, and what is
// still learned is not learned now. That it is repeated is told for certain, when it has
// lasted; so is black.
func (s *sight) doubted(channel string, r obs.Reading) obs.Reading {
	switch {
	case channel == channelOf(vision.Frozen) && (s.again.frozen(s.taken) && !s.black() || r == obs.Of(1)):
		return obs.Of(1)
	case channel == channelOf(vision.Frozen):
		return obs.None(obs.Unclear)
	case channel == channelOf(vision.Dark) && r == obs.Of(1):
		return r
	case r.Quality.Flag == obs.Missing && r.Quality.Why == obs.WarmUp:
		return obs.None(obs.Flat)
	case r.Quality.Flag == obs.Missing:
		return r
	}
	r.Quality = r.Quality.Worst(obs.Quality{Flag: obs.Suspect, Why: obs.Flat})
	return r
}

// channelOf is the channel of a state of tamper.
func channelOf(s vision.State) string { return measureTamper + "." + s.String() }
