package camera

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// Path is where the camera's still picture is.
const Path = "/still.jpg"

// Source is where the scene, and the camera's mishaps, come from. It may be called
// from many goroutines.
type Source interface {
	State() State            // now
	Mishap() scenario.Mishap // what befalls the next picture
}

// Recorder takes truth lines.
type Recorder interface{ Add(...truth.Line) }

// Painter makes a camera's pictures. It may be called from many goroutines.
type Painter interface {
	// Paint returns the JPEG of a moment, and the line that the truth log has for it:
	// what is in the picture, without device, time and hash.
	Paint(State) (jpeg []byte, is truth.Line, err error)
}

// Camera answers GET and HEAD on Path with a picture of now.
type Camera struct {
	Device string // the gateway's name for it, for the truth log
	Scene  Painter
	Source Source
	Record Recorder
	Login  *Login // over RTSP; nil: none. For HTTP see Login.Wrap
}

// ServeHTTP answers one request; at Path it draws and sends one picture. The truth line, with the level that is in
// it and the hash of its bytes, is written when the last byte has gone to the
// kernel.
func (c *Camera) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case Path:
		c.serveStill(w, r)
	case StreamPath:
		c.serveStream(w, r)
	case devicePath, mediaPath:
		c.serveONVIF(w, r)
	default:
		http.NotFound(w, r)
	}
}

func (c *Camera) serveStill(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
		return
	}
	m := c.Source.Mishap()
	if !c.befalls(w, r, m) {
		return
	}
	b, is, err := c.Scene.Paint(c.Source.State())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "image/jpeg")
	h.Set("Content-Length", strconv.Itoa(len(b)))
	h.Set("Cache-Control", "no-store")
	if r.Method == http.MethodHead {
		return
	}
	if m.Flip {
		c.cut(w, b)
		return
	}
	if _, err := w.Write(b); err != nil || http.NewResponseController(w).Flush() != nil {
		return // the client is gone
	}
	c.note(is, b, m)
}

// note writes the truth line of a picture that was sent.
func (c *Camera) note(is truth.Line, b []byte, m scenario.Mishap) {
	sum := sha256.Sum256(b)
	is.Device, is.SHA256 = c.Device, hex.EncodeToString(sum[:])
	lines := []truth.Line{is}
	truth.Stamp(lines, true, m.Fault())
	c.Record.Add(lines...)
}

// unseen writes the truth line of a picture that was asked for and did not come.
func (c *Camera) unseen() {
	c.Record.Add(truth.Line{T: time.Now().UnixMilli(), Device: c.Device, Via: truth.Silence})
}

// cut sends half of a picture and hangs up. TCP lets no wrong bit through: on a bad link
// a picture ends too early.
func (c *Camera) cut(w http.ResponseWriter, picture []byte) {
	c.unseen()
	if _, err := w.Write(picture[:len(picture)/2]); err == nil && http.NewResponseController(w).Flush() == nil {
		hangUp(w)
	}
}

// befalls lets a mishap happen and says whether there will be a picture. Garbage is a
// page for people where the picture should be, as a camera sends it that wants a login.
func (c *Camera) befalls(w http.ResponseWriter, r *http.Request, m scenario.Mishap) bool {
	switch {
	case m.Unplug:
		hangUp(w)
		return false
	case m.Silent:
		c.unseen()
		<-r.Context().Done()
		return false
	case m.Garbage:
		c.unseen()
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, "<html><title>Camera</title><p>Please log in.")
		return false
	case m.Delay > 0:
		timer := time.NewTimer(m.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			return false
		}
	}
	return true
}

// hangUp ends the connection without an answer, as a pulled cable does.
func hangUp(w http.ResponseWriter) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		conn.Close()
	}
}
