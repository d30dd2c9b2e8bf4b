//go:build unix

package drivertest

import (
	"syscall"
	"time"
)

// cpuTime is the processor time that this process took: in a bubble the clock on the
// wall stands still.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
