package rehearsal

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/edge/rule"
)

// Test is readings with what is to become of them.
type Test struct {
	Name   string
	Rule   string            // its id: of a pack, or of a configuration
	With   map[string]string // what is said for the parameters of a pack's rule
	Every  time.Duration
	Series map[string][]Point // by stream, or by parameter
	Expect []Change
	Until  time.Duration
	// Start is the time of the place at which it begins, for schedules, as if the place
	// were at Greenwich; zero: nobody knows the time, and schedules do not count.
	Start time.Time

	Node *yamldoc.Node // where it stands
}

// Change is what is to become of an alert, at the earliest From and at the latest To.
type Change struct {
	From, To time.Duration
	Is       rule.Standing // the zero value: normal
}

type testKeys struct {
	Name   string            `yaml:"name,required"`
	Use    string            `yaml:"use"`
	Rule   string            `yaml:"rule"`
	With   map[string]string `yaml:"with"`
	Every  time.Duration     `yaml:"every"`
	Series map[string]string `yaml:"series,required"`
	Expect map[string]string `yaml:"expect"`
	Until  time.Duration     `yaml:"until"`
	Start  string            `yaml:"start"`
}

// Limits of a test.
const (
	maxTests   = 500
	maxEnd     = 30 * 24 * time.Hour
	usualEvery = 10 * time.Second
)

// Parse reads a list of tests. Those of a pack name their rule under use, others under
// rule. What is wrong comes as problems beside those that can be read.
func Parse(n *yamldoc.Node, pack bool) (tests []Test, wrong yamldoc.Problems) {
	if n.Kind() == yamldoc.Null {
		return nil, nil
	}
	var keys []testKeys
	err := n.Decode(&keys)
	var ps yamldoc.Problems
	if errors.As(err, &ps) {
		wrong = append(wrong, ps...)
	}
	if len(keys) > maxTests {
		return nil, append(wrong, n.Problem("E3204", fmt.Sprintf("%d tests are too many for one file", len(keys))).WithHint(fmt.Sprintf("at most %d; make two files of it", maxTests)))
	}
	for i, k := range keys {
		t, more := parseTest(n.Node(fmt.Sprint(i)), k, pack)
		if wrong = append(wrong, more...); len(more) == 0 && err == nil {
			tests = append(tests, t)
		}
	}
	return tests, wrong
}

func parseTest(n *yamldoc.Node, k testKeys, pack bool) (t Test, wrong yamldoc.Problems) {
	say := func(p yamldoc.Problem, hint string) { wrong = append(wrong, p.WithHint(hint)) }
	t = Test{Name: k.Name, Rule: k.Rule, With: k.With, Every: k.Every, Until: k.Until, Series: map[string][]Point{}, Node: n}
	key, other := "rule", "use"
	if pack {
		key, other, t.Rule = "use", "rule", k.Use
	}
	switch {
	case n.Node(other) != nil:
		say(n.Node(other).KeyProblem("E3201", other+" does not belong here"), "write "+key+": …")
	case t.Rule == "":
		say(n.Problem("E3201", "this test names no rule"), "write "+key+": …")
	case !pack && n.Node("with") != nil:
		say(n.Node("with").KeyProblem("E3201", "with belongs to the tests of a pack"), "the configuration says it")
	}
	if n.Node("every") == nil {
		t.Every = usualEvery
	}
	if t.Every < time.Second || t.Every > 24*time.Hour {
		say(n.Node("every").Problem("E3204", "this interval cannot be"), "write 1s to 1d")
		t.Every = usualEvery
	}
	if n.Node("start") != nil {
		var ok bool
		if t.Start, ok = parseStart(k.Start); !ok {
			say(n.Node("start").Problem("E3204", fmt.Sprintf("%q is no time to start at", k.Start)), "write the time of the place, like \"2026-11-20 22:00\", or \"fri 22:00\"")
		}
	}
	for _, name := range n.Node("series").Keys() {
		points, err := ParseSeries(k.Series[name])
		var at *SeriesError
		if m := n.Node("series", name); errors.As(err, &at) {
			say(m.TextProblem(at.Offset, at.Length, "E3202", at.Msg), at.Hint)
		}
		t.Series[name] = points
	}
	if n.Node("expect") == nil {
		say(n.KeyProblem("E3203", "this test expects nothing, not even that nothing happens"), "write expect: {2m: red}, or expect: {}")
	}
	for _, when := range n.Node("expect").Keys() {
		c, err := parseChange(when, k.Expect[when])
		switch m := n.Node("expect", when); {
		case err != nil:
			say(m.KeyProblem("E3203", err.msg), err.hint)
			continue
		case len(t.Expect) > 0 && c.From < t.Expect[len(t.Expect)-1].From:
			say(m.KeyProblem("E3203", when+" comes before what stands above it"), "put the changes in the order of their times")
		}
		t.Expect = append(t.Expect, c)
	}
	if t.end() > maxEnd {
		say(n.KeyProblem("E3204", "this test takes more than 30 days"), "make it shorter")
	}
	return t, wrong
}

// end is until when a test lasts.
func (t *Test) end() time.Duration {
	end := t.Until
	for _, points := range t.Series {
		end = max(end, time.Duration(max(len(points)-1, 0))*t.Every)
	}
	for _, c := range t.Expect {
		end = max(end, c.To)
	}
	return end
}

// parseStart reads a moment of the place: its day, or any such day of the week, and time.
func parseStart(text string) (time.Time, bool) {
	for _, form := range []string{"2006-01-02 15:04", "2006-01-02 15:04:05"} {
		if at, err := time.Parse(form, text); err == nil {
			return at, true
		}
	}
	day, clock, _ := strings.Cut(text, " ")
	i := slices.Index([]string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}, strings.ToLower(day))
	at, err := time.Parse("15:04", clock)
	if i < 0 || err != nil {
		return time.Time{}, false
	}
	return time.Date(2026, 1, 5+i, at.Hour(), at.Minute(), 0, 0, time.UTC), true // the 5th is a Monday
}

type changeError struct{ msg, hint string }

func parseChange(when, is string) (c Change, wrong *changeError) {
	from, to, ranged := strings.Cut(when, "..")
	if !ranged {
		to = from
	}
	var err, err2 error
	c.From, err = yamldoc.ParseDuration(from)
	c.To, err2 = yamldoc.ParseDuration(to)
	if err != nil || err2 != nil || c.To < c.From {
		return c, &changeError{fmt.Sprintf("%q is no time", when), "write how long after the first reading, like 2m30s, or 2m..3m"}
	}
	word, ahead := strings.CutPrefix(is, "forecast ")
	c.Is = rule.Standing{Stage: rule.StageActual, Severity: word}
	if ahead {
		c.Is.Stage = rule.StageForecast
	}
	switch {
	case is == "normal":
		c.Is = rule.Standing{}
	case !slices.Contains([]string{"red", "orange", "yellow", "blue"}, word):
		return c, &changeError{fmt.Sprintf("%q is nothing that an alert can become", is), "write normal, red, orange, yellow, blue, or forecast before one of them"}
	}
	return c, nil
}
