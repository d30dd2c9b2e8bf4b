package docket_test

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/cases/docket"
	"github.com/lamppost-city/lamppost/cloud/cases/lifecycle"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// raised is a case that somebody raises.
func (p *process) raised(area string, severity wire.Severity) string {
	p.t.Helper()
	return p.must("", li, lifecycle.Command{Action: lifecycle.Raise, Opening: &lifecycle.Opening{Source: "person", Kind: "06026", Area: area, Severity: severity}}, noon).Opening.ID
}

// Each word of a filter takes what it says, and pages hold all of it once.
func TestListFilters(t *testing.T) {
	p := one(t)
	red, far := p.raised("330105003", wire.Red), p.raised("330106001", wire.Blue)
	p.must(far, li, lifecycle.Command{Action: lifecycle.Acknowledge}, noon)
	p.must(far, li, lifecycle.Command{Action: lifecycle.Dispatch, Orders: []lifecycle.Order{{Department: "drainage", Instruction: "x"}}}, noon)
	over := p.raised("330105", wire.Blue)
	p.must(over, li, lifecycle.Command{Action: lifecycle.Dismiss, Resolution: lifecycle.Test, Why: "x"}, noon)
	late := noon.Add(time.Hour).UnixMilli()
	for name, c := range map[string]struct {
		f    docket.Filter
		want []string
	}{
		"open":       {docket.Filter{}, []string{far, red}},
		"all":        {docket.Filter{State: "all"}, []string{over, far, red}},
		"a state":    {docket.Filter{State: "closed"}, []string{over}},
		"severity":   {docket.Filter{Severity: "red"}, []string{red}},
		"area":       {docket.Filter{State: "all", Area: "330105"}, []string{over, red}},
		"department": {docket.Filter{Department: "drainage"}, []string{far}},
		"overdue":    {docket.Filter{Overdue: true, Now: late}, []string{red}},
		"not yet":    {docket.Filter{Overdue: true, Now: noon.UnixMilli()}, nil},
		"after":      {docket.Filter{State: "all", After: far}, []string{red}},
	} {
		c.f.Limit = 10
		page, err := p.List(t.Context(), c.f, li)
		var got []string
		for _, k := range page.Cases {
			got = append(got, k.Opening.ID)
		}
		if err != nil || !slices.Equal(got, c.want) || page.Next != "" {
			t.Errorf("%s: %v, %q, %v; want %v", name, got, page.Next, err, c.want)
		}
	}
	var paged []string
	for after, n := "", 0; n == 0 || after != ""; n++ {
		page, err := p.List(t.Context(), docket.Filter{State: "all", After: after, Limit: 1}, li)
		if err != nil || n > 3 {
			t.Fatalf("page %d: %v, %v", n, page, err)
		}
		for _, k := range page.Cases {
			paged = append(paged, k.Opening.ID)
		}
		after = page.Next
	}
	if want := []string{over, far, red}; !slices.Equal(paged, want) {
		t.Errorf("page by page: %v, want %v", paged, want)
	}
}

// From an alert one comes to the case that it joined last, and to none that one may not see.
func TestTheCaseOfAnAlert(t *testing.T) {
	p := one(t)
	p.raised("330106001", wire.Blue)
	p.record(noon, "gw", alert("a", 1))
	p.record(noon, "gw2", alert("b", 1, func(a *wire.Alert) { a.Area, a.Category = "330106001001", "06010" }))
	far := lifecycle.Actor{Person: "far", Grants: []lifecycle.Grant{{Role: lifecycle.Operator, Area: "330106001"}}}
	for _, c := range []struct {
		alert string
		who   lifecycle.Actor
		area  string // of the case; empty: there is none
	}{
		{"a", li, "330105003012"}, {"b", li, "330106001001"}, {"b", far, "330106001001"}, {"a", far, ""}, {"c", li, ""},
	} {
		page, err := p.List(t.Context(), docket.Filter{State: "all", Alert: c.alert, Limit: 10}, c.who)
		got := ""
		for _, k := range page.Cases {
			got += k.Opening.Area
		}
		if err != nil || got != c.area {
			t.Errorf("the case of %s for %s is in %q, %v; want %q", c.alert, c.who.Person, got, err, c.area)
		}
	}
}

// What cannot be recorded elsewhere is not done, and the system's own deeds are not recorded.
func TestRecordIsOfTheSameTransaction(t *testing.T) {
	p := one(t)
	id := p.raised("330105003", wire.Blue)
	full := errors.New("full")
	var seen []lifecycle.Action
	d := docket.New(docket.Options{DB: p.db, Policy: lifecycle.DefaultPolicy, Path: path, Record: func(_ context.Context, _ *sql.Tx, c lifecycle.Case, e lifecycle.Entry) error {
		seen = append(seen, e.Action)
		if e.Action == lifecycle.Acknowledge {
			return full
		}
		return nil
	}})
	if _, err := d.Do(t.Context(), id, "", lifecycle.Command{Action: lifecycle.Acknowledge}, li, noon); !errors.Is(err, full) {
		t.Fatalf("Do = %v, want %v", err, full)
	}
	if c := p.get(id, li, noon); c.Case.State != lifecycle.Raised || len(c.Entries) != 1 {
		t.Errorf("what was not recorded is done: %+v", c.Case)
	}
	if n, err := d.Fire(t.Context(), noon.Add(9*time.Hour)); err != nil || n == 0 {
		t.Fatalf("%d timers, %v", n, err)
	}
	if _, err := d.Do(t.Context(), id, "", lifecycle.Command{Action: lifecycle.Note, Why: "x"}, li, noon.Add(10*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if want := []lifecycle.Action{lifecycle.Acknowledge, lifecycle.Note}; !slices.Equal(slices.Compact(seen), want) {
		t.Errorf("recorded: %v, want %v", seen, want)
	}
	if _, err := d.Do(t.Context(), "none", "", lifecycle.Command{Action: lifecycle.Note, Why: "x"}, li, noon); !errors.Is(err, view.ErrUnknown) {
		t.Errorf("a case that is none: %v", err)
	}
}
