package clock

import (
	"crypto/rand"
	"fmt"
	"os"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Boot names one run of the kernel. Made says that the kernel did not tell and the
// program made the id itself, so that the boot began before the program at an
// unknown time.
type Boot struct {
	ID   string
	Made bool
}

// bootIDFile holds a UUID that the kernel makes anew at each boot.
const bootIDFile = "/proc/sys/kernel/random/boot_id"

// ThisBoot returns the boot that is running. Where the kernel does not tell it
// makes an id of its own: then each start of the program counts as a boot, which
// costs nothing but dates for what the run before had not sent.
func ThisBoot() Boot { return bootFrom(bootIDFile) }

func bootFrom(file string) Boot {
	b, err := os.ReadFile(file)
	id := strings.TrimSpace(string(b))
	if err != nil || !validBoot(id) {
		var r [16]byte
		rand.Read(r[:]) // never fails
		return Boot{fmt.Sprintf("%x-%x-%x-%x-%x", r[:4], r[4:6], r[6:8], r[8:10], r[10:]), true}
	}
	return Boot{ID: id}
}

// validBoot accepts a UUID in lower case.
func validBoot(id string) bool {
	if len(id) != 36 {
		return false
	}
	for i := range len(id) {
		c := id[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') && c != '-' {
			return false
		}
	}
	return true
}

// BootMS returns the milliseconds since boot, suspend included.
func BootMS() int64 { return readMS(unix.CLOCK_BOOTTIME) }

// readMS reads a kernel clock. The call cannot fail for the clocks used here, and never
// blocks, so that the scheduler need not hear of it: it is made for every sample.
func readMS(id int32) int64 {
	var ts unix.Timespec
	if _, _, errno := unix.RawSyscall(unix.SYS_CLOCK_GETTIME, uintptr(id), uintptr(unsafe.Pointer(&ts)), 0); errno != 0 {
		return 0
	}
	return ts.Nano() / 1e6
}
