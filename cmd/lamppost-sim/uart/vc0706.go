package uart

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// VC0706 is a serial JPEG camera with that picture processor, such as the LS-Y201 or the
// PTC-08. Sources: the VC0706 protocol sheet, the LS-Y201 manual. It holds one picture when
// it is told to, and gives it piece by piece until it is told to go on.
type VC0706 struct {
	// Picture takes a picture of a size, with what the truth log says of it.
	Picture func(width, height int) ([]byte, truth.Line, error)
	// Fault is one of VC0706Faults, or empty.
	Fault string

	on    time.Time // when it has started; before it hears nothing
	size  byte      // in use
	next  byte      // in use after the next reset
	held  []byte    // the picture; nil: pictures run
	line  truth.Line
	asked int // questions that were answered
	reads int // pieces among them
	asks  int // answers about the length among them
}

// Faults of a camera.
const (
	camCut     = "truncated" // its picture ends too early, and its length says so
	camTorn    = "torn"      // bytes of every third piece are lost on the line
	camMotion  = "motion"    // it says unasked that something moves, before every third answer
	camLate    = "late"      // every second answer about the length comes too late
	camGarbled = "garbled"   // its line runs at another speed
)

// VC0706Faults are the ways in which the camera can be at fault.
func VC0706Faults() []string {
	return []string{camCut, camTorn, camMotion, camLate, camGarbled}
}

const (
	camBoot   = 2500 * time.Millisecond
	camThinks = 2 * time.Millisecond
	camText   = "VC0703 1.00\r\nCtrl infr exist\r\nUser-defined sensor\r\n625\r\nInit end\r\n"
)

// camSizes are the codes of the sizes; 640x480 is what the camera starts with.
var camSizes = map[byte][2]int{0x00: {640, 480}, 0x11: {320, 240}, 0x22: {160, 120}}

// Start gives the camera power.
func (p *VC0706) Start() []Saying {
	p.size, p.next = 0, 0
	return p.boot()
}

// boot is what follows power, and a reset.
func (p *VC0706) boot() []Saying {
	p.on, p.held, p.size = time.Now().Add(camBoot), nil, p.next
	return []Saying{{After: camBoot, Bytes: []byte(camText)}}
}

// Hear takes frames: 56, serial number, command, number of arguments, arguments.
func (p *VC0706) Hear(heard []byte, _ Source) (used int, says []Saying) {
	start := bytes.IndexByte(heard, 0x56)
	if start < 0 {
		return len(heard), nil
	}
	f := heard[start:]
	if len(f) < 4 || len(f) < 4+int(f[3]) {
		return start, nil
	}
	used = start + 4 + int(f[3])
	if f[1] != 0 || time.Now().Before(p.on) {
		return used, nil
	}
	return used, p.spoil(f[2], p.answer(f[2], slices.Clone(f[4:4+int(f[3])])))
}

// says is an answer: 76, serial number, command, status, number of data bytes, data.
func (p *VC0706) says(cmd, status byte, data ...byte) []Saying {
	return []Saying{{After: camThinks, Bytes: append([]byte{0x76, 0, cmd, status, byte(len(data))}, data...)}}
}

// Statuses of an answer.
const (
	camDone, camUnknown, camWrong, camNotNow = 0, 1, 3, 4
)

func (p *VC0706) answer(cmd byte, args []byte) []Saying {
	switch {
	case cmd == 0x11:
		return p.says(cmd, camDone, []byte("VC0703 1.00")...)
	case cmd == 0x26:
		return append(p.says(cmd, camDone), p.boot()...)
	case cmd == 0x30 && len(args) == 4 && args[3] == 0x19:
		return p.says(cmd, camDone, p.next)
	case cmd == 0x31 && len(args) == 5 && args[3] == 0x19:
		if _, ok := camSizes[args[4]]; !ok {
			return p.says(cmd, camWrong)
		}
		p.next = args[4]
		return p.says(cmd, camDone)
	case cmd == 0x36 && len(args) == 1:
		return p.says(cmd, p.hold(args[0]))
	case cmd == 0x34 && len(args) == 1:
		return p.says(cmd, camDone, binary.BigEndian.AppendUint32(nil, uint32(len(p.held)))...)
	case cmd == 0x32 && len(args) == 12:
		return p.piece(args)
	case cmd == 0x37, cmd == 0x44, cmd == 0x31:
		return p.says(cmd, camDone)
	}
	return p.says(cmd, camUnknown)
}

// hold takes a picture, if none is held, or lets pictures run.
func (p *VC0706) hold(what byte) (status byte) {
	switch {
	case what > 3:
		return camWrong
	case what >= 2:
		p.held = nil
		return camDone
	case p.held != nil:
		return camDone
	}
	sides := camSizes[p.size]
	b, line, err := p.Picture(sides[0], sides[1])
	if err != nil {
		return camNotNow
	}
	if p.Fault == camCut {
		b = b[:len(b)*3/5]
	}
	sum := sha256.Sum256(b)
	line.SHA256, line.Via = hex.EncodeToString(sum[:]), truth.Still
	p.held, p.line = b, line
	return camDone
}

// piece is a part of the picture between two answers; behind the picture's end it is zero.
// The truth is told with the last one.
func (p *VC0706) piece(args []byte) []Saying {
	at, n := int64(binary.BigEndian.Uint32(args[2:])), int64(binary.BigEndian.Uint32(args[6:]))
	if p.held == nil || at%8 != 0 || n%8 != 0 || n > 4096 || at > int64(len(p.held)) {
		return p.says(0x32, camNotNow)
	}
	b := make([]byte, n)
	copy(b, p.held[at:])
	s := p.says(0x32, camDone)[0]
	s.After = time.Duration(binary.BigEndian.Uint16(args[10:])) * 10 * time.Microsecond
	s.Bytes = slices.Concat(s.Bytes, b, s.Bytes)
	if at+n >= int64(len(p.held)) {
		s.Lines = []truth.Line{p.line}
	}
	return []Saying{s}
}

// spoil is what becomes of an answer with the camera's fault.
func (p *VC0706) spoil(cmd byte, says []Saying) []Saying {
	p.asked++
	s := &says[0]
	switch cmd {
	case 0x32:
		p.reads++
	case 0x34:
		p.asks++
	}
	switch {
	case p.Fault == camTorn && cmd == 0x32 && p.reads%3 == 0 && len(s.Bytes) > 32:
		s.Bytes, s.Lines = slices.Concat(s.Bytes[:16], s.Bytes[24:]), nil
	case p.Fault == camMotion && p.asked%3 == 0:
		s.Bytes = append([]byte{0x76, 0, 0x39, 0}, s.Bytes...)
	case p.Fault == camLate && cmd == 0x34 && p.asks%2 == 1:
		s.After = 600 * time.Millisecond
	case p.Fault == camGarbled:
		for i := range s.Bytes { // three bits of ours are two of its
			s.Bytes[i] = s.Bytes[i]<<1 | 0x80 | s.Bytes[i]>>6
		}
		s.Lines = nil
	}
	return says
}
