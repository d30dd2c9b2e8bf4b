package command

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// errChanged says that a file is no longer what it was when somebody read it.
var errChanged = errors.New("somebody has changed the file meanwhile")

// backupSuffix is behind the name of a configuration as it was before a page changed it.
const backupSuffix = ".before"

// rewrite replaces a configuration's text was by now, in one step, and returns where the old
// one is kept. Owner, group and mode stay. A symbolic link stays one: what it names is replaced.
// The error is errChanged if the file is not was any more, else why it cannot be written.
// After any error and after a power cut the file is whole, the old one or the new one.
func rewrite(path string, was, now []byte) (backup string, err error) {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", err
	}
	st, err := os.Stat(real)
	if err != nil {
		return "", err
	}
	uid, gid, known := ownerOf(st)
	if known && os.Geteuid() != 0 && uid != os.Geteuid() {
		return "", fmt.Errorf("%s belongs to another user than the gateway's", real)
	}
	like := owner{st.Mode().Perm(), uid, gid, known}
	next, err := like.write(real, now)
	if err != nil {
		return "", err
	}
	defer func() { _ = os.Remove(next) }() // it is gone if all went well
	old, err := like.write(real, was)
	if err != nil {
		return "", err
	}
	defer func() { _ = os.Remove(old) }()
	if is, err := readText(real); err != nil || !bytes.Equal(is, was) {
		return "", errors.Join(err, errChanged)
	}
	backup = real + backupSuffix
	if err := os.Rename(old, backup); err != nil {
		return "", err
	}
	if err := os.Rename(next, real); err != nil {
		return "", err
	}
	return backup, syncFolder(filepath.Dir(real))
}

// owner is who a file belongs to and who may do what with it.
type owner struct {
	mode     fs.FileMode
	uid, gid int
	known    bool
}

// write makes a file beside path, owned alike, with text safely on the disk.
func (o owner) write(path string, text []byte) (name string, err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return "", err
	}
	if st, serr := f.Stat(); serr == nil && o.known {
		if uid, gid, _ := ownerOf(st); uid != o.uid || gid != o.gid {
			err = f.Chown(o.uid, o.gid)
		}
	}
	if err == nil {
		_, err = f.Write(text)
	}
	if err = errors.Join(err, f.Chmod(o.mode), f.Sync(), f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}

// syncFolder makes new names in a folder last.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
