// Package ranging is what the drivers of range finders have in common: a part that
// looks down measures the distance to what is below it, and with the height at which
// it is mounted that becomes a water level.
//
// Distances are whole millimetres, and the arithmetic stays in them: 5.5 - 1.953 is
// not 3.547 in floating point. What is nearer or farther than the part can hear is not
// a distance out of range but no echo, a reading without a value: parts say so with a
// number of their own at one end of their range.
package ranging

import (
	"fmt"
	"math"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Range is what a part can hear, in millimetres.
type Range struct {
	Near, Far int // the least and the greatest distance that is one
	Step      int // the smallest step it reports
}

// Gauge makes readings of the distances of a part that is mounted somewhere.
type Gauge struct {
	of      Range
	channel drivers.Channel
	height  *int // mm above the datum; nil: the distance is what is wanted
}

// Gauge returns the gauge of a part at height metres above the zero of the level, or,
// with nil, one that reports the distance. A height that is finer than millimetres is a
// *drivers.OptionError of the key height; what a height can be stands in the drivers'
// options.
func (r Range) Gauge(height *float64) (Gauge, error) {
	g := Gauge{of: r, channel: drivers.Channel{Name: "distance", Min: metres(r.Near), Max: metres(r.Far), Resolution: metres(r.Step)}}
	if height == nil {
		return g, nil
	}
	h, err := millimetres(*height)
	if err != nil {
		return Gauge{}, err
	}
	g.height = &h
	g.channel = drivers.Channel{Name: "level", Min: metres(h - r.Far), Max: metres(h - r.Near), Resolution: metres(r.Step)}
	return g, nil
}

// Channel is what the gauge reports: distance, or level where a height is set.
func (g Gauge) Channel() drivers.Channel { return g.channel }

// Reading returns the reading for a distance in millimetres, without a value and with
// reason no-echo where the part cannot hear.
func (g Gauge) Reading(distance int) obs.Reading {
	switch {
	case distance < g.of.Near || distance > g.of.Far:
		return obs.None(obs.NoEcho)
	case g.height == nil:
		return g.channel.Read(metres(distance))
	default:
		return g.channel.Read(metres(*g.height - distance))
	}
}

func millimetres(m float64) (int, error) {
	n := math.Round(m * 1000)
	if !(math.Abs(n-m*1000) <= 1e-6) { // NaN is no distance either
		return 0, &drivers.OptionError{Key: "height", Msg: fmt.Sprintf("%v m is finer than the part measures; write whole millimetres", m)}
	}
	return int(n), nil
}

func metres(n int) float64 { return float64(n) / 1000 }
