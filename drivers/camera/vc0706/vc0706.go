// Package vc0706 writes and reads the frames of serial cameras with a VC0706 or VC0703
// picture processor: LinkSprite LS-Y201, PTC-06, PTC-08 and their many relatives.
//
// Sources: the VC0706 protocol sheet and the LS-Y201 manual, and Adafruit's library for
// what the two leave open. They disagree on the code of 57600 bit/s; see [Speed].
//
// A frame to the camera is 56, serial number, command, number of arguments, arguments.
// Its answer is 76, serial number, command, status, number of data bytes, data. A picture's
// bytes stand between two answers to the same command, without a frame of their own.
// Nothing is guarded by a checksum: a damaged picture is told by its structure and its
// length, or not at all.
//
// A camera that watches for motion says so unasked, with 76 00 39 00, between any two
// frames. After a reset it says its name and "Init end" in plain text. Both are skipped.
package vc0706

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// The first byte of a frame: to the camera, and from it.
const (
	toCamera   = 0x56
	fromCamera = 0x76
)

// Commands, and what a camera says unasked.
const (
	CmdVersion   = 0x11
	CmdSpeed     = 0x24
	CmdReset     = 0x26
	CmdReadReg   = 0x30
	CmdWriteReg  = 0x31
	CmdRead      = 0x32
	CmdLength    = 0x34
	CmdFrame     = 0x36
	CmdMotion    = 0x37
	EventMotion  = 0x39
	CmdTVOut     = 0x44
	registerSize = 0x19
)

// HeadBytes is the length of an answer, up to and with the number of its data bytes.
const HeadBytes = 5

// Frame control: what CmdFrame does with the picture in the camera's memory.
const (
	StopThis = 0x00 // hold the current picture: take it
	StopNext = 0x01 // hold the next one
	Step     = 0x02 // go on by one picture
	Resume   = 0x03 // let pictures run again; without it the next one is this one
)

// Camera is the serial number that frames carry, 0 as delivered.
type Camera byte

func (c Camera) frame(cmd byte, args ...byte) []byte {
	return append([]byte{toCamera, byte(c), cmd, byte(len(args))}, args...)
}

// Reset starts the camera anew; it is busy for 2 to 3 s afterwards.
func (c Camera) Reset() []byte { return c.frame(CmdReset) }

// Version asks for the camera's name, 11 characters such as "VC0703 1.00".
func (c Camera) Version() []byte { return c.frame(CmdVersion) }

// AskSize asks for the code of the picture's size, one byte.
func (c Camera) AskSize() []byte { return c.frame(CmdReadReg, 0x04, 0x01, 0x00, registerSize) }

// SetSize chooses the picture's size. It takes effect after a reset.
func (c Camera) SetSize(s Size) []byte {
	return c.frame(CmdWriteReg, s.device, 0x01, 0x00, registerSize, s.Code)
}

// SetCompression chooses how small pictures become: 0 the best, 255 the smallest.
func (c Camera) SetCompression(v byte) []byte {
	return c.frame(CmdWriteReg, 0x01, 0x01, 0x12, 0x04, v)
}

// Control holds a picture or lets pictures run: StopThis, StopNext, Step, Resume.
func (c Camera) Control(what byte) []byte { return c.frame(CmdFrame, what) }

// AskLength asks for the bytes in the held picture.
func (c Camera) AskLength() []byte { return c.frame(CmdLength, 0x00) }

// delay is the camera's pause before it sends a chunk, in 10 µs: what its makers advise.
const delay = 0x000A

