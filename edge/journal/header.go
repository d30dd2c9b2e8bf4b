package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

const (
	headerMagic = "LPSEG\x00\x00" // and the version
	version     = '2'
	headerFixed = 16      // magic, checksum, length
	maxHeader   = 1 << 20 // the summary of the segment before, with its losses
	maxLosses   = 1 << 10 // in one summary, else the segment is scanned again
	suffix      = ".seg"
	broken      = ".broken"
)

// header opens a segment. It also says how the segment before it ended, so that
// Open need not read the old ones.
type header struct {
	num    uint64
	epoch  Epoch
	first  uint64 // number of the next record when the segment was begun
	opened Stamp
	prev   summary
	// Since version 2:
	recycled bool // the file held an older segment before
	syncs    uint64
	flash    uint64 // what the journal cost the flash up to here, see Wear
}

// summary is what a segment turned out to hold when it was left.
type summary struct {
	num    uint64 // 0: there was none
	epoch  Epoch
	end    int64 // bytes that count; what follows is a torn tail or an abandoned try
	first  uint64
	last   uint64 // number before the one that would have come next
	clean  bool
	rescan bool // more losses than fit: scan it
	opened Stamp
	closed Stamp // newest commit
	lost   []Loss
}

var errHeader = errors.New("not a valid segment header")

func (h *header) append(dst []byte) []byte {
	start := len(dst)
	dst = append(append(dst, headerMagic...), version)
	dst = append(dst, 0, 0, 0, 0, 0, 0, 0, 0)
	dst = binary.AppendUvarint(dst, h.num)
	dst = appendEpoch(dst, h.epoch)
	dst = binary.AppendUvarint(dst, h.first)
	dst = appendStamp(dst, h.opened)
	if dst = binary.AppendUvarint(dst, h.prev.num); h.prev.num != 0 {
		dst = h.prev.append(dst)
	}
	var flags byte
	if h.recycled {
		flags = 1
	}
	dst = binary.AppendUvarint(append(dst, flags), h.syncs)
	dst = binary.AppendUvarint(dst, h.flash)
	body := dst[start+headerFixed:]
	binary.LittleEndian.PutUint32(dst[start+12:], uint32(len(body)))
	binary.LittleEndian.PutUint32(dst[start+8:], crcOf(0, dst[start+12:]))
	return dst
}

func (s *summary) append(dst []byte) []byte {
	lost := s.lost
	var flags byte
	if s.clean {
		flags |= 1
	}
	if s.rescan || len(lost) > maxLosses {
		flags |= 2
		lost = nil
	}
	dst = append(dst, flags)
	dst = appendEpoch(dst, s.epoch)
	dst = binary.AppendUvarint(dst, uint64(s.end))
	dst = binary.AppendUvarint(dst, s.first)
	dst = binary.AppendUvarint(dst, s.last)
	dst = appendStamp(dst, s.opened)
	dst = appendStamp(dst, s.closed)
	dst = binary.AppendUvarint(dst, uint64(len(lost)))
	for _, l := range lost {
		dst = appendString(dst, l.Why)
		dst = binary.AppendUvarint(dst, l.Ranges[0].From)
		dst = binary.AppendUvarint(dst, l.Ranges[0].To-l.Ranges[0].From)
		dst = appendStamp(dst, l.From)
		dst = appendStamp(dst, l.To)
	}
	return dst
}

// lastCommit is the newest commit of the epoch before this segment, or the
// beginning of the epoch. The header's own stamp would claim too much: records
// older than it still wait to be written behind it.
func (h *header) lastCommit() Stamp {
	if h.prev.num != 0 && h.prev.epoch == h.epoch {
		return h.prev.closed
	}
	return h.opened
}

// headerSize returns how many bytes the header takes that begins with head.
func headerSize(head []byte) (int, error) {
	if len(head) < headerFixed || string(head[:7]) != headerMagic || head[7] < '1' || head[7] > version {
		return 0, errHeader
	}
	n := binary.LittleEndian.Uint32(head[12:])
	if n > maxHeader {
		return 0, errHeader
	}
	return headerFixed + int(n), nil
}

