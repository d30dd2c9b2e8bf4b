package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/edge/wire"
)

type ruleKeys struct {
	Use      string               `yaml:"use"`
	With     map[string]string    `yaml:"with"`
	When     string               `yaml:"when"`
	For      time.Duration        `yaml:"for"`
	Clear    string               `yaml:"clear"`
	ClearFor time.Duration        `yaml:"clear_for"`
	Severity string               `yaml:"severity"`
	Category string               `yaml:"category"`
	Still    pictures             `yaml:"still"`
	Message  texts                `yaml:"message"`
	Actions  []action             `yaml:"actions"`
	Levels   map[string]levelKeys `yaml:"levels"`
	Forecast forecastKeys         `yaml:"forecast"`
	Notify   []string             `yaml:"notify"`
	Closer   closerKeys           `yaml:"look_closer"`
	Hold     time.Duration        `yaml:"hold"`
	Flapping time.Duration        `yaml:"flapping"`
	Schedule scheduleKeys         `yaml:"schedule"`
	Depends  []string             `yaml:"depends"`
}

// severities, most severe first.
var severities = []string{string(wire.Red), string(wire.Orange), string(wire.Yellow), string(wire.Blue)}

// MessageFields are what a rule's message may hold in braces.
var MessageFields = []string{"value", "limit", "unit", "device", "label", "since", "trend", "place"}

func (l *loader) rules() {
	ids := l.doc.Node("rules").Keys()
	if len(ids) > maxRules {
		l.sayKey("E2003", fmt.Sprintf("%d rules are too many for one gateway; at most %d", len(ids), maxRules), "rules")
	}
	l.config.closest = l.closest()
	var check RuleChecker
	if l.env.Rules != nil {
		check = l.env.Rules(l.config.Streams())
	}
	for _, id := range ids {
		k := l.raw.Rules[id]
		l.id(id, "rules", id)
		r := Rule{ID: id, When: k.When, For: k.For, Clear: k.Clear, ClearFor: k.ClearFor, Category: k.Category, Still: Still(k.Still), Message: k.Message}
		u, packed := l.used(&r, k)
		if !packed {
			l.conditions(&r, k)
			l.forecast(&r, k.Forecast)
		}
		l.waits(r)
		l.calm(&r, k)
		l.schedule(&r, k.Schedule)
		l.depends(&r, k.Depends)
		l.category(k.Category, "rules", id, "category")
		l.still(&r)
		l.texts(k.Message, MessageFields, "rules", id, "message")
		l.actionsOf(&r, k.Actions)
		if check != nil && (u != nil || !packed && (l.has("rules", id, "when") || len(r.Levels) > 0)) {
			l.expression(&r, u, check)
		}
		l.notified(&r, k.Notify)
		l.closer(&r, k.Closer)
		l.config.Rules = append(l.config.Rules, r)
	}
	l.circles()
}

// unplanned says whether a text at offset speaks of a device that was refused
// itself: its channels are not known, which is no mistake of the rule.
func (l *loader) unplanned(text string, offset int) bool {
	for _, id := range append(l.doc.Node("devices").Keys(), l.doc.Node("derived").Keys()...) {
		rest, ok := strings.CutPrefix(text[min(offset, len(text)):], id)
		if ok && (rest == "" || !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789-_", rune(rest[0]))) {
			return !slices.ContainsFunc(l.config.Devices, func(d Device) bool { return d.ID == id }) &&
				!slices.ContainsFunc(l.config.Derived, func(d Derived) bool { return d.ID == id })
		}
	}
	return false
}

// expression puts what the checker found at its place in the file.
func (l *loader) expression(r *Rule, u *Used, check RuleChecker) {
	reads, wrong := check(*r)
	r.Reads = reads
	for _, e := range wrong {
		if u != nil && e.ID == "W3102" {
			continue // the pack means it so
		}
		if u != nil {
			l.problems = append(l.problems, l.placedUsed(r, u, e))
		} else if p, ok := l.placed(r, e); ok {
			l.problems = append(l.problems, p)
		}
	}
	for _, s := range reads {
		i := slices.IndexFunc(l.config.Devices, func(d Device) bool { return d.ID == s.Device })
		if every := l.config.Devices[max(i, 0)].Every; i >= 0 && r.For > 0 && r.For <= every {
			l.say("W2701", fmt.Sprintf("%s is read every %s: one reading alone raises this; write a longer for, or leave it out", s.Device, brief(every)), "rules", r.ID, "for")
			return
		}
	}
}

var (
	field    = regexp.MustCompile(`\{[^{}]*\}?`)
	official = regexp.MustCompile(`[红橙黄蓝]色?预警`)
)

// wordless reports languages of a text that are written with nothing behind them, which
// decoding leaves out.
func (l *loader) wordless(message map[string]string, path ...string) {
	n := l.doc.Node(path...)
	if n.Kind() == yamldoc.Map && len(n.Keys()) == 0 {
		l.say("E2708", "this says nothing in any language; write {zh: …, en: …}, or delete the key", path...)
	}
	for _, lang := range n.Keys() {
		if n.Kind() == yamldoc.Map && n.Node(lang).Kind() == yamldoc.Scalar && n.Node(lang).Text() == "" && message[lang] == "" {
			l.say("E2708", "this text is empty; write what people are to read, like \"river level {value} m\", or delete the key", append(path[:len(path):len(path)], lang)...)
		}
	}
}

// none reports a list without a member, which says nothing.
func (l *loader) none(id, what string, path ...string) {
	if n := l.doc.Node(path...); n.Kind() == yamldoc.List && n.Len() == 0 {
		l.say(id, fmt.Sprintf("this list names no %s; name one, or leave it out", what), path...)
	}
}

// texts judges what a rule says to people, with the fields that it may hold.
func (l *loader) texts(message map[string]string, fields []string, path ...string) {
	l.wordless(message, path...)
	for lang, text := range message {
		n := l.doc.Node(append(path[:len(path):len(path)], lang)...)
		if n == nil { // one text for all languages
			n = l.doc.Node(path...)
		}
		if strings.TrimSpace(text) == "" {
			l.report(n.Problem("E2708", "this text is empty; write what people are to read, like \"river level {value} m\", or delete the key"))
		}
		if len(text) > wire.MaxText/2 {
			l.report(n.Problem("E2003", fmt.Sprintf("this text has %d bytes; at most %d are allowed", len(text), wire.MaxText/2)))
		}
		for _, at := range field.FindAllStringIndex(text, -1) {
			name := strings.Trim(text[at[0]:at[1]], "{}")
			if !slices.Contains(fields, name) || text[at[1]-1] != '}' {
				l.report(n.TextProblem(at[0], at[1]-at[0], "E2703", fmt.Sprintf("a message has no field %s", text[at[0]:at[1]])).WithHint(yamldoc.Hint(name, fields)))
			}
		}
		if at := official.FindStringIndex(text); at != nil {
			l.report(n.TextProblem(at[0], at[1]-at[0], "W2702", "these words belong to warnings that the authorities issue").WithHint("write what was measured; the severity is shown beside it"))
		}
	}
}
