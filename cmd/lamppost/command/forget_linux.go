package command

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// forgetProgram lets the kernel take back the pages of the program's file that are
// mapped: the parser, the profiles, the texts of a start are two thirds of them. What is
// needed comes back from the page cache when it is used next. Only what can be read but
// not written is let go, so nothing is lost; where that cannot be done, nothing happens.
func forgetProgram() {
	own, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return
	}
	defer maps.Close()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		if from, to, ok := ownPages(lines.Text(), own); ok {
			_, _, _ = unix.Syscall(unix.SYS_MADVISE, from, to-from, unix.MADV_DONTNEED) // a kernel that will not keeps them
		}
	}
}

// ownPages reads a line of /proc/PID/maps (proc_pid_maps(5)) and returns where it lies,
// if it is a private mapping of the file that cannot be written.
func ownPages(line, file string) (from, to uintptr, ok bool) {
	fields := strings.Fields(line)
	if len(fields) < 6 || strings.Join(fields[5:], " ") != file || len(fields[1]) != 4 || fields[1][1] != '-' || fields[1][3] != 'p' {
		return 0, 0, false
	}
	if n, err := fmt.Sscanf(fields[0], "%x-%x", &from, &to); n != 2 || err != nil || to <= from {
		return 0, 0, false
	}
	return from, to, true
}
