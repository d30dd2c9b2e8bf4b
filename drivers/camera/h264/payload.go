package h264

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Kinds of units (H.264, table 7-1) and of packets (RFC 6184, table 1).
const (
	unitIDR      = 5
	unitSequence = 7
	unitPicture  = 8
	lastUnit     = 23

	packetSTAPA = 24
	packetFUA   = 28
	packetFUB   = 29
)

// ErrInterleaved: the stream comes in another order than it is decoded in (packetization
// mode 2), which is not put right here.
var ErrInterleaved = errors.New("its H.264 comes interleaved (packetization mode 2); set the camera to mode 1")

// Unpacker takes units out of RTP payloads of the packetization modes 0 and 1 (RFC 6184, 5).
// It holds the fragments of one unit.
type Unpacker struct {
	limit int
	open  bool // a unit's first fragment was seen, and none is missing since
	held  []byte
}

// NewUnpacker returns an unpacker of units of at most limit bytes.
func NewUnpacker(limit int) *Unpacker { return &Unpacker{limit: limit} }

// Drop forgets the unit whose fragments have come so far: a packet is missing.
func (u *Unpacker) Drop() { u.open, u.held = false, u.held[:0] }

// Unpack calls emit with each unit that a payload completes, in order, until it returns an
// error. Units are good until the next call. Fragments of a unit whose beginning was missed
// are passed over, and so are those of units that no key picture needs.
func (u *Unpacker) Unpack(payload []byte, emit func(unit []byte) error) error {
	if len(payload) == 0 {
		return nil
	}
	kind := payload[0] & 0x1F
	if kind != packetFUA && u.open {
		u.Drop()
		return errors.New("a unit without an end")
	}
	switch {
	case payload[0]&0x80 != 0:
		u.Drop()
		return errors.New("a unit that the camera calls damaged")
	case kind == packetSTAPA:
		return several(payload[1:], emit)
	case kind == packetFUA:
		return u.fragment(payload, emit)
	case kind > packetSTAPA && kind <= packetFUB:
		return ErrInterleaved
	case kind == 0 || kind > packetFUB:
		return fmt.Errorf("a packet of kind %d", kind)
	case wanted(payload):
		return emit(payload)
	}
	return nil
}

// several takes an aggregation packet apart: a length of two bytes before each unit.
func several(b []byte, emit func([]byte) error) error {
	for len(b) > 0 {
		if len(b) < 2 {
			return errors.New("an aggregation packet ends in a length")
		}
		n := int(binary.BigEndian.Uint16(b))
		if b = b[2:]; n == 0 || n > len(b) {
			return fmt.Errorf("a unit of %d bytes in an aggregation packet that has %d left", n, len(b))
		}
		if kind := b[0] & 0x1F; kind == 0 || kind > lastUnit || b[0]&0x80 != 0 {
			return fmt.Errorf("a unit of kind %d in an aggregation packet", kind)
		}
		if wanted(b) {
			if err := emit(b[:n]); err != nil {
				return err
			}
		}
		b = b[n:]
	}
	return nil
}

// fragment adds a part of a unit; the second byte says whether it is the first or the last.
func (u *Unpacker) fragment(b []byte, emit func([]byte) error) error {
	if len(b) < 2 {
		u.Drop()
		return errors.New("a fragment without a head")
	}
	first, last, kind := b[1]&0x80 != 0, b[1]&0x40 != 0, b[1]&0x1F
	if first {
		unfinished := u.open
		u.Drop()
		if kind == 0 || kind > lastUnit {
			return fmt.Errorf("fragments of a unit of kind %d", kind)
		}
		head := []byte{b[0]&0x60 | kind}
		if wanted(head) {
			u.open, u.held = true, append(u.held, head...)
		}
		if unfinished {
			return errors.New("a unit without an end")
		}
	}
	if !u.open {
		return nil
	}
	if u.held[0]&0x1F != kind || len(u.held)+len(b)-2 > u.limit {
		n, other := len(u.held)+len(b)-2, u.held[0]&0x1F != kind
		u.Drop()
		if other {
			return errors.New("fragments of two units are mixed")
		}
		return fmt.Errorf("a unit of %d bytes; %d are taken (max_bytes)", n, u.limit)
	}
	if u.held = append(u.held, b[2:]...); !last {
		return nil
	}
	u.open = false
	return emit(u.held)
}

// wanted says whether a key picture needs units of this head.
func wanted(unit []byte) bool {
	switch unit[0] & 0x1F {
	case unitIDR, unitSequence, unitPicture:
		return true
	}
	return false
}
