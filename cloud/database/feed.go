package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// Watch says which rows a Feed tells of.
type Watch struct {
	Kind string // what its changes are called; letters and low lines
	// When is the trigger's event and table, as PostgreSQL has it: "insert or update on alert".
	When string
	// Key is what is told of a row, an expression of the row new that gives text.
	Key string
}

// Change is a row that one of the processes that share a database has written.
type Change struct{ Kind, Key string }

// Bounds on a feed. Rows are kept for as long as a process may be cut off from the server
// and still find out by them what it missed. A process on a machine that slept does not know
// for how long it was away: the server notes up to which row it has forgotten.
const (
	feedLook  = time.Second // how often rows are looked for if nobody rings
	feedBatch = 500         // changes told at a time
	feedKept  = 15 * time.Minute
	feedAway  = 10 * time.Minute // away for longer, too much may have been missed
	feedTidy  = time.Minute
	feedSulk  = 2 * time.Second // after an error
)

// Feed tells a process what all processes, itself included, write to a database on a
// server, in the order of their transactions. The server itself notes each change in the
// writer's transaction, so none is lost with a process that is killed.
type Feed struct {
	d *DB

	mu   sync.Mutex
	last int64     // the newest row that was told
	seen time.Time // when rows were looked for, and all of them told; by the clock on the wall
}

// server is what only a database on one has.
type server struct {
	config *pgx.ConnConfig
	bell   string // the channel on which a change is notified
}

const feedTable = `create table if not exists change_feed(
	n bigint generated always as identity primary key,
	tx bigint not null,
	at bigint not null,
	kind text not null,
	key text not null,
	unique(tx, kind, key))`

// feedPast holds the newest row that was forgotten.
const feedPast = `create table if not exists change_feed_past(id integer primary key, n bigint not null)`

// feedEnd is the newest row that there is or was.
const feedEnd = "select greatest((select coalesce(max(n), 0) from change_feed), (select coalesce(max(n), 0) from change_feed_past))"

// errForgotten: rows are gone that were not told.
var errForgotten = errors.New("changes that were not read are forgotten")

// wall is the time by the clock on the wall alone: the other one stands still while a machine
// sleeps.
func wall() time.Time { return time.Now().Round(0) }

// Follow lets the server note changes from now on, and returns the feed of those that come
// after. A database in a file has none: ErrUnfit.
func (d *DB) Follow(ctx context.Context, watches ...Watch) (*Feed, error) {
	if d.server == nil {
		return nil, fmt.Errorf("database: %s: %w: only a database on a server is shared", d.name, ErrUnfit)
	}
	f := &Feed{d: d, seen: wall()}
	err := d.Write(ctx, func(tx *sql.Tx) error {
		for _, table := range []string{feedTable, feedPast} {
			if _, err := tx.ExecContext(ctx, table); err != nil {
				return err
			}
		}
		for _, w := range watches {
			if err := d.watch(ctx, tx, w); err != nil {
				return fmt.Errorf("watch %s: %w", w.Kind, err)
			}
		}
		return tx.QueryRowContext(ctx, feedEnd).Scan(&f.last)
	})
	if err != nil {
		return nil, fmt.Errorf("database: %s: %w", d.name, err)
	}
	return f, nil
}

