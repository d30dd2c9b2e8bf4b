package cases_test

import (
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// many is how many alerts the lists of these tests are cut from.
const many = 2_500

// village is where a device stands: each in its own, the first ones in that of the test.
func village(device string) string {
	if strings.HasPrefix(device, "own-") {
		return "330105003012"
	}
	return "330106001" + device[len(device)-3:]
}

// flood stores many alerts of 500 devices, of which every 100th, from the oldest on, is of a
// device in the village of the test.
func flood(t testing.TB, b *bench) (own []string) {
	t.Helper()
	b.site = func(_, device string) string { return village(device) }
	seq := func(yield func(string, wire.Alert) bool) {
		for i := range many {
			device := fmt.Sprintf("far-%03d", i%500)
			if i%100 == 0 {
				device = fmt.Sprintf("own-%03d", i/100)
			}
			id := fmt.Sprintf("a-%05d", i)
			if strings.HasPrefix(device, "own-") {
				own = append(own, id)
			}
			if !yield(fmt.Sprintf("gw-%d", i%50), alert(1, func(a *wire.Alert) { a.ID, a.Device = id, device })) {
				return
			}
		}
	}
	if refused, err := b.Record(t.Context(), iter.Seq2[string, wire.Alert](seq), noon); err != nil || len(refused) > 0 {
		t.Fatal(refused, err)
	}
	slices.Reverse(own) // the latest first
	return own
}

func inOwn(area string) bool { return strings.HasPrefix(area, "330105") }

// all reads a list to its end, and says how many pages it had.
func all(t testing.TB, b *bench, limit int, sees func(string) bool) (ids []string, pages int) {
	t.Helper()
	for f := (view.AlertFilter{State: "all", Limit: limit}); ; pages++ {
		p, err := b.List(t.Context(), f, sees)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Alerts) > limit || p.Next != "" && len(p.Alerts) != limit {
			t.Fatalf("a page of %d alerts, and a next one", len(p.Alerts))
		}
		for _, a := range p.Alerts {
			ids = append(ids, a.ID)
		}
		if f.After = p.Next; f.After == "" {
			return ids, pages + 1
		}
	}
}

// Who sees one area finds all of its alerts, however many of others came since.
func TestListWithinAnArea(t *testing.T) {
	b := open(t)
	own := flood(t, b)
	for limit, pages := range map[int]int{1000: 1, 25: 1, 24: 2, 7: 4, 1: 25} {
		if got, n := all(t, b, limit, inOwn); !slices.Equal(got, own) || n != pages {
			t.Errorf("with %d a page: %d alerts in %d pages, want %d in %d", limit, len(got), n, len(own), pages)
		}
	}
	if got, _ := all(t, b, 1000, func(area string) bool { return !inOwn(area) }); len(got) != many-len(own) || slices.Contains(got, own[0]) {
		t.Errorf("outside of the area are %d alerts", len(got))
	}
	if got, _ := all(t, b, 1000, func(string) bool { return true }); len(got) != many {
		t.Errorf("everywhere are %d alerts", len(got))
	}
	if got, _ := all(t, b, 10, func(string) bool { return false }); len(got) != 0 {
		t.Errorf("nowhere are %d alerts", len(got))
	}
	var wrong *view.FieldError
	if _, err := b.List(t.Context(), view.AlertFilter{State: "all", Limit: 1, After: "nothing"}, inOwn); !errors.As(err, &wrong) || wrong.Field != "after" {
		t.Errorf("after something that is none: %v", err)
	}
}

