package config

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// Use names a rule of a pack, and what a site says for its parameters, as written.
type Use struct {
	Rule string
	With map[string]string
}

// Used is what became of a Use.
type Used struct {
	// Rule has the condition, When or Levels with their times, Severity, Forecast,
	// Category and Message. The rest is the site's to say.
	Rule Rule
	// Place says which parameters something wrong in a text of Rule is about, and where
	// the text stands: "flooding.yaml:31:20".
	Place func(TextError) (parameters []string, at string)
}

// UseError is something wrong with a Use.
type UseError struct {
	Parameter     string // empty: about the rule
	ID, Msg, Hint string
}

// PackUser puts a site's values and streams into a rule of a pack.
type PackUser func(Use, []Stream) (Used, []UseError)

// PacksFolder finds the folder of rule packs of a configuration, see [ProfilesFolder].
func PacksFolder(file string, src []byte) (f Folder, ok bool) {
	if f, ok = folderUnder("packs", file, src); ok {
		f.what = "rule packs"
	}
	return f, ok
}

// folderUnder finds the folder that a key of a configuration names.
func folderUnder(key, file string, src []byte) (Folder, bool) {
	doc, _ := yamldoc.Parse(file, src) // its problems are Load's
	if doc == nil {
		return Folder{}, false
	}
	n := doc.Node(key)
	if n.Kind() != yamldoc.Scalar || n.Text() == "" {
		return Folder{}, false
	}
	return Folder{Path: beside(file, n.Text()), what: "device profiles", at: n}, true
}

// Problem tells why the folder cannot be read, at its place in the file.
func (f Folder) Problem(err error) yamldoc.Problem {
	p := f.at.Problem("E2004", fmt.Sprintf("the folder of %s cannot be read: %v", f.what, cause(err)))
	if errors.Is(err, fs.ErrNotExist) {
		return p.WithHint("make " + f.Path + ", or delete the key")
	}
	return p.WithHint("look at " + f.Path)
}

func (l *loader) packs() {
	if !l.has("packs") || l.wrong("packs") {
		return
	}
	if l.raw.Packs == "" {
		l.say("E2004", "the name of the folder of rule packs is empty; write one, like packs, or delete the key", "packs")
		return
	}
	l.config.Packs = beside(l.config.File, l.raw.Packs)
}

// givenByPack are the keys of a rule that a pack says.
var givenByPack = [...]string{"when", "for", "clear", "clear_for", "levels", "forecast"}

// used fills r with what a pack says, and returns what tells the places of its texts;
// ok is false if the rule is none of a pack's.
func (l *loader) used(r *Rule, k ruleKeys) (u *Used, ok bool) {
	if !l.has("rules", r.ID, "use") {
		if l.has("rules", r.ID, "with") {
			l.sayKey("E2707", "with says what a rule of a pack is to use; write use: … beside it, or delete it", "rules", r.ID, "with")
		}
		return nil, false
	}
	for _, key := range givenByPack {
		if l.has("rules", r.ID, key) {
			l.sayKey("E2707", fmt.Sprintf("%s stands beside use, and the pack says it; write what differs under with, or leave use out", key), "rules", r.ID, key)
		}
	}
	if l.env.Packs == nil {
		l.say("E3001", fmt.Sprintf("no pack has a rule %q", k.Use), "rules", r.ID, "use")
		return nil, true
	}
	made, wrong := l.env.Packs(Use{k.Use, k.With}, l.config.Streams())
	for _, e := range wrong {
		l.useWrong(r.ID, k, e)
	}
	if len(wrong) > 0 {
		return nil, true
	}
	was := *r
	*r = made.Rule
	r.ID, r.Use = was.ID, k.Use
	r.Still = was.Still
	if len(was.Message) > 0 {
		r.Message = was.Message
	}
	if was.Category != "" {
		r.Category = was.Category
	}
	l.ownSeverity(r, k)
	return &made, true
}

// ownSeverity lets a site say how severe a rule with one condition is.
func (l *loader) ownSeverity(r *Rule, k ruleKeys) {
	switch {
	case !l.has("rules", r.ID, "severity"):
	case len(r.Levels) > 0:
		l.sayKey("E2707", r.Use+" has levels, each with its own severity; delete severity", "rules", r.ID, "severity")
	default:
		l.severity(k.Severity, "rules", r.ID, "severity")
		r.Severity = wire.Severity(k.Severity)
	}
}

// useWrong puts a problem of a use at the value that it is about.
func (l *loader) useWrong(id string, k ruleKeys, e UseError) {
	if e.Parameter != "" && l.unplanned(k.With[e.Parameter], 0) {
		return // its device was refused, which is told
	}
	n := l.doc.Node("rules", id, "with", e.Parameter)
	if n == nil || e.Parameter == "" {
		n = l.doc.Node("rules", id, "use")
	}
	p := n.Problem(e.ID, e.Msg)
	if e.ID == "E3002" && e.Parameter != "" {
		p = n.KeyProblem(e.ID, e.Msg)
	}
	l.problems = append(l.problems, p.WithHint(e.Hint))
}

// placedUsed puts what is wrong in a text that a pack gave at the site's values that it
// is about, and says where in the pack the text stands.
func (l *loader) placedUsed(r *Rule, u *Used, e TextError) yamldoc.Problem {
	parameters, at := u.Place(e)
	e.Msg = r.Use + "(" + at + "): " + e.Msg
	for _, name := range parameters {
		if n := l.doc.Node("rules", r.ID, "with", name); n != nil {
			if strings.HasPrefix(e.Key, "forecast.") && name != parameters[0] {
				e.Hint = parameters[0] + ": " + e.Hint // which nobody has written, and stands at its default
			}
			return n.Problem(e.ID, e.Msg).WithHint(e.Hint)
		}
	}
	return l.doc.Node("rules", r.ID, "use").Problem(e.ID, e.Msg).WithHint(e.Hint)
}

func packRows(r Rule, add adder, with []string, value func(string) string) {
	if r.Use == "" {
		return
	}
	add(r.Use, "", "rules", r.ID, "use")
	for _, name := range with {
		add(value(name), "", "rules", r.ID, "with", name)
	}
}

// packed is add for a rule: what the file does not say, its pack does.
func (r Rule) packed(add adder) adder {
	if r.Use == "" {
		return add
	}
	return func(value any, other string, path ...string) {
		if show(value) != "" {
			other = "pack rule " + r.Use
		}
		add(value, other, path...)
	}
}
