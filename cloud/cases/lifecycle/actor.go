package lifecycle

import (
	"slices"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// Grant is a role for an area and all below it.
type Grant struct {
	Role Role   `json:"role"`
	Area string `json:"area"`
}

// Actor is who wants something.
type Actor struct {
	Person      string // empty: the system
	Grants      []Grant
	Departments []string
	// Token says that a program acts in the person's name: it may what Grants say, and what
	// was given to the person is not its own.
	Token bool
}

// owns says whether the actor has taken the case over.
func (a Actor) owns(c *Case) bool { return a.Person != "" && !a.Token && c.Overlays.Owner == a.Person }

// TheSystem is the actor of timers, rules and sensors.
func TheSystem() Actor { return Actor{} }

// Place is an area and how high it stands.
type Place struct {
	Code  string
	Level Level
}

// Cause is the case that another is, or is to be, a symptom of.
type Cause struct {
	ID         string
	Closed     bool
	Child      bool // it is itself a symptom
	Answer     string
	Resolution Resolution
	Peak       wire.Severity // as severe as it ever was
}

// ClosesWith says whether a case may close with its cause: what was dismissed, or was never
// as severe, answers for nothing else.
func ClosesWith(c Case, cause Cause) bool {
	return !slices.Contains(dismissals, cause.Resolution) && !c.Peak.Above(cause.Peak)
}

// World is what a decision depends on beside the case: values, read by the caller in the
// same transaction in which it will store the entries.
type World struct {
	Now    int64 // Unix milliseconds
	Policy *Policy
	// Path is the case's area and those above it as the tree has them now, nearest first.
	Path []Place
	// Cause is the case that the command's Parent, or else the case's own, names; nil:
	// there is none.
	Cause *Cause
	// Children says whether other cases have this one as their cause.
	Children bool
	// Active says whether any alert of the case is active, and Changed when one of them
	// last changed; only Calm and Restless ask for them.
	Active  bool
	Changed int64
}

// covers says whether an area is the case's or above it.
func (w World) covers(area string) bool {
	return slices.ContainsFunc(w.Path, func(p Place) bool { return p.Code == area })
}

// has says whether the actor has a role for the case's area.
func (a Actor) has(r Role, w World) bool {
	return slices.ContainsFunc(a.Grants, func(g Grant) bool { return g.Role == r && w.covers(g.Area) })
}

// responds says whether a task was given to the actor.
func (a Actor) responds(t *Task) bool {
	return a.Person != "" && !a.Token && (t.Department != "" && slices.Contains(a.Departments, t.Department) || t.Person == a.Person)
}

// responder says whether the actor answers for the task, or for any that stands if task
// is 0.
func (a Actor) responder(c *Case, task int) bool {
	if a.Person == "" {
		return false
	}
	if a.owns(c) {
		return true
	}
	if task != 0 {
		t := c.task(task)
		return t != nil && a.responds(t)
	}
	return a.holds(c, TaskOpen, TaskAnswered)
}

// holds says whether a task of the round in one of these states was given to the actor.
func (a Actor) holds(c *Case, in ...string) bool {
	return slices.ContainsFunc(c.Tasks, func(t Task) bool { return t.Round == c.Round && slices.Contains(in, t.State) && a.responds(&t) })
}

// could says whether the actor is one of those that a row is for, whatever the command
// will say.
func (a Actor) could(r *row, c *Case, w World) bool {
	if slices.Equal(r.who, crew) {
		return a.holds(c, TaskOpen) || a.owns(c)
	}
	_, ok := a.as(r.who, c, w, 0)
	return ok
}

// as returns the role in which the actor may do what is for these, the strongest claim
// first; ok is false if he may not.
func (a Actor) as(who []Role, c *Case, w World, task int) (r Role, ok bool) {
	if a.Person == "" {
		return System, slices.Contains(who, System)
	}
	for _, r := range who {
		switch {
		case r == System:
		case r == Responder && a.responder(c, task), r != Responder && a.has(r, w):
			return r, true
		}
	}
	return "", false
}

// Visible says whether the actor may read the case: any role in its area, or a task in it,
// now or before. Whoever may not is answered as if there were no such case.
func Visible(c Case, a Actor, w World) bool {
	if a.Person == "" || a.owns(&c) {
		return true
	}
	if slices.ContainsFunc(a.Grants, func(g Grant) bool { return w.covers(g.Area) }) {
		return true
	}
	return slices.ContainsFunc(c.Tasks, func(t Task) bool { return a.responds(&t) })
}
