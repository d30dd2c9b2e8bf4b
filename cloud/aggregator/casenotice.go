package aggregator

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/cloud/area"
	"github.com/lamppost-city/lamppost/cloud/auth/role"
	"github.com/lamppost-city/lamppost/cloud/cases/lifecycle"
	"github.com/lamppost-city/lamppost/cloud/notify"
	"github.com/lamppost-city/lamppost/cloud/notify/channel"
	"github.com/lamppost-city/lamppost/cloud/view"
)

// caseSubject is what a case is called where it is told; no alert is called so.
const caseSubject = "case/"

// telling is how an entry of a case's journal is told.
type telling struct {
	kind string
	what view.Text
	// asks: somebody is asked to act, which neither a cause nor shelving silences.
	asks bool
	// quiet: only whom it names is told, and by rules that ask for this kind.
	quiet bool
}

var tellings = map[lifecycle.Action]telling{
	lifecycle.Raise:           {kind: "opened", what: view.Text{Zh: "新案件", En: "new case"}},
	lifecycle.RaiseSeverity:   {kind: "worse", what: view.Text{Zh: "级别提高", En: "more severe"}},
	lifecycle.Acknowledge:     {kind: "acknowledged", what: view.Text{Zh: "已确认", En: "acknowledged"}},
	lifecycle.Dispatch:        {kind: "dispatched", what: view.Text{Zh: "派单", En: "dispatched"}, asks: true},
	lifecycle.AutoDispatch:    {kind: "dispatched", what: view.Text{Zh: "派单", En: "dispatched"}, asks: true},
	lifecycle.Reassign:        {kind: "dispatched", what: view.Text{Zh: "改派", En: "given to others"}, asks: true},
	lifecycle.Withdraw:        {kind: "withdrawn", what: view.Text{Zh: "撤单", En: "task withdrawn"}, asks: true},
	lifecycle.Return:          {kind: "returned", what: view.Text{Zh: "退单", En: "task returned"}, asks: true},
	lifecycle.Reject:          {kind: "rejected", what: view.Text{Zh: "退回重办", En: "to be done again"}, asks: true},
	lifecycle.Report:          {kind: "handled", what: view.Text{Zh: "待核查", En: "handled, to be verified"}},
	lifecycle.Remind:          {kind: "reminded", what: view.Text{Zh: "催办", En: "reminder"}, quiet: true},
	lifecycle.Overdue:         {kind: "overdue", what: view.Text{Zh: "超时", En: "overdue"}},
	lifecycle.Escalate:        {kind: "escalated", what: view.Text{Zh: "提级督办", En: "escalated"}},
	lifecycle.Reopen:          {kind: "reopened", what: view.Text{Zh: "重新开启", En: "reopened"}},
	lifecycle.Cleared:         {kind: "cleared", what: view.Text{Zh: "告警解除", En: "condition cleared"}},
	lifecycle.Active:          {kind: "active", what: view.Text{Zh: "告警再现", En: "condition is back"}},
	lifecycle.Detach:          {kind: "detached", what: view.Text{Zh: "改为单独办理", En: "on its own from now on"}},
	lifecycle.Unshelve:        {kind: "unshelved", what: view.Text{Zh: "搁置结束", En: "no longer shelved"}},
	lifecycle.Close:           {kind: "closed", what: view.Text{Zh: "已办结", En: "closed"}},
	lifecycle.AutoClose:       {kind: "closed", what: view.Text{Zh: "已办结", En: "closed"}},
	lifecycle.CloseWithParent: {kind: "closed", what: view.Text{Zh: "已办结", En: "closed"}},
	lifecycle.Dismiss:         {kind: "closed", what: view.Text{Zh: "不予处理", En: "dismissed"}},
}

// noticeCase takes what happened to a case into what people are told, in the transaction
// that stores it. Who acknowledges a case has seen its alerts: their sirens fall silent.
func (p *parts) noticeCase(ctx context.Context, tx *sql.Tx, c lifecycle.Case, entries []lifecycle.Entry) error {
	for _, e := range entries {
		if e.Action == lifecycle.Acknowledge {
			if err := p.acknowledgeAlerts(ctx, tx, c, e); err != nil {
				return err
			}
		}
		if p.notify == nil {
			continue
		}
		cause, err := p.causeOf(ctx, tx, c)
		if err != nil {
			return err
		}
		if cause != "" && e.Action == lifecycle.Attach {
			if err := p.notify.Suppress(ctx, tx, caseSubject+c.Opening.ID, cause); err != nil {
				return err
			}
		}
		if event, ok := p.caseEvent(c, e, cause); ok {
			if err := p.takeIn(ctx, tx, time.Now(), []notify.Event{event}); err != nil {
				return err
			}
		}
	}
	return nil
}

