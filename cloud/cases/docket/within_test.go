package docket_test

import (
	"database/sql"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/cases/docket"
	"github.com/lamppost-city/lamppost/cloud/cases/lifecycle"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// crowd puts 10 000 newer cases of another district before the others: copies of one.
func (p *process) crowd(of string) {
	p.t.Helper()
	err := p.db.Write(p.t.Context(), func(tx *sql.Tx) error {
		for _, statement := range []string{
			`with recursive k(n) as (select 10000 union all select n + 1 from k where n < 19999)
				insert into casefile(id, state, severity, area, parent, storm, version, opened, touched, heard, active, changed, body)
				select '20270101-' || n, state, severity, area, parent, storm, version, opened, touched, heard, active, changed, body from casefile, k where id = ?1`,
			`insert into case_party(party, id) select 'settled with its deadline', id from casefile where id > '20270101' and ?1 <> ''`,
		} {
			if _, err := tx.ExecContext(p.t.Context(), statement, of); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

// listed are all cases of a list, page by page, and how many pages it had.
func (p *process) listed(f docket.Filter, a lifecycle.Actor) (ids []string, pages int) {
	p.t.Helper()
	f.State = "all"
	for {
		page, err := p.List(p.t.Context(), f, a)
		if err != nil {
			p.t.Fatal(err)
		}
		if page.Next != "" && len(page.Cases) != f.Limit {
			p.t.Errorf("a page of %d cases that is not the last", len(page.Cases))
		}
		for _, c := range page.Cases {
			ids = append(ids, c.Opening.ID)
		}
		pages++
		if f.After = page.Next; f.After == "" {
			return ids, pages
		}
	}
}

// Who sees one district, or was given a task, finds all of their cases, however many of
// others there are since; also those that an older version has kept.
func TestListWithinTheOwnAreas(t *testing.T) {
	p := one(t)
	var own []string
	for range 5 {
		own = append(own, p.raised("330105003", wire.Blue))
	}
	far := p.raised("330106001", wire.Blue)
	p.must(far, li, lifecycle.Command{Action: lifecycle.Acknowledge}, noon)
	p.must(far, li, lifecycle.Command{Action: lifecycle.Dispatch, Orders: []lifecycle.Order{{Department: "drainage", Instruction: "x"}, {Person: "gao", Instruction: "x"}}}, noon)
	p.must(far, li, lifecycle.Command{Action: lifecycle.TakeOver, Why: "x"}, noon)
	p.crowd(p.raised("330106002", wire.Blue))
	slices.Reverse(own)
	gao, program := lifecycle.Actor{Person: "gao"}, lifecycle.Actor{Person: "gao", Token: true}
	owner := lifecycle.Actor{Person: "li"}
	look := func() {
		t.Helper()
		for name, c := range map[string]struct {
			f    docket.Filter
			who  lifecycle.Actor
			want []string
		}{
			"a district":                {docket.Filter{}, wang, own},
			"a department's task":       {docket.Filter{}, pump, []string{far}},
			"one's own task":            {docket.Filter{}, gao, []string{far}},
			"not one's program's":       {docket.Filter{}, program, nil},
			"taken over":                {docket.Filter{}, owner, []string{far}},
			"a department, by the city": {docket.Filter{Department: "drainage"}, li, []string{far}},
			"no such department":        {docket.Filter{Department: "parks"}, li, nil},
			"a street, by the city":     {docket.Filter{Area: "330105003"}, li, own},
			"a task, in its street":     {docket.Filter{Area: "330106001"}, pump, []string{far}},
			"a task, in another":        {docket.Filter{Area: "330106002"}, pump, nil},
			"nowhere":                   {docket.Filter{Area: "44"}, li, nil},
		} {
			c.f.Limit = 3
			got, pages := p.listed(c.f, c.who)
			if !slices.Equal(got, c.want) || pages > 2 {
				t.Errorf("%s: %v in %d pages, want %v", name, got, pages, c.want)
			}
		}
	}
	look()
	if got, _ := p.listed(docket.Filter{Limit: 500}, li); len(got) != 10_007 {
		t.Errorf("by the city: %d cases", len(got))
	}
	err := p.db.Write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), "delete from case_party")
		return err
	})
	if err == nil {
		err = p.Settle(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	look()
}

// Cases of which a deadline has passed are found behind any number of others, also those that
// an older version has kept.
func TestListOverdueBehindOthers(t *testing.T) {
	p := one(t)
	late := p.raised("330105003", wire.Red)
	p.crowd(p.raised("330106002", wire.Blue))
	f := docket.Filter{Overdue: true, Now: noon.Add(time.Hour).UnixMilli(), Limit: 10}
	look := func() {
		t.Helper()
		if got, pages := p.listed(f, li); !slices.Equal(got, []string{late}) || pages != 1 {
			t.Errorf("%v in %d pages, want %s in one", got, pages, late)
		}
	}
	look()
	err := p.db.Write(t.Context(), func(tx *sql.Tx) error {
		for _, s := range []string{"update casefile set due = 0", "update case_party set party = 'settled' where party like 'settled%'"} {
			if _, err := tx.ExecContext(t.Context(), s); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = p.Settle(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	look()
}

// areas says that there are cases in many communities: n of them, step apart.
func (p *process) areas(n, step int) {
	p.t.Helper()
	err := p.db.Write(p.t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(p.t.Context(), fmt.Sprintf(`with recursive k(n) as (select 0 union all select n + 1 from k where n + 1 < %d)
			insert into case_area(area) select cast(330110000001 + n * %d as text) from k where n >= 0 on conflict do nothing`, n, step))
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

// However many areas somebody sees, and however they lie, one query can name them.
func TestListWithinManyAreas(t *testing.T) {
	for name, c := range map[string]struct {
		areas, step       int
		near, far, format string
		from, to, each    int
	}{
		"nearly all of 18 000":   {18_000, 5_000, "330111000001", "330199000001", "3301%02d", 10, 97, 1},
		"every second of 1 000":  {1_000, 1_000, "330110998001", "330110997001", "330110%03d", 0, 1_000, 2},
		"the first one of 1 000": {1_000, 1_000, "330110000001", "330110001001", "330110%03d", 0, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			p := one(t)
			p.areas(c.areas, c.step)
			who := lifecycle.Actor{Person: "yu", Departments: []string{"drainage"}}
			for i := c.from; i < c.to; i += c.each {
				who.Grants = append(who.Grants, lifecycle.Grant{Role: lifecycle.Operator, Area: fmt.Sprintf(c.format, i)})
			}
			p.raised(c.far, wire.Blue)
			own := []string{p.raised(c.near, wire.Blue)}
			p.raised(c.far, wire.Blue)
			for _, area := range []string{"", "3301"} {
				if got, pages := p.listed(docket.Filter{Limit: 10, Area: area}, who); !slices.Equal(got, own) || pages != 1 {
					t.Errorf("in %q: %v in %d pages, want %v", area, got, pages, own)
				}
			}
		})
	}
}
