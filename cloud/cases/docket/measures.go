package docket

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/lamppost-city/lamppost/cloud/cases/lifecycle"
	"github.com/lamppost-city/lamppost/cloud/cases/performance"
	"github.com/lamppost-city/lamppost/cloud/view"
)

// open is until when a case counts that is not closed.
const open = int64(1) << 62

// measure reads what counts of a case so far. One that cannot be read is worked out anew.
func (s *session) measure(c lifecycle.Case) (m performance.Measure, err error) {
	if c.State == lifecycle.Unborn {
		return m, nil
	}
	var body []byte
	err = s.tx.QueryRowContext(s.ctx, "select body from case_measure where id = ?", c.Opening.ID).Scan(&body)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return m, err
	}
	var d performance.Decoder
	if d.Decode(body, &m) == nil {
		return m, nil
	}
	m, err = s.anew(c.Opening.ID)
	if err != nil {
		return performance.Measure{}, s.ctx.Err() // a damaged journal counts from now on
	}
	return m, nil
}

// anew works a measure out from the journal.
func (s *session) anew(id string) (m performance.Measure, err error) {
	entries, err := s.entries(id)
	if err != nil {
		return m, err
	}
	return performance.Of(entries)
}

// putMeasure writes what counts of a case.
func (s *session) putMeasure(c lifecycle.Case, body []byte) error {
	until := open
	if c.State == lifecycle.Closed {
		until = c.Touched
	}
	_, err := s.tx.ExecContext(s.ctx, `insert into case_measure(id, area, opened, until, body) values(?, ?, ?, ?, ?)
		on conflict(id) do update set until = excluded.until, body = excluded.body`, c.Opening.ID, c.Opening.Area, c.Opened, until, body)
	return err
}

// settleMeasures writes what counts of cases that an older version has kept.
func (d *Docket) settleMeasures(ctx context.Context) error {
	const some = 200
	for {
		n := 0
		err := d.o.DB.Write(ctx, func(tx *sql.Tx) error {
			s := d.session(ctx, tx, 0)
			ids, err := collect(s, func(r *sql.Rows) (id string, err error) { return id, r.Scan(&id) },
				"select id from casefile where not exists (select 1 from case_measure where case_measure.id = casefile.id) limit ?", some)
			n = len(ids)
			for _, id := range ids {
				if err == nil {
					err = s.settleMeasure(id)
				}
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("docket: measures: %w", err)
		}
		if n < some {
			return nil
		}
	}
}

func (s *session) settleMeasure(id string) error {
	f, err := s.load(id)
	if err != nil && !errors.Is(err, errDamaged) {
		return err
	}
	f.c.Opening.ID = id
	m, err := s.anew(id)
	switch {
	case s.ctx.Err() != nil:
		return s.ctx.Err()
	case err != nil: // damaged
		return s.putMeasure(f.c, []byte{})
	}
	return s.putMeasure(f.c, m.Encode())
}

// mostMeasured bounds how many cases Measure reads.
const mostMeasured = 1_000_000

// Measure counts in c the cases that something may have happened to from one time on and
// before another, in Unix milliseconds, and those that are open. sees says of an area whether
// its cases are to be counted, and for which area. The error is a *view.FieldError if there
// are more than a million.
func (d *Docket) Measure(ctx context.Context, c *performance.Count, from, to int64, sees func(area string) (within string, is bool)) error {
	all, err := d.areas(ctx)
	if err != nil {
		return err
	}
	wanted, within := make([]bool, len(all)), map[string]string{}
	for i, area := range all {
		var as string
		if as, wanted[i] = sees(area); wanted[i] {
			within[area] = as
		}
	}
	if !slices.Contains(wanted, true) {
		return nil
	}
	where, args := among(all, wanted)
	rows, err := d.o.DB.Read().QueryContext(ctx, "select id, area, body from case_measure where until >= ? and (opened < ? or until = ?) and "+where+" limit ?",
		slices.Concat([]any{from, to, open}, args, []any{mostMeasured + 1})...)
	if err != nil {
		return fmt.Errorf("docket: performance: %w", err)
	}
	defer rows.Close()
	if err := measured(rows, c, within); err != nil {
		return fmt.Errorf("docket: performance: %w", err)
	}
	return nil
}

// measured counts rows of cases in the areas of within.
func measured(rows *sql.Rows, c *performance.Count, within map[string]string) error {
	var dec performance.Decoder
	var m performance.Measure
	var id, area, body sql.RawBytes
	for n := 0; rows.Next(); n++ {
		if n == mostMeasured {
			return &view.FieldError{Field: "from", Text: view.Text{Zh: "案件超过 100 万件，请缩短时间段", En: "these are more than a million cases; ask for fewer days"}}
		}
		if err := rows.Scan(&id, &area, &body); err != nil {
			return err
		}
		as, wanted := within[string(area)]
		if wanted && len(body) > 0 && dec.Decode(body, &m) == nil {
			c.Add(string(id), string(area), as, &m)
		}
	}
	return rows.Err()
}

// Areas are those in which there are cases, by their codes.
func (d *Docket) Areas(ctx context.Context) ([]string, error) { return d.areas(ctx) }
