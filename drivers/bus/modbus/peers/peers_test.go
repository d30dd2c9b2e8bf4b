//go:build linux

package peers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/bus/modbus"
	"github.com/lamppost-city/lamppost/drivers/bus/ptytest"
	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"
)

// TestPymodbus speaks to Debian's pymodbus in all three ways.
func TestPymodbus(t *testing.T) {
	t.Run("TCP", func(t *testing.T) {
		p := port(t)
		pymodbus(t, "tcp", p)
		everything(t, there(t, func() *modbus.Bus { return modbus.NewTCP("127.0.0.1:"+p, modbus.Options{Answer: time.Second}) }), true)
	})
	t.Run("RTU over TCP", func(t *testing.T) {
		p := port(t)
		pymodbus(t, "rtutcp", p)
		everything(t, there(t, func() *modbus.Bus {
			return modbus.NewRTUOverTCP("127.0.0.1:"+p, modbus.Options{Answer: time.Second, Baud: baud})
		}), true)
	})
	t.Run("serial", func(t *testing.T) {
		ours, theirs := socat(t)
		pymodbus(t, "serial", theirs, fmt.Sprint(baud))
		everything(t, there(t, func() *modbus.Bus { return onLine(t, ours) }), true)
	})
}

// TestLibmodbus speaks to a server made with libmodbus.
func TestLibmodbus(t *testing.T) {
	t.Run("TCP", func(t *testing.T) {
		p := port(t)
		libmodbus(t, "tcp", p)
		everything(t, there(t, func() *modbus.Bus { return modbus.NewTCP("127.0.0.1:"+p, modbus.Options{Answer: time.Second}) }), false)
	})
	t.Run("serial", func(t *testing.T) {
		ours, theirs := socat(t)
		libmodbus(t, "rtu", theirs, fmt.Sprint(baud))
		everything(t, there(t, func() *modbus.Bus { return onLine(t, ours) }), false)
	})
}