// A device that moves takes its alerts along, and a new one is found at once.
func TestListFollowsTheRegister(t *testing.T) {
	b := open(t)
	b.site = func(_, device string) string { return village(device) }
	b.record(t, alert(1, func(a *wire.Alert) { a.Device = "far-001" }))
	if got, _ := all(t, b, 10, inOwn); len(got) != 0 {
		t.Errorf("an alert elsewhere is listed: %v", got)
	}
	b.site = func(string, string) string { return "330105" }
	if got, _ := all(t, b, 10, inOwn); len(got) != 1 {
		t.Errorf("the device was moved, and its alert was not: %v", got)
	}
	b.site = func(string, string) string { return "" } // nobody knows: the alert's own word counts
	b.record(t, alert(1, func(a *wire.Alert) { a.ID, a.Device, a.Area = "b", "new", "330106" }), alert(1, func(a *wire.Alert) { a.ID, a.Device, a.Area = "c", "new", "330105" }))
	if got, _ := all(t, b, 10, inOwn); !slices.Equal(got, []string{"c", "a"}) {
		t.Errorf("by their own words: %v", got)
	}
	b.record(t, alert(2, func(a *wire.Alert) { a.ID, a.Device, a.Area = "c", "new", "330106" }))
	if got, _ := all(t, b, 10, inOwn); !slices.Equal(got, []string{"a"}) {
		t.Errorf("after a revision from elsewhere: %v", got)
	}
}

// What an older version stored is found as well.
func TestListOfAnOlderDatabase(t *testing.T) {
	b := open(t)
	own := flood(t, b)
	if err := b.db.Write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), "update alert set site = 0")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	again := openOn(t, b.db)
	again.site = b.site
	if got, _ := all(t, again, 1000, inOwn); !slices.Equal(got, own) {
		t.Errorf("%d alerts, want %d", len(got), len(own))
	}
}

// Sites that no alert comes from any more are removed; no number is given twice, so that who
// still knows them, as another aggregator may, shows nobody what is not theirs.
func TestSitesArePruned(t *testing.T) {
	b := open(t)
	other := openOn(t, b.db)
	where := map[string]string{"far": "330106", "own": "330105", "new": "330106"}
	b.site = func(_, device string) string { return where[device] }
	other.site = b.site
	from := func(id, device string) func(*wire.Alert) {
		return func(a *wire.Alert) { a.ID, a.Device = id, device }
	}
	sites := func() (n, newest int) {
		t.Helper()
		if err := b.db.Read().QueryRowContext(t.Context(), "select count(*), max(id) from alert_site").Scan(&n, &newest); err != nil {
			t.Fatal(err)
		}
		return n, newest
	}
	b.record(t, alert(1, from("a", "far")), alert(1, from("b", "own")))
	if got, _ := all(t, other, 10, inOwn); !slices.Equal(got, []string{"b"}) {
		t.Fatalf("in the area are %v", got)
	}
	b.record(t, alert(2, from("a", "own")), alert(2, from("b", "far"))) // both are of use still
	b.record(t, alert(3, from("b", "own")))                             // nothing is of far now
	if err := b.Prune(t.Context(), noon); err != nil {
		t.Fatal(err)
	}
	if n, newest := sites(); n != 1 || newest != 2 {
		t.Errorf("%d sites, the newest is %d", n, newest)
	}
	b.record(t, alert(4, from("a", "far")), alert(4, from("b", "far"))) // and now nothing of own, the newest
	for range 2 {
		if err := b.Prune(t.Context(), noon); err != nil {
			t.Fatal(err)
		}
	}
	b.record(t, alert(1, from("c", "new")))
	if _, newest := sites(); newest != 4 {
		t.Errorf("the newest site is %d, want a number that none had", newest)
	}
	for name, book := range map[string]*bench{"this": b, "the other": other} {
		if got, _ := all(t, book, 10, inOwn); len(got) != 0 {
			t.Errorf("%s aggregator shows %v in an area where nothing is", name, got)
		}
		if got, _ := all(t, book, 10, func(area string) bool { return area == "330106" }); !slices.Equal(got, []string{"c", "b", "a"}) {
			t.Errorf("%s aggregator shows %v elsewhere", name, got)
		}
	}
}

// BenchmarkListWithinAnArea reads the first page of an area among 10 000 alerts of others.
func BenchmarkListWithinAnArea(b *testing.B) {
	at := open(b)
	flood(b, at)
	for b.Loop() {
		if _, err := at.List(b.Context(), view.AlertFilter{State: "all", Limit: 200}, inOwn); err != nil {
			b.Fatal(err)
		}
	}
}
