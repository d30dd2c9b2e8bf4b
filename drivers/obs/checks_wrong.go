package obs

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// MaxFlat is the longest flat line that is looked for.
const MaxFlat = 30 * 24 * time.Hour

// leastFlat is how many intervals a flat line lasts at least: a part that resolves
// little repeats its last value a few times by itself.
const leastFlat = 5

// CheckError is something wrong with a layer of checks, or with all layers together.
type CheckError struct {
	Path []string // "spike", "fail"; the key may be missing
	Msg  string   // what is wrong; behind "; " what to write
}

// Wrong judges c, in which all layers are together; every is the stream's interval, 0
// where it is not known.
func (c Checks) Wrong(every time.Duration) []CheckError {
	w := &wrongs{every: every}
	if g := c.Gross; g != nil {
		w.spans(g.Suspect, g.Fail, "gross")
	}
	for i, s := range c.Climatology {
		at, before := []string{"climatology", strconv.Itoa(i)}, len(w.all)
		if w.season(s, at...); len(w.all) == before && s.within(c.Climatology[i+1:]) {
			w.say("what stands below says it for all of this time, and the last one counts; put this one below, or delete it", at...)
		}
	}
	if k := c.Spike; k != nil && !k.Off {
		w.word(k.Method, []string{"differential", "average"}, "spike", "method")
		w.rising(k.Suspect, k.Fail, "spike")
	}
	if k := c.Rate; k != nil && !k.Off {
		w.rising(k.Suspect, k.Fail, "rate")
	}
	w.flat(c.Flat)
	w.attenuated(c.Attenuated)
	w.beside(c)
	if k := c.Gap; k != nil && !k.Off && k.Fail <= every {
		w.say(fmt.Sprintf("every value comes %s after the one before; write more than that", every), "gap", "fail")
	}
	w.word(c.Rollup, []string{"strict"}, "rollup")
	return w.all
}

type wrongs struct {
	every time.Duration
	all   []CheckError
}

func (w *wrongs) say(msg string, path ...string) { w.all = append(w.all, CheckError{path, msg}) }

func (w *wrongs) word(got string, valid []string, path ...string) {
	for _, v := range valid {
		if got == "" || got == v {
			return
		}
	}
	w.say(fmt.Sprintf("%q is not known here; write %s", got, strings.Join(valid, " or ")), path...)
}

func (w *wrongs) spans(suspect, fail []float64, path ...string) {
	at := func(key string) []string { return append(path[:len(path):len(path)], key) }
	if len(suspect) != 0 && len(suspect) != 2 {
		w.say("a span has two ends; write [lowest, highest]", at("suspect")...)
		return
	}
	if len(fail) != 0 && len(fail) != 2 {
		w.say("a span has two ends; write [lowest, highest]", at("fail")...)
		return
	}
	if w.backwards(suspect, at("suspect")) || w.backwards(fail, at("fail")) {
		return
	}
	if len(suspect) == 2 && len(fail) == 2 && (min(suspect[0], suspect[1]) < min(fail[0], fail[1]) || max(suspect[0], suspect[1]) > max(fail[0], fail[1])) {
		w.say(fmt.Sprintf("%v reaches beyond %v, where values fail already; keep suspect inside fail", suspect, fail), at("suspect")...)
	}
}

// backwards reports a span whose greater end stands first: perhaps what lies outside of it
// was meant. One without a width lets nothing pass.
func (w *wrongs) backwards(span []float64, path []string) bool {
	if len(span) != 2 || span[0] < span[1] {
		return false
	}
	if span[0] == span[1] {
		w.say(fmt.Sprintf("%v has no width; write two different ends, [lowest, highest]", span), path...)
		return true
	}
	w.say(fmt.Sprintf("%v is written backwards; write [%v, %v]", span, span[1], span[0]), path...)
	return true
}

func (w *wrongs) season(s Season, path ...string) {
	n := 0
	for _, u := range []struct {
		key         string
		span        []int
		first, last int
	}{{"months", s.Months, 1, 12}, {"weeks", s.Weeks, 1, 53}, {"days", s.Days, 1, 366}, {"weekdays", s.Weekdays, 1, 7}, {"quarters", s.Quarters, 1, 4}, {"hours", s.Hours, 0, 23}} {
		if len(u.span) == 0 {
			continue
		}
		if n++; len(u.span) != 2 || min(u.span[0], u.span[1]) < u.first || max(u.span[0], u.span[1]) > u.last {
			w.say(fmt.Sprintf("%v is no span of %s; write [first, last] of %d to %d", u.span, u.key, u.first, u.last), append(path[:len(path):len(path)], u.key)...)
		}
	}
	if n > 1 {
		w.say("a season has one calendar; write one of months, weeks, days, weekdays, quarters, hours", path...)
	}
	if len(s.Suspect) == 0 {
		w.say("a season says what is usual; write suspect: [lowest, highest]", path...)
	}
	w.spans(s.Suspect, s.Fail, path...)
}

