//go:build linux

package gpio

import (
	"errors"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/labbus"
)

// labBench is a lab chip of three lines that does as it is told: 0 pulses ten times
// when it is requested with edges, 1 is an input that is low, 2 is taken.
type labBench struct {
	t     *testing.T
	path  string
	hello labbus.Message
	all   sync.WaitGroup

	mu     sync.Mutex
	l      net.Listener
	open   []net.Conn
	asked  []labbus.Request
	level  bool
	before int // edges that come before the answer to a get
	hole   bool
}

func newLabBench(t *testing.T, bus string) *labBench {
	b := &labBench{t: t, path: filepath.Join(t.TempDir(), "gpio.sock"), hello: labbus.Hello{Version: labbus.Version, Bus: bus}}
	b.plug()
	t.Cleanup(func() { b.unplug(); b.all.Wait() })
	return b
}

func (b *labBench) plug() {
	l, err := net.Listen("unix", b.path)
	if err != nil {
		b.t.Fatal(err)
	}
	b.l = l
	b.all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			b.mu.Lock()
			b.open = append(b.open, c)
			b.mu.Unlock()
			b.all.Go(func() { defer c.Close(); b.serve(c) })
		}
	})
}

func (b *labBench) unplug() {
	b.l.Close()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.open {
		c.Close()
	}
	b.open = nil
}

func (b *labBench) serve(c net.Conn) {
	out := b.hello.Append(nil)
	in := labbus.Reader{R: c}
	for {
		if _, err := c.Write(out); err != nil {
			return
		}
		m, err := in.Next()
		if err != nil {
			return
		}
		b.mu.Lock()
		out = b.answer(m)
		b.mu.Unlock()
	}
}

func (b *labBench) answer(m labbus.Message) []byte {
	switch m := m.(type) {
	case labbus.Inquiry:
		return labbus.Chip{Label: "lab", Lines: []labbus.Line{{Name: "RAIN"}, {Name: "DOOR"}, {Name: "LED", Consumer: "led0", Used: true}}}.Append(nil)
	case labbus.Request:
		b.asked = append(b.asked, m)
		if m.Line == 2 {
			return labbus.Answer{Errno: uint8(syscall.EBUSY)}.Append(nil)
		}
		return labbus.Answer{}.Append(nil)
	case labbus.Get:
		return b.pulses(labbus.Answer{Data: []byte{0}}.Append(b.edges(0, b.before)))
	case labbus.Set:
		b.level = m.On
	}
	return labbus.Answer{}.Append(nil)
}

// pulses appends ten pulses, one of them lost if there is a hole.
func (b *labBench) pulses(out []byte) []byte {
	if b.before == 0 {
		return out
	}
	return append(out, b.edges(b.before, 20)...)
}

func (b *labBench) edges(from, to int) (out []byte) {
	for i := from; i < to; i++ {
		if b.hole && (i == 6 || i == 7) {
			continue
		}
		out = labbus.Edge{At: time.Duration(i+1) * 50 * time.Millisecond, Rising: i%2 == 0, Seq: uint32(i + 1)}.Append(out)
	}
	return out
}

func labChip(t *testing.T, path string) *Chip {
	t.Helper()
	c, err := New(Config{Chip: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// Edges that come before and behind an answer are all counted, and a hole in their
// numbers is what is lost.
func TestLabPulses(t *testing.T) {
	for _, c := range []struct {
		name        string
		hole        bool
		total, lost uint64
	}{{"all", false, 10, 0}, {"one lost", true, 9, 1}} {
		t.Run(c.name, func(t *testing.T) {
			b := newLabBench(t, "gpio")
			b.before, b.hole = 6, c.hole
			n, err := labChip(t, b.path).Counter("rain", "RAIN", drivers.PinSettings{Active: "low", Pull: "up", Debounce: 10 * time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			var got drivers.PulseCount
			for end := time.Now().Add(10 * time.Second); got.Total+got.Lost < 10 && time.Now().Before(end); {
				if got, err = n.Count(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if got.Total != c.total || got.Lost != c.lost || got.Period != 100*time.Millisecond {
				t.Errorf("%+v, want %d and %d lost", got, c.total, c.lost)
			}
			want := labbus.Request{Flags: labbus.Edges | labbus.ActiveLow | labbus.PullUp, Debounce: 10 * time.Millisecond, Consumer: "lamppost"}
			if len(b.asked) != 1 || b.asked[0] != want {
				t.Errorf("requested as %+v, want %+v", b.asked, want)
			}
		})
	}
}

func TestLabLevels(t *testing.T) {
	b := newLabBench(t, "gpio")
	c := labChip(t, b.path)
	in, err := c.Input("DOOR", drivers.PinSettings{})
	if err != nil {
		t.Fatal(err)
	}
	if on, err := in.Active(t.Context()); on || err != nil {
		t.Errorf("%v, %v", on, err)
	}
	out, err := c.Output("0", OutputSettings{ActiveLow: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := out.Set(t.Context(), true); err != nil || !b.level {
		t.Errorf("set: %v, level %v", err, b.level)
	}
	if r := b.asked[1]; r.Flags != labbus.Output|labbus.ActiveLow|labbus.On {
		t.Errorf("the output is requested as %#x", r.Flags)
	}
	if _, ok, err := out.Get(t.Context()); !ok || err != nil {
		t.Errorf("get: %v, %v", ok, err)
	}
	taken, err := c.Input("LED", drivers.PinSettings{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := taken.Active(t.Context()); !errors.Is(err, drivers.ErrBusy) || !strings.Contains(err.Error(), "led0") {
		t.Errorf("a line that is taken: %v", err)
	}
	b.unplug()
	if _, err := in.Active(t.Context()); !errors.Is(err, drivers.ErrUnplugged) {
		t.Errorf("pulled out: %v", err)
	}
	if _, err := in.Active(t.Context()); !errors.Is(err, drivers.ErrUnplugged) || !strings.Contains(err.Error(), "no simulator") {
		t.Errorf("still pulled out: %v", err)
	}
	b.plug()
	if _, err := in.Active(t.Context()); err != nil {
		t.Errorf("back: %v", err)
	}
}

func TestLabChipIsTheRightOne(t *testing.T) {
	b := newLabBench(t, "i2c")
	in, err := labChip(t, b.path).Input("0", drivers.PinSettings{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := in.Active(t.Context()); !errors.Is(err, drivers.ErrProtocol) || !strings.Contains(err.Error(), "no lab GPIO chip") {
		t.Errorf("an I2C bus: %v", err)
	}
	if Simulated("/dev/gpiochip0") || Simulated("pinctrl-bcm2711") || !Simulated("/tmp/gpio.sock") {
		t.Error("a lab chip is told by its name")
	}
}
