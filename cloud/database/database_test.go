package database_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/database"
	"github.com/lamppost-city/lamppost/cloud/database/databasetest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(databasetest.Both(m)) }

var things = database.Schema{Name: "things", Steps: []string{
	`create table thing(id integer primary key, name text not null) strict`,
}}

func open(t *testing.T, path string, s ...database.Schema) *database.DB {
	t.Helper()
	d, err := databasetest.Open(t.Context(), path, s...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func insert(ctx context.Context, d *database.DB, name string) error {
	return d.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "insert into thing(name) values(?)", name)
		return err
	})
}

func count(t *testing.T, d *database.DB) (n int) {
	t.Helper()
	if err := d.Read().QueryRowContext(t.Context(), "select count(*) from thing").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestWriteIsAllOrNothing(t *testing.T) {
	d := open(t, filepath.Join(t.TempDir(), "a.db"), things)
	no := errors.New("no")
	err := d.Write(t.Context(), func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(t.Context(), "insert into thing(name) values('half')"); err != nil {
			return err
		}
		return no
	})
	if !errors.Is(err, no) {
		t.Errorf("Write = %v, want the function's error", err)
	}
	if n := count(t, d); n != 0 {
		t.Errorf("%d rows after a failed write, want 0", n)
	}
}

func TestReadersCannotWrite(t *testing.T) {
	d := open(t, filepath.Join(t.TempDir(), "a.db"), things)
	if _, err := d.Read().ExecContext(t.Context(), "insert into thing(name) values('x')"); err == nil {
		t.Error("the reading pool took a write")
	}
}

func TestConcurrentWriters(t *testing.T) {
	d := open(t, filepath.Join(t.TempDir(), "a.db"), things)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			if err := insert(t.Context(), d, fmt.Sprint(i)); err != nil {
				t.Error(err)
			}
			count(t, d)
		})
	}
	wg.Wait()
	if n := count(t, d); n != 20 {
		t.Errorf("%d rows, want 20", n)
	}
}

func TestCancelledWriteLeavesNothing(t *testing.T) {
	d := open(t, filepath.Join(t.TempDir(), "a.db"), things)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := insert(ctx, d, "late"); !errors.Is(err, context.Canceled) {
		t.Errorf("Write = %v, want context.Canceled", err)
	}
	if err := insert(t.Context(), d, "next"); err != nil {
		t.Errorf("the write after a cancelled one: %v", err)
	}
	if n := count(t, d); n != 1 {
		t.Errorf("%d rows, want 1", n)
	}
}

func TestSteps(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	d, err := databasetest.Open(t.Context(), path, things)
	if err != nil {
		t.Fatal(err)
	}
	if err := insert(t.Context(), d, "old"); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	more := database.Schema{Name: "things", Steps: append(things.Steps[:1:1],
		"alter table thing add column size integer not null default 7")}
	d, err = databasetest.Open(t.Context(), path, more)
	if err != nil {
		t.Fatal(err)
	}
	var size int
	if err := d.Read().QueryRowContext(t.Context(), "select size from thing where name = 'old'").Scan(&size); err != nil || size != 7 {
		t.Errorf("after the second step size = %d, %v; want 7", size, err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := databasetest.Open(t.Context(), path, things); !errors.Is(err, database.ErrNewer) {
		t.Errorf("Open with an older program = %v, want ErrNewer", err)
	}
}

func TestAFailedStepChangesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	bad := database.Schema{Name: "things", Steps: []string{things.Steps[0], "create nonsense"}}
	_, err := databasetest.Open(t.Context(), path, bad)
	if err == nil || !strings.Contains(err.Error(), "schema things: step 2") {
		t.Fatalf("Open = %v, want the schema and the step named", err)
	}
	open(t, path, things) // step 1 was rolled back, so it can be taken again
}

func BenchmarkWriteOneRow(b *testing.B) {
	d, err := databasetest.Open(b.Context(), filepath.Join(b.TempDir(), "a.db"), things)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := insert(b.Context(), d, "x"); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	if err := d.Close(); err != nil {
		b.Fatal(err)
	}
}

// A transaction that is over because its context is says so, in whatever words
// database/sql tells it.
func TestWriteSaysThatItsTimeWasOver(t *testing.T) {
	d := open(t, filepath.Join(t.TempDir(), "a.db"), things)
	ctx, cancel := context.WithCancel(t.Context())
	err := d.Write(ctx, func(tx *sql.Tx) error {
		cancel()
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for ; ; <-tick.C { // until the rollback has come
			if _, err := tx.ExecContext(t.Context(), "insert into thing(name) values('late')"); errors.Is(err, sql.ErrTxDone) {
				return err
			}
		}
	})
	if !errors.Is(err, context.Canceled) || !errors.Is(err, sql.ErrTxDone) {
		t.Errorf("Write = %v, want that its context was cancelled", err)
	}
	if n := count(t, d); n != 0 {
		t.Errorf("%d rows, want none", n)
	}
}
