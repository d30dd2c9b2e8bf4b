package modbusslave

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// Requests and answers as "MODBUS Application Protocol V1.1b3" 6.1, 6.5 and 6.11 have
// them, to one board of ten relays in this order.
func TestRelays(t *testing.T) {
	u := NewRelays(9, "relays", 10, &fixed{})
	for _, c := range []struct{ name, request, answer, marks string }{
		{"all off", "01 00 00 00 0a", "01 02 00 00", ""},
		{"one on", "05 00 03 ff 00", "05 00 03 ff 00", "coil 3 on"},
		{"again: nothing happens", "05 00 03 ff 00", "05 00 03 ff 00", ""},
		{"two on, one of them the last", "0f 00 00 00 0a 02 08 02", "0f 00 00 00 0a", "coil 9 on"},
		{"read", "01 00 03 00 07", "01 01 41", ""},
		{"off", "05 00 03 00 00", "05 00 03 00 00", "coil 3 off"},
		{"neither on nor off", "05 00 03 00 01", "85 03", ""},
		{"no such relay", "05 00 0a ff 00", "85 02", ""},
		{"too many", "01 00 00 00 0b", "81 02", ""},
		{"none", "01 00 00 00 00", "81 03", ""},
		{"bytes missing", "0f 00 00 00 0a 02 08", "8f 03", ""},
		{"short", "05 00", "85 03", ""},
		{"an input register", "04 00 00 00 01", "84 01", ""},
		{"registers", "03 00 08 00 02", "03 04 00 00 00 01", ""},
		{"a register on", "06 00 08 00 01", "06 00 08 00 01", "coil 8 on"},
		{"a register with another value", "06 00 08 00 02", "86 03", ""},
		{"no such register", "06 00 0a 00 01", "86 02", ""},
		{"registers off", "10 00 08 00 02 04 00 00 00 00", "10 00 08 00 02", "coil 8 offcoil 9 off"},
		{"registers, one with another value", "10 00 08 00 02 04 00 01 00 02", "90 03", ""},
		{"registers with bytes missing", "10 00 08 00 02 04 00 01", "90 03", ""},
	} {
		answer, lines := u.answer(unhex(t, c.request))
		marks := ""
		for _, l := range lines {
			marks += l.Detail
			if l.Event != "switch" || l.Device != "relays" {
				t.Errorf("%s: mark %+v", c.name, l)
			}
		}
		if !bytes.Equal(answer, unhex(t, c.answer)) || marks != c.marks {
			t.Errorf("%s: % x %q, want %s %q", c.name, answer, marks, c.answer, c.marks)
		}
	}
}

// A board whose coil supply is gone confirms, and nothing moves.
func TestStuckRelays(t *testing.T) {
	u := NewRelays(9, "relays", 10, &fixed{})
	u.Stuck = true
	if answer, lines := u.answer(unhex(t, "05 00 03 ff 00")); !bytes.Equal(answer, unhex(t, "05 00 03 ff 00")) || lines != nil {
		t.Errorf("% x %v", answer, lines)
	}
	if answer, _ := u.answer(unhex(t, "01 00 03 00 01")); !bytes.Equal(answer, unhex(t, "01 01 00")) {
		t.Errorf("% x", answer)
	}
}

// A board whose contacts are welded says so when it is read, whatever it confirms. One with
// words of its own answers something else than it was told.
func TestWeldedRelays(t *testing.T) {
	welded, words := NewRelays(9, "relays", 10, &fixed{}), NewRelays(9, "relays", 10, &fixed{})
	welded.Weld()
	words.Words = true
	for _, c := range []struct {
		u               *Unit
		request, answer string
	}{
		{welded, "05 00 03 00 00", "05 00 03 00 00"}, {welded, "01 00 03 00 01", "01 01 01"},
		{words, "06 00 03 00 01", "86 03"}, {words, "06 00 03 01 00", "06 00 03 01 00"}, {words, "03 00 03 00 01", "03 02 00 01"},
		{words, "06 00 03 02 00", "06 00 03 02 00"}, {words, "03 00 03 00 01", "03 02 00 00"},
	} {
		if answer, _ := c.u.answer(unhex(t, c.request)); !bytes.Equal(answer, unhex(t, c.answer)) {
			t.Errorf("%s: % x, want %s", c.request, answer, c.answer)
		}
	}
}

// Whatever is written: what is read back is what the marks say.
func FuzzRelays(f *testing.F) {
	f.Add([]byte{5, 0, 3, 0xff, 0})
	f.Add([]byte{15, 0, 0, 0, 10, 2, 8, 2})
	f.Add([]byte{1, 0, 0, 0, 10})
	f.Add([]byte{16, 0, 8, 0, 2, 4, 0, 1, 0, 0})
	f.Fuzz(func(t *testing.T, pdu []byte) {
		if len(pdu) == 0 || len(pdu) > 253 {
			return // the frame around it cannot be so
		}
		u := NewRelays(9, "relays", 10, &fixed{})
		answer, lines := u.answer(slices.Clone(pdu))
		if len(answer) < 2 || len(answer) > 253 || answer[0]&0x7f != pdu[0]&0x7f {
			t.Fatalf("% x is answered % x", pdu, answer)
		}
		want := make([]bool, 10)
		for _, l := range lines {
			var n int
			var to string
			if _, err := fmt.Sscanf(l.Detail, "coil %d %s", &n, &to); err != nil || (l != truth.Line{Event: "switch", Device: "relays", Detail: l.Detail}) {
				t.Fatalf("%+v: %v", l, err)
			}
			want[n] = to == "on"
		}
		read, _ := u.answer([]byte{1, 0, 0, 0, 10})
		for i, on := range want {
			if read[2+i/8]>>(i%8)&1 == 1 != on {
				t.Fatalf("after % x coil %d is not %t", pdu, i, on)
			}
		}
	})
}
