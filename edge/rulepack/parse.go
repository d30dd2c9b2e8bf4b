package rulepack

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Parse reads one pack; file names it in messages. The error is yamldoc.Problems.
func (r Reader) Parse(file, id string, src []byte) (*Pack, error) {
	p, ps := r.parse(file, id, src)
	return p, ps.Err()
}

// parse reads one pack. It is nil where nothing can be made of the file.
func (r Reader) parse(file, id string, src []byte) (*Pack, yamldoc.Problems) {
	c := &checker{reader: r}
	doc, err := yamldoc.Parse(file, src)
	c.take(err)
	if doc == nil {
		return nil, c.problems
	}
	var k packKeys
	c.take(doc.Decode(&k))
	p := &Pack{ID: id, File: file, Name: k.Name, Tests: k.Tests}
	ids := doc.Node("rules").Keys()
	if len(ids) > maxRules {
		c.say(doc.Node("rules").KeyProblem("E3005", fmt.Sprintf("a pack has at most %d rules, this one has %d", maxRules, len(ids))), "make two files of it")
		ids = nil
	}
	for _, id := range ids {
		p.Rules = append(p.Rules, c.rule(p, id, doc.Node("rules", id), k.Rules[id]))
	}
	return p, c.problems
}

type checker struct {
	reader   Reader
	problems yamldoc.Problems
}

func (c *checker) take(err error) {
	var ps yamldoc.Problems
	if errors.As(err, &ps) {
		c.problems = append(c.problems, ps...)
	}
}

func (c *checker) say(p yamldoc.Problem, hint string) {
	c.problems = append(c.problems, p.WithHint(hint))
}

func (c *checker) rule(p *Pack, id string, n *yamldoc.Node, k ruleKeys) *Rule {
	before := len(c.problems)
	r := &Rule{ID: id, Pack: p, About: k.About, Standards: k.Standards, Forecasts: k.Forecast != nil, keys: k, node: n}
	if err := obs.CheckID(id); err != nil {
		c.say(n.KeyProblem("E3005", err.Error()), "")
	}
	names := n.Node("parameters").Keys()
	if len(names) > maxParameters {
		c.say(n.Node("parameters").KeyProblem("E3005", fmt.Sprintf("a rule has at most %d parameters, this one has %d", maxParameters, len(names))), "make two rules of it")
		return r
	}
	for _, name := range names {
		r.Parameters = append(r.Parameters, c.parameter(name, n.Node("parameters", name), k.Parameters[name]))
	}
	c.conditions(r, k)
	c.texts(n.Node("message"), c.reader.Fields)
	c.texts(n.Node("forecast", "message"), append(slices.Clone(c.reader.Fields), c.reader.Ahead...))
	if c.reader.Judge != nil && len(c.problems) == before {
		for _, w := range c.reader.Judge(r) {
			c.wrong(r, w)
		}
	}
	return r
}

// wrong puts a mistake in a text at its place in the file.
func (c *checker) wrong(r *Rule, w Wrong) {
	n := r.node.Node(strings.Split(w.Field, ".")...)
	switch {
	case n == nil:
		c.say(r.node.KeyProblem(w.ID, w.Msg), w.Hint)
	case n.Kind() != yamldoc.Scalar:
		c.say(n.KeyProblem(w.ID, w.Msg), w.Hint)
	default:
		c.say(n.TextProblem(w.Offset, w.Length, w.ID, w.Msg), w.Hint)
	}
}

