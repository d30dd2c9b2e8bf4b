package config

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// Level is one severity of a rule that has several.
type Level struct {
	Severity wire.Severity
	When     string
	For      time.Duration
	Clear    string
	ClearFor time.Duration
	Hold     time.Duration
}

// Forecast lets a rule's alert begin before its limit is reached.
type Forecast struct {
	Within   time.Duration // how far ahead
	Window   time.Duration // from which readings
	Method   string
	Severity wire.Severity
	Message  map[string]string // by language
}

type levelKeys struct {
	When     string        `yaml:"when,required"`
	For      time.Duration `yaml:"for"`
	Clear    string        `yaml:"clear"`
	ClearFor time.Duration `yaml:"clear_for"`
	Hold     time.Duration `yaml:"hold"`
}

type forecastKeys struct {
	Within   time.Duration `yaml:"within,required"`
	Window   time.Duration `yaml:"window,required"`
	Method   string        `yaml:"method"`
	Severity string        `yaml:"severity"`
	Message  texts         `yaml:"message"`
}

// methods of forecasting.
var methods = []string{"theil-sen", "holt"}

// conditions judges how a rule says when it raises: by when and severity, or by
// levels.
func (l *loader) conditions(r *Rule, k ruleKeys) {
	if l.has("rules", r.ID, "levels") {
		l.levels(r, k)
		return
	}
	for _, key := range [...]string{"when", "severity"} {
		if n := l.doc.Node("rules", r.ID, key); n == nil {
			l.sayKey("E1104", fmt.Sprintf("rules.%s has no %s; add %s: …", r.ID, key, key), "rules", r.ID)
		}
	}
	l.severity(k.Severity, "rules", r.ID, "severity")
	r.Severity = wire.Severity(k.Severity)
}

func (l *loader) severity(written string, path ...string) {
	if l.has(path...) && !slices.Contains(severities, written) {
		l.say("E2701", fmt.Sprintf("%q is no severity; write red, orange, yellow or blue, red being the most severe", written), path...)
	}
}

func (l *loader) levels(r *Rule, k ruleKeys) {
	for _, key := range [...]string{"when", "for", "clear", "clear_for", "hold", "severity"} {
		if l.has("rules", r.ID, key) {
			l.sayKey("E2704", fmt.Sprintf("%s stands beside levels, which have their own; write it below a level, or leave levels out", key), "rules", r.ID, key)
		}
	}
	for _, id := range l.doc.Node("rules", r.ID, "levels").Keys() {
		if !slices.Contains(severities, id) {
			l.sayKey("E2701", fmt.Sprintf("%q is no severity; write red, orange, yellow or blue, red being the most severe", id), "rules", r.ID, "levels", id)
		}
	}
	for _, id := range severities {
		if v, ok := k.Levels[id]; ok {
			r.Levels = append(r.Levels, Level{Severity: wire.Severity(id), When: v.When, For: v.For, Clear: v.Clear, ClearFor: v.ClearFor, Hold: v.Hold})
			r.Severity = wire.Severity(id) // the least severe one's
		}
	}
	if len(r.Levels) == 0 {
		l.say("E2704", "levels has no level; write one below it, like orange: {when: …}", "rules", r.ID, "levels")
	}
}

// forecast judges a rule's pre-alert. What it needs of the condition, the checker of
// texts says.
func (l *loader) forecast(r *Rule, k forecastKeys) {
	at := func(key string) []string { return []string{"rules", r.ID, "forecast", key} }
	if !l.has("rules", r.ID, "forecast") {
		return
	}
	f := &Forecast{Within: k.Within, Window: k.Window, Method: k.Method, Severity: wire.Severity(k.Severity), Message: k.Message}
	l.severity(k.Severity, at("severity")...)
	if l.has(at("method")...) && !slices.Contains(methods, k.Method) {
		l.say("E2705", fmt.Sprintf("%q is no method of forecasting; %s", k.Method, yamldoc.Hint(k.Method, methods)), at("method")...)
	}
	if f.Method == "" {
		f.Method = methods[0]
	}
	if f.Severity == "" {
		f.Severity = r.Severity
	}
	l.ahead(r, f)
	l.texts(f.Message, append(MessageFields[:len(MessageFields):len(MessageFields)], "in"), at("message")...)
	if slices.Contains(methods, f.Method) && l.has(at("within")...) && l.has(at("window")...) {
		r.Forecast = f // else enough has been said of it
	}
}

// placed is where a problem in a rule's text stands: in the text itself, or about the
// key as a whole.
func (l *loader) placed(r *Rule, e TextError) (yamldoc.Problem, bool) {
	n := l.doc.Node(append([]string{"rules", r.ID}, strings.Split(e.Key, ".")...)...)
	switch {
	case n == nil:
		return yamldoc.Problem{}, false
	case n.Kind() == yamldoc.Scalar && strings.HasPrefix(e.Key, "forecast."):
		return n.Problem(e.ID, e.Msg).WithHint(e.Hint), true // about the whole time
	case n.Kind() == yamldoc.Map:
		return n.KeyProblem(e.ID, e.Msg).WithHint(e.Hint), true
	case n.Kind() != yamldoc.Scalar || l.unplanned(n.Text(), e.Offset):
		return yamldoc.Problem{}, false
	default:
		return n.TextProblem(e.Offset, e.Length, e.ID, e.Msg).WithHint(e.Hint), true
	}
}

func ladderRows(r Rule, add adder) {
	at := func(keys ...string) []string { return append([]string{"rules", r.ID}, keys...) }
	for _, v := range r.Levels {
		id := string(v.Severity)
		add(v.When, "", at("levels", id, "when")...)
		add(v.For, "default", at("levels", id, "for")...)
		clear := v.Clear
		if clear == "" {
			clear = "when it is false"
		}
		add(clear, "default", at("levels", id, "clear")...)
		add(v.ClearFor, "default", at("levels", id, "clear_for")...)
		if v.Hold > 0 {
			add(v.Hold, "", at("levels", id, "hold")...)
		}
	}
	f := r.Forecast
	if f == nil {
		return
	}
	add(f.Within, "", at("forecast", "within")...)
	add(f.Window, "", at("forecast", "window")...)
	add(f.Method, "default", at("forecast", "method")...)
	add(f.Severity, "default", at("forecast", "severity")...)
	for _, lang := range []string{"zh", "en"} {
		add(f.Message[lang], "", at("forecast", "message", lang)...)
	}
}
