package scenario

import (
	"slices"
	"time"
)

// Mishap is what befalls one frame of one device.
type Mishap struct {
	Silent  bool          // it is not sent at all
	Unplug  bool          // the wire is not there
	Flip    bool          // one of its bits is wrong
	Garbage bool          // stray bytes come before it
	Delay   time.Duration // it comes this much later
	draw    uint64        // decides which bit, which bytes
}

// maxGarbage bounds the stray bytes before a frame.
const maxGarbage = 12

// Mishap returns what befalls the n-th frame of a device at t. names are what
// the device answers to in faults: its own and those of the wires it hangs on.
func (c *Course) Mishap(t time.Duration, n uint64, names ...string) Mishap {
	m := Mishap{draw: mix(c.seed ^ hash(names[0]) ^ mix(n))}
	for i, f := range c.Active(t) {
		if !slices.Contains(names, f.On) {
			continue
		}
		hit := f.Probability == 0 || c.Chance(names[0]+string(f.Kind), n+uint64(i)<<40) < f.Probability
		switch f.Kind {
		case Silent:
			m.Silent = true
		case Unplug:
			m.Unplug = true
		case Noise:
			m.Flip = m.Flip || hit
		case Garbage:
			m.Garbage = m.Garbage || hit
		case Slow:
			m.Delay = max(m.Delay, time.Duration(f.Delay))
		}
	}
	return m
}

// Moment returns when a device that is asked at t took the value it reports:
// t, or the beginning of the fault that froze it.
func (c *Course) Moment(t time.Duration, names ...string) time.Duration {
	for _, f := range c.Active(t) {
		if f.Kind == Frozen && slices.Contains(names, f.On) {
			return f.Since
		}
	}
	return t
}

// Damage returns frame as it arrives: stray bytes before it, one bit flipped.
// frame itself is not changed.
func (m Mishap) Damage(frame []byte) []byte {
	var out []byte
	if m.Garbage {
		for i := range 1 + m.draw%maxGarbage {
			out = append(out, byte(mix(m.draw+i)))
		}
	}
	start := len(out)
	out = append(out, frame...)
	if m.Flip && len(frame) > 0 {
		bit := m.draw >> 8 % uint64(8*len(frame))
		out[start+int(bit/8)] ^= 1 << (bit % 8)
	}
	return out
}

// Fault returns the word for what befell a frame that was sent: crc, garbage,
// slow, or nothing.
func (m Mishap) Fault() string {
	switch {
	case m.Flip:
		return "crc"
	case m.Garbage:
		return "garbage"
	case m.Delay > 0:
		return "slow"
	}
	return ""
}
