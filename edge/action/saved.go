package action

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// ErrState is wrapped by every refusal of a saved state.
var ErrState = errors.New("saved output state cannot be used")

const stateVersion = 1

// saved is the form of an output's state on disk. Times are ms of the boot in which
// it was saved.
type saved struct {
	V      int        `json:"v"`
	Boot   string     `json:"boot"`
	At     int64      `json:"at"`
	On     bool       `json:"on,omitempty"` // it was on, or not surely off
	Begun  int64      `json:"begun,omitempty"`
	Used   int64      `json:"used,omitempty"`
	Ran    int64      `json:"ran,omitempty"` // for how long it had been on when MaxOn ended it last
	Held   int64      `json:"held,omitempty"`
	Starts []int64    `json:"starts,omitempty"`
	Asks   []savedAsk `json:"asks,omitempty"` // of rules
}

type savedAsk struct {
	Rule  string `json:"rule"`
	Until int64  `json:"until,omitempty"`
	Spent bool   `json:"spent,omitempty"`
	Cut   bool   `json:"cut,omitempty"`  // spent because of MaxOn alone
	Anew  bool   `json:"anew,omitempty"` // MaxOn ends it once without ending the wish
}

// snapshot returns the state that should survive a restart.
func (m *machine) snapshot(boot string) []byte {
	s := saved{V: stateVersion, Boot: boot, At: m.now, On: m.phase != off && !m.silent, Held: m.held, Starts: m.starts, Used: m.used, Ran: m.ran}
	if s.On {
		s.Begun = m.begun
	}
	for _, a := range m.asks {
		if a.why != wire.WhyRule {
			continue
		}
		k := savedAsk{Rule: a.by, Spent: a.spent, Cut: a.cut, Anew: a.anew}
		if a.until != never {
			k.Until = a.until
		}
		s.Asks = append(s.Asks, k)
	}
	b, err := json.Marshal(s)
	if err != nil {
		return nil // a struct of numbers and texts always encodes
	}
	return b
}

// Resume says what is known of the time between a saved state and now.
type Resume struct {
	Now  int64  // boot ms
	Boot string // the present boot's id
	// LastSeen is up to when the gateway surely ran in the boot of the state.
	LastSeen func(boot string) int64
}

// restore gives a new machine the state that it had. What was on is told to be off
// now; the error wraps ErrState, and the machine is then as new.
func (m *machine) restore(state []byte, r Resume) error {
	var s saved
	if err := json.Unmarshal(state, &s); err != nil {
		return fmt.Errorf("%w: output %s: %w", ErrState, m.id, err)
	}
	if err := s.check(); err != nil {
		return fmt.Errorf("%w: output %s: %w", ErrState, m.id, err)
	}
	moved := int64(0) // what is added to a time of then to make it one of now
	until := r.Now    // when it surely had stopped being on
	if s.Boot != r.Boot {
		moved = r.Now - s.At // the time without power is not known and counts for nothing
		until = max(s.At, r.LastSeen(s.Boot))
	}
	m.now = max(m.now, r.Now)
	if s.Held != 0 {
		m.held = max(s.Held+moved, 1)
	}
	for _, t := range s.Starts {
		m.starts = append(m.starts, min(t+moved, m.now))
	}
	slices.Sort(m.starts)
	if s.On {
		m.silent = false
		m.note = "it was on when the gateway ended"
		s.Used = max(0, until-s.Begun)
	}
	if m.spec.Resume {
		m.resume(s, moved)
	}
	m.dirty = true
	return nil
}

// check refuses what no machine has written.
func (s *saved) check() error {
	if s.V != stateVersion {
		return fmt.Errorf("version %d is unknown", s.V)
	}
	if len(s.Asks) > maxAsks || len(s.Starts) > maxStarts {
		return fmt.Errorf("%d wishes and %d switchings are too many", len(s.Asks), len(s.Starts))
	}
	times := append([]int64{s.At, s.Begun, s.Used, s.Ran, s.Held}, s.Starts...)
	for _, a := range s.Asks {
		times = append(times, a.Until)
	}
	for _, t := range times {
		if t < -maxTime || t > maxTime {
			return fmt.Errorf("%d is not a time", t)
		}
	}
	if s.At < 0 || s.Used < 0 || s.Ran < 0 || s.Begun > s.At {
		return fmt.Errorf("at %d, used %d, begun %d do not go together", s.At, s.Used, s.Begun)
	}
	return nil
}

// resume takes the wishes of rules up again, within what is left of MaxOn. Whom MaxOn alone
// had ended stays ended; should there be more of it now, he goes on where it stopped, as
// after a reload.
func (m *machine) resume(s saved, moved int64) {
	m.used, m.ran = s.Used, s.Ran
	over := m.used >= ms(m.spec.MaxOn)
	if over {
		m.used, m.ran = 0, max(m.ran, m.used)
	}
	for _, a := range s.Asks {
		k := ask{cause: cause{wire.WhyRule, a.Rule}, until: never, spent: a.Spent, cut: a.Spent && a.Cut, anew: a.Anew && !a.Spent}
		if a.Until != 0 {
			k.until = a.Until + moved
		}
		switch {
		case over && k.anew:
			k.anew = false
		case over && !k.spent:
			k.spent, k.cut = true, true
		case k.cut && ms(m.spec.MaxOn) > m.ran:
			k.spent, k.cut = false, false
			m.used = max(m.used, m.ran)
		}
		m.asks = append(m.asks, k)
	}
}

// keepRules drops the wishes of rules that do not ask any more.
func (m *machine) keepRules(now int64, asks func(rule string) bool) {
	m.step(now)
	m.drop(func(a ask) bool { return a.why == wire.WhyRule && !asks(a.by) })
}

// limited gives a machine that goes on other limits. What has been on counts: longer than
// the new MaxOn, it ends at the next step; and whom the old one alone had ended, with more
// left of the new one, goes on where it stopped.
func (m *machine) limited(s Spec) {
	longer := s.MaxOn > m.spec.MaxOn && ms(s.MaxOn) > m.ran
	m.spec = s
	for i := range m.asks {
		if a := &m.asks[i]; a.cut && longer {
			a.spent, a.cut, a.told, m.dirty = false, false, false, true
			if m.phase == off || m.phase == falling {
				m.used = max(m.used, m.ran)
			}
		}
	}
}

// reopened prepares a machine that goes on with its hardware opened anew. It is told its
// state once more, unless it has kept what it was told and nothing is in doubt.
func (m *machine) reopened(now int64, kept bool) {
	m.step(now)
	sure := kept && m.flight == nothing && m.fault == "" && !m.again
	m.flight, m.retry, m.lookAt, m.misses = nothing, m.now, m.now, 0
	if !sure {
		m.odds, m.again = 0, m.restful()
	}
	m.blind = m.blind && m.odds >= maxTries // it may be asked for its state now
	if m.fault == "stuck" {
		m.heal(false)
	}
}
