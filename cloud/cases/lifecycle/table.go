package lifecycle

import (
	"slices"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// row is a line of the table: who may do what, from where, to where, with what, when.
type row struct {
	action Action
	from   []State
	to     []State // empty: the state stays; several: the tasks decide
	who    []Role
	// severities are those that the row is for, of the case as it is, or, with peak, as it
	// was at its highest; empty: all.
	severities []wire.Severity
	peak       bool
	needs      []need
	guards     []guard
}

var (
	staff   = []Role{Operator, Dispatcher}
	chiefs  = []Role{Dispatcher}
	crew    = []Role{Responder}
	machine = []Role{System}
	always  = append(slices.Clone(open), Closed)
)

// table is the state machine. What is not in it is refused. Where an action has several
// rows, the first whose state, severity and roles fit is the one.
var table = []row{
	{action: Raise, from: []State{Unborn}, to: []State{Raised}, who: []Role{System, Operator, Dispatcher, Integrator}, needs: []need{needsOpening}, guards: []guard{raisable}},
	{action: Acknowledge, from: []State{Raised}, to: []State{Acknowledged}, who: staff},
	{action: Acknowledge, from: []State{Dispatched}, who: staff, guards: []guard{unseen}},
	{action: AutoDispatch, from: []State{Raised}, to: []State{Dispatched}, who: machine, severities: grave, needs: []need{needsOrders, needsWhy}, guards: []guard{ordersFit}},
	{action: Propose, from: []State{Raised, Acknowledged}, who: staff, severities: grave, peak: true, needs: []need{needsDismissal, needsWhy}, guards: []guard{otherCase}},
	{action: Dismiss, from: []State{Raised, Acknowledged}, to: []State{Closed}, who: staff, severities: slight, peak: true,
		needs: []need{needsDismissal, needsWhy}, guards: []guard{otherCase}},
	{action: Dismiss, from: []State{Raised, Acknowledged}, to: []State{Closed}, who: chiefs, severities: grave, peak: true,
		needs: []need{needsDismissal, needsWhy}, guards: []guard{seconded, otherCase}},
	{action: Dispatch, from: []State{Acknowledged, Dispatched}, to: []State{Dispatched}, who: staff, needs: []need{needsOrders}, guards: []guard{ordersFit}},
	{action: Sign, from: []State{Dispatched}, who: crew, needs: []need{needsTask}, guards: []guard{unsigned}},
	{action: Reassign, from: []State{Dispatched}, who: staff, needs: []need{needsTask, needsOneOrder, needsWhy}, guards: []guard{undecided, ordersFit}},
	{action: Withdraw, from: []State{Dispatched}, to: []State{Dispatched, Handled, Acknowledged}, who: staff,
		needs: []need{needsTask, needsWhy}, guards: []guard{undecided}},
	{action: Return, from: []State{Dispatched}, to: []State{Dispatched, Handled, Acknowledged}, who: crew,
		needs: []need{needsTask, needsWhy}, guards: []guard{taskOpen, firstHalf, fewReturns}},
	{action: Extend, from: []State{Dispatched}, who: chiefs, needs: []need{needsTask, needsUntil, needsWhy}, guards: []guard{taskOpen, beforeDue}},
	{action: Report, from: []State{Dispatched}, to: []State{Dispatched, Handled}, who: crew,
		needs: []need{needsTask, needsDone, needsResult}, guards: []guard{taskOpen}},
	{action: SelfRecover, from: []State{Acknowledged}, to: []State{Handled}, who: machine, severities: slight, peak: true, guards: []guard{due}},
	{action: Verify, from: []State{Handled}, to: []State{Verified}, who: staff, guards: []guard{notHandler, explained}},
	{action: AutoVerify, from: []State{Handled}, to: []State{Verified}, who: machine, severities: slight, peak: true, guards: []guard{due}},
	{action: Reject, from: []State{Handled}, to: []State{Dispatched, Acknowledged}, who: staff, needs: []need{needsWhy}, guards: []guard{notHandler}},
	{action: Close, from: []State{Verified}, to: []State{Closed}, who: staff, needs: []need{needsResolution, needsAnswer}, guards: []guard{atRest}},
	{action: AutoClose, from: []State{Verified}, to: []State{Closed}, who: machine, severities: slight, peak: true, guards: []guard{due}},
	{action: CloseWithParent, from: open, to: []State{Closed}, who: machine, guards: []guard{isChild, causeClosed}},
	{action: Reopen, from: []State{Closed}, to: []State{Acknowledged}, who: chiefs, needs: []need{needsWhy}, guards: []guard{lately}},

	{action: Active, from: []State{Raised, Acknowledged, Dispatched, Handled}, who: machine, guards: []guard{wasCalm}},
	{action: Active, from: []State{Verified}, to: []State{Acknowledged}, who: machine, guards: []guard{wasCalm}},
	{action: Cleared, from: open, who: machine, guards: []guard{wasActive}},
	{action: Restless, from: open, who: machine, guards: []guard{due}},
	{action: Calm, from: open, who: machine, guards: []guard{due}},

	{action: Shelve, from: open, who: staff, needs: []need{needsUntil, needsWhy}, guards: []guard{shelfLimit}},
	{action: Unshelve, from: open, who: staff, guards: []guard{isShelved}},
	{action: Unshelve, from: open, who: machine, guards: []guard{due}},
	{action: Suspend, from: []State{Dispatched}, who: chiefs, needs: []need{needsUntil, needsWhy}, guards: []guard{pauseLimit}},
	{action: Resume, from: []State{Dispatched}, who: staff, guards: []guard{isSuspended}},
	{action: Resume, from: []State{Dispatched}, who: machine, guards: []guard{due}},
	{action: Remind, from: open, who: machine, guards: []guard{due}},
	{action: Overdue, from: open, who: machine, guards: []guard{due}},
	{action: Escalate, from: open, who: machine, guards: []guard{due}},
	{action: TakeOver, from: open, who: chiefs, needs: []need{needsWhy}},
	{action: RaiseSeverity, from: open, who: []Role{System, Operator, Dispatcher, Engineer, Responder}, needs: []need{needsSeverity, needsWhy}, guards: []guard{higher}},
	{action: LowerSeverity, from: open, who: chiefs, needs: []need{needsSeverity, needsWhy}, guards: []guard{lower}},
	{action: AttachReport, from: open, who: []Role{Operator, Dispatcher, Integrator}, needs: []need{needsReport}, guards: []guard{newReport, room}},
	{action: Verdict, from: always, who: staff, needs: []need{needsVerdict, needsWhy}, guards: []guard{room}},
	{action: Attach, from: open, who: []Role{System, Operator, Dispatcher}, needs: []need{needsParent, needsWhy}, guards: []guard{causeOpen}},
	{action: Detach, from: open, who: []Role{System, Operator, Dispatcher}, needs: []need{needsWhy}, guards: []guard{isChild}},
	{action: Note, from: always, who: []Role{Operator, Dispatcher, Engineer, Responder}, needs: []need{needsWhy}, guards: []guard{room}},
}

// fits says whether the row is for a case as it stands.
func (r *row) fits(c *Case) bool {
	s := c.Severity
	if r.peak {
		s = c.Peak
	}
	return slices.Contains(r.from, c.State) && (len(r.severities) == 0 || slices.Contains(r.severities, s))
}

// leads says whether the row goes from one state to another.
func (r *row) leads(from, to State) bool {
	if !slices.Contains(r.from, from) {
		return false
	}
	if len(r.to) == 0 {
		return from == to
	}
	return slices.Contains(r.to, to)
}
