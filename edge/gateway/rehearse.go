package gateway

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/alert"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/rehearsal"
	"github.com/lamppost-city/lamppost/edge/rule"
	"github.com/lamppost-city/lamppost/edge/rulepack"
)

// Rehearsed is a test of a rule with what became of it.
type Rehearsed struct {
	Test   rehearsal.Test
	Result rehearsal.Result
	Rule   config.Rule // as it was compiled
	Made   map[string]alert.Made
}

// RehearsePack runs the tests in a pack, each on streams made up for it. The problems are
// of the tests, and of rules that do not compile as the pack itself would use them;
// those that are no warnings keep a test from running.
func RehearsePack(packs *rulepack.Set, p *rulepack.Pack) ([]Rehearsed, yamldoc.Problems) {
	tests, wrong := rehearsal.Parse(p.Tests, true)
	var done []Rehearsed
	for _, r := range p.Rules {
		made := madeUp(r, nil, time.Second)
		if _, more := made.compile(packs, nil); len(more) > 0 {
			wrong = append(wrong, more...)
			continue
		}
		if !slices.ContainsFunc(tests, func(t rehearsal.Test) bool { return t.Rule == r.ID }) {
			wrong = append(wrong, r.Problem("W3201", "no test in this file is about "+r.ID).WithHint("add one under tests, with use: "+r.ID))
		}
	}
	for _, t := range tests {
		r, ok := packs.Get(t.Rule)
		if !ok || r.Pack != p {
			var ids []string
			for _, own := range p.Rules {
				ids = append(ids, own.ID)
			}
			wrong = append(wrong, t.Node.Node("use").Problem("E3201", fmt.Sprintf("this pack has no rule %q", t.Rule)).WithHint(yamldoc.Hint(t.Rule, ids)))
			continue
		}
		made := madeUp(r, t.With, t.Every)
		for _, name := range keysOf(t.Series) {
			if _, ok := made.bind[name]; !ok {
				wrong = append(wrong, t.Node.Node("series", name).KeyProblem("E3202", fmt.Sprintf("%s has no stream %q", r.ID, name)).WithHint(yamldoc.Hint(name, keysOf(made.bind))))
			}
		}
		c, more := made.compile(packs, t.Node)
		if wrong = append(wrong, more...); len(more) == 0 && wrong.Err() == nil {
			done = append(done, Rehearsed{t, t.Run(c.rule, string(c.cfg.Severity), made.bind, nil, nil), c.cfg, nil})
		}
	}
	return done, wrong
}

// made is a pack's rule with values and streams that are made up.
type made struct {
	rule    *rulepack.Rule
	with    map[string]string
	streams []config.Stream
	bind    map[string]obs.Stream // by parameter
}

func madeUp(r *rulepack.Rule, with map[string]string, every time.Duration) made {
	m := made{rule: r, with: map[string]string{}, bind: map[string]obs.Stream{}}
	for _, p := range r.Parameters {
		value, given := with[p.Name]
		switch {
		case p.Is == rulepack.Stream && value != "off":
			st := madeUpStream(&p)
			m.with[p.Name], m.bind[p.Name] = st.Device+"."+st.Channel, st
			m.streams = append(m.streams, config.Stream{Stream: st, Every: every, Metric: p.Metric})
		case given:
			m.with[p.Name] = value
		case p.Default == "" && !p.Optional:
			m.with[p.Name] = p.Example
		}
	}
	for name, value := range with { // also what the rule has no parameter for: Use says so
		if _, ok := m.bind[name]; !ok {
			m.with[name] = value
		}
	}
	return m
}

// compiledPack is a rule with its configuration.
type compiledPack struct {
	rule *rule.Rule
	cfg  config.Rule
}

// compile makes the rule. Problems are put at the test that asks for it, or, without
// one, into the pack's text.
func (m made) compile(packs *rulepack.Set, test *yamldoc.Node) (c compiledPack, wrong yamldoc.Problems) {
	streams := make([]obs.Stream, len(m.streams))
	for i, s := range m.streams {
		streams[i] = s.Stream
	}
	u, errs := packs.Use(m.rule.ID, m.with, streams)
	for _, e := range errs {
		p := m.rule.Problem(e.ID, e.Msg)
		if n := test.Node("with", e.Parameter); test != nil && n != nil {
			p = n.Problem(e.ID, e.Msg)
		} else if test != nil {
			p = test.Node("use").Problem(e.ID, e.Msg)
		}
		wrong = append(wrong, p.WithHint(e.Hint))
	}
	if u == nil {
		return c, wrong
	}
	c.cfg = packedRule(u)
	r, bad := CompileRule(c.cfg, m.streams)
	for _, e := range bad {
		_, at := u.Place(e.Key, e.Offset, e.Length)
		at.ID, at.Msg = e.ID, e.Msg
		if test != nil {
			p := test.Node("use").Problem(e.ID, fmt.Sprintf("%s (line %d)", e.Msg, at.Line))
			at = p
		}
		wrong = append(wrong, at.WithHint(e.Hint))
	}
	c.rule = r
	return c, wrong
}

func keysOf[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
