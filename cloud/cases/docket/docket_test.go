package docket_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/cases"
	"github.com/lamppost-city/lamppost/cloud/cases/docket"
	"github.com/lamppost-city/lamppost/cloud/cases/lifecycle"
	"github.com/lamppost-city/lamppost/cloud/database"
	"github.com/lamppost-city/lamppost/cloud/database/databasetest"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(databasetest.Both(m)) }

// noon is a Wednesday, 10:00 in China.
var noon = time.Date(2026, 11, 25, 2, 0, 0, 0, time.UTC)

var (
	wang = lifecycle.Actor{Person: "wang", Grants: []lifecycle.Grant{{Role: lifecycle.Operator, Area: "330105"}}}
	li   = lifecycle.Actor{Person: "li", Grants: []lifecycle.Grant{{Role: lifecycle.Dispatcher, Area: "3301"}}}
	hu   = lifecycle.Actor{Person: "hu", Grants: []lifecycle.Grant{{Role: lifecycle.Operator, Area: "330106"}}}
	api  = lifecycle.Actor{Person: "hotline", Grants: []lifecycle.Grant{{Role: lifecycle.Integrator, Area: "330105"}}}
	pump = lifecycle.Actor{Person: "chen", Departments: []string{"drainage"}}
)

// path is the tree of these tests: by the digits.
func path(area string) (out []lifecycle.Place) {
	for _, l := range []struct {
		digits int
		level  lifecycle.Level
	}{{12, lifecycle.Community}, {9, lifecycle.Street}, {6, lifecycle.District}, {4, lifecycle.City}} {
		if len(area) >= l.digits && !strings.ContainsAny(area, "up") {
			out = append(out, lifecycle.Place{Code: area[:l.digits], Level: l.level})
		}
	}
	if len(out) == 0 {
		return []lifecycle.Place{{Code: "3301", Level: lifecycle.City}}
	}
	return out
}

// process is an aggregator as far as cases go: a book and a docket on a database.
type process struct {
	t testing.TB
	*docket.Docket
	book *cases.Book
	db   *database.DB

	mu   sync.Mutex
	news []lifecycle.Entry
}

func start(t testing.TB, file string) *process {
	t.Helper()
	db, err := databasetest.Open(t.Context(), file, database.Schema{Name: "cases", Steps: cases.Schema()}, database.Schema{Name: "docket", Steps: docket.Schema()})
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
	p := &process{t: t, db: db}
	p.Docket = docket.New(docket.Options{DB: db, Policy: lifecycle.DefaultPolicy, Path: path, Changed: func(_ lifecycle.Case, entries []lifecycle.Entry) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.news = append(p.news, entries...)
	}})
	p.book, err = cases.Open(t.Context(), cases.Options{DB: db, Catalog: catalog, Follow: p.Follow})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func one(t testing.TB) *process { t.Helper(); return start(t, t.TempDir()+"/a.db") }

// alert is revision rev of an alert; each edit changes it.
func alert(id string, rev int, edits ...func(*wire.Alert)) wire.Alert {
	a := wire.Alert{V: 1, ID: id, Rev: rev, Epoch: "2-00000000000b", Seq: uint64(rev), Rule: "river-high", Stage: "actual", Severity: wire.Yellow,
		Condition: "active", At: wire.Moment{Boot: "b", Unix: noon.UnixMilli()}, Since: wire.Moment{Boot: "b", Unix: noon.UnixMilli()},
		Device: "river", Channel: "level", Category: "06026", Area: "330105003012", Text: map[string]string{"en": "river level 3.12 m"}}
	for _, e := range edits {
		e(&a)
	}
	return a
}

func over(a *wire.Alert) {
	a.Condition, a.Cleared = "cleared", &wire.Moment{Boot: "b", Unix: noon.UnixMilli()}
}

func of(gateway string, as ...wire.Alert) iter.Seq2[string, wire.Alert] {
	return func(yield func(string, wire.Alert) bool) {
		for _, a := range as {
			if !yield(gateway, a) {
				return
			}
		}
	}
}

func (p *process) record(at time.Time, gateway string, as ...wire.Alert) {
	p.t.Helper()
	if refused, err := p.book.Record(p.t.Context(), of(gateway, as...), at); err != nil || len(refused) > 0 {
		p.t.Fatal(refused, err)
	}
}

