package h264

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// units unpacks payloads and lists what comes out, and the first error.
func units(u *Unpacker, payloads ...[]byte) (all [][]byte, err error) {
	for _, p := range payloads {
		if e := u.Unpack(p, func(b []byte) error { all = append(all, bytes.Clone(b)); return nil }); err == nil {
			err = e
		}
	}
	return all, err
}

// The forms of RFC 6184, section 5: figures 2 (single), 7 (STAP-A) and 14 (FU-A), byte by
// byte.
func TestUnpack(t *testing.T) {
	for _, c := range []struct {
		name     string
		payloads [][]byte
		want     string
	}{
		{"single", [][]byte{{0x67, 1, 2}}, "g\x01\x02"},
		{"STAP-A", [][]byte{{0x78, 0, 3, 0x67, 1, 2, 0, 2, 0x68, 3}}, "g\x01\x02 h\x03"},
		{"STAP-A with an SEI", [][]byte{{0x78, 0, 2, 0x06, 1, 0, 2, 0x68, 3}}, "h\x03"},
		{"FU-A", [][]byte{{0x7C, 0x85, 1, 2}, {0x7C, 0x05, 3}, {0x7C, 0x45, 4}}, "e\x01\x02\x03\x04"},
		{"FU-A of one", [][]byte{{0x7C, 0xC5, 1}}, "e\x01"},
		{"not wanted", [][]byte{{0x41, 1}, {0x06, 1}, {0x09, 0xF0}, {0x5C, 0x81, 9}, {0x5C, 0x41, 9}}, ""},
		{"the beginning was missed", [][]byte{{0x7C, 0x05, 3}, {0x7C, 0x45, 4}, {0x65, 7}}, "e\x07"},
		{"nothing", [][]byte{{}}, ""},
	} {
		all, err := units(NewUnpacker(100), c.payloads...)
		if got := string(bytes.Join(all, []byte(" "))); err != nil || got != c.want {
			t.Errorf("%s: %q, %v; want %q", c.name, got, err, c.want)
		}
	}
}

func TestBadPayloads(t *testing.T) {
	good := []byte{0x65, 7}
	for _, c := range []struct {
		name, want string
		payloads   [][]byte
	}{
		{"damaged", "damaged", [][]byte{{0xE5, 1}}},
		{"kind 0", "kind 0", [][]byte{{0x60, 1}}},
		{"kind 31", "kind 31", [][]byte{{0x7F, 1}}},
		{"half a length", "ends in a length", [][]byte{{0x78, 0}}},
		{"a length too large", "9 bytes in an aggregation packet that has 2", [][]byte{{0x78, 0, 9, 0x67, 1}}},
		{"a length of nothing", "a unit of 0 bytes", [][]byte{{0x78, 0, 0, 0x67, 1}}},
		{"an aggregation in an aggregation", "kind 24", [][]byte{{0x78, 0, 2, 0x78, 1}}},
		{"a fragment without a head", "without a head", [][]byte{{0x7C}}},
		{"fragments of an aggregation", "kind 24", [][]byte{{0x7C, 0x98, 1}}},
		{"no end, then another", "without an end", [][]byte{{0x7C, 0x85, 1}, {0x7C, 0xC5, 2}}},
		{"no end, then a whole one", "without an end", [][]byte{{0x7C, 0x85, 1}, {0x67, 2}}},
		{"two mixed", "mixed", [][]byte{{0x7C, 0x85, 1}, {0x7C, 0x47, 2}}},
		{"too long", "103 bytes; 100 are taken", [][]byte{{0x7C, 0x85, 1}, append([]byte{0x7C, 0x05}, make([]byte, 101)...)}},
	} {
		u := NewUnpacker(100)
		if all, err := units(u, c.payloads...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %x, %v; want %q", c.name, all, err, c.want)
		}
		u.Drop()
		if all, err := units(u, good); err != nil || len(all) != 1 {
			t.Errorf("%s: the next unit: %x, %v", c.name, all, err)
		}
	}
	for _, kind := range []byte{25, 26, 27, 29} { // STAP-B, MTAP16, MTAP24, FU-B
		if _, err := units(NewUnpacker(100), []byte{0x60 | kind, 1, 2, 3}); !errors.Is(err, ErrInterleaved) {
			t.Errorf("kind %d: %v", kind, err)
		}
	}
	stop := errors.New("stop")
	if err := NewUnpacker(9).Unpack([]byte{0x78, 0, 2, 0x67, 1, 0, 2, 0x68, 3}, func([]byte) error { return stop }); err != stop {
		t.Errorf("%v", err)
	}
}

// FuzzUnpack holds that no unit is longer than what came or is taken, that each is of a kind
// that a key picture needs, and that a unit cut into fragments comes out as it went in.
func FuzzUnpack(f *testing.F) {
	f.Add([]byte("\x67\x01\x02cut!\x78\x00\x02\x68\x03"))
	f.Add([]byte("\x7C\x85\x01cut!\x7C\x05\x02cut!\x7C\x45\x03"))
	f.Fuzz(func(t *testing.T, in []byte) {
		const limit = 50
		u, held := NewUnpacker(limit), 0
		for p := range bytes.SplitSeq(in, []byte("cut!")) {
			held += len(p)
			_ = u.Unpack(p, func(unit []byte) error {
				if len(unit) == 0 || len(unit) > held || len(unit) > max(limit, len(p)) || !wanted(unit) {
					t.Fatalf("the unit %x from %d bytes", unit, held)
				}
				return nil
			})
		}
		if len(in) < 2 || len(in) > limit {
			return
		}
		unit := append([]byte{0x65}, in...)
		cut := 1 + int(in[0])%len(in)
		u = NewUnpacker(limit + 1)
		all, err := units(u, append([]byte{0x7C, 0x85}, unit[1:cut]...), append([]byte{0x7C, 0x45}, unit[cut:]...))
		if err != nil || len(all) != 1 || !bytes.Equal(all[0], unit) {
			t.Fatalf("%x from fragments of %x, %v", all, unit, err)
		}
	})
}
