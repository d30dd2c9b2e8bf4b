package docket_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/cases/docket"
	"github.com/lamppost-city/lamppost/cloud/cases/lifecycle"
	"github.com/lamppost-city/lamppost/cloud/cases/performance"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// figures counts from noon on for a number of hours, as it stands at their end; of the areas
// whose codes begin with a prefix, by district.
func (p *process) figures(hours int, prefix, department string) (out view.Performance) {
	p.t.Helper()
	from, to := noon.UnixMilli(), noon.Add(time.Duration(hours)*time.Hour).UnixMilli()
	c := performance.NewCount(from, to, to, department)
	err := p.Measure(p.t.Context(), c, from, to, func(area string) (string, bool) { return area[:min(6, len(area))], strings.HasPrefix(area, prefix) })
	if err != nil {
		p.t.Fatal(err)
	}
	c.Into(&out)
	return out
}

// only are the steps of a group that something was done or due of, as done, mean, due, in time.
func only(g view.PerformanceGroup) map[string][4]int64 {
	out := map[string][4]int64{}
	for _, s := range g.Steps {
		if s.Done+s.Due > 0 {
			mean := int64(-1)
			if s.Mean != nil {
				mean = *s.Mean / 60_000
			}
			out[s.Step] = [4]int64{int64(s.Done), mean, int64(s.Due), int64(s.InTime)}
		}
	}
	return out
}

// after is a number of minutes after noon.
func after(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }

// wholeWay leads a red case by drainage to its end, with a suspension of an hour and an answer
// that is rejected.
func wholeWay(p *process) (id string) {
	do := func(minute int, a lifecycle.Actor, cmd lifecycle.Command) {
		p.t.Helper()
		if _, err := p.Fire(p.t.Context(), after(minute)); err != nil {
			p.t.Fatal(err)
		}
		p.must(id, a, cmd, after(minute))
	}
	id = p.raised("330105003", wire.Red)
	do(4, wang, lifecycle.Command{Action: lifecycle.Acknowledge})                                                                    // 4 of 5
	do(19, li, lifecycle.Command{Action: lifecycle.Dispatch, Orders: []lifecycle.Order{{Department: "drainage", Instruction: "x"}}}) // 15 of 10: late
	do(25, pump, lifecycle.Command{Action: lifecycle.Sign, Task: 1})                                                                 // 6 of 10
	do(30, li, lifecycle.Command{Action: lifecycle.Suspend, Why: "parts", Until: after(600).UnixMilli()})                            //
	do(90, li, lifecycle.Command{Action: lifecycle.Resume, Why: "parts came"})                                                       // 60 suspended
	do(199, pump, lifecycle.Command{Action: lifecycle.Report, Task: 1, Done: "x", Result: lifecycle.Done})                           // 180 − 60 of 120: on the minute
	do(209, li, lifecycle.Command{Action: lifecycle.Reject, Why: "still wet"})                                                       // verify: 10 of 120
	do(214, pump, lifecycle.Command{Action: lifecycle.Sign, Task: 1})                                                                // 5 of 10
	do(239, pump, lifecycle.Command{Action: lifecycle.Report, Task: 1, Done: "y", Result: lifecycle.Done})                           // 30 of 120
	do(259, li, lifecycle.Command{Action: lifecycle.Verify, Why: "seen"})                                                            // 20 of 120
	do(319, wang, lifecycle.Command{Action: lifecycle.Close, Resolution: lifecycle.Fixed, Answer: "the pump runs again"})            // 60 of 240
	return id
}

