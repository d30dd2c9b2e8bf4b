package aggregator

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/cloud/area"
	"github.com/lamppost-city/lamppost/cloud/auth/role"
	"github.com/lamppost-city/lamppost/cloud/cases/lifecycle"
	"github.com/lamppost-city/lamppost/cloud/cases/performance"
	"github.com/lamppost-city/lamppost/cloud/view"
)

// mostDays is the longest span of figures.
const mostDays = 400

// Performance works out the figures of the areas in which who asks has a role. Two are worked
// out at a time, others wait: each reads all cases of its span.
func (d caseDesk) Performance(ctx context.Context, q view.PerformanceQuery, now time.Time) (p view.Performance, err error) {
	a, err := d.actor(ctx)
	if err != nil {
		return p, err
	}
	if q.Area != "" {
		if q.Area, err = d.areaCode(q.Area); err != nil {
			return p, err
		}
	}
	zone := d.policy.Calendar.Zone.Location()
	if p, err = days(q, now, zone); err != nil {
		return p, err
	}
	select {
	case d.figuring <- struct{}{}:
		defer func() { <-d.figuring }()
	case <-ctx.Done():
		return p, ctx.Err()
	}
	sees := d.seesIn(a, q.Area)
	alerts := d.loadBeside(ctx, p, zone, sees)
	err = d.countCases(ctx, &p, sees)
	loaded := <-alerts
	if err == nil {
		err = loaded.err
	}
	p.Alerts = loaded.alerts
	d.name(p.Areas, d.areaName)
	d.name(p.Departments, d.departmentName)
	return p, err
}

// days works out which span is asked for: without days, the week until today.
func days(q view.PerformanceQuery, now time.Time, zone *time.Location) (p view.Performance, err error) {
	const form = "2006-01-02"
	today := now.In(zone)
	if q.Last == "" {
		q.Last = today.Format(form)
	}
	last, err := time.ParseInLocation(form, q.Last, zone)
	if err != nil || last.Year() < 2000 || last.Year() > 2200 {
		return p, badDay("to")
	}
	if q.First == "" {
		q.First = last.AddDate(0, 0, -6).Format(form)
	}
	first, err := time.ParseInLocation(form, q.First, zone)
	switch {
	case err != nil || first.Year() < 2000:
		return p, badDay("from")
	case first.After(last):
		return p, &view.FieldError{Field: "from", Text: view.Text{Zh: "起始日期晚于结束日期", En: "from is later than to"}}
	case first.AddDate(0, 0, mostDays-1).Before(last):
		return p, &view.FieldError{Field: "from", Text: view.Text{Zh: fmt.Sprintf("至多 %d 天", mostDays), En: fmt.Sprintf("at most %d days", mostDays)}}
	}
	return view.Performance{From: first.UnixMilli(), To: last.AddDate(0, 0, 1).UnixMilli(), Now: now.UnixMilli(),
		FirstDay: q.First, LastDay: q.Last, Zone: zone.String(), Area: q.Area, Department: q.Department}, nil
}

func badDay(field string) error {
	return &view.FieldError{Field: field, Text: view.Text{Zh: "请写日期，如 2026-11-23", En: "write a day like 2026-11-23"}}
}

// seesIn says of an area whether it lies in another one, empty: anywhere, and an actor has a
// role for it.
func (p *parts) seesIn(a lifecycle.Actor, within string) func(area string) bool {
	return func(area string) bool {
		path := p.path(area)
		return (within == "" || slices.ContainsFunc(path, func(x lifecycle.Place) bool { return x.Code == within })) &&
			lifecycle.Visible(lifecycle.Case{}, a, lifecycle.World{Path: path})
	}
}

// loaded is what came of counting alerts.
type loaded struct {
	alerts *view.AlertLoad
	err    error
}

// loadBeside counts the alerts of a span while something else is done; of a department there
// are none.
func (d caseDesk) loadBeside(ctx context.Context, p view.Performance, zone *time.Location, sees func(string) bool) <-chan loaded {
	out := make(chan loaded, 1)
	if p.Department != "" {
		out <- loaded{}
		return out
	}
	go func() {
		var l loaded
		l.alerts, l.err = d.cases.Load(ctx, performance.NewLoad(p.From, p.To, p.Now, zone), p.From, p.To, p.Now, sees)
		out <- l
	}()
	return out
}

// countCases counts the cases of a span, by the areas below the one that is asked for.
func (d caseDesk) countCases(ctx context.Context, p *view.Performance, sees func(string) bool) error {
	all, err := d.docket.Areas(ctx)
	if err != nil {
		return err
	}
	below := d.below(p.Area, slices.DeleteFunc(all, func(area string) bool { return !sees(area) }))
	c := performance.NewCount(p.From, p.To, p.Now, p.Department)
	err = d.docket.Measure(ctx, c, p.From, p.To, func(area string) (string, bool) {
		within, is := below[area]
		return within, is
	})
	c.Into(p)
	return err
}

// below says of each area which of those right below one it lies in; an area itself, if it is
// that one. Without one it is the lowest below which all of them lie. What is no area of the
// tree lies in the empty one.
func (p *parts) below(top string, all []string) map[string]string {
	if top != "" {
		out, _ := p.children(top, all)
		return out
	}
	for top = role.Everywhere; ; {
		out, only := p.children(top, all)
		if only == "" {
			return out
		}
		top = only
	}
}

// children says of each area which one right below top it lies in; only is the one in which
// all lie and that is none of them, empty: there is none.
func (p *parts) children(top string, all []string) (out map[string]string, only string) {
	out, only = map[string]string{}, top
	for _, area := range all {
		child := childOf(p.path(area), top)
		out[area] = child
		switch {
		case child == "": // it is in none, wherever one looks
		case child == area, only != top && only != child:
			only = ""
		case only == top:
			only = child
		}
	}
	if only == top {
		only = "" // there are no areas
	}
	return out, only
}

// childOf is the area right below one on a path, nearest first; the end of the path, if that
// is the one.
func childOf(path []lifecycle.Place, top string) string {
	i := slices.IndexFunc(path, func(x lifecycle.Place) bool { return x.Code == top })
	switch {
	case i > 0:
		return path[i-1].Code
	case i == 0 && top != role.Everywhere:
		return top
	}
	return ""
}

// name gives groups the names of their keys.
func (p *parts) name(groups []view.PerformanceGroup, of func(key string) view.Text) {
	for i := range groups {
		groups[i].Name = of(groups[i].Key)
	}
}

func (p *parts) areaName(text string) view.Text {
	if code, bad := area.ParseCode(text); bad == nil {
		if a, ok := p.places.Tree().Area(code); ok {
			return a.Name
		}
	}
	return view.Text{}
}

func (p *parts) departmentName(id string) view.Text {
	d, _ := p.places.Department(id)
	return d.Name
}
