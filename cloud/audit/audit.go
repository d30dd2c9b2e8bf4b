package audit

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"strings"

	"github.com/lamppost-city/lamppost/cloud/view"
)

// Database is what the log needs of the database.
type Database interface {
	Write(ctx context.Context, fn func(*sql.Tx) error) error
	Read() *sql.DB
}

// Log is an open audit log. It is safe for concurrent use, also by several
// processes on one database.
type Log struct{ db Database }

// Open returns the log in a database that has Schema's tables, and begins the chain
// if there is none.
func Open(ctx context.Context, db Database) (*Log, error) {
	err := db.Write(ctx, func(tx *sql.Tx) error {
		chain := strings.ToLower(rand.Text())
		_, err := tx.ExecContext(ctx, "insert into audit_head(one, chain, n, hash) values(1, ?, 0, ?) on conflict do nothing", chain, genesis(chain))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	return &Log{db: db}, nil
}

// Append adds a line in the caller's transaction: it is stored when that commits. At
// and the texts are the caller's; N and Hash are set here.
func (l *Log) Append(ctx context.Context, tx *sql.Tx, e view.Audit) error {
	for _, s := range texts(&e) {
		*s = clean(*s)
	}
	var before string
	// The update takes the row: a second transaction waits here until this one ends.
	if err := tx.QueryRowContext(ctx, "update audit_head set n = n + 1 where one = 1 returning n, hash").Scan(&e.N, &before); err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	e.Hash = link(before, &e)
	if _, err := tx.ExecContext(ctx, `insert into audit(n, at, who, role, source, what, about, was, becomes, result, hash)
		values(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		e.N, e.At, e.Who, e.Role, e.From, e.What, e.About, e.Old, e.New, e.Result, e.Hash); err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	if _, err := tx.ExecContext(ctx, "update audit_head set hash = ? where one = 1", e.Hash); err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	return nil
}

// Record is Append in a transaction of its own.
func (l *Log) Record(ctx context.Context, e view.Audit) error {
	return l.db.Write(ctx, func(tx *sql.Tx) error { return l.Append(ctx, tx, e) })
}

// List returns lines, the newest first. The next page is that before the last N.
func (l *Log) List(ctx context.Context, f view.AuditFilter) ([]view.Audit, error) {
	where, args := terms(&f)
	rows, err := l.db.Read().QueryContext(ctx, "select "+columns+" from audit"+where+" order by n desc limit ?",
		append(args, min(max(f.Limit, 1), 1000))...)
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	list, err := scan(rows)
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	return list, nil
}

// terms are the conditions of a filter.
func terms(f *view.AuditFilter) (text string, args []any) {
	var all []string
	add := func(is bool, term string, values ...any) {
		if is {
			all, args = append(all, term), append(args, values...)
		}
	}
	add(f.Who != "", "who = ?", f.Who)
	add(f.About != "", "about = ?", f.About)
	add(f.Result != "", "result = ?", f.Result)
	// '/' follows '.' in ASCII: this range is everything that begins with "what.".
	add(f.What != "", "(what = ? or what >= ? and what < ?)", f.What, f.What+".", f.What+"/")
	add(f.From != 0, "at >= ?", f.From)
	add(f.To != 0, "at <= ?", f.To)
	add(f.Before != 0, "n < ?", f.Before)
	if len(all) == 0 {
		return "", nil
	}
	return " where " + strings.Join(all, " and "), args
}

const columns = "n, at, who, role, source, what, about, was, becomes, result, hash"

func scan(rows *sql.Rows) ([]view.Audit, error) {
	defer rows.Close()
	list := []view.Audit{}
	for rows.Next() {
		var e view.Audit
		if err := rows.Scan(&e.N, &e.At, &e.Who, &e.Role, &e.From, &e.What, &e.About, &e.Old, &e.New, &e.Result, &e.Hash); err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, rows.Err()
}
