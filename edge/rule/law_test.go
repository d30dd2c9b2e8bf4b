package rule

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/expr-lang/expr"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"pgregory.net/rapid"
)

// numberText draws a numeric expression over a, b, c.
func numberText(depth int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		if depth == 0 || rapid.IntRange(0, 3).Draw(t, "leaf") == 0 {
			return rapid.SampledFrom([]string{"a.level", "b.level", "c.level", "0", "1", "2.5", "3", "1e1"}).Draw(t, "number")
		}
		x, y := numberText(depth-1).Draw(t, "x"), numberText(depth-1).Draw(t, "y")
		switch rapid.IntRange(0, 6).Draw(t, "form") {
		case 0:
			return "-" + x
		case 1:
			return "abs(" + x + ")"
		case 2:
			return "(" + conditionText(depth-1).Draw(t, "cond") + " ? " + x + " : " + y + ")"
		case 3:
			return "(" + x + ")" + rapid.SampledFrom([]string{"^", "**"}).Draw(t, "power") + "2"
		default:
			return "(" + x + rapid.SampledFrom([]string{" + ", "-", " * ", "/"}).Draw(t, "op") + y + ")"
		}
	})
}

// conditionText draws a condition over a, b, c.
func conditionText(depth int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		if depth == 0 || rapid.IntRange(0, 1).Draw(t, "compare") == 0 {
			d := max(0, depth-1)
			return numberText(d).Draw(t, "x") + rapid.SampledFrom([]string{" < ", "<=", " > ", ">=", "==", "!="}).Draw(t, "op") + numberText(d).Draw(t, "y")
		}
		x, y := conditionText(depth-1).Draw(t, "p"), conditionText(depth-1).Draw(t, "q")
		switch rapid.IntRange(0, 3).Draw(t, "form") {
		case 0:
			return rapid.SampledFrom([]string{"not ", "!"}).Draw(t, "not") + "(" + x + ")"
		case 1:
			return "(" + x + " ? " + y + " : true)"
		default:
			return "(" + x + ") " + rapid.SampledFrom([]string{"and", "or", "&&", "||"}).Draw(t, "op") + " (" + y + ")"
		}
	})
}

var abc = Streams{{Device: "a", Channel: "level"}: {Every: time.Minute}, {Device: "b", Channel: "level"}: {Every: time.Minute}, {Device: "c", Channel: "level"}: {Every: time.Minute}}

// truthAt evaluates text with some of a, b, c known.
func truthAt(t *rapid.T, text string, known map[string]float64) (truth, bool) {
	r, errs := Compile(Spec{ID: "r", When: text}, abc)
	if len(errs) > 0 {
		if !slices.Contains([]string{"E3106", "E3107", "E3115", "E3116", "E3119"}, errs[0].ID) {
			t.Fatalf("%s: %v", text, errs[0])
		}
		return unknown, false
	}
	e := New([]*Rule{r})
	for name, v := range known {
		e.Observe(obs.Stream{Device: name, Channel: "level"}, 0, obs.Of(v))
	}
	return (&reader{inputs: e.rules[0].when, until: never, recheck: never}).truth(r.stages[0].when.root), true
}

// With every stream known a rule answers as expr-lang's own machine does, which
// shares nothing with our evaluation but the grammar.
func TestSameAnswerAsExpr(t *testing.T) {
	compared := 0
	rapid.Check(t, func(t *rapid.T) {
		text := conditionText(3).Draw(t, "text")
		env := map[string]map[string]float64{}
		known := map[string]float64{}
		for _, n := range []string{"a", "b", "c"} {
			known[n] = float64(rapid.IntRange(-4, 4).Draw(t, n)) / 2
			env[n] = map[string]float64{"level": known[n]}
		}
		got, ok := truthAt(t, text, known)
		if !ok {
			return
		}
		out, err := expr.Eval(text, env)
		want, isBool := out.(bool)
		switch {
		case err != nil || !isBool:
			t.Fatalf("%s: expr says %v, %v", text, out, err)
		case got == unknown && strings.ContainsAny(text, "/^*"): // an infinity or NaN: we do not judge those
			return
		case got != truthOf(want):
			t.Fatalf("%s with %v: %v, expr says %v", text, known, got, want)
		}
		compared++
	})
	if compared < 20 {
		t.Errorf("only %d expressions were compared", compared)
	}
}