// One case of which every minute is known, and beside it what is dismissed, what waits and
// what is late: each figure by hand.
func TestFiguresByHand(t *testing.T) {
	p := one(t)
	wholeWay(p)
	p.must(p.raised("330106001", wire.Blue), li, lifecycle.Command{Action: lifecycle.Dismiss, Resolution: lifecycle.FalseAlarm, Why: "a spider"}, after(30))
	late := p.raised("330106001", wire.Yellow) // acknowledge until 30
	if _, err := p.Fire(t.Context(), after(360)); err != nil {
		t.Fatal(err)
	}
	got := p.figures(6, "3301", "")
	want := map[string][4]int64{ // done, mean in minutes, due, in time
		"acknowledge": {2, 17, 3, 2}, // 4 and 30 minutes; the third is late
		"dispatch":    {1, 15, 1, 0},
		"sign":        {2, 5, 2, 2}, // 6 and 5
		"handle":      {2, 75, 2, 2},
		"verify":      {2, 15, 2, 2},
		"close":       {1, 60, 0, 0},  // due after 499 minutes, which is not yet
		"handled":     {1, 179, 0, 0}, // 239 − 60
		"closed":      {2, 174, 0, 0}, // 319 and 30
	}
	if have := only(got.Total); !reflect.DeepEqual(have, want) {
		t.Errorf("steps: %v\nwant %v", have, want)
	}
	g := got.Total
	g.Steps = nil
	if w := (view.PerformanceGroup{Raised: 3, Concluded: 2, EverClosed: 2, Dispatched: 1, Handled: 1, Reworked: 1, Closed: 2, Answered: 2, FalseAlarms: 1, Overdue: 1}); !reflect.DeepEqual(g, w) {
		t.Errorf("all: %+v\nwant %+v", g, w)
	}
	if len(got.Overdue.Oldest) != 1 || got.Overdue.Oldest[0].ID != late || got.Overdue.Oldest[0].Due != after(30).UnixMilli() {
		t.Errorf("overdue: %+v", got.Overdue)
	}
	var areas, departments []string
	for _, x := range got.Areas {
		areas = append(areas, fmt.Sprint(x.Key, " ", x.Raised))
	}
	for _, x := range got.Departments {
		departments = append(departments, fmt.Sprint(x.Key, " ", x.Raised))
	}
	if !reflect.DeepEqual(areas, []string{"330105 1", "330106 2"}) || !reflect.DeepEqual(departments, []string{"drainage 1", " 2"}) {
		t.Errorf("areas %q, departments %q", areas, departments)
	}
	if one := p.figures(6, "330106", ""); one.Total.Raised != 2 || len(only(one.Total)) != 2 {
		t.Errorf("of one district: %+v", one.Total)
	}
	if own := p.figures(6, "3301", "drainage"); own.Total.Raised != 1 || len(own.Departments) != 1 || only(own.Total)["sign"] != want["sign"] {
		t.Errorf("of one department: %+v", own.Total)
	}
	// What is late now counts whatever days are asked for.
	var before view.Performance
	c := performance.NewCount(0, 1, after(360).UnixMilli(), "")
	if err := p.Measure(t.Context(), c, 0, 1, func(string) (string, bool) { return "", true }); err != nil {
		t.Fatal(err)
	}
	if c.Into(&before); before.Overdue.Cases != 1 || before.Total.Raised != 0 {
		t.Errorf("of days long ago: %+v", before)
	}
	if none := p.figures(6, "44", ""); none.Total.Raised != 0 || len(none.Severities) != 4 {
		t.Errorf("of nowhere: %+v", none)
	}
}

// What nobody has to do any more counts only if it was late by then: a task that was taken
// back in time does not, one that was taken back too late does.
func TestWhatNobodyHasToDo(t *testing.T) {
	for minute, want := range map[int][4]int64{5: {}, 11: {0, -1, 1, 0}} {
		p := one(t)
		id := p.raised("330105003", wire.Red)
		p.must(id, li, lifecycle.Command{Action: lifecycle.Acknowledge}, noon)
		p.must(id, li, lifecycle.Command{Action: lifecycle.Dispatch, Orders: []lifecycle.Order{{Department: "drainage", Instruction: "x"}}}, noon)
		p.must(id, li, lifecycle.Command{Action: lifecycle.Reassign, Task: 1, Why: "not theirs", Orders: []lifecycle.Order{{Department: "roads", Instruction: "x"}}}, after(minute))
		got := p.figures(1, "", "")
		sign := [4]int64{}
		for _, d := range got.Departments {
			if d.Key == "drainage" {
				sign = only(d)["sign"]
			}
		}
		if sign != want {
			t.Errorf("reassigned after %d minutes: %v, want %v", minute, sign, want)
		}
	}
}

// Cases that an older version has kept are measured when the database is opened; what cannot
// be read stops nothing.
func TestSettleMeasures(t *testing.T) {
	p := one(t)
	wholeWay(p)
	for range 3 {
		p.raised("330106001", wire.Blue)
	}
	want := p.figures(6, "", "")
	var broken string
	err := p.db.Write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), "delete from case_measure")
		if err == nil {
			broken = "20261125-00009"
			_, err = tx.ExecContext(t.Context(), `insert into casefile(id, state, severity, area, parent, storm, version, opened, touched, heard, active, changed, body)
				values(?, 'raised', 'blue', '330106001', '', 0, 1, ?, ?, 0, 0, 0, ?)`, broken, noon.UnixMilli(), noon.UnixMilli(), []byte("?"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := p.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := p.figures(6, "", ""); !reflect.DeepEqual(got, want) {
			t.Errorf("%+v\nwant %+v", got, want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Settle(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// measured checks that what is kept of a case is what its journal says, and that its steps run
// as its clocks do.
func (p *process) measured(d docket.Detail) {
	p.t.Helper()
	want, err := performance.Of(d.Entries)
	if err != nil {
		p.t.Error(err)
		return
	}
	var body []byte
	if err := p.db.Read().QueryRowContext(p.t.Context(), "select body from case_measure where id = ?", d.Case.Opening.ID).Scan(&body); err != nil {
		p.t.Errorf("%s is not measured: %v", d.Case.Opening.ID, err)
		return
	}
	var dec performance.Decoder
	var got performance.Measure
	if err := dec.Decode(body, &got); err != nil {
		p.t.Error(err)
	}
	if string(want.Encode()) != string(body) {
		p.t.Errorf("%s is measured as %+v, its journal says %+v", d.Case.Opening.ID, got, want)
	}
	running := 0
	for _, s := range got.Steps {
		if s.End == 0 && s.Due > 0 {
			running++
		}
	}
	if running != len(d.Case.Clocks) || (got.Closed > 0) != (d.Case.State == lifecycle.Closed) {
		p.t.Errorf("%s: %d steps run of %d clocks, closed at %d in state %s", d.Case.Opening.ID, running, len(d.Case.Clocks), got.Closed, d.Case.State)
	}
}
