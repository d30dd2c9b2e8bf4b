// Package pty gives the simulator serial ports: pseudo terminals whose slave
// side looks to a gateway like a USB adapter, behind a link of a fixed name, that
// can be pulled out and put back.
//
// Like a UART, a port does not wait for anybody: bytes that are written while no
// program has it open are lost, and so are bytes for which the kernel's buffer
// has no room. Write says how many went through, and never blocks.
//
// A pty stores a speed and does not keep it; pacing is the writer's job.
package pty

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// whileAlone is how often a Read looks whether somebody has opened the port: the
// kernel does not tell a master that a slave was opened. A serial request that
// comes in between waits in the buffer; it is not lost.
const whileAlone = 10 * time.Millisecond

// Port is one pseudo terminal behind a link. Its methods may be called from any
// goroutine.
type Port struct {
	link string
	done chan struct{} // closed by Close

	mu      sync.Mutex
	master  *os.File // nil while unplugged
	slave   string   // "/dev/pts/7"
	plugged chan struct{}
	heard   bool // somebody had it open when last looked at
	closed  bool
}

// Open makes a pseudo terminal in raw mode at 9600 baud and a symbolic link to
// its slave side. A link that is there already is replaced; anything else there
// is an error. Close must be called.
func Open(link string) (*Port, error) {
	p := &Port{link: link, done: make(chan struct{}), plugged: make(chan struct{})}
	if err := p.Replug(); err != nil {
		return nil, err
	}
	return p, nil
}

// Link returns the name by which the port is opened.
func (p *Port) Link() string { return p.link }

// Device returns what the link points at now, "" while unplugged.
func (p *Port) Device() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.master == nil {
		return ""
	}
	return p.slave
}

// Replug puts the adapter back: a new pseudo terminal behind the same link. It
// does nothing when it is plugged in.
func (p *Port) Replug() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return os.ErrClosed
	}
	if p.master != nil {
		return nil
	}
	master, slave, err := open()
	if err != nil {
		return fmt.Errorf("pty for %s: %w", filepath.Base(p.link), err)
	}
	if err := link(slave, p.link); err != nil {
		master.Close()
		return err
	}
	p.master, p.slave, p.heard = master, slave, false
	close(p.plugged)
	return nil
}

// Unplug pulls the adapter out: the link goes, and whoever has the port open
// gets a hang-up. It does nothing when it is unplugged.
func (p *Port) Unplug() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.unplug()
}

func (p *Port) unplug() error {
	if p.master == nil {
		return nil
	}
	err := errors.Join(os.Remove(p.link), p.master.Close())
	p.master, p.plugged = nil, make(chan struct{})
	return err
}

// Close unplugs for good and ends a Read. A second call does nothing.
func (p *Port) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil
	}
	p.closed = true
	close(p.done)
	return p.unplug()
}

// Read waits until a program has written something and returns it, through any
// time unplugged or unused. It ends with os.ErrClosed when the port is closed.
func (p *Port) Read(b []byte) (int, error) {
	for {
		p.mu.Lock()
		f, plugged := p.master, p.plugged
		p.mu.Unlock()
		if f == nil {
			select {
			case <-plugged:
				continue
			case <-p.done:
				return 0, os.ErrClosed
			}
		}
		n, err := f.Read(b)
		if n > 0 {
			return n, nil
		}
		if errors.Is(err, os.ErrClosed) { // unplugged meanwhile, or closed
			if p.isClosed() {
				return 0, os.ErrClosed
			}
			continue
		}
		select { // EIO: nobody has it open
		case <-time.After(whileAlone):
		case <-p.done:
			return 0, os.ErrClosed
		}
	}
}

func (p *Port) isClosed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closed
}

// Write sends what there is room for and returns how many bytes that was: 0 when
// the port is unplugged or nobody has it open. It does not block.
func (p *Port) Write(b []byte) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.master == nil {
		return 0
	}
	raw, err := p.master.SyscallConn()
	if err != nil {
		return 0
	}
	n, alone := 0, false
	_ = raw.Control(func(fd uintptr) {
		if alone = unused(int(fd)); alone {
			return
		}
		if n, err = unix.Write(int(fd), b); err != nil {
			n = 0
		}
	})
	if alone && p.heard {
		flush(p.slave) // what the last user left unread is not for the next one
	}
	p.heard = !alone
	return max(n, 0)
}

// open returns a new master, and the name of its slave, in raw mode and closed.
func open() (*os.File, string, error) {
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, "", fmt.Errorf("/dev/ptmx: %w", err)
	}
	fail := func(err error) (*os.File, string, error) {
		unix.Close(fd)
		return nil, "", err
	}
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		return fail(fmt.Errorf("unlock: %w", err))
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		return fail(fmt.Errorf("number: %w", err))
	}
	slave := fmt.Sprintf("/dev/pts/%d", n)
	if err := raw(slave); err != nil {
		return fail(fmt.Errorf("%s: %w", slave, err))
	}
	return os.NewFile(uintptr(fd), "/dev/ptmx"), slave, nil
}

// raw sets a terminal to pass every byte unchanged, and leaves it closed: from
// then on the master sees a hang-up whenever nobody has it open.
func raw(slave string) error {
	fd, err := unix.Open(slave, unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return err
	}
	t.Iflag, t.Oflag, t.Lflag = 0, 0, 0
	t.Cflag = unix.CS8 | unix.CREAD | unix.CLOCAL | unix.B9600
	t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
	return unix.IoctlSetTermios(fd, unix.TCSETS, t)
}

// unused says whether no program has the slave open.
func unused(master int) bool {
	p := []unix.PollFd{{Fd: int32(master)}}
	n, err := unix.Poll(p, 0)
	return err == nil && n > 0 && p[0].Revents&unix.POLLHUP != 0
}

// flush drops what a terminal has received and nobody has read.
func flush(slave string) {
	fd, err := unix.Open(slave, unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	_ = unix.IoctlSetInt(fd, unix.TCFLSH, unix.TCIFLUSH)
}

// link makes name a symbolic link to target, replacing one that a killed
// simulator left behind.
func link(target, name string) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	if old, err := os.Lstat(name); err == nil {
		if old.Mode()&os.ModeSymlink == 0 {
			return fmt.Errorf("%s is not a link: %w", name, os.ErrExist)
		}
		if err := os.Remove(name); err != nil {
			return err
		}
	}
	return os.Symlink(target, name)
}
