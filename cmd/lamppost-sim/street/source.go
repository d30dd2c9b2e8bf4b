package street

import (
	"sync/atomic"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/camera"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
)

// clock is the scenario's time: 0 until the street runs, then real time times
// speed.
type clock struct {
	start time.Time
	speed float64
}

func (c *clock) now() time.Duration {
	if c.start.IsZero() {
		return 0
	}
	return time.Duration(float64(time.Since(c.start)) * c.speed)
}

// source gives one device its values and mishaps. It may be used from any
// goroutine.
type source struct {
	clock  *clock
	course *scenario.Course
	device string
	names  []string // what it answers to in faults
	frames atomic.Uint64
}

// Value returns the value of a channel now, or when the device froze.
func (s *source) Value(channel string) float64 {
	v, _ := s.course.At(s.device+"."+channel, s.moment()) // Open has checked that it is there
	return v
}

// Mishap returns what befalls the next frame.
func (s *source) Mishap() scenario.Mishap {
	return s.course.Mishap(s.clock.now(), s.frames.Add(1), s.names...)
}

func (s *source) moment() time.Duration { return s.course.Moment(s.clock.now(), s.names...) }

// eye is the source of the camera: it sees the river, the rain and the air.
type eye struct{ source }

// zone is the clock of a camera in Hangzhou; a simulated street needs no time
// zone database.
var zone = time.FixedZone("UTC+8", 8*60*60)

// seen are the quantities that the camera shows.
var seen = []string{"river.level", "rain_rate", "weather.illuminance", "air.pm2_5", "weather.wind_speed"}

// State returns the scene now, or when the camera froze, with its stamp.
func (e *eye) State() camera.State {
	now, at := e.clock.now(), e.moment()
	value := func(name string) float64 {
		v, _ := e.course.At(name, at)
		return v
	}
	ago := time.Duration(float64(now-at) / e.clock.speed)
	return camera.State{Level: value(seen[0]), Rain: value(seen[1]), Light: value(seen[2]), Haze: value(seen[3]), Wind: value(seen[4]),
		At: time.Now().Add(-ago).In(zone)}
}