// noticeStanding tells of an open case what was not told when it happened: if nothing was told
// of it at all, that it is there, else what happened last. What was told is left out.
func (p *parts) noticeStanding(ctx context.Context, tx *sql.Tx, c lifecycle.Case, entries []lifecycle.Entry) error {
	known, err := p.notify.Known(ctx, tx, caseSubject+c.Opening.ID)
	if err != nil || len(entries) == 0 {
		return err
	}
	cause, err := p.causeOf(ctx, tx, c)
	if err != nil {
		return err
	}
	if !known {
		entries = entries[:1]
	}
	for _, e := range slices.Backward(entries) {
		if event, ok := p.caseEvent(c, e, cause); ok && !event.Quiet {
			return p.takeIn(ctx, tx, time.Now(), []notify.Event{event})
		}
	}
	return nil
}

// causeOf is the open case that a case is a symptom of, unless it is the more severe one:
// nobody knows yet how bad it is.
func (p *parts) causeOf(ctx context.Context, tx *sql.Tx, c lifecycle.Case) (string, error) {
	parent := c.Overlays.Parent
	if parent == "" {
		return "", nil
	}
	open, level, err := p.docket.Stands(ctx, tx, parent)
	if err != nil || !open || c.Severity.Above(level) {
		return "", err
	}
	return caseSubject + parent, nil
}

// caseEvent is an entry as an event; false: it is told to nobody.
func (p *parts) caseEvent(c lifecycle.Case, e lifecycle.Entry, cause string) (notify.Event, bool) {
	t, ok := tellings[e.Action]
	ends, shelved := t.kind == "closed", false
	// Who was told that it began is told that it ends, and nobody else if it was a symptom.
	sequel := e.Action == lifecycle.CloseWithParent || ends && cause != ""
	switch {
	case !ok, e.Action == lifecycle.Report && e.To != lifecycle.Handled:
		return notify.Event{}, false
	case t.asks, ends:
		cause = ""
	default:
		shelved = c.Overlays.Shelved > e.At
	}
	o := c.Opening
	said := cmp.Or(o.Text, o.Category, o.Kind)
	source := sourceOf(o.Gateway)
	if o.Gateway == "" {
		source = short("area/"+o.Area, 200)
	}
	v := notify.Event{
		ID: fmt.Sprintf("%s%s/%d", caseSubject, o.ID, e.N), Subject: caseSubject + o.ID, About: "case", Kind: t.kind, First: e.Action == lifecycle.Raise || e.Action == lifecycle.Detach,
		Severity: c.Severity, Area: o.Area, Category: o.Category, Rule: short(cmp.Or(o.Rule, o.Kind), 100), Source: source, At: e.At, Cause: cause, Quiet: t.quiet,
		Asks: t.asks, Sequel: sequel, Hushed: shelved,
		Text:  view.Text{Zh: short(t.what.Zh+"："+said, maxSaid), En: short(t.what.En+": "+said, maxSaid)},
		Place: p.placeText(o), State: p.caseState(c, e), Path: "/cases/" + o.ID,
		Ack:    c.State == lifecycle.Raised || c.State == lifecycle.Dispatched && c.SeenBy == "",
		People: p.caseCrew(c, e),
	}
	return v, true
}

// placeText says where a case is: the names of its area and those around it, and the part.
func (p *parts) placeText(o lifecycle.Opening) (t view.Text) {
	var zh, en []string
	if code, bad := area.ParseCode(o.Area); bad == nil {
		for _, c := range p.places.Tree().Path(code) {
			if a, ok := p.places.Tree().Area(c); ok {
				zh, en = append(zh, cmp.Or(a.Name.Zh, a.Name.En)), append(en, cmp.Or(a.Name.En, a.Name.Zh))
			}
		}
		slices.Reverse(en)
	}
	t = view.Text{Zh: strings.Join(zh, ""), En: strings.Join(en, ", ")}
	if t.Zh == "" {
		t = view.Text{Zh: o.Area, En: o.Area}
	}
	part := strings.TrimSpace(o.Gateway + " " + o.Device)
	return view.Text{Zh: short(strings.TrimSpace(t.Zh+" "+part), maxSaid), En: short(strings.TrimSpace(t.En+" "+part), maxSaid)}
}

