package lab

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
)

// socket is a Unix socket that can be pulled out and put back.
type socket struct {
	path  string
	serve func(net.Conn) // one conversation; the connection is closed behind it
	all   sync.WaitGroup

	mu     sync.Mutex
	l      net.Listener // nil while unplugged
	open   map[net.Conn]bool
	closed bool
}

// openSocket makes a socket. A file that is there already is replaced if it is a socket
// that a killed simulator left behind; anything else there is an error.
func openSocket(path string, serve func(net.Conn)) (*socket, error) {
	s := &socket{path: path, serve: serve, open: map[net.Conn]bool{}}
	return s, s.plug()
}

func (s *socket) plug() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return os.ErrClosed
	case s.l != nil:
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(s.path), 0o755); err != nil {
		return err
	}
	if old, err := os.Lstat(s.path); err == nil {
		if old.Mode()&os.ModeSocket == 0 {
			return fmt.Errorf("%s is not a socket: %w", s.path, os.ErrExist)
		}
		if err := os.Remove(s.path); err != nil {
			return err
		}
	}
	l, err := net.Listen("unix", s.path)
	if err != nil {
		return fmt.Errorf("%w (a socket's path has at most 107 bytes, this one %d)", err, len(s.path))
	}
	s.l = l
	s.all.Go(func() { s.accept(l) })
	return nil
}

func (s *socket) accept(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return // pulled out, or closed
		}
		if !s.note(l, c) {
			c.Close()
			return
		}
		s.all.Go(func() {
			s.serve(c)
			c.Close()
			s.forget(c)
		})
	}
}

// note keeps a connection, unless its socket was pulled out meanwhile.
func (s *socket) note(l net.Listener, c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.l != l {
		return false
	}
	s.open[c] = true
	return true
}

func (s *socket) forget(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, c)
}

// unplug takes the socket away; whoever speaks on it gets a hang-up.
func (s *socket) unplug() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.l == nil {
		return nil
	}
	err := s.l.Close() // removes the file
	s.l = nil
	for c := range s.open {
		err = errors.Join(err, c.Close())
	}
	clear(s.open)
	return err
}

// close unplugs for good and waits until every conversation has ended. A second call
// does nothing.
func (s *socket) close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	err := s.unplug()
	s.all.Wait()
	return err
}
