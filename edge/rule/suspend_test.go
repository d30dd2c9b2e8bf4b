package rule

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// several draws a few rules at once: after each minute a word of one letter each, in
// the order of ids. values are river.level, tank.temp.inlet.
func several(e *Engine, ids []string, values [][2]float64) string {
	var b strings.Builder
	for i, v := range values {
		at := int64(i) * minute
		e.Observe(level, at, reading(v[0]))
		e.Observe(temp, at, reading(v[1]))
		e.Tick(at)
		for _, id := range ids {
			p, _ := e.Phase(id)
			b.WriteByte("npAc"[p])
		}
		b.WriteByte(' ')
	}
	return strings.TrimSpace(b.String())
}

// A rule whose parent has an alert neither raises nor clears: one alert for the port,
// not one for each stream on it. What was active before stays.
func TestDepends(t *testing.T) {
	port := Spec{ID: "port", When: "tank.temp.inlet > 50"}
	child := Spec{ID: "child", When: "river.level > 3", Depends: [MaxDepends]string{"port"}}
	slow := child
	slow.For = 2 * time.Minute
	grand := Spec{ID: "grand", When: "river.level > 3", Depends: [MaxDepends]string{"child"}}
	for _, c := range []struct {
		name   string
		specs  []Spec
		values [][2]float64
		want   string // port, then child, then grand
	}{
		{"at the same moment the parent alone raises", []Spec{child, port}, [][2]float64{{2, 20}, {4, 60}, {4, 60}, {4, 20}, {2, 20}}, "nn An An nA nn"},
		{"a child that was active stays", []Spec{port, child}, [][2]float64{{4, 20}, {4, 60}, {2, 60}, {2, 60}, {2, 20}}, "nA AA AA AA nn"},
		{"its timer stands still meanwhile", []Spec{slow, port}, [][2]float64{{2, 20}, {4, 20}, {4, 60}, {4, 60}, {4, 60}, {4, 20}, {4, 20}, {4, 20}}, "nn np Ap Ap Ap np nA nA"},
		{"without the parent it is as any other", []Spec{child}, [][2]float64{{2, 0}, {4, 0}, {2, 0}}, "nn nA nn"},
		{"what is kept back keeps back in turn", []Spec{grand, child, port}, [][2]float64{{2, 20}, {4, 60}, {4, 20}, {2, 20}, {4, 20}}, "nnn Ann nAn nnn nAn"},
	} {
		var rules []*Rule
		ids := []string{"port", "child", "grand"}[:2]
		for _, s := range c.specs {
			rules = append(rules, mustCompile(t, s))
			if s.ID == "grand" {
				ids = []string{"port", "child", "grand"}
			}
		}
		if got := several(New(rules), ids, c.values); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

// Who asks why a rule is kept back learns which rules do that.
func TestKeptBy(t *testing.T) {
	e := New([]*Rule{
		mustCompile(t, Spec{ID: "port", When: "tank.temp.inlet > 50"}), mustCompile(t, Spec{ID: "mast", When: "tank.temp.inlet > 70"}),
		mustCompile(t, Spec{ID: "child", When: "river.level > 3", Depends: [MaxDepends]string{"port", "mast"}}),
		mustCompile(t, Spec{ID: "grand", When: "river.level > 3", Depends: [MaxDepends]string{"child"}}),
	})
	for i, c := range []struct {
		temp         float64
		child, grand string
	}{{20, "[]", "[]"}, {60, "[port]", "[child]"}, {80, "[port mast]", "[child]"}, {20, "[]", "[]"}} {
		e.Observe(temp, int64(i)*minute, reading(c.temp))
		e.Tick(int64(i) * minute)
		if got := fmt.Sprint(e.KeptBy("child"), e.KeptBy("grand"), e.KeptBy("port")); got != c.child+" "+c.grand+" []" {
			t.Errorf("at %v °C: %s", c.temp, got)
		}
	}
}

// The port that is down says nothing of its streams: they turn stale, and their rules
// wait with their parent.
func TestDependsWithoutInput(t *testing.T) {
	port := Spec{ID: "port", When: "stale(river.level) > 2m and stale(tank.temp.inlet) > 2m"}
	a := Spec{ID: "a", When: "stale(river.level) > 2m", Depends: [MaxDepends]string{"port"}}
	b := Spec{ID: "b", When: "stale(tank.temp.inlet) > 3m", Depends: [MaxDepends]string{"port"}}
	e := New([]*Rule{mustCompile(t, b), mustCompile(t, a), mustCompile(t, port)})
	e.Observe(level, 0, reading(1))
	e.Observe(temp, 0, reading(1))
	e.Tick(0)
	var raised []string
	for {
		at, ok := e.Next()
		if !ok || at > 10*minute {
			break
		}
		for _, x := range e.Tick(at) {
			if x.Raised() {
				raised = append(raised, x.Rule)
			}
		}
	}
	if fmt.Sprint(raised) != "[port]" {
		t.Errorf("raised: %v, want the port alone", raised)
	}
	if why, ok := e.Idle("a"); !ok || why != KeptBack {
		t.Errorf("Idle(a) = %q, %v", why, ok)
	}
}

// A snapshot does not say what is kept back; the parent's does.
func TestDependsAfterRestart(t *testing.T) {
	rules := []*Rule{mustCompile(t, Spec{ID: "port", When: "tank.temp.inlet > 50"}),
		mustCompile(t, Spec{ID: "child", When: "river.level > 3", Depends: [MaxDepends]string{"port"}})}
	e := New(rules)
	several(e, nil, [][2]float64{{2, 60}})
	f := New(rules)
	for _, id := range []string{"child", "port"} {
		if err := f.Restore(id, e.Snapshot(id), Resume{Now: minute, SameBoot: true, LastSeen: minute}); err != nil {
			t.Fatal(err)
		}
	}
	f.Observe(level, minute, reading(4))
	if ts := f.Tick(minute); len(ts) != 0 {
		t.Errorf("the child spoke: %+v", ts)
	}
	g := New(rules)
	g.Adopt(e)
	g.Observe(level, minute, reading(4))
	if ts := g.Tick(minute); len(ts) != 0 {
		t.Errorf("adopted, the child spoke: %+v", ts)
	}
}

// Under maintenance a rule neither raises nor clears, and goes on where it was.
func TestMaintainPictures(t *testing.T) {
	for _, c := range []struct {
		name   string
		spec   Spec
		values []float64
		work   string // m: under maintenance in this minute
		want   string
	}{
		{"raises nothing", Spec{When: "river.level > 3"}, []float64{2, 4, 4, 4, 4}, "-mm--", "nnnAA"},
		{"clears nothing", Spec{When: "river.level > 3"}, []float64{4, 2, 2, 2, 2}, "-mm--", "AAAnn"},
		{"a timer stands still", Spec{When: "river.level > 3", For: 3 * time.Minute}, []float64{4, 4, 4, 4, 4, 4, 4}, "--mm---", "pppppAA"},
		{"so does the one that clears", Spec{When: "river.level > 3", ClearFor: 3 * time.Minute}, []float64{4, 2, 2, 2, 2, 2, 2}, "--mm---", "Acccccn"},
	} {
		e := New([]*Rule{mustCompile(t, c.spec)})
		var got strings.Builder
		for i, v := range c.values {
			at := int64(i) * minute
			e.Maintain("r", c.work[i] == 'm')
			e.Observe(level, at, reading(v))
			e.Tick(at)
			p, _ := e.Phase("r")
			got.WriteByte("npAc"[p])
		}
		if got.String() != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got.String(), c.want)
		}
	}
	e := New(nil)
	if e.Maintain("nobody", true) {
		t.Error("a rule that does not exist was put under maintenance")
	}
}
