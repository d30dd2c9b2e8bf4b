//go:build linux

package serial

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	tarm "github.com/tarm/serial"
	"golang.org/x/sys/unix"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/bus/eintr"
)

// port is one opening of a line.
type port struct {
	f      *os.File // non-blocking: deadlines work, Close ends a Read
	ioctl  ioctl
	rdev   uint64    // which device it is, whatever its name
	mode   Direction // who switches the transceiver
	why    string    // of mode, as far as there is something to say
	opened time.Time
	heard  atomic.Bool  // a byte came in
	looked atomic.Int64 // Unix nanoseconds of the last look at the device node
}

// openPort opens and locks the line before anything is set on it: a second
// opener would change the speed under the first one's feet.
func openPort(cfg Config, via ioctl) (*port, error) {
	f, err := os.OpenFile(cfg.Path, unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, openError(cfg.Path, err)
	}
	p := &port{f: f, ioctl: via, opened: time.Now()}
	if err := p.set(cfg); err != nil {
		f.Close()
		return nil, err
	}
	return p, nil
}

func (p *port) set(cfg Config) error {
	if err := p.lock(); err != nil {
		return err
	}
	rdev, err := device(cfg.Path)
	if err != nil {
		return openError(cfg.Path, err)
	}
	p.rdev = rdev
	// First of all: opening has raised RTS, and a transceiver that hangs on it holds
	// the line.
	if err := p.direct(cfg.RS485); err != nil {
		return fmt.Errorf("%s: %w", cfg.Path, err)
	}
	var t *tarm.Port
	if err := eintr.Retry(func() (err error) {
		t, err = tarm.OpenPort(tarmConfig(cfg.Path, cfg.Settings))
		return err
	}); err != nil {
		return openError(cfg.Path, err)
	}
	// What was received before belongs to nobody: perhaps another speed, surely
	// another time.
	err = eintr.Retry(t.Flush)
	if cerr := t.Close(); err == nil { // the settings stay, since p.f is open
		err = cerr
	}
	if err == nil {
		err = p.settle(cfg.Settings, cfg.OwnBreaks)
	}
	if err == nil {
		err = p.own()
	}
	if err != nil {
		return openError(cfg.Path, err)
	}
	return nil
}

// close lets others in again, also where somebody still has the line open and the
// kernel therefore keeps the mark.
func (p *port) close() error {
	_ = p.tell(unix.TIOCNXCL) // a line that is gone has no mark
	return p.f.Close()
}

// control runs do with the descriptor, and again if a signal cuts it short. os.File.Fd
// would make the descriptor blocking.
func (p *port) control(do func(fd int) error) error {
	c, err := p.f.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	if err := c.Control(func(fd uintptr) { inner = eintr.Retry(func() error { return do(int(fd)) }) }); err != nil {
		return err
	}
	return inner
}

// lookEvery bounds how often the device node is looked at.
const lookEvery = 500 * time.Millisecond

// present says whether path still names the device that p has open. Most
// adapters hang up when they are pulled; this finds those that do not, and a
// stable name that now points at another adapter.
func (p *port) present(path string) error {
	now := time.Now().UnixNano()
	if last := p.looked.Load(); now-last < int64(lookEvery) {
		return nil
	}
	p.looked.Store(now)
	rdev, err := device(path)
	if err != nil {
		return err
	}
	if rdev != p.rdev {
		return errors.New("the name belongs to another device now")
	}
	return nil
}

func device(path string) (uint64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, fmt.Errorf("%s: no device number", path)
	}
	return uint64(st.Rdev), nil
}

// openError words what went wrong for the one who stands before the cabinet.
func openError(path string, err error) error {
	switch {
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ENXIO), errors.Is(err, unix.ENODEV), errors.Is(err, unix.EIO):
		return fmt.Errorf("%s: %w (%w)", path, drivers.ErrUnplugged, bare(err))
	case errors.Is(err, unix.EBUSY):
		return fmt.Errorf("%s: %w", path, drivers.ErrBusy)
	case errors.Is(err, os.ErrPermission):
		return fmt.Errorf("%s: %w%s", path, bare(err), groupHint(path))
	case errors.Is(err, unix.ENOTTY):
		return fmt.Errorf("%s is not a serial line: %w", path, bare(err))
	}
	return fmt.Errorf("%s: %w", path, bare(err))
}

// bare takes the operation and the path off an error; both are said already.
func bare(err error) error {
	var pe *os.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

func groupHint(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	name := strconv.Itoa(int(st.Gid))
	if g, err := user.LookupGroupId(name); err == nil {
		name = g.Name
	}
	return "; it belongs to group " + name + ": add the user that runs this program to it"
}
