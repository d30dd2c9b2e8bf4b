package uart

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// HydroCam is a Geolux hydrology camera on its serial line, which speaks lines of text.
// Sources: Geolux's command list, and what the author of EnviroDIY's library found: two
// bytes in front of each piece of a picture, and pieces that go on from the last one
// whatever offset is asked for.
type HydroCam struct {
	Look    func() Shot   // takes a picture
	Exposes time.Duration // how long that takes

	shot Shot
	at   int       // how much of it was given
	busy time.Time // until then it takes one
}

// Hear takes a line.
func (p *HydroCam) Hear(heard []byte, _ Source) (used int, says []Saying) {
	end := bytes.Index(heard, []byte("\r\n"))
	if end < 0 {
		return 0, nil
	}
	given := p.at
	if answer := p.obey(strings.TrimSpace(string(heard[:end]))); answer != nil {
		says = []Saying{{After: 20 * time.Millisecond, Bytes: answer}}
	}
	if n := len(p.shot.JPEG); p.at == n && given < n && n > 0 {
		says[0].Lines = []truth.Line{p.shot.Line} // now it was given whole
	}
	return end + 2, says
}

func (p *HydroCam) obey(line string) []byte {
	busy := time.Now().Before(p.busy)
	command, args, _ := strings.Cut(line, "=")
	switch {
	case !strings.HasPrefix(line, "#"):
		return nil
	case busy && command != "#get_status":
		return []byte("BUSY\r\n")
	}
	switch command {
	case "#get_status":
		switch {
		case busy:
			return []byte("BUSY\r\n")
		case p.shot.JPEG == nil:
			return []byte("NONE\r\n")
		}
		return fmt.Appendf(nil, "READY,%d\r\n", len(p.shot.JPEG))
	case "#take_snapshot":
		p.shot, p.at, p.busy = p.Look(), 0, time.Now().Add(p.Exposes)
		return []byte("OK\r\n")
	case "#get_info":
		return []byte("#Geolux HydroCam\r\n#simulated\r\n")
	case "#get_image":
		return p.piece(args)
	case "#set_resolution", "#set_quality", "#set_jpeg_maximum_size", "#set_ir_led_mode", "#run_autofocus", "#move_focus", "#move_zoom":
		return []byte("OK\r\n")
	default:
		return []byte("ERR\r\n")
	}
}

// piece is the next part of the picture. What reaches beyond it is zero.
func (p *HydroCam) piece(args string) []byte {
	var offset, n int
	if _, err := fmt.Sscanf(args, "%d,%d,RAW", &offset, &n); err != nil || n <= 0 || n > 1<<16 || p.shot.JPEG == nil {
		return []byte("ERR\r\n")
	}
	b := make([]byte, 2+n)
	p.at += copy(b[2:], p.shot.JPEG[min(p.at, len(p.shot.JPEG)):])
	return b
}
