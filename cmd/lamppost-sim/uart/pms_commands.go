package uart

import (
	"bytes"
	"encoding/binary"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// Commands of the PMS family: "BM", command, two bytes of data, and the 16-bit sum of
// these five. Source: Plantower PMS5003 series data manual V2.3, appendix II.
const (
	pmsCommandLen = 7
	pmsMode       = 0xE1 // data 0: passive, 1: active
	pmsRead       = 0xE2 // in passive mode
	pmsSleep      = 0xE4 // data 0: sleep, 1: wake
)

const (
	// fanStarts is how long a sensor that has just got power sends zeros. The manual
	// gives no time; captures show a few frames.
	fanStarts = 3 * time.Second
	// pmsThinks is how long an answer takes; the manual gives none.
	pmsThinks = 20 * time.Millisecond
)

// Start gives the sensor power: it is in active mode, and its fan starts.
func (p *PMS5003) Start() []Saying {
	p.passive, p.asleep, p.woke = false, false, time.Now()
	return nil
}

// Hear carries out a command. Nothing but waking is heard in sleep, and waking is not
// acknowledged: the frames that start again are the answer.
func (p *PMS5003) Hear(heard []byte, s Source) (used int, says []Saying) {
	if heard[0] != 'B' || len(heard) > 1 && heard[1] != 'M' {
		return 1, nil
	}
	if len(heard) < pmsCommandLen {
		return 0, nil
	}
	sum := uint16(0)
	for _, c := range heard[:pmsCommandLen-2] {
		sum += uint16(c)
	}
	if binary.BigEndian.Uint16(heard[pmsCommandLen-2:]) != sum {
		return 1, nil
	}
	return pmsCommandLen, p.obey(heard[2], heard[4], s)
}

func (p *PMS5003) obey(command, data byte, s Source) []Saying {
	ack := []Saying{{After: pmsThinks, Bytes: plantower([]float64{float64(int(command)<<8 | int(data))})}}
	switch {
	case p.asleep && (command != pmsSleep || data != 1):
		return nil
	case command == pmsMode && data <= 1:
		p.passive = data == 0
		return ack
	case command == pmsRead && p.passive:
		frame, lines := p.Frame(s)
		return []Saying{{After: pmsThinks, Bytes: frame, Lines: lines}}
	case command == pmsSleep && data == 0:
		p.asleep = true
		return ack
	case command == pmsSleep && data == 1 && p.asleep:
		p.Start()
	}
	return nil
}

// blank is what the sensor sends while its fan starts: zeros with a good checksum.
func (p *PMS5003) blank() (frame []byte, starting bool) {
	if !p.Warming && (p.woke.IsZero() || time.Since(p.woke) >= fanStarts) {
		return nil, false
	}
	return plantower(make([]float64, pmsWords)), true
}

// neg8 is the checksum of Winsen's frames: what is missing from the sum of the bytes
// to a multiple of 256.
func neg8(b []byte) byte {
	sum := byte(0)
	for _, c := range b {
		sum += c
	}
	return -sum
}

// request9 looks for a request of nine bytes as Winsen's parts take them: FF 01,
// command, five bytes, checksum. used 0 and no request: more has to come.
func request9(heard []byte) (used int, request []byte) {
	const n = 9
	for i, want := range []byte{0xFF, 0x01} {
		if i < len(heard) && heard[i] != want {
			return 1, nil
		}
	}
	switch {
	case len(heard) < n:
		return 0, nil
	case heard[n-1] != neg8(heard[1:n-1]):
		return 1, nil
	}
	return n, bytes.Clone(heard[:n])
}

// answer9 makes a frame of nine bytes: FF, seven bytes, checksum.
func answer9(b ...byte) []byte {
	out := make([]byte, 9)
	out[0] = 0xFF
	copy(out[1:8], b)
	out[8] = neg8(out[1:8])
	return out
}

// one is what is said once, after a moment's thought.
func one(b []byte, lines ...truth.Line) []Saying {
	return []Saying{{After: winsenThinks, Bytes: b, Lines: lines}}
}

// winsenThinks is how long Winsen's parts take to answer; their manuals give no time.
const winsenThinks = 20 * time.Millisecond