// everything uses every function and compares with what the servers are said to hold.
func everything(t *testing.T, bus *modbus.Bus, identifies bool) {
	t.Cleanup(func() { bus.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	u := bus.Unit(1)
	reads(ctx, t, u)
	writes(ctx, t, u)
	refusals(ctx, t, u)
	h := bus.Health()
	if h.Timeouts+h.Damaged+h.Malformed+h.Alien+h.Noise > 0 {
		t.Errorf("on a good line: %+v", h)
	}
	t.Logf("%d requests, %d answers, %d refusals, %v each", h.Requests, h.Answers, h.Exceptions, h.Units[0].Response.Round(10*time.Microsecond))
	objects, err := u.Identify(ctx, codec.Regular, 0)
	switch {
	case !identifies: // on a line it cannot even tell where such a request ends
		if !errors.Is(err, drivers.ErrException) && !errors.Is(err, drivers.ErrTimeout) {
			t.Errorf("libmodbus does not know function 43, and: %v", err)
		}
		return
	case err != nil || len(objects) < 6 || string(objects[0].Value) != "Lantern works" || string(objects[1].Value) != "LW-7" || len(objects[4].Value) != 75:
		t.Errorf("Identify = %q, %v", objects, err)
	}
}

func reads(ctx context.Context, t *testing.T, u *modbus.Unit) {
	t.Helper()
	for function, first := range map[uint8]uint16{3: 1000, 4: 2000} {
		words, err := u.ReadRegisters(ctx, function, 7, 90)
		if err != nil || len(words) != 90 || words[0] != first+7 || words[89] != first+96 {
			t.Errorf("function %d: %v, %v", function, words, err)
		}
	}
	for function, every := range map[uint8]int{1: 3, 2: 5} {
		bits, err := u.ReadBits(ctx, function, 4, 61)
		if err != nil || len(bits) != 61 {
			t.Errorf("function %d: %v, %v", function, bits, err)
		}
		for i, on := range bits {
			if want := (i+4)%every == 0; on != want {
				t.Errorf("function %d: bit %d is %v", function, i+4, on)
			}
		}
	}
}

func writes(ctx context.Context, t *testing.T, u *modbus.Unit) {
	t.Helper()
	for name, err := range map[string]error{
		"5":  errors.Join(u.WriteCoil(ctx, 1, true), u.WriteCoil(ctx, 3, false)),
		"15": u.WriteCoils(ctx, 20, []bool{true, true, false, true, false, false, true, true, true, false}),
		"6":  u.WriteRegister(ctx, 10, 0xBEEF),
		"16": u.WriteRegisters(ctx, 11, []uint16{1, 2, 3}),
		"22": u.MaskWrite(ctx, 20, 0xFF00, 0x0055), // 1020 is 0x03FC
	} {
		if err != nil {
			t.Errorf("function %s: %v", name, err)
		}
	}
	bits, err := u.ReadBits(ctx, 1, 0, 30)
	if err != nil || !bits[1] || bits[3] || !slices.Equal(bits[20:], []bool{true, true, false, true, false, false, true, true, true, false}) {
		t.Errorf("coils: %v, %v", bits, err)
	}
	words, err := u.ReadRegisters(ctx, 3, 10, 11)
	if err != nil || !slices.Equal(words[:4], []uint16{0xBEEF, 1, 2, 3}) || words[10] != 0x0355 {
		t.Errorf("registers: %04x, %v", words, err)
	}
	words, err = u.ReadWrite(ctx, 30, 3, 31, []uint16{7})
	if err != nil || !slices.Equal(words, []uint16{1030, 7, 1032}) {
		t.Errorf("function 23: %v, %v", words, err)
	}
}

func refusals(ctx context.Context, t *testing.T, u *modbus.Unit) {
	t.Helper()
	_, err := u.ReadRegisters(ctx, 3, 90, 20)
	var code codec.Exception
	if !errors.Is(err, drivers.ErrException) || !errors.As(err, &code) || code != codec.IllegalAddress {
		t.Errorf("past the last register: %v", err)
	}
	if err = u.WriteCoil(ctx, 5000, true); !errors.As(err, &code) || code != codec.IllegalAddress {
		t.Errorf("a coil that is not there: %v", err)
	}
}

// poller runs mbpoll until it ends or ctx does, and returns what it said.
func poller(ctx context.Context, t *testing.T, args ...string) func() string {
	t.Helper()
	cmd := exec.CommandContext(ctx, program(t, "mbpoll"), args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // it then says what it holds back
	cmd.WaitDelay = soon
	done := make(chan string, 1)
	go func() {
		out, _ := cmd.CombinedOutput() // it is killed, or fails for want of an answer
		done <- string(out)
	}()
	return func() string { return <-done }
}

// TestMbpollBesideUs: another master asks the same host, at the same time.
func TestMbpollBesideUs(t *testing.T) {
	program(t, "mbpoll")
	p := port(t)
	libmodbus(t, "tcp", p)
	bus := there(t, func() *modbus.Bus { return modbus.NewTCP("127.0.0.1:"+p, modbus.Options{Answer: time.Second}) })
	closed(t, bus)
	ctx, cancel := context.WithCancel(t.Context())
	said := poller(ctx, t, "-m", "tcp", "-p", p, "-a", "1", "-0", "-r", "7", "-c", "5", "-l", "20", "127.0.0.1")
	for range 300 {
		if words, err := bus.Unit(1).ReadRegisters(t.Context(), 3, 50, 10); err != nil || words[9] != 1059 {
			t.Fatalf("beside mbpoll: %v, %v", words, err)
		}
	}
	if err := bus.Unit(1).WriteRegister(t.Context(), 8, 4242); err != nil {
		t.Error(err)
	}
	once := poller(t.Context(), t, "-m", "tcp", "-p", p, "-a", "1", "-0", "-r", "7", "-c", "5", "-1", "127.0.0.1")()
	if !strings.Contains(once, "4242") || !strings.Contains(once, "1011") {
		t.Errorf("mbpoll does not see what we wrote:\n%s", once)
	}
	cancel()
	if out := said(); strings.Contains(out, "failed") || !strings.Contains(out, "1011") {
		t.Errorf("mbpoll beside us:\n%s", out)
	}
}

// TestMbpollOnOurLine: another master speaks on our serial line whenever it likes,
// which nobody should do and somebody always does. Frames collide; but what we read is
// right or an error, never the answer to the other's question, and when he is gone the
// line is as it was.
func TestMbpollOnOurLine(t *testing.T) {
	program(t, "mbpoll")
	line := &hub{}
	ours, his, part := line.join(t, ptytest.Open), line.join(t, ptytest.Open), line.join(t, ptytest.Open)
	libmodbus(t, "rtu", part, fmt.Sprint(baud))
	bus := there(t, func() *modbus.Bus { return onLine(t, ours) })
	closed(t, bus)
	ctx, cancel := context.WithCancel(t.Context())
	// the same unit, function and number of registers as ours, and others of them
	said := poller(ctx, t, "-m", "rtu", "-b", fmt.Sprint(baud), "-P", "none", "-a", "1", "-0", "-r", "7", "-c", "10", "-l", "11", "-o", "0.1", his)
	good, bad := 0, 0
	read := func() error {
		words, err := bus.Unit(1).ReadRegisters(t.Context(), 3, 50, 10)
		if err != nil {
			return err
		}
		for i, w := range words {
			if w != uint16(1050+i) {
				t.Fatalf("register %d came as %d: that is the other master's", 50+i, w)
			}
		}
		return nil
	}
	for end := time.Now().Add(soon); bus.Health().Alien < 100 && time.Now().Before(end); {
		if read() == nil {
			good++
		} else {
			bad++
		}
	}
	cancel()
	out := said() // he does not stand our frames as we stand his
	h := bus.Health()
	t.Logf("beside mbpoll: %d good reads, %d errors; alien %d, noise %d, damaged %d", good, bad, h.Alien, h.Noise, h.Damaged)
	if good < bad || h.Alien < 100 {
		t.Errorf("it was not there, or nothing was left of us: mbpoll said\n%s", out[:min(len(out), 1000)])
	}
	eventually(t, "alone again", read)
	for range 20 {
		if err := read(); err != nil {
			t.Errorf("alone again: %v", err)
		}
	}
}
