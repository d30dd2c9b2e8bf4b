package lifecycle

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/cloud/view"
)

// Refusal says that the table does not allow what was wanted, and what it allows instead.
type Refusal struct {
	Action  Action
	State   State
	Text    view.Text
	Allowed []Action // to the same person, as the case stands
	// Forbidden: others may do it, this person may not.
	Forbidden bool
}

// Error returns the English sentence.
func (r *Refusal) Error() string { return r.Text.En }

// Stale says that the case has changed since the person saw it.
type Stale struct{ Saw, Is int }

// Error returns the English sentence; Text has both.
func (s *Stale) Error() string { return s.Text().En }

// Text is for people.
func (s *Stale) Text() view.Text {
	return view.Text{Zh: fmt.Sprintf("案件已变化（所见版本 %d，现为 %d），请刷新后再试", s.Saw, s.Is),
		En: fmt.Sprintf("the case has changed: you saw version %d, it is %d now; load it again", s.Saw, s.Is)}
}

// Decide returns the entries that a command adds to a case's journal, to be given to Apply
// in order and stored in one transaction. None and no error: the command changes nothing,
// as with a condition that comes and goes too often to be told each time.
//
// The error is view.ErrHidden for a case that the actor may not see, a *view.FieldError
// for a command that lacks something, a *Stale for another version, and else a *Refusal.
func Decide(c Case, cmd Command, a Actor, w World) ([]Entry, error) {
	if w.Policy == nil {
		return nil, errors.New("lifecycle: a decision needs a policy")
	}
	if c.State != Unborn && !Visible(c, a, w) {
		return nil, view.ErrHidden
	}
	for _, err := range []error{cmd.tooLong(), cmd.turned()} {
		if err != nil {
			return nil, err
		}
	}
	if cmd.Version != 0 && cmd.Version != c.Version {
		return nil, &Stale{cmd.Version, c.Version}
	}
	m := moment{&c, cmd, a, w}
	r, role, err := m.row()
	if err != nil {
		return nil, err
	}
	if c.Condition.Restless && (cmd.Action == Active || cmd.Action == Cleared) {
		return nil, nil
	}
	for _, n := range r.needs {
		if !n.ok(cmd) {
			return nil, &view.FieldError{Field: n.field, Text: n.text}
		}
	}
	for _, g := range r.guards {
		if !g.ok(m) {
			return nil, m.refuse(g.text, false)
		}
	}
	return m.entry(r, role)
}

// row finds the row that the command is about, and the role in which the actor may.
func (m moment) row() (*row, Role, error) {
	if m.cmd.Action == Calm && m.w.Changed > m.w.Now-m.w.Policy.Join.Quiet.Milliseconds() {
		m.cmd.Action = Restless
	}
	known, fits := false, false
	for i := range table {
		r := &table[i]
		if r.action != m.cmd.Action {
			continue
		}
		known = true
		if !r.fits(m.c) {
			continue
		}
		fits = true
		if role, ok := m.actor.as(r.who, m.c, m.w, m.cmd.Task); ok {
			return r, role, nil
		}
	}
	switch {
	case !known:
		return nil, "", &view.FieldError{Field: "action", Text: view.Text{Zh: "没有这种操作", En: "there is no such action"}}
	case !fits:
		l, s := m.cmd.Action.Label(), m.c.State.Label()
		return nil, "", m.refuse(view.Text{Zh: "“" + l.Zh + "”不适用于“" + s.Zh + "”或该级别的案件",
			En: strconv.Quote(l.En) + " does not go with a case that is " + s.En + ", or of its severity"}, false)
	default:
		l := m.cmd.Action.Label()
		return nil, "", m.refuse(view.Text{Zh: "您没有在该区域或任务中执行“" + l.Zh + "”的权限",
			En: "your roles in this area, or your tasks, do not allow " + strconv.Quote(l.En)}, true)
	}
}

// refuse builds a refusal that says what is allowed.
func (m moment) refuse(why view.Text, forbidden bool) *Refusal {
	allowed := Allowed(*m.c, m.actor, m.w)
	var zh, en []string
	for _, a := range allowed {
		zh, en = append(zh, a.Label().Zh), append(en, a.Label().En)
	}
	if len(allowed) == 0 {
		zh, en = []string{"无"}, []string{"nothing"}
	}
	l := m.cmd.Action.Label()
	if !forbidden && l.En != "" && !strings.Contains(why.En, strconv.Quote(l.En)) {
		why = view.Text{Zh: "“" + l.Zh + "”的条件：" + why.Zh, En: strconv.Quote(l.En) + " only if " + why.En}
	}
	return &Refusal{Action: m.cmd.Action, State: m.c.State, Allowed: allowed, Forbidden: forbidden, Text: view.Text{
		Zh: why.Zh + "。现在可以：" + strings.Join(zh, "、"), En: why.En + "; allowed now: " + strings.Join(en, ", ")}}
}

// Allowed returns what the actor may do to the case as it stands, in the table's order, if
// he says all that it needs.
func Allowed(c Case, a Actor, w World) (out []Action) {
	for i := range table {
		r := &table[i]
		m := moment{&c, Command{Action: r.action}, a, w}
		if r.fits(&c) && !slices.Contains(out, r.action) && a.could(r, &c, w) && r.open(m) {
			out = append(out, r.action)
		}
	}
	return out
}

