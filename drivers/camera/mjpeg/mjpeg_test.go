package mjpeg

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/textproto"
	"strings"
	"testing"
	"testing/iotest"
)

func TestBoundary(t *testing.T) {
	for kind, want := range map[string]string{
		"multipart/x-mixed-replace; boundary=XYZ":              "XYZ",
		`multipart/x-mixed-replace;boundary="--my boundary"`:   "--my boundary",
		"Multipart/X-Mixed-Replace; boundary=--myboundary":     "--myboundary",
		"multipart/x-mixed-replace; boundary=a:b/c":            "a:b/c",
		"multipart/x-mixed-replace":                            "",
		"multipart/x-mixed-replace; charset=utf-8; boundary=b": "b",
	} {
		if got, ok := Boundary(kind); got != want || !ok {
			t.Errorf("Boundary(%q) = %q, %v; want %q", kind, got, ok, want)
		}
	}
	for _, kind := range []string{"image/jpeg", "", "text/html; boundary=x", "image/jpeg; boundary=a:b"} {
		if got, ok := Boundary(kind); ok {
			t.Errorf("%q is multipart with boundary %q", kind, got)
		}
	}
}

// What cameras send, and what is read of it: the same two pictures, however they are
// wrapped and however the network cuts them.
func TestNext(t *testing.T) {
	one, two := "\xFF\xD8 one \r\n--X almost\xFF\xD9", "\xFF\xD8\n\ntwo\r\xFF\xD9"
	part := func(line, head, body string) string { return line + "\r\n" + head + "\r\n" + body + "\r\n" }
	sized := func(body string) string {
		return fmt.Sprintf("Content-Type: image/jpeg\r\nContent-Length: %d\r\n", len(body))
	}
	const plain = "Content-Type: image/jpeg\r\n"
	for _, c := range []struct{ name, boundary, in string }{
		{"as the standard has it", "XYZ", part("--XYZ", sized(one), one) + part("--XYZ", sized(two), two) + "--XYZ--\r\n"},
		{"without lengths", "XYZ", part("--XYZ", plain, one) + part("--XYZ", plain, two) + "--XYZ--\r\n"},
		{"one length of two", "XYZ", part("--XYZ", plain, one) + part("--XYZ", sized(two), two) + "--XYZ--\r\n"},
		{"the other length of two", "XYZ", part("--XYZ", sized(one), one) + part("--XYZ", plain, two) + "--XYZ--\r\n"},
		{"the dashes are in the parameter", "--XYZ", part("--XYZ", plain, one) + part("--XYZ", plain, two) + "--XYZ--"},
		{"the dashes come twice", "--XYZ", part("----XYZ", plain, one) + part("----XYZ", plain, two) + "----XYZ--"},
		{"without dashes on the wire", "XYZ", part("XYZ", plain, one) + part("XYZ", plain, two) + "XYZ--"},
		{"another boundary than announced", "XYZ", part("--frame", plain, one) + part("--frame", plain, two) + "--frame--"},
		{"none announced", "", part("--frame", sized(one), one) + part("--frame", sized(two), two)},
		{"an empty line and a preamble first", "XYZ", "\r\nHello\r\n" + part("--XYZ", sized(one), one) + part("--XYZ", sized(two), two)},
		{"no line end behind a part", "XYZ", strings.Replace(part("--XYZ", sized(one), one), "\xFF\xD9\r\n", "\xFF\xD9\n", 1) + part("--XYZ", sized(two), two)},
		{"small letters in the header", "XYZ", part("--XYZ", strings.ToLower(sized(one)), one) + part("--XYZ", "content-length:"+fmt.Sprint(len(two))+"\r\n", two)},
	} {
		for name, in := range map[string]io.Reader{"whole": strings.NewReader(c.in), "byte by byte": iotest.OneByteReader(strings.NewReader(c.in))} {
			r := NewReader(in, c.boundary, 100)
			for _, want := range []string{one, two} {
				if got, err := r.Next(); err != nil || string(got) != want {
					t.Fatalf("%s, %s: %q, %v; want %q", c.name, name, got, err, want)
				}
			}
			if got, err := r.Next(); err == nil || !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%s, %s: behind the last part %q, %v", c.name, name, got, err)
			}
		}
	}
}

// endless is a stream that never stops.
type endless struct {
	text string
	read int
}

func (e *endless) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		n += copy(p[n:], e.text)
	}
	e.read += n
	return n, nil
}

