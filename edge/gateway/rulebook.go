package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/control"
	"github.com/lamppost-city/lamppost/edge/rule"
)

// What AskRules and AskWhy put as questions.
const (
	askRules = "rules"
	askWhy   = "why"
)

// RuleState is how a rule of a gateway that runs stands. Fields are only ever added.
type RuleState struct {
	Rule     string `json:"rule"`
	Use      string `json:"use,omitempty"` // the rule of a pack that it is
	Phase    string `json:"phase"`         // normal, pending, active, clearing
	Stage    string `json:"stage,omitempty"`
	Severity string `json:"severity,omitempty"` // of its alert; empty: none
	// Idle is why the rule does not judge now: broken, maintenance, depends, schedule.
	Idle string `json:"idle,omitempty"`
	// KeptBy are the rules whose alerts keep it back, where Idle is depends.
	KeptBy []string `json:"kept_by,omitempty"`
	// Changes is how often its alert changed in the last ChatterMS, if it chatters; 0: it
	// does not.
	Changes   int   `json:"changes,omitempty"`
	ChatterMS int64 `json:"chatter_ms,omitempty"`
}

// RuleWhy is why a rule stands as it does.
type RuleWhy struct {
	RuleState
	Stages []StageWhy `json:"stages"` // the most severe first, a forecast last
}

// StageWhy is one condition of a rule.
type StageWhy struct {
	Stage    string        `json:"stage"`
	Severity string        `json:"severity"`
	Phase    string        `json:"phase"`
	SinceMS  int64         `json:"since_ms,omitempty"` // how long ago its condition began to be met, unless normal
	RanMS    int64         `json:"ran_ms,omitempty"`   // of its timer
	NeedsMS  int64         `json:"needs_ms,omitempty"`
	Running  bool          `json:"running"` // the timer runs
	When     ConditionWhy  `json:"when"`
	Clear    *ConditionWhy `json:"clear,omitempty"` // none: when the condition is false
}

// ConditionWhy is an expression with its answer.
type ConditionWhy struct {
	Text    string      `json:"text"`
	Is      string      `json:"is"` // true, false, unknown
	Parts   []PartWhy   `json:"parts"`
	Streams []StreamWhy `json:"streams"`
}

// PartWhy is one comparison.
type PartWhy struct {
	Text     string   `json:"text"`
	Is       string   `json:"is"`
	Value    *float64 `json:"value,omitempty"`
	Bound    bool     `json:"bound,omitempty"` // Value is only as much as is known
	Limit    *float64 `json:"limit,omitempty"`
	Stream   string   `json:"stream"`
	Quantity string   `json:"quantity,omitempty"` // empty: as the stream is measured
	OverMS   int64    `json:"over_ms,omitempty"`  // the window of Quantity
}

// StreamWhy is what a rule knows of a stream, and what its device said last.
type StreamWhy struct {
	Stream   string   `json:"stream"` // device.channel
	WindowMS int64    `json:"window_ms,omitempty"`
	Value    *float64 `json:"value,omitempty"` // the last usable one
	AgeMS    int64    `json:"age_ms"`          // of it
	StaleMS  int64    `json:"stale_ms"`        // from that age on it counts as unknown
	Known    bool     `json:"known"`
	Covered  float64  `json:"covered,omitempty"` // of the window, 0…1
	Count    int      `json:"count,omitempty"`   // of readings in it
	Newest   Newest   `json:"newest"`
	// Clock says that nothing comes while the gateway does not know the time, which is so now.
	Clock bool `json:"waits_for_clock,omitempty"`
}

// Newest is the last reading of a stream, usable or not.
type Newest struct {
	Value *float64 `json:"value,omitempty"`
	QC    int      `json:"qc,omitempty"` // 0: there is none
	Why   string   `json:"why,omitempty"`
	AgeMS int64    `json:"age_ms,omitempty"`
	Fault string   `json:"fault,omitempty"` // of the device, if it gives no readings now
	// LearnsMS is for about how long yet its device learns before it gives a value, if what it
	// sees is worth learning; 0: that is not why there is none.
	LearnsMS int64 `json:"learns_ms,omitempty"`
	// Hinder is what keeps its device from seeing it: a word of drivers.Learning.Why.
	Hinder string `json:"hinder,omitempty"`
}

// AskRules asks the gateway that runs on the journal in dir how its rules stand.
// Errors: control.ErrAbsent if no gateway runs there, fs.ErrPermission.
func AskRules(ctx context.Context, dir string) (all []RuleState, err error) {
	err = control.Ask(ctx, control.Path(dir), askRules, struct{}{}, &all)
	return all, err
}

// AskWhy asks why one of its rules stands as it does. Errors: as AskRules; what the
// gateway says of a rule that it does not have.
func AskWhy(ctx context.Context, dir, id string) (w RuleWhy, err error) {
	err = control.Ask(ctx, control.Path(dir), askWhy, map[string]string{"rule": id}, &w)
	return w, err
}

func (g *Gateway) answerRules(context.Context, json.RawMessage) (any, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	all := []RuleState{}
	if g.gen == nil {
		return all, nil
	}
	for _, r := range g.gen.cfg.Rules {
		if x, ok := g.gen.engine.Explain(r.ID); ok {
			all = append(all, g.ruleState(r.ID, r.Use, x))
		}
	}
	return all, nil
}

