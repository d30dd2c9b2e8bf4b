package modbus

import "bytes"

// Scanned says what stands in the bytes that a serial line received after a
// request. The counts cover what stands before the answer, or everything if
// there is no answer.
type Scanned struct {
	// Answer is the PDU of the first good frame that can answer the request; nil
	// while there is none. It aliases the bytes scanned.
	Answer []byte
	// Rest is what follows the answer.
	Rest []byte

	Echoed  bool // the line gave our own request back
	Alien   int  // good frames that do not answer: another unit's, or a late one
	Damaged int  // frames that begin and end as the answer should, with a wrong CRC
	Noise   int  // bytes that belong to none of these
	// Begun is set when a frame that could be the answer has begun at the end of
	// the bytes and is not complete: it pays to wait a little for the rest.
	Begun bool
}

// Scan looks for the answer to request, a whole RTU frame that asks for r, in
// buf. A failed candidate costs one byte, not one frame, so that an answer is
// found behind any noise. Frames are told by their length, never by silence:
// behind a USB adapter nobody can see silences of a few milliseconds.
func Scan(buf, request []byte, r Request) Scanned {
	var s Scanned
	if len(request) < 4 {
		s.Noise = len(buf)
		return s
	}
	unit, want := request[0], r.answerLen()
	for i := 0; i < len(buf); {
		rest := buf[i:]
		if n := echo(rest, request); n > 0 && !r.repeated() {
			s.Echoed, i = true, i+n
			continue
		}
		n, state := candidate(rest, unit, r.Function, want)
		switch state {
		case good:
			if _, err := r.Answers(rest[1 : n-2]); err == nil {
				s.Answer, s.Rest, s.Begun = rest[1:n-2], rest[n:], false
				return s
			}
		case begun:
			s.Begun = true
		case damaged:
			s.Damaged++
		}
		if n := alien(rest); n > 0 {
			s.Alien, i = s.Alien+1, i+n
			continue
		}
		s.Noise, i = s.Noise+1, i+1
	}
	return s
}

// echo returns the length of our own request at the start of b, also of its
// first part at the very end of what was received. One byte is no evidence:
// answers begin with the same unit.
func echo(b, request []byte) int {
	if n := min(len(b), len(request)); n > 5 && bytes.Equal(b[:n], request[:n]) {
		return n
	}
	return 0
}

// repeated says whether a good answer to r has the same bytes as r, so that no
// echo can be told from it.
func (r Request) repeated() bool { return r.Function == 5 || r.Function == 6 || r.Function == 8 }

type candidateState int

const (
	none candidateState = iota
	begun
	damaged
	good
)

// candidate judges b as the beginning of an answer from unit; n is the length
// of the frame when it is good.
func candidate(b []byte, unit, function uint8, pduLen int) (n int, s candidateState) {
	if b[0] != unit || len(b) == 1 { // one byte alone is more likely noise
		return 0, none
	}
	switch {
	case b[1] == function && pduLen > 0:
		n = pduLen + 3
		if counted(function) && len(b) > 2 && int(b[2]) != pduLen-2 {
			return 0, none
		}
	case b[1] == function|0x80:
		n = 5
	default:
		return 0, none
	}
	switch {
	case len(b) < n:
		return 0, begun
	case CRC(b[:n]) != 0:
		return 0, damaged
	}
	return n, good
}

// alien returns the length of a whole good answer frame at the start of b,
// whoever sent it, or 0. Only frames whose length can be read from themselves
// are recognised.
func alien(b []byte) int {
	if len(b) < 5 {
		return 0
	}
	var n int
	switch fn := b[1]; {
	case counted(fn):
		n = 5 + int(b[2])
	case fn == 5 || fn == 6 || fn == 15 || fn == 16:
		n = 8
	case fn > 0x80:
		n = 5
	}
	if n == 0 || len(b) < n || CRC(b[:n]) != 0 {
		return 0
	}
	return n
}
