package docket

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/cloud/cases/lifecycle"
	"github.com/lamppost-city/lamppost/cloud/view"
)

// Detail is a case with all that is known of it.
type Detail struct {
	Case    lifecycle.Case
	Entries []lifecycle.Entry // oldest first
	Alerts  []string          // the newest of them, at most a thousand
	Active  int               // how many of its alerts are active
	Allowed []lifecycle.Action
}

// Get returns a case as an actor may see it; view.ErrUnknown: he may not, or there is none.
func (d *Docket) Get(ctx context.Context, id string, a lifecycle.Actor, now time.Time) (out Detail, err error) {
	tx, err := d.o.DB.Read().BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return out, fmt.Errorf("docket: case %q: %w", id, err)
	}
	defer func() { _ = tx.Rollback() }() // it only read
	s := d.session(ctx, tx, now.UnixMilli())
	if out, err = s.detail(id, a); err != nil {
		return Detail{}, fmt.Errorf("docket: case %q: %w", id, err)
	}
	return out, nil
}

func (s *session) detail(id string, a lifecycle.Actor) (out Detail, err error) {
	f, err := s.load(id)
	if err != nil {
		return out, err
	}
	w, err := s.world(f, f.c.Opening.Area, "")
	if err != nil {
		return out, err
	}
	if !lifecycle.Visible(f.c, a, w) {
		return out, view.ErrUnknown
	}
	out = Detail{Case: f.c, Active: f.active, Allowed: lifecycle.Allowed(f.c, a, w)}
	out.Entries, err = collect(s, func(r *sql.Rows) (e lifecycle.Entry, err error) {
		var raw []byte
		if err := r.Scan(&raw); err != nil {
			return e, err
		}
		return lifecycle.DecodeEntry(raw)
	}, "select body from case_entry where id = ? order by n", id)
	if err != nil {
		return out, err
	}
	out.Alerts, err = collect(s, func(r *sql.Rows) (x string, err error) { return x, r.Scan(&x) },
		"select alert from case_alert where id = ? order by alert desc limit 1000", id)
	return out, err
}

// Page is a part of a list of cases.
type Page struct {
	Cases []lifecycle.Case // newest first
	Next  string           // for the next page; empty: this was the last one
}

// List returns cases that an actor may see, newest first: those that are open, or all.
// after is the Next of the page before, empty for the first.
func (d *Docket) List(ctx context.Context, all bool, after string, limit int, a lifecycle.Actor) (p Page, err error) {
	limit = min(max(limit, 1), 500)
	if after == "" {
		after = "~" // behind every id
	}
	where := "id < ? and state <> 'closed'"
	if all {
		where = "id < ?"
	}
	rows, err := d.o.DB.Read().QueryContext(ctx, "select id, body from casefile where "+where+" order by id desc", after)
	if err != nil {
		return p, fmt.Errorf("docket: list: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		var body []byte
		var c lifecycle.Case
		if err := rows.Scan(&id, &body); err != nil {
			return Page{}, fmt.Errorf("docket: list: %w", err)
		}
		if err := json.Unmarshal(body, &c); err != nil {
			return Page{}, fmt.Errorf("docket: case %s: %w", id, err)
		}
		if !lifecycle.Visible(c, a, lifecycle.World{Path: (&session{d: d}).path(c.Opening.Area)}) {
			continue
		}
		if len(p.Cases) == limit {
			p.Next = p.Cases[limit-1].Opening.ID
			break
		}
		p.Cases = append(p.Cases, c)
	}
	if err := rows.Err(); err != nil {
		return Page{}, fmt.Errorf("docket: list: %w", err)
	}
	return p, nil
}
