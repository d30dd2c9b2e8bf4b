package aggregator

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/cloud/area"
	"github.com/lamppost-city/lamppost/cloud/auth"
	"github.com/lamppost-city/lamppost/cloud/auth/role"
	"github.com/lamppost-city/lamppost/cloud/cases/docket"
	"github.com/lamppost-city/lamppost/cloud/cases/lifecycle"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// openDocket opens the cases, where there are persons who can work on them.
func (p *parts) openDocket(ctx context.Context) error {
	s := p.o.Settings
	if s.Accounts == nil {
		return nil
	}
	p.policy, p.figuring = lifecycle.DefaultPolicy(), make(chan struct{}, 2)
	if s.Cases != nil {
		p.policy = *s.Cases
	}
	p.docket = docket.New(docket.Options{
		DB: p.db, Policy: func() lifecycle.Policy { return p.policy }, Path: p.path, Record: p.noteCase, Notice: p.noticeCase, Changed: p.caseChanged,
	})
	return p.docket.Settle(ctx)
}

// follow lets a new revision of an alert be followed in a case; nil: there are no cases.
func (p *parts) follow() func(ctx context.Context, tx *sql.Tx, gateway, area string, a wire.Alert, received int64) (func(), error) {
	if p.docket == nil {
		return nil
	}
	return func(ctx context.Context, tx *sql.Tx, gateway, area string, a wire.Alert, received int64) (func(), error) {
		if known, err := p.areaCode(area); err == nil {
			area = known
		}
		return p.docket.Follow(ctx, tx, gateway, area, a, received)
	}
}

// runCases does what cases wait for, until ctx ends.
func (p *parts) runCases(ctx context.Context) error {
	if p.docket == nil {
		return nil
	}
	return p.docket.Run(ctx, func(err error) {
		p.o.Log.Error("what cases wait for is done later", "error", err)
	})
}

// caseChanged shows a changed case to the consoles.
func (p *parts) caseChanged(c lifecycle.Case, entries []lifecycle.Entry) {
	p.publish("case", docket.Show(c, time.Now().UnixMilli()))
	if slices.ContainsFunc(entries, func(e lifecycle.Entry) bool { return e.Action == lifecycle.Acknowledge }) {
		p.showSeen(c.Opening.ID)
	}
}

// showSeen shows the alerts of a case that was acknowledged, and has their gateways told.
func (p *parts) showSeen(id string) {
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	// A console that misses this sees it at its next load, the gateways hear with the next look.
	if d, err := p.docket.Get(ctx, id, linkActor("link"), time.Now()); err == nil {
		p.cases.Show(ctx, d.Alerts...)
	}
	p.commands.Wake()
}

// noteCase writes what a person did to a case into the audit log.
func (p *parts) noteCase(ctx context.Context, tx *sql.Tx, c lifecycle.Case, e lifecycle.Entry) error {
	from, as := "", string(e.Role)
	if who := auth.From(ctx); who != nil {
		if from = who.From; who.Token != "" {
			as = who.Title()
		}
	} else if link, ok := ctx.Value(linkKey{}).(string); ok {
		from, as = link, "link"
	}
	return p.audit.Append(ctx, tx, view.Audit{
		At: e.At, Who: e.Who, Role: as, From: from, What: "case." + string(e.Action), About: c.Opening.ID,
		Old: string(e.From), New: string(e.To), Result: "done",
	})
}

// levelOf is what cases call the levels of areas.
var levelOf = map[area.Level]lifecycle.Level{
	area.Province: lifecycle.Province, area.City: lifecycle.City, area.District: lifecycle.District,
	area.Street: lifecycle.Street, area.Community: lifecycle.Community, area.Cell: lifecycle.Grid,
}

