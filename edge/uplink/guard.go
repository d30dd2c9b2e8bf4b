package uplink

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// guard follows the packets that the broker sends (MQTT 3.1.1 §2.2): a type, a
// length of up to four bytes, and that many bytes. A PUBLISH that is too large is
// passed on without its payload, so that it is confirmed to the broker and takes no
// memory: to end the connection would bring it again at once if it is retained, and
// so for ever. What it can cost is the 256 MB that MQTT allows, at the link's pace.
type guard struct {
	large   func(topic string, size int) // is told; may be nil
	first   byte                         // of the packet
	head    []byte                       // that much of its head as has come
	inLen   bool
	length  int
	rest    int    // bytes of the packet still to come
	greeted bool   // its first packet was the one that a broker begins with
	kept    []byte // topic and number of a message too large
	need    int    // bytes of them still to come
	skip    bool   // what comes is the payload of such a one
}

var (
	errNoBroker = errors.New("is no MQTT broker")
	errWantsTLS = fmt.Errorf("%w, or it wants TLS: write mqtts://", errNoBroker)
)

const (
	connack     = 2
	publish     = 3
	tlsAlert    = 0x15 // what a TLS server answers to CONNECT begins with
	mostLengths = 4    // bytes of a length
)

// packetLength returns how long the packets are that a broker sends to a client
// which publishes and subscribes with QoS 1, one topic at a time; 0: any length up to
// the limit; -1: none.
func packetLength(kind byte) (n int, known bool) {
	switch kind {
	case connack, 4, 11: // PUBACK, UNSUBACK
		return 2, true
	case publish:
		return 0, true
	case 9: // SUBACK for one topic
		return 3, true
	case 13: // PINGRESP
		return -1, true
	}
	return 0, false
}

// feed takes bytes from the broker and appends what paho is to see to dst.
func (g *guard) feed(dst, p []byte, limit int) ([]byte, error) {
	for len(p) > 0 {
		var err error
		switch {
		case g.need > 0:
			n := min(g.need, len(p))
			g.kept = append(g.kept, p[:n]...)
			g.need, g.rest, p = g.need-n, g.rest-n, p[n:]
			dst, err = g.shorten(dst)
		case g.rest > 0:
			n := min(g.rest, len(p))
			if !g.skip {
				dst = append(dst, p[:n]...)
			}
			g.rest, p = g.rest-n, p[n:]
		case !g.inLen:
			g.first, g.inLen, g.length, g.head = p[0], true, 0, append(g.head[:0], p[0])
			p, err = p[1:], g.begins()
		default:
			dst, err = g.measure(dst, p[0], limit)
			p = p[1:]
		}
		if err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// begins says whether the first byte is one of a broker.
func (g *guard) begins() error {
	switch {
	case g.greeted || g.first == connack<<4:
		return nil
	case g.first == tlsAlert:
		return errWantsTLS
	default:
		return errNoBroker
	}
}

// measure takes a byte of the length.
func (g *guard) measure(dst []byte, b byte, limit int) ([]byte, error) {
	g.length |= int(b&0x7f) << (7 * (len(g.head) - 1))
	g.head = append(g.head, b)
	if b&0x80 != 0 {
		if len(g.head) > mostLengths {
			return dst, fmt.Errorf("broker: packet of type %d has a length that never ends", g.first>>4)
		}
		return dst, nil
	}
	if err := g.check(); err != nil {
		return dst, err
	}
	g.inLen, g.greeted, g.rest, g.skip = false, true, g.length, false
	if g.first>>4 == publish && g.length > limit {
		g.kept, g.need = g.kept[:0], 2
		return dst, nil
	}
	return append(dst, g.head...), nil
}

func (g *guard) check() error {
	kind := g.first >> 4
	want, known := packetLength(kind)
	switch {
	case !g.greeted && g.length != want:
		return errNoBroker
	case !known:
		return fmt.Errorf("broker: a packet of type %d is not for us", kind)
	case want == 0 && g.length < 2:
		return errors.New("broker: a message without a topic")
	case want != 0 && g.length != max(want, 0):
		return fmt.Errorf("broker: a packet of type %d has %d bytes", kind, g.length)
	}
	return nil
}

// shorten appends the packet without its payload, once topic and number have come.
func (g *guard) shorten(dst []byte) ([]byte, error) {
	if g.need > 0 {
		return dst, nil
	}
	topic := int(binary.BigEndian.Uint16(g.kept))
	if len(g.kept) == 2 {
		g.need = topic
		if g.first&0x06 != 0 { // QoS 1 has a number
			g.need += 2
		}
		if topic == 0 || g.need > g.rest {
			return dst, errors.New("broker: a message without a topic")
		}
		return dst, nil
	}
	g.skip = true
	if g.large != nil {
		g.large(string(g.kept[2:2+topic]), g.length)
	}
	dst = append(dst, g.first)
	dst = binary.AppendUvarint(dst, uint64(len(g.kept))) // the same form as MQTT's length
	return append(dst, g.kept...), nil
}
