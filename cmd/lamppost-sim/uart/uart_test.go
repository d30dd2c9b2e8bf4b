package uart

import (
	"bytes"
	"context"
	"encoding/hex"
	"math"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// fixed is a source whose mishap a test changes.
type fixed struct {
	values map[string]float64
	mu     sync.Mutex
	mishap scenario.Mishap
}

func (f *fixed) Value(channel string) float64 { return f.values[channel] }

func (f *fixed) Mishap() scenario.Mishap {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.mishap
}

func (f *fixed) set(m scenario.Mishap) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mishap = m
}

// The frames are public captures and library tests; their sums were computed
// apart from this code.
func TestPlantowerVectors(t *testing.T) {
	for _, c := range []struct {
		name  string
		words []float64
		want  string
	}{
		{"capture", []float64{0, 8, 8, 0, 8, 8, 210, 70, 45, 30, 0, 0, 0x9700}, "42 4D 00 1C 00 00 00 08 00 08 00 00 00 08 00 08 00 D2 00 46 00 2D 00 1E 00 00 00 00 97 00 02 C5"},
		{"library test", []float64{5, 13, 22, 5, 13, 22, 765, 252, 29, 15, 6, 6, 0x9700}, "42 4D 00 1C 00 05 00 0D 00 16 00 05 00 0D 00 16 02 FD 00 FC 00 1D 00 0F 00 06 00 06 97 00 03 C5"},
		{"counts at their end", []float64{999, 1000, 1000, 999, 1000, 1000, 65535, 65535, 1234, 56, 7, 1, 0x9700}, "42 4D 00 1C 03 E7 03 E8 03 E8 03 E7 03 E8 03 E8 FF FF FF FF 04 D2 00 38 00 07 00 01 97 00 0B D4"},
		{"PMS3003", []float64{9, 13, 14, 9, 13, 14, 0, 0, 0}, "42 4D 00 14 00 09 00 0D 00 0E 00 09 00 0D 00 0E 00 00 00 00 00 00 00 EB"},
	} {
		if got := plantower(c.words); !bytes.Equal(got, unhex(t, c.want)) {
			t.Errorf("%s: % X\nwant %s", c.name, got, c.want)
		}
	}
}

func TestPMS5003(t *testing.T) {
	air := &fixed{values: map[string]float64{"pm1": 4.6, "pm2_5": 13.2, "pm10": 22.4, "particles_0_3": 765, "particles_0_5": 252,
		"particles_1": 29, "particles_2_5": 15, "particles_5": 6, "particles_10": 6}}
	frame, lines := new(PMS5003).Frame(air)
	if want := unhex(t, "42 4D 00 1C 00 05 00 0D 00 16 00 05 00 0D 00 16 02 FD 00 FC 00 1D 00 0F 00 06 00 06 97 00 03 C5"); !bytes.Equal(frame, want) {
		t.Errorf("frame % X\nwant  % X", frame, want)
	}
	if len(lines) != 3 || lines[0].V != 5 || lines[1].V != 13 || lines[2].V != 22 || lines[1].Resolution != 1 {
		t.Errorf("truth %+v", lines)
	}
	haze := &fixed{values: map[string]float64{"pm1": 147, "pm2_5": 226, "pm10": 277, "particles_0_3": 99999}}
	frame, _ = new(PMS5003).Frame(haze)
	if want := unhex(t, "00 DD 01 53 01 A0 00 93 00 E2 01 15 FF FF"); !bytes.Equal(frame[4:18], want) { // ×1.5, and the counter's end
		t.Errorf("in haze % X, want % X", frame[4:18], want)
	}
	last := time.Duration(0)
	for p := new(PMS5003); p.frames < 50; {
		d := p.Pause()
		if d < 900*time.Millisecond || d > 1100*time.Millisecond || d == last {
			t.Errorf("pause %v after %v", d, last)
		}
		last = d
	}
}

func TestA02YYUW(t *testing.T) {
	for _, c := range []struct {
		height, level float64
		want          string
		truth         float64 // NaN-free: -1 means no line
	}{
		{3.2, 1.247, "FF 07 A1 A7", 1.247},   // 1953 mm
		{3.2, 1.966, "FF 04 D2 D5", 1.966},   // 1234 mm
		{4.6, 0.0, "FF 11 94 A4", 0.1},       // 4500 mm: farther is not seen
		{3.2, 3.3, "FF 00 1E 1D", -1},        // the blind zone
		{3.2, math.NaN(), "FF 00 1E 1D", -1}, // missing: no echo
		{3.2, 0.1534, "FF 0B E7 F1", 0.153},
	} {
		frame, lines := A02YYUW{Height: c.height}.Frame(&fixed{values: map[string]float64{"level": c.level}})
		if !bytes.Equal(frame, unhex(t, c.want)) {
			t.Errorf("level %v below %v: % X, want %s", c.level, c.height, frame, c.want)
		}
		if c.truth < 0 && len(lines) != 0 || c.truth >= 0 && (len(lines) != 1 || lines[0].V != c.truth || lines[0].Channel != "level") {
			t.Errorf("level %v: truth %+v, want %v", c.level, lines, c.truth)
		}
	}
}

