package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Schema is one job's tables: the SQL steps that lead from nothing to the present
// form. A released step is never changed, only followed by another. Steps are written as
// SQLite reads them; what they may consist of so that PostgreSQL has the same tables, the
// package's documentation says.
type Schema struct {
	Name  string // unique within a database
	Steps []string
}

// apply takes the steps that were not taken yet, each written for the engine by form.
func (s Schema) apply(ctx context.Context, tx *sql.Tx, form func(string) (string, error)) error {
	var done int
	err := tx.QueryRowContext(ctx, "select steps from schema_step where name = ?", s.Name).Scan(&done)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if done > len(s.Steps) {
		return fmt.Errorf("%w: it has %d steps, this program knows %d", ErrNewer, done, len(s.Steps))
	}
	for i, step := range s.Steps[done:] {
		text, err := form(step)
		if err == nil {
			_, err = tx.ExecContext(ctx, text)
		}
		if err != nil {
			return fmt.Errorf("step %d: %w", done+i+1, err)
		}
	}
	_, err = tx.ExecContext(ctx, `insert into schema_step(name, steps) values(?, ?)
		on conflict(name) do update set steps = excluded.steps`, s.Name, len(s.Steps))
	return err
}
