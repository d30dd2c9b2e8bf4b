//go:build linux

package gpio

import (
	"encoding/binary"
	"time"
)

// eventSize is the size of struct gpio_v2_line_event.
const eventSize = 48

// event is one edge as the kernel tells it.
type event struct {
	at     time.Duration // by CLOCK_MONOTONIC
	rising bool          // logical: from inactive to active
	seq    uint32        // of the line, from 1 on
}

// The kernel's words for the two edges.
const (
	risingEdge  = 1
	fallingEdge = 2
)

// decode reads one event; ok is false for what is no edge.
func decode(p []byte) (e event, ok bool) {
	if len(p) < eventSize {
		return event{}, false
	}
	id := binary.NativeEndian.Uint32(p[8:])
	return event{at: time.Duration(binary.NativeEndian.Uint64(p)), rising: id == risingEdge, seq: binary.NativeEndian.Uint32(p[20:])},
		id == risingEdge || id == fallingEdge
}

// tally is what the edges of a line add up to. A pulse is counted when it begins, at
// its rising edge.
type tally struct {
	spacing time.Duration // rising edges that come sooner after a pulse are its bounce

	total, lost         uint64 // pulses
	edges, gone, bounce uint64 // edges seen; edges not seen; rising edges not counted

	seq          uint32 // of the newest edge since the line was opened
	high         bool   // the level after it
	last, period time.Duration
	gust         gust
}

// open says that the line is watched from now on, and what its level is.
func (t *tally) open(high bool) { t.seq, t.high, t.last, t.period, t.gust = 0, high, 0, 0, gust{} }

// add takes one edge. Edges alternate on the line, so those that are missing are known
// by the sequence number, where the kernel's buffer overflowed, and by two equal edges
// in a row, where the kernel itself saw a pair of them as nothing: between two equal
// ones there was an odd number of others, between different ones an even number.
func (t *tally) add(e event) {
	if t.seq == 0 && e.seq == 1 {
		t.high = !e.rising // the first edge knows better than a level that was read beside it
	}
	missing := uint64(e.seq - t.seq - 1)
	if missing >= 1<<31 { // a number that was there before
		missing = 0
	}
	if same := e.rising == t.high; same != (missing%2 == 1) {
		missing++
	}
	if missing > 0 {
		t.gone += missing
		t.lost += missing / 2
		if missing%2 == 1 && !t.high {
			t.lost++
		}
		t.last, t.period = 0, 0
	}
	t.edges++
	t.seq, t.high = e.seq, e.rising
	if !e.rising {
		return
	}
	if t.last != 0 && e.at-t.last < t.spacing {
		t.bounce++
		return
	}
	t.total++
	t.gust.add(e.at)
	t.period = 0
	if t.last != 0 {
		t.period = e.at - t.last
	}
	t.last = e.at
}
