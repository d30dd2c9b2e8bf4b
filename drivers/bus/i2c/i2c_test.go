//go:build linux

package i2c

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"periph.io/x/conn/v3/i2c"
	"periph.io/x/conn/v3/i2c/i2ctest"
)

// bench is a machine with one bus that does as it is told.
type bench struct {
	absent bool
	bound  map[uint8]string // addresses that the kernel has
	answer func(addr uint16, w, r []byte) error
	opens  int
	open   bool
	mu     sync.Mutex
}

func (m *bench) machine() machine {
	return machine{
		there: func(string) bool { return !m.absent },
		taken: func(_ string, a uint8) string { return m.bound[a] },
		open: func(string) (conn, error) {
			if m.absent {
				return nil, fmt.Errorf("%w: there is no such bus", drivers.ErrUnplugged)
			}
			m.mu.Lock()
			defer m.mu.Unlock()
			m.opens, m.open = m.opens+1, true
			return m, nil
		},
	}
}

func (m *bench) Tx(addr uint16, w, r []byte) error { return m.answer(addr, w, r) }

func (m *bench) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.open = false
	return nil
}

func (m *bench) isOpen() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.open
}

// echo answers every read with the address.
func echo(addr uint16, _, r []byte) error {
	for i := range r {
		r[i] = byte(addr)
	}
	return nil
}

// periphErr is what periph makes of a kernel's error.
func periphErr(e syscall.Errno) error { return fmt.Errorf("sysfs-i2c: %v", e) }

func try(m *bench, test func(*testing.T, *Bus)) func(*testing.T) {
	return func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBus(Config{Path: "/dev/i2c-7"}, m.machine())
			defer func() {
				if err := b.Close(); err != nil {
					t.Error(err)
				}
				if m.isOpen() {
					t.Error("the device node is still open")
				}
			}()
			test(t, b)
		})
	}
}

func read(ctx context.Context, b *Bus, addr uint8) ([]byte, error) {
	r := make([]byte, 2)
	err := b.Device(addr).Tx(ctx, []byte{0xd0}, r)
	return r, err
}

func TestFaultsHaveNames(t *testing.T) {
	for _, c := range []struct {
		errno syscall.Errno
		as    error
		word  string
		tries int
		text  string
	}{
		{syscall.ENXIO, drivers.ErrTimeout, "timeout", 3, "nobody acknowledges"},
		{syscall.EREMOTEIO, drivers.ErrTimeout, "timeout", 3, "nobody acknowledges"},
		{syscall.ETIMEDOUT, drivers.ErrTimeout, "timeout", 1, "SDA or SCL held low"},
		{syscall.EAGAIN, drivers.ErrBusy, "busy", 3, "another master"},
		{syscall.EINTR, drivers.ErrBusy, "busy", 3, "cut the transfer short"},
		{syscall.ENODEV, drivers.ErrUnplugged, "unplugged", 1, "gone"},
		{syscall.EIO, drivers.ErrProtocol, "protocol", 1, "errno 5"},
		{syscall.EOPNOTSUPP, drivers.ErrProtocol, "protocol", 1, "SMBus only"},
	} {
		tries := 0
		m := &bench{answer: func(uint16, []byte, []byte) error { tries++; return periphErr(c.errno) }}
		t.Run(c.errno.Error(), try(m, func(t *testing.T, b *Bus) {
			_, err := read(t.Context(), b, 0x76)
			if !errors.Is(err, c.as) || drivers.FaultWord(err) != c.word || !errors.Is(err, c.errno) {
				t.Errorf("errno %d becomes %v", c.errno, err)
			}
			for _, want := range []string{"/dev/i2c-7 0x76: ", c.text} {
				if !strings.Contains(fmt.Sprint(err), want) {
					t.Errorf("%v does not say %q", err, want)
				}
			}
			if tries != c.tries {
				t.Errorf("%d tries, want %d", tries, c.tries)
			}
		}))
	}
}

