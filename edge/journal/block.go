package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"

	"github.com/klauspost/compress/zstd"
)

// MaxRecord is the longest body of a record, MaxState the longest keyed state
// and MaxKey the longest key, in bytes.
const (
	MaxRecord = 4<<20 + 64<<10 // a picture of 4 MB and what is said about it
	MaxState  = 256 << 10
	MaxKey    = 255
)

const (
	blockMagic  = 0x42504c9e // "\x9eLPB"
	blockFixed  = 12         // magic, checksum, length
	blockTarget = 64 << 10   // a block is closed when its entries reach this
	maxRaw      = MaxRecord + MaxState + blockTarget + 1<<10
	maxMeta     = 1 + 3*binary.MaxVarintLen64 + 2*binary.MaxVarintLen64 + 1 + MaxKey
	minCompress = 96 // shorter blocks never shrink

	flagZstd    = 1 << 0 // the entries are compressed
	flagGap     = 1 << 1 // the numbers missing before this block were dropped from memory
	flagState   = 1 << 2 // there are state entries inside
	flagHead    = 1 << 3 // one of the blocks that carry the states into a new segment
	flagHeadEnd = 1 << 4 // the last of them
	flagClean   = 1 << 5 // Close wrote this: the epoch ends here, in order
	flagBoot    = 1 << 6 // the stamp's boot follows; else it is the segment header's
	flagsKnown  = 1<<7 - 1

	entryState = 0xF0 // key, value: a keyed state
	entryGone  = 0xF1 // key: the state was removed
	entryFloor = 0xF2 // number of the oldest segment that still counts
)

// errBlock is the one verdict on bytes that are not a block; why it is not one
// helps nobody.
var errBlock = errors.New("not a valid block")

// crcOf continues the CRC-32C seed over b.
func crcOf(seed uint32, b []byte) uint32 {
	return crc32.Update(seed, crc32.MakeTable(crc32.Castagnoli), b)
}

// block is the head of one commit block, and its entries still packed.
type block struct {
	flags byte
	first uint64 // number of the first record inside, or of the next one if there is none
	count uint64
	stamp Stamp
	raw   int    // length of the entries once unpacked
	data  []byte // the entries, as they lie in the file
	size  int    // bytes of the whole block in the file
}

// last returns the number before the one that follows this block.
func (b *block) last() uint64 { return b.first + b.count - 1 }

// packer turns entries into blocks. It holds the only encoder of a journal.
type packer struct {
	enc *zstd.Encoder
	out []byte
}

func newPacker() (*packer, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest),
		zstd.WithWindowSize(128<<10), zstd.WithLowerEncoderMem(true), zstd.WithEncoderCRC(false), zstd.WithSingleSegment(true))
	if err != nil {
		return nil, fmt.Errorf("journal: start compression: %w", err)
	}
	return &packer{enc: enc}, nil
}

// append adds b with the given entries to dst, compressed when that saves a
// sixteenth. seed ties it to its segment, boot is the segment header's.
func (p *packer) append(dst []byte, seed uint32, boot string, b block, entries []byte) []byte {
	payload := entries
	if len(entries) >= minCompress {
		p.out = p.enc.EncodeAll(entries, p.out[:0])
		if len(p.out) < len(entries)-len(entries)/16 {
			payload = p.out
			b.flags |= flagZstd
		}
	}
	if b.stamp.Boot != boot || b.flags&flagHead != 0 {
		b.flags |= flagBoot
	}
	start := len(dst)
	dst = binary.LittleEndian.AppendUint32(dst, blockMagic)
	dst = append(dst, 0, 0, 0, 0, 0, 0, 0, 0, b.flags)
	dst = binary.AppendUvarint(dst, b.first)
	dst = binary.AppendUvarint(dst, b.count)
	dst = binary.AppendUvarint(dst, uint64(len(entries)))
	dst = binary.AppendVarint(dst, b.stamp.BootMS)
	dst = binary.AppendVarint(dst, b.stamp.UnixMS)
	if b.flags&flagBoot != 0 {
		dst = appendString(dst, b.stamp.Boot)
	}
	dst = append(dst, payload...)
	binary.LittleEndian.PutUint32(dst[start+8:], uint32(len(dst)-start-blockFixed))
	binary.LittleEndian.PutUint32(dst[start+4:], crcOf(seed, dst[start+8:]))
	return dst
}

// blockSize returns how many bytes the block takes whose first blockFixed bytes
// are head, or an error if that is no block's head.
func blockSize(head []byte) (int, error) {
	if binary.LittleEndian.Uint32(head) != blockMagic {
		return 0, errBlock
	}
	n := binary.LittleEndian.Uint32(head[8:])
	if n == 0 || n > maxRaw+maxMeta {
		return 0, errBlock
	}
	return blockFixed + int(n), nil
}

