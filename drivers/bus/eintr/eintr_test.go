//go:build linux

package eintr

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"
)

func TestRetry(t *testing.T) {
	for _, c := range []struct {
		name        string
		interrupted int
		by          error
		end         error
	}{
		{name: "at once"},
		{name: "at once, refused", end: syscall.ENOTTY},
		{name: "interrupted", interrupted: 3, by: syscall.EINTR},
		{name: "interrupted and then refused", interrupted: 1, by: syscall.EINTR, end: syscall.EIO},
		{name: "wrapped", interrupted: 2, by: fmt.Errorf("break: %w", os.NewSyscallError("ioctl", syscall.EINTR))},
	} {
		t.Run(c.name, func(t *testing.T) {
			calls := 0
			err := Retry(func() error {
				if calls++; calls <= c.interrupted {
					return c.by
				}
				return c.end
			})
			if !errors.Is(err, c.end) || calls != c.interrupted+1 {
				t.Errorf("%d calls, %v; want %d, %v", calls, err, c.interrupted+1, c.end)
			}
		})
	}
}
