package database_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/database"
	"github.com/lamppost-city/lamppost/cloud/database/databasetest"
)

// counted is a table whose rows change.
var counted = database.Schema{Name: "counted", Steps: []string{`create table thing(name text not null primary key, n integer not null) strict`}}

// several opens databases on the same tables.
func several(t *testing.T) func() *database.DB {
	t.Helper()
	if !databasetest.OnPostgres() {
		t.Skip("it is SQLite's turn")
	}
	path := t.TempDir()
	return func() *database.DB { return open(t, path, counted) }
}

var watchThings = database.Watch{Kind: "thing", When: "insert or update on thing", Key: "new.name"}

// hearing is a process that follows a feed.
type hearing struct {
	*database.Feed
	mu     sync.Mutex
	heard  []string
	missed int
	refuse int // so many batches
	failed int
}

func hear(t *testing.T, d *database.DB) *hearing {
	t.Helper()
	f, err := d.Follow(t.Context(), watchThings)
	if err != nil {
		t.Fatal(err)
	}
	h := &hearing{Feed: f}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx, h.told, h.anew, func(error) { h.mu.Lock(); h.failed++; h.mu.Unlock() }) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return h
}

func (h *hearing) told(_ context.Context, cs []database.Change) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.refuse > 0 {
		h.refuse--
		return errors.New("not now")
	}
	for _, c := range cs {
		h.heard = append(h.heard, c.Kind+" "+c.Key)
	}
	return nil
}

func (h *hearing) anew(context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.missed++
	return nil
}

func (h *hearing) await(t *testing.T, want ...string) {
	t.Helper()
	eventually(t, fmt.Sprintf("%q is heard", want), func() error {
		h.mu.Lock()
		defer h.mu.Unlock()
		if fmt.Sprint(h.heard) != fmt.Sprint(want) {
			return fmt.Errorf("heard %q", h.heard)
		}
		return nil
	})
}

func put(t *testing.T, d *database.DB, names ...string) {
	t.Helper()
	eventually(t, "to write", func() error { return write(t.Context(), d, names...) })
}

func write(ctx context.Context, d *database.DB, names ...string) error {
	return d.Write(ctx, func(tx *sql.Tx) error {
		for _, name := range names {
			if _, err := tx.ExecContext(ctx, "insert into thing(name, n) values(?, 1) on conflict(name) do update set n = thing.n + 1", name); err != nil {
				return err
			}
		}
		return nil
	})
}

// Each process hears what any of them has committed, in order, of a row once in a
// transaction; what was rolled back it does not hear.
func TestFeed(t *testing.T) {
	reopen := several(t)
	a, b := reopen(), reopen()
	put(t, a, "before")
	ha, hb := hear(t, a), hear(t, b)
	put(t, a, "x", "y", "x")
	gone := errors.New("no")
	err := a.Write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), "insert into thing(name, n) values('never', 1)")
		return errors.Join(err, gone)
	})
	if !errors.Is(err, gone) {
		t.Fatal(err)
	}
	put(t, b, "z")
	put(t, a, "x")
	want := []string{"thing x", "thing y", "thing z", "thing x"}
	ha.await(t, want...)
	hb.await(t, want...)
	if ha.missed+hb.missed != 0 {
		t.Error("something is said to be missed")
	}
	if err := ha.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// Two that write at the same time, in long and short transactions: nothing is passed over.
