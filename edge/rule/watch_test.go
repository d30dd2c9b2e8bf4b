package rule

import (
	"fmt"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"pgregory.net/rapid"
)

// A condition is true, false or unknown at each moment: nothing holds it.
func TestWatchPicture(t *testing.T) {
	for _, c := range []struct {
		name, when string
		values     []float64
		want       string // + true, - false, ? unknown, one a minute
	}{
		{"follows at once", "river.level > 3", []float64{2, 4, 2, 4}, "-+-+"},
		{"bad values are passed over until the last good one is stale", "river.level > 3", []float64{4, no, no, no, no, 4}, "++++?+"},
		{"unknown and false is false", "river.level > 3 and tank.temp.inlet > 0", []float64{4, 2, 4}, "?-?"},
		{"unknown or true is true", "river.level > 3 or tank.temp.inlet > 0", []float64{4, 2}, "+?"},
	} {
		w := NewWatch([]*Rule{mustCompile(t, Spec{When: c.when})})
		is, got := Unknown, ""
		for i, v := range c.values {
			at := int64(i) * minute
			w.Observe(level, at, reading(v))
			for _, a := range w.Tick(at) {
				is = a.Is
			}
			got += string("-?+"[is+1])
		}
		if got != c.want {
			t.Errorf("%s: %s gives %s, want %s", c.name, c.when, got, c.want)
		}
	}
}

// A value whose verdict is still to come permits nothing that the one before does not, and
// what it forbids is not known; ^ marks the minute in which the one before is taken back, ~
// that in which it is known to be no movement.
func TestWatchAwaits(t *testing.T) {
	const stuck = "stuck(river.level) >= 2m"
	for _, c := range []struct {
		name, when string
		values     []float64
		late, want string
	}{
		{"the first is not known yet", "river.level > 3", []float64{4, 4}, "--", "?+"},
		{"a spike permits nothing", "river.level > 3", []float64{2, 2, 9, 2, 2}, "---^-", "?-?--"},
		{"nor one that is believed later", "river.level > 3", []float64{2, 2, 9, 9}, "----", "?-?+"},
		{"one that forbids is heeded at once", "river.level > 3", []float64{4, 4, 1, 4, 4}, "---^-", "?+?++"},
		{"and stands with the second", "river.level > 3", []float64{4, 4, 1, 1}, "----", "?+?-"},
		{"behind a spike nothing is known without a value", "river.level > 3", []float64{4, 4, 9, no}, "---^", "?++?"},
		{"windows forget it", "max(river.level, 10m) > 3", []float64{2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 9, 2}, "-----------^", "???????---?-"},
		{"nor does a window permit", "min(river.level, 2m) > 3", []float64{4, 4, 4, 1, 4, 4}, "----^-", "?++??+"},
		{"a spike is no movement", stuck, []float64{1, 2, 2, 2, 4, 2, 2}, "-----^-", "??-??++"},
		{"nor a suspect one", stuck, []float64{1, 2, 2, 2, 4, 2, 2}, "-----~-", "??-??++"},
	} {
		w, is, got := NewWatch([]*Rule{mustCompile(t, Spec{When: c.when})}), Unknown, ""
		for i, v := range c.values {
			now := int64(i) * minute
			switch c.late[i] {
			case '^':
				w.Retract(level, now-minute)
			case '~':
				w.Unmoved(level, now-minute)
			}
			w.Observe(level, now, reading(v))
			w.Await(level, now)
			for _, a := range w.Tick(now) {
				is = a.Is
			}
			got += string("-?+"[is+1])
		}
		if got != c.want {
			t.Errorf("%s: %s gives %s, want %s", c.name, c.when, got, c.want)
		}
	}
}

// With nothing observed at all, Next says when a value turns stale, and Tick then
// says so.
func TestWatchTurnsUnknown(t *testing.T) {
	w := NewWatch([]*Rule{mustCompile(t, Spec{When: "river.level > 3"})})
	w.Observe(level, 0, obs.Of(4))
	if a := w.Tick(0); len(a) != 1 || a[0] != (Answer{"r", True}) {
		t.Fatalf("Tick = %v", a)
	}
	next, ok := w.Next()
	if want := 3*minute + 1; !ok || next != want {
		t.Fatalf("Next = %d, %v, want %d", next, ok, want)
	}
	if a := w.Tick(next - 1); len(a) != 0 {
		t.Errorf("Tick before = %v", a)
	}
	if a := w.Tick(next); len(a) != 1 || a[0].Is != Unknown {
		t.Errorf("Tick = %v, want unknown", a)
	}
	if next, ok := w.Next(); ok {
		t.Errorf("Next = %d although nothing waits", next)
	}
}