// Read asks for count bytes of the held picture from an address on; both are multiples of
// 8. The answer is followed by the bytes, and they by the answer again.
func (c Camera) Read(address, count uint32) []byte {
	f := c.frame(CmdRead, 0x00, 0x0A, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	binary.BigEndian.PutUint32(f[6:], address)
	binary.BigEndian.PutUint32(f[10:], count)
	binary.BigEndian.PutUint16(f[14:], delay)
	return f
}

// Motion switches the watch for motion on or off.
func (c Camera) Motion(on bool) []byte { return c.frame(CmdMotion, bit(on)) }

// TVOut switches the analogue video output on or off.
func (c Camera) TVOut(on bool) []byte { return c.frame(CmdTVOut, bit(on)) }

func bit(on bool) byte {
	if on {
		return 1
	}
	return 0
}

// Size is a picture's size and its code.
type Size struct {
	Name   string // "640x480"
	Code   byte
	device byte // whose register it is written to: 4, or 5 in cameras with 2 megapixels
}

// Sizes returns the sizes from the smallest: three of every camera, and four of those with
// 2 megapixels.
func Sizes() []Size {
	return []Size{
		{"160x120", 0x22, 0x04}, {"320x240", 0x11, 0x04}, {"640x480", 0x00, 0x04},
		{"1024x768", 0x33, 0x05}, {"1280x720", 0x44, 0x05}, {"1280x960", 0x55, 0x05}, {"1920x1080", 0x66, 0x05},
	}
}

// Speed returns the frames that set the camera's line to a speed in bit/s, the likelier
// first. There are two for 57600: LinkSprite's manual says 1C 4C, Adafruit's library sends
// 1C 1C, and no third source decides. A camera that took neither goes on at the speed it
// had. The answer comes at that speed, too. None: the camera has no such speed.
func (c Camera) Speed(baud int) (frames [][]byte) {
	codes := map[int][][2]byte{
		9600: {{0xAE, 0xC8}}, 19200: {{0x56, 0xE4}}, 38400: {{0x2A, 0xF2}},
		57600: {{0x1C, 0x4C}, {0x1C, 0x1C}}, 115200: {{0x0D, 0xA6}},
	}
	for _, x := range codes[baud] {
		frames = append(frames, c.frame(CmdSpeed, 0x01, x[0], x[1]))
	}
	return frames
}

// Answer is what a camera says to a command.
type Answer struct {
	Command byte
	Status  byte   // 0: done; else see Refused
	Data    []byte // aliases what was searched
}

// Refused says why the camera did not do what it was told, or nothing.
func (a Answer) Refused() error {
	words := []string{1: "command not received", 2: "wrong length", 3: "wrong format", 4: "not possible now", 5: "received, and it failed"}
	switch {
	case a.Status == 0:
		return nil
	case int(a.Status) < len(words):
		return fmt.Errorf("command %#02x: status %d, %s", a.Command, a.Status, words[a.Status])
	default:
		return fmt.Errorf("command %#02x: status %d", a.Command, a.Status)
	}
}

// Length reads the answer to AskLength.
func (a Answer) Length() (int64, error) {
	if a.Command != CmdLength || len(a.Data) != 4 {
		return 0, fmt.Errorf("command %#02x with %d bytes of data is no length, which has 4", a.Command, len(a.Data))
	}
	return int64(binary.BigEndian.Uint32(a.Data)), nil
}

// longest data of an answer to each command; what claims more is not one.
var longest = map[byte]int{CmdVersion: 32, CmdReadReg: 16, CmdLength: 4}

// Find searches b for the answer of this camera to a command. It skips what is none: the
// news of motion, the text of a start, noise. used is what can be dropped, with the answer
// if one was found; noise is how many bytes of it were neither an answer nor news. Without
// an answer the rest of b may begin one.
func (c Camera) Find(b []byte, command byte) (a Answer, used, noise int, found bool) {
	for used < len(b) {
		rest := b[used:]
		if n := c.event(rest); n > 0 {
			used += n
			continue
		}
		switch size := c.size(rest, command); {
		case size == 0:
			used, noise = used+1, noise+1
		case size > len(rest):
			return a, used, noise, false
		default:
			return Answer{command, rest[3], rest[HeadBytes:size:size]}, used + size, noise, true
		}
	}
	return a, used, noise, false
}

// event is the length of the news of motion that b begins with, 0: none. It comes without
// a count of data or with a count of none.
func (c Camera) event(b []byte) int {
	if len(b) <= HeadBytes-1 || !slices.Equal(b[:4], []byte{fromCamera, byte(c), EventMotion, 0}) {
		return 0
	}
	if b[4] == 0 {
		return 5
	}
	return 4
}

// size is the length of the answer that b begins: 0 if it begins none, more than b has
// while b is too short to tell.
func (c Camera) size(b []byte, command byte) int {
	head := []byte{fromCamera, byte(c), command}
	if n := min(len(b), 2); !slices.Equal(b[:n], head[:n]) {
		return 0
	}
	switch {
	case len(b) < 3:
		return HeadBytes
	case b[2] == EventMotion && len(b) < HeadBytes && (len(b) < 4 || b[3] == 0):
		return HeadBytes
	case b[2] != command:
		return 0
	case len(b) < HeadBytes:
		return HeadBytes
	case b[3] != 0 && b[4] != 0, int(b[4]) > longest[command]:
		return 0
	default:
		return HeadBytes + int(b[4])
	}
}

// ChunkBytes is how many bytes more than the picture's the answer to Read has: the answer
// in front and behind.
const ChunkBytes = 2 * HeadBytes

// Chunk takes the count bytes of a picture out of the camera's answer to Read, which b
// begins with. b must be ChunkBytes longer.
func (c Camera) Chunk(b []byte, count int) ([]byte, error) {
	if len(b) != count+ChunkBytes {
		return nil, fmt.Errorf("%d bytes came, %d and %d were to come", len(b), count, ChunkBytes)
	}
	want := []byte{fromCamera, byte(c), CmdRead, 0, 0}
	if !slices.Equal(b[:HeadBytes], want) {
		return nil, fmt.Errorf("before the picture's bytes stands % x, not % x", b[:HeadBytes], want)
	}
	if end := b[HeadBytes+count:]; !slices.Equal(end, want) {
		return nil, fmt.Errorf("bytes were lost: behind %d bytes of the picture stands % x, not % x", count, end, want)
	}
	return b[HeadBytes : HeadBytes+count : HeadBytes+count], nil
}

// Chunks returns the addresses and counts to read a picture of length bytes with, at most
// size bytes at a time; all are multiples of 8. The last may reach beyond the picture: what
// comes behind its length is no part of it.
func Chunks(length, size int) func(yield func(address, count uint32) bool) {
	return func(yield func(address, count uint32) bool) {
		size = max(size&^7, 8)
		for at := 0; at < length; at += size {
			if !yield(uint32(at), uint32(min(size, (length-at+7)&^7))) {
				return
			}
		}
	}
}
