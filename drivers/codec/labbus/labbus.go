// Package labbus is the language of lab buses: an I2C bus or a GPIO chip that a
// simulator serves on a Unix socket, for a developer's machine that has neither. The
// owners of the real buses speak it when the name of a bus ends in [Suffix]; everything
// above them cannot tell the difference.
//
// A message is its length (2 bytes, of what follows, 1 to [MaxMessage]), a byte that
// says what it is, and its body. Numbers are big-endian; a text is a byte with its
// length, then its bytes.
//
//	H  hello     version (1), text: the bus, "i2c" or "gpio"       the server's first word
//	T  transfer  address, 2 bytes: to read, then what is written   i2c
//	I  inquiry                                                     gpio: what is on this chip?
//	C  chip      text: label, then for each line a byte (1: used), text: name, text: consumer
//	R  request   2 bytes: line, 2 bytes: flags, 4 bytes: debounce in µs, text: consumer
//	G  get
//	S  set       1: active
//	A  answer    a number of asm-generic/errno.h, 0: done; then what was read, one byte
//	             (1: active) for a get
//	E  edge      8 bytes: CLOCK_MONOTONIC in ns, 1: rising, 4 bytes: number of the line's edge from 1 on
//
// On an I2C bus each transfer has one answer, in order. On a GPIO chip a connection is
// one line once its request is answered with 0, and gives the line up when it closes, as
// a line's descriptor does in the kernel. Levels and edges are logical: those of an
// active-low line are inverted. The server keeps at most [EdgeBuffer] edges that nobody
// fetches and drops the oldest, so a hole in the numbers says what is lost.
package labbus

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

// Suffix ends the path of a lab bus and of nothing else.
const Suffix = ".sock"

// Version is the protocol's.
const Version = 1

// Limits of what a message may hold.
const (
	MaxMessage = 8192 + 8
	MaxLines   = 64
	MaxName    = 31   // bytes of a name, label or consumer, as in the kernel
	EdgeBuffer = 1024 // edges, as many as the kernel keeps
)

// Message is one of the types below.
type Message interface {
	// Append appends the whole message, with its length.
	Append(b []byte) []byte
}

// Hello says which bus a socket is.
type Hello struct {
	Version uint8
	Bus     string // i2c or gpio
}

// Transfer is one transaction of an I2C bus.
type Transfer struct {
	Address uint8 // 7 bits
	Read    int   // bytes to read after a repeated start, at most 8192
	Write   []byte
}

// Answer ends a transfer, request, get or set.
type Answer struct {
	Errno uint8
	Data  []byte
}

// Inquiry asks what a chip has.
type Inquiry struct{}

// Chip is what a chip has.
type Chip struct {
	Label string
	Lines []Line // by their numbers, at most MaxLines
}

// Line is one line of a chip.
type Line struct {
	Name, Consumer string
	Used           bool
}

// Flags say how a line is requested; the zero value is an input without edges.
type Flags uint16

// The flags.
const (
	Output Flags = 1 << iota
	ActiveLow
	OpenDrain
	Edges // both of them
	PullUp
	PullDown
	NoPull
	On       // an output begins active
	allFlags = 1<<iota - 1
)

// Request takes a line.
type Request struct {
	Line     int
	Flags    Flags
	Debounce time.Duration // whole microseconds
	Consumer string
}

// Get asks for the level; Set switches an output.
type (
	Get struct{}
	Set struct{ On bool }
)

// Edge is one edge of a line.
type Edge struct {
	At     time.Duration // by CLOCK_MONOTONIC
	Rising bool          // from inactive to active
	Seq    uint32
}

// ErrFormat says that bytes are no message.
var ErrFormat = errors.New("not a message of a lab bus")

// begin reserves the length; end fills it in.
func begin(b []byte, kind byte) []byte { return append(b, 0, 0, kind) }

func end(b []byte, from int) []byte {
	binary.BigEndian.PutUint16(b[from:], uint16(len(b)-from-2))
	return b
}

