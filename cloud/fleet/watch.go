package fleet

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/cloud/view"
)

// watch notes that this aggregator has run until now, so that of a past time it can be told
// from quiet that nobody listened.
func (r *Registry) watch(ctx context.Context, now time.Time) error {
	err := r.o.DB.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `insert into watch(began, seen) values(?, ?)
			on conflict(began) do update set seen = excluded.seen where excluded.seen > watch.seen`, r.began, now.UnixMilli())
		return err
	})
	if err != nil {
		return fmt.Errorf("fleet: note that it runs: %w", err)
	}
	return nil
}

// Dark returns when no aggregator ran between two Unix times in milliseconds, by what is
// noted since the first note there is.
func (r *Registry) Dark(ctx context.Context, from, to int64) (list []view.Span, err error) {
	rows, err := r.o.DB.Read().QueryContext(ctx, `select began, seen from watch where began <= ?2 and seen >=
		coalesce((select max(seen) from watch where seen <= ?1), ?1) order by began`, from, to)
	if err != nil {
		return nil, fmt.Errorf("fleet: when nobody listened: %w", err)
	}
	defer rows.Close()
	until := int64(-1) // somebody listened until then; less than 0: nothing is noted yet
	note := func(began, seen int64) {
		if until >= 0 && began > until {
			if d := (view.Span{From: max(until, from), To: min(began, to)}); d.From < d.To {
				list = append(list, d)
			}
		}
		until = max(until, seen)
	}
	for rows.Next() {
		var began, seen int64
		if err := rows.Scan(&began, &seen); err != nil {
			return nil, fmt.Errorf("fleet: when nobody listened: %w", err)
		}
		note(began, seen)
	}
	note(r.began, max(r.began, to)) // what it has not noted of itself yet
	return list, rows.Err()
}
