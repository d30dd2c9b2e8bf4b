package lab

import (
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
	"github.com/lamppost-city/lamppost/drivers/codec/labbus"
)

// Reply is what a part makes of one transaction.
type Reply struct {
	Data  []byte
	Lines []truth.Line  // the values in Data, still without device and time
	Nack  bool          // it does not acknowledge: it is busy, or does not know what was written
	Hold  time.Duration // it stretches the clock for so long
}

// Chip is a part on an I2C bus. It is called from one goroutine at a time.
type Chip interface {
	// Tx takes w and gives n bytes, at now.
	Tx(now time.Time, from Source, w []byte, n int) Reply
	// PowerUp gives the part its supply, at now: it has forgotten what it does not keep.
	PowerUp(now time.Time)
}

// Slot is one part on a bus.
type Slot struct {
	Address uint8
	Device  string // the gateway's name for it, for the truth log
	Chip    Chip
	Source  Source
}

// I2CBus is an I2C bus on a Unix socket.
type I2CBus struct {
	slots map[uint8]*Slot
	to    Recorder
	sock  *socket
	busy  sync.Mutex // one transaction at a time, whoever asks
}

// bitTime is that of a bus at 100 kHz; a byte has nine of them.
const bitTime = 10 * time.Microsecond

// giveUp is how long an adapter waits for a clock that is stretched.
const giveUp = time.Second

// OpenI2C makes a bus with these parts on it. Close must be called.
func OpenI2C(path string, to Recorder, slots ...Slot) (*I2CBus, error) {
	b := &I2CBus{slots: map[uint8]*Slot{}, to: to}
	now := time.Now()
	for _, s := range slots {
		s.Chip.PowerUp(now.Add(-time.Hour)) // a bench that was switched on long ago
		b.slots[s.Address] = &s
	}
	var err error
	b.sock, err = openSocket(path, b.converse)
	return b, err
}

// Path is where the bus is.
func (b *I2CBus) Path() string { return b.sock.path }

// Unplug pulls the adapter out, and with it the supply of the parts. Replug puts it
// back; Close unplugs for good.
func (b *I2CBus) Unplug() error { return b.sock.unplug() }

// Replug puts the adapter back.
func (b *I2CBus) Replug() error {
	b.busy.Lock()
	now := time.Now()
	for _, s := range b.slots {
		s.Chip.PowerUp(now)
	}
	b.busy.Unlock()
	return b.sock.plug()
}

// Close unplugs for good. A second call does nothing.
func (b *I2CBus) Close() error { return b.sock.close() }

// converse answers one master until it hangs up or errs.
func (b *I2CBus) converse(c net.Conn) {
	if _, err := c.Write(labbus.Hello{Version: labbus.Version, Bus: "i2c"}.Append(nil)); err != nil {
		return
	}
	in := labbus.Reader{R: c}
	for {
		m, err := in.Next()
		if err != nil {
			return
		}
		x, ok := m.(labbus.Transfer)
		if !ok || !b.carry(c, x) {
			return
		}
	}
}

// carry carries one transaction out; false: nobody takes the answer any more.
func (b *I2CBus) carry(c net.Conn, x labbus.Transfer) bool {
	b.busy.Lock()
	defer b.busy.Unlock()
	rest(time.Duration(9*(2+len(x.Write)+x.Read)) * bitTime)
	s := b.slots[x.Address]
	if s == nil {
		return send(c, labbus.Answer{Errno: uint8(syscall.ENXIO)})
	}
	m := s.Source.Mishap()
	m.Garbage = false // there is no place for it on this bus
	if m.Silent || m.Unplug {
		silence(b.to, s.Device)
		return send(c, labbus.Answer{Errno: uint8(syscall.ENXIO)})
	}
	r := s.Chip.Tx(time.Now(), s.Source, x.Write, x.Read)
	hold := r.Hold + m.Delay
	rest(min(hold, giveUp))
	switch {
	case r.Nack:
		return send(c, labbus.Answer{Errno: uint8(syscall.ENXIO)})
	case hold >= giveUp:
		silence(b.to, s.Device)
		return send(c, labbus.Answer{Errno: uint8(syscall.ETIMEDOUT)})
	}
	data := make([]byte, x.Read)
	copyFF(data, r.Data)
	if !send(c, labbus.Answer{Data: m.Damage(data)}) {
		return false
	}
	say(b.to, s.Device, truth.Answer, m, r.Lines)
	return true
}

// copyFF copies what there is; a line that nobody pulls low reads as ones.
func copyFF(to, from []byte) {
	for i := copy(to, from); i < len(to); i++ {
		to[i] = 0xff
	}
}

func send(c net.Conn, m labbus.Message) bool {
	_, err := c.Write(m.Append(nil))
	return err == nil
}

// rest lets time pass on the wire.
func rest(d time.Duration) {
	if d > 0 {
		<-time.After(d)
	}
}