func (p *process) must(id string, a lifecycle.Actor, cmd lifecycle.Command, at time.Time) lifecycle.Case {
	p.t.Helper()
	c, err := p.Do(p.t.Context(), id, "", cmd, a, at)
	if err != nil {
		p.t.Fatal(err)
	}
	return c
}

func (p *process) get(id string, a lifecycle.Actor, at time.Time) docket.Detail {
	p.t.Helper()
	d, err := p.Get(p.t.Context(), id, a, at)
	if err != nil {
		p.t.Fatal(err)
	}
	return d
}

// all are the cases, and that the journal of each is the case.
func (p *process) all() []lifecycle.Case {
	p.t.Helper()
	page, err := p.List(p.t.Context(), docket.Filter{State: "all", Limit: 500}, lifecycle.TheSystem())
	if err != nil {
		p.t.Fatal(err)
	}
	for _, c := range page.Cases {
		d := p.get(c.Opening.ID, lifecycle.TheSystem(), noon)
		again, err := lifecycle.Replay(d.Entries)
		if err != nil || again.Version != c.Version || again.State != c.State || again.Touched != c.Touched {
			p.t.Errorf("the journal of %s is %+v, the case %+v: %v", c.Opening.ID, again, c, err)
		}
		p.measured(d)
	}
	return page.Cases
}

const first = "20261125-00001"

var orders = []lifecycle.Order{{Department: "drainage", Instruction: "pump it out"}}

// An alert opens a case, its revisions move it, people answer it, and it closes; the same
// again within a day is a case that says so.
func TestAlertToAnswer(t *testing.T) {
	p := one(t)
	p.record(noon, "gw", alert("a", 1))
	p.record(noon, "gw", alert("a", 1))
	p.record(noon, "gw", alert("a", 2, func(a *wire.Alert) { a.Severity = wire.Orange }))
	p.record(noon, "gw", alert("b", 1, func(a *wire.Alert) { a.Device = "river2" })) // same place and kind
	if got := p.all(); len(got) != 1 || got[0].Severity != wire.Orange || got[0].Opening.ID != first || got[0].Opening.Text != "river level 3.12 m" {
		t.Fatalf("%+v", got)
	}
	p.must(first, wang, lifecycle.Command{Action: lifecycle.Acknowledge, Version: 2}, noon)
	p.must(first, wang, lifecycle.Command{Action: lifecycle.Dispatch, Orders: orders}, noon)
	p.must(first, pump, lifecycle.Command{Action: lifecycle.Report, Task: 1, Done: "pumped", Result: lifecycle.Done}, noon)
	p.record(noon, "gw", alert("a", 3, over))
	if d := p.get(first, wang, noon); !d.Case.Condition.Active || d.Active != 1 {
		t.Fatalf("one of two alerts is over: %+v", d)
	}
	p.record(noon, "gw", alert("b", 2, over))
	p.must(first, wang, lifecycle.Command{Action: lifecycle.Verify}, noon)
	p.must(first, wang, lifecycle.Command{Action: lifecycle.Close, Resolution: lifecycle.Fixed, Answer: "dry again"}, noon)
	d := p.get(first, wang, noon)
	if d.Case.State != lifecycle.Closed || d.Active != 0 || !slices.Equal(d.Alerts, []string{"b", "a"}) || !slices.Contains(d.Allowed, lifecycle.Note) {
		t.Errorf("%+v", d)
	}
	p.record(noon.Add(time.Hour), "gw", alert("a", 4))
	got := p.all()
	if len(got) != 2 || got[0].Opening.RecurrenceOf != first || got[0].State != lifecycle.Raised || !got[0].Condition.Active {
		t.Fatalf("%+v", got)
	}
	p.record(noon.Add(2*time.Hour), "gw", alert("a", 5, over))
	if d := p.get(got[0].Opening.ID, wang, noon); d.Active != 0 || d.Case.Condition.Active {
		t.Errorf("%+v", d)
	}
	if len(p.news) < 10 {
		t.Errorf("%d entries were told", len(p.news))
	}
}