// path returns an area and those above it, nearest first. Above all of them is everywhere,
// which stands alone for what is no area.
func (p *parts) path(text string) (out []lifecycle.Place) {
	if code, bad := area.ParseCode(text); bad == nil {
		for _, c := range slices.Backward(p.places.Tree().Path(code)) {
			out = append(out, lifecycle.Place{Code: string(c), Level: levelOf[c.Level()]})
		}
	}
	return append(out, lifecycle.Place{Code: role.Everywhere, Level: lifecycle.Province})
}

// areaCode is the present and short form of an area's code.
func (p *parts) areaCode(text string) (string, error) {
	code, bad := area.ParseCode(text)
	if bad != nil {
		return "", &view.FieldError{Field: "area", Text: *bad}
	}
	if now, ok := p.places.Tree().Resolve(code); ok {
		code = now
	}
	return string(code), nil
}

// known says whether a code is one of the tree; where no areas were imported, each is.
func (p *parts) known(code string) bool {
	tree := p.places.Tree()
	_, ok := tree.Area(area.Code(code))
	return ok || tree.Len() == 0
}

// caseDesk is the docket for whoever is logged in.
type caseDesk struct{ *parts }

// actor is whoever is logged in. A program with a token acts in its person's name, but does
// not answer for the departments that the person belongs to.
func (d caseDesk) actor(ctx context.Context) (lifecycle.Actor, error) {
	who := auth.From(ctx)
	if who == nil || who.Person == "" || who.Must != "" {
		return lifecycle.Actor{}, view.ErrUnknown
	}
	a := lifecycle.Actor{Person: who.Person, Token: who.Token != ""}
	for _, g := range who.Effective() {
		code := g.Area
		if known, err := d.areaCode(code); err == nil {
			code = known
		}
		a.Grants = append(a.Grants, lifecycle.Grant{Role: lifecycle.Role(g.Role), Area: code})
	}
	if a.Token {
		return a, nil
	}
	for _, department := range d.places.Departments() {
		if slices.Contains(department.Members, who.Person) {
			a.Departments = append(a.Departments, department.ID)
		}
	}
	return a, nil
}

// Cases lists those that who asks may see.
func (d caseDesk) Cases(ctx context.Context, f view.CaseFilter) (view.CasePage, error) {
	page := view.CasePage{Cases: []view.Case{}}
	a, err := d.actor(ctx)
	if err != nil {
		return page, err
	}
	if f.Area != "" {
		if f.Area, err = d.areaCode(f.Area); err != nil {
			return page, err
		}
	}
	now := time.Now().UnixMilli()
	list, err := d.docket.List(ctx, docket.Filter{State: f.State, Severity: f.Severity, Area: f.Area, Department: f.Department,
		Alert: f.Alert, Overdue: f.Overdue, After: f.After, Limit: f.Limit, Now: now}, a)
	if err != nil {
		return page, err
	}
	for _, c := range list.Cases {
		page.Cases = append(page.Cases, docket.Show(c, now))
	}
	page.Next = list.Next
	return page, nil
}

// Case returns one with its history and what may be done to it.
func (d caseDesk) Case(ctx context.Context, id string) (view.CaseDetail, error) {
	a, err := d.actor(ctx)
	if err != nil {
		return view.CaseDetail{}, err
	}
	now := time.Now()
	c, err := d.docket.Get(ctx, id, a, now)
	if err != nil {
		return view.CaseDetail{}, err
	}
	v := c.Show(now.UnixMilli())
	if d.notify != nil {
		if v.Notices, err = d.notify.About(ctx, caseSubject+v.ID); err != nil {
			return view.CaseDetail{}, err
		}
	}
	v.Advice = adviceOf(d.o.Settings.Advice).For(v.Rule, v.Category, v.Severity)
	return v, nil
}

