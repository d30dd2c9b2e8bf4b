//go:build linux

package gpio

import (
	"errors"
	"os"
	"syscall"
	"time"

	"github.com/lamppost-city/lamppost/drivers/bus/eintr"
	"periph.io/x/conn/v3/driver/driverreg"
	pgpio "periph.io/x/conn/v3/gpio"
	"periph.io/x/host/v3/gpioioctl"
)

// Which lines go through periph, and which do not, because of what host v3.8.5 does:
//
//   - Lines without a name of their own do not: periph's line sets, which alone return
//     errors of reading, know lines by name only. (A single periph line takes a failed
//     read for a low level, and one that is read as an output becomes an input.)
//   - Outputs that are active low, or begin switched on, do not: periph requests every
//     output low and sets it afterwards, so that a relay that is active low would be on
//     for that moment.
//   - Debounce, open drain, and pull: none do not: periph has none of them.
//   - No line does where two device nodes lead to one chip (the Raspberry Pi 5 has
//     such a link), or where one cannot be opened or asked: periph's start then closes
//     descriptors of ours, standard input among them.
//   - A chip that was plugged in after the first use does not: periph lists them once.

// throughPeriph requests a line through periph. No handle and no error: periph cannot
// serve this one.
func throughPeriph(k chip, w want) (handle, error) {
	if !periphCan(w) || !periphSafe() {
		return nil, nil
	}
	if _, err := driverreg.Init(); err != nil { // the first call alone does something
		return nil, nil
	}
	for _, c := range gpioioctl.Chips {
		if c.Name() != k.name || c.Label() != k.label || c.Path() != k.path || c.LineCount() != len(k.lines) {
			continue
		}
		dir := gpioioctl.LineInput
		if w.output {
			dir = gpioioctl.LineOutput
		}
		var set *gpioioctl.LineSet
		if err := undisturbed(func() (err error) { set, err = c.LineSet(dir, pgpio.NoEdge, pull(w.pull), w.name); return err }); err != nil {
			return refusedByPeriph(err)
		}
		return &periphLine{lines: set, inverted: w.activeLow}, nil
	}
	return nil, nil
}

// refusedByPeriph judges a refused request: a chip that is gone may be back as another
// one, which periph does not know.
func refusedByPeriph(err error) (handle, error) {
	switch e := errnoOf(err); e {
	case 0, syscall.ENODEV, syscall.EBADF:
		return nil, nil // the character device says it better
	default:
		return nil, e
	}
}

// periphCan says whether periph can serve a line as it is wanted.
func periphCan(w want) bool {
	switch {
	case w.name == "", w.edges, w.debounce > 0, w.pull == "none":
		return false
	case w.output:
		return !w.activeLow && !w.on && !w.openDrain && w.pull == ""
	}
	return true
}

// periphSafe says whether periph's start does no harm here.
func periphSafe() bool {
	seen := map[uint64]bool{}
	chips, err := kernel{}.chips()
	if err != nil {
		return false
	}
	for _, k := range chips {
		var st syscall.Stat_t
		if err := syscall.Stat(k.path, &st); err != nil || seen[uint64(st.Rdev)] {
			return false
		}
		seen[uint64(st.Rdev)] = true
	}
	return true
}

func pull(word string) pgpio.Pull {
	switch word {
	case "up":
		return pgpio.PullUp
	case "down":
		return pgpio.PullDown
	}
	return pgpio.PullNoChange
}

// lineSet is what is used of periph's line sets.
type lineSet interface {
	Read(mask pgpio.GPIOValue) (pgpio.GPIOValue, error)
	Out(bits, mask pgpio.GPIOValue) error
	Close() error
}

// periphLine is a line set of one line.
type periphLine struct {
	lines    lineSet
	inverted bool
}

func (l *periphLine) get() (bool, error) {
	var v pgpio.GPIOValue
	if err := undisturbed(func() (err error) { v, err = l.lines.Read(1); return err }); err != nil {
		return false, err
	}
	return (v&1 != 0) != l.inverted, nil
}

func (l *periphLine) set(on bool) error {
	var bits pgpio.GPIOValue
	if on != l.inverted {
		bits = 1
	}
	return undisturbed(func() error { return l.lines.Out(bits, 1) })
}

func (l *periphLine) Close() error                    { return l.lines.Close() }
func (l *periphLine) Read([]byte) (int, error)        { return 0, errors.ErrUnsupported }
func (l *periphLine) SetReadDeadline(time.Time) error { return os.ErrNoDeadline }

// undisturbed repeats a call into periph that a signal has cut short, and gives its error
// the number back.
func undisturbed(call func() error) error {
	return eintr.Retry(func() error { return named(call()) })
}

// named gives an error of periph's its number back.
func named(err error) error {
	if e := errnoOf(err); e != 0 {
		return e
	}
	return err
}

// errnoOf finds the kernel's number in an error of periph's, which keeps only its text;
// 0: none that we know.
func errnoOf(err error) syscall.Errno {
	for e := err; e != nil; e = errors.Unwrap(e) {
		for _, n := range []syscall.Errno{syscall.EINTR, syscall.EBUSY, syscall.ENODEV, syscall.EPERM, syscall.EACCES, syscall.EINVAL, syscall.EBADF, syscall.EIO, syscall.ETIMEDOUT, syscall.EREMOTEIO, enotsupp, syscall.EOPNOTSUPP} {
			if e.Error() == n.Error() {
				return n
			}
		}
	}
	return 0
}
