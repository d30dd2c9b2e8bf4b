//go:build linux

package serial

import (
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lamppost-city/lamppost/drivers/bus/ptytest"
)

// A pseudo terminal keeps the mark of exclusive use as long as its other end is
// open: a program that is not root and was killed would never get back in.
func TestPseudoTerminalIsNotMarkedExclusive(t *testing.T) {
	_, slave, err := ptytest.Open()
	if err != nil {
		t.Fatal(err)
	}
	l, err := New(Config{Path: slave})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := l.Open(); err != nil {
		t.Fatal(err)
	}
	exclusive := -1
	err = l.port.control(func(fd int) (err error) {
		exclusive, err = unix.IoctlGetInt(fd, unix.TIOCGEXCL)
		return err
	})
	if err != nil || exclusive != 0 {
		t.Errorf("TIOCGEXCL = %d, %v, want 0", exclusive, err)
	}
}
