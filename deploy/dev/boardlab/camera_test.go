package boardlab

import (
	"testing"

	"github.com/lamppost-city/lamppost/deploy/dev/boardlab/panel"
)

// The board has a camera behind V4L2, and pure Go gets a picture out of it. Drivers for
// such cameras are not built yet; this shows that they can be tested here.
func (l *lab) camera(t *testing.T) {
	t.Parallel()
	l = l.in(t)
	var p panel.Picture
	ask(l.board, "Frame", "/dev/video0", &p)
	t.Logf("%s (%s) gave a picture of %dx%d, %s", p.Card, p.Driver, p.Width, p.Height, p.Format)
	if p.Driver != "vivid" || p.Format != "YUYV" || len(p.Bytes) != p.Width*p.Height*2 || p.Width == 0 {
		t.Fatalf("%+.100v: want a picture of vivid's, two bytes for each dot", p)
	}
	colors := map[byte]bool{}
	for i := 1; i < len(p.Bytes); i += 2 { // the colour of every dot; the test picture is of bars
		colors[p.Bytes[i]] = true
	}
	if len(colors) < 6 {
		t.Errorf("the picture has only %d shades of colour: no colour bars", len(colors))
	}
}
