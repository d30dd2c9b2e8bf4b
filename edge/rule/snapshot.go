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
	Over    int     `json:"over,omitempty"` // 1 + the comparison that it ends by, if that is another
	Yes     uint64  `json:"yes,omitempty"`  // the comparisons that were true when the condition was known last
	No      uint64  `json:"no,omitempty"`   // and those that were not
	Spent   bool    `json:"spent,omitempty"`
	Raised  int64   `json:"raised,omitempty"`
	Doubted bool    `json:"doubted,omitempty"` // what it was met on has been taken back

	Chatter *unrest    `json:"chatter,omitempty"` // of the alert
	Told    *savedSpan `json:"told,omitempty"`    // the range that its pre-alert has announced last
}

// savedSpan is a range of time in which a limit is expected, and when that was told. Times
// are as in saved.
type savedSpan struct {
	At   int64 `json:"at"`
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// unrest is how often an alert changed lately. Times are as in saved.
type unrest struct {
	Recent  uint32 `json:"recent"`
	Since   int64  `json:"since"`
	Changes int    `json:"changes"`
	Up      bool   `json:"up,omitempty"`
	Told    int64  `json:"told,omitempty"`
	On      bool   `json:"on,omitempty"`
	Stage   string `json:"stage,omitempty"` // as which the alert is kept, if On
	Level   string `json:"level,omitempty"`
}

// Unsaved returns the rules of which more is known since their last Snapshot than
// transitions tell: which of their comparisons came to it last. Their Snapshot should be
// saved now and then, and when the program ends, or an alert that is raised or over behind
// a restart may speak of another one.
func (e *Engine) Unsaved() (ids []string) {
	for _, g := range e.groups {
		if g.unsaved {
			ids = append(ids, g.spec.ID)
		}
	}
	return ids
}

// Snapshot returns a rule's state at the last Tick, for Restore; nil if there is no
// such rule.
func (e *Engine) Snapshot(id string) []byte {
	g := e.byID[id]
	if g == nil {
		return nil
	}
	g.unsaved = false
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
	s.Chatter = g.unrest(e.now)
	if f := g.foretold; f != (foretold{}) && g.said.Stage == StageForecast {
		s.Told = &savedSpan{f.at, f.from, f.to}
	}
	data, err := json.Marshal(s)
	if err != nil { // a struct of numbers and texts always encodes
		return nil
	}
	return data
}

func (b *bound) save(now int64) saved {
	s := saved{Phase: b.phase.String(), Since: b.since, At: now, Subject: b.subject, Over: b.over, Running: b.running, Held: b.held, Spent: b.spent, Doubted: b.doubt != trusted}
	if b.phase == Active || b.phase == Clearing {
		s.Raised = b.raised
	}
	if len(b.stage.when.compared) > 1 {
		s.Yes, s.No = b.found.yes, b.found.no
	}
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

// ran is for how long the gateway ran from since on, both in the snapshot's boot; at is
// when that was taken.
func (how Resume) ran(at, since int64) int64 {
	const most = math.MaxInt64 / 4
	return max(min(max(at, how.LastSeen), most)-max(since, -most), 0)
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
	e.upset(g, s.Chatter, s.At, how)
	g.foretold = s.Told.foretold(s.At, how)
	e.relink()
	e.next = math.MinInt64
	return nil
}

// state is what s says, at how.Now.
func (s *saved) state(how Resume) (state, error) {
	phase := slices.IndexFunc([]Phase{Normal, Pending, Active, Clearing}, func(p Phase) bool { return p.String() == s.Phase })
	if phase < 0 || s.Held < 0 || s.Subject < 0 || s.Over < 0 || s.Yes&s.No != 0 {
		return state{}, fmt.Errorf("%q, held %d ms, subject %d, over %d, found %x and %x is no state", s.Phase, s.Held, s.Subject, s.Over, s.Yes, s.No)
	}
	held := s.Held
	if s.Running && how.LastSeen > s.At {
		held += min(how.LastSeen-s.At, math.MaxInt64-held)
	}
	st := state{phase: Phase(phase), since: s.Since, held: held, last: how.Now, paused: how.Now, subject: s.Subject, over: s.Over, found: findings{s.Yes, s.No}, spent: s.Spent}
	if s.Doubted {
		st.doubt = doubtedLong
	}
	st.raised = min(s.Raised, how.Now)
	if s.Raised == 0 {
		st.raised = min(s.Since, how.Now)
	}
	if how.SameBoot {
		st.paused = min(max(s.At, how.LastSeen), how.Now)
	} else { // that boot's time means nothing any more; this one's begins at 0
		st.since = how.Now - min(held, max(how.Now, 0))
		st.raised = how.Now - how.ran(s.At, st.raised)
	}
	return st, nil
}

// foretold is the range of a snapshot that was taken at at, as of now; none if there is
// none, or none that can be. In another boot it is as far away as it was when the gateway
// was last seen: how long nothing ran is not known.
func (s *savedSpan) foretold(at int64, how Resume) foretold {
	const most = math.MaxInt64 / 8
	if s == nil || s.At > s.From || s.From > s.To || s.At < -most || s.To > most || s.At > at {
		return foretold{}
	}
	moved := int64(0)
	if !how.SameBoot {
		moved = how.Now - how.ran(at, s.At) - s.At
	}
	return foretold{at: s.At + moved, from: s.From + moved, to: s.To + moved}
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
		g.stages[i].state = state{phase: Active, since: st.since, last: now, paused: now, raised: st.raised}
	}
	if up && (g.said == Standing{}) { // the most severe comes first
		g.said = was
	}
	if g.raw = g.standing(); g.said != g.raw {
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
// raised until its new text says that it is over. What [Engine.Lacks] names is as
// [Engine.Refill] left it. Old must not be used afterwards.
func (e *Engine) Adopt(old *Engine) {
	e.started, e.start, e.now = old.started, old.start, old.now
	for st, s := range e.series {
		if was := old.series[st]; was != nil {
			s.adopt(was)
		} else {
			s.from = e.now // nobody listened before
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
		g.said, g.foretold = was.said, was.foretold
		if was.spec == g.spec {
			e.carryOn(g, was.chatter)
			g.unsaved = was.unsaved
		}
		if g.said != g.tells() {
			e.list(g)
		}
	}
	e.relink()
	e.next = math.MinInt64
}

func (s *series) adopt(was *series) {
	s.has, s.void, s.vague, s.at, s.value, s.open, s.failed, s.believed = was.has, was.void, was.vague, was.at, was.value, was.open, was.failed, was.believed
	step := s.still.step
	s.still = was.still
	s.still.step = step
	s.heard, s.excused, s.from = was.heard, was.excused, was.from
	var lost float64 // more than the refilled windows know of
	if s.meter != nil && was.meter != nil {
		most := s.meter.most
		lost = was.meter.lost - s.meter.lost
		*s.meter = *was.meter
		s.meter.most = most
	}
	s.before, s.recalled = was.before, was.recalled
	for _, w := range s.windows {
		switch x := was.alike(w); {
		case x != nil:
			*w = *x
			w.pace(s.every, s.stale)
		case w.keeps == growth:
			w.lift(lost)
		}
	}
}

// unrest is what a snapshot keeps of the alert's changes; nil: there were none lately.
func (g *group) unrest(now int64) *unrest {
	c := g.chatter
	c.roll(now)
	if c.slot <= 0 || c.recent == 0 && !c.on {
		return nil
	}
	u := &unrest{Recent: c.recent, Since: c.since, Changes: c.changes, Up: c.up, On: c.on}
	if c.on {
		u.Told, u.Stage, u.Level = c.told, g.said.Stage, g.said.Severity
	}
	return u
}

// upset gives g's alert its saved unrest. The time during which nothing ran calms
// nothing: the changes are as old as they were.
func (e *Engine) upset(g *group, u *unrest, at int64, how Resume) {
	if u == nil || g.chatter.slot <= 0 || u.Recent >= 1<<chances || u.Changes < 0 {
		return
	}
	c := chatter{slot: g.chatter.slot, recent: u.Recent, since: u.Since, changes: u.Changes, up: u.Up, told: u.Told, on: u.On}
	c.at = floor(how.Now, c.slot)
	if how.SameBoot {
		c.at = floor(min(at, how.Now), c.slot)
	} else {
		c.since, c.told = how.Now-how.ran(at, u.Since), how.Now-how.ran(at, u.Told)
	}
	if u.On {
		was := Standing{u.Stage, u.Level}
		if !slices.ContainsFunc(g.stages, func(b *bound) bool { return b.Standing == was }) {
			return // it was kept as something that is not there any more
		}
		g.said = was
	}
	e.carryOn(g, c)
}

// carryOn lets g's alert be as restless as c.
func (e *Engine) carryOn(g *group, c chatter) {
	g.chatter, g.raw = c, g.standing()
	if c.on {
		e.restive = append(e.restive, g)
	}
}
