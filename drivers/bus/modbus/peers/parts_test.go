//go:build linux

package peers

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/bus/modbus"
	"github.com/lamppost-city/lamppost/drivers/bus/serial"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// soon is how long something that happens at once on an idle machine may take on one
// that is busy. It only ever ends a test that fails.
const soon = 60 * time.Second

// baud is the speed that the serial lines are set to. A pseudo terminal keeps none.
const baud = 115200

// need skips the test, or fails it where all parts must be there.
func need(t *testing.T, what string, there bool) {
	t.Helper()
	switch {
	case there:
	case os.Getenv("LAMPPOST_REQUIRE_PARTS") != "":
		t.Fatalf("%s is not installed; run make setup", what)
	default:
		t.Skipf("%s is not installed; run make setup", what)
	}
}

// program finds a program.
func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	need(t, name, err == nil)
	return path
}

// python is the interpreter for which Debian installs its modules; another one may come
// first in the path.
const python = "/usr/bin/python3"

// pymodbus starts a server in Python.
func pymodbus(t *testing.T, args ...string) {
	t.Helper()
	need(t, "python3-pymodbus", exec.Command(python, "-c", "import pymodbus.server, serial_asyncio").Run() == nil)
	start(t, python, append([]string{"testdata/server.py"}, args...)...)
}

// libmodbus compiles a server in C, once, and starts it.
func libmodbus(t *testing.T, args ...string) {
	t.Helper()
	header, err := os.Stat("/usr/include/modbus/modbus.h")
	need(t, "libmodbus-dev", err == nil && !header.IsDir())
	cc := program(t, "cc")
	binary := filepath.Join(t.TempDir(), "server")
	out, err := exec.Command(cc, "-O1", "-Wall", "-Werror", "-I/usr/include/modbus", "-o", binary, "testdata/server.c", "-lmodbus").CombinedOutput()
	if err != nil {
		t.Fatalf("cc: %v\n%s", err, out)
	}
	start(t, binary, args...)
}

// start runs a program until the test ends, and shows what it said if that failed.
func start(t *testing.T, name string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, name, args...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // it was killed
		if t.Failed() {
			t.Logf("%s said:\n%s", filepath.Base(name), said.Bytes())
		}
	})
}

// port returns a loopback port that is free now.
func port(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
}

// socat makes a serial line with two ends.
func socat(t *testing.T) (ours, theirs string) {
	t.Helper()
	path := program(t, "socat")
	dir := t.TempDir()
	ours, theirs = filepath.Join(dir, "ours"), filepath.Join(dir, "theirs")
	start(t, path, "pty,raw,echo=0,link="+ours, "pty,raw,echo=0,link="+theirs)
	eventually(t, "socat's line", func() error {
		_, err := os.Stat(theirs)
		if err == nil {
			_, err = os.Stat(ours)
		}
		return err
	})
	return ours, theirs
}

// eventually asks again and again until there is no error.
func eventually(t *testing.T, what string, ask func() error) {
	t.Helper()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for end := time.Now().Add(soon); ; <-again.C {
		err := ask()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s: %v", what, err)
		}
	}
}

// onLine opens a serial line as the gateway does.
func onLine(t *testing.T, path string) *modbus.Bus {
	t.Helper()
	l, err := serial.New(serial.Config{Path: path, Settings: drivers.LineSettings{Baud: baud}})
	if err != nil {
		t.Fatal(err)
	}
	return closed(t, modbus.NewRTU(l, modbus.Options{Baud: baud, Answer: time.Second}))
}

func closed(t *testing.T, b *modbus.Bus) *modbus.Bus {
	t.Cleanup(func() { b.Close() })
	return b
}

// there waits until unit 1 answers. Its breaker is in the way of asking for long, so
// each try has a bus of its own.
func there(t *testing.T, open func() *modbus.Bus) *modbus.Bus {
	t.Helper()
	var bus *modbus.Bus
	eventually(t, "the server", func() error {
		if bus != nil {
			bus.Close()
		}
		bus = open()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := bus.Unit(1).ReadRegisters(ctx, 3, 0, 1)
		return err
	})
	return bus
}

// hub is an RS-485 line with several ends: what one says, all others hear.
type hub struct {
	mu   sync.Mutex
	ends []*os.File
}

// join adds an end and returns the path under which a program opens it.
func (h *hub) join(t *testing.T, open func() (*os.File, string, error)) string {
	t.Helper()
	master, slave, err := open()
	if err != nil {
		t.Fatal(err)
	}
	keep, err := os.OpenFile(slave, os.O_RDWR, 0) // else reading ends with the first who closes it
	if err != nil {
		t.Fatal(err)
	}
	h.mu.Lock()
	h.ends = append(h.ends, master)
	h.mu.Unlock()
	var wg sync.WaitGroup
	wg.Go(func() {
		for b := make([]byte, 512); ; {
			n, err := master.Read(b)
			if err != nil {
				return
			}
			h.say(master, b[:n])
		}
	})
	t.Cleanup(func() {
		keep.Close()
		master.Close()
		wg.Wait()
	})
	return slave
}

func (h *hub) say(from *os.File, p []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, end := range h.ends {
		if end != from {
			_ = end.SetWriteDeadline(time.Now().Add(time.Millisecond)) // nobody waits for an end that does not listen
			_, _ = end.Write(p)
		}
	}
}