// caseState says how a case stands after an entry: its number, who has it, until when, why.
func (p *parts) caseState(c lifecycle.Case, e lifecycle.Entry) view.Text {
	zh, en := []string{"案件 " + c.Opening.ID, c.State.Label().Zh}, []string{"case " + c.Opening.ID, c.State.Label().En}
	add := func(z, n string) { zh, en = append(zh, z), append(en, n) }
	all := departments(c, e)
	for _, d := range all[:min(len(all), maxNamed)] {
		name := view.Text{Zh: d, En: d}
		if known, ok := p.places.Department(d); ok {
			name = view.Text{Zh: cmp.Or(known.Name.Zh, d), En: cmp.Or(known.Name.En, d)}
		}
		add(short(name.Zh, maxName), short(name.En, maxName))
	}
	if more := len(all) - maxNamed; more > 0 {
		add(fmt.Sprintf("等另外 %d 个部门", more), fmt.Sprintf("and %d more departments", more))
	}
	if due := nextDue(c); due != nil && e.To != lifecycle.Closed {
		at := time.UnixMilli(due.Due).In(p.o.Settings.Notify.Place).Format("01-02 15:04")
		add(at+" 前"+due.Step.Label().Zh, due.Step.Label().En+" until "+at)
	}
	for _, why := range []string{e.Why, e.Answer} {
		if why != "" {
			add(short(why, maxWhy), short(why, maxWhy))
		}
	}
	if e.Who != "" {
		add(short(e.Who, maxName), "by "+short(e.Who, maxName))
	}
	return view.Text{Zh: strings.Join(zh, "，"), En: strings.Join(en, ", ")}
}

// How much is told of how a case stands: together it is less than an event may say.
const (
	maxWhy   = 600 // bytes of a reason
	maxNamed = 8   // departments that are named
	maxName  = 240 // bytes of a name
)

// nextDue is the clock of a case that runs out first, or nil.
func nextDue(c lifecycle.Case) *lifecycle.Clock {
	if len(c.Clocks) == 0 {
		return nil
	}
	first := slices.MinFunc(c.Clocks, func(a, b lifecycle.Clock) int { return cmp.Compare(a.Due, b.Due) })
	return &first
}

// departments are those whom an entry asks to act, each once.
func departments(c lifecycle.Case, e lifecycle.Entry) (out []string) {
	add := func(d string) {
		if d != "" && !slices.Contains(out, d) {
			out = append(out, d)
		}
	}
	for _, o := range e.Orders {
		add(o.Department)
	}
	for _, t := range asked(c, e) {
		add(t.Department)
	}
	return out
}

// asked are the tasks that an entry is about: the one that it names, or those that are given
// anew.
func asked(c lifecycle.Case, e lifecycle.Entry) (out []lifecycle.Task) {
	for _, t := range c.Tasks {
		anew := e.Action == lifecycle.Reject && t.State == lifecycle.TaskOpen && t.Given == e.At
		named := t.ID == e.Task && slices.Contains([]lifecycle.Action{lifecycle.Remind, lifecycle.Overdue, lifecycle.Escalate}, e.Action)
		if anew || named {
			out = append(out, t)
		}
	}
	return out
}

// takenAway is the task that an entry takes from those who had it: they are told to stop.
func takenAway(c lifecycle.Case, e lifecycle.Entry) *lifecycle.Task {
	if e.Action != lifecycle.Withdraw && e.Action != lifecycle.Reassign || e.Task < 1 || e.Task > len(c.Tasks) {
		return nil
	}
	return &c.Tasks[e.Task-1]
}

// maxCrew is how many persons an entry is told by name.
const maxCrew = 50

// caseCrew are the persons whom an entry concerns: who was given a task, who is on duty in
// the areas that it tells, and where the centre is to act, who is on duty nearest to the case.
func (p *parts) caseCrew(c lifecycle.Case, e lifecycle.Entry) (out []string) {
	at := time.UnixMilli(e.At)
	add := func(people ...string) {
		for _, id := range people {
			if id != "" && len(out) < maxCrew && !slices.Contains(out, id) {
				out = append(out, id)
			}
		}
	}
	for _, o := range e.Orders {
		add(o.Person)
	}
	for _, t := range asked(c, e) {
		add(t.Person)
	}
	for _, d := range departments(c, e) {
		add(p.departmentCrew(d, at)...)
	}
	if t := takenAway(c, e); t != nil {
		if add(t.Person); t.Department != "" {
			add(p.departmentCrew(t.Department, at)...)
		}
	}
	areas := e.Told
	if e.Action == lifecycle.Detach { // who would have been told when it was raised
		areas = c.Overlays.Told
	}
	for _, code := range areas {
		if known, bad := area.ParseCode(code); bad == nil {
			add(p.places.OnDuty(known, "", at)...)
		}
	}
	if slices.Contains([]lifecycle.Action{lifecycle.Return, lifecycle.Report, lifecycle.Reopen, lifecycle.Active, lifecycle.Detach, lifecycle.Unshelve}, e.Action) ||
		e.Action == lifecycle.Remind && e.Task == 0 {
		add(p.nearestOnDuty(c.Opening.Area, at)...)
	}
	return out
}

