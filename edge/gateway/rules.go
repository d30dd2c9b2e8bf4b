package gateway

import (
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/alert"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/derive"
	"github.com/lamppost-city/lamppost/edge/health"
	"github.com/lamppost-city/lamppost/edge/rule"
)

// compiled is one rule with what its alerts say.
type compiled struct {
	rule  *rule.Rule
	alert alert.Rule
	still config.Still
}

// RuleChecker judges the rules of a configuration with these streams; it is what
// config.Env.Rules wants. Checking and running compile the same text the same way.
func RuleChecker(streams []config.Stream) config.RuleChecker {
	known := knownStreams(streams)
	return func(r config.Rule) (reads []obs.Stream, wrong []config.TextError) {
		c, errs := rule.Compile(ruleSpec(r), known)
		for _, e := range errs {
			wrong = append(wrong, textError(e))
		}
		if c != nil {
			reads, errs = c.Streams(), c.Doubts()
			for _, e := range errs {
				wrong = append(wrong, textError(e))
			}
		}
		return reads, wrong
	}
}

func textError(e *rule.Error) config.TextError {
	return config.TextError{Key: e.Field, Offset: e.Offset, Length: e.Length, ID: e.ID, Msg: e.Msg, Hint: e.Hint}
}

func knownStreams(streams []config.Stream) rule.Streams {
	known := make(rule.Streams, len(streams))
	for _, s := range streams {
		k := rule.Stream{Every: s.Every, Fastest: s.Fastest, Min: s.Metric.Min, Max: s.Metric.Max, Step: math.Pow10(-s.Metric.Decimals), Unit: s.Metric.Text, Bare: s.Metric.Unit == "1", Sparse: s.Sparse, Instead: s.Instead,
			Turns: derive.Turns(s.Metric), Total: derive.Total(s.Metric.Name), Meter: derive.Meter(s.Metric.Name), Most: derive.Most(s.Metric.Name), Level: derive.Level(s.Metric)}
		if s.Least < s.Most {
			k.Min, k.Max = s.Least, s.Most
		}
		known[s.Stream] = k
	}
	return known
}

func ruleSpec(r config.Rule) rule.Spec {
	s := rule.Spec{ID: r.ID, When: r.When, Clear: r.Clear, For: r.For, ClearFor: r.ClearFor, Hold: r.Hold, Flapping: r.Flapping, Schedule: scheduleSpec(r.Schedule)}
	copy(s.Depends[:], r.Depends)
	for i, v := range r.Levels {
		s.Levels[i] = rule.Level{Severity: string(v.Severity), When: v.When, Clear: v.Clear, For: v.For, ClearFor: v.ClearFor, Hold: v.Hold}
	}
	if f := r.Forecast; f != nil {
		s.Forecast = rule.Forecast{Severity: string(f.Severity), Within: f.Within, Window: f.Window, Method: rule.Method(f.Method)}
	}
	return s
}

func scheduleSpec(s *config.Schedule) rule.Schedule {
	if s == nil {
		return rule.Schedule{}
	}
	out := rule.Schedule{Set: true, From: int(s.From.Minutes()), To: int(s.To.Minutes()), Dismiss: s.Clear}
	for _, d := range s.Days {
		out.Days |= 1 << d
	}
	return out
}

// compileRules makes the rules of a configuration that was checked before.
func compileRules(cfg *config.Config) map[string]*compiled {
	known := knownStreams(cfg.Streams())
	names := map[string]map[string]string{}
	for _, d := range cfg.Devices {
		names[d.ID] = d.Name
	}
	for _, d := range cfg.Derived {
		names[d.ID] = d.Name
	}
	out, made := map[string]*compiled{}, Made(cfg)
	for _, r := range cfg.Rules {
		c, _ := rule.Compile(ruleSpec(r), known)
		if c == nil {
			continue // the check refused it; a configuration cannot get here with it
		}
		out[r.ID] = &compiled{rule: c, still: r.Still, alert: alert.Rule{ID: r.ID, Severity: r.Severity, Category: r.Category,
			Area: cfg.Gateway.Area, Position: cfg.Gateway.Position, Texts: r.Message, Names: names, Place: placeOf(cfg.Gateway), Zone: cfg.Gateway.Zone, Made: made, Mixed: c.Mixed()}}
		if r.Forecast != nil {
			out[r.ID].alert.Ahead = r.Forecast.Message
		}
	}
	return out
}

// Made is what the derived streams of a configuration are, by their ids, for people: of
// those that are a figure of a window.
func Made(cfg *config.Config) map[string]alert.Made {
	words := map[string]string{"mean": "mean", "vector-mean": "mean", "min": "least", "max": "greatest", "sum": "sum", "percentile": "percentile", "leq": "over", "intensity": "over"}
	out := map[string]alert.Made{}
	for _, d := range cfg.Derived {
		if what := words[d.Is]; what != "" {
			out[d.ID] = alert.Made{What: what, Over: d.Over}
		}
	}
	return out
}

// rulesView is what is wrong with the rules. The caller holds the lock.
func (g *Gateway) rulesView() (out []health.Rule) {
	if g.gen == nil {
		return nil
	}
	for _, id := range slices.Sorted(maps.Keys(g.gen.stopped)) {
		out = append(out, health.Rule{ID: id, Stopped: clip(g.gen.stopped[id])})
	}
	return out
}

