package cases_test

import (
	"database/sql"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/cases/performance"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// load asks for the hour from noon on, as it stands a day and five minutes later.
func (b *bench) load(t testing.TB, sees func(string) bool) *view.AlertLoad {
	t.Helper()
	from := noon.UnixMilli()
	to, now := from+time.Hour.Milliseconds(), noon.Add(24*time.Hour+5*time.Minute).UnixMilli()
	got, err := b.Load(t.Context(), performance.NewLoad(from, to, now, time.UTC), from, to, now, sees)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// Alerts count where their devices stand, once each whatever their revisions, with the
// severity that each was at worst; also after an update of the program.
func TestLoadOfAlerts(t *testing.T) {
	b := open(t)
	b.site = func(_, device string) string { return village(device) }
	record := func(minute int, a wire.Alert) {
		t.Helper()
		if refused, err := b.Record(t.Context(), iter.Seq2[string, wire.Alert](func(yield func(string, wire.Alert) bool) { yield("gw", a) }), noon.Add(time.Duration(minute)*time.Minute)); err != nil || len(refused) > 0 {
			t.Fatal(refused, err)
		}
	}
	one := func(id, device string, rev int, severity wire.Severity, condition string) wire.Alert {
		return alert(rev, func(a *wire.Alert) {
			a.ID, a.Device, a.Severity, a.Worst, a.Condition = id, device, severity, severity, condition
		})
	}
	for i := range 3 {
		record(i, one(fmt.Sprint("o", i), "own-001", 1, wire.Blue, "active"))
	}
	worse := one("o0", "own-001", 2, wire.Yellow, "active")
	worse.Worst = wire.Red
	record(5, worse)
	record(6, one("o1", "own-001", 2, wire.Blue, "cleared"))
	record(30, one("f0", "far-001", 1, wire.Orange, "active"))
	record(60, one("f1", "far-001", 1, wire.Orange, "active"))
	judge := func(when string) {
		t.Helper()
		all, own, none := b.load(t, func(string) bool { return true }), b.load(t, inOwn), b.load(t, func(string) bool { return false })
		if all.Alerts != 4 || all.Severities != [4]int{1, 1, 0, 2} || all.Standing != 2 || len(all.Sources) != 2 || all.Sources[0].Device != "own-001" || all.Sources[0].Rule == "" || all.Sources[0].Gateway != "gw" || all.Chattering != 1 {
			t.Errorf("%s: all: %+v", when, all)
		}
		if own.Alerts != 3 || own.Severities != [4]int{1, 0, 0, 2} || own.Standing != 2 {
			t.Errorf("%s: own: %+v", when, own)
		}
		if none.Alerts != 0 || none.Standing != 0 || none.Sources == nil || none.Chatterers == nil {
			t.Errorf("%s: none: %+v", when, none)
		}
	}
	judge("as they came")
	err := b.db.Write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), "update alert set site = 0, rule = '', worst = ''")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	b = openOn(t, b.db)
	b.site = func(_, device string) string { return village(device) }
	judge("after an update")
}
