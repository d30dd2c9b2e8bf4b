package cases_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/cases"
	"github.com/lamppost-city/lamppost/cloud/database"
	"github.com/lamppost-city/lamppost/cloud/database/databasetest"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(databasetest.Both(m)) }

// noon is when everything arrives; noonMS the same in Unix milliseconds.
var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

const noonMS = 1795262400000

type bench struct {
	*cases.Book
	db        *database.DB
	published []view.Alert
	switched  []wire.Event // what the gateway switched
	site      func(gateway, device string) string
}

func open(t testing.TB) *bench {
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
	return openOn(t, db)
}

func openOn(t testing.TB, db *database.DB) *bench {
	t.Helper()
	c, err := obs.ParseCatalog(firmwareconfigs.MetricsFile, firmwareconfigs.Metrics())
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{db: db}
	b.Book, err = cases.Open(t.Context(), cases.Options{
		DB: db, Catalog: c,
		Advice: func(rule, _ string, s wire.Severity) *view.Text {
			if rule != "river-high" || s != wire.Orange {
				return nil
			}
			return &view.Text{En: "close the gate"}
		},
		Site: func(gateway, device string) (string, *wire.Position) {
			if b.site != nil {
				return b.site(gateway, device), nil
			}
			return "330105003012", nil
		},
		Switched: func(_ context.Context, gateway string, from, to int64) ([]wire.Event, error) {
			var out []wire.Event
			for _, e := range b.switched {
				if gateway == "gw" && from <= e.At.Unix && e.At.Unix <= to {
					out = append(out, e)
				}
			}
			return out, nil
		},
		Publish: func(_ string, doc any) { b.published = append(b.published, doc.(view.Alert)) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// alert makes revision rev of alert "a"; each edit changes it.
func alert(rev int, edits ...func(*wire.Alert)) wire.Alert {
	v := 3.12
	a := wire.Alert{
		V: 1, ID: "a", Rev: rev, Epoch: "2-00000000000b", Seq: uint64(rev), Rule: "river-high", Stage: "forecast",
		Severity: wire.Yellow, Condition: "active", At: wire.Moment{Boot: "b", BootMS: int64(rev) * 1000, Unix: noonMS + int64(rev)},
		Since: wire.Moment{Boot: "b", Unix: noonMS - 60_000}, Device: "river", Channel: "level", Value: &v, Unit: "m",
		Area: "330105", Position: &wire.Position{Lat: 30, Lon: 120}, Text: map[string]string{"en": "river level 3.12 m"},
	}
	for _, e := range edits {
		e(&a)
	}
	return a
}

func cleared(a *wire.Alert) {
	a.Condition = "cleared"
	a.Cleared = &wire.Moment{Boot: "b", Unix: noonMS + 500}
}
func actual(a *wire.Alert) { a.Stage = "actual" }
func orange(a *wire.Alert) { a.Severity = wire.Orange }

func of(gateway string, as ...wire.Alert) iter.Seq2[string, wire.Alert] {
	return func(yield func(string, wire.Alert) bool) {
		for _, a := range as {
			if !yield(gateway, a) {
				return
			}
		}
	}
}

func (b *bench) record(t testing.TB, as ...wire.Alert) {
	t.Helper()
	refused, err := b.Record(t.Context(), of("gw", as...), noon)
	if err != nil || len(refused) != 0 {
		t.Fatalf("Record refused %v, %v", refused, err)
	}
}

func (b *bench) get(t testing.TB) view.Alert {
	t.Helper()
	v, err := b.Get(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// story is the history in one line: what, what, …
func story(v view.Alert) string {
	var s []string
	for _, c := range v.History {
		s = append(s, c.What)
	}
	return strings.Join(s, ", ")
}

func TestNewerRevisionWins(t *testing.T) {
	for name, c := range map[string]struct {
		in    []wire.Alert
		rev   int
		story string
	}{
		"raised":                  {[]wire.Alert{alert(1)}, 1, "raised"},
		"resent":                  {[]wire.Alert{alert(1), alert(1)}, 1, "raised"},
		"in order":                {[]wire.Alert{alert(1), alert(2, actual), alert(3, actual, orange), alert(4, actual, orange, cleared)}, 4, "raised, actual, severity, cleared"},
		"the newest first":        {[]wire.Alert{alert(4, actual, cleared), alert(1), alert(2)}, 4, "raised, cleared"},
		"an unimportant revision": {[]wire.Alert{alert(1), alert(2)}, 2, "raised"},
		"active again":            {[]wire.Alert{alert(1), alert(2, cleared), alert(3)}, 3, "raised, cleared, active"},
	} {
		t.Run(name, func(t *testing.T) {
			b := open(t)
			for _, a := range c.in {
				b.record(t, a)
			}
			v := b.get(t)
			if v.Rev != c.rev || story(v) != c.story {
				t.Errorf("revision %d, history %q; want %d, %q", v.Rev, story(v), c.rev, c.story)
			}
			// The same in one transaction.
			b = open(t)
			b.record(t, c.in...)
			if v := b.get(t); v.Rev != c.rev || story(v) != c.story {
				t.Errorf("in one batch: revision %d, history %q; want %d, %q", v.Rev, story(v), c.rev, c.story)
			}
		})
	}
}

func TestEveryRevisionIsKept(t *testing.T) {
	b := open(t)
	b.record(t, alert(3), alert(1), alert(2), alert(2))
	var n int
	if err := b.db.Read().QueryRowContext(t.Context(), "select count(*) from alert_revision").Scan(&n); err != nil || n != 3 {
		t.Errorf("%d revisions kept, %v; want 3", n, err)
	}
}

func TestReplacedRevisionsAreForgottenAtLast(t *testing.T) {
	b := open(t)
	b.record(t, alert(1), alert(2, actual))
	for _, c := range []struct{ days, want int }{{399, 2}, {401, 1}} {
		if err := b.Prune(t.Context(), noon.AddDate(0, 0, c.days)); err != nil {
			t.Fatal(err)
		}
		var n int
		if err := b.db.Read().QueryRowContext(t.Context(), "select count(*) from alert_revision").Scan(&n); err != nil || n != c.want {
			t.Errorf("%d revisions after %d days, %v; want %d", n, c.days, err, c.want)
		}
	}
	if v := b.get(t); v.Rev != 2 || story(v) != "raised, actual" {
		t.Errorf("the alert became revision %d, history %q", v.Rev, story(v))
	}
}

func TestShown(t *testing.T) {
	b := open(t)
	b.record(t, alert(1, cleared))
	v := b.get(t)
	if v.Since != noonMS-60_000 || v.At != noonMS+1 || *v.Cleared != noonMS+500 || v.Undated {
		t.Errorf("times %d %d %v undated %v", v.Since, v.At, v.Cleared, v.Undated)
	}
	if v.UnitText != "m" || v.Area != "330105003012" || v.Position.Lat != 30 {
		t.Errorf("unit %q, area %q (the fleet's wins), position %v (the fleet knows none)", v.UnitText, v.Area, v.Position)
	}
	if len(b.published) != 1 || b.published[0].ID != "a" {
		t.Errorf("published %v", b.published)
	}
}

// What is over is shown as it was at its worst, not as it ended.
func TestShownAtItsWorst(t *testing.T) {
	b := open(t)
	b.record(t, alert(1, actual, orange), alert(2, actual, cleared, func(a *wire.Alert) {
		peak := 3.51
		a.Worst, a.Peak = wire.Orange, &peak
	}))
	if v := b.get(t); v.Worst != wire.Orange || v.Severity != wire.Yellow || v.Peak == nil || *v.Peak != 3.51 {
		t.Errorf("worst %s, severity %s, peak %v", v.Worst, v.Severity, v.Peak)
	}
	b.record(t, alert(3, actual)) // of a gateway that does not say
	if v := b.get(t); v.Worst != wire.Yellow || v.Peak != nil {
		t.Errorf("worst %s, peak %v of a gateway that says neither", v.Worst, v.Peak)
	}
}

func TestUndatedAlertsStandWhereTheyArrived(t *testing.T) {
	b := open(t)
	b.record(t, alert(1, func(a *wire.Alert) { a.At.Unix, a.Since.Unix = 0, 0 }))
	if v := b.get(t); v.Since != noonMS || v.At != noonMS || !v.Undated {
		t.Errorf("since %d at %d undated %v, want the time of arrival", v.Since, v.At, v.Undated)
	}
}

// An alert that was raised before its gateway knew the time has all its times by that
// gateway's clock once it knew: an age must not mix two clocks.
func TestTimesOfOneAlertAreOfOneClock(t *testing.T) {
	b := open(t)
	b.record(t, alert(1, func(a *wire.Alert) {
		a.Since, a.At = wire.Moment{Boot: "b", BootMS: 5000}, wire.Moment{Boot: "b", BootMS: 65_000, Unix: noonMS - 3_600_000}
	}))
	if v := b.get(t); v.Since != noonMS-3_660_000 || v.At != noonMS-3_600_000 || v.Undated {
		t.Errorf("since %d, at %d, undated %v", v.Since-noonMS, v.At-noonMS, v.Undated)
	}
	b.record(t, alert(2, func(a *wire.Alert) {
		a.Since, a.At = wire.Moment{Boot: "old", BootMS: 5000}, wire.Moment{Boot: "b", BootMS: 70_000, Unix: noonMS}
	}))
	if v := b.get(t); !v.Undated {
		t.Errorf("of another boot nobody knows: %+v", v)
	}
}

func TestAnotherGatewayCannotTouchAnAlert(t *testing.T) {
	b := open(t)
	b.record(t, alert(1))
	refused, err := b.Record(t.Context(), of("evil", alert(9, cleared)), noon)
	if err != nil || !strings.Contains(refused[0], "belongs to gateway gw") {
		t.Errorf("Record = %v, %v; want it refused", refused, err)
	}
	if v := b.get(t); v.Rev != 1 || v.Condition != "active" {
		t.Errorf("the alert became %+v", v)
	}
}

func TestAcknowledge(t *testing.T) {
	b := open(t)
	b.record(t, alert(1))
	if err := b.Acknowledge(t.Context(), "a", " 王芳 ", "look\nat it", noon); err != nil {
		t.Fatal(err)
	}
	b.record(t, alert(2, cleared)) // a revision does not touch what people did
	v := b.get(t)
	if want := (view.Acknowledged{By: "王芳", At: noonMS, Note: "look\nat it"}); v.Acknowledged == nil || *v.Acknowledged != want {
		t.Errorf("acknowledged = %+v, want %+v", v.Acknowledged, want)
	}
	if story(v) != "raised, acknowledged, cleared" {
		t.Errorf("history %q", story(v))
	}
	if err := b.Acknowledge(t.Context(), "a", "x", "", noon); !errors.Is(err, view.ErrAcknowledged) {
		t.Errorf("twice: %v, want ErrAcknowledged", err)
	}
	if err := b.Acknowledge(t.Context(), "z", "x", "", noon); !errors.Is(err, view.ErrUnknown) {
		t.Errorf("an unknown one: %v, want ErrUnknown", err)
	}
	if story(b.get(t)) != "raised, acknowledged, cleared" {
		t.Error("a refused acknowledgement left a line in the history")
	}
}

// An alert that gets worse, or comes true, has to be seen anew; who saw it as it was
// stays in the history, and so does that the gateway has heard of it.
func TestWorseIsUnseen(t *testing.T) {
	seen := func(a *wire.Alert) { a.Acknowledged = &wire.Acknowledged{At: a.At, By: "王芳 (center)"} }
	b := open(t)
	b.record(t, alert(1))
	for rev, edits := range [][]func(*wire.Alert){2: {actual}, 4: {actual, orange}} {
		if edits == nil {
			continue
		}
		if err := b.Acknowledge(t.Context(), "a", "王芳", "", noon); err != nil {
			t.Fatal(err)
		}
		if rev == 2 {
			b.record(t, alert(1, seen)) // the same revision says nothing new
		}
		b.record(t, alert(rev, edits...))
		if v := b.get(t); v.Acknowledged != nil {
			t.Errorf("revision %d: acknowledged %+v", rev, v.Acknowledged)
		}
	}
	if err := b.Acknowledge(t.Context(), "a", "王芳", "", noon); err != nil {
		t.Fatal(err)
	}
	b.record(t, alert(5, actual, orange, seen))
	b.record(t, alert(6, actual, seen)) // less severe
	if v := b.get(t); v.Acknowledged == nil || story(v) != "raised, acknowledged, lapsed, actual, acknowledged, lapsed, severity, acknowledged, heard, severity" {
		t.Errorf("acknowledged %+v, history %q", v.Acknowledged, story(v))
	}
}

func TestWhatAPersonMayWrite(t *testing.T) {
	for name, c := range map[string]struct{ by, note, field string }{
		"nobody":              {by: " ", field: "by"},
		"a long name":         {by: strings.Repeat("名", 81), field: "by"},
		"a bell in the name":  {by: "a\ab", field: "by"},
		"a line in the name":  {by: "a\nb", field: "by"},
		"writing turned":      {by: "a\u202eb", field: "by"},
		"broken UTF-8":        {by: "a\xff", field: "by"},
		"a long note":         {by: "a", note: strings.Repeat("x", 2001), field: "note"},
		"an escape in a note": {by: "a", note: "\x1b[2J", field: "note"},
	} {
		t.Run(name, func(t *testing.T) {
			b := open(t)
			b.record(t, alert(1))
			var fe *view.FieldError
			err := b.Acknowledge(t.Context(), "a", c.by, c.note, noon)
			if !errors.As(err, &fe) || fe.Field != c.field || fe.Text.Zh == "" || fe.Text.En == "" {
				t.Errorf("Acknowledge = %v, want a FieldError of %s", err, c.field)
			}
		})
	}
}

func TestHistoryCannotBeChanged(t *testing.T) {
	b := open(t)
	b.record(t, alert(1))
	for _, q := range []string{"update alert_change set by = 'x'", "delete from alert_change"} {
		err := b.db.Write(t.Context(), func(tx *sql.Tx) error { _, err := tx.ExecContext(t.Context(), q); return err })
		if err == nil || !strings.Contains(err.Error(), "history of an alert is never") {
			t.Errorf("%s: %v", q, err)
		}
	}
}

func TestReconcile(t *testing.T) {
	list := func(epoch wire.Epoch, bootMS int64, ids ...string) wire.State {
		s := wire.State{Epoch: epoch, At: wire.Moment{Boot: "b", BootMS: bootMS}}
		for _, id := range ids {
			s.Alerts = append(s.Alerts, wire.Revised{ID: id, Rev: 1})
		}
		return s
	}
	for name, c := range map[string]struct {
		states   []wire.State
		vanished bool
		story    string
	}{
		"still listed":                {[]wire.State{list("2-00000000000b", 2000, "a")}, false, "raised"},
		"no longer listed":            {[]wire.State{list("2-00000000000b", 2000)}, true, "raised, vanished"},
		"told twice":                  {[]wire.State{list("2-00000000000b", 2000), list("2-00000000000b", 3000)}, true, "raised, vanished"},
		"a state from before":         {[]wire.State{list("2-00000000000b", 999)}, false, "raised"},
		"a state of the same moment":  {[]wire.State{list("2-00000000000b", 1000)}, false, "raised"},
		"a state of a journal before": {[]wire.State{list("1-00000000000a", 9000)}, false, "raised"},
		"a state of a later journal":  {[]wire.State{list("3-00000000000c", 1)}, true, "raised, vanished"},
		"an epoch without a number":   {[]wire.State{list("x", 9000)}, false, "raised"},
		"listed again":                {[]wire.State{list("2-00000000000b", 2000), list("2-00000000000b", 3000, "a")}, false, "raised, vanished, returned"},
	} {
		t.Run(name, func(t *testing.T) {
			b := open(t)
			b.record(t, alert(1))
			for _, s := range c.states {
				if err := b.Reconcile(t.Context(), "gw", s, noon); err != nil {
					t.Fatal(err)
				}
			}
			v := b.get(t)
			if (v.Vanished != nil) != c.vanished || story(v) != c.story || v.Condition != "active" {
				t.Errorf("vanished %v, %s, history %q; want %v, active, %q", v.Vanished, v.Condition, story(v), c.vanished, c.story)
			}
			again := openOn(t, b.db) // the index is rebuilt at start
			if err := again.Reconcile(t.Context(), "gw", c.states[len(c.states)-1], noon); err != nil {
				t.Fatal(err)
			}
			if got := story(again.get(t)); got != c.story {
				t.Errorf("after a restart the same state made the history %q", got)
			}
		})
	}
}

func TestRevisionEndsVanished(t *testing.T) {
	b := open(t)
	b.record(t, alert(1))
	if err := b.Reconcile(t.Context(), "gw", wire.State{Epoch: "3-00000000000c"}, noon); err != nil {
		t.Fatal(err)
	}
	b.record(t, alert(2, cleared))
	if v := b.get(t); v.Vanished != nil || v.Condition != "cleared" || story(v) != "raised, vanished, returned, cleared" {
		t.Errorf("vanished %v, %s, history %q", v.Vanished, v.Condition, story(v))
	}
	if n := b.Active(); n != 0 {
		t.Errorf("Active = %d, want 0", n)
	}
}

func TestList(t *testing.T) {
	b := open(t)
	for i := range 6 {
		gw := []string{"gw", "other"}[i%2]
		a := alert(1, func(a *wire.Alert) { a.ID = fmt.Sprint("id", i) })
		if i >= 4 {
			cleared(&a)
		}
		if i == 1 || i == 5 {
			a.Severity = wire.Red
		}
		if _, err := b.Record(t.Context(), of(gw, a), noon.Add(time.Duration(i)*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		state, severity, gateway string
		limit                    int
		want                     string
	}{
		{"all", "", "", 100, "id5 id4 id3 id2 id1 id0"},
		{"active", "", "", 100, "id3 id2 id1 id0"},
		{"past", "", "", 100, "id5 id4"},
		{"all", "", "gw", 100, "id4 id2 id0"},
		{"all", "", "", 2, "id5 id4"},
		{"all", "red", "", 100, "id5 id1"},
		{"active", "red", "", 100, "id1"},
		{"active", "blue", "", 100, ""},
	} {
		page, err := b.List(t.Context(), view.AlertFilter{State: c.state, Severity: c.severity, Gateway: c.gateway, Limit: c.limit}, nil)
		got := page.Alerts
		var ids []string
		for _, v := range got {
			ids = append(ids, v.ID)
		}
		if s := strings.Join(ids, " "); err != nil || s != c.want {
			t.Errorf("List(%s, %q, %q, %d) = %q, %v; want %q", c.state, c.severity, c.gateway, c.limit, s, err, c.want)
		}
	}
}

func BenchmarkRecord(b *testing.B) {
	bk := open(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		bk.record(b, alert(1, func(a *wire.Alert) { a.ID = fmt.Sprint(i) }))
	}
}

// What is active, and only that, is told with its place and its severity as it is now.
func TestStanding(t *testing.T) {
	b := open(t)
	if got := b.Standing(); len(got) != 0 {
		t.Errorf("nothing was raised, and there is %+v", got)
	}
	b.record(t, alert(1), alert(2, orange))
	want := view.Standing{Gateway: "gw", Device: alert(1).Device, Area: alert(1).Area, Alerts: 1, Worst: wire.Orange}
	if got := b.Standing(); len(got) != 1 || got[0] != want {
		t.Errorf("standing: %+v, want %+v", got, want)
	}
	b.record(t, alert(3, cleared))
	if got := b.Standing(); len(got) != 0 {
		t.Errorf("it is over, and there is %+v", got)
	}
}

// What to do stands beside an alert as it is now: another severity may ask for something else.
func TestAdviceFollowsTheSeverity(t *testing.T) {
	b := open(t)
	b.record(t, alert(1))
	if v := b.get(t); v.Severity == wire.Orange || v.Advice != nil {
		t.Fatalf("%s has the advice %+v, want none", v.Severity, v.Advice)
	}
	b.record(t, alert(2, orange))
	if v := b.get(t); v.Advice == nil || v.Advice.En != "close the gate" {
		t.Errorf("orange has the advice %+v", v.Advice)
	}
}
