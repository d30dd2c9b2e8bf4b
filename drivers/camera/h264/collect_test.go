package h264

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// A picture of 32 × 32 in two slices, as x264 (core 164, Debian 12) wrote it.
const (
	goldSequence = "6764100aacb92d80880000030008000003001020"
	goldPicture  = "68ee0f2c8b"
	goldFirst    = "65888404bffef7addf8136815aef81"
	goldSecond   = "656221012ffef7addf8136815aef81"
)

// upTo takes pictures of at most so many pixels a side.
func upTo(side int) func(int, int) error {
	return func(w, h int) error {
		if max(w, h) > side {
			return fmt.Errorf("a picture of %d × %d", w, h)
		}
		return nil
	}
}

func TestCollect(t *testing.T) {
	sps, pps, one, two := unhex(t, goldSequence), unhex(t, goldPicture), unhex(t, goldFirst), unhex(t, goldSecond)
	join := func(all ...[]byte) []byte { return bytes.Join(all, []byte{0, 0, 1}) }
	whole := join(nil, sps, pps, one, two)
	for _, c := range []struct {
		name  string
		units [][]byte
		want  []byte
		wrong string
	}{
		{"in order", [][]byte{sps, pps, one, two}, whole, ""},
		{"all in one unit", [][]byte{join(sps, pps, one, two)}, whole, ""},
		{"with zeros behind", [][]byte{append(sps, 0), append(pps, 0, 0), append(one, 0), two}, whole, ""},
		{"sets twice", [][]byte{sps, sps, pps, pps, one, two}, whole, ""},
		{"a picture set again between slices", [][]byte{sps, pps, one, sps, pps, two}, whole, ""},
		{"other units between", [][]byte{{0x09, 0xF0}, sps, {0x06, 5}, pps, one, {0x41, 1}, two}, whole, ""},
		{"its first slice is missing", [][]byte{sps, pps, two}, nil, ""},
		{"a second picture of the same time", [][]byte{sps, pps, one, two, one, two}, whole, ""},
		{"no sets", [][]byte{one}, nil, "without its parameter sets"},
		{"no sequence set", [][]byte{pps, one}, nil, "without its parameter sets"},
		{"another sequence set between slices", [][]byte{sps, pps, one, written(head + exp(0) + exp(0) + "1 1 0 0")}, nil, "in the middle"},
		{"too large", [][]byte{written(head + exp(1249) + exp(1249) + "1 1 0 0")}, nil, "refused by its header: a picture of 20000 × 20000"},
		{"a large one hidden in a slice", [][]byte{sps, pps, join(one, written(head+exp(1249)+exp(1249)+"1 1 0 0"))}, nil, "in the middle"},
		{"a large one hidden in a picture set", [][]byte{sps, join(pps, written(head+exp(1249)+exp(1249)+"1 1 0 0"))}, nil, "refused by its header"},
		{"more than is taken", [][]byte{sps, pps, append(one, bytes.Repeat([]byte{1}, 300)...)}, nil, "more than 200 bytes"},
		{"more than is taken, with its sets", [][]byte{sps, pps, append(one, bytes.Repeat([]byte{1}, 170)...)}, nil, "more than 200 bytes"},
		{"a slice cut short", [][]byte{sps, pps, {0x65}}, nil, "a slice: it is cut short"},
		{"a picture set cut short", [][]byte{{0x68}}, nil, "it is cut short"},
		{"a picture set with a number too large", [][]byte{append([]byte{0x68}, 0, 0x80, 0x80, 0xFF)}, nil, "cannot be"},
	} {
		k := NewCollector(200, upTo(1000))
		var wrong error
		for _, u := range c.units {
			if err := k.Add(u); wrong == nil {
				wrong = err
			}
		}
		got, err := k.Finish()
		if wrong == nil {
			wrong = err
		}
		if !bytes.Equal(got, c.want) || (wrong == nil) != (c.wrong == "") || wrong != nil && !strings.Contains(wrong.Error(), c.wrong) {
			t.Errorf("%s: %x, %v; want %x, %q", c.name, got, wrong, c.want, c.wrong)
		}
		if k.Begun() {
			t.Errorf("%s: something is left of the picture", c.name)
		}
	}
}

// A size that is not taken is told apart, and what stood there before counts no more.
func TestErrSize(t *testing.T) {
	k := NewCollector(1000, upTo(100))
	for _, u := range []string{goldSequence, goldPicture} {
		if err := k.Add(unhex(t, u)); err != nil {
			t.Fatal(err)
		}
	}
	if err := k.Add(written(head + exp(1249) + exp(1249) + "1 1 0 0")); !errors.Is(err, ErrSize) {
		t.Errorf("%v", err)
	}
	if err := k.Add(unhex(t, goldFirst)); err == nil {
		t.Error("a slice of the set that was replaced is taken")
	}
}

func TestManySets(t *testing.T) {
	k := NewCollector(1000, upTo(100))
	var err error
	for n := range uint64(40) {
		set := written(exp(n) + exp(0))
		set[0] = 0x68
		if err = k.Add(set); err != nil {
			break
		}
	}
	if err == nil || !strings.Contains(err.Error(), "more than 32 picture parameter sets") || len(k.pictures) != mostSets {
		t.Errorf("%v, %d are kept", err, len(k.pictures))
	}
}

// FuzzCollector holds what a decoder is promised: whatever comes in, what goes out, cut at
// its start codes, is one sequence set of a size that is taken, picture sets, and key slices;
// and it is no longer than is taken.
func FuzzCollector(f *testing.F) {
	for _, order := range []string{"", "0000"} {
		f.Add(bytes.Join([][]byte{unhex(f, goldSequence+order), unhex(f, goldPicture), unhex(f, goldFirst), unhex(f, goldSecond)}, []byte("cut!")))
	}
	f.Add(bytes.Join([][]byte{unhex(f, goldSequence), unhex(f, goldPicture), unhex(f, goldFirst+"000001"), written(head + exp(1249) + exp(1249) + "1 1 0 0")}, []byte("cut!")))
	f.Fuzz(func(t *testing.T, in []byte) {
		const limit = 300
		k := NewCollector(limit, upTo(100))
		for u := range bytes.SplitSeq(in, []byte("cut!")) {
			_ = k.Add(u)
		}
		out, err := k.Finish()
		if err != nil || out == nil {
			return
		}
		if len(out) > limit || !bytes.HasPrefix(out, startCode) {
			t.Fatalf("%d bytes: %x", len(out), out)
		}
		kinds := ""
		for _, u := range bytes.Split(out[3:], startCode) {
			kinds += string("?????I?SP"[min(u[0]&0x9F, 8)])
			if u[0]&0x1F == unitSequence {
				if s, err := ParseSequence(u); err != nil || max(s.Width, s.Height) > 100 {
					t.Fatalf("%+v, %v in %x", s, err, out)
				}
			}
		}
		if sets := strings.TrimRight(kinds, "I"); sets == kinds || !strings.HasPrefix(sets, "SP") || strings.Trim(sets[1:], "P") != "" {
			t.Fatalf("%s: %x", kinds, out)
		}
	})
}
