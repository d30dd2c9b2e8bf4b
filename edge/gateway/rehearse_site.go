package gateway

import (
	"fmt"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/derive"
	"github.com/lamppost-city/lamppost/edge/rehearsal"
	"github.com/lamppost-city/lamppost/edge/rule"
)

// RehearseSite runs tests of a configuration's rules. Of a derived stream a test gives
// either the readings themselves or those of what it is made of, which then is computed as
// the gateway does. Readings are judged by the device's checks, see [tests].
func RehearseSite(cfg *config.Config, metrics *obs.Catalog, tests *yamldoc.Node) ([]Rehearsed, yamldoc.Problems) {
	all, wrong := rehearsal.Parse(tests, false)
	var done []Rehearsed
	var ids []string
	for _, r := range cfg.Rules {
		ids = append(ids, r.ID)
	}
	for _, t := range all {
		i := slices.Index(ids, t.Rule)
		if i < 0 {
			wrong = append(wrong, t.Node.Node("rule").Problem("E3201", fmt.Sprintf("%s has no rule %q", cfg.File, t.Rule)).WithHint(yamldoc.Hint(t.Rule, ids)))
			continue
		}
		s := staging(cfg, metrics, cfg.Rules[i], t)
		if wrong = append(wrong, s.bound()...); wrong.Err() != nil {
			continue
		}
		rules, more := s.compile()
		if wrong = append(wrong, more...); wrong.Err() == nil {
			last := len(rules) - 1
			done = append(done, Rehearsed{t, t.Run(rules[last], string(cfg.Rules[i].Severity), s.bind, s.deriver(), newTests(cfg, t.Every), rules[:last]...), cfg.Rules[i], Made(cfg)})
		}
	}
	return done, wrong
}

// parentsOf are the rules that r depends on, and those that they depend on, each once and
// behind those that it depends on itself.
func parentsOf(cfg *config.Config, r config.Rule) (all []config.Rule) {
	seen := map[string]bool{r.ID: true}
	var visit func(of config.Rule)
	visit = func(of config.Rule) {
		for _, p := range cfg.Rules {
			if slices.Contains(of.Depends, p.ID) && !seen[p.ID] {
				seen[p.ID] = true
				visit(p)
				all = append(all, p)
			}
		}
	}
	visit(r)
	return all
}

// heard are the parents of which the test gives a reading. The others say nothing in it:
// what nobody speaks of is not silent.
func (s *staged) heard(parents []config.Rule) []config.Rule {
	return slices.DeleteFunc(parents, func(p config.Rule) bool {
		return !slices.ContainsFunc(p.Reads, func(st obs.Stream) bool {
			given := func(st obs.Stream) bool { _, ok := s.test.Series[dotted(st)]; return ok }
			return given(st) || slices.ContainsFunc(s.derive.Sources(st), given)
		})
	})
}

// compile makes the test's rule and, before it, its parents.
func (s *staged) compile() (rules []*rule.Rule, wrong yamldoc.Problems) {
	for _, r := range append(slices.Clone(s.parents), s.rule) {
		c, errs := CompileRule(r, s.streams)
		for _, e := range errs { // with the interval of the test: a forecast may need more readings
			wrong = append(wrong, s.test.Node.KeyProblem(e.ID, e.Msg).WithHint(e.Hint))
		}
		rules = append(rules, c)
	}
	return rules, wrong
}

// staged is what a test of a site's rule needs: the streams with the test's interval, and
// what is derived of them.
type staged struct {
	test    rehearsal.Test
	rule    config.Rule
	parents []config.Rule // that the test lets speak
	reads   []obs.Stream  // of all of them
	streams []config.Stream
	derive  deriver
	wrong   []derive.Error
	zone    *time.Location
	bind    map[string]obs.Stream // what the test may give, by name
	made    map[obs.Stream]bool   // what is computed
}

