package camera

import (
	"fmt"
	"io"
	"net/http"
	"time"
)

// StreamPath is where the camera's motion JPEG is: an endless answer of type
// multipart/x-mixed-replace, RFC 2046.
const StreamPath = "/stream.mjpg"

// frameEvery is the pause between two pictures of a stream.
const frameEvery = 500 * time.Millisecond

// serveStream sends pictures until the client goes. The first has a truth line: it is what
// a client that wants one picture takes.
func (c *Camera) serveStream(w http.ResponseWriter, r *http.Request) {
	if !c.befalls(w, r, c.Source.Mishap()) {
		return
	}
	w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary=lamppost-sim-picture")
	w.Header().Set("Cache-Control", "no-store")
	out := http.NewResponseController(w)
	tick := time.NewTicker(frameEvery)
	defer tick.Stop()
	for first := true; ; first = false {
		m := c.Source.Mishap()
		b, is, err := c.Scene.Paint(c.Source.State())
		if err != nil {
			return
		}
		switch {
		case m.Unplug:
			hangUp(w)
			return
		case m.Silent: // no picture, and nobody hangs up
		default:
			fmt.Fprintf(w, "--lamppost-sim-picture\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n", len(b))
			if m.Flip {
				c.cut(w, b)
				return
			}
			if _, err := w.Write(b); err != nil {
				return
			}
			if first { // a client that has its picture may go before it is flushed
				c.note(is, b, m)
			}
			if _, err := io.WriteString(w, "\r\n"); err != nil || out.Flush() != nil {
				return
			}
		}
		select {
		case <-tick.C:
		case <-r.Context().Done():
			return
		}
	}
}
