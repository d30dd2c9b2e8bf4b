package journal

import "syscall"

// OpenReaderOn is OpenReader on another file system.
func OpenReaderOn(fsys FS, dir string) (*Reader, error) { return openReader(fsys, dir) }

// AppendOnly is the real file system without allocation and recycling: what every
// log does by default, to compare with.
type AppendOnly struct{ osFS }

func (a AppendOnly) Create(path string) (File, error) {
	f, err := a.osFS.Create(path)
	return appendFile{f}, err
}

type appendFile struct{ File }

func (appendFile) Allocate(int64) error { return syscall.EOPNOTSUPP }
