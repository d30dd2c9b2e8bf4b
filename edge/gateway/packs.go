package gateway

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/rule"
	"github.com/lamppost-city/lamppost/edge/rulepack"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// ReadPacks reads folders of rule packs, a later one over an earlier one. The error is
// yamldoc.Problems.
func ReadPacks(metrics *obs.Catalog, folders ...fs.FS) (*rulepack.Set, error) {
	return PackReader(metrics).Read(folders...)
}

// PackReader reads packs as the gateway does.
func PackReader(metrics *obs.Catalog) rulepack.Reader {
	return rulepack.Reader{Metrics: metrics, Fields: config.MessageFields, Ahead: []string{"in"}, Judge: judgeDraft}
}

// judgeDraft compiles a pack's rule before a site has said anything: its parameters stand
// for what they will be.
func judgeDraft(r *rulepack.Rule) (wrong []rulepack.Wrong) {
	names, streams := map[string]rule.Name{}, []config.Stream{}
	for i := range r.Parameters {
		switch p := &r.Parameters[i]; p.Is {
		case rulepack.Stream:
			st := madeUpStream(p)
			names[p.Name], streams = rule.Name{Stream: st}, append(streams, config.Stream{Stream: st, Metric: p.Metric})
		case rulepack.Duration:
			names[p.Name] = rule.Name{Duration: time.Duration(p.Usual() * float64(time.Second))}
		default:
			names[p.Name] = rule.Name{Value: p.Usual(), Unit: p.Unit}
		}
	}
	for _, e := range rule.Check(ruleSpec(packedRule(r.Draft())), knownStreams(streams), names) {
		wrong = append(wrong, rulepack.Wrong{Field: e.Field, Offset: e.Offset, Length: e.Length, ID: e.ID, Msg: e.Msg, Hint: e.Hint})
	}
	return wrong
}

// madeUpStream is a stream that a parameter may stand for.
func madeUpStream(p *rulepack.Parameter) obs.Stream {
	return obs.Stream{Device: strings.ReplaceAll(p.Name, "_", "-"), Channel: p.Metric.Name}
}

// PackUser lets a configuration use the rules of packs; it is what config.Env.Packs
// wants. load is asked when a rule uses one: most configurations need none.
func PackUser(load func() (*rulepack.Set, error)) config.PackUser {
	return func(use config.Use, all []config.Stream) (config.Used, []config.UseError) {
		packs, err := load()
		if err != nil {
			return config.Used{}, []config.UseError{{ID: "E3001", Msg: err.Error()}}
		}
		if wrong := oneSided(use, all); len(wrong) > 0 {
			return config.Used{}, wrong
		}
		var streams []obs.Stream
		for _, s := range all {
			if s.Instead == "" {
				streams = append(streams, s.Stream)
			}
		}
		u, errs := packs.Use(use.Rule, use.With, streams)
		if len(errs) > 0 {
			var wrong []config.UseError
			for _, e := range errs {
				wrong = append(wrong, config.UseError(e))
			}
			return config.Used{}, wrong
		}
		return config.Used{Rule: packedRule(u), Place: func(e config.TextError) ([]string, string) {
			parameters, at := u.Place(e.Key, e.Offset, e.Length)
			return parameters, fmt.Sprintf("%s:%d:%d", at.File, at.Line, at.Col)
		}}, nil
	}
}

// oneSided finds the streams of a use that no rule reads: once, and not at each place of
// the pack's rule that speaks of it.
func oneSided(use config.Use, all []config.Stream) (wrong []config.UseError) {
	for _, name := range slices.Sorted(maps.Keys(use.With)) {
		i := slices.IndexFunc(all, func(s config.Stream) bool { return s.Device+"."+s.Channel == use.With[name] })
		if i >= 0 && all[i].Instead != "" {
			msg, hint := rule.OneSided(all[i].Stream, all[i].Instead)
			wrong = append(wrong, config.UseError{Parameter: name, ID: "E3122", Msg: msg, Hint: hint})
		}
	}
	return wrong
}

// packedRule is a used rule as a configuration has it.
func packedRule(u *rulepack.Used) config.Rule {
	r := config.Rule{ID: u.ID, Use: u.ID, When: u.When.Is, For: u.For, Clear: u.Clear.Is, ClearFor: u.ClearFor, Severity: wire.Severity(u.Severity),
		Category: u.Category, Message: languages(u.Message)}
	for _, l := range u.Levels {
		r.Levels = append(r.Levels, config.Level{Severity: wire.Severity(l.Severity), When: l.When.Is, For: l.For, Clear: l.Clear.Is, ClearFor: l.ClearFor})
	}
	if f := u.Forecast; f != nil {
		r.Forecast = &config.Forecast{Within: f.Within, Window: f.Window, Method: f.Method, Severity: wire.Severity(f.Severity), Message: languages(f.Message)}
		if f.Method == "" {
			r.Forecast.Method = string(rule.TheilSen)
		}
		if f.Severity == "" {
			r.Forecast.Severity = r.Severity
		}
	}
	return r
}

func languages(l obs.Label) map[string]string {
	out := map[string]string{}
	for lang, text := range map[string]string{"zh": l.ZH, "en": l.EN} {
		if text != "" {
			out[lang] = text
		}
	}
	return out
}

// CompileRule makes a rule as the gateway makes those of its configuration.
func CompileRule(r config.Rule, streams []config.Stream) (*rule.Rule, []config.TextError) {
	c, errs := rule.Compile(ruleSpec(r), knownStreams(streams))
	var wrong []config.TextError
	for _, e := range errs {
		wrong = append(wrong, textError(e))
	}
	return c, wrong
}
