package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Errors of Open and OpenPostgres, to be asked for with errors.Is.
var (
	// ErrNewer says that a newer version of the program made the tables.
	ErrNewer = errors.New("the database was made by a newer version")
	// ErrDamaged says that SQLite's own check found the file damaged.
	ErrDamaged = errors.New("the database is damaged")
	// ErrAway says that the server cannot be reached now; it may come.
	ErrAway = errors.New("the database server is away")
	// ErrUnfit says that the server is set up so that it cannot keep what is promised.
	ErrUnfit = errors.New("the database server is not fit for this")
	// ErrClaimed says that another aggregator works on the database.
	ErrClaimed = errors.New("another aggregator works on this database")
)

// DB is an open database. It is safe for concurrent use.
type DB struct {
	name        string  // for errors; without a password
	write       *sql.DB // one connection: the writer
	read        *sql.DB // a few connections that cannot write
	engine      engine
	claim, join string         // PostgreSQL's statements that claim it alone, or with others; empty: not needed
	lock        string         // and the one that takes a writer's turn
	session     func() *sql.DB // one more connection to the server
	server      *server        // nil: a file
}

// engine is what sets one engine apart from another.
type engine struct {
	step  func(string) (string, error) // writes a schema's step as the engine reads it
	again func(error) bool             // whether the same transaction may succeed at once
	limit time.Duration                // of one Write; 0: none
}

// maxTries is how often a transaction is tried that another one pushed aside.
const maxTries = 5

// stepTable is where it is kept which steps were taken.
const stepTable = `create table if not exists schema_step(
	name text not null primary key, steps integer not null) strict`

// prepare brings the tables to the present form.
func (d *DB) prepare(ctx context.Context, schemas []Schema) error {
	table, err := d.engine.step(stepTable)
	if err != nil {
		return err
	}
	err = d.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, table)
		return err
	})
	if err != nil {
		return err
	}
	for _, s := range schemas {
		if err := d.Write(ctx, func(tx *sql.Tx) error { return s.apply(ctx, tx, d.engine.step) }); err != nil {
			return fmt.Errorf("schema %s: %w", s.Name, err)
		}
	}
	return nil
}

// Write runs fn in a transaction and commits it. When Write returns nil, what fn
// wrote is on the disk. fn's error rolls everything back and is returned; after the
// error of a statement fn must return one. Writers wait for each other in turn, those of
// other processes included; a cancelled ctx ends the wait.
//
// fn may be called again when its transaction was pushed aside, so it sets what it
// keeps outside and does not add to it. It closes the rows of one statement before the
// next.
func (d *DB) Write(ctx context.Context, fn func(*sql.Tx) error) error {
	if d.engine.limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d.engine.limit)
		defer cancel()
	}
	for tries := 1; ; tries++ {
		err := d.once(ctx, fn)
		if err == nil || tries == maxTries || !d.engine.again(err) {
			return late(ctx, err)
		}
	}
}

// late adds why a transaction was rolled back where its context did that: what
// database/sql says of such a one names no cause.
func late(ctx context.Context, err error) error {
	if over := context.Cause(ctx); over != nil && errors.Is(err, sql.ErrTxDone) {
		return fmt.Errorf("rolled back before its end: %w: %w", over, err)
	}
	return err
}

func (d *DB) once(ctx context.Context, fn func(*sql.Tx) error) error {
	tx, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if err := d.turn(ctx, tx); err != nil {
		_ = tx.Rollback()
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

// turn waits until no other process writes.
func (d *DB) turn(ctx context.Context, tx *sql.Tx) error {
	if d.lock == "" {
		return nil
	}
	_, err := tx.ExecContext(ctx, d.lock)
	return err
}

// Read returns the pool for reading. Its connections refuse to write. The caller
// does not close it.
func (d *DB) Read() *sql.DB { return d.read }

// Check asks for one row, as a sign of life.
func (d *DB) Check(ctx context.Context) error {
	var n int
	if err := d.read.QueryRowContext(ctx, "select count(*) from schema_step").Scan(&n); err != nil {
		return fmt.Errorf("database: %s: %w", d.name, err)
	}
	return nil
}

// Close closes the database; with SQLite it folds the write-ahead log into the file.
func (d *DB) Close() error {
	return errors.Join(d.read.Close(), d.write.Close())
}