// parseBlock checks buf, exactly one block, and reads its head. data stays a
// part of buf.
func parseBlock(buf []byte, seed uint32, boot string) (block, error) {
	if len(buf) < blockFixed {
		return block{}, errBlock
	}
	n, err := blockSize(buf)
	if err != nil || n != len(buf) || crcOf(seed, buf[8:]) != binary.LittleEndian.Uint32(buf[4:]) {
		return block{}, errBlock
	}
	r := reader{buf: buf[blockFixed:]}
	b := block{size: n, stamp: Stamp{Boot: boot}}
	b.flags = r.byte()
	b.first, b.count = r.uvarint(), r.uvarint()
	raw := r.uvarint()
	b.stamp.BootMS, b.stamp.UnixMS = r.varint(), r.varint()
	if b.flags&flagBoot != 0 {
		b.stamp.Boot = r.string(MaxKey)
	}
	b.data, b.raw = r.buf, int(min(raw, math.MaxInt32))
	switch {
	case r.bad, raw > maxRaw, b.flags&^flagsKnown != 0, b.first == 0, b.count > raw, b.first+b.count < b.first,
		b.flags&flagZstd == 0 && len(b.data) != b.raw:
		return block{}, errBlock
	}
	return b, nil
}

// unpack returns the entries of b. They lie in buf if they had to be expanded,
// else in the block itself.
func (b *block) unpack(dec *zstd.Decoder, buf []byte) ([]byte, error) {
	if b.flags&flagZstd == 0 {
		return b.data, nil
	}
	if cap(buf) < b.raw {
		buf = make([]byte, 0, b.raw+b.raw/4)
	}
	out, err := dec.DecodeAll(b.data, buf[:0])
	if err != nil || len(out) != b.raw {
		return nil, errBlock
	}
	return out, nil
}

func newUnpacker() (*zstd.Decoder, error) {
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxMemory(maxRaw), zstd.WithDecodeAllCapLimit(false))
	if err != nil {
		return nil, fmt.Errorf("journal: start decompression: %w", err)
	}
	return dec, nil
}

// entries walks the unpacked entries of a block whose first record has number
// first. It stops at the first error, its own (errBlock) or one of the two functions'.
func entries(raw []byte, first uint64, record func(Record) error, state func(stateEntry) error) (count uint64, err error) {
	r := reader{buf: raw}
	for len(r.buf) > 0 && err == nil {
		kind := r.byte()
		switch {
		case kind < byte(firstOwnKind):
			body := r.bytes(MaxRecord)
			if !r.bad && record != nil {
				err = record(Record{Seq: first + count, Kind: Kind(kind), Body: body})
			}
			count++
		case kind == entryState, kind == entryGone:
			e := stateEntry{key: r.string(MaxKey), gone: kind == entryGone}
			if !e.gone {
				e.value = r.bytes(MaxState)
			}
			if !r.bad && state != nil {
				err = state(e)
			}
		case kind == entryFloor:
			e := stateEntry{isFloor: true, floor: r.uvarint()}
			if !r.bad && state != nil {
				err = state(e)
			}
		default:
			return count, errBlock
		}
		if r.bad {
			return count, errBlock
		}
	}
	return count, err
}

// stateEntry is an entry that is not a record.
type stateEntry struct {
	key     string
	value   []byte
	gone    bool
	isFloor bool
	floor   uint64
}

func (e stateEntry) append(dst []byte) []byte {
	switch {
	case e.isFloor:
		return binary.AppendUvarint(append(dst, entryFloor), e.floor)
	case e.gone:
		return appendString(append(dst, entryGone), e.key)
	default:
		dst = appendString(append(dst, entryState), e.key)
		return append(binary.AppendUvarint(dst, uint64(len(e.value))), e.value...)
	}
}

func appendRecord(dst []byte, k Kind, body []byte) []byte {
	dst = append(dst, byte(k))
	dst = binary.AppendUvarint(dst, uint64(len(body)))
	return append(dst, body...)
}

func appendString(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// reader takes values off the front of buf. After the first one that is not
// there bad stays true and zeros come out.
type reader struct {
	buf []byte
	bad bool
}

func (r *reader) fail() {
	r.buf, r.bad = nil, true
}

func (r *reader) byte() byte {
	if len(r.buf) == 0 {
		r.fail()
		return 0
	}
	b := r.buf[0]
	r.buf = r.buf[1:]
	return b
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.buf)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.buf = r.buf[n:]
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.buf)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.buf = r.buf[n:]
	return v
}

func (r *reader) bytes(limit uint64) []byte {
	n := r.uvarint()
	if r.bad || n > limit || n > uint64(len(r.buf)) {
		r.fail()
		return nil
	}
	b := r.buf[:n:n]
	r.buf = r.buf[n:]
	return b
}

func (r *reader) string(limit uint64) string { return string(r.bytes(limit)) }
