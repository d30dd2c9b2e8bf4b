package uart

import (
	"bytes"
	"encoding/binary"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// Shot is a picture that a camera took, and the truth line that belongs to it.
type Shot struct {
	JPEG []byte
	Line truth.Line
}

// VC0706 is a camera with this picture processor, on its serial line. Sources: the VC0706
// protocol sheet, the LinkSprite LS-Y201 manual.
//
//	56 serial command count arguments     to the camera
//	76 serial command status count data   from it
//
// It holds a picture when it is told to stop, gives it in pieces from wherever it is
// asked, and takes no other until it is told to resume. The last piece is padded.
type VC0706 struct {
	Look func() Shot // takes a picture

	held Shot // without a JPEG: pictures run
	size byte
}

const (
	vcThinks = 5 * time.Millisecond
	vcStarts = 2 * time.Second // from a reset until it hears again

	vcFormat = 0x03 // status: wrong data format
	vcNotNow = 0x04 // status: not possible now
)

// Start gives the camera power: it says its name, as it does after a reset.
func (p *VC0706) Start() []Saying {
	p.held = Shot{}
	return []Saying{{After: vcStarts, Bytes: []byte("VC0703 1.00\r\n3o ctrl in\r\nInit end\r\n")}}
}

// Hear takes a command when all of its arguments are there.
func (p *VC0706) Hear(heard []byte, _ Source) (used int, says []Saying) {
	if heard[0] != 0x56 {
		return 1, nil
	}
	if len(heard) < 4 {
		return 0, nil
	}
	if used = 4 + int(heard[3]); len(heard) < used {
		return 0, nil
	}
	if heard[1] != 0 {
		return used, nil // another camera is meant
	}
	return used, p.obey(heard[2], bytes.Clone(heard[4:used]))
}

func vcAnswer(command, status byte, data ...byte) []byte {
	return append([]byte{0x76, 0, command, status, byte(len(data))}, data...)
}

func (p *VC0706) obey(command byte, args []byte) []Saying {
	says := func(b []byte) []Saying { return []Saying{{After: vcThinks, Bytes: b}} }
	switch {
	case command == 0x11:
		return says(vcAnswer(command, 0, []byte("VC0703 1.00")...))
	case command == 0x26:
		return append(says(vcAnswer(command, 0)), p.Start()...)
	case command == 0x30:
		return says(vcAnswer(command, 0, p.size))
	case command == 0x31 && len(args) == 5:
		if bytes.Equal(args[:4], []byte{4, 1, 0, 0x19}) {
			p.size = args[4]
		}
		return says(vcAnswer(command, 0))
	case command == 0x36 && len(args) == 1 && args[0] <= 3:
		switch {
		case args[0] == 3:
			p.held = Shot{}
		case p.held.JPEG == nil:
			p.held = p.Look()
		}
		return says(vcAnswer(command, 0))
	case (command == 0x34 || command == 0x32) && p.held.JPEG == nil:
		return says(vcAnswer(command, vcNotNow))
	case command == 0x34 && len(args) == 1 && args[0] == 0:
		return says(binary.BigEndian.AppendUint32([]byte{0x76, 0, command, 0, 4}, uint32(len(p.held.JPEG))))
	case command == 0x32 && len(args) == 12 && args[0] == 0 && args[1] == 0x0A:
		return p.piece(args)
	default:
		return says(vcAnswer(command, vcFormat))
	}
}

// piece sends a part of the picture between two answers.
func (p *VC0706) piece(args []byte) []Saying {
	at, n := binary.BigEndian.Uint32(args[2:]), binary.BigEndian.Uint32(args[6:])
	if at%8 != 0 || n == 0 || n%8 != 0 || int64(at) >= int64(len(p.held.JPEG)) || n > 4096 {
		return []Saying{{After: vcThinks, Bytes: vcAnswer(0x32, vcFormat)}}
	}
	data := make([]byte, n)
	copy(data, p.held.JPEG[at:])
	wait := time.Duration(binary.BigEndian.Uint16(args[10:])) * 10 * time.Microsecond
	said := Saying{After: vcThinks + wait, Bytes: bytes.Join([][]byte{vcAnswer(0x32, 0), data, vcAnswer(0x32, 0)}, nil)}
	if int64(at)+int64(n) >= int64(len(p.held.JPEG)) {
		said.Lines = []truth.Line{p.held.Line} // now it was given whole
	}
	return []Saying{said}
}
