package rule

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Spec is a rule as it is written: one condition, or several of different severity.
type Spec struct {
	ID       string
	When     string        // the condition; empty if there are Levels
	Clear    string        // ends it; empty: when When is false
	For      time.Duration // how long it must be met before the rule raises
	ClearFor time.Duration // how long it must be over before the rule clears
	Hold     time.Duration // how long an alert stays at least, from its raise on
	Levels   [MaxLevels]Level
	Forecast Forecast
	// Flapping is over which time changes of the alert are weighed; 0: as long as ten of the
	// shortest cycles that its own times allow, twenty minutes at least; negative: they
	// are not.
	Flapping time.Duration
	Schedule Schedule
	Depends  [MaxDepends]string // ids of rules whose standing alert keeps this one back
}

// MaxLevels is how many severities a rule may have.
const MaxLevels = 4

// Level is one step of a rule's ladder. Those of a Spec stand in order, the most
// severe first; one without a When is not there.
type Level struct {
	Severity    string
	When, Clear string
	For         time.Duration
	ClearFor    time.Duration
	Hold        time.Duration
}

// Forecast lets a rule speak before its limit is reached. It needs a condition that
// compares one stream with a number; of several levels it is for the least severe.
type Forecast struct {
	Severity string        // of the pre-alert
	Within   time.Duration // how far ahead; 0: no forecast
	Window   time.Duration // from which readings; at least half of Within
	Method   Method        // empty: TheilSen
}

// Error is one thing that is wrong with a rule's text.
type Error struct {
	Field  string // "when", "clear", "forecast", or below: "levels.red.when", "forecast.window"
	Offset int    // bytes into that text
	Length int    // bytes, may be 0
	ID     string
	Msg    string // what is wrong
	Hint   string // what would be valid; may be empty
}

func (e *Error) Error() string {
	s := fmt.Sprintf("%s, byte %d: %s %s", e.Field, e.Offset, e.ID, e.Msg)
	if e.Hint != "" {
		s += "; " + e.Hint
	}
	return s
}

// Rule is a checked rule. It is never changed and may be shared.
type Rule struct {
	spec   Spec
	stages []*stage // the most severe first, the forecast last
	slot   int64    // ms in which changes of the alert count as one; 0: they are not weighed
}

// stage is one condition of a rule.
type stage struct {
	Standing
	when, clear   *program      // clear nil: not when
	raise, settle time.Duration // the timers of Pending and Clearing
	hold          time.Duration // how long it stays raised at least
}

// ID returns the rule's id.
func (r *Rule) ID() string { return r.spec.ID }

// Spec returns what the rule was made from.
func (r *Rule) Spec() Spec { return r.spec }

// Streams returns the streams that the rule reads, each once, in the order of the
// text.
func (r *Rule) Streams() (all []obs.Stream) {
	for _, st := range r.stages {
		for _, p := range []*program{st.when, st.clear} {
			if p == nil {
				continue
			}
			for _, x := range p.reads {
				if !slices.Contains(all, x.stream) {
					all = append(all, x.stream)
				}
			}
		}
	}
	return all
}

// Subject returns the stream that the rule is about, the first that its most severe
// condition reads, and the constant it is compared with, NaN if there is none.
func (r *Rule) Subject() (obs.Stream, float64) {
	when := r.stages[0].when
	if len(when.compared) == 0 {
		return when.reads[0].stream, math.NaN()
	}
	c := when.compared[when.first()]
	return c.stream, c.limit
}

// Compile checks a rule and makes it ready. It reports everything it finds.
func Compile(s Spec, known Streams) (*Rule, []*Error) { return compileSpec(s, known, nil) }

func compileSpec(s Spec, known Streams, names map[string]Name) (*Rule, []*Error) {
	r := &Rule{spec: s}
	var errs []*Error
	levels := 0
	for _, l := range s.Levels {
		if l.When == "" && l.Severity == "" {
			continue
		}
		levels++
		st, found := compileStage(l, "levels."+l.Severity+".", known, names)
		r.stages, errs = append(r.stages, st), append(errs, found...)
	}
	if levels == 0 {
		st, found := compileStage(Level{When: s.When, Clear: s.Clear, For: s.For, ClearFor: s.ClearFor, Hold: s.Hold}, "", known, names)
		r.stages, errs = append(r.stages, st), append(errs, found...)
	}
	if len(errs) == 0 {
		errs = append(errs, ladder(r.stages)...)
	}
	if len(errs) == 0 && s.Forecast != (Forecast{}) {
		st, found := foresee(s.Forecast, r.stages[len(r.stages)-1], known)
		r.stages, errs = append(r.stages, st), append(errs, found...)
	}
	if len(errs) > 0 {
		return nil, errs
	}
	r.slot = r.weighed().Milliseconds() / chances
	return r, nil
}