// wire is a port in memory.
type wire struct {
	closed chan struct{}
	mu     sync.Mutex
	out    []byte
	deaf   bool
}

func (w *wire) Read([]byte) (int, error) { <-w.closed; return 0, os.ErrClosed }

func (w *wire) Write(b []byte) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.deaf {
		return 0
	}
	w.out = append(w.out, b...)
	return len(b)
}

func (w *wire) heard() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(w.out)
	w.out = nil
	return n
}

func (w *wire) deafen(deaf bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.deaf = deaf
}

type ledger struct {
	mu    sync.Mutex
	lines []truth.Line
}

func (l *ledger) Add(lines ...truth.Line) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, lines...)
}

func (l *ledger) take() []truth.Line {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := l.lines
	l.lines = nil
	return lines
}

// ranging runs a range finder in a bubble.
func ranging(t *testing.T, f func(s *fixed, w *wire, n *ledger)) {
	synctest.Test(t, func(t *testing.T) {
		s, w, n := &fixed{values: map[string]float64{"level": 1.247}}, &wire{closed: make(chan struct{})}, &ledger{}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			(&Talker{Port: w, Baud: 9600, Device: "underpass", Part: A02YYUW{Height: 3.2}, Source: s, Record: n}).Run(ctx)
		}()
		f(s, w, n)
		stop()
		close(w.closed)
		<-done
	})
}

func TestTalkerTalks(t *testing.T) {
	ranging(t, func(_ *fixed, w *wire, n *ledger) {
		time.Sleep(10 * time.Second)
		lines := n.take()
		if len(lines) < 66 || len(lines) > 67 || w.heard() != 4*len(lines) {
			t.Fatalf("%d frames in ten seconds, want one each 150 ms", len(lines))
		}
		if d := lines[1].T - lines[0].T; d != 150 {
			t.Errorf("%d ms between frames, want 150", d)
		}
		want := truth.Line{T: lines[0].T, Device: "underpass", Channel: "level", V: 1.247, Resolution: 0.001, Via: truth.Frame, Good: true}
		if lines[0] != want {
			t.Errorf("truth %+v, want %+v", lines[0], want)
		}
	})
}

func TestTalkerFaults(t *testing.T) {
	for _, c := range []struct {
		name       string
		mishap     scenario.Mishap
		least, max int // bytes in a second
		lines      int // at least
		good       bool
		fault      string
	}{
		{"silent", scenario.Mishap{Silent: true}, 0, 0, 0, false, ""},
		{"unplugged", scenario.Mishap{Unplug: true}, 0, 0, 0, false, ""},
		{"noise", scenario.Mishap{Flip: true}, 20, 28, 6, false, "crc"},
		{"garbage", scenario.Mishap{Garbage: true}, 30, 120, 6, true, "garbage"},
		{"slow", scenario.Mishap{Delay: time.Second}, 0, 8, 1, true, "slow"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ranging(t, func(s *fixed, w *wire, n *ledger) {
				s.set(c.mishap)
				time.Sleep(2 * time.Second)
				w.heard()
				n.take()
				time.Sleep(time.Second)
				bytes, lines := w.heard(), n.take()
				if bytes < c.least || bytes > c.max || len(lines) < c.lines {
					t.Errorf("%d bytes and %d lines in a second, want %d to %d and %d", bytes, len(lines), c.least, c.max, c.lines)
				}
				for _, l := range lines {
					if l.Good != c.good || l.Fault != c.fault {
						t.Errorf("truth %+v, want good %v and fault %q", l, c.good, c.fault)
					}
				}
			})
		})
	}
}

func TestTalkerWithoutReader(t *testing.T) {
	ranging(t, func(_ *fixed, w *wire, n *ledger) {
		w.deafen(true)
		time.Sleep(time.Second)
		n.take()
		time.Sleep(time.Minute)
		if lines := n.take(); len(lines) != 0 {
			t.Errorf("truth %+v of frames that nobody got", lines)
		}
		w.deafen(false)
		time.Sleep(time.Second)
		if lines := n.take(); len(lines) < 6 || len(lines) > 7 {
			t.Errorf("%d frames in the second after, want none to be caught up", len(lines))
		}
	})
}

func BenchmarkFrame(b *testing.B) {
	s := &fixed{values: map[string]float64{"pm1": 5, "pm2_5": 13, "pm10": 22, "particles_0_3": 765}}
	p := new(PMS5003)
	b.ReportAllocs()
	for b.Loop() {
		if f, _ := p.Frame(s); len(f) != 32 {
			b.Fatal(len(f))
		}
	}
}
