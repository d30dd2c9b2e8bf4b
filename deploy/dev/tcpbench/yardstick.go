//go:build linux

package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// bare is the yardstick: the cheapest loop that polls the same devices and publishes
// each answer. The registers travel as they are, 200 bytes, high byte first; or, when
// it is told to say what they mean, scaled, as a JSON array of 100 numbers.
type bare struct {
	poll    int
	conns   []bareConn
	byFD    []int32 // index of conns + 1
	broker  int
	qos     int
	every   time.Duration
	text    bool // what travels are values
	packet  uint16
	values  []byte // of one answer
	out     []byte // PUBLISH packets that wait for one write
	in      [64 << 10]byte
	waiting int // devices that have not answered in this round
	missed  int
}

type bareConn struct {
	fd      int
	request [requestLen]byte
	publish []byte // the whole packet; packet id and registers are filled in
	open    bool   // an answer is awaited
}

// pollBare takes: port of the broker, QoS, nanoseconds between two rounds, 1 for values
// as text, ports of the devices.
func pollBare(ctx context.Context, args []string) error {
	ports := make([]int, len(args))
	for i, text := range args {
		var err error
		if ports[i], err = strconv.Atoi(text); err != nil {
			return err
		}
	}
	runtime.LockOSThread()
	y := &bare{qos: ports[1], every: time.Duration(ports[2]), text: ports[3] == 1}
	if err := y.open(ports[0], ports[4:]); err != nil {
		return err
	}
	runtime.GC()
	debug.SetGCPercent(-1) // nothing is allocated from here on
	fmt.Println("polling")
	return y.run(ctx)
}

func (y *bare) open(broker int, ports []int) (err error) {
	if y.poll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return err
	}
	if y.broker, err = connect(broker); err != nil {
		return err
	}
	if err := y.handshake(); err != nil {
		return err
	}
	if err := y.watch(y.broker, 0); err != nil {
		return err
	}
	y.conns = make([]bareConn, len(ports))
	for i, port := range ports {
		c := &y.conns[i]
		if c.fd, err = connect(port); err != nil {
			return err
		}
		be := binary.BigEndian
		be.PutUint16(c.request[4:], 6)
		c.request[6], c.request[7] = 1, 3
		be.PutUint16(c.request[10:], registers)
		c.publish = y.template(fmt.Sprintf("bench/%s", deviceID(i)))
		if err := y.watch(c.fd, int32(i+1)); err != nil {
			return err
		}
	}
	y.values = make([]byte, 0, 8*registers)
	y.out = make([]byte, 0, len(ports)*(300+8*registers))
	return nil
}

// watch makes fd known; n is the index of its connection + 1, 0 the broker's.
func (y *bare) watch(fd int, n int32) error {
	for len(y.byFD) <= fd {
		y.byFD = append(y.byFD, 0)
	}
	y.byFD[fd] = n
	if err := unix.SetNonblock(fd, true); err != nil {
		return err
	}
	return unix.EpollCtl(y.poll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)})
}

// handshake says CONNECT (MQTT 3.1.1 §3.1): clean session, keep alive 60 s.
func (y *bare) handshake() error {
	id := "yardstick"
	p := append([]byte{0x10, byte(12 + len(id)), 0, 4}, "MQTT"...)
	p = append(append(p, 4, 2, 0, 60, 0, byte(len(id))), id...)
	if _, err := unix.Write(y.broker, p); err != nil {
		return err
	}
	n, err := unix.Read(y.broker, y.in[:])
	if err != nil || n != 4 || y.in[0] != 0x20 || y.in[3] != 0 {
		return fmt.Errorf("the broker refuses: % x (%w)", y.in[:max(n, 0)], err)
	}
	return nil
}

// template is the PUBLISH packet of a device (MQTT 3.1.1 §3.3), without its payload when
// that has no fixed length.
func (y *bare) template(topic string) []byte {
	payload := 2 * registers
	if y.text {
		payload = 0
	}
	rest := 2 + len(topic) + 2*y.qos + payload
	p := []byte{0x30 | byte(y.qos<<1), byte(rest&0x7f | 0x80), byte(rest >> 7)}
	p = append(binary.BigEndian.AppendUint16(p, uint16(len(topic))), topic...)
	return append(p, make([]byte, 2*y.qos+payload)...)
}

