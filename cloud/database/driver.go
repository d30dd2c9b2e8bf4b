package database

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
)

// statementTime bounds a statement on the client's side, where a server or a link that
// has died says nothing. The server's own bound is shorter.
const statementTime = 40 * time.Second

// connector gives connections that read SQL as it is written for SQLite.
type connector struct{ driver.Connector }

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	got, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	inner, ok := got.(*stdlib.Conn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("a connection is %T, not pgx's", got), got.Close())
	}
	return &conn{inner}, nil
}

// conn is pgx's connection with placeholders, values and bounds of ours.
type conn struct{ *stdlib.Conn }

func (c *conn) Prepare(query string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), query)
}

// PrepareContext asks the server nothing yet: the types of the values are not known. pgx
// keeps what was prepared by its text.
func (c *conn) PrepareContext(_ context.Context, query string) (driver.Stmt, error) {
	return &stmt{c, query}, nil
}

func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, statementTime)
	defer cancel()
	res, err := c.Conn.ExecContext(ctx, typed(query, args), args)
	return res, told(ctx, err)
}

func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	ctx, cancel := context.WithTimeout(ctx, statementTime)
	r, err := c.Conn.QueryContext(ctx, typed(query, args), args)
	if err != nil {
		defer cancel()
		return nil, told(ctx, err)
	}
	return &rows{r, cancel}, nil
}

// typed numbers the placeholders of a statement and gives each the type of its value.
func typed(query string, args []driver.NamedValue) string {
	return numbered(query, func(n int) string {
		if n > len(args) {
			return "" // the server says that there are too few
		}
		switch args[n-1].Value.(type) {
		case int64:
			return "::bigint"
		case float64:
			return "::double precision"
		case string:
			return "::text"
		case []byte:
			return "::bytea"
		}
		return "" // null goes everywhere
	})
}

// CheckNamedValue binds values as SQLite does.
func (c *conn) CheckNamedValue(nv *driver.NamedValue) (err error) {
	nv.Value, err = bound(nv.Value)
	return err
}

// bound turns a value into one that PostgreSQL has a column for: truth is a number, and
// text is UTF-8 without a zero byte. SQLite's text may hold anything; what a gateway
// sends may, too, and must not keep a whole batch from being stored.
func bound(v any) (driver.Value, error) {
	plain, err := driver.DefaultParameterConverter.ConvertValue(v)
	if err != nil {
		return nil, err
	}
	switch x := plain.(type) {
	case bool:
		if x {
			return int64(1), nil
		}
		return int64(0), nil
	case string:
		return strings.ReplaceAll(strings.ToValidUTF8(x, "\uFFFD"), "\x00", "\uFFFD"), nil
	}
	return plain, nil
}

// told names the end of ctx as what it is, however the server put it.
func told(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil || errors.Is(err, ctx.Err()) {
		return err
	}
	return fmt.Errorf("%w: %w", ctx.Err(), err)
}

// stmt is a statement to be used more than once, on its connection.
type stmt struct {
	c     *conn
	query string
}

func (s *stmt) Close() error  { return nil }
func (s *stmt) NumInput() int { return -1 } // the server counts

func (s *stmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	return s.c.ExecContext(ctx, s.query, args)
}

func (s *stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return s.c.QueryContext(ctx, s.query, args)
}

// Exec and Query belong to driver.Stmt; database/sql calls those with a context.
func (s *stmt) Exec(args []driver.Value) (driver.Result, error) {
	return s.ExecContext(context.Background(), named(args))
}

func (s *stmt) Query(args []driver.Value) (driver.Rows, error) {
	return s.QueryContext(context.Background(), named(args))
}

func named(args []driver.Value) []driver.NamedValue {
	out := make([]driver.NamedValue, len(args))
	for i, v := range args {
		out[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	return out
}

// rows end their bound when they are closed.
type rows struct {
	driver.Rows
	cancel context.CancelFunc
}

func (r *rows) Close() error {
	defer r.cancel()
	return r.Rows.Close()
}
