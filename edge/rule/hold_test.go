package rule

import (
	"testing"
	"time"
)

// clear_for runs while the condition is over and begins anew whenever it is met again;
// hold runs from the raise on, once, and whatever is known. An alert ends when both
// have run. One letter a minute, as in TestPictures.
func TestHoldPictures(t *testing.T) {
	both := Spec{When: "river.level > 3", ClearFor: 2 * time.Minute, Hold: 6 * time.Minute}
	hold := Spec{When: "river.level > 3", Hold: 4 * time.Minute}
	for _, c := range []struct {
		name   string
		spec   Spec
		values []float64
		want   string
	}{
		{"a short peak stays for hold", hold, []float64{2, 4, 2, 2, 2, 2, 2}, "nAcccnn"},
		{"a long one ends as it did without", hold, []float64{4, 4, 4, 4, 4, 4, 2, 2}, "AAAAAAnn"},
		{"hold does not begin anew", hold, []float64{4, 2, 4, 2, 2, 2}, "AcAcnn"},
		{"hold counts from the raise, not from the condition", Spec{When: "river.level > 3", For: 2 * time.Minute, Hold: 3 * time.Minute}, []float64{4, 4, 4, 2, 2, 2, 2}, "ppAccnn"},
		{"hold outlasts clear_for", both, []float64{4, 2, 2, 2, 2, 2, 2, 2}, "Acccccnn"},
		{"clear_for outlasts hold", both, []float64{4, 4, 4, 4, 4, 2, 2, 2, 2}, "AAAAAccnn"},
		{"clear_for begins anew, hold does not", both, []float64{4, 2, 2, 2, 4, 2, 2, 2}, "AcccAccn"},
		{"back behind the end of clear_for, before that of hold", both, []float64{4, 2, 2, 2, 2, 4, 4, 2, 2, 2}, "AccccAAccn"},
		{"the dark does not stop hold", Spec{When: "river.level > 3", Hold: 5 * time.Minute}, []float64{4, no, no, no, no, no, no, 2, 2}, "AAAAAAAnn"},
		{"hold does not end on readings that fail", hold, []float64{4, 2, no, no, no, no, no, no, 2, 2}, "Acccccccnn"},
		{"but may between them", hold, []float64{4, 2, no, 2, 2, no}, "Acccnn"},
		{"but nothing ends in the dark", Spec{When: "river.level > 3", Hold: 6 * time.Minute}, []float64{4, 2, no, no, no, no, no, no, 2, 2}, "Acccccccnn"},
		{"inside the band it is held as well", Spec{When: "river.level > 3", Clear: "river.level < 2", Hold: 3 * time.Minute}, []float64{4, 2.5, 2.5, 2.5, 2.5, 1, 1}, "AAAAAnn"},
	} {
		e := New([]*Rule{mustCompile(t, c.spec)})
		if got := picture(e, c.values); got != c.want {
			t.Errorf("%s: %v\n got %s\nwant %s", c.name, c.values, got, c.want)
		}
	}
}

// Hold of a level keeps the alert as severe as that level for so long.
func TestHoldOfALevel(t *testing.T) {
	e := New([]*Rule{mustCompile(t, Spec{Levels: [MaxLevels]Level{
		{Severity: "red", When: "river.level > 4", Hold: 3 * time.Minute},
		{Severity: "orange", When: "river.level > 3"},
	}})})
	got := ""
	for i, v := range []float64{3.5, 4.5, 3.5, 3.5, 3.5, 3.5, 2} {
		e.Observe(level, int64(i)*minute, reading(v))
		e.Tick(int64(i) * minute)
		got += (e.Standing("r").Severity + "-")[:1]
	}
	if want := "orrroo-"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// The end of hold needs no reading: a timer says it.
func TestHoldEndsWithoutInput(t *testing.T) {
	e := New([]*Rule{mustCompile(t, Spec{When: "stale(river.level) > 2m or river.level > 3", Clear: "tank.temp.inlet < 50", Hold: 2 * time.Minute})})
	e.Observe(temp, 0, reading(20))
	e.Observe(level, 0, reading(4))
	e.Tick(0)
	e.Observe(level, minute, reading(2))
	e.Tick(minute)
	if at, ok := e.Next(); !ok || at > 2*minute {
		t.Fatalf("Next() = %d, %v, want %d at the latest", at, ok, 2*minute)
	}
	if ts := e.Tick(2 * minute); len(ts) != 1 || !ts[0].Cleared() || ts[0].At != 2*minute {
		t.Errorf("at the end of hold: %+v", ts)
	}
}
