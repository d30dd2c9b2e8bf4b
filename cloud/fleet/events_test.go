package fleet_test

import (
	"context"
	"iter"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/cloud/fleet"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

func one(id string, e wire.Event) iter.Seq2[string, wire.Event] {
	return func(yield func(string, wire.Event) bool) { yield(id, e) }
}

func (b *bench) event(t *testing.T, e wire.Event) {
	t.Helper()
	if err := b.Events(t.Context(), one("gw", e), noon); err != nil {
		t.Fatal(err)
	}
}

func gapEvent(seq uint64, from, to wire.Moment) wire.Event {
	return wire.Event{V: 1, Epoch: "2-00000000000b", Seq: seq, Kind: "gap", Gap: &wire.Gap{From: from, To: to, Why: "power", Detail: "d"}}
}

func TestGaps(t *testing.T) {
	b := open(t)
	e := gapEvent(1, wire.Moment{Unix: 1000}, wire.Moment{Unix: 2000})
	b.event(t, e)
	b.event(t, e) // a resend
	if n := len(b.took("gap")); n != 1 {
		t.Errorf("%d gaps published, want 1", n)
	}
	for _, c := range []struct {
		from, to int64
		want     int
	}{{0, 0, 1}, {0, 1000, 0}, {0, 1001, 1}, {2000, 3000, 1}, {2001, 3000, 0}, {1400, 1500, 1}} {
		got, err := b.Gaps(t.Context(), "gw", c.from, c.to)
		if err != nil || len(got) != c.want {
			t.Errorf("Gaps(%d, %d) = %v, %v; want %d", c.from, c.to, got, err, c.want)
		}
	}
	if got, _ := b.Gaps(t.Context(), "other", 0, 0); len(got) != 0 {
		t.Errorf("another gateway has %v", got)
	}
}

func TestGapsAreDatedByAnchors(t *testing.T) {
	anchor := wire.Event{V: 1, Epoch: "2-00000000000b", Seq: 9, Kind: "anchor", Anchor: &wire.Anchor{Source: "kernel"},
		At: wire.Moment{Boot: "b1", BootMS: 60_000, Unix: 1_000_060_000}}
	gap := gapEvent(1, wire.Moment{Unix: 999_000_000}, wire.Moment{Boot: "b1", BootMS: 5_000})
	want := view.Gap{Gateway: "gw", From: 999_000_000, To: 1_000_005_000, Why: "power", Detail: "d"}
	for name, order := range map[string][]wire.Event{"anchor after": {gap, anchor}, "anchor before": {anchor, gap}} {
		t.Run(name, func(t *testing.T) {
			b := open(t)
			b.event(t, order[0])
			if got, _ := b.Gaps(t.Context(), "gw", 0, 0); len(got) != 0 {
				t.Errorf("before both are here: %v", got)
			}
			b.event(t, order[1])
			got, err := b.Gaps(t.Context(), "gw", 0, 0)
			if err != nil || len(got) != 1 || got[0] != want {
				t.Errorf("Gaps = %v, %v; want %v", got, err, want)
			}
			if docs := b.took("gap"); len(docs) != 1 || docs[0] != want {
				t.Errorf("published %v", docs)
			}
		})
	}
}

func TestDeclareGrowsOneGap(t *testing.T) {
	b := open(t)
	for _, to := range []int64{2000, 3000, 2500} {
		if err := b.Declare(t.Context(), view.Gap{Gateway: "gw", From: 1000, To: to, Why: "retention"}); err != nil {
			t.Fatal(err)
		}
	}
	if got, _ := b.Gaps(t.Context(), "", 0, 0); len(got) != 1 || got[0].To != 3000 {
		t.Errorf("Gaps = %v, want one until 3000", got)
	}
}

func TestOldEventsArePruned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := openDB(t, filepath.Join(t.TempDir(), "a.db"))
		b := openOn(t, db, fleet.Options{})
		if err := b.Events(t.Context(), one("gw", gapEvent(1, wire.Moment{Unix: 1000}, wire.Moment{Unix: 2000})), time.Now().AddDate(0, 0, -401)); err != nil {
			t.Fatal(err)
		}
		if err := b.Events(t.Context(), one("gw", gapEvent(2, wire.Moment{Unix: 1000}, wire.Moment{Unix: 2000})), time.Now()); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- b.Run(ctx) }()
		time.Sleep(time.Hour + time.Second)
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if gaps, err := b.Gaps(t.Context(), "", 0, 0); err != nil || len(gaps) != 2 {
			t.Errorf("gaps %v, %v; want both kept", gaps, err)
		}
		var n int
		if err := db.Read().QueryRowContext(t.Context(), "select count(*) from event").Scan(&n); err != nil || n != 1 {
			t.Errorf("%d events, %v; want 1", n, err)
		}
	})
}