// run asks all devices at once, again and again, and publishes what they answer.
func (y *bare) run(ctx context.Context) error {
	events := make([]unix.EpollEvent, 1024)
	next := time.Now()
	for ctx.Err() == nil {
		if wait := time.Until(next); wait > 0 {
			n, err := unix.EpollWait(y.poll, events, int(wait/time.Millisecond)+1)
			if err != nil && !errors.Is(err, unix.EINTR) {
				return err
			}
			if err := y.take(events[:max(n, 0)]); err != nil {
				return err
			}
			continue
		}
		if err := y.ask(); err != nil {
			return err
		}
		next = next.Add(y.every)
	}
	fmt.Println("missed", y.missed)
	return nil
}

func (y *bare) ask() error {
	y.missed += y.waiting
	for i := range y.conns {
		c := &y.conns[i]
		c.request[1]++
		if _, err := unix.Write(c.fd, c.request[:]); err != nil {
			return fmt.Errorf("device %d: %w", i, err)
		}
		c.open = true
	}
	y.waiting = len(y.conns)
	return nil
}

// take reads what came, and sends the publishes that came of it in one write.
func (y *bare) take(events []unix.EpollEvent) error {
	y.out = y.out[:0]
	for _, e := range events {
		n, err := unix.Read(int(e.Fd), y.in[:])
		if err != nil && !errors.Is(err, unix.EAGAIN) || n == 0 {
			return fmt.Errorf("connection %d: %w", e.Fd, errors.Join(err, io.EOF))
		}
		i := y.byFD[e.Fd]
		if i == 0 {
			continue // confirmations
		}
		c := &y.conns[i-1]
		answer := y.in[max(0, n-answerLen):n]
		if n%answerLen != 0 || answer[7] != 3 {
			return fmt.Errorf("device %d answers with %d bytes: % x", i-1, n, y.in[:min(n, answerHead)])
		}
		if !c.open || answer[1] != c.request[1] {
			continue // too late: it is missed already
		}
		c.open = false
		y.waiting--
		y.publish(c, answer[answerHead:])
	}
	return y.flush()
}

func (y *bare) publish(c *bareConn, words []byte) {
	head := len(c.publish)
	if !y.text {
		head -= 2 * registers
		copy(c.publish[head:], words)
	}
	if y.qos > 0 {
		if y.packet++; y.packet == 0 {
			y.packet = 1
		}
		binary.BigEndian.PutUint16(c.publish[head-2:], y.packet)
	}
	if y.text {
		y.scale(words)
		rest := head - 3 + len(y.values) // between 128 and 16383, so that its length has two bytes
		c.publish[1], c.publish[2] = byte(rest&0x7f|0x80), byte(rest>>7)
	}
	y.out = append(append(y.out, c.publish...), y.values...)
}

// scale writes what the registers mean: [230.0,12.50,2875,45.2,…].
func (y *bare) scale(words []byte) {
	b := append(y.values[:0], '[')
	for i := range registers {
		n := uint64(binary.BigEndian.Uint16(words[2*i:]))
		switch quantities[i%len(quantities)].scale {
		case "0.1":
			b = append(strconv.AppendUint(b, n/10, 10), '.', byte('0'+n%10))
		case "0.01":
			b = append(strconv.AppendUint(b, n/100, 10), '.', byte('0'+n/10%10), byte('0'+n%10))
		default:
			b = strconv.AppendUint(b, n, 10)
		}
		b = append(b, ',')
	}
	b[len(b)-1] = ']'
	y.values = b
}

func (y *bare) flush() error {
	for out := y.out; len(out) > 0; {
		n, err := unix.Write(y.broker, out)
		if err != nil && !errors.Is(err, unix.EAGAIN) {
			return fmt.Errorf("broker: %w", err)
		}
		out = out[max(n, 0):]
	}
	return nil
}