// Act does something to a case that who asks saw in a version; 0: in whatever it is. With a
// key it is done once.
func (d caseDesk) Act(ctx context.Context, id, key string, version int, action string, c view.CaseCommand) (view.CaseDetail, error) {
	a, err := d.actor(ctx)
	if err != nil {
		return view.CaseDetail{}, err
	}
	if err := d.judgeOrders(ctx, c.Orders); err != nil {
		return view.CaseDetail{}, err
	}
	cmd := docket.Wanted(action, version, c)
	if cmd.Action == lifecycle.Raise { // there is no case yet
		return view.CaseDetail{}, view.ErrUnknown
	}
	if _, err := d.docket.Do(ctx, id, key, cmd, a, time.Now()); err != nil {
		return view.CaseDetail{}, told(err)
	}
	return d.Case(ctx, id)
}

// judgeOrders finds departments and persons that there are not: nobody would ever answer for
// them.
func (d caseDesk) judgeOrders(ctx context.Context, orders []view.CaseOrder) error {
	for i, o := range orders {
		if _, ok := d.places.Department(o.Department); o.Department != "" && !ok {
			return &view.FieldError{Field: fmt.Sprintf("orders.%d.department", i), Text: view.Text{Zh: "没有这个部门", En: "there is no such department"}}
		}
		if o.Person == "" {
			continue
		}
		known, err := d.book.Active(ctx, o.Person)
		if err != nil {
			return err
		}
		if !known {
			return &view.FieldError{Field: fmt.Sprintf("orders.%d.person", i), Text: view.Text{Zh: "没有这个人员，或其账户已停用", En: "there is no such person, or the account is switched off"}}
		}
	}
	return nil
}

// Open raises a case. A citizen's report is attached to it, and the same report, sent again
// within a week, is the same case.
func (d caseDesk) Open(ctx context.Context, key string, o view.CaseOpening) (view.CaseDetail, error) {
	a, err := d.actor(ctx)
	if err != nil {
		return view.CaseDetail{}, err
	}
	code, err := d.areaCode(o.Area)
	if err != nil {
		return view.CaseDetail{}, err
	}
	if !d.known(code) {
		return view.CaseDetail{}, &view.FieldError{Field: "area", Text: view.Text{Zh: "没有这个区域，请从区域列表中选择", En: "there is no such area; choose one of the list of areas"}}
	}
	cmd := lifecycle.Command{Action: lifecycle.Raise, Opening: &lifecycle.Opening{
		Source: "person", Kind: strings.TrimSpace(o.Kind), Category: o.Category, Area: code, Severity: o.Severity, Text: o.Text, Parent: o.Parent,
	}}
	var reports []lifecycle.Citizen
	if o.Report != nil {
		if strings.TrimSpace(o.Report.ID) == "" || strings.TrimSpace(o.Report.Text) == "" {
			return view.CaseDetail{}, &view.FieldError{Field: "report", Text: view.Text{Zh: "请写明诉求编号和内容", En: "the report's number and its text are needed"}}
		}
		if cmd.Opening.Source = "hotline"; key == "" {
			key = "report " + o.Report.ID
		}
		reports = append(reports, lifecycle.Citizen(*o.Report))
	}
	c, err := d.docket.Do(ctx, "", key, cmd, a, time.Now(), reports...)
	if err != nil {
		return view.CaseDetail{}, told(err)
	}
	return d.Case(ctx, c.Opening.ID)
}

// Quality counts how the cases that who asks may see ended, by rule.
func (d caseDesk) Quality(ctx context.Context, from, to int64) ([]view.RuleQuality, error) {
	a, err := d.actor(ctx)
	if err != nil {
		return nil, err
	}
	return d.docket.Quality(ctx, from, to, a)
}

// told is an error of the engine as the API knows it.
func told(err error) error {
	var no *lifecycle.Refusal
	var stale *lifecycle.Stale
	switch {
	case errors.As(err, &no):
		return &view.CaseRefusal{Text: no.Text, Allowed: docket.Labelled(no.Allowed), Forbidden: no.Forbidden}
	case errors.As(err, &stale):
		return &view.StaleError{Text: stale.Text(), Version: stale.Is}
	}
	return err
}
