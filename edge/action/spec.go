package action

import (
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// Spec is what an output is allowed. All durations are more than zero but MinOff.
type Spec struct {
	MaxOn     time.Duration // longest time on
	MinOff    time.Duration // shortest time off
	PerHour   int           // times that it is switched on in an hour, at most
	Timeout   time.Duration // of one call of the hardware
	Within    time.Duration // the feedback agrees after so long at most
	Interlock bool          // a condition permits it, see Board.Permit
	Feedback  bool          // a condition says whether it is on, see Board.Sense
	Resume    bool          // what rules asked for counts after a restart too
}

// place is what of a Spec makes the output another one; the rest are limits, which may
// change while it is on.
func (s Spec) place() Spec { return Spec{Interlock: s.Interlock, Feedback: s.Feedback} }

// Truth is what is known of a condition. The zero value is Unknown.
type Truth int8

// What is known of a condition.
const (
	False   Truth = -1
	Unknown Truth = 0
	True    Truth = 1
)

func truth(b bool) Truth {
	if b {
		return True
	}
	return False
}

func (t Truth) String() string { return [...]string{"false", "unknown", "true"}[t+1] }

// Pauses. They bound what a fault costs the line, the card and the link.
const (
	pauseLeast = time.Second
	pauseMost  = 30 * time.Second
	restLeast  = 10 * time.Second
	restMost   = 5 * time.Minute
	maxTries   = 3                // of switching on, and of setting on again
	readOn     = 5 * time.Second  // between looks at the hardware while it is on
	readOff    = time.Minute      // and while it is off
	grace      = 2 * time.Second  // that a call may overrun its time before it is called stuck
	moment     = 5 * time.Second  // what waits no longer than that is not told
	maxAsks    = 64               // of one output
	hour       = int64(3_600_000) // ms
	never      = int64(1) << 62
	maxTime    = int64(1) << 53 // ms; what is later is no time
	maxStarts  = 10_000         // of a saved state
)

func ms(d time.Duration) int64 { return d.Milliseconds() }

// doubled is the pause after the n-th failure, n from 1.
func doubled(least, most time.Duration, n int) int64 {
	return ms(min(least<<min(n-1, 16), most))
}

// phase is where an output stands.
type phase uint8

const (
	off     phase = iota // the hardware has taken off
	rising               // on is decided and not taken yet
	on                   // the hardware has taken on
	falling              // off is decided and not taken yet
)

func (p phase) String() string {
	return [...]string{"off", "switching-on", "on", "switching-off"}[p]
}

// cause is why something is decided, and who wanted it.
type cause struct {
	why wire.Why
	by  string
}

// ask is somebody's wish that the output be on.
type ask struct {
	cause
	until int64 // boot ms; never: until it is withdrawn
	spent bool  // it counts no more, and is kept to be told from a new one
	cut   bool  // it is spent because of MaxOn, and nothing else
	anew  bool  // it was wished while on: MaxOn ends that once without ending the wish
	told  bool  // that it cannot be carried out now
	veil  bool  // what was told is that nobody knows the interlock, and why that is so
}

// call is something to do to the hardware.
type call uint8

const (
	nothing call = iota
	setOn
	setOff
	look
)
