package clock

import (
	"time"

	"golang.org/x/sys/unix"
)

// The earliest and latest year a board can honestly report.
const (
	firstYear = 2025
	lastYear  = 2100
)

// Kernel is what the kernel thinks of its own clock.
type Kernel struct {
	BootMS int64 // when it was asked
	UnixMS int64 // what it said
	ErrMS  int64 // half width of what it could be instead
	Synced bool  // it is being kept in step by somebody
}

// ReadKernel asks the kernel. It needs no privilege. A sandbox that forbids the
// question gets Synced false.
func ReadKernel() Kernel {
	k, took := readKernel()
	for range 4 { // the clocks are read one after the other; not to be interrupted there is worth a try
		if took <= 1 {
			break
		}
		k, took = readKernel()
	}
	return k
}

func readKernel() (k Kernel, tookMS int64) {
	var tx unix.Timex // Modes 0: ask, set nothing
	state, err := unix.Adjtimex(&tx)
	before := readMS(unix.CLOCK_BOOTTIME)
	k = Kernel{UnixMS: readMS(unix.CLOCK_REALTIME)}
	k.BootMS = readMS(unix.CLOCK_BOOTTIME)
	tookMS = k.BootMS - before
	// maxerror is in microseconds.
	k.ErrMS = (int64(tx.Maxerror)+999)/1000 + tookMS + 1
	k.Synced = err == nil && state != unix.TIME_ERROR && tx.Status&unix.STA_UNSYNC == 0 && plausible(k.UnixMS)
	return k, tookMS
}

// plausible refuses 1970 and its like, whatever the status says.
func plausible(unixMS int64) bool {
	y := time.UnixMilli(unixMS).UTC().Year()
	return y >= firstYear && y <= lastYear
}
