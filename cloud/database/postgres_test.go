package database_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/database"
	"github.com/lamppost-city/lamppost/cloud/database/databasetest"
)

// server starts a server for one test, which may do with it what it likes.
func server(t *testing.T) *databasetest.Server {
	t.Helper()
	if !databasetest.OnPostgres() {
		t.Skip("it is SQLite's turn")
	}
	s, err := databasetest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Remove)
	return s
}

func at(t *testing.T, url string, s ...database.Schema) *database.DB {
	t.Helper()
	d, err := database.OpenPostgres(t.Context(), database.Postgres{URL: url}, s...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() }) // its server may be gone
	return d
}

// ours opens a database on the server that all tests of the package share, on the same
// tables each time.
func ours(t *testing.T) func() *database.DB {
	t.Helper()
	if !databasetest.OnPostgres() {
		t.Skip("it is SQLite's turn")
	}
	path := t.TempDir()
	return func() *database.DB { return open(t, path, things) }
}

// soon is how long something may take that happens by itself.
const soon = time.Minute

func eventually(t *testing.T, what string, do func() error) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(soon); ; <-tick.C {
		err := do()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s: %v", what, err)
		}
	}
}

// What is committed is there after the server was killed with its memory, the pools
// connect anew, and while it is away calls fail as an outage.
func TestServerIsKilled(t *testing.T) {
	s := server(t)
	d := at(t, s.URL, things)
	for i := range 20 {
		if err := insert(t.Context(), d, fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	s.Kill()
	if err := insert(t.Context(), d, "lost"); err == nil {
		t.Error("Write is content without a server")
	}
	if err := d.Check(t.Context()); err == nil {
		t.Error("Check is content without a server")
	}
	if _, err := database.OpenPostgres(t.Context(), database.Postgres{URL: s.URL}); !errors.Is(err, database.ErrAway) {
		t.Errorf("OpenPostgres without a server = %v, want ErrAway", err)
	}
	if err := s.Up(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the first write after it", func() error { return insert(t.Context(), d, "back") })
	if n := count(t, d); n != 21 {
		t.Errorf("%d rows, want 21", n)
	}
	if err := d.Check(t.Context()); err != nil {
		t.Errorf("Check = %v", err)
	}
}

// A server that has stopped to answer holds a call for as long as its context says, not
// longer, and is used again when it answers.
func TestServerIsFrozen(t *testing.T) {
	s := server(t)
	d := at(t, s.URL, things)
	if err := insert(t.Context(), d, "before"); err != nil {
		t.Fatal(err)
	}
	s.Freeze(true)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := insert(ctx, d, "meanwhile"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Write = %v, want context.DeadlineExceeded", err)
	}
	s.Freeze(false)
	eventually(t, "the write after it", func() error { return insert(t.Context(), d, "after") })
	if n := count(t, d); n < 2 || n > 3 {
		t.Errorf("%d rows, want the two that were confirmed, and perhaps the third", n)
	}
}

// Two programs on one server write in turn: what one has read within its transaction
// still holds when it writes.
func TestProcessesWriteInTurn(t *testing.T) {
	db := ours(t)
	ds := []*database.DB{db(), db()}
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			ctx := t.Context()
			err := ds[i%2].Write(ctx, func(tx *sql.Tx) error {
				var n int
				if err := tx.QueryRowContext(ctx, "select count(*) from thing").Scan(&n); err != nil {
					return err
				}
				_, err := tx.ExecContext(ctx, "insert into thing(name) values(?)", fmt.Sprintf("%03d", n))
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	var n int
	if err := ds[0].Read().QueryRowContext(t.Context(), "select count(distinct name) from thing").Scan(&n); err != nil || n != 40 {
		t.Errorf("%d different numbers, %v; want 40", n, err)
	}
}

// Who waits for the writer's turn and does not want it any more leaves the queue, at the
// server, too.
func TestCancelledWait(t *testing.T) {
	db := ours(t)
	a, b := db(), db()
	held, release, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- a.Write(context.Background(), func(*sql.Tx) error { close(held); <-release; return nil })
	}()
	<-held
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := insert(ctx, b, "x"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Write = %v, want context.DeadlineExceeded", err)
	}
	eventually(t, "nobody waits at the server", func() error {
		var n int
		err := a.Read().QueryRowContext(t.Context(), "select count(*) from pg_locks where locktype = 'advisory' and not granted").Scan(&n)
		if err == nil && n > 0 {
			err = fmt.Errorf("%d wait", n)
		}
		return err
	})
	close(release)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := insert(t.Context(), b, "y"); err != nil {
		t.Error(err)
	}
}

// A transaction that a stranger pushes aside is tried again, and no more often than is
// good.
func TestPushedAsideIsTriedAgain(t *testing.T) {
	db := ours(t)
	d := db()
	for times, want := range map[int]bool{1: true, 4: true, 1000: false} {
		tries := 0
		err := d.Write(t.Context(), func(tx *sql.Tx) error {
			if tries++; tries > times {
				return nil
			}
			_, err := tx.ExecContext(t.Context(), "do $$ begin raise exception using errcode = '40001'; end $$")
			return err
		})
		if (err == nil) != want || tries > 5 {
			t.Errorf("pushed aside %d times: %d tries, %v", times, tries, err)
		}
	}
}

// What a gateway may send and PostgreSQL's text cannot hold is stored all the same.
func TestTextThatIsNone(t *testing.T) {
	db := ours(t)
	d := db()
	for _, c := range []struct{ in, want string }{{"a\x00b", "a\uFFFDb"}, {"a\xffb", "a\uFFFDb"}, {"闸门 \"1\" '?' $1", "闸门 \"1\" '?' $1"}} {
		if err := insert(t.Context(), d, c.in); err != nil {
			t.Errorf("%q: %v", c.in, err)
		}
		var got string
		if err := d.Read().QueryRowContext(t.Context(), "select name from thing where name = ?", c.in).Scan(&got); err != nil || got != c.want {
			t.Errorf("%q came back as %q, %v; want %q", c.in, got, err, c.want)
		}
	}
}

func TestUnfitServer(t *testing.T) {
	s := server(t)
	for _, text := range []string{"create database ascii encoding 'SQL_ASCII' template template0", "create role homeless login", "alter role homeless set search_path = nowhere"} {
		if err := s.Exec(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	refused := func(url, fix string) {
		t.Helper()
		if _, err := database.OpenPostgres(t.Context(), database.Postgres{URL: url}); !errors.Is(err, database.ErrUnfit) || !strings.Contains(err.Error(), fix) {
			t.Errorf("OpenPostgres = %v, want ErrUnfit and %q", err, fix)
		}
	}
	refused(strings.Replace(s.URL, "/postgres?", "/ascii?", 1), "encoding 'UTF8'")
	refused(strings.Replace(s.URL, "lamppost@", "homeless@", 1), "search_path")
	s.Kill()
	if err := s.Up("fsync=off"); err != nil {
		t.Fatal(err)
	}
	refused(s.URL, "set fsync = on")
}

// No setting of the server's takes the promise away that what is committed is on the disk.
func TestSessionSettings(t *testing.T) {
	s := server(t)
	if err := s.Exec(t.Context(), "alter role lamppost set synchronous_commit = off"); err != nil {
		t.Fatal(err)
	}
	d := at(t, s.URL, things)
	err := d.Write(t.Context(), func(tx *sql.Tx) error {
		for name, want := range map[string]string{"synchronous_commit": "on", "fsync": "on", "statement_timeout": "30s", "idle_in_transaction_session_timeout": "30s", "transaction_isolation": "read committed"} {
			var got string
			if err := tx.QueryRowContext(t.Context(), "select current_setting(?)", name).Scan(&got); err != nil {
				return err
			}
			if got != want {
				t.Errorf("%s = %s, want %s", name, got, want)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// A password is in no error, wherever it stood.
func TestPasswordIsNotTold(t *testing.T) {
	s := server(t)
	for _, p := range []database.Postgres{
		{URL: "postgres://lamppost:hush-hush@127.0.0.1:1/x"}, {URL: "postgres://lamppost@127.0.0.1:1/x", Password: "hush-hush"},
		{URL: "postgres://lamppost:hush-hush@127.0.0.1:port/x"}, {URL: "host=127.0.0.1 port=1 password=hush-hush sslmode=nonsense"},
		{URL: strings.Replace(s.URL, "/postgres?", "/missing?", 1), Password: "hush-hush"},
	} {
		_, err := database.OpenPostgres(t.Context(), p)
		if err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("OpenPostgres = %v", err)
		}
	}
}

// A database that does not exist does not come by waiting.
func TestMissingDatabaseIsNotAway(t *testing.T) {
	s := server(t)
	_, err := database.OpenPostgres(t.Context(), database.Postgres{URL: strings.Replace(s.URL, "/postgres?", "/missing?", 1)})
	if err == nil || errors.Is(err, database.ErrAway) || !strings.Contains(err.Error(), "missing") {
		t.Errorf("OpenPostgres = %v, want an error that names the database and is not ErrAway", err)
	}
}

var kept = database.Schema{Name: "kept", Steps: []string{`
create table line(n integer not null primary key, what text not null) strict;
create trigger line_stays before update on line begin select raise(abort, 'a line is never changed'); end;
create trigger line_remains before delete on line begin select raise(abort, 'a line is never deleted'); end;
`}}

// What forbids to change history does so on both engines, with its reason.
func TestHistoryStays(t *testing.T) {
	d := databasetest.Fresh(t, kept)
	do := func(text string) error {
		return d.Write(t.Context(), func(tx *sql.Tx) error { _, err := tx.ExecContext(t.Context(), text); return err })
	}
	if err := do("insert into line(n, what) values(1, 'said')"); err != nil {
		t.Fatal(err)
	}
	for text, why := range map[string]string{"update line set what = 'unsaid'": "never changed", "delete from line": "never deleted", "truncate line": "never deleted"} {
		if strings.HasPrefix(text, "truncate") && !databasetest.OnPostgres() {
			continue // SQLite has none
		}
		if err := do(text); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s = %v, want %q", text, err, why)
		}
	}
}

// Text is in the order of its bytes on both engines, whatever the server's language.
func TestOrderOfText(t *testing.T) {
	d := databasetest.Fresh(t, things)
	for _, name := range []string{"b", "a", "B", "_", "é", "中", "0"} {
		if err := insert(t.Context(), d, name); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := d.Read().QueryContext(t.Context(), "select name from thing order by name")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	got := ""
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		got += name
	}
	if want := "0B_abé中"; got != want || rows.Err() != nil {
		t.Errorf("order %q, %v; want %q", got, rows.Err(), want)
	}
}

// Values go in and come out as they are on both engines.
func TestValues(t *testing.T) {
	d := databasetest.Fresh(t, database.Schema{Name: "values", Steps: []string{
		"create table v(id text not null primary key, n integer, x real, b blob, yes integer) strict"}})
	type severity string
	err := d.Write(t.Context(), func(tx *sql.Tx) error {
		put, err := tx.PrepareContext(t.Context(), "insert into v(id, n, x, b, yes) values(?, ?, ?, ?, ?)")
		if err != nil {
			return err
		}
		defer put.Close()
		if _, err := put.ExecContext(t.Context(), severity("red"), int64(1)<<62, 0.1, []byte{0, 255}, true); err != nil {
			return err
		}
		_, err = put.ExecContext(t.Context(), "none", nil, sql.NullFloat64{}, []byte{}, false)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var n int64
	var x float64
	var b []byte
	var yes bool
	// The same value compared with a small number and with a column.
	if err := d.Read().QueryRowContext(t.Context(), "select n, x, b, yes from v where ?1 != 0 and n = ?1 and (?2 = '' or id = ?2)", int64(1)<<62, "red").Scan(&n, &x, &b, &yes); err != nil {
		t.Fatal(err)
	}
	if n != 1<<62 || x != 0.1 || string(b) != "\x00\xff" || !yes {
		t.Errorf("%d %v %x %v", n, x, b, yes)
	}
	var nn sql.NullInt64
	var no bool
	var nx sql.NullFloat64
	if err := d.Read().QueryRowContext(t.Context(), "select n, x, b, b is null, yes from v where id = 'none'").Scan(&nn, &nx, &b, &no, &yes); err != nil || nn.Valid || nx.Valid || no || len(b) != 0 || yes {
		t.Errorf("%v %v %v %v %v, %v; want nothing, and empty bytes", nn, nx, b, no, yes, err)
	}
}

// One aggregator claims a server's database; the claim ends with the connection, and who
// loses it to another is told.
func TestClaim(t *testing.T) {
	s := server(t)
	a, b := at(t, s.URL, things), at(t, s.URL, things)
	first, err := a.Claim(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Claim(t.Context(), false); !errors.Is(err, database.ErrClaimed) {
		t.Errorf("a second claim = %v, want ErrClaimed", err)
	}
	lost := make(chan error, 1)
	go func() { lost <- first.Run(t.Context()) }()
	// Somebody ends the first one's session, and another is quicker.
	if err := s.Exec(t.Context(), "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'"); err != nil {
		t.Fatal(err)
	}
	var second *database.Claim
	eventually(t, "the second claim", func() (err error) { second, err = b.Claim(t.Context(), false); return err })
	select {
	case err := <-lost:
		if !errors.Is(err, database.ErrClaimed) {
			t.Errorf("Run = %v, want ErrClaimed", err)
		}
	case <-time.After(soon):
		t.Error("the first one was not told")
	}
	if err := errors.Join(first.Close(), second.Close()); err != nil {
		t.Error(err)
	}
	third, err := a.Claim(t.Context(), false)
	if err != nil {
		t.Fatalf("after Close: %v", err)
	}
	if err := third.Close(); err != nil {
		t.Error(err)
	}
}

// A claim comes back with its server.
func TestClaimOutlivesTheServer(t *testing.T) {
	s := server(t)
	d := at(t, s.URL, things)
	c, err := d.Claim(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	s.Kill()
	if err := s.Up(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the claim is taken again", func() error {
		var n int
		err := d.Read().QueryRowContext(t.Context(), "select count(*) from pg_locks where locktype = 'advisory' and granted").Scan(&n)
		if err == nil && n != 1 {
			err = fmt.Errorf("%d locks", n)
		}
		return err
	})
	stop()
	if err := errors.Join(<-ended, c.Close()); err != nil {
		t.Error(err)
	}
}