// A part that misses one call is asked again; a part that is not there does not treble
// the traffic for ever.
func TestRetriesHaveABudget(t *testing.T) {
	tries := 0
	m := &bench{answer: func(uint16, []byte, []byte) error { tries++; return periphErr(syscall.ENXIO) }}
	try(m, func(t *testing.T, b *Bus) {
		const calls = 1000
		for range calls {
			if _, err := read(t.Context(), b, 0x40); err == nil {
				t.Fatal("silence gave bytes")
			}
		}
		if limit := calls + calls/10 + maxSpare/100; tries > limit || tries < calls+calls/10 {
			t.Errorf("%d calls made %d tries, want a tenth more", calls, tries)
		}
		m.answer = func(_ uint16, _, r []byte) error {
			if tries++; tries%20 == 0 {
				return periphErr(syscall.ENXIO)
			}
			r[0] = 1
			return nil
		}
		for range calls {
			if _, err := read(t.Context(), b, 0x40); err != nil {
				t.Fatalf("one miss in twenty: %v", err)
			}
		}
		if h := b.Health(); h.Transactions != calls || h.NoAck == 0 || h.Retries == 0 {
			t.Errorf("health %+v", h)
		}
	})(t)
}

// The kernel hangs in a transaction: the caller's context ends the call, the others on
// the bus are told why they wait, nobody piles up, and afterwards the bus goes on.
func TestStuckInTheKernel(t *testing.T) {
	m := &bench{}
	try(m, func(t *testing.T, b *Bus) {
		release := make(chan struct{})
		m.answer = func(_ uint16, _, r []byte) error {
			<-release
			r[0] = 0xee
			return nil
		}
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		got, err := read(ctx, b, 0x76)
		if !errors.Is(err, drivers.ErrTimeout) || !strings.Contains(err.Error(), "SDA or SCL") {
			t.Errorf("stuck: %v", err)
		}
		before := runtime.NumGoroutine()
		for range 5 {
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			if _, err := read(ctx, b, 0x77); !errors.Is(err, drivers.ErrTimeout) {
				t.Errorf("another part on the stuck bus: %v", err)
			}
			cancel()
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := read(gone, b, 0x77); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
		if n := runtime.NumGoroutine(); n != before {
			t.Errorf("%d goroutines, %d before", n, before)
		}
		if h := b.Health(); h.Stuck != 6 || h.Busy != 800*time.Millisecond {
			t.Errorf("health %+v", h)
		}
		close(release)
		synctest.Wait()
		if got[0] != 0 {
			t.Error("a call that was over wrote into its caller's bytes")
		}
		m.answer = echo
		if got, err := read(t.Context(), b, 0x77); err != nil || got[0] != 0x77 {
			t.Errorf("afterwards: % x, %v", got, err)
		}
	})(t)
}

func TestCloseWhileStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		m := &bench{answer: func(uint16, []byte, []byte) error { <-release; return nil }}
		b := newBus(Config{Path: "/dev/i2c-7"}, m.machine())
		done := make(chan error, 1)
		go func() {
			_, err := read(t.Context(), b, 0x76)
			done <- err
		}()
		synctest.Wait()
		waiting := make(chan error, 1)
		go func() {
			_, err := read(t.Context(), b, 0x77)
			waiting <- err
		}()
		synctest.Wait()
		if err := b.Close(); err == nil {
			t.Error("Close does not say that the kernel has a transaction")
		}
		if err := <-waiting; !errors.Is(err, os.ErrClosed) {
			t.Errorf("who waited is told %v", err)
		}
		close(release)
		if err := <-done; err != nil {
			t.Errorf("the transaction that was carried out: %v", err)
		}
		synctest.Wait()
		if m.isOpen() {
			t.Error("the node stays open")
		}
		if _, err := read(t.Context(), b, 0x76); !errors.Is(err, os.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	})
}

