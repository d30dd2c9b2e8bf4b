package labbus

import (
	"bytes"
	"errors"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// all is one message of each sort, and its bytes by hand from the package comment.
var all = []struct {
	m    Message
	want string
}{
	{Hello{Version: 1, Bus: "i2c"}, "\x00\x06H\x01\x03i2c"},
	{Transfer{Address: 0x76, Read: 8, Write: []byte{0xf7}}, "\x00\x05T\x76\x00\x08\xf7"},
	{Answer{Errno: 6}, "\x00\x02A\x06"},
	{Answer{Data: []byte{0x60}}, "\x00\x03A\x00\x60"},
	{Inquiry{}, "\x00\x01I"},
	{Chip{Label: "lab", Lines: []Line{{Name: "RAIN"}, {Consumer: "sysfs", Used: true}}}, "\x00\x14C\x03lab\x00\x04RAIN\x00\x01\x00\x05sysfs"},
	{Request{Line: 17, Flags: ActiveLow | Edges | PullUp, Debounce: 10 * time.Millisecond, Consumer: "lamppost"}, "\x00\x12R\x00\x11\x00\x1a\x00\x00\x27\x10\x08lamppost"},
	{Get{}, "\x00\x01G"},
	{Set{On: true}, "\x00\x02S\x01"},
	{Edge{At: 0x0102030405, Rising: true, Seq: 9}, "\x00\x0eE\x00\x00\x00\x01\x02\x03\x04\x05\x01\x00\x00\x00\x09"},
}

func TestMessages(t *testing.T) {
	for _, c := range all {
		if got := string(c.m.Append(nil)); got != c.want {
			t.Errorf("%#v is % x, want % x", c.m, got, c.want)
		}
		r := Reader{R: strings.NewReader(c.want)}
		got, err := r.Next()
		if err != nil || !same(got, c.m) {
			t.Errorf("% x is %#v, %v; want %#v", c.want, got, err, c.m)
		}
	}
}

// same compares, and takes no bytes and none of them for one thing.
func same(a, b Message) bool {
	return bytes.Equal(a.Append(nil), b.Append(nil)) && reflect.TypeOf(a) == reflect.TypeOf(b)
}

func TestReaderTakesMessagesApart(t *testing.T) {
	var b []byte
	for _, c := range all {
		b = c.m.Append(b)
	}
	r := Reader{R: iotest.OneByteReader(bytes.NewReader(b))}
	for _, c := range all {
		if got, err := r.Next(); err != nil || !same(got, c.m) {
			t.Fatalf("%#v, %v; want %#v", got, err, c.m)
		}
	}
	if _, err := r.Next(); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
}

// halting gives its pieces one by one and says between them that time is up.
type halting struct{ pieces []string }

func (h *halting) Read(p []byte) (int, error) {
	if len(h.pieces) == 0 {
		return 0, io.EOF
	}
	n := copy(p, h.pieces[0])
	h.pieces = h.pieces[1:]
	if n == 0 {
		return 0, os.ErrDeadlineExceeded
	}
	return n, nil
}

func TestReaderGoesOnAfterADeadline(t *testing.T) {
	r := Reader{R: &halting{[]string{"\x00\x03A", "", "\x00\x60\x00"}}}
	if _, err := r.Next(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("in the middle: %v", err)
	}
	if m, err := r.Next(); err != nil || !same(m, Answer{Data: []byte{0x60}}) {
		t.Fatalf("%#v, %v", m, err)
	}
	if _, err := r.Next(); err != io.ErrUnexpectedEOF {
		t.Errorf("a torn message: %v", err)
	}
}

func TestRefused(t *testing.T) {
	for name, c := range map[string]struct{ in, word string }{
		"no length":       {"\x00\x00", "length of 0"},
		"too long":        {"\x20\x09T", "at most 8200"},
		"unknown":         {"\x00\x01Z", "no message begins with 0x5a"},
		"short":           {"\x00\x03T\x76\x00", "ends too soon"},
		"address":         {"\x00\x04T\x80\x00\x01", "7 bits"},
		"reads too much":  {"\x00\x04T\x76\x20\x01", "8192"},
		"bytes too many":  {"\x00\x02G\x00", "1 bytes too many"},
		"neither 0 nor 1": {"\x00\x02S\x02", "neither"},
		"unknown flags":   {"\x00\x0aR\x00\x11\x80\x00\x00\x00\x00\x00\x00", "flags 0x8000"},
		"long name":       {"\x00\x03H\x01\x20", "32 bytes"},
		"old time":        {"\x00\x0eE\x80\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x09", "before the clock"},
	} {
		r := Reader{R: strings.NewReader(c.in)}
		if m, err := r.Next(); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), c.word) {
			t.Errorf("%s: %#v, %v; want %q", name, m, err, c.word)
		}
	}
	var lines []Line
	for range MaxLines + 1 {
		lines = append(lines, Line{})
	}
	r := Reader{R: bytes.NewReader(Chip{Lines: lines}.Append(nil))}
	if _, err := r.Next(); !errors.Is(err, ErrFormat) {
		t.Errorf("a chip with %d lines: %v", len(lines), err)
	}
}

// Whatever is read is written back byte for byte, and nothing is held beyond one
// message and the beginning of the next.
func FuzzReader(f *testing.F) {
	for _, c := range all {
		f.Add([]byte(c.want))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, at := Reader{R: bytes.NewReader(b)}, 0
		for {
			m, err := r.Next()
			if err != nil {
				return
			}
			out := m.Append(nil)
			if !bytes.Equal(out, b[at:at+len(out)]) {
				t.Fatalf("% x is %#v, which is % x", b[at:], m, out)
			}
			if at += len(out); len(r.buf) > MaxMessage+512+2 {
				t.Fatalf("%d bytes are held", len(r.buf))
			}
		}
	})
}

func BenchmarkTransfer(b *testing.B) {
	in := Answer{Data: make([]byte, 8)}.Append(nil)
	src := bytes.NewReader(nil)
	b.ReportAllocs()
	for b.Loop() {
		src.Reset(in)
		r := Reader{R: src}
		if _, err := r.Next(); err != nil {
			b.Fatal(err)
		}
	}
}
