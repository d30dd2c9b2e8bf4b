//go:build linux

package gpio

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/bus/eintr"
	"github.com/warthog618/go-gpiocdev/uapi"
	"golang.org/x/sys/unix"
)

// kernel is the kernel's character devices.
type kernel struct{}

func (kernel) chips() (all []chip, odd error) {
	paths, err := filepath.Glob("/dev/gpiochip*")
	if err != nil {
		return nil, err
	}
	for _, p := range paths {
		k, err := readChip(p)
		switch {
		case err == nil:
			all = append(all, k)
		case errors.Is(err, os.ErrPermission):
			odd = errors.Join(odd, fmt.Errorf("%w; let the user that the gateway runs as into the group gpio", err))
		default:
			odd = errors.Join(odd, fmt.Errorf("%s: %w", p, err))
		}
	}
	return all, odd
}

func readChip(path string) (chip, error) {
	f, err := os.Open(path)
	if err != nil {
		return chip{}, err
	}
	defer f.Close()
	var info uapi.ChipInfo
	if err := eintr.Retry(func() (err error) { info, err = uapi.GetChipInfo(f.Fd()); return err }); err != nil {
		return chip{}, fmt.Errorf("not a GPIO chip: %w", err)
	}
	k := chip{path: path, name: uapi.BytesToString(info.Name[:]), label: uapi.BytesToString(info.Label[:])}
	for i := range int(info.Lines) {
		var l uapi.LineInfoV2
		if err := eintr.Retry(func() (err error) { l, err = uapi.GetLineInfoV2(f.Fd(), i); return err }); err != nil {
			return chip{}, fmt.Errorf("line %d: %w; the kernel must be 5.10 or newer", i, err)
		}
		k.lines = append(k.lines, lineInfo{name: uapi.BytesToString(l.Name[:]), consumer: uapi.BytesToString(l.Consumer[:]), used: l.Flags.IsUsed()})
	}
	return k, nil
}

func (kernel) line(k chip, w want) (handle, error) {
	if h, err := throughPeriph(k, w); h != nil || err != nil {
		return h, err
	}
	return requestLine(k.path, w)
}

// eventBuffer is the most events that the kernel keeps for a line.
const eventBuffer = 1024

func requestLine(path string, w want) (handle, error) {
	c, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer c.Close() // the line lives on its own descriptor
	r := uapi.LineRequest{Lines: 1, Config: uapi.LineConfig{Flags: w.flags()}}
	r.Offsets[0] = uint32(w.offset)
	copy(r.Consumer[:len(r.Consumer)-1], w.consumer)
	if w.edges {
		r.EventBufferSize = eventBuffer
	}
	if w.debounce > 0 {
		r.Config.AddAttribute(uapi.LineConfigAttribute{Attr: uapi.DebouncePeriod(w.debounce).Encode(), Mask: 1})
	}
	if w.output && w.on {
		r.Config.AddAttribute(uapi.LineConfigAttribute{Attr: uapi.OutputValues(1).Encode(), Mask: 1})
	}
	if err := eintr.Retry(func() error { return uapi.GetLine(c.Fd(), &r) }); err != nil {
		return nil, err
	}
	if err := unix.SetNonblock(int(r.Fd), true); err != nil { // so that Read has deadlines
		unix.Close(int(r.Fd))
		return nil, err
	}
	return &cdevLine{os.NewFile(uintptr(r.Fd), fmt.Sprintf("%s line %d", path, w.offset))}, nil
}

func (w want) flags() uapi.LineFlagV2 {
	f := uapi.LineFlagV2Input
	if w.output {
		f = uapi.LineFlagV2Output
	}
	for _, o := range []struct {
		set  bool
		flag uapi.LineFlagV2
	}{
		{w.activeLow, uapi.LineFlagV2ActiveLow}, {w.edges, uapi.LineFlagV2EdgeBoth}, {w.openDrain, uapi.LineFlagV2OpenDrain},
		{w.pull == "up", uapi.LineFlagV2BiasPullUp}, {w.pull == "down", uapi.LineFlagV2BiasPullDown}, {w.pull == "none", uapi.LineFlagV2BiasDisabled},
	} {
		if o.set {
			f |= o.flag
		}
	}
	return f
}

// cdevLine is a line that was requested from the character device.
type cdevLine struct{ *os.File }

// control runs f on the descriptor, and again if a signal cuts it short: a line of an
// expander sleeps in its bus. File.Fd would take the descriptor out of the poller.
func (l *cdevLine) control(f func(fd uintptr) error) error {
	c, err := l.SyscallConn()
	if err != nil {
		return err
	}
	var ferr error
	if err := c.Control(func(fd uintptr) { ferr = eintr.Retry(func() error { return f(fd) }) }); err != nil {
		return err
	}
	return ferr
}

func (l *cdevLine) get() (bool, error) {
	v := uapi.LineValues{Mask: 1}
	err := l.control(func(fd uintptr) error { return uapi.GetLineValuesV2(fd, &v) })
	return v.Bits&1 != 0, err
}

func (l *cdevLine) set(on bool) error {
	v := uapi.LineValues{Mask: 1}
	if on {
		v.Bits = 1
	}
	return l.control(func(fd uintptr) error { return uapi.SetLineValuesV2(fd, v) })
}

// enotsupp is the kernel's own "not supported", which has no name outside of it.
const enotsupp = syscall.Errno(524)

// explain says what a refused request means. consumer is who had the line, as far as
// the kernel told.
func explain(err error, consumer string) error {
	var e syscall.Errno
	if !errors.As(err, &e) {
		return err
	}
	switch e {
	case syscall.EBUSY:
		if consumer == "" {
			consumer = "somebody"
		}
		return fmt.Errorf("%w: %s has this line", drivers.ErrBusy, consumer)
	case syscall.ENXIO:
		return fmt.Errorf("%w: the chip has no interrupt for this line, so pulses cannot be counted on it; use a line of the board itself", drivers.ErrException)
	case syscall.ENODEV, syscall.ENOENT, syscall.EBADF:
		return fmt.Errorf("%w: the chip is gone (%w)", drivers.ErrUnplugged, e)
	case syscall.EACCES, syscall.EPERM:
		return fmt.Errorf("%w; let the user that the gateway runs as into the group gpio", err)
	case syscall.EOPNOTSUPP, enotsupp:
		return fmt.Errorf("%w: the chip cannot do this; leave debounce or open drain out (errno %d)", drivers.ErrException, int(e))
	}
	return fmt.Errorf("%w (errno %d)", err, int(e))
}

func (kernel) now() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		return 0 // it is there on every Linux
	}
	return time.Duration(ts.Nano())
}
