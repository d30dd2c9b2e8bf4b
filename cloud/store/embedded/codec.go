package embedded

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/lamppost-city/lamppost/cloud/store"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// A log record is the version byte 1, the count of points as uvarint, and the
// points, each:
//
//	byte   1 gateway follows, 2 device follows, 4 channel follows (else as in the
//	       point before); 8 value follows; 16 quality follows (else Pass);
//	       32 late verdict follows
//	       the strings, each a byte of length and that many bytes
//	varint milliseconds since the point before, the first since 1970
//	8      the float64, little-endian
//	byte   obs.Flag, then the reason: two bytes of length, little-endian, and its bytes
//	byte   obs.Flag
const (
	logVersion = 1
	maxPerLog  = 20000 // points in one record

	newGateway = 1 << 0
	newDevice  = 1 << 1
	newChannel = 1 << 2
	hasValue   = 1 << 3
	hasQuality = 1 << 4
	hasLate    = 1 << 5
)

var errRecord = errors.New("not a valid log record")

// maxTime is the last millisecond whose nanoseconds fit into the engine.
const maxTime = math.MaxInt64/1_000_000 - 1

const maxWhy = 1024

// check says why p can never be stored, "" if it can.
func check(p *store.Point) string {
	if err := checkStream(p.Stream); err != nil {
		return err.Error()
	}
	return checkValue(p)
}

// checkValue is check without the names.
func checkValue(p *store.Point) string {
	switch {
	case p.Time < 0 || p.Time > maxTime:
		return fmt.Sprintf("time %d ms is outside what can be stored", p.Time)
	case p.Flag > obs.Missing || p.Late > obs.Missing:
		return fmt.Sprintf("flag %d does not exist", max(p.Flag, p.Late))
	case p.Flag != obs.Missing && (math.IsNaN(p.V) || math.IsInf(p.V, 0)):
		return fmt.Sprintf("value %g is no number and not flagged missing", p.V)
	case len(p.Why) > maxWhy:
		return fmt.Sprintf("the reason has %d bytes; at most %d are stored", len(p.Why), maxWhy)
	}
	return ""
}

// appendPoints encodes points, all of which check has let through.
func appendPoints(dst []byte, points []store.Point) []byte {
	dst = binary.AppendUvarint(append(dst, logVersion), uint64(len(points)))
	var last store.Point
	for i := range points {
		p := &points[i]
		at := len(dst)
		dst = append(dst, 0)
		var form byte
		for _, s := range [...]struct {
			bit      byte
			now, was string
		}{{newGateway, p.Gateway, last.Gateway}, {newDevice, p.Device, last.Device}, {newChannel, p.Channel, last.Channel}} {
			if s.now != s.was {
				form |= s.bit
				dst = append(append(dst, byte(len(s.now))), s.now...)
			}
		}
		dst = binary.AppendVarint(dst, p.Time-last.Time)
		if p.Flag != obs.Missing {
			form |= hasValue
			dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(p.V))
		}
		if p.Quality != (obs.Quality{Flag: obs.Pass}) {
			form |= hasQuality
			dst = binary.LittleEndian.AppendUint16(append(dst, byte(p.Flag)), uint16(len(p.Why)))
			dst = append(dst, p.Why...)
		}
		if p.Late != 0 {
			form |= hasLate
			dst = append(dst, byte(p.Late))
		}
		dst[at] = form
		last = *p
	}
	return dst
}

// parsePoints decodes a log record into points, which it appends to dst. Every
// point it returns passes check.
func parsePoints(dst []store.Point, body []byte) ([]store.Point, error) {
	r := reader{buf: body}
	version, n := r.byte(), r.uvarint()
	if r.bad || version != logVersion || n > maxPerLog {
		return dst, errRecord
	}
	var p store.Point
	for range n {
		form := r.byte()
		if form&newGateway != 0 {
			p.Gateway = r.string(int(r.byte()))
		}
		if form&newDevice != 0 {
			p.Device = r.string(int(r.byte()))
		}
		if form&newChannel != 0 {
			p.Channel = r.string(int(r.byte()))
		}
		p.Time += r.varint()
		p.V, p.Quality, p.Late = math.NaN(), obs.Quality{Flag: obs.Pass}, 0
		if form&hasValue != 0 {
			p.V = math.Float64frombits(r.uint64())
		}
		if form&hasQuality != 0 {
			p.Flag = obs.Flag(r.byte())
			p.Why = obs.Reason(r.string(int(r.uint16())))
		}
		if form&hasLate != 0 {
			p.Late = obs.Flag(r.byte())
		}
		if r.bad || form&^(newGateway|newDevice|newChannel|hasValue|hasQuality|hasLate) != 0 ||
			(p.Flag == obs.Missing) == (form&hasValue != 0) || check(&p) != "" {
			return dst, errRecord
		}
		dst = append(dst, p)
	}
	if len(r.buf) > 0 {
		return dst, errRecord
	}
	return dst, nil
}

// reader takes values off the front of buf; bad stays true after the first one
// that is not there.
type reader struct {
	buf []byte
	bad bool
}

var zeros [8]byte

func (r *reader) take(n int) []byte {
	if n > len(r.buf) {
		r.buf, r.bad = nil, true
		return zeros[:min(n, len(zeros))]
	}
	b := r.buf[:n]
	r.buf = r.buf[n:]
	return b
}

func (r *reader) byte() byte     { return r.take(1)[0] }
func (r *reader) uint16() uint16 { return binary.LittleEndian.Uint16(r.take(2)) }
func (r *reader) uint64() uint64 { return binary.LittleEndian.Uint64(r.take(8)) }

func (r *reader) string(n int) string {
	b := r.take(n)
	if r.bad {
		return ""
	}
	return string(b)
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.buf)
	r.take(max(n, 0))
	r.bad = r.bad || n <= 0
	return v
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.buf)
	r.take(max(n, 0))
	r.bad = r.bad || n <= 0
	return v
}
