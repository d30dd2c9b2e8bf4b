package docket

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
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

// Get returns a case as an actor may see it; view.ErrHidden: he may not, view.ErrUnknown: there is none.
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
		return out, view.ErrHidden
	}
	out = Detail{Case: f.c, Active: f.active, Allowed: lifecycle.Allowed(f.c, a, w)}
	if out.Entries, err = s.entries(id); err != nil {
		return out, err
	}
	out.Alerts, err = collect(s, func(r *sql.Rows) (x string, err error) { return x, r.Scan(&x) },
		"select alert from case_alert where id = ? order by alert desc limit 1000", id)
	return out, err
}

// entries reads the journal of a case, the oldest first.
func (s *session) entries(id string) ([]lifecycle.Entry, error) {
	return collect(s, func(r *sql.Rows) (e lifecycle.Entry, err error) {
		var raw []byte
		if err := r.Scan(&raw); err != nil {
			return e, err
		}
		return lifecycle.DecodeEntry(raw)
	}, "select body from case_entry where id = ? order by n", id)
}

// Heard returns a case as it is now, whichever aggregator has changed it, for those that may
// see it; view.ErrUnknown: there is none.
func (d *Docket) Heard(ctx context.Context, id string) (c lifecycle.Case, err error) {
	var body []byte
	err = d.o.DB.Read().QueryRowContext(ctx, "select body from casefile where id = ?", id).Scan(&body)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		err = view.ErrUnknown
	case err == nil:
		err = json.Unmarshal(body, &c)
	}
	if err != nil {
		return c, fmt.Errorf("docket: case %q: %w", id, err)
	}
	return c, nil
}

// Page is a part of a list of cases.
type Page struct {
	Cases []lifecycle.Case // newest first
	Next  string           // for the next page; empty: this was the last one
}

// Filter says which cases to list.
type Filter struct {
	State      string // one of the states, or all; empty or open: those that are not closed
	Severity   string // empty: all
	Area       string // and below it; empty: all
	Department string // one that a task waits for; empty: all
	Alert      string // one that joined it; empty: all
	Overdue    bool   // only those of which a deadline has passed
	After      string // the Next of the page before; empty: from the newest on
	Limit      int    // 1 to 500
	Now        int64  // Unix milliseconds
}

// mostLooked bounds how many cases are looked at for one page.
const mostLooked = 5000

// List returns cases that an actor may see and the filter takes, newest first. For who sees
// more than 200 districts that do not lie together a page may be short, or empty, and yet
// have a Next: no more than 5000 cases are looked at for one.
func (d *Docket) List(ctx context.Context, f Filter, a lifecycle.Actor) (p Page, err error) {
	limit := min(max(f.Limit, 1), 500)
	where, args := f.terms()
	within, more, err := d.within(ctx, f, a)
	if err != nil || within == "" {
		return p, err
	}
	where, args = where+" and "+within, append(args, more...)
	rows, err := d.o.DB.Read().QueryContext(ctx, "select id, body from casefile where "+where+" order by id desc limit ?", append(args, mostLooked+1)...)
	if err != nil {
		return p, fmt.Errorf("docket: list: %w", err)
	}
	defer rows.Close()
	last := ""
	for looked := 0; rows.Next(); looked++ {
		var id string
		var body []byte
		var c lifecycle.Case
		if err := rows.Scan(&id, &body); err != nil {
			return Page{}, fmt.Errorf("docket: list: %w", err)
		}
		if err := json.Unmarshal(body, &c); err != nil {
			return Page{}, fmt.Errorf("docket: case %s: %w", id, err)
		}
		fits := d.fits(f, c, a)
		if looked == mostLooked || fits && len(p.Cases) == limit {
			p.Next = last
			break
		}
		if last = id; fits {
			p.Cases = append(p.Cases, c)
		}
	}
	if err := rows.Err(); err != nil {
		return Page{}, fmt.Errorf("docket: list: %w", err)
	}
	return p, nil
}

// terms is what the database can judge of a filter.
func (f Filter) terms() (where string, args []any) {
	where, args = "id < ?", []any{cmp.Or(f.After, "~")} // behind every id
	switch f.State {
	case "all":
	case "", "open":
		where += " and state <> 'closed'"
	default:
		where, args = where+" and state = ?", append(args, f.State)
	}
	if f.Severity != "" {
		where, args = where+" and severity = ?", append(args, f.Severity)
	}
	if f.Department != "" {
		where, args = where+" and id in (select id from case_party where party = ?)", append(args, "waits "+f.Department)
	}
	if f.Alert != "" {
		where, args = where+" and id = (select id from case_alert where alert = ?)", append(args, f.Alert)
	}
	if f.Overdue {
		where, args = where+" and due > 0 and due <= ?", append(args, f.Now)
	}
	return where, args
}

// fits says whether an actor may see a case that the filter takes.
func (d *Docket) fits(f Filter, c lifecycle.Case, a lifecycle.Actor) bool {
	path := (&session{d: d}).path(c.Opening.Area)
	return lifecycle.Visible(c, a, lifecycle.World{Path: path}) && (!f.Overdue || overdue(c, f.Now)) &&
		(f.Department == "" || slices.Contains(waiting(c), f.Department)) &&
		(f.Area == "" || slices.ContainsFunc(path, func(p lifecycle.Place) bool { return p.Code == f.Area }))
}
