//go:build linux

// Package eintr repeats system calls that a signal has cut short.
//
// The Go runtime signals its own threads to take the processor from them, many times a
// second under load. The os package repeats what is interrupted by that; a raw ioctl is
// nobody's but its caller's. Several sleep in the kernel and then give up: TIOCSBRK while
// the line drains, everything that reaches a chip behind an I2C or USB adapter.
//
// The calls given here must bear to be made twice: they ask, or set something to what it
// is then. A transfer that moves bytes is not of that kind. Source: signal(7),
// "Interruption of system calls and library functions by signal handlers".
package eintr

import (
	"errors"
	"syscall"
)

// Retry calls f until it ends with something else than EINTR, which it returns. It has no
// limit, as os has none: the signal that cut a call short is gone when the next one
// begins. f is called on the caller's goroutine, at least once.
func Retry(f func() error) error {
	for {
		if err := f(); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}
