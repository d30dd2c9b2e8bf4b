package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

// Schedule is when a rule is on duty, in the gateway's time zone.
type Schedule struct {
	Days  []time.Weekday // on which it begins, Monday first; empty: on all
	From  time.Duration  // of the day
	To    time.Duration  // before From: of the next day; equal: the whole day
	Clear bool           // an alert ends with it, instead of by itself
}

type scheduleKeys struct {
	Days []string `yaml:"days"`
	From string   `yaml:"from"`
	To   string   `yaml:"to"`
	Then string   `yaml:"then"`
}

// thens are what may become of an alert when its rule's schedule ends.
var thens = []string{"keep", "clear"}

// week is how days are written, Monday first.
var week = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// Bounds of hold and flapping.
const (
	maxHold     = 24 * time.Hour
	minFlapping = time.Minute
	maxFlapping = 24 * time.Hour
	maxDepends  = 4
)

// calm judges how long an alert stays and how often it may change.
func (l *loader) calm(r *Rule, k ruleKeys) {
	r.Hold = k.Hold
	l.held(r.Hold, "rules", r.ID, "hold")
	for i, v := range r.Levels {
		l.held(v.Hold, "rules", r.ID, "levels", string(v.Severity), "hold")
		if r.Use != "" { // the site holds whatever the pack raises
			r.Levels[i].Hold = k.Hold
		}
	}
	path := []string{"rules", r.ID, "flapping"}
	if !l.has(path...) || l.wrong(path...) {
		return
	}
	switch r.Flapping = k.Flapping; {
	case k.Flapping == 0:
		r.Flapping = -1
	case k.Flapping < minFlapping || k.Flapping > maxFlapping:
		l.say("E2712", fmt.Sprintf("changes cannot be weighed over %s; write %s to %s, or 0s not to weigh them", brief(k.Flapping), brief(minFlapping), brief(maxFlapping)), path...)
	}
}

func (l *loader) held(hold time.Duration, path ...string) {
	if hold > maxHold {
		l.say("E2712", fmt.Sprintf("an alert cannot be held for %s; write %s or less, what lasts longer needs a clear of its own", brief(hold), brief(maxHold)), path...)
	}
}

// schedule judges when a rule is on duty.
func (l *loader) schedule(r *Rule, k scheduleKeys) {
	at := func(keys ...string) []string { return append([]string{"rules", r.ID, "schedule"}, keys...) }
	if !l.has(at()...) || l.wrong(at()...) {
		return
	}
	s := &Schedule{Clear: k.Then == "clear", From: l.timeOfDay(k.From, at("from")...), To: l.timeOfDay(k.To, at("to")...)}
	if l.has(at("then")...) && !slices.Contains(thens, k.Then) {
		l.say("E2712", fmt.Sprintf("%q says nothing of an alert; %s", k.Then, yamldoc.Hint(k.Then, thens)), at("then")...)
	}
	if l.doc.Node(at("days")...) != nil && len(k.Days) == 0 && !l.wrong(at("days")...) {
		l.say("E2712", "this schedule has no day; write [mon-fri], or leave days out for all", at("days")...)
	}
	for i, text := range k.Days {
		s.Days = append(s.Days, l.days(text, at("days", fmt.Sprint(i))...)...)
	}
	switch from, to := l.has(at("from")...), l.has(at("to")...); {
	case from && !to:
		l.say("E2712", "the schedule has a from and no to; write when it ends, like to: 23:30, or leave both out for whole days", at("from")...)
	case to && !from:
		l.say("E2712", "the schedule has a to and no from; write when it begins, like from: 00:30, or leave both out for whole days", at("to")...)
	case !from && len(k.Days) == 0 && !l.wrong(at("days")...):
		l.say("E2712", "this schedule is always; write days, from and to, or leave it out", at()...)
	case from && s.From == s.To && !l.wrong(at("from")...) && !l.wrong(at("to")...):
		l.say("E2712", "from and to are the same; leave both out for whole days", at("to")...)
	}
	slices.SortFunc(s.Days, func(a, b time.Weekday) int { return int(a+6)%7 - int(b+6)%7 })
	s.Days = slices.Compact(s.Days)
	r.Schedule = s
}

