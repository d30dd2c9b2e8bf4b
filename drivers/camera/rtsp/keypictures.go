package rtsp

import (
	"errors"

	"github.com/lamppost-city/lamppost/drivers/camera/h264"
)

// KeyPictures puts the key pictures of an H.264 stream together from RTP packets, as an
// Assembler does those of JPEG: what Add returns is a byte stream for a decoder, see package
// h264. It holds one picture and the parameter sets.
type KeyPictures struct {
	payload byte
	seen    bool // a packet, so next is known
	next    uint16
	stamp   uint32
	units   *h264.Unpacker
	picture *h264.Collector
}

// NewKeyPictures returns what puts together the key pictures of m of at most limit bytes.
// fits says why a size is not taken; if it is that of the description, the error is
// h264.ErrSize.
func NewKeyPictures(m Media, limit int, fits func(width, height int) error) (*KeyPictures, error) {
	k := &KeyPictures{payload: m.Payload, units: h264.NewUnpacker(limit), picture: h264.NewCollector(limit, fits)}
	for _, set := range m.Sets {
		if err := k.picture.Add(set); err != nil && errors.Is(err, h264.ErrSize) {
			return nil, err
		}
	}
	k.picture.Drop()
	return k, nil
}

// Add takes a packet. It returns a picture when the packet was the last of one, or the first
// behind one whose end was not marked; the bytes are the caller's. A packet of another
// payload type is passed over. An error says why a picture is given up; the next one can be
// good, but for ErrSize and ErrInterleaved of package h264.
func (k *KeyPictures) Add(packet []byte) (stream []byte, err error) {
	p, err := parseRTP(packet)
	if err != nil || p.payload != k.payload {
		return nil, err
	}
	if k.seen && p.seq != k.next {
		k.units.Drop()
		k.picture.Drop()
	}
	if p.stamp != k.stamp {
		if stream, err = k.picture.Finish(); err != nil {
			stream = nil
		}
	}
	k.seen, k.next, k.stamp = true, p.seq+1, p.stamp
	wrong := k.units.Unpack(p.data, k.picture.Add)
	if wrong != nil {
		k.picture.Drop()
	} else if p.last && k.picture.Begun() {
		stream, err = k.picture.Finish()
	}
	if stream != nil {
		return stream, nil
	}
	if wrong != nil {
		err = wrong
	}
	return nil, err
}
