package docket_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/cases/lifecycle"
	"github.com/lamppost-city/lamppost/cloud/cases/performance"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// year fills a database with as many cases and alerts of the year before noon.
func year(t testing.TB, p *process, n int) {
	r := rand.New(rand.NewPCG(1, 1))
	at := func() int64 { return noon.UnixMilli() - r.Int64N(365*24*3600*1000) }
	area := func(i int) string { return fmt.Sprintf("330105%03d%03d", i%22, i/22%25) }
	severity := func() wire.Severity { return []wire.Severity{wire.Red, wire.Orange, wire.Yellow, wire.Blue}[r.IntN(4)] }
	put := func(tx *sql.Tx, query string, args ...any) error {
		_, err := tx.ExecContext(t.Context(), query, args...)
		return err
	}
	for begin := 0; begin < n; begin += 5000 {
		err := p.db.Write(t.Context(), func(tx *sql.Tx) error {
			for i := begin; i < min(begin+5000, n); i++ {
				opened := at()
				m := performance.Measure{Opened: opened, Severity: severity(), Rule: fmt.Sprint("rule-", i%40), Department: fmt.Sprint("department-", i%12), Tasked: true, Answered: true, Resolution: lifecycle.Fixed}
				for k, name := range []lifecycle.Step{lifecycle.StepAcknowledge, lifecycle.StepDispatch, lifecycle.StepSign, lifecycle.StepHandle, lifecycle.StepVerify, lifecycle.StepClose} {
					s := performance.Step{Name: name, Start: opened, Due: opened + 3_600_000, End: opened + r.Int64N(4_000_000), Done: true}
					if k == 2 || k == 3 {
						s.Task, s.Department = 1, m.Department
					}
					opened = s.End
					m.Steps = append(m.Steps, s)
				}
				m.Handled, m.Closed = opened, opened
				if err := put(tx, "insert into case_area(area) values(?) on conflict do nothing", area(i)); err != nil {
					return err
				}
				if err := put(tx, "insert into case_measure(id, area, opened, until, body) values(?, ?, ?, ?, ?)", fmt.Sprintf("c-%06d", i), area(i), m.Opened, m.Closed, m.Encode()); err != nil {
					return err
				}
				if err := put(tx, "insert into alert_site(gateway, device, area) values(?, ?, ?) on conflict do nothing", fmt.Sprint("gw", i%500), "river", area(i%550)); err != nil {
					return err
				}
				err := put(tx, `insert into alert(id, gateway, rev, condition, received, updated, vanished, acked_by, acked_at, acked_note, body, site, rule, worst)
					values(?, 'gw', 1, 'cleared', ?, 0, 0, '', 0, '', ?, ?, ?, ?)`, fmt.Sprintf("a-%06d", i), at(), make([]byte, 900), 1+i%500, fmt.Sprint("rule-", i%40), string(severity()))
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// What a year with a hundred thousand cases and as many alerts takes to be worked out, both
// at a time as a page asks for them.
func BenchmarkAYear(b *testing.B) {
	p := one(b)
	year(b, p, 100_000)
	from, to := noon.AddDate(-1, 0, 0).UnixMilli(), noon.UnixMilli()
	all := func(area string) (string, bool) { return area[:9], true }
	figures := func(ctx context.Context) (out view.Performance, err error) {
		alerts := make(chan error, 1)
		go func() {
			var err error
			out.Alerts, err = p.book.Load(ctx, performance.NewLoad(from, to, to, time.UTC), from, to, to, func(string) bool { return true })
			alerts <- err
		}()
		c := performance.NewCount(from, to, to, "")
		err = p.Measure(ctx, c, from, to, all)
		if e := <-alerts; err == nil {
			err = e
		}
		c.Into(&out)
		return out, err
	}
	for b.Loop() {
		got, err := figures(b.Context())
		if err != nil || got.Total.Raised < 99_000 || got.Alerts.Alerts < 99_000 || len(got.Areas) != 22 {
			b.Fatal(got.Total.Raised, got.Alerts, len(got.Areas), err)
		}
	}
}
