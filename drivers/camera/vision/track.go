package vision

import "math"

// lately is which of the last pictures showed a line.
type lately struct {
	lines [lastPictures]bool
	n     int
}

// track is what was read before.
type track struct {
	level, clock float64
	known        bool
	doubt        float64 // another level that has come up
	since        float64
	times        int
}

// Of what was read before.
const (
	jump         = 0.08 // metres that a level may jump
	jumpSpeed    = 0.002
	jumpLasts    = 90.0 // seconds until a jump is believed
	jumpTimes    = 5
	lastPictures = 5 // of which all but one,
	leastLines   = 3 // and so many, must show a line
)

// often takes one more picture, and says whether nearly all of the last ones showed a line:
// where most show none, the one that does is chance.
func (l *lately) often(line bool) bool {
	l.lines[l.n%lastPictures] = line
	l.n++
	seen := 0
	for _, is := range l.lines {
		if is {
			seen++
		}
	}
	return seen >= leastLines && seen > min(l.n, lastPictures)-2
}

// follow says whether a level is believed after those before.
func (t *track) follow(level, clock float64) bool {
	if !t.known || math.Abs(level-t.level) <= jump+jumpSpeed*(clock-t.clock) {
		*t = track{level: level, clock: clock, known: true}
		return true
	}
	if t.times == 0 || math.Abs(level-t.doubt) > jump {
		t.doubt, t.since, t.times = level, clock, 0
	}
	t.times++
	if t.times < jumpTimes || clock-t.since < jumpLasts {
		return false
	}
	*t = track{level: level, clock: clock, known: true}
	return true
}