// Learning a value never turns a true into a false or the other way round: what is
// answered on partial knowledge stands, whatever the missing sensors say.
func TestKnowingMoreNeverContradicts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := conditionText(3).Draw(t, "text")
		all, some := map[string]float64{}, map[string]float64{}
		for _, n := range []string{"a", "b", "c"} {
			all[n] = float64(rapid.IntRange(-4, 4).Draw(t, n)) / 2
			if rapid.Bool().Draw(t, n+" known") {
				some[n] = all[n]
			}
		}
		less, ok := truthAt(t, text, some)
		more, _ := truthAt(t, text, all)
		if ok && less != unknown && more != unknown && less != more {
			t.Fatalf("%s: %v with %v, but %v with %v", text, less, some, more, all)
		}
	})
}

// Interval arithmetic holds what it promises: the result of any numbers inside lies
// inside.
func TestSpansHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pick := func(name string) (span, float64) {
			lo := rapid.Float64Range(-9, 9).Draw(t, name+" lo")
			hi := lo + rapid.Float64Range(0, 9).Draw(t, name+" width")
			v := lo + (hi-lo)*rapid.Float64Range(0, 1).Draw(t, name+" share")
			s := span{lo, hi}
			switch rapid.IntRange(0, 3).Draw(t, name+" open") {
			case 0:
				s = atLeast(lo)
			case 1:
				s = atMost(hi)
			}
			return s, min(max(v, lo), hi)
		}
		s, x := pick("s")
		u, y := pick("u")
		for o, v := range map[op]float64{opAdd: x + y, opSub: x - y, opMul: x * y, opDiv: x / y} {
			r := s.arith(o, u)
			if slack := 1e-9 * max(1, math.Abs(v)); !math.IsNaN(v) && !math.IsInf(v, 0) && (v < r.lo-slack || v > r.hi+slack) {
				t.Fatalf("%v op %d %v gives %v, which lacks %v", s, o, u, r, v)
			}
		}
		for o, v := range map[op]bool{opLess: beyond(y, x), opLessEq: !beyond(x, y), opMore: beyond(x, y), opMoreEq: !beyond(y, x), opEqual: !beyond(x, y) && !beyond(y, x), opNotEq: beyond(x, y) || beyond(y, x)} {
			if r := s.compare(o, u); r != unknown && r != truthOf(v) {
				t.Fatalf("%v op %d %v is %v, but %v and %v say %v", s, o, u, r, x, y, v)
			}
		}
		if r := s.abs(); math.Abs(x) < r.lo || math.Abs(x) > r.hi {
			t.Fatalf("|%v| is %v, which lacks %v", s, r, math.Abs(x))
		}
	})
}

// Only usable readings ever raise or clear: as long as there are none, nothing moves
// but timers that give up.
func TestUnknownNeverRaisesNeverClears(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := conditionText(3).Draw(t, "text")
		r, errs := Compile(Spec{ID: "r", When: text, For: time.Duration(rapid.IntRange(0, 2).Draw(t, "for")) * time.Minute}, abc)
		if len(errs) > 0 {
			return
		}
		was := rapid.SampledFrom([]Phase{Normal, Pending, Active, Clearing}).Draw(t, "phase")
		if got, _ := truthAt(t, text, nil); got != unknown {
			return // true whatever the sensors say: x >= x
		}
		e := New([]*Rule{r})
		if err := e.Restore("r", fmt.Appendf(nil, `{"v":1,"phase":%q,"since":0,"at":0,"running":true}`, was), Resume{Now: 0, SameBoot: true, LastSeen: 0}); err != nil {
			t.Fatal(err)
		}
		for i := range int64(200) {
			e.Observe(obs.Stream{Device: "a", Channel: "level"}, i*minute, reading(no))
			for _, x := range e.Tick(i * minute) {
				if x.Raised() || x.Cleared() {
					t.Fatalf("%s: %v", text, x)
				}
			}
		}
	})
}

