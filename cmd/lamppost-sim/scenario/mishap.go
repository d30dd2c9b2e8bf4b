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
	Digit   bool          // one of its digits is another one; of what is no text, as Flip
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
		case Digit:
			m.Digit = m.Digit || hit
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

// Wrong says whether the frame does not arrive as it was sent.
func (m Mishap) Wrong() bool { return m.Flip || m.Digit }

// Damage returns frame as it arrives: stray bytes before it, one bit flipped, one digit
// another one, so that a text looks as good as before.
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
	if m.Digit && m.misread(out[start:]) {
		return out
	}
	if m.Wrong() && len(frame) > 0 {
		bit := m.draw >> 8 % uint64(8*len(frame))
		out[start+int(bit/8)] ^= 1 << (bit % 8)
	}
	return out
}

// misread makes one of the digits of a text another one; false: there is none, or it is
// no text.
func (m Mishap) misread(text []byte) bool {
	var digits []int
	for i, c := range text {
		switch {
		case c >= '0' && c <= '9':
			digits = append(digits, i)
		case c >= 0x7F || c < ' ' && c != '\r' && c != '\n':
			return false
		}
	}
	if len(digits) == 0 {
		return false
	}
	at := digits[m.draw>>8%uint64(len(digits))]
	text[at] = '0' + byte((uint64(text[at]-'0')+1+m.draw>>32%9)%10)
	return true
}

// Fault returns the word for what befell a frame that was sent: crc, digit, garbage,
// slow, or nothing.
func (m Mishap) Fault() string {
	switch {
	case m.Flip:
		return "crc"
	case m.Digit:
		return "digit"
	case m.Garbage:
		return "garbage"
	case m.Delay > 0:
		return "slow"
	}
	return ""
}
