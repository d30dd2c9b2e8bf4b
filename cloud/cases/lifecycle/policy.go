package lifecycle

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// Limit is how long a step may take: a number of minutes (5m), hours (4h) or days (2d) as
// the clock goes, or of working hours (5wh) or working days (1wd) as the calendar does.
type Limit struct {
	N    int
	Unit string
}

var units = []string{"wh", "wd", "m", "h", "d"} // the longer ones first: 1wd ends with d

// maxLimit bounds a limit's number: no step takes more than 1000 of anything.
const maxLimit = 1000

// UnmarshalText reads 5m, 4h, 2d, 5wh or 1wd.
func (l *Limit) UnmarshalText(b []byte) error {
	for _, unit := range units {
		if digits, found := strings.CutSuffix(string(b), unit); found {
			n, err := strconv.Atoi(digits)
			if err != nil || n < 1 || n > maxLimit {
				break
			}
			*l = Limit{n, unit}
			return nil
		}
	}
	return fmt.Errorf("%q is no limit; write 5m, 4h, 2d, or 5wh and 1wd of working time, up to %d", b, maxLimit)
}

// String writes the limit as UnmarshalText reads it.
func (l Limit) String() string { return strconv.Itoa(l.N) + l.Unit }

func (l Limit) working() bool { return l.Unit == "wh" || l.Unit == "wd" }

// Limits says, for steps and severities, how long they may take.
type Limits map[Step]map[wire.Severity]Limit

// Policy is what a city decides about its cases. Times are exact; the zero value allows
// nothing: begin with DefaultPolicy.
type Policy struct {
	Limits     Limits            `yaml:"limits"`
	Categories map[string]Limits `yaml:"categories"` // category code → limits that differ
	Calendar   Calendar          `yaml:"calendar"`

	Hold        time.Duration                   `yaml:"hold" range:"1m..168h"`          // how long a condition stays cleared before that counts
	CloseAfter  time.Duration                   `yaml:"close_after" range:"1m..720h"`   // verified and slight: closed of itself
	ReopenIn    time.Duration                   `yaml:"reopen_within" range:"1h..720h"` // after closing
	SuspendFor  time.Duration                   `yaml:"suspend_for" range:"1h..2160h"`  // in all
	Shelve      map[wire.Severity]time.Duration `yaml:"shelve_for" range:"1m..720h"`    // a severity that is not here cannot be shelved
	StartLevel  map[wire.Severity]Level         `yaml:"start_level"`                    // up to where a new case is told at once
	MaxReturns  int                             `yaml:"max_returns" range:"0..20"`      // then a dispatcher decides
	ReworkLevel int                             `yaml:"rework_level" range:"1..20"`     // rejected so often: one level up
	Answer      string                          `yaml:"answer"`                         // of a case that closes of itself, see DefaultPolicy

	Join Joining `yaml:"join"`
}

// Joining says when an alert belongs to a case that is open.
type Joining struct {
	Within     time.Duration `yaml:"within" range:"1m..24h"`         // same place and kind: since the case last heard of one
	Recurrence time.Duration `yaml:"recurrence" range:"1h..720h"`    // the same again after closing: said to recur
	Storm      int           `yaml:"storm" range:"2..1000"`          // so many cases of a kind in a district …
	StormIn    time.Duration `yaml:"storm_within" range:"1m..24h"`   // … within this time are a storm
	Cause      time.Duration `yaml:"cause_within" range:"1s..24h"`   // a symptom's cause may come so much later
	Quiet      time.Duration `yaml:"quiet" range:"1m..24h"`          // no change for so long: calm again
	Restless   int           `yaml:"restless_changes" range:"2..20"` // more changes than this within Quiet: restless
}

