package lab

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// Contact is a contact between its line and ground, with a pull-up of its own: a float
// switch, a door, the power-fail output of a supply. The channel's value says whether
// what it reports is so (1) or not (0). Like all contacts it bounces.
type Contact struct {
	Source  Source
	Channel string
	Opens   bool // the contact is open when the value is 1: a door, a switch that fails safe

	was    bool
	begun  bool
	bounce int
}

// low says whether the contact is closed, and what is reported.
func (c *Contact) low() (closed, is bool) {
	is = c.Source.Value(c.Channel) >= 0.5
	return is != c.Opens, is
}

// Look implements Sensor.
func (c *Contact) Look() (high bool, lines []truth.Line, ok bool) {
	if m := c.Source.Mishap(); m.Silent || m.Unplug {
		return true, nil, false
	}
	closed, is := c.low()
	v := 0.0
	if is {
		v = 1
	}
	return !closed, []truth.Line{{Channel: c.Channel, V: v, Via: truth.Answer}}, true
}

// Step implements Sensor: three bounces within 3 ms, then the level stands.
func (c *Contact) Step(_, to time.Duration, _ bool) []Move {
	closed, _ := c.low()
	if c.begun && closed == c.was {
		return nil
	}
	first := !c.begun
	c.was, c.begun = closed, true
	if first {
		return []Move{{At: to, High: !closed}}
	}
	return bounced(to-3*time.Millisecond, !closed, &c.bounce)
}

// bounced is a contact that changes to a level and jumps back three times before it
// stays, each time a little differently.
func bounced(at time.Duration, high bool, n *int) (out []Move) {
	*n++
	for i := range 3 {
		jump := time.Duration(200+(*n*37+i*11)%400) * time.Microsecond
		out = append(out, Move{At: at, High: high}, Move{At: at + jump/2, High: !high})
		at += jump
	}
	return append(out, Move{At: at, High: high})
}

// Pulser is a contact that closes for a moment so many times a second: a tipping
// bucket, a water meter, an anemometer.
type Pulser struct {
	Source Source
	// PerSecond says how many pulses a value of the channel Rate makes a second.
	Rate      string
	PerSecond func(v float64) float64
	// Total is the channel of what the pulses add up to, each of them Per. Empty: the
	// truth log has no line for them.
	Total string
	Per   float64
	// Closed is how long the contact stays closed, at most half of the time between two.
	Closed time.Duration
	// Bounces: it is a reed contact, not a Hall sensor.
	Bounces bool

	phase   float64 // of the present turn, 0 to 1
	pending []Move  // of later steps
	counted float64
	bounce  int
}

// Look implements Sensor: whoever reads the level of a line that pulses sees it open.
func (p *Pulser) Look() (bool, []truth.Line, bool) { return true, nil, true }

// Step implements Sensor.
func (p *Pulser) Step(from, to time.Duration, watched bool) []Move {
	hz := p.PerSecond(p.Source.Value(p.Rate))
	if hz > 0 && !math.IsInf(hz, 0) {
		p.turn(from, to, hz, watched)
	}
	n := 0
	for n < len(p.pending) && p.pending[n].At <= to {
		n++
	}
	out := p.pending[:n:n]
	p.pending = p.pending[n:]
	return out
}

// turn adds the pulses that begin in a step.
func (p *Pulser) turn(from, to time.Duration, hz float64, watched bool) {
	p.phase += hz * (to - from).Seconds()
	for ; p.phase >= 1; p.phase-- {
		at := to - time.Duration((p.phase-1)/hz*float64(time.Second))
		m := p.Source.Mishap()
		if m.Silent || m.Unplug {
			continue
		}
		closed := min(p.Closed, time.Duration(float64(time.Second)/hz/2))
		p.pulse(max(at, from), closed, m.Flip, watched)
	}
}

// pulse adds one pulse; with a disturbance the closed contact opens for a moment.
func (p *Pulser) pulse(at, closed time.Duration, disturbed, watched bool) {
	moves := []Move{{At: at}}
	if p.Bounces {
		moves = bounced(at, false, &p.bounce)
	}
	if watched && p.Total != "" {
		p.counted++
		moves[0].Lines = []truth.Line{{Channel: p.Total, V: p.counted * p.Per, Resolution: p.Per / 1000, Via: truth.Frame}}
	}
	if half := at + closed/2; disturbed && moves[len(moves)-1].At < half {
		moves = append(moves, Move{At: half, High: true}, Move{At: half + 50*time.Microsecond})
	}
	if end := at + closed; moves[len(moves)-1].At < end {
		moves = append(moves, Move{At: end, High: true})
	} else {
		moves = append(moves, Move{At: moves[len(moves)-1].At + 10*time.Microsecond, High: true})
	}
	p.pending = append(p.pending, moves...)
}

// Relay is a relay board's input: it picks up at one level, at once, and drops at the
// other. Each switching is a mark in the truth log: event "switch", detail "on".
type Relay struct {
	ActiveLow bool
	Stuck     func() bool // the coil is open or the contacts are welded; nil: never

	on atomic.Bool
}

// On says whether the relay has picked up. It may be called from any goroutine.
func (r *Relay) On() bool { return r.on.Load() }

// Drive implements Actuator.
func (r *Relay) Drive(high bool) []truth.Line {
	on := high != r.ActiveLow
	if on == r.on.Load() || r.Stuck != nil && r.Stuck() {
		return nil
	}
	r.on.Store(on)
	word := "off"
	if on {
		word = "on"
	}
	return []truth.Line{{Event: "switch", Detail: word}}
}