func text(b []byte, s string) []byte {
	if len(s) > MaxName {
		s = s[:MaxName]
	}
	return append(append(b, byte(len(s))), s...)
}

func bit(on bool) byte {
	if on {
		return 1
	}
	return 0
}

// Append implements Message.
func (m Hello) Append(b []byte) []byte {
	return end(text(append(begin(b, 'H'), m.Version), m.Bus), len(b))
}

// Append implements Message.
func (m Transfer) Append(b []byte) []byte {
	out := binary.BigEndian.AppendUint16(append(begin(b, 'T'), m.Address), uint16(m.Read))
	return end(append(out, m.Write...), len(b))
}

// Append implements Message.
func (m Answer) Append(b []byte) []byte {
	return end(append(append(begin(b, 'A'), m.Errno), m.Data...), len(b))
}

// Append implements Message.
func (Inquiry) Append(b []byte) []byte { return end(begin(b, 'I'), len(b)) }

// Append implements Message.
func (m Chip) Append(b []byte) []byte {
	out := text(begin(b, 'C'), m.Label)
	for _, l := range m.Lines {
		out = text(text(append(out, bit(l.Used)), l.Name), l.Consumer)
	}
	return end(out, len(b))
}

// Append implements Message.
func (m Request) Append(b []byte) []byte {
	out := binary.BigEndian.AppendUint16(begin(b, 'R'), uint16(m.Line))
	out = binary.BigEndian.AppendUint16(out, uint16(m.Flags))
	out = binary.BigEndian.AppendUint32(out, uint32(m.Debounce/time.Microsecond))
	return end(text(out, m.Consumer), len(b))
}

// Append implements Message.
func (Get) Append(b []byte) []byte { return end(begin(b, 'G'), len(b)) }

// Append implements Message.
func (m Set) Append(b []byte) []byte { return end(append(begin(b, 'S'), bit(m.On)), len(b)) }

// Append implements Message.
func (m Edge) Append(b []byte) []byte {
	out := append(binary.BigEndian.AppendUint64(begin(b, 'E'), uint64(m.At)), bit(m.Rising))
	return end(binary.BigEndian.AppendUint32(out, m.Seq), len(b))
}

// Reader reads messages. It keeps what it has of one when a read ends early, at a
// deadline, and goes on with it.
type Reader struct {
	R   io.Reader
	buf []byte
}

// Next returns the next message. Its bytes are the caller's. An error that wraps
// ErrFormat ends the conversation; io.EOF comes between two messages only.
func (r *Reader) Next() (Message, error) {
	for {
		if n := r.whole(); n > 0 {
			m, err := decode(r.buf[2:n])
			r.buf = append(r.buf[:0], r.buf[n:]...)
			return m, err
		}
		if len(r.buf) >= 2 {
			if n := int(binary.BigEndian.Uint16(r.buf)); n == 0 || n > MaxMessage {
				return nil, fmt.Errorf("%w: a length of %d, at most %d is possible", ErrFormat, n, MaxMessage)
			}
		}
		if err := r.more(); err != nil {
			return nil, err
		}
	}
}

// Buffered says whether Next returns at once, without reading.
func (r *Reader) Buffered() bool { return r.whole() > 0 }

// whole returns the size of the first message, or 0 if it is not all there.
func (r *Reader) whole() int {
	if len(r.buf) < 2 {
		return 0
	}
	n := int(binary.BigEndian.Uint16(r.buf))
	if n == 0 || n > MaxMessage || len(r.buf) < n+2 {
		return 0
	}
	return n + 2
}

// more reads what there is. A message and the beginning of the next are the most that
// is ever held.
func (r *Reader) more() error {
	var p [512]byte
	n, err := r.R.Read(p[:])
	r.buf = append(r.buf, p[:n]...)
	switch {
	case n > 0 || err == nil:
		return nil
	case errors.Is(err, io.EOF) && len(r.buf) > 0:
		return io.ErrUnexpectedEOF
	}
	return err
}