// rising judges two thresholds of which suspect is reached first; one of 0 is none.
func (w *wrongs) rising(suspect, fail *float64, test string) {
	none := func(v *float64) bool { return v == nil || *v == 0 }
	switch {
	case none(suspect) && none(fail) && (suspect != nil || fail != nil):
		key := map[bool]string{true: "suspect", false: "fail"}[fail == nil]
		w.say("a threshold of 0 is none, so nothing is tested; write a greater one, or off: true", test, key)
	case suspect == nil && fail == nil:
		w.say("the test has no threshold; write suspect, fail or both, or off: true", test)
	case suspect != nil && *suspect < 0:
		w.say(fmt.Sprintf("%v is below nought; write 0 or more", *suspect), test, "suspect")
	case fail != nil && *fail < 0:
		w.say(fmt.Sprintf("%v is below nought; write 0 or more", *fail), test, "fail")
	case suspect != nil && fail != nil && *fail > 0 && *suspect > *fail:
		w.say(fmt.Sprintf("a value fails at %v already; write less than that", *fail), test, "suspect")
	}
}

func (w *wrongs) flat(k *FlatCheck) {
	if k == nil || k.Off {
		return
	}
	if k.Suspect+k.Fail == 0 {
		w.say("the test has no duration; write suspect, fail or both, like 30m, or off: true", "flat")
	}
	for _, d := range []struct {
		key string
		d   time.Duration
	}{{"suspect", k.Suspect}, {"fail", k.Fail}} {
		least := leastFlat * w.every
		switch {
		case d.d == 0:
		case d.d < least:
			w.say(fmt.Sprintf("a value that stands for %s is nothing unusual with one every %s; write %s or longer", short(d.d), short(w.every), short(least)), "flat", d.key)
		case d.d > MaxFlat:
			w.say("a flat line is found after 30 days at most; write 30d or less", "flat", d.key)
		case k.Compat != "" && w.every > 0 && d.d/w.every >= MaxWindow:
			w.say(fmt.Sprintf("compat keeps a value for each interval, %d at most; write %s or less, or leave compat out", MaxWindow, short(w.every*(MaxWindow-1))), "flat", d.key)
		}
	}
	if k.Suspect > 0 && k.Fail > 0 && k.Suspect > k.Fail {
		w.say(fmt.Sprintf("a value fails after %s already; write less than that", short(k.Fail)), "flat", "suspect")
	}
	if k.Tolerance != nil && *k.Tolerance <= 0 {
		w.say("nothing moves by less than nought; write half of what the part resolves", "flat", "tolerance")
	}
	w.word(k.Compat, []string{"ioos"}, "flat", "compat")
}

func (w *wrongs) attenuated(k *AttenuatedCheck) {
	if k == nil || k.Off {
		return
	}
	w.word(k.Method, []string{"std", "range"}, "attenuated", "method")
	switch {
	case k.Window <= 0:
		w.say("the test has no window; write window: 12h, for example", "attenuated")
	case k.Window < 3*w.every:
		w.say(fmt.Sprintf("a window holds three values at least; write %s or longer", short(3*w.every)), "attenuated", "window")
	case w.every > 0 && k.Window/w.every > MaxWindow:
		w.say(fmt.Sprintf("a window holds %d values at most; write %s or less", MaxWindow, short(w.every*MaxWindow)), "attenuated", "window")
	case w.every > 0 && time.Duration(k.Samples) > k.Window/w.every:
		w.say(fmt.Sprintf("only %d values come within the window; write less", k.Window/w.every), "attenuated", "samples")
	}
	switch {
	case k.Suspect == nil && k.Fail == nil:
		w.say("the test has no threshold; write suspect, fail or both, or off: true", "attenuated")
	case k.Suspect != nil && k.Fail != nil && *k.Suspect < *k.Fail:
		w.say(fmt.Sprintf("a signal fails below %v already; write more than that", *k.Fail), "attenuated", "suspect")
	}
}

// beside judges the tests that look at another stream, or at the site.
func (w *wrongs) beside(c Checks) {
	if k := c.Multivariate; k != nil && !k.Off {
		w.with(k.With, k.Within, "multivariate")
		if k.Suspect == nil || k.Moves == nil {
			w.say("the test needs both thresholds; write suspect: for a jump here, moves: for one beside it", "multivariate")
		}
	}
	if k := c.Neighbour; k != nil && !k.Off {
		w.with(k.With, k.Within, "neighbour")
		w.rising(k.Suspect, k.Fail, "neighbour")
	}
	if k := c.Location; k != nil && !k.Off && k.Suspect == nil && k.Step == nil {
		w.say("the test has no distance; write suspect: 200, in metres from the site", "location")
	}
}

func (w *wrongs) with(stream string, within time.Duration, test string) {
	if _, err := ParseDotted(stream); err != nil {
		w.say(fmt.Sprintf("%v; write with: river.level, for example", err), test, "with")
	}
	if within <= 0 {
		w.say("the test does not know how old the other value may be; write within: 10m, for example", test)
	}
}

// short writes a duration without parts that are zero.
func short(d time.Duration) string {
	switch {
	case d >= 48*time.Hour && d%(24*time.Hour) == 0:
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	case d >= time.Hour && d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d >= time.Minute && d%time.Minute == 0:
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return d.String()
}
