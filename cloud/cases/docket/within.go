package docket

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/lamppost-city/lamppost/cloud/cases/lifecycle"
)

// settled is the party of a case of which all parties are written.
const settled = "settled"

// parties are those who may see a case without a role in its area, and the departments that
// it waits for.
func parties(c lifecycle.Case) []string {
	out := []string{settled}
	add := func(kind, who string) {
		if name := kind + " " + who; who != "" && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	for _, t := range c.Tasks {
		add("department", t.Department)
		add("person", t.Person)
	}
	add("person", c.Overlays.Owner)
	for _, d := range waiting(c) {
		add("waits", d)
	}
	return out
}

// parties writes those of a case, and its area.
func (s *session) parties(c lifecycle.Case) error {
	if _, err := s.tx.ExecContext(s.ctx, "insert into case_area(area) values(?) on conflict do nothing", c.Opening.Area); err != nil {
		return err
	}
	if _, err := s.tx.ExecContext(s.ctx, "delete from case_party where id = ?", c.Opening.ID); err != nil {
		return err
	}
	for _, party := range parties(c) {
		if _, err := s.tx.ExecContext(s.ctx, "insert into case_party(party, id) values(?, ?)", party, c.Opening.ID); err != nil {
			return err
		}
	}
	return nil
}

// Settle writes the parties of cases that an older version has kept. It is to be called
// before cases are listed.
func (d *Docket) Settle(ctx context.Context) error {
	const some = 500
	for {
		n := 0
		err := d.o.DB.Write(ctx, func(tx *sql.Tx) error {
			s := d.session(ctx, tx, 0)
			type row struct {
				id, area string
				body     []byte
			}
			rows, err := collect(s, func(r *sql.Rows) (x row, err error) { return x, r.Scan(&x.id, &x.area, &x.body) },
				"select id, area, body from casefile where id not in (select id from case_party where party = ?) limit ?", settled, some)
			if err != nil {
				return err
			}
			n = len(rows)
			for _, x := range rows {
				var c lifecycle.Case
				if json.Unmarshal(x.body, &c) != nil { // damaged: what can be said of it
					c = lifecycle.Case{}
				}
				c.Opening.ID, c.Opening.Area = x.id, x.area
				if err := s.parties(c); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("docket: parties: %w", err)
		}
		if n < some {
			return nil
		}
	}
}

// mostTerms bounds how many areas a query names; beyond that each case is looked at.
const mostTerms = 20_000

// within is the condition that an actor may see a case and that it lies in the filter's
// area; empty: there can be none.
func (d *Docket) within(ctx context.Context, f Filter, a lifecycle.Actor) (where string, args []any, err error) {
	const always = "1 = 1"
	if a.Person == "" && f.Area == "" {
		return always, nil, nil
	}
	all, err := d.areas(ctx)
	if err != nil {
		return "", nil, err
	}
	var asked, seen []any // areas that the filter takes, and those of them that the actor sees
	for _, area := range all {
		path := (&session{d: d}).path(area)
		if f.Area != "" && !slices.ContainsFunc(path, func(p lifecycle.Place) bool { return p.Code == f.Area }) {
			continue
		}
		asked = append(asked, area)
		if lifecycle.Visible(lifecycle.Case{}, a, lifecycle.World{Path: path}) {
			seen = append(seen, area)
		}
	}
	switch {
	case len(seen) == len(all), len(asked) > mostTerms:
		return always, nil, nil
	case len(asked) == 0:
		return "", nil, nil
	}
	var either []string
	if len(seen) > 0 {
		either, args = append(either, "area in ("+marks(len(seen))+")"), append(args, seen...)
	}
	if own := mine(a); len(own) > 0 {
		term := "id in (select id from case_party where party in (" + marks(len(own)) + "))"
		for _, party := range own {
			args = append(args, party)
		}
		if f.Area != "" {
			term, args = term+" and area in ("+marks(len(asked))+")", append(args, asked...)
		}
		either = append(either, term)
	}
	if len(either) == 0 {
		return "", nil, nil
	}
	return "(" + strings.Join(either, " or ") + ")", args, nil
}

// mine are the parties that an actor is. What was given to a person is not its program's.
func mine(a lifecycle.Actor) (out []string) {
	if a.Token || a.Person == "" {
		return nil
	}
	for _, d := range a.Departments {
		out = append(out, "department "+d)
	}
	return append(out, "person "+a.Person)
}

// areas are those in which there are cases.
func (d *Docket) areas(ctx context.Context) (out []string, err error) {
	rows, err := d.o.DB.Read().QueryContext(ctx, "select area from case_area order by area")
	if err != nil {
		return nil, fmt.Errorf("docket: areas: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var area string
		if err := rows.Scan(&area); err != nil {
			return nil, fmt.Errorf("docket: areas: %w", err)
		}
		out = append(out, area)
	}
	return out, rows.Err()
}

// marks are the places of n values.
func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }
