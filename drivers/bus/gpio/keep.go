//go:build linux

package gpio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"time"
)

// memory is what a counter must not forget: 64 bytes, little-endian.
//
//	 0  "LPC1"
//	 4  uint32  number of this writing
//	 8  uint64  pulses counted
//	16  uint64  pulses lost
//	24  int64   time unwatched, ns
//	32  int64   when the line was still watched, ns by the kernel's monotonic clock
//	40  16 × u8 the boot, see bootMark
//	56  uint32  0
//	60  uint32  CRC-32C of the bytes before
//
// A counter's file holds two of them, written in turns, so that one that was torn
// leaves the other.
type memory struct {
	n           uint32
	total, lost uint64
	unwatched   time.Duration
	alive       time.Duration
	boot        bootMark
}

const (
	memorySize = 64
	magic      = "LPC1"
)

// bootMark tells boots apart: the id's 32 hexadecimal digits as 16 bytes.
type bootMark [16]byte

func markOf(boot string) (m bootMark) {
	i := 0
	for _, c := range []byte(boot) {
		d := digit(c)
		if d < 0 || i == 2*len(m) {
			continue
		}
		m[i/2] = m[i/2]<<4 | byte(d)
		i++
	}
	return m
}

func digit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// put writes m into p, which has memorySize bytes.
func (m memory) put(p []byte) {
	_ = p[memorySize-1]
	copy(p, magic)
	binary.LittleEndian.PutUint32(p[4:], m.n)
	binary.LittleEndian.PutUint64(p[8:], m.total)
	binary.LittleEndian.PutUint64(p[16:], m.lost)
	binary.LittleEndian.PutUint64(p[24:], uint64(m.unwatched))
	binary.LittleEndian.PutUint64(p[32:], uint64(m.alive))
	copy(p[40:], m.boot[:])
	binary.LittleEndian.PutUint32(p[56:], 0)
	binary.LittleEndian.PutUint32(p[60:], crc32.Checksum(p[:60], castagnoli))
}

// parseMemory is the inverse of put.
func parseMemory(p []byte) (m memory, err error) {
	switch {
	case len(p) != memorySize:
		return m, fmt.Errorf("%d bytes, not %d", len(p), memorySize)
	case string(p[:4]) != magic:
		return m, fmt.Errorf("it begins with % x", p[:4])
	case crc32.Checksum(p[:60], castagnoli) != binary.LittleEndian.Uint32(p[60:]):
		return m, errors.New("its checksum is wrong")
	case binary.LittleEndian.Uint32(p[56:]) != 0:
		return m, errors.New("it is of a later version")
	}
	m = memory{n: binary.LittleEndian.Uint32(p[4:]), total: binary.LittleEndian.Uint64(p[8:]), lost: binary.LittleEndian.Uint64(p[16:]),
		unwatched: time.Duration(binary.LittleEndian.Uint64(p[24:])), alive: time.Duration(binary.LittleEndian.Uint64(p[32:]))}
	copy(m.boot[:], p[40:])
	if m.unwatched < 0 || m.alive < 0 {
		return memory{}, errors.New("its times are negative")
	}
	return m, nil
}

// keeper is a counter's file.
type keeper struct {
	f   *os.File // nil: nothing is kept
	buf [memorySize]byte
}

// openKeeper opens the file of a counter and reads what it holds; no file, or nothing
// in it that can be read, is a counter that was never used.
func openKeeper(dir, name string) (*keeper, memory, error) {
	if dir == "" {
		return &keeper{}, memory{}, nil
	}
	f, err := os.OpenFile(filepath.Join(dir, name+".count"), os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return &keeper{}, memory{}, err
	}
	var both [2 * memorySize]byte
	n, _ := f.ReadAt(both[:], 0) // what is not there cannot be read either
	var newest memory
	for i := 0; i+memorySize <= n; i += memorySize {
		if m, err := parseMemory(both[i : i+memorySize]); err == nil && (newest.n == 0 || m.n-newest.n < 1<<31) {
			newest = m
		}
	}
	return &keeper{f: f}, newest, nil
}

// write replaces the older of the two memories. It survives the program, not the
// board: nothing is synced.
func (k *keeper) write(m memory) error {
	if k.f == nil {
		return nil
	}
	m.put(k.buf[:])
	_, err := k.f.WriteAt(k.buf[:], int64(m.n%2)*memorySize)
	return err
}

func (k *keeper) close() {
	if k.f != nil {
		_ = k.f.Close() // it was never buffered
		k.f = nil
	}
}
