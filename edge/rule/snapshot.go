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

// The versions that are written: of a rule with one condition, and of one with stages.
const (
	snapshotVersion = 1
	stagedVersion   = 2
)

// saved is the form of a rule's state on disk. Times are ms of the boot in which
// it was saved.
type saved struct {
	V       int     `json:"v,omitempty"`
	Stages  []saved `json:"stages,omitempty"` // then nothing else
	Stage   string  `json:"stage,omitempty"`
	Level   string  `json:"level,omitempty"` // its severity
	Phase   string  `json:"phase,omitempty"`
	Since   int64   `json:"since"`
	Held    int64   `json:"held,omitempty"`    // the timer had run so long at At
	Running bool    `json:"running,omitempty"` // and went on
	At      int64   `json:"at"`
	Subject int     `json:"subject,omitempty"`
	Spent   bool    `json:"spent,omitempty"`
}

// Snapshot returns a rule's state at the last Tick, for Restore; nil if there is no
// such rule.
func (e *Engine) Snapshot(id string) []byte {
	g := e.byID[id]
	if g == nil {
		return nil
	}
	var s saved
	if len(g.stages) == 1 {
		s = g.stages[0].save(e.now)
		s.V = snapshotVersion
	} else {
		s.V, s.At = stagedVersion, e.now
		for _, b := range g.stages {
			one := b.save(e.now)
			one.Stage, one.Level = b.Stage, b.Severity
			s.Stages = append(s.Stages, one)
		}
	}
	data, err := json.Marshal(s)
	if err != nil { // a struct of numbers and texts always encodes
		return nil
	}
	return data
}

func (b *bound) save(now int64) saved {
	s := saved{Phase: b.phase.String(), Since: b.since, At: now, Subject: b.subject, Running: b.running, Held: b.held, Spent: b.spent}
	if b.running {
		s.Held += max(0, min(now, b.until)-b.last)
	}
	return s
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
// active, a timer goes on where it stood. A level that the rule does not have any more
// passes its alert on to the least severe one, of which the next Tick tells. The error
// wraps ErrSnapshot; the rule is then as it was.
func (e *Engine) Restore(id string, data []byte, how Resume) error {
	g := e.byID[id]
	if g == nil {
		return fmt.Errorf("%w: there is no rule %q", ErrSnapshot, id)
	}
	var s saved
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("%w: rule %q: %w", ErrSnapshot, id, err)
	}
	all := s.Stages
	switch {
	case s.V == snapshotVersion:
		s.Stage, s.Level = StageActual, ""
		if len(g.stages) == 1 {
			s.Level = g.stages[0].Severity
		}
		all = []saved{s}
	case s.V != stagedVersion:
		return fmt.Errorf("%w: rule %q: version %d is unknown", ErrSnapshot, id, s.V)
	case len(all) == 0 || len(all) > MaxLevels+1:
		return fmt.Errorf("%w: rule %q: it has %d stages", ErrSnapshot, id, len(all))
	}
	states := make([]state, len(all))
	for i, one := range all {
		st, err := one.state(how)
		if err != nil {
			return fmt.Errorf("%w: rule %q: %w", ErrSnapshot, id, err)
		}
		states[i] = st
	}
	for i, st := range states {
		e.inherit(g, Standing{all[i].Stage, all[i].Level}, st, true, how.Now)
	}
	e.next = math.MinInt64
	return nil
}

// state is what s says, at how.Now.
func (s *saved) state(how Resume) (state, error) {
	phase := slices.IndexFunc([]Phase{Normal, Pending, Active, Clearing}, func(p Phase) bool { return p.String() == s.Phase })
	if phase < 0 || s.Held < 0 || s.Subject < 0 {
		return state{}, fmt.Errorf("%q, held %d ms, subject %d is no state", s.Phase, s.Held, s.Subject)
	}
	held := s.Held
	if s.Running && how.LastSeen > s.At {
		held += min(how.LastSeen-s.At, math.MaxInt64-held)
	}
	st := state{phase: Phase(phase), since: s.Since, held: held, last: how.Now, paused: how.Now, subject: s.Subject, spent: s.Spent}
	if how.SameBoot {
		st.paused = min(max(s.At, how.LastSeen), how.Now)
	} else { // that boot's time means nothing any more; this one's begins at 0
		st.since = how.Now - min(held, max(how.Now, 0))
	}
	return st, nil
}

// inherit gives the state of a stage that was to the same stage of g. If g has none
// such, or its text is another, a raised alert only stays raised, until what g has now
// says that it is over; a forecast that is not there any more ends.
func (e *Engine) inherit(g *group, was Standing, st state, same bool, now int64) {
	up := st.phase == Active || st.phase == Clearing
	i := slices.IndexFunc(g.stages, func(b *bound) bool { return b.Standing == was })
	switch {
	case i >= 0 && same:
		g.stages[i].state = st
	case i < 0 && up && was.Stage == StageActual:
		i = g.leastActual()
		fallthrough
	case i >= 0 && up:
		g.stages[i].state = state{phase: Active, since: st.since, last: now, paused: now}
	}
	if up && (g.said == Standing{}) { // the most severe comes first
		g.said = was
	}
	if g.said != g.standing() {
		e.list(g)
	}
}

// leastActual is the index of the least severe stage that is no forecast.
func (g *group) leastActual() int {
	n := len(g.stages) - 1
	if n > 0 && g.stages[n].Stage == StageForecast {
		n--
	}
	return n
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
	for id, g := range e.byID {
		was := old.byID[id]
		if was == nil {
			continue
		}
		for _, b := range was.stages {
			e.inherit(g, b.Standing, b.state, was.spec == g.spec, e.now)
		}
		g.said = was.said
		if g.said != g.standing() {
			e.list(g)
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
