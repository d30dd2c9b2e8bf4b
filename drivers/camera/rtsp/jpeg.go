package rtsp

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// Assembler puts pictures together from RTP packets. It holds one picture.
type Assembler struct {
	payload byte
	limit   int
	tables  []byte // Huffman tables, a DHT segment

	begun  bool // the first packet of a picture was seen, and none is missing since
	next   uint16
	stamp  uint32
	head   header
	scan   []byte
	quants map[byte][]byte // by Q, those that a camera sends once
	lost   int
}

// NewAssembler returns an assembler of pictures of at most limit bytes. payload is the
// payload type of JPEG in this session, tables the Huffman tables that RTP leaves out.
func NewAssembler(payload byte, limit int, tables []byte) *Assembler {
	return &Assembler{payload: payload, limit: limit, tables: tables, quants: map[byte][]byte{}}
}

// Lost is how many pictures were begun and given up because a packet was missing or wrong.
func (a *Assembler) Lost() int { return a.lost }

// header is what stands in front of the scan data in each packet (RFC 2435, 3.1).
type header struct {
	kind          byte // 0: 4:2:2, 1: 4:2:0; 64 more with restart markers
	q             byte
	width, height int
	interval      uint16 // restart interval in MCUs
	quant         []byte // one or two tables, as DQT has them
	wide          byte   // bit i: table i has 16 bits an entry
}

// Add takes a packet. It returns a picture when the packet was the last of one; the bytes
// are the caller's. A packet of another payload type is passed over. An error says why a
// picture is given up; the next one can be good.
func (a *Assembler) Add(packet []byte) (jpeg []byte, err error) {
	p, err := parseRTP(packet)
	if err != nil || p.payload != a.payload {
		return nil, err
	}
	inOrder := p.seq == a.next && p.stamp == a.stamp
	a.next = p.seq + 1
	offset, h, data, err := parseJPEG(p.data)
	if err != nil {
		return nil, a.giveUp(err)
	}
	switch {
	case offset == 0:
		if a.begun {
			a.lost++
		}
		if h.quant, err = a.quantFor(h); err != nil {
			return nil, a.giveUp(err)
		}
		a.begun, a.stamp, a.head, a.scan = true, p.stamp, h, a.scan[:0]
	case !a.begun: // in the middle of a picture whose beginning was missed
		return nil, nil
	case !inOrder || offset != len(a.scan):
		return nil, a.giveUp(fmt.Errorf("a packet is missing before byte %d of a picture", offset))
	}
	if len(a.scan)+len(data) > a.limit {
		return nil, a.giveUp(fmt.Errorf("a picture of more than %d bytes", a.limit))
	}
	a.scan = append(a.scan, data...)
	if !p.last {
		return nil, nil
	}
	a.begun = false
	return a.picture(), nil
}

func (a *Assembler) giveUp(err error) error {
	if a.begun {
		a.lost++
	}
	a.begun, a.scan = false, a.scan[:0]
	return err
}

// rtp is a packet (RFC 3550, 5.1).
type rtp struct {
	payload byte
	last    bool // the marker: the last packet of a picture
	seq     uint16
	stamp   uint32
	data    []byte
}

func parseRTP(b []byte) (p rtp, err error) {
	if len(b) < 12 || b[0]>>6 != 2 {
		return p, fmt.Errorf("a packet of %d bytes is no RTP", len(b))
	}
	p = rtp{b[1] & 0x7F, b[1]&0x80 != 0, binary.BigEndian.Uint16(b[2:]), binary.BigEndian.Uint32(b[4:]), nil}
	at, end := 12+4*int(b[0]&0x0F), len(b)
	if b[0]&0x20 != 0 { // padding: its last byte says how much
		end -= int(b[len(b)-1])
	}
	if b[0]&0x10 != 0 && at+4 <= len(b) { // an extension: its length in words
		at += 4 + 4*int(binary.BigEndian.Uint16(b[at+2:]))
	}
	if at > end {
		return p, fmt.Errorf("an RTP packet of %d bytes claims %d of headers and padding", len(b), at+len(b)-end)
	}
	p.data = b[at:end]
	return p, nil
}

