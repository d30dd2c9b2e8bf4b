package scenario

import (
	"errors"
	"math"
	"os"
	"strings"
	"testing"
	"time"
)

// parse loads a scenario from text; base "calm" is one constant.
func parse(t *testing.T, text string) (*Scenario, error) {
	t.Helper()
	return Load("test", func(name string) ([]byte, error) {
		switch name {
		case "test":
			return []byte(text), nil
		case "calm":
			return []byte("title: {zh: 静, en: calm}\ncycle: 1m\nquantities: {a.level: {is: 1}, a.temp: {is: 20}}"), nil
		case "deep":
			return []byte("title: {zh: 深, en: deep}\nbase: calm\ncycle: 1m"), nil
		}
		return nil, os.ErrNotExist
	})
}

func course(t *testing.T, text string) *Course {
	t.Helper()
	s, err := parse(t, "title: {zh: 试, en: test}\ncycle: 1m\n"+text)
	if err != nil {
		t.Fatal(err)
	}
	return s.Course(1, true)
}

func at(t *testing.T, c *Course, name string, when time.Duration) float64 {
	t.Helper()
	v, ok := c.At(name, when)
	if !ok {
		t.Fatalf("there is no %s", name)
	}
	return v
}

func TestLoadRefuses(t *testing.T) {
	const head = "title: {zh: 试, en: test}\ncycle: 1m\n"
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "the file is empty"},
		{"unknown key", head + "quantity: {}", `unknown field "quantity"`},
		{"unknown key deep down", head + "quantities: {a: {is: 1, noize: 2}}", `unknown field "noize"`},
		{"no title", "cycle: 1m", "title: write it in zh and en"},
		{"no cycle", "title: {zh: 试, en: test}", "cycle: 0s is too short"},
		{"cycle", "title: {zh: 试, en: test}\ncycle: soon", `"soon" is not a duration`},
		{"negative", "title: {zh: 试, en: test}\ncycle: -5s", `"-5s" is not a duration`},
		{"nothing said", head + "quantities: {a: {noise: 2}}", "quantities.a: it has 0 of is, keys, sum, of"},
		{"two things said", head + "quantities: {a: {is: 2, keys: {0s: 1}}}", "quantities.a: it has 2 of"},
		{"shape", head + "quantities: {a: {is: 2, shape: round}}", `shape "round" is not known`},
		{"key time", head + "quantities: {a: {keys: {soon: 1}}}", `"soon" is not a duration`},
		{"key twice", head + "quantities: {a: {keys: {60s: 1, 1m: 2}}}", "two key frames at 1m0s"},
		{"key behind the end", head + "quantities: {a: {keys: {0s: 1, 2m: 2}}}", "the key frame at 2m0s is behind"},
		{"key not a number", head + "quantities: {a: {keys: {0s: .nan}}}", "is not a number"},
		{"sum of nothing", head + "quantities: {a: {sum: b, per: 1h}}", "sum: b is not a quantity"},
		{"sum without per", head + "quantities: {a: {sum: b}, b: {is: 1}}", "sum needs per"},
		{"of of", head + "quantities: {a: {of: b}, b: {of: c}, c: {is: 1}}", "b is not a quantity with is, keys or sum"},
		{"over nothing", head + "quantities: {a: {of: c, over: [d]}, c: {is: 1}}", "d is not a quantity"},
		{"wander", head + "quantities: {a: {is: 1, wander: {by: 1}}}", "wander needs"},
		{"noise", head + "quantities: {a: {is: 1, noise: -1}}", "noise and wrap are not negative"},
		{"fault kind", head + "faults: [{kind: explode, on: a, from: 1s, to: 2s}]", `faults[0]: kind "explode" is not known`},
		{"fault nowhere", head + "faults: [{kind: silent, from: 1s, to: 2s}]", "faults[0]: on is missing"},
		{"fault backwards", head + "faults: [{kind: silent, on: a, from: 3s, to: 2s}]", "from 3s to 2s does not lie in"},
		{"fault behind the end", head + "faults: [{kind: silent, on: a, from: 3s, to: 2m}]", "does not lie in"},
		{"probability", head + "faults: [{kind: noise, on: a, from: 1s, to: 2s, probability: 2}]", "probability 2"},
		{"slow by nothing", head + "faults: [{kind: slow, on: a, from: 1s, to: 2s}]", "slow needs delay"},
		{"no base", head + "base: nowhere", "base: file does not exist"},
		{"base of a base", head + "base: deep", "one level is enough"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := parse(t, c.text)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Load = %v, %v; want an error that says %q", s, err, c.want)
			}
		})
	}
	if _, err := Load("ghost", func(string) ([]byte, error) { return nil, os.ErrNotExist }); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v, want %v", err, os.ErrNotExist)
	}
}

