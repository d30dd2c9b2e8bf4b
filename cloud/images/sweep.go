package images

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// alertsLast is how many times longer the picture of an alert is kept.
const alertsLast = 6

// Run sweeps now and then until ctx ends. It returns nil.
func (a *Album) Run(ctx context.Context) error {
	tick := time.NewTicker(10 * time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-tick.C:
			// What cannot be removed now is tried again at the next tick.
			_ = a.Sweep(ctx, now)
		}
	}
}

// Sweep forgets pictures under way that wait too long, and removes kept ones that
// are too old or too many: those without an alert first, the oldest of them first. It also
// finds out what another aggregator has removed.
func (a *Album) Sweep(ctx context.Context, now time.Time) error {
	a.mu.Lock()
	for k, p := range a.parts {
		if now.Sub(p.last) > a.o.Patience {
			a.forget(k)
		}
	}
	a.mu.Unlock()
	doomed, err := a.plan(ctx, now)
	if err != nil {
		return fmt.Errorf("images: sweep: %w", err)
	}
	for _, id := range doomed {
		if err := a.remove(ctx, id); err != nil {
			return fmt.Errorf("images: sweep: %w", err)
		}
	}
	if !a.o.InDB {
		return nil
	}
	if err := a.sweepFiles(ctx); err != nil {
		return fmt.Errorf("images: sweep: %w", err)
	}
	return a.Reread(ctx)
}

// sweepFiles removes files from before the database was shared of which there is no row any
// more: another aggregator has removed it, and could not reach the file. Nothing else is
// written into the directory then.
func (a *Album) sweepFiles(ctx context.Context) error {
	files, err := filepath.Glob(filepath.Join(a.o.Dir, "??", "*.jpg"))
	if err != nil {
		return err
	}
	for _, f := range files {
		id := strings.TrimSuffix(filepath.Base(f), ".jpg")
		owner, _, err := a.Owner(ctx, id)
		if err != nil {
			return err
		}
		if owner != "" {
			continue
		}
		if err := os.Remove(f); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// plan says which pictures have to go, at most 1000 at a time.
func (a *Album) plan(ctx context.Context, now time.Time) ([]string, error) {
	const q = `select id from (
			select id, t, alert, sum(bytes) over (order by alert != '' desc, t desc rows unbounded preceding) as kept from image) as ranked
		where t < case when alert = '' then ?1 else ?2 end or kept > ?3 order by kept desc limit 1000`
	rows, err := a.o.DB.Read().QueryContext(ctx, q,
		now.Add(-a.o.MaxAge).UnixMilli(), now.Add(-alertsLast*a.o.MaxAge).UnixMilli(), a.o.MaxBytes)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// remove deletes file, then row: a row without a file answers "not found" and goes
// with the next sweep, a file without a row would stay for ever.
func (a *Album) remove(ctx context.Context, id string) error {
	if err := os.Remove(a.path(id)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	err := a.o.DB.Write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "delete from image_body where id = ?", id); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "delete from image where id = ?", id)
		return err
	})
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for k, c := range a.latest {
		if *c.Image == id {
			delete(a.latest, k)
		}
	}
	return nil
}
