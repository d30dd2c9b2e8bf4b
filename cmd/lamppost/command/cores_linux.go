package command

import (
	"context"
	"os"
	"runtime"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What a gateway does is short and mostly waits its turn: on one core it takes a
// quarter less processor time than on two, which hand it to and fro. Only a backlog
// that drains, or thousands of registers a second, are worth more.
const (
	coresLook   = time.Second
	coresRest   = 5 * time.Second // between looks while one is enough: each wakes the process
	coresBusy   = 0.5             // of one core: from here on all of them are used
	coresCalm   = 0.25            // of one core: below it for coresSettle, one is enough again
	coresSettle = 10              // looks
)

// cores decides how many cores are used: one, or all. Its zero value uses all.
type cores struct {
	one  bool
	calm int // looks in a row
}

// look is told what share of one core was used since the last look.
func (c *cores) look(share float64) (one bool) {
	switch {
	case share >= coresBusy:
		c.one, c.calm = false, 0
	case share >= coresCalm:
		c.calm = 0
	default:
		if c.calm++; c.calm >= coresSettle {
			c.one = true
		}
	}
	return c.one
}

// useCores keeps the program on one core while that is enough, until stop is called.
// Whoever set GOMAXPROCS has decided already.
func useCores(ctx context.Context) (stop func()) {
	if os.Getenv("GOMAXPROCS") != "" || runtime.GOMAXPROCS(0) == 1 {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var watch sync.WaitGroup
	watch.Go(func() { watchCores(ctx) })
	return func() {
		cancel()
		watch.Wait()
	}
}

func watchCores(ctx context.Context) {
	timer := time.NewTimer(coresLook)
	defer timer.Stop()
	defer runtime.SetDefaultGOMAXPROCS()
	var c cores
	before, at := processorTime(), time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-timer.C:
			used, was := processorTime(), c.one
			one := c.look(float64(used-before) / float64(now.Sub(at)))
			before, at = used, now
			switch {
			case one && !was:
				runtime.GOMAXPROCS(1)
			case was && !one:
				runtime.SetDefaultGOMAXPROCS()
			}
			timer.Reset(c.pause())
		}
	}
}

// pause is how long to wait before the next look.
func (c *cores) pause() time.Duration {
	if c.one {
		return coresRest
	}
	return coresLook
}

// processorTime is what this process has used of all cores. The call never blocks, so
// that the scheduler need not hear of it.
func processorTime() time.Duration {
	var u unix.Rusage
	if _, _, errno := unix.RawSyscall(unix.SYS_GETRUSAGE, unix.RUSAGE_SELF, uintptr(unsafe.Pointer(&u)), 0); errno != 0 {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
