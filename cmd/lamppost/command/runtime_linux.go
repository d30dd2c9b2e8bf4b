package command

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// memoryDir returns a folder that outlives the program and costs no flash: the one that
// the service manager made (RuntimeDirectory=), else one of our own where the system
// keeps files in memory. Empty: there is none, and totals live in the journal alone.
func memoryDir(gateway string) string {
	if dir, _, _ := strings.Cut(os.Getenv("RUNTIME_DIRECTORY"), ":"); dir != "" {
		return dir
	}
	for _, root := range []string{"/run", "/dev/shm"} {
		if !inMemory(root) {
			continue
		}
		if dir := ownFolder(root, gateway); dir != "" {
			return dir
		}
	}
	return ""
}

func inMemory(dir string) bool {
	var fs unix.Statfs_t
	if unix.Statfs(dir, &fs) != nil {
		return false
	}
	kind := uint32(fs.Type) // its width and sign differ between machines
	return kind == unix.TMPFS_MAGIC || kind == unix.RAMFS_MAGIC
}

// ownFolder makes or finds a folder below root that nobody else can write.
func ownFolder(root, gateway string) string {
	dir := filepath.Join(root, fmt.Sprintf("lamppost-%d-%s", os.Getuid(), gateway))
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