func TestFeedPassesNothingOver(t *testing.T) {
	reopen := several(t)
	a, b := reopen(), reopen()
	h := hear(t, a)
	const each = 100
	var wg sync.WaitGroup
	for i, d := range []*database.DB{a, b, a, b} {
		wg.Go(func() {
			for n := range each {
				if err := write(t.Context(), d, fmt.Sprintf("%d-%d", i, n), fmt.Sprintf("%d+%d", i, n)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	eventually(t, "all are heard", func() error {
		h.mu.Lock()
		defer h.mu.Unlock()
		seen := map[string]int{}
		for _, k := range h.heard {
			seen[k]++
		}
		if len(seen) != 8*each || len(h.heard) != 8*each {
			return fmt.Errorf("%d changes of %d rows, want %d", len(h.heard), len(seen), 8*each)
		}
		return nil
	})
}

// Whoever fails to take changes is told again; a feed outlives its server.
func TestFeedAgain(t *testing.T) {
	s := server(t)
	d := at(t, s.URL, counted)
	h := hear(t, d)
	h.mu.Lock()
	h.refuse = 1
	h.mu.Unlock()
	put(t, d, "x")
	h.await(t, "thing x")
	s.Kill()
	if err := s.Up(); err != nil {
		t.Fatal(err)
	}
	put(t, d, "y")
	h.await(t, "thing x", "thing y")
	if h.failed == 0 {
		t.Error("no failure was told")
	}
}

// After too long without its server a process is told to read everything anew, and hears
// what comes then.
func TestFeedMissed(t *testing.T) {
	reopen := several(t)
	d := reopen()
	f, err := d.Follow(t.Context(), watchThings)
	if err != nil {
		t.Fatal(err)
	}
	put(t, d, "long ago")
	f.Forget(11 * time.Minute)
	if f.Check(t.Context()) == nil {
		t.Error("a feed that heard nothing for so long says that it is well")
	}
	h := &hearing{Feed: f}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx, h.told, h.anew, func(error) {}) }()
	eventually(t, "to be told", func() error {
		if h.mu.Lock(); h.missed != 1 {
			err = errors.New("not yet")
		} else {
			err = nil
		}
		h.mu.Unlock()
		return err
	})
	put(t, d, "now")
	h.await(t, "thing now")
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// A process whose machine slept believes that it heard a moment ago. What was forgotten
// meanwhile it learns to have missed, once; and what it had heard before is not missed.
func TestFeedOfAMachineThatSlept(t *testing.T) {
	reopen := several(t)
	d, other := reopen(), reopen()
	awake, err := other.Follow(t.Context(), watchThings)
	if err != nil {
		t.Fatal(err)
	}
	grow := func() {
		t.Helper()
		err := other.Write(t.Context(), func(tx *sql.Tx) error {
			_, err := tx.ExecContext(t.Context(), "update change_feed set at = at - ?", 16*time.Minute.Milliseconds())
			return err
		})
		if err == nil {
			err = awake.Tidy(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	put(t, other, "before both")
	grow()
	slept, err := d.Follow(t.Context(), watchThings)
	if err != nil {
		t.Fatal(err)
	}
	put(t, other, "while it slept", "and this")
	grow()
	if err := awake.Tidy(t.Context()); err != nil { // nothing is left: that changes nothing
		t.Fatal(err)
	}
	h := &hearing{Feed: slept}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- slept.Run(ctx, h.told, h.anew, func(err error) { t.Error(err) }) }()
	put(t, other, "when it woke")
	eventually(t, "to have missed something", func() error {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.missed != 1 {
			return fmt.Errorf("missed %d times, heard %q", h.missed, h.heard)
		}
		return nil
	})
	put(t, other, "now")
	eventually(t, "what comes now", func() error {
		h.mu.Lock()
		defer h.mu.Unlock()
		if n := len(h.heard); n == 0 || h.heard[n-1] != "thing now" {
			return fmt.Errorf("heard %q", h.heard)
		}
		return nil
	})
	grow()
	put(t, other, "and on")
	eventually(t, "what comes then", func() error {
		h.mu.Lock()
		defer h.mu.Unlock()
		if n := len(h.heard); h.heard[n-1] != "thing and on" || h.missed != 1 {
			return fmt.Errorf("missed %d times, heard %q", h.missed, h.heard)
		}
		return nil
	})
	if !h.ByTheWall() {
		t.Error("it knows when it last heard by a clock that stands still in sleep")
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// One process alone needs no feed: nothing is noted any more, and a feed can be had again.
func TestUnfollow(t *testing.T) {
	if !databasetest.OnPostgres() {
		d := open(t, t.TempDir()+"/a.db", counted)
		if _, err := d.Follow(t.Context(), watchThings); !errors.Is(err, database.ErrUnfit) {
			t.Errorf("a feed of a file: %v", err)
		}
		if err := d.Unfollow(t.Context()); err != nil {
			t.Error(err)
		}
		return
	}
	d := open(t, t.TempDir(), counted)
	for range 2 {
		if _, err := d.Follow(t.Context(), watchThings); err != nil {
			t.Fatal(err)
		}
		if err := d.Unfollow(t.Context()); err != nil {
			t.Fatal(err)
		}
		var n int
		if err := d.Read().QueryRowContext(t.Context(), "select count(*) from pg_trigger where starts_with(tgname, 'feed_') and tgrelid = 'thing'::regclass").Scan(&n); err != nil || n != 0 {
			t.Errorf("%d triggers are left, %v", n, err)
		}
		put(t, d, "x")
	}
}

// Those that share a claim keep one out that wants it alone, and the other way round.
func TestSharedClaim(t *testing.T) {
	reopen := several(t)
	a, b, c := reopen(), reopen(), reopen()
	var claims []*database.Claim
	for _, d := range []*database.DB{a, b} {
		k, err := d.Claim(t.Context(), true)
		if err != nil {
			t.Fatal(err)
		}
		claims = append(claims, k)
	}
	if _, err := c.Claim(t.Context(), false); !errors.Is(err, database.ErrClaimed) {
		t.Errorf("alone beside two that share: %v", err)
	}
	for _, k := range claims {
		if err := k.Close(); err != nil {
			t.Error(err)
		}
	}
	var alone *database.Claim
	eventually(t, "alone", func() (err error) { alone, err = c.Claim(t.Context(), false); return err })
	if _, err := a.Claim(t.Context(), true); !errors.Is(err, database.ErrClaimed) {
		t.Errorf("sharing beside one alone: %v", err)
	}
	if err := alone.Close(); err != nil {
		t.Error(err)
	}
}