// FuzzCompile: any text compiles or is refused with a place inside the text, and
// what compiles runs, saves and restores without surprise.
func FuzzCompile(f *testing.F) {
	for _, text := range []string{
		"river.level > 3.00", "avg(pm-north.pm2_5, 5m) > 75 and stale(tank.temp.inlet) < 1h30m", "3-pm-north.pm10 ? 1 : [2]", "rise(river.level, '10m') / 0 >= -1e-3 or not true",
		"`a`.b > \"\\", "((((((", "river.level | max(5m)", "let x = 1; x", "#.level ?? 2", "pm10.pm10 in 1..2", "w_0 > w_1", "河.level\x00", "count(river.level) { # > 1 }", "2nd.level // x", "river.level ＞ 3 且 NOT （river。level <> 3,5 m", "(river.level > 3% => 2x6",
	} {
		f.Add(text, "river.level < 1")
	}
	f.Fuzz(func(t *testing.T, when, clear string) {
		r, errs := Compile(Spec{ID: "r", When: when, Clear: clear, For: time.Minute}, street)
		if (r == nil) == (len(errs) == 0) {
			t.Fatalf("Compile = %v, %v", r, errs)
		}
		for _, e := range errs {
			text := map[string]string{"when": when, "clear": clear}[e.Field]
			if e.Offset < 0 || e.Length < 0 || e.Offset+e.Length > max(1, len(text))+1 || e.ID == "" || e.Msg == "" || e.Hint == "" {
				t.Errorf("%q: error outside: %+v", text, e)
			}
		}
		if r == nil {
			return
		}
		e := New([]*Rule{r})
		for i := range int64(20) {
			for j, s := range r.Streams() {
				e.Observe(s, i*20_000, obs.Of(float64((i*7+int64(j)*3)%11)))
			}
			e.Tick(i * 20_000)
			if at, ok := e.Next(); ok && at <= i*20_000 {
				t.Errorf("%q: due at %d after Tick(%d)", when, at, i*20_000)
			}
		}
		e2 := New([]*Rule{r})
		if err := e2.Restore("r", e.Snapshot("r"), Resume{Now: e.now, SameBoot: true, LastSeen: e.now}); err != nil {
			t.Error(err)
		}
		a, _ := e.Phase("r")
		if b, _ := e2.Phase("r"); a != b {
			t.Errorf("%v became %v", a, b)
		}
	})
}

// FuzzRestore: any bytes are refused, or give a state that a snapshot repeats.
func FuzzRestore(f *testing.F) {
	f.Add([]byte(`{"v":1,"phase":"pending","since":60000,"held":120000,"running":true,"at":180000}`), int64(5), int64(200_000), true)
	f.Add([]byte(`{"v":1,"phase":"clearing","held":9223372036854775807,"at":-9223372036854775808}`), int64(-5), int64(1), false)
	f.Fuzz(func(t *testing.T, data []byte, now, seen int64, same bool) {
		now, seen = now%never, seen%never
		e := New([]*Rule{mustCompile(t, Spec{When: "river.level > 3", For: time.Minute, ClearFor: time.Minute})})
		if e.Restore("r", data, Resume{Now: now, SameBoot: same, LastSeen: seen}) != nil {
			return
		}
		was, _ := e.Phase("r")
		e2 := New([]*Rule{mustCompile(t, Spec{When: "river.level > 3", For: time.Minute, ClearFor: time.Minute})})
		if err := e2.Restore("r", e.Snapshot("r"), Resume{Now: now, SameBoot: true, LastSeen: now}); err != nil {
			t.Fatalf("Snapshot of %s cannot be restored: %v", data, err)
		}
		if got, _ := e2.Phase("r"); got != was {
			t.Errorf("%v became %v", was, got)
		}
		for _, x := range e.Tick(now) {
			if x.Raised() || x.Cleared() && !bytes.Contains(bytes.ToLower(data), []byte("chatter")) { // what chattered and is calm ends by time
				t.Errorf("%s raised or cleared before any reading: %+v", data, x)
			}
		}
	})
}
