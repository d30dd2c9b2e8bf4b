package uart

import (
	"bytes"
	"context"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// parrot answers "?x" with "x" after 20 ms, talks "." each second after "!", is quiet
// after "-", and says "hello" on power-on.
type parrot struct{ talks bool }

func (p *parrot) Start() []Saying {
	p.talks = false
	return []Saying{{After: 65 * time.Millisecond, Bytes: []byte("hello")}}
}

func (p *parrot) Hear(heard []byte, s Source) (int, []Saying) {
	switch {
	case heard[0] == '!', heard[0] == '-':
		p.talks = heard[0] == '!'
		return 1, nil
	case heard[0] != '?':
		return 1, nil
	case len(heard) < 2:
		return 0, nil
	}
	line := truth.Line{Channel: "temp", V: s.Value("temp"), Resolution: 1}
	return 2, []Saying{{After: 20 * time.Millisecond, Bytes: heard[1:2:2], Lines: []truth.Line{line}}}
}

func (p *parrot) Frame(Source) ([]byte, []truth.Line) { return []byte("."), nil }

func (p *parrot) Pause() time.Duration {
	if p.talks {
		return time.Second
	}
	return 0
}

// pipe is a port in memory that carries both ways.
type pipe struct {
	to     chan []byte
	closed chan struct{}
	mu     sync.Mutex
	out    []byte
}

func (p *pipe) Read(b []byte) (int, error) {
	select {
	case in := <-p.to:
		return copy(b, in), nil
	case <-p.closed:
		return 0, os.ErrClosed
	}
}

func (p *pipe) Write(b []byte) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.out = append(p.out, b...)
	return len(b)
}

// said waits a time and returns what was said in it.
func (p *pipe) said(d time.Duration) string {
	time.Sleep(d)
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	defer func() { p.out = nil }()
	return string(p.out)
}

// answering runs a part in a bubble; the start text has not come yet.
func answering(t *testing.T, part Hearer, values map[string]float64, f func(s *fixed, p *pipe, n *ledger)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s, n := &fixed{values: values}, &ledger{}
		p := &pipe{to: make(chan []byte), closed: make(chan struct{})}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			(&Answerer{Port: p, Baud: 9600, Device: "part", Part: part, Source: s, Record: n}).Run(ctx)
		}()
		f(s, p, n)
		stop()
		close(p.closed)
		<-done
	})
}

func TestAnswererAnswers(t *testing.T) {
	answering(t, new(parrot), map[string]float64{"temp": 21}, func(_ *fixed, p *pipe, n *ledger) {
		if got := p.said(60 * time.Millisecond); got != "" {
			t.Errorf("%q before it can have started", got)
		}
		if got := p.said(40 * time.Millisecond); got != "hello" {
			t.Errorf("it starts with %q", got)
		}
		p.to <- []byte("?a?b")
		if got := p.said(20 * time.Millisecond); got != "" {
			t.Errorf("%q before the request can have been read", got)
		}
		if got := p.said(10 * time.Millisecond); got != "ab" {
			t.Errorf("the answers are %q", got)
		}
		want := truth.Line{Device: "part", Channel: "temp", V: 21, Resolution: 1, Via: truth.Answer, Good: true}
		lines := n.take()
		if len(lines) != 2 {
			t.Fatalf("truth %+v", lines)
		}
		if want.T = lines[0].T; lines[0] != want {
			t.Errorf("truth %+v, want %+v", lines[0], want)
		}
		p.to <- []byte("xy?") // noise, and half a request
		p.to <- []byte("c")
		if got := p.said(time.Second); got != "c" {
			t.Errorf("the answer is %q", got)
		}
		p.to <- []byte("?")
		p.said(time.Second)
		p.to <- []byte("d") // too late to belong to it
		if got := p.said(time.Second); got != "" {
			t.Errorf("half a request and a late byte are answered with %q", got)
		}
	})
}

func TestAnswererTalksInItsMode(t *testing.T) {
	answering(t, new(parrot), nil, func(_ *fixed, p *pipe, n *ledger) {
		p.said(10 * time.Second)
		p.to <- []byte("!")
		if got := p.said(3500 * time.Millisecond); got != "..." {
			t.Errorf("%q in three seconds and a half", got)
		}
		p.to <- []byte("?a")
		if got := p.said(time.Second); strings.Count(got, "a") != 1 || strings.Count(got, ".") != 1 {
			t.Errorf("asked while it talks: %q", got)
		}
		p.to <- []byte("-")
		if got := p.said(time.Minute); got != "" {
			t.Errorf("told to be quiet it says %q", got)
		}
	})
}

func TestAnswererFaults(t *testing.T) {
	for _, c := range []struct {
		name   string
		mishap scenario.Mishap
		want   func(string) bool
		lines  []truth.Line
	}{
		{"silent", scenario.Mishap{Silent: true}, func(s string) bool { return s == "" }, []truth.Line{{Device: "part", Via: truth.Silence}}},
		{"unplugged", scenario.Mishap{Unplug: true}, func(s string) bool { return s == "" }, nil},
		{"noise", scenario.Mishap{Flip: true}, func(s string) bool { return len(s) == 1 && s != "a" },
			[]truth.Line{{Device: "part", Channel: "temp", V: 21, Resolution: 1, Via: truth.Answer, Fault: "crc"}}},
		{"garbage", scenario.Mishap{Garbage: true}, func(s string) bool { return len(s) > 1 && s[len(s)-1] == 'a' },
			[]truth.Line{{Device: "part", Channel: "temp", V: 21, Resolution: 1, Via: truth.Answer, Good: true, Fault: "garbage"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			answering(t, new(parrot), map[string]float64{"temp": 21}, func(s *fixed, p *pipe, n *ledger) {
				p.said(time.Second)
				s.set(c.mishap)
				p.to <- []byte("?a")
				if got := p.said(time.Second); !c.want(got) {
					t.Errorf("it says %q", got)
				}
				lines := n.take()
				for i := range lines {
					lines[i].T = 0
				}
				if !slices.Equal(lines, c.lines) {
					t.Errorf("truth %+v, want %+v", lines, c.lines)
				}
			})
		})
	}
}

// What was silent had no power: it starts again, in the mode it starts in.
func TestAnswererStartsAgain(t *testing.T) {
	answering(t, new(parrot), nil, func(s *fixed, p *pipe, _ *ledger) {
		p.to <- []byte("!")
		p.said(2500 * time.Millisecond)
		s.set(scenario.Mishap{Silent: true})
		if got := p.said(10 * time.Second); got != "" {
			t.Errorf("without power it says %q", got)
		}
		s.set(scenario.Mishap{})
		if got := p.said(10 * time.Second); got != "hello" {
			t.Errorf("with power again it says %q", got)
		}
	})
}

// A stream of bytes that are no request is not kept.
func TestAnswererForgetsNoise(t *testing.T) {
	v := voice{Answerer: &Answerer{Baud: 9600, Part: deaf{}, Source: &fixed{}}}
	for range 100 {
		v.hear(bytes.Repeat([]byte("?"), 100), time.Now())
	}
	if len(v.heard) > maxHeard {
		t.Errorf("%d bytes are kept", len(v.heard))
	}
}

// deaf waits for the end of a request for ever.
type deaf struct{}

func (deaf) Hear([]byte, Source) (int, []Saying) { return 0, nil }
