package rule

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
)

// ErrSnapshot is wrapped by every refusal of a saved state.
var ErrSnapshot = errors.New("saved rule state cannot be used")

// snapshotVersion is written; nothing older exists.
const snapshotVersion = 1

// saved is the form of a rule's state on disk. Times are ms of the boot in which
// it was saved.
type saved struct {
	V       int    `json:"v"`
	Phase   string `json:"phase"`
	Since   int64  `json:"since"`
	Held    int64  `json:"held,omitempty"`    // the timer had run so long at At
	Running bool   `json:"running,omitempty"` // and went on
	At      int64  `json:"at"`
	Subject int    `json:"subject,omitempty"`
}

// Snapshot returns a rule's state at the last Tick, for Restore; nil if there is no
// such rule.
func (e *Engine) Snapshot(id string) []byte {
	b := e.byID[id]
	if b == nil {
		return nil
	}
	s := saved{V: snapshotVersion, Phase: b.phase.String(), Since: b.since, At: e.now, Subject: b.subject, Running: b.running, Held: b.held}
	if b.running {
		s.Held += max(0, min(e.now, b.until)-b.last)
	}
	data, err := json.Marshal(s)
	if err != nil { // a struct of numbers and texts always encodes
		return nil
	}
	return data
}

// Resume says what is known of the time between a snapshot and now.
type Resume struct {
	Now      int64 // boot ms now
	SameBoot bool  // the snapshot was made in this boot
	// LastSeen is up to when the gateway surely ran, in the snapshot's boot: a timer
	// that was running is credited until then. The time after it counts as unknown.
	LastSeen int64
}

// Restore gives a rule its saved state, before the first Tick. An active alert stays
// active, a timer goes on where it stood. The error wraps ErrSnapshot; the rule is
// then as it was.
func (e *Engine) Restore(id string, data []byte, how Resume) error {
	b := e.byID[id]
	if b == nil {
		return fmt.Errorf("%w: there is no rule %q", ErrSnapshot, id)
	}
	var s saved
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("%w: rule %q: %w", ErrSnapshot, id, err)
	}
	phase := slices.IndexFunc([]Phase{Normal, Pending, Active, Clearing}, func(p Phase) bool { return p.String() == s.Phase })
	switch {
	case s.V != snapshotVersion:
		return fmt.Errorf("%w: rule %q: version %d is unknown", ErrSnapshot, id, s.V)
	case phase < 0 || s.Held < 0 || s.Subject < 0:
		return fmt.Errorf("%w: rule %q: %q, held %d ms, subject %d is no state", ErrSnapshot, id, s.Phase, s.Held, s.Subject)
	}
	held := s.Held
	if s.Running && how.LastSeen > s.At {
		held += min(how.LastSeen-s.At, math.MaxInt64-held)
	}
	st := state{phase: Phase(phase), since: s.Since, held: held, last: how.Now, paused: how.Now, subject: s.Subject}
	switch {
	case how.SameBoot:
		st.paused = min(max(s.At, how.LastSeen), how.Now)
	default: // that boot's time means nothing any more; this one's begins at 0
		st.since = how.Now - min(held, max(how.Now, 0))
	}
	b.state = st
	e.next = math.MinInt64
	return nil
}

// Adopt takes over what an engine that is being replaced knows: the readings of
// streams and windows that both have, and the state of rules with the same id. A
// timer goes on only if the rule's text and times are the same; a raised rule stays
// raised until its new text says that it is over. Old must not be used afterwards.
func (e *Engine) Adopt(old *Engine) {
	e.started, e.start, e.now = old.started, old.start, old.now
	for st, s := range e.series {
		if was := old.series[st]; was != nil {
			s.adopt(was)
		}
	}
	for id, b := range e.byID {
		was := old.byID[id]
		switch {
		case was == nil:
		case was.spec == b.spec:
			b.state = was.state
		case was.phase == Active || was.phase == Clearing:
			b.state = state{phase: Active, since: was.since, last: e.now, paused: e.now}
		}
	}
	e.next = math.MinInt64
}

func (s *series) adopt(was *series) {
	s.has, s.at, s.value = was.has, was.at, was.value
	s.heard, s.excused = was.heard, was.excused
	for i, w := range s.windows {
		for _, x := range was.windows {
			if x.length == w.length {
				x.stale = s.stale
				*s.windows[i] = *x
			}
		}
	}
}
