package lifecycle

import (
	"slices"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// moment is what a guard judges.
type moment struct {
	c     *Case
	cmd   Command
	actor Actor
	w     World
}

// guard is a condition of a row, with the sentence that says it.
type guard struct {
	text view.Text
	ok   func(moment) bool
	// early guards look at the case and the actor only: whoever asks what is allowed
	// need not say the whole command first.
	early bool
	// ever says of one that is not early whether any command could pass, on the task that it
	// names; nil: one could.
	ever func(moment) bool
}

// open says whether a guard need not stop a command that is not said yet.
func (g guard) open(m moment) bool {
	if g.early {
		return g.ok(m)
	}
	return g.ever == nil || g.ever(m)
}

// taskWaits, taskUnsigned, taskUndecided and taskEarly depend on nothing of a command but its task.
func taskWaits(m moment) bool { return m.c.openTask(m.cmd.Task) != nil }

func taskUnsigned(m moment) bool { t := m.c.openTask(m.cmd.Task); return t != nil && t.SignedBy == "" }

func taskUndecided(m moment) bool {
	t := m.c.task(m.cmd.Task)
	return t != nil && (t.State == TaskOpen || t.State == TaskReturned)
}

func taskEarly(m moment) bool {
	k := m.c.clock(StepHandle, m.cmd.Task)
	return k != nil && m.w.Now < k.Half
}

// extendable says whether the deadline of the command's task may still be moved.
func extendable(m moment) bool {
	t, k := m.c.openTask(m.cmd.Task), m.c.clock(StepHandle, m.cmd.Task)
	return t != nil && !t.Extended && k != nil && m.w.Now < k.Due && k.Due < k.Twice
}

var (
	unseen = guard{view.Text{Zh: "尚无人确认", En: "nobody has acknowledged it yet"},
		func(m moment) bool { return m.c.SeenBy == "" }, true, nil}
	seconded = guard{view.Text{Zh: "已由另一人以同一结论提请", En: "another person has proposed it, with the same resolution"},
		func(m moment) bool {
			p := m.c.Overlays.Proposal
			return p != nil && p.By != m.actor.Person && (m.cmd.Resolution == "" || p.Resolution == m.cmd.Resolution)
		}, true, nil}
	taskOpen = guard{view.Text{Zh: "该任务尚待答复", En: "the task waits for its answer"},
		taskWaits, false, taskWaits}
	unsigned = guard{view.Text{Zh: "该任务尚待答复且未签收", En: "the task waits for its answer and is not signed for"},
		taskUnsigned, false, taskUnsigned}
	undecided = guard{view.Text{Zh: "该任务尚待答复，或已退单", En: "the task waits for its answer, or was returned"},
		taskUndecided, false, taskUndecided}
	firstHalf = guard{view.Text{Zh: "处置时限未过半", En: "less than half of its time to handle has passed"},
		taskEarly, false, taskEarly}
	fewReturns = guard{view.Text{Zh: "退单未达上限（此后由调度员决定）", En: "it was not returned too often (then a dispatcher decides)"},
		func(m moment) bool { return m.c.Tally.Returned < m.w.Policy.MaxReturns }, true, nil}
	beforeDue = guard{view.Text{Zh: "处置时限未到，且新时限更晚，至多为原时限的两倍，只延一次",
		En: "before its deadline, to a later one, at most twice as long, and once"},
		func(m moment) bool {
			k := m.c.clock(StepHandle, m.cmd.Task)
			return extendable(m) && k.Due < m.cmd.Until && m.cmd.Until <= k.Twice
		}, false, extendable}
	ordersFit = guard{view.Text{Zh: "任务时限在将来且不晚于规定，待答任务不超过 32 个",
		En: "deadlines of tasks are ahead and no later than the limit, and at most 32 tasks wait"},
		func(m moment) bool { return m.ordersFit() }, false, nil}
	notHandler = guard{view.Text{Zh: "不是本案处置人", En: "the person had no hand in handling it"},
		func(m moment) bool { return !m.c.Handler(m.actor.Person) }, true, nil}
	explained = guard{view.Text{Zh: "告警已解除且没有未改派的退单，否则须写明理由",
		En: "the condition is cleared and no returned task is left to nobody, or a reason is given"},
		func(m moment) bool { return m.c.calm() && m.c.count(TaskReturned) == 0 || said(m.cmd.Why) }, false, nil}
	atRest = guard{view.Text{Zh: "告警已解除，或核查时已说明理由", En: "the condition is cleared, or was overridden when it was verified"},
		func(m moment) bool { return m.c.calm() || m.c.Overlays.Override }, true, nil}
	lately = guard{view.Text{Zh: "办结未满 72 小时（可配置）", En: "within 72 h of closing (configurable)"},
		func(m moment) bool { return m.w.Now-m.c.Entered <= m.w.Policy.ReopenIn.Milliseconds() }, true, nil}
	due       = guard{view.Text{Zh: "计时已到", En: "its timer is due"}, func(m moment) bool { return m.timer() }, true, nil}
	wasActive = guard{view.Text{Zh: "告警为活动状态", En: "the condition was active"},
		func(m moment) bool { return m.c.Condition.Active }, true, nil}
	wasCalm = guard{view.Text{Zh: "告警为解除状态", En: "the condition was cleared"},
		func(m moment) bool { return !m.c.Condition.Active }, true, nil}
	shelfLimit = guard{view.Text{Zh: "不超过该级别的最长时间；Ⅰ级不可搁置", En: "no longer than its severity allows; red never"},
		func(m moment) bool {
			most := m.w.Policy.Shelve[m.c.Severity].Milliseconds()
			return m.cmd.Until > m.w.Now && m.cmd.Until <= m.w.Now+most
		}, false, func(m moment) bool { return m.w.Policy.Shelve[m.c.Severity] > 0 }}
	isShelved   = guard{view.Text{Zh: "已搁置", En: "it is shelved"}, func(m moment) bool { return m.c.Overlays.Shelved > 0 }, true, nil}
	isSuspended = guard{view.Text{Zh: "已挂起", En: "it is suspended"}, func(m moment) bool { return m.c.Overlays.PausedAt > 0 }, true, nil}
	pauseLimit  = guard{view.Text{Zh: "未挂起，且累计不超过 10 天（可配置）", En: "it is not suspended, and will not have been for more than 10 days in all (configurable)"},
		func(m moment) bool {
			o := m.c.Overlays
			return o.PausedAt == 0 && len(o.Pauses) < maxPauses && m.cmd.Until > m.w.Now &&
				o.paused()+m.cmd.Until-m.w.Now <= m.w.Policy.SuspendFor.Milliseconds()
		}, false, func(m moment) bool {
			o := m.c.Overlays
			return o.PausedAt == 0 && len(o.Pauses) < maxPauses && o.paused() < m.w.Policy.SuspendFor.Milliseconds()
		}}
	higher = guard{view.Text{Zh: "高于现级别", En: "it is above the present one"},
		func(m moment) bool { return m.cmd.Severity.Above(m.c.Severity) }, false,
		func(m moment) bool { return wire.Red.Above(m.c.Severity) }}
	lower = guard{view.Text{Zh: "低于现级别", En: "it is below the present one"},
		func(m moment) bool { return m.c.Severity.Above(m.cmd.Severity) }, false,
		func(m moment) bool { return m.c.Severity.Above(wire.Blue) }}
	room = guard{view.Text{Zh: "记录未满", En: "there is room in its journal"},
		func(m moment) bool { return m.c.Version < maxLines }, true, nil}
	newReport = guard{view.Text{Zh: "该诉求尚未关联", En: "that report is not attached yet"},
		func(m moment) bool {
			return !slices.ContainsFunc(m.c.Reports, func(r Citizen) bool { return m.cmd.Report != nil && r.ID == m.cmd.Report.ID })
		}, false, nil}
	isChild   = guard{view.Text{Zh: "已并入主案件", En: "it is attached to a cause"}, func(m moment) bool { return m.c.Overlays.Parent != "" }, true, nil}
	causeOpen = guard{view.Text{Zh: "主案件未办结，不是本案，也未并入他案；本案未并入且没有子案件；由人并入时，主案件级别不低于本案",
		En: "the cause is open, another case and no symptom itself, and this one is neither attached nor a cause; by a person only under one that was as severe"},
		func(m moment) bool {
			return m.c.Overlays.Parent == "" && !m.w.Children && goodCause(m.w.Cause, m.cmd.Parent, m.c.Opening.ID) &&
				(m.actor.Person == "" || !m.c.Peak.Above(m.w.Cause.Peak))
		}, false, func(m moment) bool { return m.c.Overlays.Parent == "" && !m.w.Children }}
	otherCase = guard{view.Text{Zh: "如为重复，另一案件存在且不是本案", En: "if it is a duplicate: the other case exists and is not this one"},
		func(m moment) bool {
			return m.cmd.Resolution != Duplicate || m.w.Cause != nil && m.w.Cause.ID == m.cmd.Parent && m.cmd.Parent != m.c.Opening.ID
		}, false, nil}
	causeClosed = guard{view.Text{Zh: "主案件已办结（非误报、重复、计划作业、测试），级别不低于本案，且本案告警已解除",
		En: "its cause is closed, was not dismissed and was as severe, and its own condition is cleared"},
		func(m moment) bool {
			return m.c.calm() && m.ownCause() && m.w.Cause.Closed && said(m.w.Cause.Answer) && ClosesWith(*m.c, *m.w.Cause)
		}, true, nil}
	raisable = guard{view.Text{Zh: "区域已知；如有主案件，该案件未办结", En: "its area is known; its cause, if it names one, is open"},
		func(m moment) bool {
			o := m.cmd.Opening
			return o != nil && m.w.covers(o.Area) && (o.Parent == "" || goodCause(m.w.Cause, o.Parent, o.ID))
		}, false, nil}
)

func goodCause(c *Cause, id, own string) bool {
	return c != nil && c.ID == id && id != own && !c.Closed && !c.Child
}

// ownCause says whether the world's cause is the case's own.
func (m moment) ownCause() bool {
	return m.w.Cause != nil && m.c.Overlays.Parent != "" && m.w.Cause.ID == m.c.Overlays.Parent
}

// timer says whether the command is a timer of the case that is due.
func (m moment) timer() bool {
	return slices.ContainsFunc(Timers(*m.c, *m.w.Policy), func(t Timer) bool {
		same := t.Action == m.cmd.Action || t.Action == Calm && m.cmd.Action == Restless
		return t.Key == m.cmd.Timer && same && t.Due <= m.w.Now
	})
}

func (m moment) ordersFit() bool {
	waiting := m.c.count(TaskOpen) + len(m.cmd.Orders)
	if waiting > maxOrders || len(m.c.Tasks)+len(m.cmd.Orders) > maxTasks {
		return false
	}
	_, limit, _ := m.w.Policy.due(m.w.Policy.limit(StepHandle, m.c.Opening.Category, m.c.Severity), m.w.Now)
	return !slices.ContainsFunc(m.cmd.Orders, func(o Order) bool { return o.Due != 0 && (o.Due <= m.w.Now || o.Due > limit) })
}