// conditions judges how a rule raises.
func (c *checker) conditions(r *Rule, k ruleKeys) {
	n := r.node
	switch {
	case n.Node("levels") == nil && n.Node("when") == nil:
		c.say(n.KeyProblem("E3005", r.ID+" has neither when nor levels"), "write when and severity, or levels")
	case n.Node("levels") == nil && !slices.Contains(severities, k.Severity):
		c.say(n.KeyProblem("E3005", r.ID+" has no severity"), "write severity: red, orange, yellow or blue")
	}
	if n.Node("levels") != nil {
		for _, key := range []string{"when", "for", "clear", "clear_for", "severity"} {
			if m := n.Node(key); m != nil {
				c.say(m.KeyProblem("E3005", key+" stands beside levels, which have their own"), "write it below a level")
			}
		}
	}
	for _, id := range n.Node("levels").Keys() {
		if !slices.Contains(severities, id) {
			c.say(n.Node("levels", id).KeyProblem("E3005", fmt.Sprintf("%q is no severity", id)), "write red, orange, yellow or blue")
		}
	}
	for _, s := range severities {
		if _, ok := k.Levels[s]; ok {
			r.Severities = append(r.Severities, s)
			c.timings(r, n.Node("levels", s), "for", "clear_for")
			c.names(r, n.Node("levels", s, "when"))
			c.names(r, n.Node("levels", s, "clear"))
		}
	}
	c.names(r, n.Node("when"))
	c.names(r, n.Node("clear"))
	c.timings(r, n, "for", "clear_for")
	c.timings(r, n.Node("forecast"), "within", "window")
}

// names judges the words of a condition: each is a parameter or a function's.
func (c *checker) names(r *Rule, n *yamldoc.Node) {
	if n.Kind() != yamldoc.Scalar {
		return
	}
	text := n.Text()
	for _, w := range words(text) {
		word := text[w.at:w.end]
		switch {
		case w.called || slices.Contains(kept, word):
		case w.dotted:
			c.say(n.TextProblem(w.at, w.end-w.at, "E3005", "a pack knows no site's streams"), "make it a parameter: {is: stream, metric: …}")
			return
		case r.parameter(word) == nil:
			c.say(n.TextProblem(w.at, w.end-w.at, "E3005", fmt.Sprintf("%s has no parameter %q", r.ID, word)), yamldoc.Hint(word, r.parameterNames()))
		}
	}
}

// timings judges keys that are durations or name one.
func (c *checker) timings(r *Rule, n *yamldoc.Node, keys ...string) {
	for _, key := range keys {
		t := n.Node(key)
		if t.Kind() != yamldoc.Scalar || !isName(t.Text()) {
			continue
		}
		if p := r.parameter(t.Text()); p == nil || p.Is != Duration {
			c.say(t.Problem("E3005", fmt.Sprintf("%q is neither a duration nor a parameter that is one", t.Text())), "write 5m, or the name of a parameter with is: duration")
		}
	}
}

// Problem reports something about the rule as a whole, at its place in the file.
func (r *Rule) Problem(id, msg string) yamldoc.Problem { return r.node.KeyProblem(id, msg) }

func (r *Rule) parameter(name string) *Parameter {
	for i := range r.Parameters {
		if r.Parameters[i].Name == name {
			return &r.Parameters[i]
		}
	}
	return nil
}

func (r *Rule) parameterNames() (names []string) {
	for _, p := range r.Parameters {
		names = append(names, p.Name)
	}
	return names
}

func (c *checker) parameter(name string, n *yamldoc.Node, k paramKeys) Parameter {
	p := Parameter{Name: name, Is: k.Is, Unit: k.Unit, Default: k.Default, Example: k.Example, Optional: k.Optional, About: k.About}
	if !isName(name) || slices.Contains(kept, name) {
		c.say(n.KeyProblem("E3005", fmt.Sprintf("%q cannot be a parameter's name", name)), "write small letters, digits and _, a letter first")
	}
	if name == "hold" { // beside use that word is the site's
		c.say(n.KeyProblem("E3005", "hold is how long an alert stays, and each site says it beside use"), "call it for, if it is how long something must last")
	}
	switch k.Is {
	case Stream:
		c.measures(&p, n, k)
	case Number, Duration:
		p.Min, p.Max = c.bound(&p, n.Node("min")), c.bound(&p, n.Node("max"))
	case "":
		return p // the decoder has said so
	default:
		c.say(n.Node("is").Problem("E3005", fmt.Sprintf("%q is no kind of parameter", k.Is)), yamldoc.Hint(k.Is, []string{Stream, Number, Duration}))
		return p
	}
	for key, only := range map[string]string{"metric": Stream, "also": Stream, "unit": Number} {
		if m := n.Node(key); m != nil && k.Is != only {
			c.say(m.KeyProblem("E3005", fmt.Sprintf("a %s has no %s", k.Is, key)), "delete it")
		}
	}
	if k.Is != Stream {
		c.values(&p, n)
	}
	return p
}

