//go:build linux

package serial

import (
	"io"
	"slices"
	"strings"
	"testing"
	"time"
)

// feed reads chunks through an echo, with b bytes of room at a time.
func feed(e *echo, room int, chunks ...string) string {
	var got strings.Builder
	b := make([]byte, room)
	for _, c := range chunks {
		for len(c) > 0 {
			n := copy(b, c)
			c = c[n:]
			got.Write(b[:e.strip(b, n)])
			for n := e.pending(b); n > 0; n = e.pending(b) {
				got.Write(b[:n])
			}
		}
	}
	return got.String()
}

func TestEcho(t *testing.T) {
	type exchange struct{ write, read, want string }
	for _, c := range []struct {
		name  string
		mode  Echo
		does  []exchange
		known bool
	}{
		{"off", EchoOff, []exchange{{"ab", "ab|12", "ab12"}, {"ab", "ab12", "ab12"}, {"ab", "ab12", "ab12"}}, false},
		{"on", EchoOn, []exchange{{"ab", "ab12", "12"}, {"ab", "a|b|1|2", "12"}, {"ab", "ab", ""}}, true},
		{"on, and there is none", EchoOn, []exchange{{"ab", "12", "12"}, {"abc", "ab12", "ab12"}, {"abc", "a|b|1|2", "ab12"}, {"abcdef", "abcd|x", "abcdx"}}, false},
		{"on, twice the same", EchoOn, []exchange{{"ab", "abab", "ab"}, {"ab", "ab|ab", "ab"}}, true},
		{"auto learns", EchoAuto, []exchange{{"ab", "ab12", "ab12"}, {"cd", "cd|34", "cd34"}, {"ef", "ef56", "56"}, {"gh", "gh|78", "78"}}, true},
		{"auto, the answer is the request", EchoAuto, []exchange{{"ab", "ab", "ab"}, {"ab", "ab", "ab"}, {"ab", "ab", "ab"}}, false},
		{"auto, the answer begins like the request", EchoAuto, []exchange{{"abc", "abx", "abx"}, {"abc", "abx", "abx"}, {"abc", "abx", "abx"}}, false},
		{"auto, once by chance", EchoAuto, []exchange{{"a", "a1", "a1"}, {"b", "a2", "a2"}, {"a", "a3", "a3"}, {"b", "a4", "a4"}}, false},
		{"auto unlearns", EchoAuto, []exchange{{"ab", "ab1", "ab1"}, {"cd", "cd2", "cd2"}, {"ef", "x3", "x3"}, {"gh", "x4", "x4"}, {"ij", "ij5", "ij5"}}, false},
	} {
		for _, room := range []int{1, 2, 64} {
			e := echo{mode: c.mode}
			for i, x := range c.does {
				e.wrote([]byte(x.write))
				if got := feed(&e, room, strings.Split(x.read, "|")...); got != x.want {
					t.Errorf("%s, %d bytes at a time: exchange %d gives %q, want %q", c.name, room, i, got, x.want)
				}
			}
			if e.known() != c.known {
				t.Errorf("%s: known is %v", c.name, e.known())
			}
		}
	}
	e := echo{mode: EchoOn}
	e.wrote([]byte("ab"))
	feed(&e, 8, "a")
	e.forget()
	if got := feed(&e, 8, "b1"); got != "b1" {
		t.Errorf("after the line was discarded %q is left", got)
	}
}

// FuzzEcho holds that nothing is ever lost but whole copies of what was written, at the
// beginning of what came after it.
func FuzzEcho(f *testing.F) {
	f.Add("ab", "ab12", uint8(3), true)
	f.Add("abc", "abx", uint8(1), false)
	f.Fuzz(func(t *testing.T, write, read string, room uint8, on bool) {
		e := echo{mode: EchoAuto}
		if on {
			e.mode = EchoOn
		}
		for range 4 {
			was := e.on()
			e.wrote([]byte(write))
			got := feed(&e, int(room)+1, read)
			if rest, whole := strings.CutPrefix(read, write); got != read && !(was && whole && got == rest) && !(was && strings.HasPrefix(write, read)) {
				t.Fatalf("%q written, %q received: %q is left", write, read, got)
			}
		}
	})
}

// TestEchoOnALine: the driver sees answers only, from the third request on.
func TestEchoOnALine(t *testing.T) {
	l, master, _ := open(t, func(c *Config) { c.Echo = EchoAuto })
	var got []string
	for range 4 {
		if err := l.Discard(); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Write(t.Context(), []byte("?1\r")); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 3)
		if _, err := io.ReadFull(master, b); err != nil {
			t.Fatal(err)
		}
		say(t, master, string(b)+"!7\r")
		answer, b := "", make([]byte, 64)
		for !strings.HasSuffix(answer, "!7\r") {
			n, err := l.Read(t.Context(), b)
			if err != nil {
				t.Fatal(err)
			}
			answer += string(b[:n])
		}
		got = append(got, answer)
	}
	if want := []string{"?1\r!7\r", "?1\r!7\r", "!7\r", "!7\r"}; !slices.Equal(got, want) {
		t.Errorf("the answers are %q, want %q", got, want)
	}
	if h := l.Health(); !h.Echo || h.BytesIn != 24 || h.Busy <= 0 {
		t.Errorf("health %+v", h)
	}
}

func TestMeter(t *testing.T) {
	at := func(s float64) time.Time { return time.Unix(1000, 0).Add(time.Duration(s * float64(time.Second))) }
	var m meter
	if m.add(at(0), at(1)); m.share(at(2)) != 0 {
		t.Error("counted before it began")
	}
	m.start(at(0))
	for _, c := range []struct{ from, to, now, want float64 }{
		{0, 1, 2, 0.5},
		{0.5, 1, 2, 0.5},    // counted already
		{0.5, 1.5, 2, 0.75}, // half of it
		{2, 12, 20, 11.5 / 20},
		{20, 50, 60, 41.5 / 60}, // the whole minute, since its first slice is not full yet
		{60, 60, 64, 36.5 / 59}, // the first slice is out: 5 of 5 … 64
		{64, 64, 200, 0},        // an hour of silence, or two minutes
		{195, 205, 205, 10. / 60},
	} {
		m.add(at(c.from), at(c.to))
		if got := m.share(at(c.now)); got < c.want-0.04 || got > c.want+0.04 {
			t.Errorf("after %v…%v the share at %v is %v, want %v", c.from, c.to, c.now, got, c.want)
		}
	}
}