// compileStage compiles a condition and what ends it. at is put before the names of
// its fields.
func compileStage(l Level, at string, known Streams, names map[string]Name) (*stage, []*Error) {
	st := &stage{Standing: Standing{Stage: StageActual, Severity: l.Severity}, raise: l.For, settle: l.ClearFor, hold: l.Hold}
	var errs []*Error
	add := func(field string, found []*Error) {
		for _, e := range found {
			e.Field = at + field
			errs = append(errs, e)
		}
	}
	var found []*Error
	st.when, found = compile(l.When, known, names)
	add("when", found)
	if strings.TrimSpace(l.Clear) != "" {
		st.clear, found = compile(l.Clear, known, names)
		add("clear", ending(found))
	}
	if len(errs) == 0 && st.clear != nil {
		add("clear", crossed(st.when, st.clear, l.When))
		st.clear.doubts = append(st.clear.doubts, foreign(st.when, st.clear, l.Clear)...)
	}
	if len(errs) == 0 {
		wrong, never := calm(st.when, st.clear, l.When, l.Clear)
		add("when", wrong)
		add("clear", never)
	}
	return st, errs
}

// ending says of what is wrong with a clear what it means for the alert.
func ending(found []*Error) []*Error {
	for _, e := range found {
		switch e.ID {
		case "E3115":
			e.Msg = e.Msg + ", so the alert would never end"
		case "E3116":
			e.Hint = "delete it: without a clear the alert ends when its condition is over"
		}
	}
	return found
}

// Doubts returns what is probably not meant as it is written, as Compile returns what is
// wrong: fields, places and ids, which begin with W.
func (r *Rule) Doubts() (all []*Error) {
	for _, st := range r.stages {
		if st.Stage == StageForecast {
			continue // it is made of the last one
		}
		at := ""
		if len(r.spec.Levels[0].When) > 0 {
			at = "levels." + st.Severity + "."
		}
		for field, p := range map[string]*program{"when": st.when, "clear": st.clear} {
			if p == nil {
				continue
			}
			for _, e := range p.doubts {
				doubt := *e
				doubt.Field = at + field
				all = append(all, &doubt)
			}
		}
	}
	return all
}

// ladder finds a level that a more severe one does not lie beyond, where both are
// one comparison of the same thing with a number.
func ladder(stages []*stage) (errs []*Error) {
	for i := 1; i < len(stages); i++ {
		worse, st := stages[i-1], stages[i]
		a, b := worse.when.limitOf(), st.when.limitOf()
		if a == nil || b == nil || !a.value.equal(b.value, worse.when, st.when) {
			continue
		}
		up := b.kind == opMore || b.kind == opMoreEq
		if up != (a.kind == opMore || a.kind == opMoreEq) {
			worse.when.doubts = append(worse.when.doubts, &Error{Offset: a.at, Length: a.length, ID: "W3102",
				Msg: fmt.Sprintf("%s goes the other way than %s, and one alert stands for both", worse.Severity, st.Severity), Hint: "turn one of the comparisons round, or make two rules"})
			continue
		}
		if up && a.limit > b.limit || !up && a.limit < b.limit {
			continue
		}
		than := "higher"
		if !up {
			than = "lower"
		}
		errs = append(errs, &Error{Field: "levels." + worse.Severity + ".when", Offset: a.at, Length: a.length, ID: "E3113",
			Msg:  fmt.Sprintf("%s is more severe than %s but does not lie beyond it (%s, %s)", worse.Severity, st.Severity, short(a.limit), short(b.limit)),
			Hint: fmt.Sprintf("%s must be %s than %s", worse.Severity, than, short(b.limit))})
	}
	return errs
}
