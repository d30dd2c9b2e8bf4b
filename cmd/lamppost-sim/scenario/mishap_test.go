package scenario

import (
	"bytes"
	"math/bits"
	"testing"
	"time"
)

const troubled = `quantities: {a.level: {keys: {0s: 0, 60s: 60}, shape: linear}}
faults:
  - {kind: silent, on: line, from: 10s, to: 12s}
  - {kind: noise, on: a, from: 20s, to: 30s, probability: 0.3}
  - {kind: unplug, on: line, from: 30s, to: 32s}
  - {kind: frozen, on: a, from: 40s, to: 50s}
  - {kind: garbage, on: a, from: 50s, to: 52s}
  - {kind: slow, on: a, from: 52s, to: 54s, delay: 250ms}
`

func TestMishaps(t *testing.T) {
	c := course(t, troubled)
	for _, k := range []struct {
		at   time.Duration
		on   []string
		want string
		m    Mishap
	}{
		{5, []string{"a", "line"}, "", Mishap{}},
		{11, []string{"a", "line"}, "", Mishap{Silent: true}},
		{11, []string{"b", "other"}, "", Mishap{}},
		{12, []string{"a", "line"}, "", Mishap{}},
		{31, []string{"a", "line"}, "", Mishap{Unplug: true}},
		{45, []string{"a", "line"}, "", Mishap{}},
		{51, []string{"a", "line"}, "garbage", Mishap{Garbage: true}},
		{53, []string{"a", "line"}, "slow", Mishap{Delay: 250 * time.Millisecond}},
		{113, []string{"a", "line"}, "slow", Mishap{Delay: 250 * time.Millisecond}}, // the next cycle
	} {
		got := c.Mishap(k.at*time.Second, 3, k.on...)
		got.draw = 0
		if got != k.m || got.Fault() != k.want {
			t.Errorf("at %d s on %v: %+v %q, want %+v %q", k.at, k.on, got, got.Fault(), k.m, k.want)
		}
	}
}

func TestNoiseHitsAsOftenAsItSays(t *testing.T) {
	c := course(t, troubled)
	hits := 0
	for n := range uint64(1000) {
		if c.Mishap(25*time.Second, n, "a").Flip {
			hits++
		}
	}
	if hits < 250 || hits > 350 {
		t.Errorf("%d hits of 1000 at probability 0.3", hits)
	}
}

func TestFrozenKeepsTheMoment(t *testing.T) {
	c := course(t, troubled)
	for when, want := range map[time.Duration]time.Duration{39: 39, 40: 40, 47: 40, 50: 50, 107: 100} {
		if got := c.Moment(when*time.Second, "a"); got != want*time.Second {
			t.Errorf("at %d s the value is of %v, want %d s", when, got, want)
		}
	}
	if got := c.Moment(45*time.Second, "b"); got != 45*time.Second {
		t.Errorf("another device froze at %v", got)
	}
}

func TestDamage(t *testing.T) {
	frame := []byte{1, 2, 3, 4}
	for n := range uint64(300) {
		m := Mishap{Flip: true, draw: mix(n)}
		got, wrong := m.Damage(frame), 0
		for i := range got {
			wrong += bits.OnesCount8(got[i] ^ frame[i])
		}
		if wrong != 1 || len(got) != 4 || !bytes.Equal(frame, []byte{1, 2, 3, 4}) {
			t.Fatalf("draw %d: % X: want one wrong bit in a copy", n, got)
		}
		m = Mishap{Garbage: true, draw: mix(n)}
		if got := m.Damage(frame); !bytes.HasSuffix(got, frame) || len(got) == 4 || len(got) > 4+maxGarbage {
			t.Fatalf("draw %d: % X: want stray bytes, then the frame", n, got)
		}
	}
	if got := (Mishap{Flip: true}).Damage(nil); len(got) != 0 {
		t.Errorf("nothing became % X", got)
	}
}

func BenchmarkAt(b *testing.B) {
	is := 2.31
	s := &Scenario{Cycle: Duration(time.Minute), Quantities: map[string]Quantity{
		"river.level": {Keys: Keys{{0, is}, {10 * time.Second, 3}, {time.Minute, is}}, Wander: &Wander{0.1, Duration(time.Second)}, Noise: 0.01}}}
	c := s.Course(1, true)
	b.ReportAllocs()
	for i := time.Duration(0); b.Loop(); i += time.Millisecond {
		if v, _ := c.At("river.level", i); v < 1 {
			b.Fatal(v)
		}
	}
}
