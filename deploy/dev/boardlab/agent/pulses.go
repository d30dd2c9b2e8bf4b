//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/lamppost-city/lamppost/deploy/dev/boardlab/panel"
)

// Pulses makes edges on a simulated line.
func (*Lab) Pulses(p panel.Pulses, made *panel.Made) error {
	f, err := os.OpenFile(p.Pull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	now := make([]byte, 32)
	n, err := f.ReadAt(now, 0)
	if n == 0 {
		return fmt.Errorf("%s: %w", p.Pull, err)
	}
	high := bytes.HasPrefix(now[:n], []byte("pull-up"))
	levels := map[bool][]byte{true: []byte("pull-up"), false: []byte("pull-down")}
	began := time.Now()
	next := began
	for made.Edges < p.Edges {
		if ahead := time.Until(next); ahead > 0 {
			nap(ahead)
		} else if -ahead > burst {
			made.Slipped += -ahead - burst
			next = next.Add(-ahead - burst)
		}
		high = !high
		if _, err := f.WriteAt(levels[high], 0); err != nil {
			return err
		}
		made.Edges++
		next = next.Add(p.Every)
	}
	made.Took = time.Since(began)
	return nil
}

// burst is how far behind its time an edge may be and the next ones hurry. A board that
// stood still for longer, as an emulated one does, goes on from where it is: no meter
// makes up for lost time.
const burst = 20 * time.Millisecond

// nap sleeps in the kernel, behind the back of Go's scheduler: its own timers cost more
// than an edge on an emulated board. The agent's other calls wait so long.
func nap(d time.Duration) {
	ts := unix.NsecToTimespec(d.Nanoseconds())
	_, _, _ = unix.RawSyscall(unix.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&ts)), 0, 0) // one that ends early costs an edge's punctuality
}