// placeOf is what people call the place where a gateway stands.
func placeOf(g config.Gateway) string {
	if g.Name != "" {
		return g.Name
	}
	return g.ID
}

// restoreRules gives the rules the state they had when the gateway last ran, and
// hands their active alerts to the uplink again. An alert whose rule is gone ends.
func (g *Gateway) restoreRules(gen *generation) {
	lastSeen := g.lastSeen()
	for key, state := range g.journal.States() {
		id, ok := strings.CutPrefix(key, ruleKey)
		if !ok {
			continue
		}
		saved, err := alert.DecodeSaved(state)
		if err != nil {
			g.log.Warn("a rule's saved state is left aside", "rule", id, "error", err)
			continue
		}
		if gen.rules[id] == nil {
			g.endOrphan(key, saved, ruleGone)
			continue
		}
		how := rule.Resume{Now: g.clock.BootMS(), SameBoot: saved.Boot == g.clock.Boot(), LastSeen: max(saved.BootMS, lastSeen[saved.Boot])}
		if err := gen.engine.Restore(id, saved.Snapshot, how); err != nil {
			g.log.Warn("a rule begins anew: its saved state cannot be used", "rule", id, "error", err)
			g.endOrphan(key, saved, ruleAnew)
			continue
		}
		if saved.Alert != nil {
			g.active[id] = saved.Alert
		}
	}
	g.resendActive()
}

// keepFindings writes down of which rules more is known than their last transition said,
// so that what their alerts say behind a restart is what they would have said; with peaks
// also of which alerts the worst value is another. The caller holds the lock.
func (g *Gateway) keepFindings(peaks bool) {
	if g.gen == nil {
		return
	}
	all := g.gen.engine.Unsaved()
	if peaks {
		all, g.gen.peaked = append(all, g.gen.peaked...), nil
	}
	for _, id := range all {
		if g.gen.rules[id] == nil {
			continue
		}
		saved := alert.Saved{Rule: id, Snapshot: g.gen.engine.Snapshot(id), Alert: g.active[id], Boot: g.clock.Boot(), BootMS: g.clock.BootMS()}
		if err := g.saveRule(ruleKey+id, saved); err != nil {
			g.log.Warn("what is known of a rule's condition cannot be kept", "rule", id, "error", err)
		}
	}
}

// watchFindings keeps them now and then: a power cut costs what came after, in words. The
// caller does not hold the lock.
func (g *Gateway) watchFindings(peaks bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.keepFindings(peaks)
}

// lastSeen returns for each boot up to when the gateway surely ran in it.
func (g *Gateway) lastSeen() map[string]int64 {
	out := map[string]int64{}
	for _, e := range g.journal.Epochs() {
		out[e.LastCommit.Boot] = max(out[e.LastCommit.Boot], e.LastCommit.BootMS)
	}
	return out
}

// resendActive writes each active alert down again as it stands, so that it has a
// place in this epoch, and sends it: an aggregator that lost it has it back.
func (g *Gateway) resendActive() {
	for id, a := range g.active {
		again := alert.Repeat(a, g.moment(g.clock.BootMS()))
		saved := alert.Saved{Rule: id, Snapshot: g.gen.engine.Snapshot(id), Alert: &again, Boot: g.clock.Boot(), BootMS: g.clock.BootMS()}
		if err := g.publish(ruleKey+id, saved, again); err != nil {
			g.log.Error("an active alert cannot be taken up again", "rule", id, "error", err)
		}
	}
}

// Why an alert ends that its rule does not end.
var (
	ruleGone = obs.Label{ZH: "规则已不在配置中", EN: "its rule is not configured any more"}
	ruleAnew = obs.Label{ZH: "规则状态无法沿用，重新判断", EN: "the rule begins anew, its saved state could not be used"}
)

// endOrphan clears the alert of a rule that does not go on.
func (g *Gateway) endOrphan(key string, saved alert.Saved, why obs.Label) {
	if saved.Alert != nil {
		a := alert.End(alert.Rule{Zone: g.gen.cfg.Gateway.Zone}, saved.Alert, g.moment(g.clock.BootMS()), why)
		if err := g.publish(key, alert.Saved{Rule: saved.Rule, Boot: g.clock.Boot(), BootMS: g.clock.BootMS()}, a); err != nil {
			g.log.Error("an alert without its rule cannot be ended", "rule", saved.Rule, "error", err)
			return
		}
	}
	if err := g.journal.SetState(key, nil); err != nil {
		g.log.Warn("the state of a rule that is gone cannot be dropped", "rule", saved.Rule, "error", err)
	}
}

// adoptRules takes the rules' state over from the generation before.
func (g *Gateway) adoptRules(gen, old *generation) {
	g.refill(gen.engine, gen.engine.Lacks(old.engine))
	gen.engine.Adopt(old.engine)
	gen.trail, gen.peaked = old.trail, old.peaked
	for id, a := range g.active {
		if gen.rules[id] != nil {
			continue
		}
		g.endOrphan(ruleKey+id, alert.Saved{Rule: id, Alert: a}, ruleGone)
	}
}

func streamsOf(rules map[string]*compiled) map[string][]obs.Stream {
	out := map[string][]obs.Stream{}
	for id, r := range rules {
		out[id] = r.rule.Streams()
	}
	return out
}