func staging(cfg *config.Config, metrics *obs.Catalog, r config.Rule, t rehearsal.Test) *staged {
	s := &staged{test: t, rule: r, zone: cfg.Gateway.Zone, bind: map[string]obs.Stream{}, made: map[obs.Stream]bool{}}
	measured := *cfg
	measured.Derived = nil
	s.streams = measured.Streams()
	for i := range s.streams {
		s.streams[i].Every = t.Every
	}
	s.derive, s.wrong = newDeriver(cfg.Derived, s.streams, metrics)
	for _, x := range cfg.Streams()[len(s.streams):] {
		if every := s.derive.every[x.Device]; every > 0 {
			x.Every = every
		}
		s.streams = append(s.streams, x)
	}
	s.reads = slices.Clone(r.Reads)
	parents := parentsOf(cfg, r)
	for _, p := range parents {
		s.reads = append(s.reads, p.Reads...)
	}
	for _, st := range s.reads {
		s.bind[dotted(st)] = st
		for _, source := range s.derive.Sources(st) {
			s.bind[dotted(source)] = source
		}
	}
	s.parents = s.heard(parents)
	return s
}

// bound says what is wrong with the test's series, and finds what is computed: of what the
// rule reads that of which the test gives a source.
func (s *staged) bound() (wrong yamldoc.Problems) {
	series := s.test.Node.Node("series")
	for _, name := range keysOf(s.test.Series) {
		if _, ok := s.bind[name]; !ok {
			wrong = append(wrong, series.Node(name).KeyProblem("E3202", fmt.Sprintf("%s does not read %q", s.rule.ID, name)).WithHint(yamldoc.Hint(name, keysOf(s.bind))))
		}
	}
	for _, st := range s.reads {
		for _, source := range s.derive.Sources(st) {
			if _, given := s.test.Series[dotted(source)]; !given {
				continue
			}
			s.made[st] = true
			if n := series.Node(dotted(st)); n != nil && !slices.Contains(s.reads, source) {
				wrong = append(wrong, n.KeyProblem("E3202", fmt.Sprintf("%s is computed from %s, which stands here too", dotted(st), dotted(source))).WithHint("leave one of them out"))
				break
			}
		}
		if series.Node(dotted(st)) != nil {
			delete(s.made, st) // as it is given
		}
	}
	for _, e := range s.wrong { // with the interval of the test: a window may be too short for it
		if s.needs(e.ID) {
			wrong = append(wrong, s.test.Node.KeyProblem(e.Code, fmt.Sprintf("%s: %s", e.ID, e.Msg)).WithHint(e.Hint))
		}
	}
	return wrong
}

// needs says whether a derived device is computed in this test.
func (s *staged) needs(id string) bool {
	var made func(device string) bool
	made = func(device string) bool {
		return device == id || slices.ContainsFunc(s.derive.of[device], func(of obs.Stream) bool { return made(of.Device) })
	}
	for st := range s.made {
		if made(st.Device) {
			return true
		}
	}
	return false
}

// deriver computes what the test gives the sources of; nil: nothing.
func (s *staged) deriver() rehearsal.Deriver {
	if len(s.made) == 0 {
		return nil
	}
	return stagedDeriver{s}
}

// stagedDeriver derives at the place, whose time the test's start is, and only what the
// test does not give itself.
type stagedDeriver struct{ *staged }

// Observe implements rehearsal.Deriver.
func (d stagedDeriver) Observe(st obs.Stream, ms, localMS int64, r obs.Reading, awaits bool) {
	d.derive.Observe(st, ms, d.unix(localMS), r, awaits)
}

// Judge implements rehearsal.Deriver.
func (d stagedDeriver) Judge(st obs.Stream, late rehearsal.Verdict) { d.derive.Judge(st, late) }

// Tick implements rehearsal.Deriver.
func (d stagedDeriver) Tick(ms, localMS int64) []rehearsal.Derived {
	return slices.DeleteFunc(d.derive.Tick(ms, d.unix(localMS)), func(x rehearsal.Derived) bool { return !d.made[x.Stream] })
}

// Next implements rehearsal.Deriver.
func (d stagedDeriver) Next() (ms int64, ok bool) { return d.derive.Next() }

// Sources implements rehearsal.Deriver.
func (d stagedDeriver) Sources(st obs.Stream) []obs.Stream { return d.derive.Sources(st) }

// unix turns the place's time, as if it were at Greenwich, into the world's.
func (d stagedDeriver) unix(localMS int64) int64 {
	if d.zone == nil {
		return localMS
	}
	_, east := time.UnixMilli(localMS).In(d.zone).Zone()
	return localMS - int64(east)*1000
}
