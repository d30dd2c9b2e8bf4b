package mypart

import (
	"bytes"
	"testing"
)

func TestDecode(t *testing.T) {
	good := state{temp: 215, rh: 480}.append(nil)
	if s, ok := decode(good); !ok || s != (state{temp: 215, rh: 480}) {
		t.Fatalf("decode gives %+v, %v", s, ok)
	}
	if got := crc([]byte{0xBE, 0xEF}); got != 0x92 { // the example that many data sheets have
		t.Errorf("crc(BE EF) = %02X, want 92", got)
	}
	for name, b := range map[string][]byte{"nothing": nil, "a byte short": good[:frameLen-1], "a byte long": append(bytes.Clone(good), 0)} {
		if s, ok := decode(b); ok {
			t.Errorf("%s is decoded to %+v", name, s)
		}
	}
}

// FuzzDecode holds that what is accepted is reproduced byte for byte: no byte of a
// frame goes unread or unchecked.
func FuzzDecode(f *testing.F) {
	f.Add(state{}.append(nil))
	f.Add(state{temp: -400, rh: 1000}.append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, ok := decode(b); ok && !bytes.Equal(s.append(nil), b) {
			t.Errorf("decode(% x) then append gives % x", b, s.append(nil))
		}
	})
}