// Whoever has no role in the area sees neither the case nor its number, and a command with
// the same key is done once.
func TestScopeAndKeys(t *testing.T) {
	p := one(t)
	ctx := t.Context()
	p.record(noon, "gw", alert("a", 1))
	if _, err := p.Get(ctx, first, hu, noon); !errors.Is(err, view.ErrUnknown) {
		t.Errorf("Get from another district: %v", err)
	}
	if page, err := p.List(ctx, docket.Filter{State: "all", After: "", Limit: 10}, hu); err != nil || len(page.Cases) != 0 {
		t.Errorf("List from another district: %v, %v", page, err)
	}
	if _, err := p.Do(ctx, first, "", lifecycle.Command{Action: lifecycle.Acknowledge}, hu, noon); !errors.Is(err, view.ErrUnknown) {
		t.Errorf("Do from another district: %v", err)
	}
	if _, err := p.Do(ctx, "nothing", "", lifecycle.Command{Action: lifecycle.Acknowledge}, wang, noon); !errors.Is(err, view.ErrUnknown) {
		t.Errorf("a case that is none: %v", err)
	}
	report := lifecycle.Command{Action: lifecycle.Raise, Opening: &lifecycle.Opening{Source: "hotline", Kind: "06026", Area: "330105003", Severity: wire.Blue,
		Text: "water in the underpass", Watched: true, Storm: true, Rule: "x"}}
	for range 3 {
		c, err := p.Do(ctx, "", "call-77", report, api, noon)
		if err != nil || c.Opening.ID != "20261125-00002" || c.Opening.Watched || c.Opening.Storm || c.Opening.Rule != "" {
			t.Fatalf("%+v, %v", c, err)
		}
	}
	var bad *view.FieldError
	if _, err := p.Do(ctx, first, "call-77", report, api, noon); !errors.As(err, &bad) || bad.Field != "key" {
		t.Errorf("a key used for another command: %v", err)
	}
	if _, err := p.Do(ctx, first, "call-77", lifecycle.Command{Action: lifecycle.Acknowledge}, wang, noon); err != nil {
		t.Errorf("another person's key: %v", err)
	}
	var no *lifecycle.Refusal
	if _, err := p.Do(ctx, first, "", lifecycle.Command{Action: lifecycle.Acknowledge}, wang, noon); !errors.As(err, &no) || len(no.Allowed) == 0 {
		t.Errorf("acknowledged twice: %v", err)
	}
	var stale *lifecycle.Stale
	if _, err := p.Do(ctx, first, "", lifecycle.Command{Action: lifecycle.Note, Why: "x", Version: 1}, wang, noon); !errors.As(err, &stale) {
		t.Errorf("an old version: %v", err)
	}
	if got := p.all(); len(got) != 2 {
		t.Errorf("%d cases", len(got))
	}
	if _, err := p.Fire(ctx, noon.Add(8*24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if c, err := p.Do(ctx, "", "call-77", report, api, noon.Add(8*24*time.Hour)); err != nil || c.Opening.ID == "20261125-00002" {
		t.Errorf("a key that is a week old: %+v, %v", c, err)
	}
}

// The history is only added to: the database itself refuses anything else.
func TestJournalStays(t *testing.T) {
	p := one(t)
	p.record(noon, "gw", alert("a", 1))
	for _, statement := range []string{"update case_entry set at = 1", "delete from case_entry"} {
		err := p.db.Write(t.Context(), func(tx *sql.Tx) error { _, err := tx.ExecContext(t.Context(), statement); return err })
		if err == nil || !strings.Contains(err.Error(), "the journal of a case is never") {
			t.Errorf("%s: %v", statement, err)
		}
	}
}

// Nothing that an alert may hold keeps it from being followed.
func TestHostileAlert(t *testing.T) {
	p := one(t)
	long := strings.Repeat("水", 5000)
	p.record(noon, "gw", alert("a", 1, func(a *wire.Alert) {
		a.Area, a.Category, a.Rule, a.Device, a.Channel = "", long, "r\x00\xff|%", long, "\n"
		a.Text = map[string]string{"zh": long + "\x00\xff"}
	}))
	p.record(noon, "gw", alert("b", 1, func(a *wire.Alert) { a.Area, a.Category, a.Rule = "unheard-of", "", "" }))
	got := p.all()
	if len(got) != 2 || got[1].Opening.Area != "unplaced" {
		t.Fatalf("%+v", got)
	}
	// What nobody has placed, the whole city's people see.
	if page, err := p.List(t.Context(), docket.Filter{State: "open", After: "", Limit: 10}, li); err != nil || len(page.Cases) != 2 {
		t.Errorf("%+v, %v", page, err)
	}
}

// flood are the alerts of a storm: so many gateways, each with so many gauges.
func flood(n int) (out []wire.Alert, gateways []string) {
	for i := range n {
		g := i % 200
		out = append(out, alert(fmt.Sprintf("%08d", i), 1, func(a *wire.Alert) {
			a.Device, a.Area = fmt.Sprint("gauge", i/200), fmt.Sprintf("330105%06d", g)
		}))
		gateways = append(gateways, fmt.Sprint("gw", g))
	}
	return out, gateways
}

// Two aggregators on one database record the same storm, both all of it and in pieces that
// are broken off and sent again, while timers fall due: few cases, one stands for the
// storm, each alert is in one, and each timer has fired once.
func TestTwoAggregatorsAndAStorm(t *testing.T) {
	n := 1200
	if testing.Short() || databasetest.OnPostgres() {
		n = 300
	}
	file := t.TempDir() + "/a.db"
	two := []*process{start(t, file), start(t, file)}
	alerts, gateways := flood(n)
	var group sync.WaitGroup
	for k, p := range two {
		group.Go(func() {
			for from := 0; from < n; from += 50 {
				piece := func(yield func(string, wire.Alert) bool) {
					for i := from; i < min(from+50, n); i++ {
						if !yield(gateways[i], alerts[i]) {
							return
						}
					}
				}
				if from/50%3 == k {
					dying, stop := context.WithCancel(t.Context())
					cut := func(yield func(string, wire.Alert) bool) {
						i := 0
						for g, a := range piece {
							if i++; i == 20 {
								stop()
							}
							if !yield(g, a) {
								return
							}
						}
					}
					if _, err := p.book.Record(dying, cut, noon); err == nil {
						t.Error("a record that was broken off says that it is stored")
					}
					stop()
				}
				again(t, func() error { _, err := p.book.Record(t.Context(), piece, noon); return err })
				again(t, func() error { _, err := p.Fire(t.Context(), noon.Add(time.Duration(from)*time.Second)); return err })
			}
		})
	}
	group.Wait()
	storms, alone, seen := 0, 0, 0
	got := two[0].all()
	for _, c := range got {
		switch {
		case c.Opening.Storm:
			storms++
		case c.Overlays.Parent == "":
			alone++
		}
		d := two[1].get(c.Opening.ID, lifecycle.TheSystem(), noon)
		seen += d.Active
		fired := map[string]bool{}
		for _, e := range d.Entries {
			if e.Timer != "" && fired[e.Timer] {
				t.Errorf("%s: %s fired twice", c.Opening.ID, e.Timer)
			}
			fired[e.Timer] = e.Timer != ""
		}
	}
	if storms != 1 || alone != 0 || len(got) > 11 || seen != n {
		t.Errorf("%d cases, %d storms, %d alone, %d of %d alerts", len(got), storms, alone, seen, n)
	}
}

// again does something until the database takes it: of two programs on one database, on a
// busy machine, one may wait for its turn in vain. Who records an alert sends it again.
func again(t *testing.T, do func() error) {
	for range 20 {
		err := do()
		if err == nil {
			return
		}
		if !strings.Contains(err.Error(), "database is locked") && !strings.Contains(err.Error(), "lock timeout") {
			t.Error(err)
			return
		}
	}
	t.Error("the database was locked twenty times")
}

// Closed, a storm closes what it was the cause of, and lets go what is not over.
func TestStormCloses(t *testing.T) {
	p := one(t)
	alerts, gateways := flood(12)
	for i := range alerts {
		p.record(noon, gateways[i], alerts[i])
	}
	storm := ""
	for _, c := range p.all() {
		if c.Opening.Storm {
			storm = c.Opening.ID
		}
	}
	for i := range alerts[1:] { // the first goes on
		again := alerts[i+1]
		again.Rev, again.Condition, again.Cleared = 2, "cleared", &wire.Moment{Unix: noon.UnixMilli()}
		p.record(noon, gateways[i+1], again)
	}
	for _, cmd := range []lifecycle.Command{{Action: lifecycle.Acknowledge}, {Action: lifecycle.Dispatch, Orders: orders}} {
		p.must(storm, wang, cmd, noon)
	}
	p.must(storm, pump, lifecycle.Command{Action: lifecycle.Report, Task: 1, Done: "pumped", Result: lifecycle.Done}, noon)
	p.must(storm, wang, lifecycle.Command{Action: lifecycle.Verify}, noon)
	p.must(storm, wang, lifecycle.Command{Action: lifecycle.Close, Resolution: lifecycle.Fixed, Answer: "the rain is over"}, noon)
	for _, c := range p.all() {
		switch {
		case c.Opening.ID == first && (c.State != lifecycle.Raised || c.Overlays.Parent != ""):
			t.Errorf("what is not over: %+v", c)
		case c.Opening.ID != first && (c.State != lifecycle.Closed || c.Outcome.Answer != "the rain is over"):
			t.Errorf("what is over: %+v", c)
		}
	}
}

// Left alone, cases escalate, each timer once, whoever fires it and however late; a restart
// loses none. What cannot be read does not hold up the others.
func TestTimers(t *testing.T) {
	file := t.TempDir() + "/a.db"
	p := start(t, file)
	p.record(noon, "gw", alert("a", 1, func(a *wire.Alert) { a.Severity = wire.Red }))
	p.record(noon, "gw2", alert("b", 1, func(a *wire.Alert) { a.Severity, a.Area = wire.Red, "330105004001" }))
	q := start(t, file)
	total := 0
	for m := range 30 {
		for _, x := range []*process{p, q, p} {
			n, err := x.Fire(t.Context(), noon.Add(time.Duration(m)*30*time.Second))
			if err != nil {
				t.Fatal(err)
			}
			total += n
		}
	}
	if total != 6 {
		t.Errorf("%d timers fired, want half, all and twice of the time to acknowledge of two cases", total)
	}
	c := p.get(first, wang, noon).Case
	if len(c.Overlays.Told) != 3 || len(c.Fired) != 3 {
		t.Errorf("%+v", c)
	}
	p.must(first, wang, lifecycle.Command{Action: lifecycle.Acknowledge}, noon.Add(time.Hour))
	p.must("20261125-00002", wang, lifecycle.Command{Action: lifecycle.Acknowledge}, noon.Add(time.Hour))
	err := p.db.Write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), "update casefile set body = ? where id = ?", []byte("{"), first)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := p.Fire(t.Context(), noon.Add(90*time.Minute)); n != 3 || err == nil || !strings.Contains(err.Error(), first) {
		t.Errorf("beside a damaged case %d timers fired, %v", n, err)
	}
	if n, err := p.Fire(t.Context(), noon.Add(91*time.Minute)); n != 0 || err != nil {
		t.Errorf("a minute later %d fired, %v", n, err)
	}
}

// BenchmarkStorm records the alerts of a storm, a hundred in a transaction, on the real
// database. Beside the time, which other programs on the machine share, it tells the
// processor's time of this process: of PostgreSQL the server's is not in it.
func BenchmarkStorm(b *testing.B) {
	alerts, gateways := flood(2000)
	cpu := func() int64 {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return u.Utime.Nano() + u.Stime.Nano()
	}
	before := cpu()
	for b.Loop() {
		p := one(b)
		for from := 0; from < len(alerts); from += 100 {
			piece := func(yield func(string, wire.Alert) bool) {
				for i := from; i < from+100; i++ {
					if !yield(gateways[i], alerts[i]) {
						return
					}
				}
			}
			if _, err := p.book.Record(b.Context(), piece, noon); err != nil {
				b.Fatal(err)
			}
		}
	}
	per := float64(b.N * len(alerts))
	b.ReportMetric(float64(b.Elapsed().Microseconds())/per, "µs/alert")
	b.ReportMetric(float64(cpu()-before)/1000/per, "cpu-µs/alert")
}