// ruleState says how a rule stands; a rule without levels has its own severity. The
// caller holds the lock.
func (g *Gateway) ruleState(id, use string, x rule.Explanation) RuleState {
	s := RuleState{Rule: id, Use: use, Phase: x.Phase.String(), Stage: x.Is.Stage, Severity: x.Is.Severity}
	if x.Chatter.Changes > 0 {
		s.Changes, s.ChatterMS = x.Chatter.Changes, max(g.clock.BootMS()-x.Chatter.Since, 1)
	}
	if s.Stage != "" && s.Severity == "" {
		s.Severity = string(g.gen.rules[id].alert.Severity)
	}
	if why, idle := g.gen.engine.Idle(id); idle {
		s.Idle, s.KeptBy = string(why), g.gen.engine.KeptBy(id)
	}
	return s
}

func (g *Gateway) answerWhy(_ context.Context, with json.RawMessage) (any, error) {
	var q struct {
		Rule string `json:"rule"`
	}
	if err := json.Unmarshal(with, &q); err != nil {
		return nil, errors.New("which rule?")
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.gen == nil {
		return nil, errors.New("this gateway is only just starting")
	}
	use, ids := "", []string{}
	for _, r := range g.gen.cfg.Rules {
		if ids = append(ids, r.ID); r.ID == q.Rule {
			use = r.Use
		}
	}
	x, ok := g.gen.engine.Explain(q.Rule)
	if !ok && len(ids) == 0 {
		return nil, errors.New("this gateway has no rules")
	}
	if !ok {
		return nil, fmt.Errorf("this gateway has no rule %q; %s", q.Rule, yamldoc.Hint(q.Rule, ids))
	}
	w := RuleWhy{RuleState: g.ruleState(q.Rule, use, x)}
	for _, s := range x.Stages {
		w.Stages = append(w.Stages, g.stageWhy(q.Rule, s))
	}
	return w, nil
}

func (g *Gateway) stageWhy(id string, s rule.StageView) StageWhy {
	w := StageWhy{Stage: s.Stage, Severity: s.Severity, Phase: s.Phase.String(), RanMS: s.Ran, NeedsMS: s.Needs, Running: s.Running, When: g.conditionWhy(s.When)}
	if w.Severity == "" {
		w.Severity = string(g.gen.rules[id].alert.Severity)
	}
	if s.Phase != rule.Normal {
		w.SinceMS = max(g.clock.BootMS()-s.Since, 0)
	}
	if s.Clear.Text != "" {
		c := g.conditionWhy(s.Clear)
		w.Clear = &c
	}
	return w
}

func (g *Gateway) conditionWhy(c rule.ConditionView) ConditionWhy {
	w := ConditionWhy{Text: c.Text, Is: c.Is.String(), Parts: []PartWhy{}, Streams: []StreamWhy{}}
	for _, p := range c.Parts {
		w.Parts = append(w.Parts, PartWhy{Text: p.Text, Is: p.Is.String(), Value: finite(p.Value), Bound: p.Bound, Limit: finite(p.Limit), Stream: dotted(p.Stream), Quantity: string(p.Quantity), OverMS: p.Over.Milliseconds()})
	}
	for _, r := range c.Reads {
		w.Streams = append(w.Streams, StreamWhy{Stream: dotted(r.Stream), WindowMS: r.Window.Milliseconds(), Value: finite(r.Value), AgeMS: r.Age.Milliseconds(),
			StaleMS: r.Stale.Milliseconds(), Known: r.Known, Covered: r.Covered, Count: r.Count, Newest: g.newestOf(r.Stream), Clock: g.waitsForClock(r.Stream.Device)})
	}
	return w
}

// waitsForClock says whether a derived device tells nothing now since nobody knows the time.
// The caller holds the lock.
func (g *Gateway) waitsForClock(device string) bool {
	if _, known := g.civil(g.clock.BootMS()); known {
		return false
	}
	return slices.ContainsFunc(g.gen.cfg.Derived, func(d config.Derived) bool { return d.ID == device && d.ByClock })
}

// newestOf is what a stream's device said last. The caller holds the lock.
func (g *Gateway) newestOf(st obs.Stream) (n Newest) {
	d := g.gen.devices[st.Device]
	if d == nil {
		return n
	}
	if d.fault != nil {
		n.Fault = drivers.FaultWord(d.fault)
	}
	for i, c := range d.channels {
		if c == st.Channel && d.last != nil {
			r := d.last[i]
			n.Value, n.QC, n.Why, n.AgeMS = finite(r.Value), r.Quality.Flag.Code(), string(r.Quality.Why), max(g.clock.BootMS()-d.lastAt, 0)
			if r.Quality.Flag == obs.Missing && d.fault == nil {
				n.LearnsMS, n.Hinder = d.lessons.of(c, n.AgeMS)
			}
		}
	}
	return n
}

// dotted writes a stream as rules do.
func dotted(st obs.Stream) string { return st.Device + "." + st.Channel }

// finite is a number that JSON can say.
func finite(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}
