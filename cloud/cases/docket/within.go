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

// settled is the party of a case of which all parties and the next deadline are written.
const settled = "settled with its deadline"

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

// Settle writes what an older version has not kept of its cases: parties, deadlines and
// measures. It is to be called before cases are listed.
func (d *Docket) Settle(ctx context.Context) error {
	if err := d.settleMeasures(ctx); err != nil {
		return err
	}
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
				if _, err := tx.ExecContext(ctx, "update casefile set due = ? where id = ?", nextDue(c), x.id); err != nil {
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

// What a query names at most: ranges of areas, and parties. Databases bound how many values
// and terms one may have. Beyond it more cases are read than are wanted, and looked at here.
const (
	mostRanges  = 200
	mostParties = 500
)

// within is a condition that all cases meet that an actor may see and that lie in the
// filter's area; empty: there can be none. Others may meet it as well: fits says.
func (d *Docket) within(ctx context.Context, f Filter, a lifecycle.Actor) (where string, args []any, err error) {
	if a.Person == "" && f.Area == "" {
		return always, nil, nil
	}
	all, err := d.areas(ctx)
	if err != nil {
		return "", nil, err
	}
	asked := make([]bool, len(all)) // areas that the filter takes
	seen := make([]bool, len(all))  // and those of them that the actor sees
	for i, area := range all {
		path := (&session{d: d}).path(area)
		asked[i] = f.Area == "" || slices.ContainsFunc(path, func(p lifecycle.Place) bool { return p.Code == f.Area })
		seen[i] = asked[i] && lifecycle.Visible(lifecycle.Case{}, a, lifecycle.World{Path: path})
	}
	if !slices.Contains(asked, true) {
		return "", nil, nil
	}
	var either []string
	if slices.Contains(seen, true) {
		where, more := among(all, seen)
		either, args = append(either, where), append(args, more...)
	}
	switch own := mine(a); {
	case len(own) > mostParties:
		where, more := among(all, asked)
		either, args = append(either, where), append(args, more...)
	case len(own) > 0:
		for _, party := range own {
			args = append(args, party)
		}
		where, more := among(all, asked)
		either = append(either, "id in (select id from case_party where party in ("+marks(len(own))+")) and "+where)
		args = append(args, more...)
	}
	if len(either) == 0 {
		return "", nil, nil
	}
	return "(" + strings.Join(either, " or ") + ")", args, nil
}

// always is the condition that everything meets.
const always = "1 = 1"

// run is a row of areas from one place in the list of all to another.
type run struct{ from, to int }

// among is the condition that a case lies in one of those areas, of all in which there are
// cases in their order, that are wanted. Wanted ones beside one another are a range. Where
// these are too many, those are joined between which the fewest others lie.
func among(all []string, wanted []bool) (where string, args []any) {
	var runs []run
	for i := range all {
		switch n := len(runs); {
		case !wanted[i]:
		case n > 0 && runs[n-1].to == i-1:
			runs[n-1].to = i
		default:
			runs = append(runs, run{i, i})
		}
	}
	if len(runs) == 1 && runs[0] == (run{0, len(all) - 1}) {
		return always, nil
	}
	runs = fewer(runs)
	terms := make([]string, len(runs))
	for i, r := range runs {
		terms[i] = "area between ? and ?"
		args = append(args, all[r.from], all[r.to])
	}
	return "(" + strings.Join(terms, " or ") + ")", args
}

// fewer joins runs where there are too many.
func fewer(runs []run) []run {
	over := len(runs) - mostRanges
	if over <= 0 {
		return runs
	}
	var gaps []int
	for i := 1; i < len(runs); i++ {
		gaps = append(gaps, runs[i].from-runs[i-1].to)
	}
	slices.Sort(gaps)
	widest := gaps[over-1]
	joined := runs[:1:1]
	for _, r := range runs[1:] {
		if last := &joined[len(joined)-1]; over > 0 && r.from-last.to <= widest {
			last.to = r.to
			over--
			continue
		}
		joined = append(joined, r)
	}
	return joined
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
