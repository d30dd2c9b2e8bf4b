package docket

import (
	"slices"

	"github.com/lamppost-city/lamppost/cloud/cases/lifecycle"
	"github.com/lamppost-city/lamppost/cloud/view"
)

// Show is a case as lists show it at a time, in Unix milliseconds.
func Show(c lifecycle.Case, now int64) view.Case {
	o := c.Opening
	v := view.Case{
		ID: o.ID, Version: c.Version, State: string(c.State), Severity: c.Severity, Peak: c.Peak, Source: o.Source, Kind: o.Kind,
		Category: o.Category, Area: o.Area, Gateway: o.Gateway, Device: o.Device, Rule: o.Rule, Text: o.Text, Opened: c.Opened,
		Entered: c.Entered, Touched: c.Touched, Storm: o.Storm, Parent: c.Overlays.Parent, RecurrenceOf: o.RecurrenceOf, SeenBy: c.SeenBy,
		Owner: c.Overlays.Owner, Active: c.Condition.Active, Watched: c.Condition.Watched, Shelved: c.Overlays.Shelved,
		Suspended: c.Overlays.Suspended, Departments: waiting(c), Deadlines: []view.Deadline{}, Overdue: overdue(c, now),
		Parties: parties(c),
	}
	for _, k := range c.Clocks {
		v.Deadlines = append(v.Deadlines, view.Deadline{Step: string(k.Step), Task: k.Task, Due: k.Due})
	}
	slices.SortStableFunc(v.Deadlines, func(a, b view.Deadline) int { return int(min(max(a.Due-b.Due, -1), 1)) })
	return v
}

// overdue says whether a deadline that runs has passed.
func overdue(c lifecycle.Case, now int64) bool {
	return slices.ContainsFunc(c.Clocks, func(k lifecycle.Clock) bool { return k.Due <= now })
}

// nextDue is the deadline of a case that comes first, in Unix milliseconds; 0: none runs.
func nextDue(c lifecycle.Case) (due int64) {
	for _, k := range c.Clocks {
		if at := max(k.Due, 1); due == 0 || at < due {
			due = at
		}
	}
	return due
}

// waiting are the departments whose tasks wait for an answer.
func waiting(c lifecycle.Case) []string {
	out := []string{}
	for _, t := range c.Tasks {
		if t.Round == c.Round && t.State == lifecycle.TaskOpen && t.Department != "" && !slices.Contains(out, t.Department) {
			out = append(out, t.Department)
		}
	}
	return out
}

// Show is the case as its page shows it.
func (d Detail) Show(now int64) view.CaseDetail {
	c := d.Case
	v := view.CaseDetail{
		Case: Show(c, now), Tasks: []view.CaseTask{}, Reports: []view.Citizen{}, Told: append([]string{}, c.Overlays.Told...),
		Alerts: append([]string{}, d.Alerts...), Alarming: d.Active, Notices: []view.Notice{}, Journal: []view.CaseEntry{}, Allowed: Labelled(d.Allowed),
	}
	for _, t := range c.Tasks {
		v.Tasks = append(v.Tasks, view.CaseTask{
			ID: t.ID, Round: t.Round, Department: t.Department, Person: t.Person, Instruction: t.Instruction, State: t.State, Given: t.Given,
			SignedBy: t.SignedBy, SignedAt: t.SignedAt, Done: t.Done, Result: string(t.Result), AnsweredAt: t.AnsweredAt,
			Pictures: append([]string{}, t.Pictures...), Why: t.Why, Rework: t.Rework,
		})
	}
	if o := c.Outcome; o != (lifecycle.Outcome{}) {
		v.Outcome = &view.CaseOutcome{Resolution: string(o.Resolution), Answer: o.Answer, By: o.By, At: o.At, FalseAlarm: o.FalseAlarm}
	}
	if p := c.Overlays.Proposal; p != nil {
		v.Proposed = p.By
	}
	for _, r := range c.Reports {
		v.Reports = append(v.Reports, view.Citizen(r))
	}
	for _, e := range d.Entries {
		v.Journal = append(v.Journal, line(e))
	}
	return v
}

// line is an entry of the journal as it is shown.
func line(e lifecycle.Entry) view.CaseEntry {
	v := view.CaseEntry{
		N: e.N, At: e.At, Who: e.Who, Role: string(e.Role), Action: string(e.Action), Label: e.Action.Label(), From: string(e.From), To: string(e.To), Told: e.Told,
		CaseCommand: view.CaseCommand{
			Why: e.Why, Severity: e.Severity, Task: e.Task, Done: e.Done, Result: string(e.Result), Pictures: e.Pictures,
			Resolution: string(e.Resolution), Answer: e.Answer, Until: e.Until, Parent: e.Parent, FalseAlarm: e.FalseAlarm,
		},
	}
	for _, o := range e.Orders {
		v.Orders = append(v.Orders, view.CaseOrder(o))
	}
	if e.Report != nil {
		r := view.Citizen(*e.Report)
		v.Report = &r
	}
	return v
}

// Labelled are actions with their names.
func Labelled(all []lifecycle.Action) []view.CaseAction {
	out := []view.CaseAction{}
	for _, a := range all {
		out = append(out, view.CaseAction{Action: string(a), Label: a.Label()})
	}
	return out
}

// Wanted is what somebody wants done, as a command of the engine.
func Wanted(action string, version int, c view.CaseCommand) lifecycle.Command {
	cmd := lifecycle.Command{
		Action: lifecycle.Action(action), Version: version, Why: c.Why, Severity: c.Severity, Task: c.Task, Done: c.Done, Result: lifecycle.Result(c.Result),
		Pictures: c.Pictures, Resolution: lifecycle.Resolution(c.Resolution), Answer: c.Answer, Until: c.Until, Parent: c.Parent, FalseAlarm: c.FalseAlarm,
	}
	for _, o := range c.Orders {
		cmd.Orders = append(cmd.Orders, lifecycle.Order(o))
	}
	if c.Report != nil {
		r := lifecycle.Citizen(*c.Report)
		cmd.Report = &r
	}
	return cmd
}
