package uart

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// HydroCam is a Geolux hydrology camera on its serial line, which speaks lines of text.
// Sources: Geolux's command list, and what the author of EnviroDIY's library found: two
// bytes in front of each piece of a picture, pieces that go on from the last one whatever
// offset is asked for, zeros behind the picture's end.
type HydroCam struct {
	// Picture takes a picture of a size, with what the truth log says of it.
	Picture func(width, height int) ([]byte, truth.Line, error)
	// Exposes is how long it takes a picture, Sets how long a setting.
	Exposes, Sets time.Duration
	// Fault is one of HydroCamFaults, or empty.
	Fault string

	width, height int
	held          []byte // the picture; nil: there is none
	line          truth.Line
	at            int       // how much of it was given
	busy          time.Time // until then it does what it was told
	pieces        int
}

// Faults of a HydroCam beside those of every serial camera.
const (
	hydroBlind = "blind" // no picture is ever ready
	hydroFixed = "fixed" // it takes no other size
)

// HydroCamFaults are the ways in which the camera can be at fault.
func HydroCamFaults() []string { return []string{camCut, camTorn, hydroBlind, hydroFixed} }

const hydroText = "#Geolux HydroCam\r\n#simulated\r\n"

// Start gives the camera power.
func (p *HydroCam) Start() []Saying {
	p.width, p.height, p.held, p.at = 640, 480, nil, 0
	p.busy = time.Now().Add(400 * time.Millisecond)
	return []Saying{{After: 400 * time.Millisecond, Bytes: []byte(hydroText)}}
}

// Hear takes a line.
func (p *HydroCam) Hear(heard []byte, _ Source) (used int, says []Saying) {
	end := bytes.Index(heard, []byte("\r\n"))
	if end < 0 {
		return 0, nil
	}
	before := p.at
	answer := p.obey(string(bytes.TrimSpace(heard[:end])))
	if answer == nil {
		return end + 2, nil
	}
	s := Saying{After: 20 * time.Millisecond, Bytes: answer}
	if before < len(p.held) && p.at == len(p.held) { // now it was given whole
		s.Lines = []truth.Line{p.line}
	}
	return end + 2, []Saying{s}
}

func (p *HydroCam) obey(order string) []byte {
	command, args, _ := bytes.Cut([]byte(order), []byte("="))
	busy := time.Now().Before(p.busy)
	switch {
	case len(order) == 0 || order[0] != '#':
		return nil
	case busy && string(command) != "#get_status":
		return []byte("BUSY\r\n")
	}
	switch string(command) {
	case "#get_status":
		return p.status(busy)
	case "#take_snapshot":
		return p.expose()
	case "#get_info":
		return []byte(hydroText)
	case "#get_image":
		return p.piece(string(args))
	case "#set_resolution":
		return p.resize(string(args))
	case "#set_quality", "#set_jpeg_maximum_size", "#set_ir_led_mode", "#run_autofocus", "#move_focus", "#move_zoom":
		p.busy = time.Now().Add(p.Sets)
		return []byte("OK\r\n")
	}
	return []byte("ERR\r\n")
}

func (p *HydroCam) status(busy bool) []byte {
	switch {
	case busy || p.Fault == hydroBlind && p.held != nil:
		return []byte("BUSY\r\n")
	case p.held == nil:
		return []byte("NONE\r\n")
	}
	return fmt.Appendf(nil, "READY,%d\r\n", len(p.held))
}

func (p *HydroCam) resize(args string) []byte {
	var w, h int
	if n, _ := fmt.Sscanf(args, "%dx%d", &w, &h); n != 2 || w < 160 || h < 120 || w > 640 || h > 480 || p.Fault == hydroFixed {
		return []byte("ERR\r\n")
	}
	p.width, p.height, p.busy = w, h, time.Now().Add(p.Sets)
	return []byte("OK\r\n")
}

func (p *HydroCam) expose() []byte {
	b, line, err := p.Picture(p.width, p.height)
	if err != nil {
		return []byte("ERR\r\n")
	}
	if p.Fault == camCut {
		b = b[:len(b)*3/5]
	}
	sum := sha256.Sum256(b)
	line.SHA256, line.Via = hex.EncodeToString(sum[:]), truth.Still
	p.held, p.line, p.at, p.busy = b, line, 0, time.Now().Add(p.Exposes)
	return []byte("OK\r\n")
}

// piece is the next part of the picture, two bytes in front. What reaches beyond it is zero.
func (p *HydroCam) piece(args string) []byte {
	var offset, n int
	if got, _ := fmt.Sscanf(args, "%d,%d,RAW", &offset, &n); got != 2 || n <= 0 || n > 4096 || p.held == nil {
		return []byte("ERR\r\n")
	}
	b := make([]byte, 2+n)
	p.at += copy(b[2:], p.held[p.at:])
	if p.pieces++; p.Fault == camTorn && p.pieces%3 == 0 && n > 16 {
		return b[:len(b)-8]
	}
	return b
}
