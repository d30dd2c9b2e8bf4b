//go:build linux

package main

import (
	"encoding/binary"
	"io"
	"net"
	"sync"
	"time"
)

// meters is how many devices there are beside the camera.
const meters = 30

// meter is a Modbus TCP device that notes when it is asked. Of two registers it holds zeros.
type meter struct {
	ln    net.Listener
	wg    sync.WaitGroup
	mu    sync.Mutex
	asked []time.Time
}

func newMeter() (*meter, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	m := &meter{ln: ln}
	m.wg.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			m.wg.Go(func() { m.serve(c) })
		}
	})
	return m, nil
}

// serve answers one connection until its other end is closed.
func (m *meter) serve(c net.Conn) {
	defer c.Close()
	var q [12]byte // transaction, protocol, length, unit, function, start, count
	for {
		if _, err := io.ReadFull(c, q[:]); err != nil {
			return
		}
		m.mu.Lock()
		m.asked = append(m.asked, time.Now())
		m.mu.Unlock()
		n := binary.BigEndian.Uint16(q[10:])
		if n > 125 {
			return
		}
		a := append([]byte{q[0], q[1], 0, 0}, byte((3+2*n)>>8), byte(3+2*n), q[6], q[7], byte(2*n))
		if _, err := c.Write(append(a, make([]byte, 2*n)...)); err != nil {
			return
		}
	}
}

// times are when it was asked since a moment.
func (m *meter) times(since time.Time) (all []time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, t := range m.asked {
		if t.After(since) {
			all = append(all, t)
		}
	}
	return all
}

func (m *meter) close() {
	m.ln.Close()
	m.wg.Wait()
}
