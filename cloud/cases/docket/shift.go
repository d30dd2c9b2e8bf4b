package docket

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/lamppost-city/lamppost/cloud/cases/lifecycle"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// How much a report of a shift has at most, and how much is looked at for it.
const (
	mostOpen      = 200
	mostChanges   = 300
	mostEntries   = 20_000 // of the journals of open cases, the newest
	mostHappening = 50_000 // entries in a shift
)

// Shift puts into a report what an actor may see of an area's cases: those that are open, and
// what was done between two times, in Unix milliseconds. An empty area is everywhere.
func (d *Docket) Shift(ctx context.Context, r *view.ShiftReport, area string, from, to int64, a lifecycle.Actor) error {
	tx, err := d.o.DB.Read().BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return fmt.Errorf("docket: shift: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // it only read
	s := d.session(ctx, tx, r.At)
	f := Filter{Area: area}
	within, args, err := d.within(ctx, f, a)
	if err == nil && within != "" {
		if err = s.leftOpen(r, f, a, within, args); err == nil {
			err = s.happened(r, f, a, within, args, from, to)
		}
	}
	if err != nil {
		return fmt.Errorf("docket: shift: %w", err)
	}
	return nil
}

// bodies reads cases.
func bodies(r *sql.Rows) (c lifecycle.Case, err error) {
	var body []byte
	if err := r.Scan(&body); err != nil {
		return c, err
	}
	return c, json.Unmarshal(body, &c)
}

// leftOpen lists the open cases.
func (s *session) leftOpen(r *view.ShiftReport, f Filter, a lifecycle.Actor, within string, args []any) error {
	all, err := collect(s, bodies, "select body from casefile where state <> 'closed' and "+within+" order by id desc limit ?", append(slices.Clone(args), mostLooked)...)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(c lifecycle.Case) bool { return !s.d.fits(f, c, a) })
	slices.SortStableFunc(all, func(x, y lifecycle.Case) int {
		return cmp.Or(-compareBool(x.Overlays.Shelved > s.now, y.Overlays.Shelved > s.now), cmp.Compare(rank(x.Severity), rank(y.Severity)), cmp.Compare(x.Opened, y.Opened))
	})
	r.OpenTotal = len(all)
	ids := []any{}
	for _, c := range all[:min(len(all), mostOpen)] {
		r.Open = append(r.Open, view.ShiftCase{Case: Show(c, s.now)})
		ids = append(ids, c.Opening.ID)
	}
	return s.said(r.Open, ids)
}

// rank orders severities, the gravest first.
func rank(x wire.Severity) int {
	return slices.Index([]wire.Severity{wire.Red, wire.Orange, wire.Yellow, wire.Blue}, x)
}

func compareBool(x, y bool) int {
	switch {
	case x == y:
		return 0
	case x:
		return 1
	}
	return -1
}

// said adds to open cases who shelved them and what was last noted.
func (s *session) said(open []view.ShiftCase, ids []any) error {
	if len(ids) == 0 {
		return nil
	}
	type row struct {
		id string
		e  lifecycle.Entry
	}
	rows, err := collect(s, func(r *sql.Rows) (x row, err error) {
		var raw []byte
		if err := r.Scan(&x.id, &raw); err != nil {
			return x, err
		}
		x.e, err = lifecycle.DecodeEntry(raw)
		return x, err
	}, "select id, body from case_entry where id in ("+marks(len(ids))+") order by at desc, id, n desc limit ?", append(ids, mostEntries)...)
	if err != nil {
		return err
	}
	at := map[string]*view.ShiftCase{}
	for i := range open {
		at[open[i].ID] = &open[i]
	}
	for _, x := range rows {
		c := at[x.id]
		said := &view.ShiftNote{At: x.e.At, Who: x.e.Who, Why: x.e.Why}
		switch {
		case x.e.Action == lifecycle.Shelve && c.Shelved > s.now && c.Shelving == nil:
			c.Shelving = said
		case x.e.Action == lifecycle.Note && c.Note == nil:
			c.Note = said
		}
	}
	return nil
}

// happened counts and lists what was done.
func (s *session) happened(r *view.ShiftReport, f Filter, a lifecycle.Actor, within string, args []any, from, to int64) error {
	rows, err := s.tx.QueryContext(s.ctx, `select e.id, e.body, c.body from case_entry e join casefile c on c.id = e.id
		where e.at >= ? and e.at < ? and e.id in (select id from casefile where `+within+") order by e.at, e.id, e.n limit ?",
		append(append([]any{from, to}, args...), mostHappening)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	known := map[string]*view.Case{} // nil: the actor may not see it, or it lies elsewhere
	for rows.Next() {
		var id string
		var raw, body []byte
		if err := rows.Scan(&id, &raw, &body); err != nil {
			return err
		}
		e, err := lifecycle.DecodeEntry(raw)
		if err != nil {
			return err
		}
		c, is := known[id]
		if !is {
			if c, err = s.fitting(body, f, a); err != nil {
				return err
			}
			known[id] = c
		}
		if c != nil && worthALine(e.Action) {
			note(r, *c, e)
		}
	}
	return rows.Err()
}

// fitting is a case as lists show it; nil: the actor may not see it, or the filter does not
// take it.
func (s *session) fitting(body []byte, f Filter, a lifecycle.Actor) (*view.Case, error) {
	var c lifecycle.Case
	if err := json.Unmarshal(body, &c); err != nil || !s.d.fits(f, c, a) {
		return nil, err
	}
	shown := Show(c, s.now)
	return &shown, nil
}

// note counts a change, and lists it if there is room.
func note(r *view.ShiftReport, c view.Case, e lifecycle.Entry) {
	tally(&r.Counts, e.Action)
	if r.ChangesTotal++; r.ChangesTotal <= mostChanges {
		r.Changes = append(r.Changes, view.ShiftChange{Case: c, Entry: line(e)})
	}
}

// worthALine says whether what was done is worth a line in a report: alerts that come and go, and
// reminders, are not.
func worthALine(a lifecycle.Action) bool {
	switch a {
	case lifecycle.Active, lifecycle.Cleared, lifecycle.Restless, lifecycle.Calm, lifecycle.Remind, lifecycle.Sign:
		return false
	}
	return true
}

// tally counts what was done.
func tally(n *view.ShiftCounts, a lifecycle.Action) {
	switch a {
	case lifecycle.Raise:
		n.Raised++
	case lifecycle.Acknowledge:
		n.Acknowledged++
	case lifecycle.Dispatch, lifecycle.AutoDispatch:
		n.Dispatched++
	case lifecycle.Return:
		n.Returned++
	case lifecycle.Escalate:
		n.Escalated++
	case lifecycle.Overdue:
		n.Overdue++
	case lifecycle.Close, lifecycle.Dismiss, lifecycle.AutoClose, lifecycle.CloseWithParent:
		n.Closed++
	}
}