func TestBaseFillsIn(t *testing.T) {
	c := course(t, "base: calm\nquantities: {a.level: {is: 7}}")
	if l, temp := at(t, c, "a.level", 0), at(t, c, "a.temp", 0); l != 7 || temp != 20 {
		t.Errorf("level %v, temp %v; want the own 7 and the base's 20", l, temp)
	}
	if _, ok := c.At("a.ghost", 0); ok {
		t.Error("a quantity that is nowhere has a value")
	}
}

func TestShapes(t *testing.T) {
	const keys = "keys: {10s: 1, 20s: 3, 40s: 5}"
	for _, c := range []struct {
		shape string
		want  map[time.Duration]float64
	}{
		{"linear", map[time.Duration]float64{0: 1, 10: 1, 15: 2, 20: 3, 30: 4, 40: 5, 59: 5, 60: 1}},
		{"step", map[time.Duration]float64{0: 1, 15: 1, 19: 1, 20: 3, 39: 3, 40: 5, 75: 1}},
		{"smooth", map[time.Duration]float64{0: 1, 10: 1, 20: 3, 40: 5, 59: 5}},
	} {
		course := course(t, "quantities: {a: {"+keys+", shape: "+c.shape+"}}")
		for s, want := range c.want {
			if got := at(t, course, "a", s*time.Second); math.Abs(got-want) > 1e-9 {
				t.Errorf("%s at %d s = %v, want %v", c.shape, s, got, want)
			}
		}
	}
}

// A smooth curve between rising key frames rises all the time.
func TestSmoothDoesNotHaltOrSwing(t *testing.T) {
	c := course(t, "quantities: {a: {keys: {0s: 1, 10s: 2, 13s: 9, 40s: 10}}}")
	last := at(t, c, "a", time.Second)
	for s := 2 * time.Second; s < 39*time.Second; s += time.Second / 2 {
		v := at(t, c, "a", s)
		if v <= last || v > 10 {
			t.Fatalf("at %v it is %v, before %v", s, v, last)
		}
		last = v
	}
}

// A sum is the area under its source, for every shape, across cycles.
func TestSumIsTheArea(t *testing.T) {
	for _, shape := range []string{"smooth", "linear", "step"} {
		c := course(t, "quantities: {rate: {keys: {5s: 10, 12s: 90, 30s: 20}, shape: "+shape+"}, total: {sum: rate, per: 1m, factor: 2, start: 100}}")
		area, step := 0.0, 10*time.Millisecond
		for now := time.Duration(0); now < 150*time.Second; now += step {
			if now%(7*time.Second) == 0 {
				if got, want := at(t, c, "total", now), 100+2*area/60; math.Abs(got-want) > 0.02 {
					t.Fatalf("%s: at %v the total is %v, added up by hand %v", shape, now, got, want)
				}
			}
			area += at(t, c, "rate", now+step/2) * step.Seconds()
		}
	}
}

func TestQuotient(t *testing.T) {
	c := course(t, "quantities: {p: {is: 2000, noise: 5}, u: {is: 230, noise: 1}, f: {is: 0.8}, i: {of: p, over: [u, f], factor: 2}}")
	for s := range time.Duration(20) {
		now := s * 970 * time.Millisecond
		want := 2 * at(t, c, "p", now) / at(t, c, "u", now) / 0.8
		if got := at(t, c, "i", now); math.Abs(got-want) > 1e-9 {
			t.Errorf("at %v: %v, want %v", now, got, want)
		}
	}
}