// values judges a default and an example. One of them must be there, for pages and tests.
func (c *checker) values(p *Parameter, n *yamldoc.Node) {
	for _, key := range []string{"default", "example"} {
		m := n.Node(key)
		if m == nil {
			continue
		}
		if _, e := p.value(m.Text(), nil); e != nil {
			c.say(m.Problem("E3005", e.Msg), e.Hint)
		}
	}
	if n.Node("default") == nil && n.Node("example") == nil {
		c.say(n.KeyProblem("E3005", p.Name+" has neither a default nor an example"), "add default: …, or example: … if each site must say its own")
	}
}

// measures reads what a stream may measure.
func (c *checker) measures(p *Parameter, n *yamldoc.Node, k paramKeys) {
	at := n.Node("metric")
	if at == nil {
		c.say(n.KeyProblem("E3005", p.Name+" has no metric"), "add metric: …, as the catalogue calls it")
		return
	}
	p.Metric = c.metric(at, k.Metric)
	for i, name := range k.Also {
		at := n.Node("also", strconv.Itoa(i))
		m := c.metric(at, name)
		if m.Name != "" && m.Unit != p.Metric.Unit {
			c.say(at.Problem("E3005", fmt.Sprintf("%s and %s have different units", name, k.Metric)), "leave it out")
		}
		p.Also = append(p.Also, m)
	}
}

func (c *checker) metric(at *yamldoc.Node, name string) obs.Metric {
	m, ok := c.reader.Metrics.Lookup(name)
	if !ok {
		var names []string
		for _, m := range c.reader.Metrics.All() {
			names = append(names, m.Name)
		}
		hint := "lamppost driver list shows what is measured"
		if near, ok := yamldoc.Nearest(name, names); ok {
			hint = fmt.Sprintf("did you mean %q?", near)
		}
		c.say(at.Problem("E3005", fmt.Sprintf("there is no metric %q", name)), hint)
	}
	return m
}

func (c *checker) bound(p *Parameter, n *yamldoc.Node) *float64 {
	if n == nil {
		return nil
	}
	v, err := strconv.ParseFloat(n.Text(), 64)
	if p.Is == Duration {
		d, derr := yamldoc.ParseDuration(n.Text())
		v, err = d.Seconds(), derr
	}
	if err != nil {
		c.say(n.Problem("E3005", fmt.Sprintf("%q is not a %s", n.Text(), p.Is)), "write one")
		return nil
	}
	return &v
}

var (
	field    = regexp.MustCompile(`\{[^{}]*\}?`)
	official = regexp.MustCompile(`[红橙黄蓝]色?预警`)
)

// texts judges what a rule says to people.
func (c *checker) texts(n *yamldoc.Node, fields []string) {
	for _, lang := range n.Keys() {
		m := n.Node(lang)
		text := m.Text()
		for _, at := range field.FindAllStringIndex(text, -1) {
			if name := strings.Trim(text[at[0]:at[1]], "{}"); !slices.Contains(fields, name) {
				c.say(m.TextProblem(at[0], at[1]-at[0], "E3005", "a message has no field "+text[at[0]:at[1]]), yamldoc.Hint(name, fields))
			}
		}
		if at := official.FindStringIndex(text); at != nil {
			c.say(m.TextProblem(at[0], at[1]-at[0], "E3005", "these words belong to warnings that the authorities issue"), "write what was measured; the severity is shown beside it")
		}
	}
}
