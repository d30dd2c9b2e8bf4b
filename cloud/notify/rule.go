package notify

import (
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/cloud/notify/channel"
)

// Rule says which events are told by which channels and to whom. An empty list means any.
type Rule struct {
	ID         string
	Severities []string
	Areas      []string // area codes; what lies inside counts
	Categories []string // category codes; one that ends with * means all that begin so
	Kinds      []string
	About      []string // alert, case
	Hours      *Hours   // nil: always
	Channels   []string
	People     []string // ids; called by name in groups, and sent a mail each
}

// Hours is a daily span on some weekdays. A span over midnight belongs to the day on which
// it begins. From and To are minutes after midnight; equal ones mean the whole day.
type Hours struct {
	Days     []time.Weekday // empty: every day
	From, To int
	Zone     *time.Location
}

// Holds says whether a moment lies in the hours, by the clock on the wall there.
func (h *Hours) Holds(at time.Time) bool {
	if h == nil {
		return true
	}
	at = at.In(h.Zone)
	minute, day := at.Hour()*60+at.Minute(), at.Weekday()
	began := minute >= h.From && (minute < h.To || h.To <= h.From)
	if h.To <= h.From && minute < h.To && minute < h.From {
		began, day = true, (day+6)%7
	}
	return began && (len(h.Days) == 0 || slices.Contains(h.Days, day))
}

// What is on its own again after having been a symptom was perhaps never told to be there:
// who wants to know what is opened is told of it.
const opened, detached = "opened", "detached"

// matches says whether a rule is about an event.
func (r Rule) matches(e Event, within func(area, of string) bool, now time.Time) bool {
	some := func(list []string, is func(string) bool) bool { return len(list) == 0 || slices.ContainsFunc(list, is) }
	same := func(s string) func(string) bool { return func(l string) bool { return l == s } }
	return some(r.Severities, same(string(e.Severity))) && some(r.Kinds, func(k string) bool { return k == e.Kind || k == opened && e.Kind == detached }) &&
		some(r.Areas, func(of string) bool { return e.Area != "" && within(e.Area, of) }) &&
		some(r.Categories, func(c string) bool { return covers(c, e.Category) }) && r.Hours.Holds(now) &&
		(e.About == "" || some(r.About, same(e.About)))
}

// speaks says whether a rule that is about an event has it told by a channel: programs get
// all, people an alert by its case, and what is quiet only where it was asked for.
func (r Rule) speaks(e Event, c Channel) bool {
	return c.Machine || (e.Case == "" || slices.Contains(r.About, e.About)) && (!e.Quiet || len(r.Kinds) > 0)
}

// covers says whether a category is one that a pattern means: the same code, or, where the
// pattern ends with *, one that begins so.
func covers(pattern, category string) bool {
	if head, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(category, head)
	}
	return category == pattern
}

// route is one receiver of an event.
type route struct {
	channel, person string
	told            []string // to be called by name
}

// routes returns who is to be told, each once, in the order of the channels. Whom the event
// names is told by every channel that reaches persons, and called by name in the groups.
func (o *Office) routes(e Event, now time.Time) (out []route) {
	named := map[string][]string{} // channel → persons
	for _, r := range o.o.Rules {
		if !r.matches(e, o.o.Within, now) {
			continue
		}
		for _, c := range o.o.Channels {
			if slices.Contains(r.Channels, c.ID) && r.speaks(e, c) {
				named[c.ID] = append(append(named[c.ID], r.People...), e.People...)
			}
		}
	}
	for _, c := range o.o.Channels {
		people, asked := named[c.ID]
		if !asked && c.Personal && len(e.People) > 0 {
			people, asked = e.People, true
		}
		if asked && c.ID != e.Except {
			out = append(out, o.reach(c, people)...)
		}
	}
	return out
}

// reach turns the persons of a channel into receivers.
func (o *Office) reach(c Channel, ids []string) (out []route) {
	var known []channel.Person
	for _, id := range ids {
		if p, ok := o.o.Person(id); ok && !slices.ContainsFunc(known, func(k channel.Person) bool { return k.ID == id }) {
			p.ID = id
			known = append(known, p)
		}
	}
	if !c.Personal {
		r := route{channel: c.ID, told: []string{}}
		for _, p := range known {
			r.told = append(r.told, p.ID)
		}
		return []route{r}
	}
	for _, p := range known {
		if p.Mail != "" {
			out = append(out, route{c.ID, p.ID, []string{}})
		}
	}
	if c.Group {
		out = append(out, route{channel: c.ID, told: []string{}})
	}
	return out
}

// everybody returns the group of every channel but one: for what no rule speaks of and
// somebody has to know all the same.
func (o *Office) everybody(but string) (out []route) {
	for _, c := range o.o.Channels {
		if c.ID != but && (c.Group || !c.Personal) {
			out = append(out, route{channel: c.ID, told: []string{}})
		}
	}
	return out
}
