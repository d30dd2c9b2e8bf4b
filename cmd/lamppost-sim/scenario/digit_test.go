package scenario

import (
	"bytes"
	"math/bits"
	"testing"
	"time"
)

// A wrong digit leaves a text that is one: as long as it was, with one digit that is
// another one. Of what is no text a bit is wrong.
func TestWrongDigit(t *testing.T) {
	c := course(t, `quantities: {a.level: {keys: {0s: 0, 60s: 60}, shape: linear}}
faults:
  - {kind: digit, on: a, from: 0s, to: 50s, probability: 0.5}
`)
	hits := 0
	for n := range uint64(1000) {
		m := c.Mishap(time.Second, n, "a")
		if m.Wrong() {
			hits++
		}
		for _, frame := range []string{"R1342\r", "7.82\r", "0+25.4+18.3\r\n"} {
			got := m.Damage([]byte(frame))
			var other []int
			for i := range frame {
				if got[i] != frame[i] {
					other = append(other, i)
				}
			}
			switch {
			case len(got) != len(frame), len(other) > 1, (len(other) == 1) != m.Digit:
				t.Fatalf("%q arrives as %q", frame, got)
			case m.Digit && (frame[other[0]] < '0' || frame[other[0]] > '9' || got[other[0]] < '0' || got[other[0]] > '9'):
				t.Fatalf("%q arrives as %q: that is no other digit", frame, got)
			}
		}
		for _, frame := range [][]byte{{0xFF, 0x07, 0xA1, 0xA7}, []byte("*OK\r"), {'4', 0x02}} {
			wrong := 0
			for i, b := range m.Damage(frame) {
				wrong += bits.OnesCount8(b ^ frame[i])
			}
			if (wrong == 1) != m.Digit || wrong > 1 {
				t.Fatalf("% X arrives as % X", frame, m.Damage(frame))
			}
		}
	}
	if hits < 450 || hits > 550 {
		t.Errorf("%d of 1000 at probability 0.5", hits)
	}
	if m := (Mishap{Digit: true}); m.Fault() != "digit" || !bytes.Equal(Mishap{}.Damage([]byte("1")), []byte("1")) {
		t.Errorf("%+v is called %q", m, m.Fault())
	}
}
