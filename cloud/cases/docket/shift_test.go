package docket_test

import (
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/cases/lifecycle"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// A shift leaves what is open, shelved ones first with who did it and why, and what was done
// in its time; each as far as who asks may see it.
func TestShift(t *testing.T) {
	p := one(t)
	blue := p.raised("330105003", wire.Blue)
	red := p.raised("330105", wire.Red)
	far := p.raised("330106001", wire.Yellow)
	at := func(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }
	for _, id := range []string{blue, far} {
		p.must(id, li, lifecycle.Command{Action: lifecycle.Acknowledge}, at(1))
	}
	p.must(blue, li, lifecycle.Command{Action: lifecycle.Shelve, Until: at(600).UnixMilli(), Why: "roadworks"}, at(2))
	p.must(red, li, lifecycle.Command{Action: lifecycle.Note, Why: "first"}, at(3))
	p.must(red, li, lifecycle.Command{Action: lifecycle.Note, Why: "the pump is on its way"}, at(4))
	p.must(far, li, lifecycle.Command{Action: lifecycle.Dismiss, Resolution: lifecycle.Test, Why: "x"}, at(5))

	shift := func(area string, a lifecycle.Actor, from, to int) view.ShiftReport {
		t.Helper()
		r := view.ShiftReport{At: at(30).UnixMilli()}
		if err := p.Shift(t.Context(), &r, area, at(from).UnixMilli(), at(to).UnixMilli(), a); err != nil {
			t.Fatal(err)
		}
		return r
	}
	r := shift("", li, 0, 30)
	if len(r.Open) != 2 || r.OpenTotal != 2 || r.Open[0].ID != blue || r.Open[1].ID != red {
		t.Fatalf("open: %+v", r.Open)
	}
	if s := r.Open[0].Shelving; s == nil || *s != (view.ShiftNote{At: at(2).UnixMilli(), Who: "li", Why: "roadworks"}) || r.Open[0].Note != nil {
		t.Errorf("shelving %+v, note %+v", s, r.Open[0].Note)
	}
	if n := r.Open[1].Note; n == nil || n.Why != "the pump is on its way" || r.Open[1].Shelving != nil {
		t.Errorf("note %+v", n)
	}
	if want := (view.ShiftCounts{Raised: 3, Acknowledged: 2, Closed: 1}); r.Counts != want {
		t.Errorf("counts %+v, want %+v", r.Counts, want)
	}
	if r.ChangesTotal != 9 || len(r.Changes) != 9 || r.Changes[8].Case.ID != far || r.Changes[8].Entry.Action != "dismiss" || r.Changes[8].Case.State != "closed" {
		t.Errorf("%d changes: %+v", r.ChangesTotal, r.Changes)
	}
	if r := shift("", li, 3, 5); r.ChangesTotal != 2 || r.Counts != (view.ShiftCounts{}) || len(r.Open) != 2 {
		t.Errorf("two minutes: %+v", r)
	}
	if r := shift("330106", li, 0, 30); len(r.Open) != 0 || r.ChangesTotal != 3 || r.Counts.Closed != 1 {
		t.Errorf("the other district: %+v", r)
	}
	if r := shift("330105", hu, 0, 30); len(r.Open) != 0 || r.ChangesTotal != 0 {
		t.Errorf("who may not see it: %+v", r)
	}
	r = view.ShiftReport{At: at(601).UnixMilli()}
	if err := p.Shift(t.Context(), &r, "330105", at(0).UnixMilli(), at(1).UnixMilli(), wang); err != nil || r.Open[0].ID != red || r.Open[1].Shelving != nil {
		t.Errorf("when it is shelved no longer: %+v, %v", r.Open, err)
	}
}
