package rtsp

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"testing"

	"github.com/lamppost-city/lamppost/drivers/camera/h264"
)

// A picture of 32 × 32 in two slices, as x264 (core 164, Debian 12) wrote it.
func golden(t testing.TB) (sps, pps, one, two []byte) {
	t.Helper()
	var all [4][]byte
	for i, text := range []string{"6764100aacb92d80880000030008000003001020", "68ee0f2c8b", "65888404bffef7addf8136815aef81", "656221012ffef7addf8136815aef81"} {
		b, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		all[i] = b
	}
	return all[0], all[1], all[2], all[3]
}

// sent makes RTP packets of H.264.
type sent struct {
	seq   uint16
	stamp uint32
}

// packet is the next packet; last sets its marker, and the time moves on behind it.
func (s *sent) packet(payload []byte, last bool) []byte {
	b := []byte{0x80, 96}
	if last {
		b[1] |= 0x80
	}
	b = binary.BigEndian.AppendUint16(b, s.seq)
	b = binary.BigEndian.AppendUint32(b, s.stamp)
	s.seq++
	if last {
		s.stamp += 3600
	}
	return append(append(b, "ssrc"...), payload...)
}

// fragmented cuts a unit into two packets.
func (s *sent) fragmented(u []byte, last bool) [][]byte {
	half := len(u) / 2
	return [][]byte{
		s.packet(append([]byte{u[0]&0xE0 | 28, u[0]&0x1F | 0x80}, u[1:half]...), false),
		s.packet(append([]byte{u[0]&0xE0 | 28, u[0]&0x1F | 0x40}, u[half:]...), last),
	}
}

// stap is an aggregation packet.
func stap(units ...[]byte) []byte {
	b := []byte{0x78}
	for _, u := range units {
		b = append(binary.BigEndian.AppendUint16(b, uint16(len(u))), u...)
	}
	return b
}

func any32(w, h int) error {
	if w != 32 || h != 32 {
		return fmt.Errorf("a picture of %d × %d", w, h)
	}
	return nil
}

func TestKeyPictures(t *testing.T) {
	sps, pps, one, two := golden(t)
	want := bytes.Join([][]byte{nil, sps, pps, one, two}, []byte{0, 0, 1})
	without := func(all [][]byte, i int) [][]byte { return append(all[:i:i], all[i+1:]...) }
	picture := func(s *sent, sets bool) (all [][]byte) {
		if sets {
			all = append(all, s.packet(stap(sps, pps), false))
		}
		all = append(all, s.fragmented(one, false)...)
		return append(all, s.fragmented(two, true)...)
	}
	moving := func(s *sent, n int) (all [][]byte) {
		for range n {
			all = append(all, s.packet([]byte{0x41, 0x9A, 1, 2}, true))
		}
		return all
	}
	unmarked := func(s *sent) [][]byte {
		p := append(picture(s, true), moving(s, 1)...)
		p[4][1] &^= 0x80
		return p
	}
	for _, c := range []struct {
		name    string
		sets    [][]byte
		packets func(*sent) [][]byte
		at      int // the packet with which the picture comes, -1: none
	}{
		{"sets in band", nil, func(s *sent) [][]byte { return picture(s, true) }, 4},
		{"sets in the description", [][]byte{sps, pps}, func(s *sent) [][]byte { return picture(s, false) }, 3},
		{"in the middle of others", [][]byte{sps, pps}, func(s *sent) [][]byte { return append(append(moving(s, 3), picture(s, false)...), moving(s, 2)...) }, 6},
		{"the end is not marked", nil, unmarked, 5},
		{"a lost beginning", nil, func(s *sent) [][]byte { return without(picture(s, true), 1) }, -1},
		{"a lost fragment", nil, func(s *sent) [][]byte { return without(picture(s, true), 2) }, -1},
		{"a lost end", nil, func(s *sent) [][]byte { return append(without(picture(s, true), 4), moving(s, 1)...) }, -1},
		{"a lost one, then a whole one", nil, func(s *sent) [][]byte { return append(without(picture(s, true), 2), picture(s, true)...) }, 8},
		{"no sets", nil, func(s *sent) [][]byte { return picture(s, false) }, -1},
		{"another payload type", nil, func(s *sent) [][]byte {
			all := picture(s, true)
			for _, p := range all {
				p[1]++
			}
			return all
		}, -1},
		{"no RTP", nil, func(*sent) [][]byte { return [][]byte{{1}, {2}} }, -1},
	} {
		k, err := NewKeyPictures(Media{Codec: H264, Payload: 96, Sets: c.sets}, 1000, any32)
		if err != nil {
			t.Fatal(err)
		}
		var got []byte
		at := -1
		for i, p := range c.packets(&sent{seq: 65534, stamp: 1}) {
			if got, err = k.Add(p); got != nil {
				at = i
				break
			}
		}
		if at >= 0 && (err != nil || !bytes.Equal(got, want)) {
			t.Errorf("%s: %x, %v; want %x", c.name, got, err, want)
		}
		if at != c.at {
			t.Errorf("%s: a picture with packet %d, want %d", c.name, at, c.at)
		}
	}
}

// A size that is not taken is refused by the description already.
func TestKeyPicturesSize(t *testing.T) {
	sps, pps, _, _ := golden(t)
	none := func(int, int) error { return errors.New("not one dot") }
	if _, err := NewKeyPictures(Media{Sets: [][]byte{pps, sps}}, 1000, none); !errors.Is(err, h264.ErrSize) {
		t.Errorf("%v", err)
	}
	k, err := NewKeyPictures(Media{Payload: 96, Sets: [][]byte{{0x67}, {9, 9}}}, 1000, none) // rubbish is left out
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Add((&sent{}).packet(stap(sps, pps), false)); !errors.Is(err, h264.ErrSize) {
		t.Errorf("in band: %v", err)
	}
	if _, err := k.Add((&sent{}).packet([]byte{25, 0, 0, 1}, false)); !errors.Is(err, h264.ErrInterleaved) {
		t.Errorf("STAP-B: %v", err)
	}
}

// FuzzKeyPictures holds that a picture begins with a sequence parameter set, is no longer
// than is taken or than what came makes, and never comes together with an error.
func FuzzKeyPictures(f *testing.F) {
	sps, pps, one, two := golden(f)
	s := &sent{}
	all := [][]byte{s.packet(stap(sps, pps), false)}
	all = append(append(all, s.fragmented(one, false)...), s.fragmented(two, true)...)
	f.Add(bytes.Join(all, []byte("cut!")))
	f.Add(bytes.Join([][]byte{s.packet(sps, false), s.packet(pps, false), s.packet(one, false), s.packet(two, false), s.packet(one, true)}, []byte("cut!")))
	f.Fuzz(func(t *testing.T, in []byte) {
		const limit = 200
		k, err := NewKeyPictures(Media{Payload: 96}, limit, any32)
		if err != nil {
			t.Fatal(err)
		}
		held := 0
		for p := range bytes.SplitSeq(in, []byte("cut!")) {
			held += len(p)
			b, err := k.Add(p)
			if b != nil && (err != nil || !bytes.HasPrefix(b, []byte{0, 0, 1}) || b[3]&0x9F != 7 || len(b) > min(limit, 2*held)) {
				t.Fatalf("a picture of %d bytes from %d, %v: %x", len(b), held, err, b)
			}
		}
	})
}
