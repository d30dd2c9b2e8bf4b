//go:build linux

package serial

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/lamppost-city/lamppost/drivers"
)

// lock takes the line for this program. It goes with the descriptor, so that
// Close, or the end of the program however it comes, gives it back.
func (p *port) lock() error {
	err := p.control(func(fd int) error { return unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) })
	switch {
	case err == nil:
		return nil
	case errors.Is(err, unix.EWOULDBLOCK):
		return fmt.Errorf("%s: %w%s", p.f.Name(), drivers.ErrBusy, holder(p.f))
	}
	return fmt.Errorf("lock %s: %w", p.f.Name(), err)
}

// holder says who has f locked, as far as the kernel tells: ": lamppost, pid 812".
func holder(f *os.File) string {
	info, err := f.Stat()
	if err != nil {
		return ""
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	locks, err := os.Open("/proc/locks")
	if err != nil {
		return ""
	}
	defer locks.Close()
	pid := holderPID(locks, uint64(st.Dev), st.Ino)
	if pid == "" {
		return ""
	}
	comm, err := os.ReadFile("/proc/" + pid + "/comm")
	if err != nil {
		return ": pid " + pid
	}
	return ": " + strings.TrimSpace(string(comm)) + ", pid " + pid
}

// holderPID searches /proc/locks for a flock on an inode, and returns "" if
// there is none. A line reads
//
//	1: FLOCK  ADVISORY  WRITE 812 00:18:3 0 EOF
func holderPID(locks io.Reader, dev, ino uint64) string {
	file := fmt.Sprintf("%02x:%02x:%d", unix.Major(dev), unix.Minor(dev), ino)
	for s := bufio.NewScanner(locks); s.Scan(); {
		f := strings.Fields(s.Text())
		if len(f) >= 6 && f[1] == "FLOCK" && f[5] == file && f[4] != "-1" {
			return f[4]
		}
	}
	return ""
}
