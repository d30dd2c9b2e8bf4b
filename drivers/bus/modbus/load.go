package modbus

import (
	"math"
	"time"
)

// load is how busy a line is, lately and since the bus was made.
type load struct {
	total      time.Duration // taken since the bus was made
	since      time.Time     // of the last change
	taken      bool
	busy, idle float64 // seconds, those long ago counting less
	lost       float64 // of busy: timeouts and repetitions
}

// memory is the time after which a second counts for half.
const memory = 15 * time.Second

// crowded is the share above which a line has nothing to spare, so that what one
// exchange takes longer comes out of the next one's time.
const crowded = 0.9

// turn notes at now that the line is taken, or free, from now on.
func (l *load) turn(now time.Time, taken bool) {
	if !l.since.IsZero() {
		d := now.Sub(l.since)
		fade := math.Exp2(-d.Seconds() / memory.Seconds())
		l.busy, l.idle, l.lost = l.busy*fade, l.idle*fade, l.lost*fade
		if l.taken {
			l.busy += d.Seconds()
			l.total += d
		} else {
			l.idle += d.Seconds()
		}
	}
	l.since, l.taken = now, taken
}

// share is the part of the time, lately, in which the line was taken.
func (l *load) share(now time.Time) float64 {
	l.turn(now, l.taken)
	if l.busy == 0 {
		return 0
	}
	return l.busy / (l.busy + l.idle)
}

// lose notes that the line was taken for so long without use.
func (l *load) lose(d time.Duration) { l.lost += d.Seconds() }

// spare is the part of the time, lately, that was not of use to anybody. What is not
// known yet, since the bus is new, counts as used.
func (l *load) spare(now time.Time) float64 {
	l.turn(now, l.taken)
	const all = float64(memory) / float64(time.Second) / math.Ln2 // busy and idle come to this
	return min((l.idle+l.lost)/max(l.busy+l.idle, all), 1)
}
