package rule

import (
	"testing"
	"time"
)

// A value whose verdict is still to come raises an alert and ends none: it may be a spike.
// One reading a minute; ^ marks the minute in which the value before is taken back.
func TestAwaitPictures(t *testing.T) {
	high := Spec{When: "river.level > 3"}
	for _, c := range []struct {
		name   string
		spec   Spec
		values []float64
		late   string
		want   string
	}{
		{"it raises at once", high, []float64{2, 4}, "--", "nA"},
		{"one low value and then silence end nothing", high, []float64{3.5, 3.51, 1, no, no, no}, "------", "AAAAAA"},
		{"two of them do", high, []float64{3.5, 3.51, 1, 0.9}, "----", "AAAn"},
		{"one that was wrong does not", high, []float64{3.5, 3.51, 1, 3.5, 3.5}, "---^-", "AAAAA"},
		{"nor do two wrong ones with a true one between", high, []float64{3.5, 1, 3.5, 1, 3.5}, "--^-^", "AAAAA"},
		{"nor with a clear of its own", Spec{When: "river.level > 3", Clear: "river.level < 2"}, []float64{3.5, 3.5, 1, no}, "----", "AAAA"},
		{"what is clearing goes on with the next", Spec{When: "river.level > 3", ClearFor: 2 * time.Minute}, []float64{4, 1, 1, 1, 1}, "-----", "AAccn"},
		{"what is pending waits, too", Spec{When: "river.level > 3", For: 3 * time.Minute}, []float64{4, 4, 1, 4, 4}, "---^-", "ppppA"},
		{"and ends with the second", Spec{When: "river.level > 3", For: 4 * time.Minute}, []float64{4, 4, 1, 1}, "----", "pppn"},
		{"nor through a least of a window", Spec{When: "min(river.level, 3m) > 3"}, []float64{4, 4, 4, 4, 1, no, no, no, no}, "---------", "nnAAAAAAA"},
		{"which ends with the second", Spec{When: "min(river.level, 3m) > 3"}, []float64{4, 4, 4, 4, 1, 1}, "------", "nnAAAn"},
		{"nor through a mean", Spec{When: "avg(river.level, 3m) > 3"}, []float64{4, 4, 4, 4, -90, no}, "------", "nnAAAA"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := New([]*Rule{mustCompile(t, c.spec)})
			got := ""
			for i, v := range c.values {
				now := int64(i) * minute
				if c.late[i] == '^' {
					e.Retract(level, now-minute)
				}
				e.Observe(level, now, reading(v))
				e.Await(level, now)
				e.Tick(now)
				p, _ := e.Phase("r")
				got += string("npAc"[p])
			}
			if got != c.want {
				t.Errorf("%v\n got %s\nwant %s", c.values, got, c.want)
			}
		})
	}
}

// Nobody awaits a verdict on a reading that is not the newest, or of a stream without rules.
func TestAwaitOfOthers(t *testing.T) {
	e := New([]*Rule{mustCompile(t, Spec{When: "river.level > 3"})})
	e.Observe(level, 0, reading(4))
	e.Tick(0)
	e.Observe(level, minute, reading(1))
	e.Await(level, 0)
	e.Await(dust, minute)
	if e.Tick(minute); e.Standing("r") != (Standing{}) {
		t.Error("the alert goes on")
	}
}
