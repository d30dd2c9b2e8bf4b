package modbusslave

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// Host is a Modbus TCP device with units behind it.
type Host struct {
	Units  []*Unit
	Record Recorder

	mu      sync.Mutex
	conns   map[net.Conn]bool
	cut     bool // the cable is out
	stopped bool
}

// maxClients bounds the open connections; real parts allow one to five.
const maxClients = 16

// pathUnavailable is the exception for a unit that is not behind this host.
const pathUnavailable = 0x0B

// idleClient is how long a client may say nothing before it is dropped.
const idleClient = 5 * time.Minute

// Serve answers on ln until ctx ends; it closes ln and every connection and
// waits for their goroutines.
func (h *Host) Serve(ctx context.Context, ln net.Listener) error {
	var clients sync.WaitGroup
	defer clients.Wait()
	h.mu.Lock()
	h.conns = map[net.Conn]bool{}
	h.mu.Unlock()
	defer context.AfterFunc(ctx, func() { h.stop(ln) })()
	for {
		c, err := ln.Accept()
		if err != nil {
			h.stop(ln)
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return nil
			}
			return err
		}
		if h.enter(c) {
			clients.Go(func() {
				defer h.leave(c)
				h.client(c)
			})
		}
	}
}

// Cut pulls the network cable out (every connection ends and new ones are ended
// at once), or puts it back.
func (h *Host) Cut(out bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.cut = out
	if out {
		for c := range h.conns {
			c.Close()
		}
	}
}

func (h *Host) stop(ln net.Listener) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stopped = true
	ln.Close()
	for c := range h.conns {
		c.Close()
	}
}

func (h *Host) enter(c net.Conn) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.cut || h.stopped || len(h.conns) >= maxClients {
		c.Close()
		return false
	}
	h.conns[c] = true
	return true
}

func (h *Host) leave(c net.Conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c.Close()
	delete(h.conns, c)
}

// client answers one connection. A header that is none ends it: there is no way
// to find the next one.
func (h *Host) client(c net.Conn) {
	var header [7]byte // transaction, protocol, length, unit
	for {
		if c.SetDeadline(time.Now().Add(idleClient)) != nil {
			return
		}
		if _, err := io.ReadFull(c, header[:]); err != nil {
			return
		}
		length := int(binary.BigEndian.Uint16(header[4:]))
		if binary.BigEndian.Uint16(header[2:]) != 0 || length < 2 || length > 254 {
			return
		}
		pdu := make([]byte, length-1)
		if _, err := io.ReadFull(c, pdu); err != nil {
			return
		}
		if !h.reply(c, header, pdu) {
			return
		}
	}
}

// reply answers one request and says whether the connection is still good.
func (h *Host) reply(c net.Conn, header [7]byte, pdu []byte) bool {
	u := h.unit(header[6])
	if u == nil {
		_, err := c.Write(mbap(header, []byte{pdu[0] | 0x80, pathUnavailable}))
		return err == nil
	}
	m := u.source.Mishap()
	if m.Silent || m.Unplug {
		u.silence(h.Record)
		return !m.Unplug
	}
	time.Sleep(u.Turnaround + m.Delay)
	answer, lines := u.answer(pdu)
	if answer == nil {
		u.silence(h.Record)
		return true
	}
	if _, err := c.Write(mbap(header, answer)); err != nil {
		return false
	}
	m.Flip, m.Digit, m.Garbage = false, false, false // TCP delivers what was sent
	truth.Stamp(lines, true, m.Fault())
	h.Record.Add(lines...)
	return true
}

// unit returns the slave that is meant. 0 and 255 mean the device itself.
func (h *Host) unit(address byte) *Unit {
	for _, u := range h.Units {
		if u.answers(address) || (address == 0 || address == 255) && len(h.Units) == 1 {
			return u
		}
	}
	return nil
}

// mbap puts the header of the request before an answer.
func mbap(header [7]byte, pdu []byte) []byte {
	b := binary.BigEndian.AppendUint16(append([]byte(nil), header[:4]...), uint16(1+len(pdu)))
	return append(append(b, header[6]), pdu...)
}
