package still

import (
	"errors"
	"io/fs"
	"os"
)

// disk is what a Spool needs of the file system, so that tests can make it fail and cut the
// power between any two steps.
type disk interface {
	// Entries makes dir if it is missing, and lists what is in it.
	Entries(dir string) ([]fs.DirEntry, error)
	// Create makes an empty file, or empties one.
	Create(path string) (diskFile, error)
	Read(path string) ([]byte, error)
	Rename(from, to string) error
	Remove(path string) error
	// SyncDir makes creations, renames and removals in dir durable.
	SyncDir(dir string) error
}

type diskFile interface {
	Write(b []byte) (int, error)
	Sync() error // makes the content durable
	Close() error
}

type osDisk struct{}

func (osDisk) Entries(dir string) ([]fs.DirEntry, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return os.ReadDir(dir)
}

func (osDisk) Create(path string) (diskFile, error) {
	return os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
}

func (osDisk) Read(path string) ([]byte, error) { return os.ReadFile(path) }
func (osDisk) Rename(from, to string) error     { return os.Rename(from, to) }
func (osDisk) Remove(path string) error         { return os.Remove(path) }

func (osDisk) SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
