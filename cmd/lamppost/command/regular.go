package command

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

// errNoFile is the cause when a path names something that is there and holds no text.
var errNoFile = errors.New("not a regular file")

// readText reads a file that a person wrote. It never waits: a pipe that nobody
// writes to, or a device, would otherwise hold the program, and a reload, for ever. It
// reads no more than yamldoc will look at.
func readText(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !st.Mode().IsRegular():
		return nil, &fs.PathError{Op: "read", Path: path, Err: errNoFile}
	}
	return io.ReadAll(io.LimitReader(f, yamldoc.MaxBytes+1))
}