// timeOfDay reads 22:00; 24:00 is the end of the day.
func (l *loader) timeOfDay(text string, path ...string) time.Duration {
	if !l.has(path...) || l.wrong(path...) {
		return 0
	}
	h, m, ok := strings.Cut(text, ":")
	hour, err := strconv.ParseUint(h, 10, 8)
	minute, err2 := strconv.ParseUint(m, 10, 8)
	if !ok || err != nil || err2 != nil || len(m) != 2 || len(h) > 2 || minute > 59 || hour > 24 || hour == 24 && minute > 0 {
		l.say("E2712", fmt.Sprintf("%q is no time of day; write 00:00 to 24:00, in quotes", text), path...)
		return 0
	}
	return time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute
}

// days reads mon or mon-fri; fri-mon goes over the weekend.
func (l *loader) days(text string, path ...string) (out []time.Weekday) {
	first, last, ranged := strings.Cut(text, "-")
	if !ranged {
		last = first
	}
	a, b := slices.Index(week, first), slices.Index(week, last)
	if a < 0 || b < 0 {
		wrong := first
		if a >= 0 {
			wrong = last
		}
		l.say("E2712", fmt.Sprintf("%q is no day; %s", wrong, yamldoc.Hint(wrong, week)), path...)
		return nil
	}
	for i := a; ; i = (i + 1) % len(week) {
		out = append(out, time.Weekday((i+1)%7))
		if i == b {
			return out
		}
	}
}

// depends judges which rules keep this one back.
func (l *loader) depends(r *Rule, on []string) {
	l.none("E2711", "rule", "rules", r.ID, "depends")
	known := l.doc.Node("rules").Keys()
	for i, id := range on {
		path := []string{"rules", r.ID, "depends", fmt.Sprint(i)}
		switch {
		case id == r.ID:
			l.say("E2711", "a rule does not depend on itself; name the rule of what both have in common, like the port", path...)
		case !slices.Contains(known, id):
			others := slices.DeleteFunc(slices.Clone(known), func(k string) bool { return k == r.ID })
			hint := yamldoc.Hint(id, others)
			if len(others) == 0 {
				hint = "add it under rules:"
			}
			l.say("E2711", fmt.Sprintf("there is no rule %q; %s", id, hint), path...)
		case slices.Contains(on[:i], id):
			l.say("E2711", fmt.Sprintf("%s is named already; name it once", id), path...)
		case len(r.Depends) == maxDepends:
			l.say("E2711", fmt.Sprintf("a rule depends on %d others at most; let them depend on one another, or make one rule of them", maxDepends), path...)
			return
		default:
			r.Depends = append(r.Depends, id)
		}
	}
}

// circles finds rules that wait for one another.
func (l *loader) circles() {
	on := map[string][]string{}
	for _, r := range l.config.Rules {
		on[r.ID] = r.Depends
	}
	done := map[string]bool{}
	var way []string
	var walk func(id string)
	walk = func(id string) {
		if i := slices.Index(way, id); i >= 0 {
			last := way[len(way)-1]
			l.say("E2711", fmt.Sprintf("%s → %s is a circle: none of them would ever speak; leave one of them out", strings.Join(way[i:], " → "), id),
				"rules", last, "depends", fmt.Sprint(slices.Index(l.raw.Rules[last].Depends, id)))
			return
		}
		if done[id] {
			return
		}
		way = append(way, id)
		for _, p := range on[id] {
			walk(p)
		}
		way, done[id] = way[:len(way)-1], true
	}
	for _, r := range l.config.Rules {
		walk(r.ID)
	}
}

// calmRows lists what keeps a rule quiet.
func calmRows(r Rule, add adder) {
	at := func(keys ...string) []string { return append([]string{"rules", r.ID}, keys...) }
	if r.Flapping != 0 {
		add(max(r.Flapping, 0), "", at("flapping")...)
	}
	if s := r.Schedule; s != nil {
		var days []string
		for _, d := range s.Days {
			days = append(days, week[(d+6)%7])
		}
		add(strings.Join(days, ", "), "", at("schedule", "days")...)
		if s.From != s.To {
			add(clockOf(s.From), "", at("schedule", "from")...)
			add(clockOf(s.To), "", at("schedule", "to")...)
		}
		add(map[bool]string{true: "clear", false: "keep"}[s.Clear], "default", at("schedule", "then")...)
	}
	add(strings.Join(r.Depends, ", "), "", at("depends")...)
}

func clockOf(d time.Duration) string {
	return fmt.Sprintf("%02d:%02d", int(d.Hours()), int(d.Minutes())%60)
}