func TestAdapterGoneAndBack(t *testing.T) {
	m := &bench{answer: echo, absent: true}
	try(m, func(t *testing.T, b *Bus) {
		for range 50 {
			if _, err := read(t.Context(), b, 0x76); !errors.Is(err, drivers.ErrUnplugged) {
				t.Fatalf("absent: %v", err)
			}
		}
		m.absent = false
		if _, err := read(t.Context(), b, 0x76); err == nil || !strings.Contains(err.Error(), "next try in") {
			t.Errorf("opened again without a pause: %v", err)
		}
		<-time.After(maxPause)
		if _, err := read(t.Context(), b, 0x76); err != nil {
			t.Errorf("back: %v", err)
		}
		m.absent = true // pulled while it is open
		if _, err := read(t.Context(), b, 0x76); !errors.Is(err, drivers.ErrUnplugged) || m.isOpen() {
			t.Errorf("pulled: %v, node open: %v", err, m.isOpen())
		}
		if h := b.Health(); h.Lost.IsZero() || h.Fault == nil {
			t.Errorf("health %+v", h)
		}
		m.absent = false
		<-time.After(maxPause)
		if _, err := read(t.Context(), b, 0x76); err != nil {
			t.Errorf("back again: %v", err)
		}
		if h := b.Health(); h.Reopened != 1 || h.Fault != nil || !h.Lost.IsZero() {
			t.Errorf("health %+v", h)
		}
		<-time.After(2 * idle)
		if m.isOpen() {
			t.Error("the node is held though nobody uses it")
		}
	})(t)
}

func TestKernelHasTheAddress(t *testing.T) {
	m := &bench{answer: echo, bound: map[uint8]string{0x76: "bmp280"}}
	try(m, func(t *testing.T, b *Bus) {
		if _, err := read(t.Context(), b, 0x76); !errors.Is(err, drivers.ErrBusy) || !strings.Contains(err.Error(), "bmp280") {
			t.Errorf("an address of the kernel's: %v", err)
		}
		if _, err := read(t.Context(), b, 0x77); err != nil {
			t.Error(err)
		}
	})(t)
}

func TestTraceIsTheWire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []string
		m := &bench{answer: echo}
		b := newBus(Config{Path: "x", Trace: func(sent bool, p []byte, _ time.Time) {
			got = append(got, fmt.Sprintf("%v % x", sent, p))
		}}, m.machine())
		if _, err := read(t.Context(), b, 0x76); err != nil {
			t.Error(err)
		}
		if want := []string{"true ec d0", "false ed 76 76"}; !slices.Equal(got, want) {
			t.Errorf("trace %q, want %q", got, want)
		}
		b.Close()
	})
}

// What the driver writes and reads goes to periph's bus as it is.
func TestThroughPeriph(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &i2ctest.Playback{DontPanic: true, Ops: []i2ctest.IO{{Addr: 0x76, W: []byte{0xd0}, R: []byte{0x60, 0}}, {Addr: 0x44, W: []byte{0x24, 0}}}}
		var _ i2c.BusCloser = p
		b := newBus(Config{Path: "x"}, machine{open: func(string) (conn, error) { return p, nil },
			there: func(string) bool { return true }, taken: func(string, uint8) string { return "" }})
		if got, err := read(t.Context(), b, 0x76); err != nil || got[0] != 0x60 {
			t.Errorf("% x, %v", got, err)
		}
		if err := b.Device(0x44).Tx(t.Context(), []byte{0x24, 0}, nil); err != nil {
			t.Error(err)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		if p.Count != len(p.Ops) {
			t.Errorf("%d of %d transactions", p.Count, len(p.Ops))
		}
	})
}

func TestLimits(t *testing.T) {
	m := &bench{answer: echo}
	try(m, func(t *testing.T, b *Bus) {
		if err := b.Device(1).Tx(t.Context(), make([]byte, MaxLen+1), nil); err == nil {
			t.Error("more than the kernel takes was sent")
		}
		if err := b.Device(1).Tx(t.Context(), nil, nil); err != nil || m.opens != 0 {
			t.Errorf("nothing at all: %v, %d opens", err, m.opens)
		}
	})(t)
	if _, err := New(Config{}); err == nil {
		t.Error("a bus without a path")
	}
}

func TestNodes(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "sensors")
	if err := os.Symlink("/dev/null", link); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{filepath.Join(dir, "none"): "no such bus", link: "/dev/null is no I2C bus", "/dev/null": "is no I2C bus"} {
		if _, err := openNode(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("openNode(%s): %v, want %q", path, err, want)
		}
	}
	if _, err := openNode(filepath.Join(dir, "none")); !errors.Is(err, drivers.ErrUnplugged) {
		t.Errorf("a bus that is not there: %v", err)
	}
}
