package image

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path"
)

// Archive writes an initial RAM disk: a gzipped cpio of the "newc" form (kernel
// documentation, "initramfs buffer format"). The kernel takes several, one behind the
// other, as one. Folders are made as they are needed.
type Archive struct {
	zip     *gzip.Writer
	cpio    io.Writer
	folders map[string]bool
	inode   int
	err     error
}

// NewArchive begins an archive on w.
func NewArchive(w io.Writer) *Archive {
	zip, _ := gzip.NewWriterLevel(w, gzip.BestSpeed) // the level is valid
	return &Archive{zip: zip, cpio: zip, folders: map[string]bool{}}
}

// Kinds of files, as stat(2) has them.
const (
	regular = 0o100000
	folder  = 0o040000
)

// File adds a file of the given mode. name is a path without a leading slash. The
// first error stays and comes from Close.
func (a *Archive) File(name string, mode uint32, content []byte) {
	a.parents(path.Dir(name))
	a.entry(name, regular|mode, content)
}

// Copy adds the host's file.
func (a *Archive) Copy(name string, mode uint32, from string) {
	b, err := os.ReadFile(from)
	if err != nil && a.err == nil {
		a.err = err
	}
	a.File(name, mode, b)
}

// Folder adds an empty folder.
func (a *Archive) Folder(name string) { a.parents(name) }

func (a *Archive) parents(dir string) {
	if dir == "." || dir == "/" || a.folders[dir] {
		return
	}
	a.parents(path.Dir(dir))
	a.folders[dir] = true
	a.entry(dir, folder|0o755, nil)
}

func (a *Archive) entry(name string, mode uint32, content []byte) {
	a.inode++
	links := 1
	var b bytes.Buffer
	fmt.Fprintf(&b, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", a.inode, mode, 0, 0, links, 0,
		len(content), 0, 0, 0, 0, len(name)+1, 0)
	b.WriteString(name)
	b.WriteByte(0)
	pad(&b)
	b.Write(content)
	pad(&b)
	if _, err := a.cpio.Write(b.Bytes()); err != nil && a.err == nil {
		a.err = err
	}
}

// pad fills up to a multiple of four: entries are aligned, and each has begun so.
func pad(b *bytes.Buffer) {
	for b.Len()%4 != 0 {
		b.WriteByte(0)
	}
}

// Close ends the archive. It does not close what it was written to.
func (a *Archive) Close() error {
	a.entry("TRAILER!!!", 0, nil)
	if err := a.zip.Close(); err != nil && a.err == nil {
		a.err = err
	}
	return a.err
}
