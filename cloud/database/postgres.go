package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/fnv"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// Postgres says where a PostgreSQL server is. What neither field says is taken from
// libpq's environment (PGHOST, PGPASSWORD, PGSSLROOTCERT, ~/.pgpass, …).
type Postgres struct {
	// URL is postgres://user@host:port/database?sslmode=verify-full, or words
	// (host=… dbname=…). Several hosts may be named; the one that is no standby is taken.
	URL string
	// Password takes precedence over the URL's. It appears in no error.
	Password string
}

// Bounds on PostgreSQL. A writer that is silent within its transaction loses its turn.
const (
	connectTime = 10 * time.Second
	writeTime   = 2 * time.Minute
	readers     = 8
	idleFor     = 5 * time.Minute
	lifetime    = time.Hour
)

// OpenPostgres opens a database on a PostgreSQL server and applies the steps of each
// schema that it does not have yet, as Open does. The database must exist; the tables go
// into the first schema of the role's search_path. ErrAway says that it may succeed later,
// ErrUnfit that the server has to be set up in another way.
func OpenPostgres(ctx context.Context, p Postgres, schemas ...Schema) (*DB, error) {
	config, err := pgx.ParseConfig(p.URL)
	if err != nil {
		return nil, fmt.Errorf("database: %w", err) // it hides the password
	}
	if p.Password != "" {
		config.Password = p.Password
	}
	d := &DB{name: "postgres " + net.JoinHostPort(config.Host, fmt.Sprint(config.Port)) + "/" + config.Database,
		engine: engine{step: translate, again: pushedAside, limit: writeTime}}
	d.write = pool(config, false)
	d.session = func() *sql.DB { return pool(config, false) }
	d.server = &server{config: config}
	d.read = pool(config, true)
	err = d.fit(ctx)
	if err == nil {
		err = d.prepare(ctx, schemas)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("database: %s: %w", d.name, away(err)), d.Close())
	}
	return d, nil
}

// pool returns the writer's connection, or those of the readers.
func pool(config *pgx.ConnConfig, readOnly bool) *sql.DB {
	db := sql.OpenDB(connector{stdlib.GetConnector(*session(config, readOnly))})
	db.SetConnMaxLifetime(lifetime)
	if readOnly {
		db.SetMaxOpenConns(readers)
		db.SetMaxIdleConns(readers)
		db.SetConnMaxIdleTime(idleFor)
		return db
	}
	db.SetMaxOpenConns(1)
	return db
}

// session is how a connection is opened.
func session(config *pgx.ConnConfig, readOnly bool) *pgx.ConnConfig {
	c := config.Copy()
	// A cancelled statement costs its connection, and pgx cancels it at the server too,
	// where it may wait for a lock.
	if c.ConnectTimeout <= 0 || c.ConnectTimeout > connectTime {
		c.ConnectTimeout = connectTime
	}
	c.DialFunc = (&net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 3}}).DialContext
	if c.ValidateConnect == nil {
		c.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsPrimary
	}
	parameters(c.RuntimeParams, readOnly)
	return c
}

// parameters sets what a session has to have; what the URL says of bounds stays.
func parameters(set map[string]string, readOnly bool) {
	for name, value := range map[string]string{
		"application_name":                    "lamppost-cloud",
		"statement_timeout":                   "30s",
		"lock_timeout":                        "25s",
		"idle_in_transaction_session_timeout": "30s",
		// The server finds out that a client's machine is gone, and frees its turn.
		"tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3",
	} {
		if _, said := set[name]; !said {
			set[name] = value
		}
	}
	// A server or role may have it off, and then what was committed may be lost.
	if set["synchronous_commit"] != "remote_apply" {
		set["synchronous_commit"] = "on"
	}
	set["standard_conforming_strings"] = "on"
	if readOnly {
		set["default_transaction_read_only"] = "on"
	}
}

// fit asks the server whether it keeps what it confirms, and prepares the locks.
func (d *DB) fit(ctx context.Context) error {
	var fsync, encoding string
	var schema sql.NullString
	err := d.write.QueryRowContext(ctx, "select current_setting('fsync'), current_setting('server_encoding'), current_schema()").Scan(&fsync, &encoding, &schema)
	switch {
	case err != nil:
		return err
	case fsync != "on":
		return fmt.Errorf("%w: it runs with fsync = %s, so what it confirms may not be on its disk; set fsync = on in postgresql.conf", ErrUnfit, fsync)
	case encoding != "UTF8":
		return fmt.Errorf("%w: the database is encoded in %s; make it with: create database … encoding 'UTF8' template template0", ErrUnfit, encoding)
	case !schema.Valid:
		return fmt.Errorf("%w: no schema of the role's search_path exists; create one, or set search_path in the URL", ErrUnfit)
	}
	// The locks are of this schema alone: a database may hold several installations.
	h := fnv.New32a()
	h.Write([]byte(schema.String))
	d.lock = fmt.Sprintf("select pg_advisory_xact_lock(%d, %d)", writers, int32(h.Sum32()))
	d.claim = fmt.Sprintf("select pg_try_advisory_lock(%d, %d)", claimants, int32(h.Sum32()))
	d.join = fmt.Sprintf("select pg_try_advisory_lock_shared(%d, %d)", claimants, int32(h.Sum32()))
	d.server.bell = fmt.Sprintf("lamppost_%08x", h.Sum32())
	return nil
}

// The first halves of the advisory locks' keys: "lamp" and "post" in ASCII.
const (
	writers   = 0x6c616d70
	claimants = 0x706f7374
)

// pushedAside says that a transaction failed only because of another one: a
// serialization failure or a deadlock, with somebody who does not wait his turn.
func pushedAside(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && (e.Code == "40001" || e.Code == "40P01")
}

// away marks the errors that pass when the server is there: it cannot be reached, it
// starts or stops, or has no connection to spare.
func away(err error) error {
	var e *pgconn.PgError
	var c *pgconn.ConnectError
	switch {
	case errors.As(err, &e):
		if e.Code == "53300" || strings.HasPrefix(e.Code, "57P0") || strings.HasPrefix(e.Code, "08") {
			return fmt.Errorf("%w: %w", ErrAway, err)
		}
	case errors.As(err, &c):
		return fmt.Errorf("%w: %w", ErrAway, err)
	}
	return err
}
