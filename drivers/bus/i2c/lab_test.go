//go:build linux

package i2c

import (
	"errors"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/labbus"
)

// simulator serves a lab bus whose parts answer as they are told.
func simulator(t *testing.T, hello labbus.Message, answer func(labbus.Transfer) []labbus.Message) (path string, hangUp func()) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "i2c-9"+labbus.Suffix)
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, c)
			mu.Unlock()
			all.Go(func() { serveOne(c, hello, answer) })
		}
	})
	hangUp = func() {
		l.Close()
		mu.Lock()
		defer mu.Unlock()
		for _, c := range open {
			c.Close()
		}
	}
	t.Cleanup(func() { hangUp(); all.Wait() })
	return path, hangUp
}

func serveOne(c net.Conn, hello labbus.Message, answer func(labbus.Transfer) []labbus.Message) {
	defer c.Close()
	if _, err := c.Write(hello.Append(nil)); err != nil {
		return
	}
	in := labbus.Reader{R: c}
	for {
		m, err := in.Next()
		if err != nil {
			return
		}
		for _, a := range answer(m.(labbus.Transfer)) {
			if _, err := c.Write(a.Append(nil)); err != nil {
				return
			}
		}
	}
}

var greeting = labbus.Hello{Version: labbus.Version, Bus: "i2c"}

func labRead(t *testing.T, b *Bus, n int) ([]byte, error) {
	r := make([]byte, n)
	return r, b.Device(0x76).Tx(t.Context(), []byte{0xd0}, r)
}

func TestLabBus(t *testing.T) {
	path, hangUp := simulator(t, greeting, func(x labbus.Transfer) []labbus.Message {
		switch {
		case x.Address == 0x76 && string(x.Write) == "\xd0":
			return []labbus.Message{labbus.Answer{Data: make([]byte, x.Read)}}
		case x.Address == 0x10:
			return []labbus.Message{labbus.Answer{Errno: uint8(syscall.ETIMEDOUT)}}
		}
		return []labbus.Message{labbus.Answer{Errno: uint8(syscall.ENXIO)}}
	})
	b, err := New(Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if _, err := labRead(t, b, 3); err != nil {
		t.Error(err)
	}
	if err := b.Device(0x44).Tx(t.Context(), []byte{1}, nil); !errors.Is(err, drivers.ErrTimeout) || !strings.Contains(err.Error(), "nobody acknowledges") {
		t.Errorf("nobody there: %v", err)
	}
	if err := b.Device(0x10).Tx(t.Context(), []byte{1}, nil); !errors.Is(err, drivers.ErrTimeout) || !strings.Contains(err.Error(), "stuck") {
		t.Errorf("stuck: %v", err)
	}
	hangUp()
	if _, err := labRead(t, b, 3); !errors.Is(err, drivers.ErrUnplugged) {
		t.Errorf("the simulator ended: %v", err)
	}
	if _, err := labRead(t, b, 3); !errors.Is(err, drivers.ErrUnplugged) {
		t.Errorf("afterwards: %v", err)
	}
	if h := b.Health(); h.Fault == nil || h.Lost.IsZero() || h.Transactions != 1 {
		t.Errorf("health %+v", h)
	}
}

// What does not follow the protocol is a fault with a name; the next transaction is
// carried out on a connection of its own.
func TestLabBusThatErrs(t *testing.T) {
	for name, wrong := range map[string][]labbus.Message{
		"too little":    {labbus.Answer{Data: []byte{1}}},
		"too much":      {labbus.Answer{Data: make([]byte, 9)}},
		"not an answer": {labbus.Get{}},
	} {
		t.Run(name, func(t *testing.T) {
			calls := 0
			path, _ := simulator(t, greeting, func(x labbus.Transfer) []labbus.Message {
				if calls++; calls == 1 {
					return wrong
				}
				return []labbus.Message{labbus.Answer{Data: make([]byte, x.Read)}}
			})
			b, err := New(Config{Path: path})
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			if _, err := labRead(t, b, 3); !errors.Is(err, drivers.ErrProtocol) {
				t.Errorf("first: %v", err)
			}
			if _, err := labRead(t, b, 3); err != nil {
				t.Errorf("then: %v", err)
			}
		})
	}
}

func TestLabBusIsTheRightOne(t *testing.T) {
	for name, hello := range map[string]labbus.Message{"a chip": labbus.Hello{Version: labbus.Version, Bus: "gpio"},
		"another version": labbus.Hello{Version: 9, Bus: "i2c"}, "something else": labbus.Get{}} {
		path, _ := simulator(t, hello, nil)
		if _, err := openNode(path); !errors.Is(err, drivers.ErrProtocol) || !strings.Contains(err.Error(), "no lab I2C bus") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := openNode(filepath.Join(t.TempDir(), "none.sock")); !errors.Is(err, drivers.ErrUnplugged) || !strings.Contains(err.Error(), "lamppost-sim") {
		t.Errorf("no simulator: %v", err)
	}
	if Simulated("/dev/i2c-1") || !Simulated("/tmp/i2c-1.sock") {
		t.Error("a lab bus is told by its name")
	}
}
