package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"
)

// claimLook is how often a claim is looked after.
const claimLook = 5 * time.Second

// Claim says that one aggregator alone works on a database, or that only such do as share
// it. A file of SQLite is claimed by whoever has locked the data directory; a server needs
// this.
type Claim struct {
	d    *DB
	db   *sql.DB // one connection, whose session holds the lock
	lock string  // the statement that takes it

	mu   sync.Mutex
	conn *sql.Conn // nil: lost
}

// Claim claims the database until Close or the end of the process: for this one alone, or
// with others that share it. ErrClaimed: another has it alone, or others share it.
func (d *DB) Claim(ctx context.Context, shared bool) (*Claim, error) {
	c := &Claim{d: d, lock: d.claim}
	if d.claim == "" {
		return c, nil
	}
	if shared {
		c.lock = d.join
	}
	c.db = d.session()
	if err := c.take(ctx); err != nil {
		return nil, errors.Join(err, c.db.Close())
	}
	return c, nil
}

// take asks for the lock on a new connection.
func (c *Claim) take(ctx context.Context) error {
	conn, err := c.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("database: %s: %w", c.d.name, err)
	}
	var is bool
	if err := conn.QueryRowContext(ctx, c.lock).Scan(&is); err != nil {
		return errors.Join(fmt.Errorf("database: %s: %w", c.d.name, err), conn.Close())
	}
	if !is {
		return errors.Join(fmt.Errorf("%w: %s", ErrClaimed, c.d.name), conn.Close())
	}
	c.mu.Lock()
	c.conn = conn
	c.mu.Unlock()
	return nil
}

// Run looks after the claim until ctx ends, and takes it again when its connection was
// lost. It returns nil at the end of ctx, and ErrClaimed if another took it meanwhile.
func (c *Claim) Run(ctx context.Context) error {
	if c.db == nil {
		<-ctx.Done()
		return nil
	}
	tick := time.NewTicker(claimLook)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := c.look(ctx); errors.Is(err, ErrClaimed) {
			return err
		}
	}
}

// look makes sure that the claim stands.
func (c *Claim) look(ctx context.Context) error {
	c.mu.Lock()
	conn := c.conn
	c.mu.Unlock()
	if conn != nil {
		if _, err := conn.ExecContext(ctx, "select 1"); err == nil || ctx.Err() != nil {
			return nil
		}
		// The server forgets the lock with the connection. What this process writes
		// meanwhile is still written in turn.
		_ = conn.Close()
		c.mu.Lock()
		c.conn = nil
		c.mu.Unlock()
	}
	return c.take(ctx)
}

// Close gives the claim up.
func (c *Claim) Close() error {
	if c.db == nil {
		return nil
	}
	c.mu.Lock()
	conn := c.conn
	c.conn = nil
	c.mu.Unlock()
	if conn != nil {
		_ = conn.Close() // into the pool, which closes it
	}
	return c.db.Close()
}
