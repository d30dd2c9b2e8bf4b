package parts

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"runtime"
	"syscall"
)

// ErrInUse says that another simulator plays at this place.
var ErrInUse = errors.New("in use by another simulator")

// claim takes a place for one part: two on one link would take it from each other, and
// what a gateway reads there would be the one that came last. The claim is a socket
// without a file, which the kernel gives back when the process ends in whichever way;
// where there is no such thing nothing is claimed.
func claim(link string) (release func(), err error) {
	if link == "" || runtime.GOOS != "linux" {
		return func() {}, nil
	}
	path, err := filepath.Abs(link)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrWire, err)
	}
	if dir, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		path = filepath.Join(dir, filepath.Base(path))
	}
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: fmt.Sprintf("@lamppost-sim-%x", sha256.Sum256([]byte(path))), Net: "unix"})
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s: %w; each part has a --link of its own, and several on one line are played by lamppost-sim run", link, ErrInUse)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrWire, err)
	}
	return func() { ln.Close() }, nil
}
