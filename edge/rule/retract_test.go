package rule

import (
	"testing"
	"time"
)

// A spike is told by the value behind it: ^ marks the minute in which the value before
// is taken back.
func TestRetractPictures(t *testing.T) {
	band := Spec{When: "river.level > 3", Clear: "river.level < 2"}
	for _, c := range []struct {
		name   string
		spec   Spec
		values []float64
		late   string
		want   string
	}{
		{"without the verdict the alert stands inside the band", band, []float64{2.5, 9, 2.5, 2.5}, "----", "nAAA"},
		{"with it the alert ends", band, []float64{2.5, 9, 2.5, 2.5}, "--^-", "nAnn"},
		{"hold and clear_for do not keep it", Spec{When: "river.level > 3", ClearFor: time.Hour, Hold: time.Hour}, []float64{2, 9, 2}, "--^", "nAn"},
		{"a pending one ends", Spec{When: "river.level > 3", Clear: "river.level < 2", For: 5 * time.Minute}, []float64{2.5, 9, 2.5}, "--^", "npn"},
		{"what was met before stays", band, []float64{4, 9, 2.5}, "--^", "AAA"},
		{"what is still met stays", band, []float64{2.5, 9, 4}, "--^", "nAA"},
		{"a window forgets it", Spec{When: "max(river.level, 10m) > 3", ClearFor: time.Minute}, []float64{2, 2, 9, 2, 2, 2}, "---^--", "nnAnnn"},
		{"and would have kept it", Spec{When: "max(river.level, 10m) > 3"}, []float64{2, 2, 9, 2, 2, 2}, "------", "nnAAAA"},
		{"the next one is not usable either", band, []float64{2.5, 9, no, no}, "--^-", "nAnn"},
	} {
		e := New([]*Rule{mustCompile(t, c.spec)})
		got := ""
		for i, v := range c.values {
			now := int64(i) * minute
			if c.late[i] == '^' {
				e.Retract(level, now-minute)
			}
			e.Observe(level, now, reading(v))
			e.Tick(now)
			p, _ := e.Phase("r")
			got += string("npAc"[p])
		}
		if got != c.want {
			t.Errorf("%s: %v\n got %s\nwant %s", c.name, c.values, got, c.want)
		}
	}
}

// The transition says why the alert ended.
func TestRetractSaysSo(t *testing.T) {
	e := New([]*Rule{mustCompile(t, Spec{When: "river.level > 3"})})
	picture(e, []float64{2, 9})
	e.Retract(level, minute)
	e.Observe(level, 2*minute, reading(2))
	ts := e.Tick(2 * minute)
	if len(ts) != 1 || !ts[0].Cleared() || !ts[0].Withdrawn {
		t.Errorf("%+v, want one that clears and is withdrawn", ts)
	}
	e.Retract(dust, minute) // nobody reads it
	e.Retract(level, 77)    // nothing came then
}

// Readings that were pooled go together, and the stretch is not covered any more.
func TestRetractFromPool(t *testing.T) {
	w := &window{length: 1000, speaks: 1000}
	for i := range int64(2 * maxPoints) {
		w.add(i, float64(i%7))
	}
	w.add(1024, 99)
	if s := w.at(1024); s.max != 99 {
		t.Fatalf("%+v", s)
	}
	w.remove(1024)
	if s := w.at(1024); s.max != 6 || s.n < 900 {
		t.Errorf("after it was taken back: %+v", s)
	}
	w.remove(5) // long gone
}
