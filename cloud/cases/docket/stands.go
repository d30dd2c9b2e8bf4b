package docket

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/cloud/cases/lifecycle"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// Stands says, in a transaction, whether a case is open and how severe it is; one that is not
// there is not open.
func (d *Docket) Stands(ctx context.Context, tx *sql.Tx, id string) (open bool, level wire.Severity, err error) {
	var state, severity string
	err = tx.QueryRowContext(ctx, "select state, severity from casefile where id = ?", id).Scan(&state, &severity)
	if errors.Is(err, sql.ErrNoRows) {
		return false, "", nil
	}
	if err != nil {
		return false, "", fmt.Errorf("docket: case %q: %w", id, err)
	}
	return state != string(lifecycle.Closed), wire.Severity(severity), nil
}

// Standing returns how many cases are open, by area and severity.
func (d *Docket) Standing(ctx context.Context) (out []view.Standing, err error) {
	rows, err := d.o.DB.Read().QueryContext(ctx, "select area, severity, count(*) from casefile where state <> 'closed' group by area, severity")
	if err != nil {
		return nil, fmt.Errorf("docket: open cases: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var s view.Standing
		if err := rows.Scan(&s.Area, &s.Worst, &s.Cases); err != nil {
			return nil, fmt.Errorf("docket: open cases: %w", err)
		}
		out = append(out, s)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("docket: open cases: %w", err)
	}
	return out, nil
}

// renotified is how many cases Renotify looks at in one transaction: others wait to write
// meanwhile.
const renotified = 25

// Renotify gives notice the open cases that were touched since a time, each with its journal,
// in the transactions that read them.
func (d *Docket) Renotify(ctx context.Context, since time.Time, notice func(ctx context.Context, tx *sql.Tx, c lifecycle.Case, entries []lifecycle.Entry) error) error {
	for after := ""; ; {
		var ids []string
		err := d.o.DB.Write(ctx, func(tx *sql.Tx) (err error) {
			s := &session{ctx: ctx, tx: tx, d: d}
			ids, err = collect(s, func(r *sql.Rows) (id string, err error) { return id, r.Scan(&id) },
				"select id from casefile where state <> 'closed' and touched >= ? and id > ? order by id limit ?", since.UnixMilli(), after, renotified)
			if err != nil {
				return err
			}
			for _, id := range ids {
				if err := s.renotify(id, notice); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("docket: tell again: %w", err)
		}
		if len(ids) < renotified {
			return nil
		}
		after = ids[len(ids)-1]
	}
}

// renotify gives notice one case, unless it is damaged.
func (s *session) renotify(id string, notice func(ctx context.Context, tx *sql.Tx, c lifecycle.Case, entries []lifecycle.Entry) error) error {
	f, err := s.load(id)
	if errors.Is(err, errDamaged) {
		return nil
	}
	if err != nil {
		return err
	}
	entries, err := s.entries(id)
	if err != nil {
		return err
	}
	return notice(s.ctx, s.tx, f.c, entries)
}

// CaseOf returns, in a transaction, the case that an alert joined last; empty: none.
func (d *Docket) CaseOf(ctx context.Context, tx *sql.Tx, alert string) (id string, err error) {
	err = tx.QueryRowContext(ctx, "select id from case_alert where alert = ?", alert).Scan(&id)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("docket: alert %q: %w", alert, err)
	}
	return id, nil
}

// mostAlerts is how many of a case's alerts are looked at.
const mostAlerts = 1000

// Alarming returns, in a transaction, the alerts of a case that are active, the newest
// thousand.
func (d *Docket) Alarming(ctx context.Context, tx *sql.Tx, id string) ([]string, error) {
	s := &session{ctx: ctx, tx: tx, d: d}
	out, err := collect(s, func(r *sql.Rows) (x string, err error) { return x, r.Scan(&x) },
		"select alert from case_alert where id = ? and active = 1 order by alert desc limit ?", id, mostAlerts)
	if err != nil {
		return nil, fmt.Errorf("docket: case %q: %w", id, err)
	}
	return out, nil
}
