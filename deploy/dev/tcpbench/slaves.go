//go:build linux

package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Offsets into a Modbus TCP frame: transaction, protocol and length (2 bytes each),
// unit, function; then start and count of a request, or the bytes of an answer.
const (
	requestLen = 12
	answerHead = 9
	answerLen  = answerHead + 2*registers
)

// slave is one device: a listener and the connections to it.
type slave struct {
	words  [registers]uint16
	random uint64
}

// levels are about what the four quantities of a feeder hold, raw: 230.0 V, 12.50 A,
// 2875 W, 45.2 ℃; see profile.
var levels = [4]uint16{2300, 1250, 2875, 452}

// serveSlaves answers for as many devices as asked for, from one thread: what it
// takes is taken from those that are measured. It prints the ports on one line.
func serveSlaves(ctx context.Context, args []string) error {
	n, err := strconv.Atoi(strings.Join(args, ""))
	if err != nil {
		return err
	}
	s := &server{slaves: map[int]*slave{}, listeners: map[int]*slave{}}
	if s.poll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return err
	}
	ports := make([]string, n)
	for i := range n {
		port, err := s.listen()
		if err != nil {
			return err
		}
		ports[i] = strconv.Itoa(port)
	}
	fmt.Println("ports", strings.Join(ports, ","))
	return s.run(ctx)
}

type server struct {
	poll      int
	listeners map[int]*slave
	slaves    map[int]*slave // by connection
	in        [512]byte
	out       [answerLen]byte
}

func (s *server) listen() (port int, err error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return 0, err
	}
	if err := unix.Listen(fd, 16); err != nil {
		return 0, err
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		return 0, err
	}
	d := &slave{random: rand.Uint64() | 1}
	for i := range d.words {
		d.words[i] = levels[i%len(levels)]
	}
	s.listeners[fd] = d
	return name.(*unix.SockaddrInet4).Port, s.watch(fd)
}

func (s *server) watch(fd int) error {
	return unix.EpollCtl(s.poll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)})
}

func (s *server) run(ctx context.Context) error {
	events := make([]unix.EpollEvent, 256)
	for ctx.Err() == nil {
		n, err := unix.EpollWait(s.poll, events, 1000)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return err
		}
		for _, e := range events[:max(n, 0)] {
			if err := s.event(int(e.Fd)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *server) event(fd int) error {
	if d := s.listeners[fd]; d != nil {
		c, _, err := unix.Accept4(fd, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		if err != nil {
			return nil // whoever came is gone
		}
		s.slaves[c] = d
		return errors.Join(unix.SetsockoptInt(c, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1), s.watch(c))
	}
	n, err := unix.Read(fd, s.in[:])
	if n < requestLen || err != nil || n%requestLen != 0 {
		delete(s.slaves, fd)
		return unix.Close(fd)
	}
	for b := s.in[:n]; len(b) > 0; b = b[requestLen:] {
		if !s.answer(fd, b[:requestLen]) {
			delete(s.slaves, fd)
			return unix.Close(fd)
		}
	}
	return nil
}

// answer answers one request: all registers, each a little different from last time.
func (s *server) answer(fd int, request []byte) bool {
	be := binary.BigEndian
	if request[7] != 3 || be.Uint16(request[8:]) != 0 || be.Uint16(request[10:]) != registers {
		return false
	}
	out := s.out[:]
	copy(out, request[:8])
	be.PutUint16(out[4:], 3+2*registers)
	out[8] = 2 * registers
	d := s.slaves[fd]
	d.move()
	for i, w := range d.words {
		be.PutUint16(out[answerHead+2*i:], w)
	}
	n, err := unix.Write(fd, out)
	return n == len(out) && err == nil
}

// move lets every register walk by -2 to 1 steps, within a tenth of its level.
func (d *slave) move() {
	for i := range d.words {
		d.random ^= d.random << 13
		d.random ^= d.random >> 7
		d.random ^= d.random << 17
		level := levels[i%len(levels)]
		w := d.words[i] + uint16(d.random&3) - 2
		if w < level-level/10 || w > level+level/10 {
			w = level
		}
		d.words[i] = w
	}
}

// connect opens a connection to a local port, for the yardstick.
func connect(port int) (fd int, err error) {
	fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	if err := unix.Connect(fd, &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return 0, fmt.Errorf("connect to port %d: %w", port, err)
	}
	return fd, unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
}

// freePort is one that nobody has at the moment.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
