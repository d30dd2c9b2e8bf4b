package boardlab

import (
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// The board's own camera, which vivid plays: a picture of colour bars with a clock in it.
// Its pictures come through the gateway and are not the same again; when its driver is
// taken away while it streams it is unplugged, and when it is there again it is back.
func (l *lab) camera(t *testing.T) {
	t.Parallel()
	l = l.in(t)
	bars := func(h heard) bool { return h.Flag == obs.Pass && h.V > 20 && h.V < 80 }
	mark := l.heard.mark()
	l.heard.next(t, mark, "eye", "brightness", bars)
	l.heard.next(t, l.heard.mark(), "eye", "brightness", bars)
	l.heard.next(t, mark, "eye", "sharpness", func(h heard) bool { return h.V > 10 })

	const driver = "/sys/bus/platform/drivers/vivid/"
	mark = l.heard.mark()
	l.board.write(driver+"unbind", "vivid.0")
	l.heard.next(t, mark, "eye", "fault", fault("unplugged"))
	l.device(t, "eye", "to be shown as unplugged", func(state, fault, note string) bool {
		return state != "ok" && strings.HasPrefix(fault, "unplugged") && strings.Contains(note, "/dev/video0")
	})
	mark = l.heard.mark()
	l.board.write(driver+"bind", "vivid.0")
	l.heard.next(t, mark, "eye", "brightness", bars)
	l.device(t, "eye", "to be in order", func(state, _, _ string) bool { return state == "ok" })
}
