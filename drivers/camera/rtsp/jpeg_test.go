package rtsp

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	"slices"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers/camera/picture"
)

// drawn is a picture with edges and slopes of every colour; Go encodes it as 4:2:0 with
// the standard's Huffman tables and the quantisation of the standard for a quality.
func drawn(t testing.TB, w, h, quality int) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.Set(x, y, color.RGBA{uint8(x * 3), uint8(y * 5), uint8((x ^ y) * 7), 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// segments are a JPEG's quantisation tables, without their ids, and its scan data.
func segments(t testing.TB, b []byte) (quant, scan []byte) {
	t.Helper()
	for at := 2; ; {
		n := int(binary.BigEndian.Uint16(b[at+2:]))
		body := b[at+4 : at+2+n]
		switch b[at+1] {
		case 0xDB:
			for ; len(body) >= 65; body = body[65:] {
				quant = append(quant, body[1:65]...)
			}
		case 0xDA:
			return quant, b[at+2+n:]
		}
		at += 2 + n
	}
}

// stream is a camera's side: it cuts pictures into packets as RFC 2435 says, and numbers
// them.
type stream struct {
	seq   uint16
	stamp uint32
	extra byte // bits of the first byte: padding, extension, sources
}

func (s *stream) packets(kind, q byte, w, h int, quant, scan []byte, size int) (all [][]byte) {
	s.stamp += 9000
	for at := 0; at < len(scan); at += size {
		end := min(at+size, len(scan))
		marker := byte(0)
		if end == len(scan) {
			marker = 0x80
		}
		p := []byte{0x80 | s.extra, marker | payloadJPEG}
		p = binary.BigEndian.AppendUint16(p, s.seq)
		p = binary.BigEndian.AppendUint32(p, s.stamp)
		p = append(p, 1, 2, 3, 4)
		if s.extra&0x0F > 0 {
			p = append(p, bytes.Repeat([]byte{9}, 4*int(s.extra&0x0F))...)
		}
		if s.extra&0x10 > 0 {
			p = append(p, 0xBE, 0xDE, 0, 2, 1, 1, 1, 1, 2, 2, 2, 2)
		}
		p = append(p, 0, byte(at>>16), byte(at>>8), byte(at), kind, q, byte(w/8), byte(h/8))
		if kind >= 64 {
			p = append(p, 0, 2, 0xFF, 0xFF)
		}
		if q >= 128 && at == 0 {
			p = append(p, 0, 0, byte(len(quant)>>8), byte(len(quant)))
			p = append(p, quant...)
		}
		p = append(p, scan[at:end]...)
		if s.extra&0x20 > 0 {
			p = append(p, 0, 0, 3)
		}
		s.seq++
		all = append(all, p)
	}
	return all
}

func pixels(t testing.TB, b []byte) []byte {
	t.Helper()
	m, err := jpeg.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	y := m.(*image.YCbCr)
	return slices.Concat(y.Y, y.Cb, y.Cr)
}

func add(t testing.TB, a *Assembler, packets [][]byte) (pictures [][]byte, wrong []string) {
	t.Helper()
	for _, p := range packets {
		b, err := a.Add(p)
		if err != nil {
			wrong = append(wrong, err.Error())
		}
		if b != nil {
			pictures = append(pictures, b)
		}
	}
	return pictures, wrong
}

// What a camera cut into packets has the same pixels when it is put together, with its own
// tables and with those that both sides compute from a quality: Go's encoder computes them
// by itself.
func TestAssembler(t *testing.T) {
	for _, c := range []struct {
		name    string
		q       byte
		quality int
		size    int
		extra   byte
	}{
		{"tables in every picture", 255, 80, 1000, 0},
		{"tables of quality 1", 1, 1, 1000, 0},
		{"tables of quality 49", 49, 49, 1000, 0},
		{"tables of quality 50", 50, 50, 1000, 0},
		{"tables of quality 99", 99, 99, 1000, 0},
		{"one packet", 75, 75, 1 << 20, 0},
		{"many packets", 75, 75, 17, 0},
		{"padding, an extension, two sources", 75, 75, 500, 0x32},
	} {
		whole := drawn(t, 160, 120, c.quality)
		quant, scan := segments(t, whole)
		s, a := stream{seq: 65530, extra: c.extra}, NewAssembler(payloadJPEG, 1<<20, picture.Tables())
		for range 3 {
			got, wrong := add(t, a, s.packets(1, c.q, 160, 120, quant, scan, c.size))
			if len(got) != 1 || len(wrong) != 0 || !bytes.Equal(pixels(t, got[0]), pixels(t, whole)) {
				t.Fatalf("%s: %d pictures, %q", c.name, len(got), wrong)
			}
			if _, err := picture.Clean(got[0]); err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		if a.Lost() != 0 {
			t.Errorf("%s: %d lost", c.name, a.Lost())
		}
	}
}

// A camera may send the tables of a quality above 127 once, and with an end marker or
// without.
func TestTablesSentOnce(t *testing.T) {
	whole := drawn(t, 64, 64, 80)
	quant, scan := segments(t, whole)
	a, s := NewAssembler(payloadJPEG, 1<<20, picture.Tables()), stream{}
	for i, tables := range [][]byte{quant, nil, nil} {
		cut := scan[:len(scan)-2*min(i, 1)]
		got, wrong := add(t, a, s.packets(1, 200, 64, 64, tables, cut, 500))
		if len(got) != 1 || len(wrong) > 0 || !bytes.Equal(pixels(t, got[0]), pixels(t, whole)) {
			t.Errorf("picture %d: %d, %q", i, len(got), wrong)
		}
	}
	if got, wrong := add(t, a, s.packets(1, 201, 64, 64, nil, scan, 5000)); len(got) > 0 || len(wrong) != 1 || !strings.Contains(wrong[0], "without quantisation tables") {
		t.Errorf("tables that never came: %d pictures, %q", len(got), wrong)
	}
	if got, _ := add(t, a, s.packets(1, 200, 64, 64, quant[:64], scan, 5000)); len(got) != 1 || bytes.Count(got[0], []byte{0xFF, 0xDB}) != 1 {
		t.Errorf("one table for both: %d pictures", len(got))
	}
}

// The restart interval and the sampling of 4:2:2 go into the headers.
func TestHeaders(t *testing.T) {
	a, s := NewAssembler(payloadJPEG, 1<<20, picture.Tables()), stream{}
	got, wrong := add(t, a, s.packets(64, 50, 2040, 8, nil, []byte{1, 2, 3}, 10))
	if len(got) != 1 || len(wrong) > 0 {
		t.Fatalf("%d pictures, %q", len(got), wrong)
	}
	for _, want := range [][]byte{{0xFF, 0xDD, 0, 4, 0, 2}, {0xFF, 0xC0, 0, 17, 8, 0, 8, 0x07, 0xF8, 3, 1, 0x21}, {1, 2, 3, 0xFF, 0xD9}} {
		if !bytes.Contains(got[0], want) {
			t.Errorf("the picture has no % x", want)
		}
	}
}

// Of a picture that lost a packet nothing is given, and the next one is whole. Each packet
// is dropped, doubled and swapped in turn.
func TestLostPackets(t *testing.T) {
	whole := drawn(t, 64, 64, 80)
	quant, scan := segments(t, whole)
	n := len((&stream{}).packets(1, 255, 64, 64, quant, scan, 300))
	for _, c := range []struct {
		name string
		harm func(p [][]byte, i int) [][]byte
	}{
		{"dropped", func(p [][]byte, i int) [][]byte { return slices.Delete(p, i, i+1) }},
		{"swapped", func(p [][]byte, i int) [][]byte { p[i], p[i+1] = p[i+1], p[i]; return p }},
	} {
		for i := range n - 1 {
			a, s := NewAssembler(payloadJPEG, 1<<20, picture.Tables()), stream{}
			harmed := c.harm(s.packets(1, 255, 64, 64, quant, scan, 300), i)
			got, _ := add(t, a, harmed)
			if len(got) != 0 {
				t.Errorf("packet %d %s: a picture comes of it", i, c.name)
			}
			got, wrong := add(t, a, s.packets(1, 255, 64, 64, quant, scan, 300))
			if len(got) != 1 || len(wrong) > 0 || !bytes.Equal(pixels(t, got[0]), pixels(t, whole)) {
				t.Errorf("after packet %d was %s: %d pictures, %q", i, c.name, len(got), wrong)
			}
		}
	}
}

func TestBadPackets(t *testing.T) {
	s := stream{}
	good := s.packets(1, 255, 64, 64, make([]byte, 128), []byte{1, 2, 3}, 10)[0]
	edit := func(at int, v ...byte) []byte { b := bytes.Clone(good); copy(b[at:], v); return b }
	for _, c := range []struct {
		name, want string
		in         []byte
	}{
		{"short", "of 11 bytes is no RTP", good[:11]},
		{"version 1", "no RTP", edit(0, 0x40)},
		{"padding beyond the packet", "claims", edit(0, 0xA0)[:12]},
		{"no JPEG header", "payload of 7 bytes", good[:19]},
		{"type 2", "JPEG type 2", edit(16, 2)},
		{"no width", "more than 2040 pixels", edit(18, 0)},
		{"no height", "more than 2040 pixels", edit(19, 0)},
		{"quality 0", "quality 0 is reserved", edit(17, 0)},
		{"quality 100", "quality 100 is reserved", edit(17, 100)},
		{"quality 127", "quality 127 is reserved", edit(17, 127)},
		{"no restart header", "restart header of 2 bytes", edit(16, 64)[:22]},
		{"half a table header", "table header of 3 bytes", good[:23]},
		{"tables beyond the packet", "in a packet with", edit(22, 2, 0)},
		{"half a table", "one has 64, two have 128", edit(22, 0, 100)},
	} {
		a := NewAssembler(payloadJPEG, 1000, picture.Tables())
		if b, err := a.Add(c.in); b != nil || err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %d bytes, %v; want %q", c.name, len(b), err, c.want)
		}
	}
	if b, err := NewAssembler(96, 1000, nil).Add(good); b != nil || err != nil {
		t.Errorf("a packet of another payload type: %d bytes, %v", len(b), err)
	}
}

// A picture without end takes no more memory than the limit.
func TestEndlessPicture(t *testing.T) {
	a, s := NewAssembler(payloadJPEG, 5000, picture.Tables()), stream{}
	packets := s.packets(1, 50, 64, 64, nil, make([]byte, 100_000), 1000)
	got, wrong := add(t, a, packets)
	if len(got) != 0 || len(wrong) != 1 || !strings.Contains(wrong[0], "more than 5000 bytes") || cap(a.scan) > 10_000 {
		t.Errorf("%d pictures, %q, %d bytes held", len(got), wrong, cap(a.scan))
	}
}

// FuzzAssembler holds that a picture comes only of packets in order, begins and ends as one,
// and is not larger than the limit, its headers and what the packets held.
func FuzzAssembler(f *testing.F) {
	quant, scan := segments(f, drawn(f, 32, 32, 50))
	s := stream{}
	f.Add(bytes.Join(s.packets(1, 255, 32, 32, quant, scan, 200), []byte("cut!")))
	f.Add(bytes.Join(s.packets(64, 50, 32, 32, nil, scan, 100), []byte("cut!")))
	f.Fuzz(func(t *testing.T, in []byte) {
		const limit = 2000
		a, held := NewAssembler(payloadJPEG, limit, picture.Tables()), 0
		for p := range bytes.SplitSeq(in, []byte("cut!")) {
			held += len(p)
			b, err := a.Add(p)
			if b == nil {
				continue
			}
			if err != nil || !bytes.HasPrefix(b, []byte{0xFF, 0xD8, 0xFF}) || !bytes.HasSuffix(b, []byte{0xFF, 0xD9}) || len(b) > min(limit, held)+1000 {
				t.Fatalf("a picture of %d bytes from %d, %v", len(b), held, err)
			}
			if p, err := picture.Clean(append(b, make([]byte, 500)...)); err == nil && (p.Width%8 != 0 || p.Height%8 != 0) {
				t.Fatalf("a picture of %d × %d", p.Width, p.Height)
			}
		}
	})
}

func BenchmarkAssembler(b *testing.B) {
	quant, scan := segments(b, drawn(b, 640, 480, 75))
	s := stream{}
	packets := s.packets(1, 255, 640, 480, quant, scan, 1400)
	a := NewAssembler(payloadJPEG, 1<<20, picture.Tables())
	b.SetBytes(int64(len(scan)))
	b.ReportAllocs()
	for b.Loop() {
		if got, wrong := add(b, a, packets); len(got) != 1 {
			b.Fatal(wrong)
		}
	}
}
