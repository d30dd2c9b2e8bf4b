package modbusslave

import (
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// wire is a port in memory. What is written to it is kept with its time.
type wire struct {
	in   chan []byte
	mu   sync.Mutex
	out  []byte
	ends time.Time
	deaf bool // nobody has it open
}

func newWire() *wire { return &wire{in: make(chan []byte, 8)} }

func (w *wire) Read(b []byte) (int, error) {
	p, ok := <-w.in
	if !ok {
		return 0, os.ErrClosed
	}
	return copy(b, p), nil
}

func (w *wire) Write(b []byte) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.deaf {
		return 0
	}
	w.out, w.ends = append(w.out, b...), time.Now()
	return len(b)
}

func (w *wire) heard() []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := w.out
	w.out = nil
	return b
}

// street runs a line with a thermometer at 1 and a meter at 2 in a bubble.
func street(t *testing.T, f func(w *wire, n *ledger, thermo, meterSource *fixed)) {
	synctest.Test(t, func(t *testing.T) {
		n, w := &ledger{}, newWire()
		a := &fixed{values: map[string]float64{"temp": 30.5, "rh": 54.6}}
		b := &fixed{values: map[string]float64{"voltage": 230.2, "power": 1234}}
		one, two := thermometer(t, a), meter(t, b)
		two.Address, one.Turnaround, two.Turnaround = 2, 15*time.Millisecond, 15*time.Millisecond
		l := &Line{Port: w, Baud: 9600, Units: []*Unit{one, two}, Record: n}
		done := make(chan struct{})
		go func() { l.Serve(); close(done) }()
		f(w, n, a, b)
		synctest.Wait()
		close(w.in)
		<-done
	})
}

const (
	askThermo = "01 04 00 01 00 01 60 0A"
	thermoHas = "01 04 02 01 31 79 74"
)

func TestLinePacing(t *testing.T) {
	street(t, func(w *wire, n *ledger, _, _ *fixed) {
		begin := time.Now()
		w.in <- unhex(t, askThermo)
		time.Sleep(time.Second)
		if got := w.heard(); string(got) != string(unhex(t, thermoHas)) {
			t.Fatalf("the line said % X", got)
		}
		// 8 characters of request, 15 ms turnaround, 7 of answer, at 10 bits each
		want := 15*time.Millisecond + 15*10*time.Second/9600
		if took := w.ends.Sub(begin); took < want-time.Microsecond || took > want+time.Millisecond {
			t.Errorf("the last byte left after %v, want %v", took, want)
		}
		want2 := truth.Line{T: w.ends.UnixMilli(), Device: "cabinet", Channel: "temp", V: 30.5, Resolution: 0.1, Via: truth.Answer, Good: true}
		if len(n.copy()) != 1 || n.copy()[0] != want2 {
			t.Errorf("truth %+v, want %+v", n.copy(), want2)
		}
	})
}

func TestLineTakesRequestsApart(t *testing.T) {
	for _, c := range []struct {
		name    string
		pieces  []string
		pauses  time.Duration
		answers int
	}{
		{"in two pieces", []string{"01 04 00 01", "00 01 60 0A"}, 2 * time.Millisecond, 1},
		{"two at once", []string{askThermo + askThermo}, 0, 2},
		{"torn by silence", []string{"01 04 00 01", "00 01 60 0A"}, 100 * time.Millisecond, 0},
		{"noise, silence, request", []string{"FF 00 13 37", askThermo}, 100 * time.Millisecond, 1},
		{"wrong checksum", []string{"01 04 00 01 00 01 60 0B"}, 0, 0},
		{"another slave", []string{"07 04 00 01 00 01 60 6C"}, 0, 0},
		{"broadcast", []string{"00 06 00 10 00 01 48 1E"}, 0, 0},
		{"five hundred bytes of noise, silence, request", []string{noiseHex(500), askThermo}, 100 * time.Millisecond, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			street(t, func(w *wire, n *ledger, _, _ *fixed) {
				for _, p := range c.pieces {
					w.in <- unhex(t, p)
					time.Sleep(c.pauses)
				}
				time.Sleep(time.Second)
				if got := len(w.heard()); got != 7*c.answers || len(n.copy()) != c.answers {
					t.Errorf("%d bytes of answers and %d lines of truth, want %d answers", got, len(n.copy()), c.answers)
				}
			})
		})
	}
}

func noiseHex(n int) string {
	b := make([]byte, 2*n)
	for i := range b {
		b[i] = "5A"[i%2]
	}
	return string(b)
}

func TestLineFaults(t *testing.T) {
	for _, c := range []struct {
		name   string
		mishap scenario.Mishap
		bytes  func(n int) bool
		lines  []truth.Line // T is not compared
	}{
		{"silent", scenario.Mishap{Silent: true}, func(n int) bool { return n == 0 }, []truth.Line{{Device: "cabinet", Via: truth.Silence}}},
		{"noise", scenario.Mishap{Flip: true}, func(n int) bool { return n == 7 },
			[]truth.Line{{Device: "cabinet", Channel: "temp", V: 30.5, Resolution: 0.1, Via: truth.Answer, Fault: "crc"}}},
		{"garbage", scenario.Mishap{Garbage: true}, func(n int) bool { return n > 7 && n < 20 },
			[]truth.Line{{Device: "cabinet", Channel: "temp", V: 30.5, Resolution: 0.1, Via: truth.Answer, Good: true, Fault: "garbage"}}},
		{"unplugged", scenario.Mishap{Unplug: true}, func(n int) bool { return n == 0 }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			street(t, func(w *wire, n *ledger, thermo, _ *fixed) {
				thermo.mishap = c.mishap
				w.in <- unhex(t, askThermo)
				time.Sleep(time.Second)
				if got := w.heard(); !c.bytes(len(got)) || string(got) == string(unhex(t, thermoHas)) {
					t.Errorf("the line said % X", got)
				}
				lines := n.copy()
				for i := range lines {
					lines[i].T = 0
				}
				if len(lines) != len(c.lines) || len(c.lines) > 0 && lines[0] != c.lines[0] {
					t.Errorf("truth %+v, want %+v", lines, c.lines)
				}
			})
		})
	}
}

// A slow slave's answer comes late; meanwhile the next one is asked and answers
// in its own time.
func TestLineSlowSlaveDoesNotHoldUpTheOther(t *testing.T) {
	street(t, func(w *wire, n *ledger, thermo, _ *fixed) {
		thermo.mishap = scenario.Mishap{Delay: 600 * time.Millisecond}
		w.in <- unhex(t, askThermo)
		time.Sleep(300 * time.Millisecond)
		w.in <- seal([]byte{2, 4, 0, 0, 0, 2})
		time.Sleep(200 * time.Millisecond)
		if got := w.heard(); len(got) != 9 || got[0] != 2 {
			t.Errorf("half a second in, the line had said % X; want the meter's answer", got)
		}
		time.Sleep(time.Second)
		if got := w.heard(); string(got) != string(unhex(t, thermoHas)) {
			t.Errorf("then it said % X; want the late answer", got)
		}
		if len(n.copy()) != 2 || n.copy()[1].Fault != "slow" || !n.copy()[1].Good {
			t.Errorf("truth %+v", n.copy())
		}
	})
}

func TestLineWithoutReader(t *testing.T) {
	street(t, func(w *wire, n *ledger, _, _ *fixed) {
		w.deaf = true
		w.in <- unhex(t, askThermo)
		time.Sleep(time.Second)
		if len(n.copy()) != 0 {
			t.Errorf("truth %+v of an answer that nobody got", n.copy())
		}
	})
}