// DefaultPolicy returns what holds where a city says nothing.
//
// In Answer, {count} is how often the condition was met, {from} and {to} when it began and
// ended, in the calendar's zone.
func DefaultPolicy() Policy {
	limits := func(red, orange, yellow, blue string) map[wire.Severity]Limit {
		out := map[wire.Severity]Limit{}
		for i, text := range []string{red, orange, yellow, blue} {
			var l Limit
			_ = l.UnmarshalText([]byte(text)) // constants of this function, tested
			out[severities[i]] = l
		}
		return out
	}
	return Policy{
		Limits: Limits{
			StepAcknowledge: limits("5m", "10m", "30m", "4h"),
			StepDispatch:    limits("10m", "20m", "2h", "1wd"),
			StepSign:        limits("10m", "30m", "2h", "1wd"),
			StepHandle:      limits("2h", "8h", "2d", "5wd"),
			StepVerify:      limits("2h", "8h", "1d", "2wd"),
			StepClose:       limits("4h", "1d", "2d", "3wd"),
		},
		Calendar: DefaultCalendar(),
		Hold:     30 * time.Minute, CloseAfter: 24 * time.Hour, ReopenIn: 72 * time.Hour, SuspendFor: 240 * time.Hour,
		Shelve:     map[wire.Severity]time.Duration{wire.Orange: time.Hour, wire.Yellow: 8 * time.Hour, wire.Blue: 24 * time.Hour},
		StartLevel: map[wire.Severity]Level{wire.Red: District, wire.Orange: Street},
		MaxReturns: 2, ReworkLevel: 3,
		Answer: "自 {from} 起告警 {count} 次，{to} 起恢复正常，未再出现。 Since {from}: {count} time(s); normal since {to}, and it has not come back.",
		Join: Joining{Within: 30 * time.Minute, Recurrence: 24 * time.Hour, Storm: 10, StormIn: 10 * time.Minute,
			Cause: 2 * time.Minute, Quiet: 10 * time.Minute, Restless: 5},
	}
}

// Draft is DefaultPolicy for a document to be decoded over; Settle makes it a policy.
func Draft() Policy {
	p := DefaultPolicy()
	p.Limits = nil
	return p
}

// Settle completes a Draft that a document was decoded over: of limits, each single one
// that the document does not say is DefaultPolicy's. say is told what no policy can be, and
// where.
func (p *Policy) Settle(say func(why string, path ...string)) {
	own := p.Limits
	p.Limits = DefaultPolicy().Limits
	for step, by := range own {
		if p.Limits[step] != nil {
			maps.Copy(p.Limits[step], by)
		}
	}
	p.check(own, say)
}

// ParsePolicy reads a policy as YAML over the defaults: what the file does not say stays as
// DefaultPolicy has it, and of limits each single one. file names the source in the error,
// which is yamldoc.Problems; of its ids, E5101 is something that no policy can be.
func ParsePolicy(file string, src []byte) (Policy, error) {
	p := Draft()
	doc, err := yamldoc.Parse(file, src)
	if doc == nil {
		return Policy{}, err
	}
	if err = errors.Join(err, doc.Decode(&p)); err != nil {
		return Policy{}, err
	}
	var ps yamldoc.Problems
	p.Settle(func(why string, path ...string) { ps = append(ps, doc.Problem(path, "E5101", why)) })
	return p, ps.Err()
}

// check says what a document can hold and a policy cannot; own are the limits that it has.
func (p Policy) check(own Limits, say func(string, ...string)) {
	p.checkLimits(own, []string{"limits"}, say)
	for _, name := range slices.Sorted(maps.Keys(p.Categories)) {
		p.checkLimits(p.Categories[name], []string{"categories", name}, say)
	}
	for s := range p.Shelve {
		if s == wire.Red || s.Validate() != nil {
			say("shelve_for has times for orange, yellow and blue; red is never shelved", "shelve_for", string(s))
		}
	}
	for s, l := range p.StartLevel {
		if s.Validate() != nil || !slices.Contains(levels, l) {
			say("start_level has for red, orange, yellow or blue one of grid, community, street, district, city and province", "start_level", string(s))
		}
	}
	if err := p.Calendar.check(); err != nil {
		say(err.Error(), "calendar")
	}
}

func (p Policy) checkLimits(l Limits, path []string, say func(string, ...string)) {
	for step, by := range l {
		if !slices.Contains(steps, step) {
			say("limits are for acknowledge, dispatch, sign, handle, verify and close", append(slices.Clone(path), string(step))...)
		}
		for s := range by {
			if s.Validate() != nil {
				say("limits have one time for each of red, orange, yellow and blue", append(slices.Clone(path), string(step), string(s))...)
			}
		}
	}
}

// limit returns how long a step may take.
func (p Policy) limit(step Step, category string, s wire.Severity) Limit {
	return cmp.Or(p.Categories[category][step][s], p.Limits[step][s])
}

// due returns when a step that began at start reaches half, all and twice its limit.
func (p Policy) due(l Limit, start int64) (half, full, twice int64) {
	t := time.UnixMilli(start)
	if !l.working() {
		one := map[string]time.Duration{"m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}[l.Unit]
		d := (time.Duration(l.N) * one).Milliseconds()
		return start + d/2, start + d, start + 2*d
	}
	end := p.Calendar.AddDays(t, l.N)
	if l.Unit == "wh" {
		end = p.Calendar.Add(t, time.Duration(l.N)*time.Hour)
	}
	work := p.Calendar.Between(t, end)
	return p.Calendar.Add(t, work/2).UnixMilli(), end.UnixMilli(), p.Calendar.Add(t, 2*work).UnixMilli()
}
