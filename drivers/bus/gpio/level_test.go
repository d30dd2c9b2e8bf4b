//go:build linux

package gpio

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	pgpio "periph.io/x/conn/v3/gpio"
)

func onBench(t *testing.T, b *bench, name string) *Chip {
	t.Helper()
	c, err := newChip(Config{Chip: name}, b)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if n := len(b.lines); n != 0 {
			t.Errorf("%d lines are still requested", n)
		}
	})
	return c
}

func TestFindingLines(t *testing.T) {
	for _, c := range []struct {
		chip, line string
		offset     int
		name       string // that periph may use
		as         error
		says       string
	}{
		{"/dev/gpiochip0", "GPIO17", 2, "GPIO17", nil, ""},
		{"gpiochip0", "2", 2, "GPIO17", nil, ""},
		{"pinctrl-test", "1", 1, "", nil, ""},
		{"pinctrl-test", "4", 4, "", nil, ""}, // its name is another line's as well
		{"pinctrl-test", "twin", 0, "", nil, "[3 4] are all called twin"},
		{"pinctrl-test", "GPIO18", 0, "", nil, "gpioinfo shows"},
		{"pinctrl-test", "6", 0, "", nil, "lines 0 to 5"},
		{"pinctrl-test", "-1", 0, "", nil, "there is no line -1"},
		{"pinctrl-test", "taken", 0, "", drivers.ErrBusy, "sysfs has this line"},
		{"expander", "0", 0, "", nil, "2 chips have this label"},
		{"/dev/gpiochip9", "0", 0, "", drivers.ErrUnplugged, "/dev/gpiochip0 (pinctrl-test)"},
	} {
		b := newBench()
		in, err := onBench(t, b, c.chip).Input(c.line, drivers.PinSettings{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = in.Active(t.Context())
		if c.says != "" {
			if err == nil || !strings.Contains(err.Error(), c.says) || c.as != nil && !errors.Is(err, c.as) {
				t.Errorf("%s %s: %v, want %q", c.chip, c.line, err, c.says)
			}
			continue
		}
		if w := b.asked[0]; err != nil || w.offset != c.offset || w.name != c.name {
			t.Errorf("%s %s: %+v, %v", c.chip, c.line, w, err)
		}
	}
	none := newBench()
	none.there, none.odd = nil, os.ErrPermission
	in, _ := onBench(t, none, "gpiochip0").Input("0", drivers.PinSettings{})
	if _, err := in.Active(t.Context()); !errors.Is(err, os.ErrPermission) {
		t.Errorf("without rights: %v", err)
	}
	if _, err := New(Config{}); err == nil {
		t.Error("a chip without a name")
	}
}

func TestInput(t *testing.T) {
	b := newBench()
	chip := onBench(t, b, "gpiochip0")
	in, err := chip.Input("GPIO17", drivers.PinSettings{Active: "low", Pull: "up", Debounce: 5 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	want := func(on bool) {
		t.Helper()
		if got, err := in.Active(t.Context()); err != nil || got != on {
			t.Errorf("active %v, %v; want %v", got, err, on)
		}
	}
	want(true)
	b.with(func() { b.levels[2] = true })
	want(false)
	if w := b.asked[0]; !w.activeLow || w.pull != "up" || w.debounce != 5*time.Millisecond || len(b.asked) != 1 {
		t.Errorf("requested as %+v, %d times", w, len(b.asked))
	}
	b.with(func() { b.broken = syscall.EIO })
	if on, err := in.Active(t.Context()); err == nil {
		t.Errorf("a level that cannot be read is %v", on)
	}
	b.with(func() { b.broken, b.there = syscall.ENODEV, nil })
	for range 3 {
		if _, err := in.Active(t.Context()); !errors.Is(err, drivers.ErrUnplugged) {
			t.Errorf("the chip is gone: %v", err)
		}
	}
	if chip.Health().Fault == nil || b.requested(2) != nil {
		t.Errorf("health %+v, line still requested: %v", chip.Health(), b.requested(2) != nil)
	}
	b.with(func() { b.broken, b.there = nil, newBench().there })
	want(false)
	if chip.Health().Fault != nil {
		t.Errorf("back, and health says %+v", chip.Health())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := in.Active(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	for range 2 {
		if err := in.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := in.Active(t.Context()); !errors.Is(err, os.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

// An output begins in the state that it is first set to, is read back, and is neither
// requested nor changed by asking.
func TestOutput(t *testing.T) {
	for _, low := range []bool{false, true} {
		b := newBench()
		out, err := onBench(t, b, "gpiochip0").Output("GPIO17", OutputSettings{ActiveLow: low})
		if err != nil {
			t.Fatal(err)
		}
		if on, ok, err := out.Get(t.Context()); on || ok || err != nil || len(b.asked) != 0 {
			t.Errorf("asked before the first Set: %v, %v, %v, %d requests", on, ok, err, len(b.asked))
		}
		for _, on := range []bool{false, true, true, false} {
			if err := out.Set(t.Context(), on); err != nil {
				t.Error(err)
			}
			if got, ok, err := out.Get(t.Context()); got != on || !ok || err != nil {
				t.Errorf("set to %v, reads back %v, %v, %v", on, got, ok, err)
			}
			if b.levels[2] != (on != low) {
				t.Errorf("active low %v, set to %v: the pin is %v", low, on, b.levels[2])
			}
		}
		if len(b.asked) != 1 || b.asked[0].on {
			t.Errorf("requests %+v, want one that begins switched off", b.asked)
		}
		b.with(func() { b.broken = syscall.ENODEV })
		if err := out.Set(t.Context(), true); !errors.Is(err, drivers.ErrUnplugged) {
			t.Errorf("the chip is gone: %v", err)
		}
		b.with(func() { b.broken = nil })
		if err := out.Set(t.Context(), true); err != nil || !b.asked[len(b.asked)-1].on {
			t.Errorf("back: %v; requested as %+v", err, b.asked[len(b.asked)-1])
		}
		b.with(func() { b.broken = syscall.EIO })
		if _, ok, err := out.Get(t.Context()); ok || err == nil {
			t.Errorf("a state that cannot be read: %v, %v", ok, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	for errno, want := range map[syscall.Errno]struct {
		as   error
		says string
	}{
		syscall.EBUSY:      {drivers.ErrBusy, "somebody has this line"},
		syscall.ENODEV:     {drivers.ErrUnplugged, "the chip is gone"},
		syscall.ENXIO:      {drivers.ErrException, "no interrupt"},
		syscall.EACCES:     {os.ErrPermission, "group gpio"},
		syscall.EOPNOTSUPP: {drivers.ErrException, "leave debounce"},
		enotsupp:           {drivers.ErrException, "leave debounce"},
		syscall.EINVAL:     {syscall.EINVAL, "errno 22"},
	} {
		b := newBench()
		b.refuse = errno
		out, err := onBench(t, b, "gpiochip0").Output("2", OutputSettings{})
		if err != nil {
			t.Fatal(err)
		}
		if err := out.Set(t.Context(), false); !errors.Is(err, want.as) || !strings.Contains(err.Error(), want.says) {
			t.Errorf("errno %d: %v", int(errno), err)
		}
	}
}

func TestWhatPeriphCan(t *testing.T) {
	for _, c := range []struct {
		want want
		can  bool
	}{
		{want{name: "GPIO17"}, true},
		{want{name: "GPIO17", activeLow: true, pull: "up"}, true},
		{want{}, false},
		{want{name: "GPIO17", debounce: 1}, false},
		{want{name: "GPIO17", pull: "none"}, false},
		{want{name: "GPIO17", edges: true}, false},
		{want{name: "GPIO17", output: true}, true},
		{want{name: "GPIO17", output: true, on: true}, false},
		{want{name: "GPIO17", output: true, activeLow: true}, false},
		{want{name: "GPIO17", output: true, openDrain: true}, false},
	} {
		if got := periphCan(c.want); got != c.can {
			t.Errorf("%+v: %v", c.want, got)
		}
	}
}

// set is a line set of periph's.
type set struct {
	bits pgpio.GPIOValue
	err  error
	cut  int // so many calls from now on are cut short by a signal
}

func (s *set) interrupted() error {
	if s.cut == 0 {
		return nil
	}
	s.cut--
	return fmt.Errorf("line set: %w", errors.New(syscall.EINTR.Error()))
}

func (s *set) Read(mask pgpio.GPIOValue) (pgpio.GPIOValue, error) {
	if err := s.interrupted(); err != nil {
		return 0, err
	}
	return s.bits & mask, s.err
}

func (s *set) Close() error { return nil }

func (s *set) Out(bits, mask pgpio.GPIOValue) error {
	if err := s.interrupted(); err != nil {
		return err
	}
	s.bits = s.bits&^mask | bits&mask
	return s.err
}

// A signal that cuts a request of the character device short is no fault of the line.
func TestControlInterrupted(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	l := &cdevLine{r}
	defer l.Close()
	calls := 0
	err = l.control(func(uintptr) error {
		if calls++; calls < 4 {
			return syscall.EINTR
		}
		return syscall.EIO
	})
	if calls != 4 || !errors.Is(err, syscall.EIO) {
		t.Errorf("%d calls, %v; want 4 and the last one's error", calls, err)
	}
}

func TestPeriphLines(t *testing.T) {
	for _, inverted := range []bool{false, true} {
		s := &set{}
		l := &periphLine{lines: s, inverted: inverted}
		for _, on := range []bool{true, false} {
			s.cut = 3
			if err := l.set(on); err != nil {
				t.Error(err)
			}
			s.cut = 2
			if got, err := l.get(); got != on || err != nil || (s.bits == 1) != (on != inverted) {
				t.Errorf("inverted %v: set to %v, bits %v, reads %v, %v", inverted, on, s.bits, got, err)
			}
		}
		s.err = errors.New(syscall.ENODEV.Error()) // periph drops the number
		if _, err := l.get(); !errors.Is(err, syscall.ENODEV) {
			t.Errorf("gone: %v", err)
		}
		if err := l.set(true); !errors.Is(err, syscall.ENODEV) {
			t.Errorf("gone: %v", err)
		}
	}
	if h, err := refusedByPeriph(fmt.Errorf("LineSetFromConfig: %w", errors.New("device or resource busy"))); h != nil || !errors.Is(err, syscall.EBUSY) {
		t.Errorf("%v, %v", h, err)
	}
	if h, err := refusedByPeriph(errors.New("no such device")); h != nil || err != nil {
		t.Errorf("a chip that is gone: %v, %v; want the character device to say so", h, err)
	}
}
