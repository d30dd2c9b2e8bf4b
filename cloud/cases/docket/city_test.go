package docket_test

import (
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/cases/lifecycle"
	"github.com/lamppost-city/lamppost/cloud/database/databasetest"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// cityKinds are what happens in the city's storm: each is a storm of its own.
var cityKinds = []string{"06026", "11030", "02011"}

// cityAlert is one of a storm over a whole district: 22 streets, 549 communities, each with a
// gateway of many gauges.
func cityAlert(i int) (gateway string, a wire.Alert) {
	c := i % 549
	a = alert(fmt.Sprintf("%08d", i), 1, func(a *wire.Alert) {
		a.Device, a.Area = fmt.Sprint("gauge", i/549), fmt.Sprintf("330105%03d%03d", c%22, c/22)
		a.Category, a.Seq = cityKinds[i%len(cityKinds)], uint64(i+1)
		a.Severity = []wire.Severity{wire.Yellow, wire.Blue, wire.Orange, wire.Blue}[i%4]
	})
	return fmt.Sprint("gw", c), a
}

// A hundred thousand alerts of one night, as an aggregator takes them in, and on PostgreSQL
// as two do that are both sent a part of each other's: a handful of cases, once each. The
// short form has five hundred.
func TestAHundredThousandAlerts(t *testing.T) {
	n := 500
	switch {
	case os.Getenv("LAMPPOST_STORM") == "long":
		n = 100_000
	case testing.Short():
		n = 300
	}
	file := filepath.Join(t.TempDir(), "a.db")
	ps := []*process{start(t, file)}
	if databasetest.OnPostgres() {
		ps = append(ps, start(t, file))
	}
	began := time.Now()
	var group sync.WaitGroup
	for k, p := range ps {
		group.Go(func() {
			for from := 0; from < n; from += 250 {
				// One batch in five comes to both, as what was not acknowledged does.
				if mine := from / 250 % len(ps); mine != k && from/250%5 != 0 {
					continue
				}
				again(t, func() error {
					_, err := p.book.Record(t.Context(), cityPiece(from, min(from+250, n)), noon)
					return err
				})
			}
		})
	}
	group.Wait()
	took := time.Since(began)
	fired := cityTimers(t, ps)
	cityJudge(t, ps[0], n)
	t.Logf("%d alerts in %v, %.0f a second; %d timers fired; memory at most %s; %s", n, took.Round(time.Millisecond), float64(n)/took.Seconds(), fired, most(t), citySize(t, ps[0], file))
}

func cityPiece(from, to int) iter.Seq2[string, wire.Alert] {
	return func(yield func(string, wire.Alert) bool) {
		for i := from; i < to; i++ {
			if !yield(cityAlert(i)) {
				return
			}
		}
	}
}

// cityTimers lets everybody fire what is due in the next two hours, at the same time.
func cityTimers(t *testing.T, ps []*process) (fired int) {
	t.Helper()
	var mu sync.Mutex
	var group sync.WaitGroup
	for _, p := range ps {
		group.Go(func() {
			for m := 5; m <= 120; m += 5 {
				again(t, func() error {
					k, err := p.Fire(t.Context(), noon.Add(time.Duration(m)*time.Minute))
					mu.Lock()
					fired += k
					mu.Unlock()
					return err
				})
			}
		})
	}
	group.Wait()
	return fired
}

func cityJudge(t *testing.T, p *process, n int) {
	t.Helper()
	for query, want := range map[string]int{
		"select count(*) from alert":                                                n,
		"select count(*) from alert_revision":                                       n,
		"select count(*) from case_alert where active = 1":                          n,
		"select coalesce(sum(active), 0) from casefile":                             n,
		"select count(*) from casefile where storm = 1":                             len(cityKinds),
		"select count(*) from casefile where storm = 0 and parent = ''":             0,
		"select count(*) from casefile where storm = 0":                             len(cityKinds) * (lifecycle.DefaultPolicy().Join.Storm - 1),
		"select count(*) from case_key where name like 'whole %'":                   len(cityKinds),
		"select count(*) from alert_change where what = 'raised' and n <> 1":        0,
		"select count(*) from alert_change where what <> 'raised'":                  0,
		"select count(*) from case_alert where id not in (select id from casefile)": 0,
	} {
		if got := number(t, p, query); got != want {
			t.Errorf("%s: %d, want %d", query, got, want)
		}
	}
	for _, c := range p.all() {
		seen := map[string]bool{}
		for _, e := range p.get(c.Opening.ID, lifecycle.TheSystem(), noon).Entries {
			if e.Timer != "" && seen[e.Timer] {
				t.Errorf("%s: %s fired twice", c.Opening.ID, e.Timer)
			}
			seen[e.Timer] = true
		}
	}
}

func number(t *testing.T, p *process, query string) (n int) {
	t.Helper()
	if err := p.db.Read().QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// most is the most memory that this process has had.
func most(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return "unknown"
	}
	_, rest, _ := strings.Cut(string(b), "VmHWM:")
	line, _, _ := strings.Cut(rest, "\n")
	return strings.TrimSpace(line)
}

// citySize says how many rows there are and what they take.
func citySize(t *testing.T, p *process, file string) string {
	t.Helper()
	var parts []string
	for _, table := range []string{"alert", "alert_revision", "alert_change", "casefile", "case_entry", "case_alert", "case_key"} {
		parts = append(parts, fmt.Sprintf("%s %d", table, number(t, p, "select count(*) from "+table)))
	}
	bytes := 0
	if databasetest.OnPostgres() {
		bytes = number(t, p, "select pg_database_size(current_database())")
	} else if info, err := os.Stat(file); err == nil {
		bytes = int(info.Size())
	}
	return fmt.Sprintf("%d MB, rows: %s", bytes>>20, strings.Join(parts, ", "))
}
