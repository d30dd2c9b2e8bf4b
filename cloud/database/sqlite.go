package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

// busy is how long a statement waits for a lock that another process holds.
const busy = 5 * time.Second

// Open opens or makes the SQLite file at path, checks it and applies the steps of each
// schema that it does not have yet, all of one schema's steps in one
// transaction. The directory must exist.
func Open(ctx context.Context, path string, schemas ...Schema) (*DB, error) {
	if err := touch(path); err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	write, err := sql.Open("sqlite", dsn(path, false))
	if err != nil {
		return nil, fmt.Errorf("database: %s: %w", path, err)
	}
	write.SetMaxOpenConns(1)
	read, err := sql.Open("sqlite", dsn(path, true))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("database: %s: %w", path, err), write.Close())
	}
	read.SetMaxOpenConns(4)
	d := &DB{name: path, write: write, read: read, engine: engine{
		step:  func(s string) (string, error) { return s, nil },
		again: func(error) bool { return false },
	}}
	err = quickCheck(ctx, write)
	if err == nil {
		err = d.prepare(ctx, schemas)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("database: %s: %w", path, err), d.Close())
	}
	return d, nil
}

// touch makes the file readable for its owner only: it holds names of persons.
func touch(path string) error {
	f, err := os.OpenFile(filepath.Clean(path), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

func dsn(path string, readOnly bool) string {
	q := url.Values{}
	q.Add("_pragma", fmt.Sprintf("busy_timeout(%d)", busy.Milliseconds()))
	q.Add("_pragma", "journal_mode(WAL)")
	q.Add("_pragma", "synchronous(FULL)")
	q.Add("_pragma", "foreign_keys(1)")
	// A write transaction takes its lock at once: taken later, at the first write,
	// it can fail with "busy" after reads have already shaped what is written.
	q.Set("_txlock", "immediate")
	if readOnly {
		q.Add("_pragma", "query_only(1)")
		q.Set("_txlock", "deferred")
	}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String()
}

func quickCheck(ctx context.Context, db *sql.DB) error {
	var verdict string
	if err := db.QueryRowContext(ctx, "pragma quick_check(1)").Scan(&verdict); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if verdict != "ok" {
		return fmt.Errorf("%w: %s", ErrDamaged, verdict)
	}
	return nil
}