func TestNoise(t *testing.T) {
	c := course(t, "quantities: {a: {is: 10, noise: 2}, b: {is: 10, noise: 2}, w: {is: 5, wander: {by: 3, over: 10s}}, d: {is: 350, wrap: 360, noise: 30}, m: {is: 0, noise: 1, min: -0.5, max: 0.5}}")
	var sum, square float64
	const n = 4000
	for i := range time.Duration(n) {
		now := i * 50 * time.Millisecond
		a := at(t, c, "a", now)
		sum, square = sum+a, square+(a-10)*(a-10)
		if math.Abs(a-10) > 8 {
			t.Errorf("%v is beyond four standard deviations", a)
		}
		if a == at(t, c, "b", now) {
			t.Errorf("at %v two quantities have the same noise", now)
		}
		if w, before := at(t, c, "w", now), at(t, c, "w", max(0, now-50*time.Millisecond)); math.Abs(w-5) > 3 || math.Abs(w-before) > 0.1 {
			t.Errorf("at %v wander jumps from %v to %v", now, before, w)
		}
		if d, m := at(t, c, "d", now), at(t, c, "m", now); d < 0 || d >= 360 || math.Abs(m) > 0.5 {
			t.Errorf("at %v: direction %v, limited %v", now, d, m)
		}
	}
	if mean, dev := sum/n, math.Sqrt(square/n); math.Abs(mean-10) > 0.15 || math.Abs(dev-2) > 0.15 {
		t.Errorf("mean %v and deviation %v, want 10 and 2", mean, dev)
	}
}

func TestSeedDecides(t *testing.T) {
	s, err := parse(t, "title: {zh: 试, en: test}\ncycle: 1m\nquantities: {a: {is: 1, noise: 1, wander: {by: 1, over: 3s}}}\n"+
		"faults: [{kind: noise, on: a, from: 0s, to: 60s, probability: 0.5}]")
	if err != nil {
		t.Fatal(err)
	}
	one, again, other := s.Course(7, true), s.Course(7, true), s.Course(8, true)
	differ := 0
	for i := range 200 {
		now := time.Duration(i) * 333 * time.Millisecond
		if at(t, one, "a", now) != at(t, again, "a", now) || one.Mishap(now, uint64(i), "a") != again.Mishap(now, uint64(i), "a") {
			t.Fatalf("one seed, two stories at %v", now)
		}
		if at(t, one, "a", now) != at(t, other, "a", now) {
			differ++
		}
	}
	if differ < 190 {
		t.Errorf("two seeds differ only %d times of 200", differ)
	}
}

func TestWithoutLoop(t *testing.T) {
	s, err := parse(t, "title: {zh: 试, en: test}\ncycle: 1m\nquantities: {a: {keys: {0s: 1, 60s: 2}}, b: {sum: a, per: 1s}}\n"+
		"faults: [{kind: silent, on: a, from: 30s, to: 60s}]")
	if err != nil {
		t.Fatal(err)
	}
	c := s.Course(1, false)
	if got := at(t, c, "a", time.Hour); got != 2 {
		t.Errorf("an hour later it is %v, want the last value", got)
	}
	if d := at(t, c, "b", 2*time.Minute) - at(t, c, "b", time.Minute); math.Abs(d-120) > 1e-6 {
		t.Errorf("the sum grows by %v in a minute, want 120", d)
	}
	if len(c.Active(45*time.Second)) != 1 || len(c.Active(105*time.Second)) != 0 || c.Cycle(time.Hour) != 0 {
		t.Error("the fault came again")
	}
}

// Whatever Load accepts has a number for each quantity at any time.
func FuzzLoad(f *testing.F) {
	f.Add([]byte("title: {zh: 试, en: test}\ncycle: 1m\nquantities: {a: {keys: {0s: 1, 10s: 2}, wander: {by: 1, over: 2s}}, b: {sum: a, per: 1h}, c: {of: a, over: [b]}}"), int64(5e9))
	f.Add([]byte("title: {zh: 试, en: test}\ncycle: 1m\nquantities: {a: {is: 1e308, noise: 1e308, wrap: 360}}\nfaults: [{kind: noise, on: a, from: 1s, to: 2s}]"), int64(-1))
	f.Fuzz(func(t *testing.T, b []byte, at int64) {
		s, err := Load("test", func(name string) ([]byte, error) { return b, nil })
		if err != nil {
			return
		}
		c := s.Course(1, at%2 == 0)
		for name := range s.Quantities {
			if v, ok := c.At(name, time.Duration(at)); !ok || math.IsNaN(v) || math.IsInf(v, 0) {
				t.Errorf("%s at %d = %v, %v", name, at, v, ok)
			}
		}
		c.Mishap(time.Duration(at), uint64(at), "a").Damage([]byte{1})
	})
}
