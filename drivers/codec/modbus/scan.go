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
	Alien   int  // good frames that do not answer: another unit's or master's, or a late one
	Damaged int  // frames that begin and end as the answer should, with a wrong CRC
	Noise   int  // bytes that belong to none of these
	// Begun is set when a frame that could be the answer has begun at the end of
	// the bytes and is not complete: it pays to wait a little for the rest.
	Begun bool
	// Crossed is set when another master was heard asking our unit for the same
	// function: whose answer then comes nobody can tell, and none is taken for ours.
	Crossed bool
}

// Scan looks for the answer to request, a whole RTU frame that asks for r, in
// buf. A failed candidate costs one byte, not one frame, so that an answer is
// found behind any noise. Frames are told by their length, never by silence:
// behind a USB adapter nobody can see silences of a few milliseconds.
//
// echoes says that the line is known to give every request back. It only matters
// for a request that is Repeated: then its first copy is the echo, without echoes
// it is the answer.
func Scan(buf, request []byte, r Request, echoes bool) Scanned {
	var s Scanned
	if len(request) < 4 {
		s.Noise = len(buf)
		return s
	}
	for i := 0; i < len(buf); {
		rest := buf[i:]
		if n := echo(rest, request); n > 0 && (!r.Repeated() || echoes && !s.Echoed) {
			s.Echoed, i = true, i+n
			continue
		}
		n, state := r.candidate(rest, request[0])
		switch {
		case state == good && !s.Crossed:
			if _, err := r.Answers(rest[1 : n-2]); err == nil {
				s.Answer, s.Rest, s.Begun = rest[1:n-2], rest[n:], false
				return s
			}
		case state == begun:
			s.Begun = true
		case state == damaged:
			s.Damaged++
		}
		n, asks := alien(rest)
		if n == 0 {
			s.Noise, i = s.Noise+1, i+1
			continue
		}
		s.Crossed = s.Crossed || asks && rest[0] == request[0] && rest[1] == r.Function
		s.Alien, i = s.Alien+1, i+n
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

type candidateState int

const (
	none candidateState = iota
	begun
	damaged
	good
)

// candidate judges b as the beginning of unit's answer to r; n is the length of
// the frame when it is good.
func (r Request) candidate(b []byte, unit uint8) (n int, s candidateState) {
	if b[0] != unit || len(b) == 1 { // one byte alone is more likely noise
		return 0, none
	}
	switch {
	case b[1] == r.Function|0x80:
		n = 5
	case b[1] != r.Function:
		return 0, none
	case r.identifies():
		n = r.identityFrame(b)
	default:
		n = r.fixedFrame(b)
	}
	switch {
	case n == 0:
		return 0, none
	case len(b) < n:
		return 0, begun
	case CRC(b[:n]) != 0:
		return 0, damaged
	}
	return n, good
}

// fixedFrame is the length of the frame in b, which begins with r's function, if it
// can answer r; else 0.
func (r Request) fixedFrame(b []byte) int {
	want := r.answerLen()
	if want == 0 || counted(r.Function) && len(b) > 2 && int(b[2]) != want-2 {
		return 0
	}
	return want + 3
}

// identityFrame does the same for an identification, whose length grows as more of
// it is known.
func (r Request) identityFrame(b []byte) int {
	if len(b) > 2 && b[2] != identity || len(b) > 3 && b[3] != r.Data[1] {
		return 0
	}
	n, _ := identityLen(b[1:])
	if n > MaxPDU {
		return 0
	}
	return n + 3
}

// alien returns the length of a whole good frame at the start of b, whoever sent
// it, or 0, and whether it can only be a request. Only frames whose length can be
// read from themselves are recognised.
func alien(b []byte) (n int, asks bool) {
	if len(b) < 5 {
		return 0, false
	}
	if n = answerFrame(b); n > 0 && n <= len(b) && CRC(b[:n]) == 0 {
		return n, false
	}
	if n = requestFrame(b); n > 0 && n <= len(b) && CRC(b[:n]) == 0 {
		return n, true
	}
	return 0, false
}

// answerFrame returns how long the answer frame at the start of b would be, 0 if
// that cannot be known.
func answerFrame(b []byte) int {
	switch fn := b[1]; {
	case counted(fn):
		return 5 + int(b[2])
	case fn > 0x80:
		return 5
	case fn == encapsulated && b[2] == identity:
		n, more := identityLen(b[1:])
		if more {
			return 0
		}
		return n + 3
	default:
		if n := confirmLen(fn); n > 0 {
			return n + 3
		}
		return 0
	}
}

// requestFrame does the same for a request.
func requestFrame(b []byte) int {
	head := requestHead[b[1]]
	switch fn := b[1]; {
	case fn == encapsulated && b[2] == identity:
		return 7
	case fn == 5 || fn == 6 || fn == 22: // like its confirmation
		return 0
	case head == 0 || len(b) <= head:
		return 0
	case fn <= 4:
		return head + 3
	default: // 15, 16, 23: the head ends with the byte count
		return head + int(b[head]) + 3
	}
}
