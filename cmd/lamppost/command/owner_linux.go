package command

import (
	"os"
	"path/filepath"
	"syscall"
)

// handOver gives what root has made in a journal to the directory's owner: the
// gateway runs as that user and could not read it otherwise.
func handOver(dir string) error {
	st, err := os.Stat(dir)
	if err != nil || os.Geteuid() != 0 {
		return err
	}
	owner, ok := st.Sys().(*syscall.Stat_t)
	if !ok || owner.Uid == 0 {
		return nil
	}
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := os.Lchown(name, int(owner.Uid), int(owner.Gid)); err != nil {
			return err
		}
	}
	return nil
}

// ownerOf returns who a file belongs to.
func ownerOf(st os.FileInfo) (uid, gid int, ok bool) {
	owner, ok := st.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, false
	}
	return int(owner.Uid), int(owner.Gid), true
}
