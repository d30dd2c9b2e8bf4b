package modbusslave

import (
	"context"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// ledger is a notebook for several goroutines.
type ledger struct {
	mu sync.Mutex
	notebook
}

func (l *ledger) Add(lines ...truth.Line) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.notebook.Add(lines...)
}

func (l *ledger) copy() []truth.Line {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]truth.Line(nil), l.lines...)
}

// changing is a source whose mishap a test changes meanwhile.
type changing struct {
	mu sync.Mutex
	fixed
}

func (c *changing) Mishap() scenario.Mishap {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mishap
}

func (c *changing) set(m scenario.Mishap) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mishap = m
}

// host serves a meter as unit 1 on a loopback port.
func host(t *testing.T) (h *Host, source *changing, log *ledger, address string) {
	t.Helper()
	source, log = &changing{fixed: fixed{values: map[string]float64{"voltage": 230.2, "power": 1234}}}, &ledger{}
	h = &Host{Units: []*Unit{meter(t, source)}, Record: log}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- h.Serve(ctx, ln) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return h, source, log, ln.Addr().String()
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return c
}

// ask sends a request and returns as many bytes as want has.
func ask(t *testing.T, c net.Conn, request, want string) {
	t.Helper()
	if _, err := c.Write(unhex(t, request)); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(unhex(t, want)))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != string(unhex(t, want)) {
		t.Errorf("asked %s: % X (%v), want %s", request, got, err, want)
	}
}

func TestHostAnswers(t *testing.T) {
	_, _, log, address := host(t)
	c := dial(t, address)
	ask(t, c, "00 01 00 00 00 06 01 04 00 00 00 02", "00 01 00 00 00 07 01 04 04 43 66 33 33")
	ask(t, c, "BE EF 00 00 00 06 FF 04 00 0C 00 02", "BE EF 00 00 00 07 FF 04 04 44 9A 40 00")
	ask(t, c, "00 02 00 00 00 06 01 04 10 00 00 01", "00 02 00 00 00 03 01 84 02") // no such register
	ask(t, c, "00 03 00 00 00 06 11 03 00 6B 00 03", "00 03 00 00 00 03 11 83 0B") // no such unit
	ask(t, c, "00 04 00 00 00 02 01 04", "00 04 00 00 00 03 01 84 03")             // no address in it
	if lines := log.copy(); len(lines) != 2 || lines[0].Channel != "voltage" || lines[1].V != 1234 || !lines[1].Good || lines[0].T == 0 {
		t.Errorf("truth %+v", lines)
	}
}

func TestHostEndsWhatIsNotModbus(t *testing.T) {
	_, _, _, address := host(t)
	for _, junk := range []string{"47 45 54 20 2F 20 48 54 54 50", "00 01 00 00 00 01 01", "00 01 00 00 FF FF 01 04"} {
		c := dial(t, address)
		if _, err := c.Write(unhex(t, junk)); err != nil {
			t.Fatal(err)
		}
		if n, err := c.Read(make([]byte, 1)); err == nil || n != 0 {
			t.Errorf("%s was answered", junk)
		}
	}
	ask(t, dial(t, address), "00 01 00 00 00 06 01 04 00 00 00 02", "00 01 00 00 00 07 01 04 04 43 66 33 33")
}

func TestHostFaults(t *testing.T) {
	h, source, log, address := host(t)
	c := dial(t, address)
	source.set(scenario.Mishap{Silent: true})
	if _, err := c.Write(unhex(t, "00 01 00 00 00 06 01 04 00 00 00 02")); err != nil {
		t.Fatal(err)
	}
	for len(log.copy()) == 0 {
		if err := c.SetReadDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		if n, _ := c.Read(make([]byte, 1)); n != 0 {
			t.Fatal("a silent unit answered")
		}
	}
	if l := log.copy()[0]; l.Via != truth.Silence || l.Device != "pump" {
		t.Errorf("truth %+v, want the silence", l)
	}
	h.Cut(true)
	if _, err := io.ReadAll(dial(t, address)); err != nil {
		t.Logf("a connection while the cable is out ends with %v", err)
	}
	if err := c.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("the old connection lives on without a cable")
	}
	h.Cut(false)
	source.set(scenario.Mishap{Flip: true}) // TCP delivers whole
	ask(t, dial(t, address), "00 01 00 00 00 06 01 04 00 00 00 02", "00 01 00 00 00 07 01 04 04 43 66 33 33")
}