// open says whether a command that is not said yet could pass the guards; where it is one on
// a task, on any of those that the actor may act on.
func (r *row) open(m moment) bool {
	passes := func(m moment) bool {
		return !slices.ContainsFunc(r.guards, func(g guard) bool { return !g.open(m) })
	}
	if !slices.ContainsFunc(r.needs, func(n need) bool { return n.field == needsTask.field }) {
		return passes(m)
	}
	return slices.ContainsFunc(m.c.Tasks, func(t Task) bool {
		m.cmd.Task = t.ID
		_, mine := m.actor.as(r.who, m.c, m.w, t.ID)
		return (mine || m.actor.owns(m.c)) && passes(m)
	})
}

// entry builds what an allowed command leaves in the journal.
func (m moment) entry(r *row, role Role) ([]Entry, error) {
	e := Entry{N: m.c.Version + 1, At: max(m.w.Now, m.c.Touched), Who: m.actor.Person, Role: role, From: m.c.State, Command: m.cmd}
	e.Action, e.Command.Version, e.To = r.action, 0, m.c.State
	if len(r.to) > 0 {
		e.To = r.to[0]
	}
	m.fill(&e)
	after := m.c.clone()
	if err := after.take(e); err != nil {
		return nil, fmt.Errorf("lifecycle: %w", err)
	}
	if len(r.to) > 1 {
		e.To = after.settled()
	}
	after.enter(e)
	e.Told = m.tells(e, &after)
	e.Clocks = m.w.Policy.newClocks(m.c, &after)
	return []Entry{e}, nil
}

// fill adds what the system knows and no person says.
func (m moment) fill(e *Entry) {
	c, p := m.c, m.w.Policy
	state := map[bool]string{true: conditionActive, false: conditionCleared}[m.w.Active]
	switch e.Action {
	case Active, Cleared:
		e.Restless = c.restlessWith(e.At, p.Join)
	case Restless:
		e.Until = m.w.Changed
	case Calm:
		e.Condition, e.Until = state, m.w.Changed
	case Reopen:
		if c.Condition.Watched {
			e.Condition = state
		}
	case SelfRecover:
		e.Resolution = SelfRecovery
	case AutoClose:
		e.Resolution, e.Answer = c.foundOut(), p.answer(c)
	case CloseWithParent:
		e.Resolution, e.Answer, e.Parent = WithParent, m.w.Cause.Answer, m.w.Cause.ID
	}
}

// restlessWith says whether one more change is one too many.
func (c *Case) restlessWith(at int64, j Joining) bool {
	n := 1
	for _, t := range c.Condition.Changes {
		if t > at-j.Quiet.Milliseconds() {
			n++
		}
	}
	return n > j.Restless
}

// foundOut is how a case that closes of itself ended.
func (c *Case) foundOut() Resolution {
	if c.Outcome.Resolution != "" {
		return c.Outcome.Resolution
	}
	if slices.ContainsFunc(c.Tasks, func(t Task) bool { return t.Round == c.Round && t.Result == Done }) {
		return Fixed
	}
	return NoFault
}

// answer is what a case that closes of itself says.
func (p Policy) answer(c *Case) string {
	at := func(ms int64) string {
		return time.UnixMilli(ms).In(p.Calendar.Zone.Location()).Format("2006-01-02 15:04")
	}
	text := strings.NewReplacer("{count}", strconv.Itoa(c.Condition.Count), "{from}", at(c.Condition.Begun), "{to}", at(c.Condition.Since)).Replace(p.Answer)
	if !plain(text, maxText, "\n\t") || !said(text) {
		p.Answer = DefaultPolicy().Answer
		return p.answer(c)
	}
	return text
}

// tells returns the areas that an entry tells: at the start up to the level of the
// severity, at a deadline the area and the one above, at twice the one above that, and
// one more each time that a case was rejected too often.
func (m moment) tells(e Entry, after *Case) (codes []string) {
	path, p := m.w.Path[:min(len(m.w.Path), maxTold)], m.w.Policy
	upTo := func(n int) {
		for _, place := range path[:min(n, len(path))] {
			codes = append(codes, place.Code)
		}
	}
	switch e.Action {
	case Raise, RaiseSeverity:
		if l, known := p.StartLevel[after.Severity]; known {
			high := slices.IndexFunc(path, func(p Place) bool { return p.Level.atLeast(l) })
			if high < 0 {
				high = len(path) - 1
			}
			upTo(high + 1)
		}
	case Overdue:
		upTo(2)
	case Escalate:
		upTo(3)
	case Reject:
		if after.Tally.Rework%max(p.ReworkLevel, 1) == 0 {
			upTo(m.highest(path) + 2)
		}
	}
	return codes
}

// highest is how far up the path the case was told already.
func (m moment) highest(path []Place) (i int) {
	for k, place := range path {
		if slices.Contains(m.c.Overlays.Told, place.Code) {
			i = k
		}
	}
	return i
}
