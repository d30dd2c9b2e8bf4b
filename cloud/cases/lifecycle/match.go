package lifecycle

import (
	"strings"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// Signal is an alert that looks for its case.
type Signal struct {
	Alert    string
	Gateway  string
	Device   string
	Channel  string
	Rule     string
	Category string
	Area     string // of the gateway: community or grid cell
	District string // the district of the area; empty: storms are not looked for
	Severity wire.Severity
	At       int64
	// Offline: the gateway itself is silent. What its devices seem to have is then a symptom.
	Offline bool
}

// Kind is what happened: the category, or the rule where there is none.
func (s Signal) Kind() string {
	if s.Category != "" {
		return s.Category
	}
	return s.Rule
}

// Keys are the names under which a case is found again. They are exact texts, so that a
// database finds a case by an index, and a unique one lets only one open case have each.
type Keys struct {
	Same  string // the same rule about the same channel of the same device
	Place string // the same kind at the same place
	Cause string // the gateway is silent
	Storm string // the same kind in the same district
}

// Keys returns the keys of a signal.
func (s Signal) Keys() Keys {
	k := Keys{Same: key("same", s.Rule, s.Gateway, s.Device, s.Channel), Cause: key("cause", s.Gateway)}
	if s.Area != "" {
		k.Place = key("place", s.Kind(), s.Area)
	}
	if s.District != "" {
		k.Storm = key("storm", s.Kind(), s.District)
	}
	if s.Offline {
		k.Same = k.Cause
	}
	return k
}

// key joins words that may hold anything.
func key(words ...string) string {
	for i, w := range words {
		if strings.ContainsAny(w, "%|") {
			words[i] = strings.ReplaceAll(strings.ReplaceAll(w, "%", "%25"), "|", "%7C")
		}
	}
	return strings.Join(words, "|")
}

// Standing is a case as joining sees it.
type Standing struct {
	ID    string
	Last  int64 // when an alert of it was last heard of, or when it was closed
	Open  bool
	Child bool // it has a cause itself
}

// Near is what a store found under a signal's keys. Where there are several it gives the
// newest, open ones first; nil: none.
type Near struct {
	Own   *Standing // the case that this very alert joined before
	Same  *Standing
	Place *Standing
	Cause *Standing
	Storm *Standing // a case that stands for a storm
	// Recent is how many open cases with the signal's storm key, this one's not among them,
	// were opened since now minus StormIn, the storm's own case not counted.
	Recent int
}

// Placement is what becomes of a signal.
type Placement struct {
	// Case is the one that it joins; empty: one is opened.
	Case string
	// Of a case that is opened:
	RecurrenceOf string
	Parent       string // its cause
	Storm        bool   // it stands for a storm: those counted as Recent become its symptoms
}

// Match says to which case a signal belongs. In this order: the case that it has; an open
// one about the very same; the open storm; an open one of its kind at its place that has
// heard of an alert lately; else a new one. That one has a cause if its gateway is silent;
// it stands for a storm if it is one too many of its kind; and if the same was closed
// lately, it recurs. An alert of a closed case that becomes active again is a recurrence.
func Match(s Signal, near Near, j Joining) Placement {
	lately := func(c *Standing, within int64) bool { return c != nil && s.At-c.Last <= within }
	switch {
	case near.Own != nil && near.Own.Open:
		return Placement{Case: near.Own.ID}
	case near.Same != nil && near.Same.Open:
		return Placement{Case: near.Same.ID}
	case near.Storm != nil && near.Storm.Open:
		return Placement{Case: near.Storm.ID}
	case near.Place != nil && near.Place.Open && lately(near.Place, j.Within.Milliseconds()):
		return Placement{Case: near.Place.ID}
	}
	var p Placement
	for _, c := range []*Standing{near.Own, near.Same} {
		if c != nil && !c.Open && lately(c, j.Recurrence.Milliseconds()) {
			p.RecurrenceOf = c.ID
			break
		}
	}
	if near.Cause != nil && near.Cause.Open && !near.Cause.Child && !s.Offline {
		p.Parent = near.Cause.ID
		return p
	}
	p.Storm = s.District != "" && near.Recent+1 >= j.Storm
	return p
}

// Later says whether a case that was opened at a moment, with no cause, is a symptom of a
// gateway's silence that was noticed only afterwards.
func (j Joining) Later(opened, silent int64) bool {
	return opened <= silent && silent-opened <= j.Cause.Milliseconds()
}