// parseJPEG takes a payload apart.
func parseJPEG(b []byte) (offset int, h header, data []byte, err error) {
	if len(b) < 8 {
		return 0, h, nil, fmt.Errorf("a JPEG payload of %d bytes", len(b))
	}
	offset = int(binary.BigEndian.Uint32(b) & 0xFFFFFF)
	h = header{kind: b[4], q: b[5], width: 8 * int(b[6]), height: 8 * int(b[7])}
	b = b[8:]
	switch {
	case h.kind&^64 > 1:
		return 0, h, nil, fmt.Errorf("JPEG type %d; 0, 1, 64 and 65 are known", h.kind)
	case h.width == 0 || h.height == 0:
		return 0, h, nil, fmt.Errorf("a picture of more than 2040 pixels a side; choose a smaller stream")
	case h.q == 0 || h.q > 99 && h.q < 128:
		return 0, h, nil, fmt.Errorf("quality %d is reserved", h.q)
	}
	if h.kind >= 64 {
		if len(b) < 4 {
			return 0, h, nil, fmt.Errorf("a restart header of %d bytes", len(b))
		}
		h.interval, b = binary.BigEndian.Uint16(b), b[4:]
	}
	if h.q >= 128 && offset == 0 {
		if b, err = h.takeTables(b); err != nil {
			return 0, h, nil, err
		}
	}
	return offset, h, b, nil
}

// takeTables reads the quantisation table header (RFC 2435, 3.1.8).
func (h *header) takeTables(b []byte) (rest []byte, err error) {
	if len(b) < 4 {
		return nil, fmt.Errorf("a quantisation table header of %d bytes", len(b))
	}
	n := int(binary.BigEndian.Uint16(b[2:]))
	h.wide = b[1] & 3
	if n > len(b)-4 {
		return nil, fmt.Errorf("quantisation tables of %d bytes in a packet with %d", n, len(b)-4)
	}
	one := 64 + 64*int(h.wide&1)
	if two := one + 64 + 64*int(h.wide>>1&1); n != 0 && n != one && n != two {
		return nil, fmt.Errorf("quantisation tables of %d bytes; one has %d, two have %d", n, one, two)
	}
	h.quant = b[4 : 4+n]
	return b[4+n:], nil
}

// quantFor are the tables of a picture: in the packet, computed from Q, or those that the
// camera sent with that Q before. With 16 bits an entry they are kept with their header's
// picture only.
func (a *Assembler) quantFor(h header) ([]byte, error) {
	switch {
	case h.q < 128:
		return scaled(h.q), nil
	case len(h.quant) > 0:
		a.quants[h.q] = slices.Concat([]byte{h.wide}, h.quant)
	}
	known := a.quants[h.q]
	if known == nil || h.q == 255 && len(h.quant) == 0 {
		return nil, fmt.Errorf("quality %d without quantisation tables", h.q)
	}
	return known, nil
}

// picture writes the JPEG whose scan data has come (RFC 2435, appendix B).
func (a *Assembler) picture() []byte {
	h := a.head
	b := make([]byte, 0, len(a.scan)+len(a.tables)+400)
	b = append(b, 0xFF, 0xD8)
	wide, quant, second := h.quant[0], h.quant[1:], byte(0)
	one := 64 + 64*int(wide&1)
	b = appendDQT(b, 0, wide&1, quant[:one])
	if len(quant) > one {
		b, second = appendDQT(b, 1, wide>>1&1, quant[one:]), 1
	}
	if h.interval > 0 {
		b = append(b, 0xFF, 0xDD, 0, 4, byte(h.interval>>8), byte(h.interval))
	}
	sampling := byte(0x21)
	if h.kind&1 == 1 {
		sampling = 0x22
	}
	b = append(b, 0xFF, 0xC0, 0, 17, 8, byte(h.height>>8), byte(h.height), byte(h.width>>8), byte(h.width), 3,
		1, sampling, 0, 2, 0x11, second, 3, 0x11, second)
	b = append(b, a.tables...)
	b = append(b, 0xFF, 0xDA, 0, 12, 3, 1, 0x00, 2, 0x11, 3, 0x11, 0, 63, 0)
	b = append(b, a.scan...)
	if n := len(b); b[n-2] != 0xFF || b[n-1] != 0xD9 {
		b = append(b, 0xFF, 0xD9)
	}
	return b
}

func appendDQT(b []byte, id, wide byte, table []byte) []byte {
	b = append(b, 0xFF, 0xDB, 0, byte(3+len(table)), wide<<4|id)
	return append(b, table...)
}

// scaled are the tables of T.81 annex K.1 for a quality of 1 to 99, by the rule of RFC
// 2435, 4.2, in zigzag order and with 8 bits an entry.
func scaled(q byte) []byte {
	factor := 200 - 2*int(q)
	if q < 50 {
		factor = 5000 / int(q)
	}
	b := []byte{0}
	for _, table := range [...]*[64]byte{&lumaQuant, &chromaQuant} {
		for _, at := range zigzag {
			b = append(b, byte(min(max((int(table[at])*factor+50)/100, 1), 255)))
		}
	}
	return b
}

// The tables of T.81, K.1 and K.2, row by row, and the order in which DQT has them.
var (
	lumaQuant = [64]byte{
		16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55,
		14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62,
		18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
		49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
	}
	chromaQuant = [64]byte{
		17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99,
		24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99,
		99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
		99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
	}
	zigzag = [64]byte{
		0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5,
		12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
		35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
		58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
	}
)
