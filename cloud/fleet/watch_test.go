package fleet_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/fleet"
)

// dark is when nobody listened in a span of a time, in milliseconds behind its beginning.
func (b *bench) dark(t *testing.T, from, to int64) string {
	t.Helper()
	list, err := b.Dark(t.Context(), from, to)
	if err != nil {
		t.Fatal(err)
	}
	out := ""
	for _, s := range list {
		if s.From < from || s.To > to || s.From >= s.To {
			t.Errorf("%+v is no part of %d to %d", s, from, to)
		}
		out += fmt.Sprintf("%d-%d ", s.From-from, s.To-from)
	}
	return out
}

// ran lets the registry run and end at once.
func (b *bench) ran(t *testing.T) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := b.Run(ctx); err != nil {
		t.Fatal(err)
	}
}

// What was while no aggregator ran is told apart from quiet; before anything was noted nothing
// is claimed.
func TestDark(t *testing.T) {
	db := openDB(t, filepath.Join(t.TempDir(), "w.db"))
	began := time.Now().UnixMilli()
	first := openOn(t, db, fleet.Options{})
	if got := first.dark(t, began-1000, time.Now().UnixMilli()); got != "" {
		t.Errorf("before the first note it was dark: %s", got)
	}
	first.ran(t)
	ended := time.Now().UnixMilli()
	for time.Now().UnixMilli() <= ended {
	}
	second := openOn(t, db, fleet.Options{})
	again := time.Now().UnixMilli()
	list, err := second.Dark(t.Context(), began-1000, again+1000)
	if err != nil || len(list) != 1 {
		t.Fatalf("between two runs: %v, %v", list, err)
	}
	gap := list[0]
	if gap.From < began || gap.From > ended || gap.To <= gap.From || gap.To > again {
		t.Errorf("ran %d to %d and from %d: dark %+v", began, ended, again, gap)
	}
	// A span that lies within the gap is dark as a whole, one behind it is not.
	if got, want := second.dark(t, gap.From, gap.To), fmt.Sprintf("0-%d ", gap.To-gap.From); got != want {
		t.Errorf("in it: %q, want %q", got, want)
	}
	if got := second.dark(t, gap.To, again+1000); got != "" {
		t.Errorf("behind it: %s", got)
	}
	second.ran(t)
	third := openOn(t, db, fleet.Options{})
	if got, want := third.dark(t, gap.From, gap.To), fmt.Sprintf("0-%d ", gap.To-gap.From); got != want {
		t.Errorf("later: %q, want %q", got, want)
	}
}
