package command

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// memoryDir returns a folder that outlives the program and costs no flash: the one that
// the service manager made (RuntimeDirectory=), else one of our own in shared memory.
// Empty: there is none, and totals live in the journal alone.
func memoryDir(gateway string) string { return memoryIn("/dev/shm", gateway) }

func memoryIn(shared, gateway string) string {
	if dir, _, _ := strings.Cut(os.Getenv("RUNTIME_DIRECTORY"), ":"); dir != "" {
		return dir
	}
	if _, err := os.Stat(shared); err != nil {
		return ""
	}
	dir := filepath.Join(shared, fmt.Sprintf("lamppost-%d-%s", os.Getuid(), gateway))
	if err := os.Mkdir(dir, 0o700); err != nil && !os.IsExist(err) {
		return ""
	}
	info, err := os.Lstat(dir) // in a folder that all can write, others may have been first
	if err != nil || !info.IsDir() || info.Mode().Perm() != 0o700 {
		return ""
	}
	if st, ok := info.Sys().(*syscall.Stat_t); !ok || int(st.Uid) != os.Getuid() {
		return ""
	}
	return dir
}
