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

// Errors of Open, to be asked for with errors.Is.
var (
	// ErrNewer says that a newer version of the program made the file.
	ErrNewer = errors.New("the database was made by a newer version")
	// ErrDamaged says that SQLite's own check found the file damaged.
	ErrDamaged = errors.New("the database is damaged")
)

// DB is an open database. It is safe for concurrent use.
type DB struct {
	path  string
	write *sql.DB // one connection: the writer
	read  *sql.DB // a few connections that cannot write
}

// busy is how long a statement waits for a lock that another process holds.
const busy = 5 * time.Second

// Open opens or makes the file at path, checks it and applies the steps of each
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
	d := &DB{path: path, write: write, read: read}
	if err := d.prepare(ctx, schemas); err != nil {
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

func (d *DB) prepare(ctx context.Context, schemas []Schema) error {
	var verdict string
	if err := d.write.QueryRowContext(ctx, "pragma quick_check(1)").Scan(&verdict); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if verdict != "ok" {
		return fmt.Errorf("%w: %s", ErrDamaged, verdict)
	}
	const table = `create table if not exists schema_step(
		name text not null primary key, steps integer not null) strict`
	if _, err := d.write.ExecContext(ctx, table); err != nil {
		return err
	}
	for _, s := range schemas {
		if err := d.Write(ctx, func(tx *sql.Tx) error { return s.apply(ctx, tx) }); err != nil {
			return fmt.Errorf("schema %s: %w", s.Name, err)
		}
	}
	return nil
}

// Write runs fn in a transaction and commits it. When Write returns nil, what fn
// wrote is on the disk. fn's error rolls everything back and is returned. Writers
// wait for each other in turn; a cancelled ctx ends the wait.
func (d *DB) Write(ctx context.Context, fn func(*sql.Tx) error) error {
	tx, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if err := fn(tx); err != nil {
		// A rollback after a cancelled context has already happened: its error says
		// nothing that fn's does not.
		_ = tx.Rollback()
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// Read returns the pool for reading. Its connections refuse to write. The caller
// does not close it.
func (d *DB) Read() *sql.DB { return d.read }

// Check asks the file for one row, as a sign of life.
func (d *DB) Check(ctx context.Context) error {
	var n int
	if err := d.read.QueryRowContext(ctx, "select count(*) from schema_step").Scan(&n); err != nil {
		return fmt.Errorf("database: %s: %w", d.path, err)
	}
	return nil
}

// Close folds the write-ahead log into the file and closes it.
func (d *DB) Close() error {
	return errors.Join(d.read.Close(), d.write.Close())
}
