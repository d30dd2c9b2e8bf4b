package cases_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/cases"
	"github.com/lamppost-city/lamppost/cloud/database"
	"github.com/lamppost-city/lamppost/cloud/database/databasetest"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

// listening is a book whose notices are kept, each as id, severity, condition and turn.
type listening struct {
	*cases.Book
	db    *database.DB
	calls [][]string
	err   error
}

func listen(t *testing.T) *listening {
	t.Helper()
	db, err := databasetest.Open(t.Context(), filepath.Join(t.TempDir(), "a.db"), database.Schema{Name: "cases", Steps: cases.Schema()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	catalog, err := obs.ParseCatalog(firmwareconfigs.MetricsFile, firmwareconfigs.Metrics())
	if err != nil {
		t.Fatal(err)
	}
	l := &listening{db: db}
	l.Book, err = cases.Open(t.Context(), cases.Options{DB: db, Catalog: catalog, Notify: l.notify})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (l *listening) notify(ctx context.Context, tx *sql.Tx, alerts []view.Alert) error {
	var call []string
	for _, a := range alerts {
		n, err := l.Turn(ctx, tx, a.ID)
		if err != nil {
			return err
		}
		call = append(call, fmt.Sprint(a.ID, " ", a.Severity, " ", a.Condition, " ", n))
	}
	l.calls = append(l.calls, call)
	return l.err
}

func (l *listening) record(t *testing.T, all ...wire.Alert) {
	t.Helper()
	if refused, err := l.Record(t.Context(), of("gw", all...), noon); err != nil || len(refused) > 0 {
		t.Fatal(refused, err)
	}
}

func named(id string) func(*wire.Alert) { return func(a *wire.Alert) { a.ID = id } }

// Turn counts what people are to be told of, each time anew, and not what they are not.
func TestTurns(t *testing.T) {
	l := listen(t)
	turns := map[int]bool{}
	for i, step := range []struct {
		name string
		do   func()
		same bool // no turn
	}{
		{"raised", func() { l.record(t, alert(1)) }, false},
		{"another value", func() { l.record(t, alert(2)) }, true},
		{"the same again", func() { l.record(t, alert(2)) }, true},
		{"more severe", func() { l.record(t, alert(3, orange)) }, false},
		{"as before", func() { l.record(t, alert(4)) }, false},
		{"more severe again", func() { l.record(t, alert(5, orange)) }, false},
		{"acknowledged", func() {
			if err := l.Acknowledge(t.Context(), "a", "li", "", noon); err != nil {
				t.Fatal(err)
			}
		}, false},
		{"the gateway has heard", func() {
			l.record(t, alert(6, orange, func(a *wire.Alert) { a.Acknowledged = &wire.Acknowledged{By: "li", At: a.At} }))
		}, true},
		{"it is so now, and nobody has seen that", func() { l.record(t, alert(7, orange, actual)) }, false},
		{"over", func() { l.record(t, alert(8, orange, actual, cleared)) }, false},
		{"back", func() { l.record(t, alert(9, orange, actual)) }, false},
		{"over again", func() { l.record(t, alert(10, orange, actual, cleared)) }, false},
	} {
		step.do()
		var n int
		err := l.db.Write(t.Context(), func(tx *sql.Tx) (err error) { n, err = l.Turn(t.Context(), tx, "a"); return err })
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 && n != 1 {
			t.Errorf("the first turn is %d", n)
		}
		if turns[n] != step.same {
			t.Errorf("%s: turn %d, known %v", step.name, n, turns[n])
		}
		turns[n] = true
	}
	err := l.db.Write(t.Context(), func(tx *sql.Tx) error {
		n, err := l.Turn(t.Context(), tx, "nothing")
		if n != 0 {
			t.Errorf("what there is none of has taken %d turns", n)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Alerts that come together are told together, each as it stands in the end; of one that
// comes twice each revision is told; what is refused or old is not; and what cannot be told
// is not stored.
func TestToldTogether(t *testing.T) {
	l := listen(t)
	l.record(t, alert(1), alert(1, named("b")), alert(2, orange), alert(2, orange), alert(1, named("c")), alert(2, cleared, named("c")))
	want := [][]string{{"a yellow active 1", "b yellow active 1"}, {"a orange active 2"}, {"c yellow active 1"}, {"c yellow cleared 2"}}
	if !slices.EqualFunc(l.calls, want, slices.Equal[[]string]) {
		t.Errorf("told %q, want %q", l.calls, want)
	}
	l.calls = nil
	l.record(t, alert(1), alert(1, named("b")))
	if len(l.calls) != 0 {
		t.Errorf("what was there is told again: %q", l.calls)
	}
	l.err = errors.New("full")
	if _, err := l.Record(t.Context(), of("gw", alert(1, named("d"))), noon); !errors.Is(err, l.err) {
		t.Errorf("Record = %v", err)
	}
	if _, err := l.Get(t.Context(), "d"); !errors.Is(err, view.ErrUnknown) {
		t.Errorf("what nobody could be told of is stored: %v", err)
	}
}

// A start at which somebody is to be told tells of what is active and changed lately.
func TestRenotify(t *testing.T) {
	l := listen(t)
	var all []wire.Alert
	for i := range 450 { // more than are looked at at once
		all = append(all, alert(1, named(fmt.Sprintf("a-%03d", i))))
	}
	l.record(t, append(all, alert(1, named("over")), alert(2, cleared, named("over")))...)
	if _, err := l.Record(t.Context(), of("gw", alert(1, named("old"))), noon.Add(-48*time.Hour)); err != nil {
		t.Fatal(err)
	}
	l.calls = nil
	if err := l.Renotify(t.Context(), noon.Add(-24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	got := slices.Concat(l.calls...)
	if len(got) != 450 || len(l.calls) != 9 || got[0] != "a-000 yellow active 1" || got[449] != "a-449 yellow active 1" {
		t.Errorf("%d told in %d turns", len(got), len(l.calls))
	}
}