// watch makes the trigger of a Watch, unless it is there: to make it takes a lock on the
// whole table.
func (d *DB) watch(ctx context.Context, tx *sql.Tx, w Watch) error {
	name := "feed_" + w.Kind
	function := fmt.Sprintf(`create or replace function %s() returns trigger language plpgsql as $feed$ begin
	insert into change_feed(tx, at, kind, key) values(txid_current(), (extract(epoch from clock_timestamp()) * 1000)::bigint, '%s', %s) on conflict do nothing;
	perform pg_notify('%s', '');
	return null;
end $feed$`, name, w.Kind, w.Key, d.server.bell)
	trigger := fmt.Sprintf("create trigger %s after %s for each row execute function %s()", name, w.When, name)
	var as string
	err := tx.QueryRowContext(ctx, `select coalesce(obj_description(t.oid, 'pg_trigger'), '') from pg_trigger t join pg_class c on c.oid = t.tgrelid
		where t.tgname = ? and c.relnamespace = current_schema()::regnamespace`, name).Scan(&as)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	statements := []string{function}
	table := w.When[strings.LastIndexByte(w.When, ' ')+1:]
	if as != w.When {
		statements = append(statements, fmt.Sprintf("drop trigger if exists %s on %s", name, table), trigger,
			fmt.Sprintf("comment on trigger %s on %s is '%s'", name, table, w.When))
	}
	for _, s := range statements {
		if _, err := tx.ExecContext(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// Unfollow lets the server note nothing any more: one process alone knows what it writes.
func (d *DB) Unfollow(ctx context.Context) error {
	if d.server == nil {
		return nil
	}
	err := d.Write(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `select t.tgname, c.relname from pg_trigger t join pg_class c on c.oid = t.tgrelid
			where starts_with(t.tgname, 'feed_') and c.relnamespace = current_schema()::regnamespace`)
		if err != nil {
			return err
		}
		var drops []string
		for rows.Next() {
			var trigger, table string
			if err := rows.Scan(&trigger, &table); err != nil {
				return errors.Join(err, rows.Close())
			}
			drops = append(drops, fmt.Sprintf("drop trigger %s on %s", trigger, table))
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
		for _, s := range append(drops, "drop table if exists change_feed", "drop table if exists change_feed_past") {
			if _, err := tx.ExecContext(ctx, s); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("database: %s: %w", d.name, err)
	}
	return nil
}

// Run tells of changes until ctx ends, and returns nil then. told is given changes in their
// order, those of one row in a batch once; if it fails they are told again. missed is called
// instead when the server was away for so long that changes may be forgotten: everything has
// to be read anew. failed is told the first error of a row of them.
func (f *Feed) Run(ctx context.Context, told func(context.Context, []Change) error, missed func(context.Context) error, failed func(error)) error {
	bell := make(chan struct{}, 1)
	var ringing sync.WaitGroup
	ringing.Go(func() { f.listen(ctx, bell) })
	defer ringing.Wait()
	tidy := time.NewTicker(feedTidy)
	defer tidy.Stop()
	for well := true; ctx.Err() == nil; {
		more, err := f.step(ctx, told, missed)
		if err != nil && ctx.Err() == nil && well {
			failed(err)
		}
		if well = err == nil; well && more {
			continue
		}
		pause := feedLook
		if !well {
			pause = feedSulk
		}
		t := time.NewTimer(pause)
		select {
		case <-ctx.Done():
		case <-bell:
		case <-t.C:
		case <-tidy.C:
			_ = f.tidy(ctx) // tried again in a minute
		}
		t.Stop()
	}
	return nil
}

// step tells of the next changes; more says that there may be further ones.
func (f *Feed) step(ctx context.Context, told func(context.Context, []Change) error, missed func(context.Context) error) (more bool, err error) {
	f.mu.Lock()
	last, away := f.last, time.Since(f.seen) > feedAway
	f.mu.Unlock()
	if away {
		return f.anew(ctx, missed)
	}
	began := wall()
	changes, next, n, err := f.read(ctx, last)
	if errors.Is(err, errForgotten) {
		return f.anew(ctx, missed)
	}
	if err == nil && len(changes) > 0 {
		err = told(ctx, changes)
	}
	if err != nil {
		return false, fmt.Errorf("database: %s: feed: %w", f.d.name, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last = next
	if n < feedBatch {
		f.seen = began
	}
	return n == feedBatch, nil
}

// anew begins again with what there is now.
func (f *Feed) anew(ctx context.Context, missed func(context.Context) error) (more bool, err error) {
	began := wall()
	var last int64
	err = f.d.read.QueryRowContext(ctx, feedEnd).Scan(&last)
	if err == nil {
		err = missed(ctx)
	}
	if err != nil {
		return false, fmt.Errorf("database: %s: feed: %w", f.d.name, err)
	}
	f.mu.Lock()
	f.last, f.seen = max(last, f.last), began
	f.mu.Unlock()
	return true, nil
}

// read returns the changes after a row, those of one row once, with the number of rows and
// of the last; errForgotten if some of them are there no more.
func (f *Feed) read(ctx context.Context, last int64) (out []Change, next int64, n int, err error) {
	rows, err := f.d.read.QueryContext(ctx, `select n, kind, key from (select n, kind, key from change_feed where n > ? order by n limit ?) c
		union all select n, '', '' from change_feed_past where n > ? order by n`, last, feedBatch, last)
	if err != nil {
		return nil, last, 0, err
	}
	defer rows.Close()
	next = last
	known := map[Change]bool{}
	for ; rows.Next(); n++ {
		var c Change
		if err := rows.Scan(&next, &c.Kind, &c.Key); err != nil {
			return nil, last, 0, err
		}
		if c.Kind == "" {
			return nil, last, 0, errForgotten
		}
		if !known[c] {
			known[c] = true
			out = append(out, c)
		}
	}
	return out, next, n, rows.Err()
}

// tidy forgets old rows, by the server's clock, and notes up to which.
func (f *Feed) tidy(ctx context.Context) error {
	return f.d.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `with gone as (delete from change_feed where at < (extract(epoch from clock_timestamp()) * 1000)::bigint - ? returning n)
			insert into change_feed_past(id, n) select 1, max(n) from gone having max(n) is not null
			on conflict(id) do update set n = greatest(change_feed_past.n, excluded.n)`, feedKept.Milliseconds())
		return err
	})
}

// Check returns nil unless changes were not heard for a while: then what other processes do
// does not show here.
func (f *Feed) Check(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if d := time.Since(f.seen); d > 5*feedLook {
		return fmt.Errorf("what other aggregators change has not been heard of for %s", d.Round(time.Second))
	}
	return nil
}

// listen rings when the server says that something changed. It may fail as it likes: rows
// are looked for anyway, only later.
func (f *Feed) listen(ctx context.Context, bell chan<- struct{}) {
	for ctx.Err() == nil {
		_ = f.hear(ctx, bell)
		t := time.NewTimer(feedSulk)
		select {
		case <-ctx.Done():
		case <-t.C:
		}
		t.Stop()
	}
}

// hear holds one connection. It returns why it ended.
func (f *Feed) hear(ctx context.Context, bell chan<- struct{}) error {
	c, err := pgx.ConnectConfig(ctx, session(f.d.server.config, true))
	if err != nil {
		return err
	}
	defer func() {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), feedSulk)
		defer cancel()
		_ = c.Close(last) // it may be broken
	}()
	if _, err := c.Exec(ctx, "listen "+f.d.server.bell); err != nil {
		return err
	}
	for {
		if _, err := c.WaitForNotification(ctx); err != nil {
			return err
		}
		select {
		case bell <- struct{}{}:
		default:
		}
	}
}
