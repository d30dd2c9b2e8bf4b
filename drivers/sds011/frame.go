package sds011

import (
	"github.com/lamppost-city/lamppost/drivers/frame"
)

// The frames of the family:
//
//	part to host   AA kind d1 d2 d3 d4 id1 id2 sum AB
//	host to part   AA B4 command set value 10 × 00 id1 id2 sum AB
//
// sum is the low 8 bits of the sum of what stands between kind or B4 and itself.
const (
	head, tail = 0xAA, 0xAB
	answerLen  = 10
	commandLen = 19

	kindDust    = 0xC0 // PM2.5 and PM10, low byte first, tenths
	kindPM100   = 0xCF // the SDS198: one value behind two bytes, whole ug/m3
	kindAnswer  = 0xC5 // to a command: d1 is the command, d2 and d3 its arguments
	kindCommand = 0xB4
)

// Commands, the first data byte.
const (
	cmdMode   = 2 // 0: talks by itself, 1: when asked
	cmdQuery  = 4
	cmdRest   = 6 // 0: sleeps, 1: works
	cmdBuilt  = 7 // year, month and day of the firmware
	cmdPeriod = 8 // minutes from one half minute of work to the next; 0: always works
)

// answer is a frame of the part: kind, four data bytes, and its id.
type answer struct {
	kind byte
	data [4]byte
	id   [2]byte
}

var format = frame.Format[answer]{Head: []byte{head}, Max: answerLen, Size: size, Decode: decode}

func size(b []byte) int {
	switch {
	case len(b) < 2:
		return answerLen
	case b[1] == kindDust, b[1] == kindPM100, b[1] == kindAnswer:
		return answerLen
	}
	return 0
}

// decode reads the frame that fills b.
func decode(b []byte) (a answer, ok bool) {
	if len(b) != answerLen || size(b) == 0 || b[0] != head || b[9] != tail || sum(b[2:8]) != b[8] {
		return answer{}, false
	}
	return answer{kind: b[1], data: [4]byte(b[2:6]), id: [2]byte(b[6:8])}, true
}

// append writes the frame as the part sends it.
func (a answer) append(b []byte) []byte {
	start := len(b)
	b = append(append(append(b, head, a.kind), a.data[:]...), a.id[:]...)
	return append(b, sum(b[start+2:]), tail)
}

// word returns the data bytes from i on as a number.
func (a answer) word(i int) int { return int(a.data[i]) | int(a.data[i+1])<<8 }

// command is a frame to any part on the line: id FF FF.
func command(data ...byte) []byte { return commandTo([2]byte{0xFF, 0xFF}, data...) }

// commandTo is a frame to the part with an id.
func commandTo(id [2]byte, data ...byte) []byte {
	b := make([]byte, commandLen)
	b[0], b[1], b[commandLen-1] = head, kindCommand, tail
	copy(b[2:], data)
	b[15], b[16] = id[0], id[1]
	b[17] = sum(b[2:17])
	return b
}

func sum(b []byte) (s byte) {
	for _, c := range b {
		s += c
	}
	return s
}