// Whatever a stream does, no more of it is read than the limits allow.
func TestLimits(t *testing.T) {
	for _, c := range []struct{ name, head, more, want string }{
		{"a part without end", "--X\r\nContent-Type: image/jpeg\r\n\r\n\xFF\xD8", "x", "without Content-Length: too long, the limit is 1000"},
		{"a part without end, in lines", "--X\r\n\r\n\xFF\xD8", "\n", "too long"},
		{"a part that says so", "--X\r\nContent-Length: 1001\r\n\r\n", "x", "a part of 1001 bytes: too long"},
		{"a very large part", "--X\r\nContent-Length: 4611686018427387903\r\n\r\n", "x", "too long"},
		{"a length beyond numbers", "--X\r\nContent-Length: 99999999999999999999\r\n\r\n", "x", "Content-Length is"},
		{"a negative length", "--X\r\nContent-Length: -1\r\n\r\n", "x", "Content-Length is"},
		{"a header without end", "--X\r\n", "A: b\r\n", "header is longer than 8192 bytes"},
		{"a header of one line", "--X\r\n", "A", "header is longer than 8192 bytes"},
		{"a preamble without end", "", "hello\r\n", "no boundary stands"},
		{"a preamble of one line", "", "hello", "no boundary stands"},
		{"a boundary of one line", "--", "X", "no boundary stands"},
		{"a length that is too short", "--X\r\nContent-Length: 3\r\n\r\nabcd", "ef\r\n", "no boundary stands"},
	} {
		e := &endless{text: c.more}
		r := NewReader(io.MultiReader(strings.NewReader(c.head), e), "X", 1000)
		_, err := r.Next()
		if c.name == "a length that is too short" && err == nil {
			_, err = r.Next()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
		if e.read > 3*bufferSize {
			t.Errorf("%s: %d bytes were read", c.name, e.read)
		}
	}
}

func TestCutShort(t *testing.T) {
	const whole = "--X\r\nContent-Length: 4\r\n\r\nabcd\r\n--X\r\n\r\nefgh\r\n--X--"
	for n := range len(whole) {
		r := NewReader(strings.NewReader(whole[:n]), "X", 100)
		var err error
		for _, want := range []string{"abcd", "efgh"} {
			var got []byte
			if got, err = r.Next(); err != nil {
				break
			}
			if string(got) != want {
				t.Errorf("after %d bytes a part is %q", n, got)
			}
		}
		if err == nil || !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("after %d bytes: %v", n, err)
		}
	}
}

// FuzzNext holds that what another writer of multipart wrote comes back as it was, however
// it is cut; that nothing is longer than the limit; and that every stream comes to an end.
func FuzzNext(f *testing.F) {
	f.Add([]byte("\xFF\xD8 picture \xFF\xD9"), true, []byte("--X\r\n\r\nabc\r\n--X--"))
	f.Add([]byte("\r\n--almost\r\n"), false, []byte("--X\r\nContent-Length: 3\r\n\r\nabc\r\n--X\r\n"))
	f.Add([]byte{}, false, []byte("--X\r\nContent-Length: 9999999\r\n\r\n"))
	f.Fuzz(func(t *testing.T, body []byte, sized bool, stream []byte) {
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		h := textproto.MIMEHeader{"Content-Type": {"image/jpeg"}}
		if sized {
			h.Set("Content-Length", fmt.Sprint(len(body)))
		}
		for range 2 {
			p, err := w.CreatePart(h)
			if err != nil {
				t.Fatal(err)
			}
			p.Write(body) // into a buffer
		}
		w.Close()
		r := NewReader(iotest.HalfReader(&b), w.Boundary(), len(body))
		for i := range 2 {
			if got, err := r.Next(); err != nil || !bytes.Equal(got, body) {
				t.Fatalf("part %d of %q is %q, %v", i, body, got, err)
			}
		}
		const limit = 64
		r = NewReader(bytes.NewReader(stream), "X", limit)
		for parts := 0; ; parts++ {
			got, err := r.Next()
			if err != nil {
				break
			}
			if len(got) > limit || parts > len(stream) {
				t.Fatalf("part %d has %d bytes", parts, len(got))
			}
		}
	})
}

func BenchmarkNext(b *testing.B) {
	body := bytes.Repeat([]byte("0123456789abcde\n"), 2048)
	for _, sized := range []bool{true, false} {
		head := ""
		if sized {
			head = fmt.Sprintf("Content-Length: %d\r\n", len(body))
		}
		e := &endless{text: "--X\r\n" + head + "\r\n" + string(body) + "\r\n"}
		b.Run(fmt.Sprintf("length=%v", sized), func(b *testing.B) {
			r := NewReader(&looped{text: []byte(e.text)}, "X", 1<<20)
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := r.Next(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// looped repeats a text without tearing it.
type looped struct {
	text []byte
	at   int
}

func (l *looped) Read(p []byte) (int, error) {
	n := copy(p, l.text[l.at:])
	l.at = (l.at + n) % len(l.text)
	return n, nil
}
