package rule

import (
	"math"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Phase is where a rule stands.
type Phase uint8

// The phases. In Pending and Active the condition is met, in Clearing and Normal
// it is not.
const (
	Normal Phase = iota
	Pending
	Active
	Clearing
)

// String returns normal, pending, active or clearing.
func (p Phase) String() string {
	return [...]string{"normal", "pending", "active", "clearing"}[p&3]
}

// The stages of an alert: a forecast comes before the limit is reached.
const (
	StageActual   = "actual"
	StageForecast = "forecast"
)

// Standing is what a rule's alert says: its stage, and its severity where the rule
// has levels. The zero value is no alert.
type Standing struct{ Stage, Severity string }

// Transition says that a rule's state changed and should be saved: one of its stages
// went From To; they are equal where only its timer stopped or went on. A rule has one
// alert, of the most severe stage that is raised; it was Was and is Is now.
type Transition struct {
	Rule     string
	Standing // the stage and severity that changed
	From, To Phase
	Was, Is  Standing
	At       int64 // boot ms; never after the Tick that returned it
	Since    int64 // boot ms: when the condition that was met last began to be met
	// Stream is what the comparison that decided it speaks of, Value what is known
	// of that side of it, and Limit the number on the other side. NaN: not known.
	Stream       obs.Stream
	Value, Limit float64
	Quantity     Quantity      // what Value and Limit are
	Over         time.Duration // the window of Quantity; 0: it has none
	// News says that the alert has something to tell although it stands as it stood: it
	// began to chatter, chatters on, or has calmed down, or a forecast has another range.
	News    bool
	Chatter Chatter // zero: it does not
	// Withdrawn says that the reading on which the condition was met has been taken back.
	Withdrawn bool
	// Early and Late are between how many seconds from At a forecast expects Limit to
	// be reached; both 0 where there is none. It is no promise. They are made from where
	// a straight line reaches Limit, in seconds, from how steady the rise is: 0 where
	// it just begins, 1 where it goes on evenly, 2 where it abates, and from Blur, by how
	// many seconds the line's own place may be wrong.
	Early, Late            float64
	Straight, Steady, Blur float64
}

// Raised says whether an alert begins.
func (t Transition) Raised() bool {
	return t.Was == (Standing{}) && t.Is != (Standing{})
}

// Cleared says whether an alert ends.
func (t Transition) Cleared() bool {
	return t.Was != (Standing{}) && t.Is == (Standing{})
}

// Moved says whether an alert goes on at another severity or stage.
func (t Transition) Moved() bool {
	return t.Was != t.Is && !t.Raised() && !t.Cleared()
}

// never is later than any time that is added to it may reach.
const never = math.MaxInt64 / 4

// patience is how long a timer may stand still before its rule goes back to where
// it came from.
const patience = int64(time.Hour / time.Millisecond)

// state is what a rule remembers. It is plain data.
type state struct {
	phase   Phase
	running bool     // the timer of Pending or Clearing runs
	since   int64    // when the condition began to be met
	held    int64    // ms that the timer has run
	last    int64    // up to when held counts
	until   int64    // for how long the last evaluation stands, if running
	cut     bool     // the timer must run out before until, not at it
	raised  int64    // when it was raised last; it stays so for hold
	paused  int64    // since when the timer stands, if not running
	subject int      // index of the comparison that decided
	over    int      // 1 + index of the one that it ended by, if that is another; 0: it is not
	found   findings // what the comparisons were when the condition was known last
	spent   bool     // a forecast that came true, until its condition is false
	barred  bool     // the newest readings failed, without which nothing ends
	doubt   doubt    // whether the reading that it was met on is believed
}

// need is how long the timer of s's phase must run; ok is false without a timer.
func (s *state) need(r *stage) (ms int64, ok bool) {
	switch s.phase {
	case Pending:
		return r.raise.Milliseconds(), true
	case Clearing:
		return r.settle.Milliseconds(), true
	default:
		return 0, false
	}
}

// due is when the timer alone will change s, or never.
func (s *state) due(r *stage) int64 {
	need, ok := s.need(r)
	switch {
	case !ok:
		return never
	case !s.running:
		return s.paused + patience
	case s.bars():
		return s.until + 1
	default:
		return min(s.out(r, need), s.until+1)
	}
}

// bars says whether the timer may go on but not run out: that takes a reading.
func (s *state) bars() bool { return s.barred && s.phase == Clearing }

// out is when a timer that goes on running runs out. An alert stays for hold from its
// raise on, whatever is known meanwhile: what is held is not shortened by the dark.
func (s *state) out(r *stage, need int64) int64 {
	at := s.last + need - s.held
	if s.phase == Clearing {
		at = max(at, s.raised+r.hold.Milliseconds())
	}
	return at
}

// advance lets the timer run up to now under what the last evaluation found. It
// returns when the timer ran out, and whether it did.
func (s *state) advance(r *stage, now int64) (at int64, out bool) {
	need, ok := s.need(r)
	if !ok {
		return 0, false
	}
	if s.running {
		end := max(s.last, min(now, s.until))
		// At the very moment the timer runs out the newest readings decide, in meet.
		if at = s.out(r, need); at <= end && at < now && !(s.cut && at == s.until) && !s.bars() {
			s.move(s.phase.ahead(), at)
			return at, true
		}
		s.held += end - s.last
		s.last = end
		if now > s.until {
			s.running, s.paused = false, s.until
		}
	}
	if !s.running && now-s.paused >= patience {
		at = s.paused + patience
		s.move(s.phase.back(), at)
		return at, true
	}
	return 0, false
}

// ahead is the phase that a timer leads to, back the one it came from.
func (p Phase) ahead() Phase {
	if p == Pending {
		return Active
	}
	return Normal
}

func (p Phase) back() Phase {
	if p == Pending {
		return Normal
	}
	return Active
}

func (s *state) move(p Phase, at int64) {
	if s.phase == Normal {
		s.since = at
	}
	if p == Active && s.phase != Clearing {
		s.raised = at
	}
	s.phase, s.held, s.last, s.running, s.paused = p, 0, at, false, at
}

// meet takes an evaluation at now: when and clear are its answers and until is how
// long they stand. It changes the phase at most twice and reports each change.
func (s *state) meet(r *stage, now, until int64, when, clear truth, changed func(from Phase)) {
	known := when == isTrue || clear == isTrue || when == isFalse && clear == isFalse
	moved := false
	step := func(p Phase) {
		from := s.phase
		s.move(p, now)
		if need, timed := s.need(r); timed && need == 0 && s.out(r, 0) <= now {
			s.move(p.ahead(), now)
		}
		changed(from)
		moved = true
	}
	met := s.phase == Pending || s.phase == Active
	switch {
	case when == isTrue && s.phase == Normal:
		step(Pending)
	case when == isTrue && s.phase == Clearing:
		step(Active)
	case when != isTrue && clear == isTrue && met && !(s.barred && s.phase == Active):
		if s.phase == Pending {
			step(Normal)
		} else {
			step(Clearing)
		}
	}
	need, timed := s.need(r)
	if timed && known && !s.bars() && s.held >= need && (s.phase == Pending || now-s.raised >= r.hold.Milliseconds()) {
		step(s.phase.ahead())
		_, timed = s.need(r)
	}
	if timed && known != s.running {
		s.running, s.last, s.paused = known, now, now
		if !moved {
			changed(s.phase)
		}
	}
	if s.until, s.cut = until, false; !timed {
		s.running = false
	}
}
