package lifecycle

import (
	"slices"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// State is where a case stands.
type State string

// The states, in the order of the way. Unborn is a case that nobody has raised.
const (
	Unborn       State = ""
	Raised       State = "raised"
	Acknowledged State = "acknowledged"
	Dispatched   State = "dispatched"
	Handled      State = "handled"
	Verified     State = "verified"
	Closed       State = "closed"
)

// Action is what is done to a case: a command's name, and that of the entry it leaves.
type Action string

// What persons do.
const (
	Raise         Action = "raise"
	Acknowledge   Action = "acknowledge"
	Propose       Action = "propose_dismissal"
	Dismiss       Action = "dismiss"
	Dispatch      Action = "dispatch"
	Sign          Action = "sign"
	Reassign      Action = "reassign"
	Withdraw      Action = "withdraw"
	Return        Action = "return"
	Extend        Action = "extend"
	Report        Action = "report"
	Verify        Action = "verify"
	Reject        Action = "reject"
	Close         Action = "close"
	Reopen        Action = "reopen"
	Shelve        Action = "shelve"
	Unshelve      Action = "unshelve"
	Suspend       Action = "suspend"
	Resume        Action = "resume"
	TakeOver      Action = "take_over"
	RaiseSeverity Action = "raise_severity"
	LowerSeverity Action = "lower_severity"
	AttachReport  Action = "attach_report"
	Verdict       Action = "verdict"
	Attach        Action = "attach"
	Detach        Action = "detach"
	Note          Action = "note"
)

// What the system does: of itself when a timer is due, or because the sensor says so.
const (
	AutoDispatch    Action = "auto_dispatch"
	Active          Action = "active"
	Cleared         Action = "cleared"
	Restless        Action = "restless"
	Calm            Action = "calm"
	SelfRecover     Action = "self_recover"
	AutoVerify      Action = "auto_verify"
	AutoClose       Action = "auto_close"
	CloseWithParent Action = "close_with_parent"
	Remind          Action = "remind"
	Overdue         Action = "overdue"
	Escalate        Action = "escalate"
)

// Role is what somebody may be, granted for an area and all below it. A responder is a
// member of the department that a task was given to, the person named in it, or who took
// the case over; no area is asked for. An admin sees the cases of the area and works on
// none: who makes accounts does not dismiss alarms.
type Role string

// The roles.
const (
	Viewer     Role = "viewer"
	Operator   Role = "operator"
	Dispatcher Role = "dispatcher"
	Engineer   Role = "engineer"
	Integrator Role = "integrator"
	Admin      Role = "admin"
	Responder  Role = "responder"
	System     Role = "system"
)

// Step is what a deadline is for.
type Step string

// The steps. Acknowledge, verify and close run from when their state was entered, dispatch
// from the acknowledgement, sign and handle from when a task was given.
const (
	StepAcknowledge Step = "acknowledge"
	StepDispatch    Step = "dispatch"
	StepSign        Step = "sign"
	StepHandle      Step = "handle"
	StepVerify      Step = "verify"
	StepClose       Step = "close"
)

// Resolution is how a case ended.
type Resolution string

// The resolutions.
const (
	Fixed        Resolution = "fixed"
	NoFault      Resolution = "no_fault_found"
	SelfRecovery Resolution = "self_recovered"
	FalseAlarm   Resolution = "false_alarm"
	Duplicate    Resolution = "duplicate" // of the case that Parent names
	PlannedWork  Resolution = "planned_work"
	Test         Resolution = "test"
	WithParent   Resolution = "closed_with_parent"
)

// Result is what came of a task.
type Result string

// The results.
const (
	Done         Result = "done"
	Partly       Result = "partly"
	NothingFound Result = "nothing_found"
	Impossible   Result = "impossible"
)

// Level is how high an area stands.
type Level string

// The levels of areas, lowest first.
const (
	Grid      Level = "grid"
	Community Level = "community"
	Street    Level = "street"
	District  Level = "district"
	City      Level = "city"
	Province  Level = "province"
)

var (
	states     = []State{Raised, Acknowledged, Dispatched, Handled, Verified, Closed}
	open       = []State{Raised, Acknowledged, Dispatched, Handled, Verified}
	steps      = []Step{StepAcknowledge, StepDispatch, StepSign, StepHandle, StepVerify, StepClose}
	levels     = []Level{Grid, Community, Street, District, City, Province}
	severities = []wire.Severity{wire.Red, wire.Orange, wire.Yellow, wire.Blue}
	grave      = []wire.Severity{wire.Red, wire.Orange}
	slight     = []wire.Severity{wire.Yellow, wire.Blue}
	dismissals = []Resolution{FalseAlarm, Duplicate, PlannedWork, Test}
	closings   = []Resolution{Fixed, NoFault, SelfRecovery, FalseAlarm}
	results    = []Result{Done, Partly, NothingFound, Impossible}
	roles      = []Role{System, Responder, Viewer, Operator, Dispatcher, Engineer, Integrator, Admin}
)

// atLeast says whether a level stands as high as another, or higher.
func (l Level) atLeast(o Level) bool { return slices.Index(levels, l) >= slices.Index(levels, o) }

// Label returns the state's name for people.
func (s State) Label() view.Text { return stateLabels[s] }

// Label returns the action's name for people.
func (a Action) Label() view.Text { return actionLabels[a] }

// Label returns the role's name for people.
func (r Role) Label() view.Text { return roleLabels[r] }

// Label returns the step's name for people.
func (s Step) Label() view.Text { return stepLabels[s] }

var stateLabels = map[State]view.Text{
	Unborn: {Zh: "无", En: "none"}, Raised: {Zh: "待确认", En: "raised"}, Acknowledged: {Zh: "已确认", En: "acknowledged"},
	Dispatched: {Zh: "已派单", En: "dispatched"}, Handled: {Zh: "已处置", En: "handled"},
	Verified: {Zh: "已核查", En: "verified"}, Closed: {Zh: "已办结", En: "closed"},
}

var actionLabels = map[Action]view.Text{
	Raise: {Zh: "立案", En: "raise"}, Acknowledge: {Zh: "确认", En: "acknowledge"}, Propose: {Zh: "提请不予处理", En: "propose to dismiss"},
	Dismiss: {Zh: "不予处理", En: "dismiss"}, Dispatch: {Zh: "派单", En: "dispatch"}, Sign: {Zh: "签收", En: "sign for"},
	Reassign: {Zh: "改派", En: "reassign"}, Withdraw: {Zh: "撤回任务", En: "withdraw"}, Return: {Zh: "退单", En: "return"},
	Extend: {Zh: "延期", En: "extend"}, Report: {Zh: "反馈", En: "report"}, Verify: {Zh: "核查通过", En: "verify"},
	Reject: {Zh: "退回重办", En: "reject"}, Close: {Zh: "办结", En: "close"}, Reopen: {Zh: "重新开启", En: "reopen"},
	Shelve: {Zh: "搁置", En: "shelve"}, Unshelve: {Zh: "取消搁置", En: "unshelve"}, Suspend: {Zh: "挂起", En: "suspend"},
	Resume: {Zh: "恢复办理", En: "resume"}, TakeOver: {Zh: "提级接办", En: "take over"}, RaiseSeverity: {Zh: "提高级别", En: "raise the severity"},
	LowerSeverity: {Zh: "降低级别", En: "lower the severity"}, AttachReport: {Zh: "关联群众诉求", En: "attach a citizen's report"},
	Verdict: {Zh: "误报判定", En: "judge whether it was a false alarm"}, Attach: {Zh: "并入主案件", En: "attach to a cause"},
	Detach: {Zh: "脱离主案件", En: "detach from the cause"}, Note: {Zh: "备注", En: "note"},
	AutoDispatch: {Zh: "自动派单", En: "dispatch by a rule"}, Active: {Zh: "告警再现", En: "condition is active"},
	Cleared: {Zh: "告警解除", En: "condition cleared"}, Restless: {Zh: "仍在抖动", En: "still restless"}, Calm: {Zh: "抖动平息", En: "calm again"},
	SelfRecover: {Zh: "自行恢复", En: "recovered by itself"}, AutoVerify: {Zh: "自动核查", En: "verify by the sensor"},
	AutoClose: {Zh: "自动办结", En: "close of itself"}, CloseWithParent: {Zh: "随主案件办结", En: "close with the cause"},
	Remind: {Zh: "催办", En: "remind"}, Overdue: {Zh: "超时", En: "overdue"}, Escalate: {Zh: "提级督办", En: "escalate"},
}

var roleLabels = map[Role]view.Text{
	Viewer: {Zh: "查看员", En: "viewer"}, Operator: {Zh: "值班员", En: "operator"}, Dispatcher: {Zh: "调度员", En: "dispatcher"},
	Engineer: {Zh: "现场工程师", En: "engineer"}, Integrator: {Zh: "集成方", En: "integrator"}, Admin: {Zh: "管理员", En: "admin"},
	Responder: {Zh: "承办人", En: "responder"}, System: {Zh: "系统", En: "system"},
}

var stepLabels = map[Step]view.Text{
	StepAcknowledge: {Zh: "确认", En: "acknowledge"}, StepDispatch: {Zh: "派单", En: "dispatch"}, StepSign: {Zh: "签收", En: "sign for"},
	StepHandle: {Zh: "处置", En: "handle"}, StepVerify: {Zh: "核查", En: "verify after handled"}, StepClose: {Zh: "办结", En: "close after verified"},
}
