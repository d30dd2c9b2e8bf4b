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
	laps         float64 // how much the water below it moved, levels beyond noise
	known        bool
	doubt        float64 // another level that has come up,
	since        float64 // and when
	doubts       bool
	wet          float64 // since when water was below every line that was seen
	wets         int     // pictures
}

// Of what was read before.
const (
	jump         = 0.08 // metres that a level may jump
	jumpSpeed    = 0.002
	jumpLasts    = 90.0 // seconds until a jump is believed
	jumpTimes    = 5
	stillLasts   = 3600.0 // until it is where what is below it does not move as the water did
	leastLaps    = 0.3    // of what the water moved
	lapsFollow   = 0.1    // share of a reading in what is known of that
	lastPictures = 5      // of which all but one,
	leastLines   = 3      // and so many, must show a line
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

// follow says whether a level is believed after those before. laps is by how many levels
// what is below it moves.
func (t *track) follow(level, clock, laps float64) bool {
	t.taste(clock, laps >= leastLaps*t.laps)
	switch off := math.Abs(level - t.level); {
	case !t.known || off <= jump:
	case t.wets >= jumpTimes && off <= jump+jumpSpeed*(clock-t.clock):
	case t.stays(level, clock):
	default:
		return false
	}
	if !t.known {
		t.laps = laps
	}
	t.level, t.clock, t.known, t.doubts = level, clock, true, false
	t.laps += (laps - t.laps) * lapsFollow
	return true
}

// taste counts for how long there was water below the line. Of a picture or two in which
// something moves nobody knows whether that is water, or what hid it going away.
func (t *track) taste(clock float64, water bool) {
	if !water {
		t.wets = 0
		return
	}
	if t.wets == 0 {
		t.wet = clock
	}
	t.wets++
}

// stays says whether a level that has come up has stayed for long enough: for so long that
// water was below it all the time, or for very long.
func (t *track) stays(level, clock float64) bool {
	if !t.doubts || math.Abs(level-t.doubt) > jump {
		t.doubt, t.since, t.doubts, t.wets = level, clock, true, min(t.wets, 1)
		t.wet = clock
	}
	return clock-t.since >= stillLasts || t.wets >= jumpTimes && clock-t.wet >= jumpLasts
}
