package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Schema is one job's tables: the SQL steps that lead from nothing to the present
// form. A released step is never changed, only followed by another.
type Schema struct {
	Name  string // unique within a file
	Steps []string
}

func (s Schema) apply(ctx context.Context, tx *sql.Tx) error {
	var done int
	err := tx.QueryRowContext(ctx, "select steps from schema_step where name = ?", s.Name).Scan(&done)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if done > len(s.Steps) {
		return fmt.Errorf("%w: it has %d steps, this program knows %d", ErrNewer, done, len(s.Steps))
	}
	for i, step := range s.Steps[done:] {
		if _, err := tx.ExecContext(ctx, step); err != nil {
			return fmt.Errorf("step %d: %w", done+i+1, err)
		}
	}
	_, err = tx.ExecContext(ctx, `insert into schema_step(name, steps) values(?, ?)
		on conflict(name) do update set steps = excluded.steps`, s.Name, len(s.Steps))
	return err
}