func TestWatchAdopts(t *testing.T) {
	old := NewWatch([]*Rule{mustCompile(t, Spec{ID: "gone", When: "river.level > 3"})})
	old.Observe(level, 0, obs.Of(4))
	old.Tick(0)
	w := NewWatch([]*Rule{mustCompile(t, Spec{ID: "new", When: "river.level > 3.5"})})
	w.Adopt(old)
	if a := w.Tick(1000); fmt.Sprint(a) != "[{new true}]" {
		t.Errorf("Tick = %v", a)
	}
}

// Looked at only when it has to be, a condition has the answer that a reader who
// looks at each moment finds. (Windows are looked at on a grid of time of their own.)
func TestWatchMissesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom([]string{
			"river.level > 3", "river.level > 3 or tank.temp.inlet > 1", "river.level > 3 and tank.temp.inlet > 1",
			"not (river.level > 3 and tank.temp.inlet > 1)", "tank.temp.inlet > 2 ? river.level > 3 : river.level > 5", "river.level / (tank.temp.inlet - 3) < 1",
		}).Draw(t, "when")
		r, errs := Compile(Spec{ID: "r", When: text}, street)
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		w, is, now := NewWatch([]*Rule{r}), Unknown, int64(0)
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			now += rapid.Int64Range(0, 2*minute).Draw(t, "wait")
			if rapid.Bool().Draw(t, "reading") {
				st := rapid.SampledFrom([]obs.Stream{level, temp}).Draw(t, "stream")
				w.Observe(st, now, obs.Of(rapid.Float64Range(0, 6).Draw(t, "value")))
			}
			for _, a := range w.Tick(now) {
				is = a.Is
			}
			e := w.data
			b := e.rules[0]
			now := &reader{now: e.now, start: e.start, until: never, recheck: never, inputs: b.when}
			if want := Truth(now.truth(b.stage.when.root)); is != want {
				t.Fatalf("%s is %v at %d, the watch says %v", text, want, e.now, is)
			}
		}
	})
}

func BenchmarkWatch(b *testing.B) {
	r, errs := Compile(Spec{ID: "r", When: "river.level > 3 and tank.temp.inlet > 0"}, street)
	if len(errs) > 0 {
		b.Fatal(errs)
	}
	w := NewWatch([]*Rule{r})
	b.ReportAllocs()
	at := int64(0)
	for b.Loop() {
		at += int64(time.Second / time.Millisecond)
		w.Observe(level, at, obs.Of(float64(at%7)))
		w.Tick(at)
	}
}

// What a condition will be without some of its streams is what it becomes when they fall
// silent, and asking changes nothing.
func TestWithout(t *testing.T) {
	tank := obs.Stream{Device: "tank", Channel: "temp.inlet"}
	for when, want := range map[string]Truth{
		"river.level > 3":                         Unknown,
		"river.level > 3 or tank.temp.inlet > 0":  True,
		"river.level > 3 and tank.temp.inlet > 0": Unknown,
		"river.level > 3 and tank.temp.inlet < 0": False,
		"max(river.level, 1h) > 3":                True, // what was seen was seen
	} {
		r, errs := Compile(Spec{ID: "r", When: when}, street)
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		w := NewWatch([]*Rule{r})
		w.Observe(level, 0, reading(4))
		w.Observe(tank, 0, reading(20))
		w.Tick(0)
		is, within := w.Without("r", func(st obs.Stream) bool { return st == level })
		if is != want || within != 3*time.Minute {
			t.Errorf("%s: %v within %v, want %v", when, is, within, want)
		}
		if again := w.Tick(0); len(again) != 0 {
			t.Errorf("%s: asking changed %v", when, again)
		}
		if is, within := w.Without("r", func(obs.Stream) bool { return false }); is != w.is[0] || within != 0 {
			t.Errorf("%s: with all of them %v within %v, it is %v", when, is, within, w.is[0])
		}
	}
	if is, _ := NewWatch(nil).Without("r", nil); is != Unknown {
		t.Error("of a condition that is not there something is known")
	}
}
