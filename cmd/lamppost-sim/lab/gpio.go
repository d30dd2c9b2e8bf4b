package lab

import (
	"context"
	"fmt"
	"net"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
	"github.com/lamppost-city/lamppost/drivers/codec/labbus"
)

// Move is one change of a line's level.
type Move struct {
	At   time.Duration // by the clock that edges are stamped with
	High bool
	// Lines are the truth of it if the line is watched just then.
	Lines []truth.Line
}

// Sensor is a part that drives an input line. It is called from one goroutine at a time.
type Sensor interface {
	// Step returns what the part does to its line after from and up to to, in the order
	// of time. watched says whether somebody counts the edges.
	Step(from, to time.Duration, watched bool) []Move
	// Look returns the level of now, and its truth, for somebody who reads it. ok is
	// false when the wire to the part is cut: the level is then that of a line left alone.
	Look() (high bool, lines []truth.Line, ok bool)
}

// Actuator is a part that is switched by an output line. It is called from one
// goroutine at a time.
type Actuator interface {
	// Drive tells the part the level of its line.
	Drive(high bool) []truth.Line
}

// Pin is one line of a chip. Sensor and Actuator may both be nil: nothing is connected.
type Pin struct {
	Name     string
	Device   string // the gateway's name for what hangs on it, for the truth log
	Sensor   Sensor
	Actuator Actuator
}

// GPIOChip is a GPIO chip on a Unix socket.
type GPIOChip struct {
	label string
	to    Recorder
	sock  *socket
	now   func() time.Duration

	mu   sync.Mutex // guards the pins
	pins []*pin
	last time.Duration
}

// pin is a line as it is now.
type pin struct {
	Pin
	high  bool
	owner *claim // nil: free
	name  string // of the owner
}

// tick is how often the parts are looked at; edges are stamped when they happen.
const tick = 5 * time.Millisecond

// OpenGPIO makes a chip with these lines. Close must be called.
func OpenGPIO(path, label string, to Recorder, pins ...Pin) (*GPIOChip, error) {
	return openGPIO(path, label, to, monotonic, pins)
}

func openGPIO(path, label string, to Recorder, now func() time.Duration, pins []Pin) (*GPIOChip, error) {
	c := &GPIOChip{label: label, to: to, now: now, last: now()}
	for _, p := range pins {
		c.pins = append(c.pins, &pin{Pin: p, high: true}) // a line with a pull-up and nothing else
	}
	var err error
	c.sock, err = openSocket(path, c.converse)
	return c, err
}

// Path is where the chip is.
func (c *GPIOChip) Path() string { return c.sock.path }

// Unplug takes the chip away, as an expander that is pulled out. Outputs fall back.
func (c *GPIOChip) Unplug() error { return c.sock.unplug() }

// Replug puts it back.
func (c *GPIOChip) Replug() error { return c.sock.plug() }

// Close takes it away for good. A second call does nothing.
func (c *GPIOChip) Close() error { return c.sock.close() }

// Run lets the parts live until ctx ends.
func (c *GPIOChip) Run(ctx context.Context) {
	t := time.NewTicker(tick)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			c.step(c.now())
		}
	}
}

// step lets the parts live up to now.
func (c *GPIOChip) step(now time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.pins {
		if p.Sensor == nil {
			continue
		}
		watched := p.owner != nil && p.owner.edges
		for _, m := range p.Sensor.Step(c.last, now, watched) {
			p.high = m.High
			if p.owner != nil {
				p.owner.moved(m.At, m.High)
			}
			if watched && len(m.Lines) > 0 {
				c.record(p.Device, m.Lines, now-m.At)
			}
		}
	}
	c.last = now
}

// record writes down what was on a line some time ago.
func (c *GPIOChip) record(device string, lines []truth.Line, ago time.Duration) {
	at := time.Now().Add(-ago).UnixMilli()
	for i := range lines {
		lines[i].T, lines[i].Device = at, device
		if lines[i].Event == "" {
			lines[i].Good = true
		}
	}
	c.to.Add(lines...)
}

// converse serves one connection: what is asked about the chip, or one line of it.
func (c *GPIOChip) converse(conn net.Conn) {
	if !send(conn, labbus.Hello{Version: labbus.Version, Bus: "gpio"}) {
		return
	}
	k := newClaim(c, conn)
	defer k.release()
	in := labbus.Reader{R: conn}
	for {
		m, err := in.Next()
		if err != nil {
			return
		}
		a := c.answer(k, m)
		if a == nil || !k.post(a) {
			return
		}
	}
}

// answer returns what to say to m; nil: it is no question to a chip.
func (c *GPIOChip) answer(k *claim, m labbus.Message) labbus.Message {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch m := m.(type) {
	case labbus.Inquiry:
		return c.about()
	case labbus.Request:
		return labbus.Answer{Errno: uint8(c.request(k, m))}
	case labbus.Get:
		return c.get(k)
	case labbus.Set:
		return labbus.Answer{Errno: uint8(c.set(k, m.On))}
	}
	return nil
}

func (c *GPIOChip) about() labbus.Message {
	m := labbus.Chip{Label: c.label}
	for _, p := range c.pins {
		m.Lines = append(m.Lines, labbus.Line{Name: p.Name, Used: p.owner != nil, Consumer: p.name})
	}
	return m
}

// request gives a line to a claim. The caller holds the lock.
func (c *GPIOChip) request(k *claim, r labbus.Request) syscall.Errno {
	switch {
	case k.pin != nil || r.Line >= len(c.pins):
		return syscall.EINVAL
	case c.pins[r.Line].owner != nil:
		return syscall.EBUSY
	case r.Flags&labbus.Output != 0 && (r.Flags&labbus.Edges != 0 || r.Debounce > 0):
		return syscall.EINVAL
	}
	p := c.pins[r.Line]
	p.owner, p.name = k, r.Consumer
	k.take(p, r)
	if k.output {
		return c.set(k, r.Flags&labbus.On != 0)
	}
	return 0
}

func (c *GPIOChip) get(k *claim) labbus.Message {
	switch {
	case k.pin == nil:
		return labbus.Answer{Errno: uint8(syscall.EPERM)}
	case k.edges || k.output || k.pin.Sensor == nil:
		return labbus.Answer{Data: level(k.high() != k.low)}
	}
	high, lines, ok := k.pin.Sensor.Look()
	if !ok {
		high, lines = true, nil
	}
	c.record(k.pin.Device, lines, 0)
	return labbus.Answer{Data: level(high != k.low)}
}

func level(active bool) []byte {
	if active {
		return []byte{1}
	}
	return []byte{0}
}

// set drives an output. The caller holds the lock.
func (c *GPIOChip) set(k *claim, on bool) syscall.Errno {
	if k.pin == nil || !k.output {
		return syscall.EPERM
	}
	k.pin.high = on != k.low
	if k.pin.Actuator != nil {
		c.record(k.pin.Device, k.pin.Actuator.Drive(k.pin.high), 0)
	}
	return 0
}

// Level returns the level of a line, by its name, and whether somebody has it.
func (c *GPIOChip) Level(name string) (high, used bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.pins {
		if p.Name == name {
			return p.high, p.owner != nil, nil
		}
	}
	return false, false, fmt.Errorf("the chip has no line %q", name)
}

// monotonic is the clock that the kernel stamps edges with.
func monotonic() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		return 0 // it is there on every Linux
	}
	return time.Duration(ts.Nano())
}