// parseHeader reads buf, exactly one header.
func parseHeader(buf []byte) (header, error) {
	n, err := headerSize(buf)
	if err != nil || n != len(buf) || crcOf(0, buf[12:]) != binary.LittleEndian.Uint32(buf[8:]) {
		return header{}, errHeader
	}
	r := reader{buf: buf[headerFixed:]}
	h := header{num: r.uvarint(), epoch: r.epoch(), first: r.uvarint(), opened: r.stamp()}
	if h.prev.num = r.uvarint(); h.prev.num != 0 {
		r.summary(&h.prev)
	}
	if buf[7] > '1' {
		flags := r.byte()
		h.recycled, h.syncs, h.flash = flags == 1, r.uvarint(), r.uvarint()
		r.bad = r.bad || flags > 1
	}
	if r.bad || len(r.buf) != 0 || h.num == 0 || h.first == 0 {
		return header{}, errHeader
	}
	return h, nil
}

func (r *reader) summary(s *summary) {
	flags := r.byte()
	s.clean, s.rescan = flags&1 != 0, flags&2 != 0
	s.epoch = r.epoch()
	s.end = int64(r.uvarint() & (1<<62 - 1))
	s.first, s.last = r.uvarint(), r.uvarint()
	s.opened, s.closed = r.stamp(), r.stamp()
	n := r.uvarint()
	if flags > 3 || n > maxLosses || s.rescan && n > 0 {
		r.fail()
	}
	for i := uint64(0); i < n && !r.bad; i++ {
		l := Loss{Epoch: s.epoch, Why: r.string(MaxKey)}
		from, more := r.uvarint(), r.uvarint()
		if from == 0 || from+more < from {
			r.fail()
		}
		l.Ranges = []Range{{from, from + more}}
		l.From, l.To = r.stamp(), r.stamp()
		s.lost = append(s.lost, l)
	}
}

func appendEpoch(dst []byte, e Epoch) []byte {
	return append(binary.AppendUvarint(dst, uint64(e.N)), e.Salt[:]...)
}

func (r *reader) epoch() Epoch {
	n := r.uvarint()
	e := Epoch{N: uint32(n)}
	if n > 1<<32-1 || len(r.buf) < len(e.Salt) {
		r.fail()
		return Epoch{}
	}
	r.buf = r.buf[copy(e.Salt[:], r.buf):]
	return e
}

func appendStamp(dst []byte, s Stamp) []byte {
	dst = appendString(dst, s.Boot)
	dst = binary.AppendVarint(dst, s.BootMS)
	return binary.AppendVarint(dst, s.UnixMS)
}

func (r *reader) stamp() Stamp {
	return Stamp{Boot: r.string(MaxKey), BootMS: r.varint(), UnixMS: r.varint()}
}

// seedOf ties blocks to their segment: a block that was written for another
// segment, or for another journal, is not valid here.
func seedOf(num uint64, e Epoch) uint32 {
	return crcOf(0, appendEpoch(binary.LittleEndian.AppendUint64(nil, num), e))
}

// segmentName names a segment's file. The name says enough to read the blocks
// when the header is damaged.
func segmentName(num uint64, e Epoch, isBroken bool) string {
	name := fmt.Sprintf("%010d-%s%s", num, e, suffix)
	if isBroken {
		name += broken
	}
	return name
}

func parseName(name string) (num uint64, e Epoch, isBroken, ok bool) {
	base, isBroken := strings.CutSuffix(name, broken)
	base, ok = strings.CutSuffix(base, suffix)
	n, rest, cut := strings.Cut(base, "-")
	if !ok || !cut {
		return 0, Epoch{}, false, false
	}
	num, err1 := strconv.ParseUint(n, 10, 63)
	e, err2 := ParseEpoch(rest)
	if err1 != nil || err2 != nil || num == 0 || segmentName(num, e, isBroken) != name {
		return 0, Epoch{}, false, false
	}
	return num, e, isBroken, true
}
