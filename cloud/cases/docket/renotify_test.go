package docket_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/cases/lifecycle"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// A start at which somebody is to be told goes through the open cases that were touched
// lately, each with its whole journal; a damaged one keeps no other from being told.
func TestRenotify(t *testing.T) {
	p := one(t)
	var want []string
	for i := range 205 { // more than two transactions look at
		want = append(want, p.must("", li, raise(fmt.Sprintf("330105%03d", i), wire.Blue), noon).Opening.ID)
	}
	p.must(want[3], li, lifecycle.Command{Action: lifecycle.Acknowledge}, noon.Add(time.Minute))
	over, damaged := want[7], want[9]
	p.must(over, li, lifecycle.Command{Action: lifecycle.Dismiss, Resolution: lifecycle.Test, Why: "a test", Answer: "a test"}, noon)
	p.must("", li, raise("330105003", wire.Blue), noon.Add(-48*time.Hour)) // long ago
	err := p.db.Write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), "update casefile set body = ? where id = ?", []byte("{"), damaged)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	want = slices.DeleteFunc(want, func(id string) bool { return id == over || id == damaged })

	var got []string
	entries := map[string]int{}
	err = p.Renotify(t.Context(), noon.Add(-24*time.Hour), func(_ context.Context, _ *sql.Tx, c lifecycle.Case, journal []lifecycle.Entry) error {
		got = append(got, c.Opening.ID)
		entries[c.Opening.ID] = len(journal)
		if last := journal[len(journal)-1]; last.N != c.Version {
			t.Errorf("%s is at %d, its journal ends at %d", c.Opening.ID, c.Version, last.N)
		}
		return nil
	})
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%d cases, %v; want %d: %q", len(got), err, len(want), got)
	}
	if entries[want[3]] != 2 || entries[want[4]] != 1 {
		t.Errorf("journals of %d and %d entries", entries[want[3]], entries[want[4]])
	}

	full := errors.New("full")
	if err := p.Renotify(t.Context(), noon, func(context.Context, *sql.Tx, lifecycle.Case, []lifecycle.Entry) error { return full }); !errors.Is(err, full) {
		t.Errorf("Renotify = %v", err)
	}
}