// departmentCrew is who is on duty in a department, or all of its members where there is no
// roster; where none of them can be reached, its contacts that have a mail address.
func (p *parts) departmentCrew(id string, at time.Time) []string {
	d, _ := p.places.Department(id)
	people := p.places.DepartmentOnDuty(id, "", at)
	if len(people) == 0 {
		people = d.Members
	}
	if slices.ContainsFunc(people, func(id string) bool { _, ok := p.person(id); return ok }) {
		return people
	}
	people = slices.Clone(people)
	for i := range d.Contacts {
		people = append(people, contactID(id, i))
	}
	return people
}

func (p *parts) nearestOnDuty(text string, at time.Time) []string {
	code, bad := area.ParseCode(text)
	if bad != nil {
		return nil
	}
	for _, c := range slices.Backward(p.places.Tree().Path(code)) {
		if on := p.places.OnDuty(c, "", at); len(on) > 0 {
			return on
		}
	}
	return nil
}

// contactID names a contact of a department where persons are named; no person is called so.
func contactID(department string, i int) string {
	return "contact/" + department + "/" + strconv.Itoa(i)
}

// person is where somebody is found: as the settings say, or as the department's contact.
func (p *parts) person(id string) (channel.Person, bool) {
	if q, ok := p.o.Settings.Notify.People[id]; ok {
		return channel.Person{ID: id, Name: q.Name, Lang: q.Language, Mail: q.Mail, Mobile: q.Mobile, WeCom: q.WeCom, Feishu: q.Feishu}, true
	}
	rest, ok := strings.CutPrefix(id, "contact/")
	if !ok {
		return channel.Person{}, false
	}
	department, n, _ := strings.Cut(rest, "/")
	d, _ := p.places.Department(department)
	i, err := strconv.Atoi(n)
	if err != nil || i < 0 || i >= len(d.Contacts) || d.Contacts[i].Mail == "" {
		return channel.Person{}, false
	}
	return channel.Person{ID: id, Name: d.Contacts[i].Name, Mail: d.Contacts[i].Mail}, true
}

// acknowledgeAlerts notes that who acknowledged a case has seen its alerts, and asks their
// gateways to silence them, all with the entry or not at all.
func (p *parts) acknowledgeAlerts(ctx context.Context, tx *sql.Tx, c lifecycle.Case, e lifecycle.Entry) error {
	ids, err := p.docket.Alarming(ctx, tx, c.Opening.ID)
	if err != nil {
		return err
	}
	return p.cases.AcknowledgeIn(ctx, tx, ids, short(e.Who, maxBy), time.UnixMilli(e.At))
}

// maxBy is how many bytes of a name are noted; it is at most as many characters.
const maxBy = 80

// fitName shortens a name so that a case can note it; what stands behind it in brackets
// stays.
func fitName(by string) string {
	const most = 128
	if len(by) <= most {
		return by
	}
	i := max(strings.LastIndex(by, " ("), 0)
	if rest := by[i:]; i > 0 && len(rest) < most {
		return short(by[:i], most-len(rest)) + rest
	}
	return short(by, most)
}

// linkActor is who acknowledges a case by a link: who was told may, whatever the roles.
func linkActor(by string) lifecycle.Actor {
	return lifecycle.Actor{Person: by, Grants: []lifecycle.Grant{{Role: lifecycle.Operator, Area: role.Everywhere}}}
}

// acknowledgeCase acknowledges a case by a link.
func (p *parts) acknowledgeCase(ctx context.Context, id, by string, now time.Time) error {
	if p.docket == nil {
		return view.ErrUnknown
	}
	_, err := p.docket.Do(ctx, id, "", lifecycle.Command{Action: lifecycle.Acknowledge}, linkActor(fitName(by)), now)
	var no *lifecycle.Refusal
	if errors.As(err, &no) {
		return view.ErrAcknowledged // or it went further already
	}
	return err
}

// aboutCase is what a case says, for the page of a link.
func (p *parts) aboutCase(ctx context.Context, id string, now time.Time) (view.Text, error) {
	if p.docket == nil {
		return view.Text{}, view.ErrUnknown
	}
	d, err := p.docket.Get(ctx, id, linkActor("link"), now)
	o := d.Case.Opening
	said := cmp.Or(o.Text, o.Category, o.Kind)
	return view.Text{Zh: "案件 " + id + "：" + said, En: "case " + id + ": " + said}, err
}
