//go:build linux

package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	simulated "github.com/lamppost-city/lamppost/cmd/lamppost-sim/camera"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// fault is one way in which a camera is broken.
type fault struct {
	name, path string // path of its pictures; empty: there is no camera
	scheme     string
	film       bool // it needs a decoder
	gone       bool // its server is switched off while it is broken
	// answer is what it says over HTTP while it is broken; nil: it is never broken, or gone.
	answer func(w http.ResponseWriter, r *http.Request, picture []byte)
}

func faults() []fault {
	const still = "/still"
	return []fault{
		{name: "none"},
		{name: "well, HTTP still", path: still, scheme: "http"},
		{name: "well, RTSP with JPEG", path: simulated.RTSPPath, scheme: "rtsp"},
		{name: "well, RTSP with H.264", path: simulated.H264Path, scheme: "rtsp", film: true},
		{name: "unplugged in mid-frame", path: still, scheme: "http", answer: cut},
		{name: "truncated JPEG", path: still, scheme: "http", answer: truncated},
		{name: "header of 20 000 × 20 000", path: still, scheme: "http", answer: bomb},
		{name: "H.264 header of 20 000 × 20 000", path: simulated.H264Path + "?size=20000x20000", scheme: "rtsp", film: true},
		{name: "a part without end", path: still, scheme: "http", answer: endless},
		{name: "wedged: asked, it is silent", path: still, scheme: "http", answer: silent},
		{name: "RTSP server gone for a minute", path: simulated.RTSPPath, scheme: "rtsp", gone: true},
	}
}

// cut announces a picture, sends half of it and nothing more: a pulled cable says no word.
func cut(w http.ResponseWriter, r *http.Request, picture []byte) {
	w.Header().Set("Content-Type", "image/jpeg")
	w.Header().Set("Content-Length", strconv.Itoa(len(picture)))
	_, _ = w.Write(picture[:len(picture)/2])
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

func truncated(w http.ResponseWriter, _ *http.Request, picture []byte) {
	whole(w, picture[:len(picture)/2])
}

// bomb changes the size in the frame header.
func bomb(w http.ResponseWriter, _ *http.Request, picture []byte) {
	b := bytes.Clone(picture)
	if at := bytes.Index(b, []byte{0xFF, 0xC0, 0, 17}); at > 0 {
		binary.BigEndian.PutUint16(b[at+5:], 20000)
		binary.BigEndian.PutUint16(b[at+7:], 20000)
	}
	whole(w, b)
}

// endless sends a part of a stream as fast as it is taken.
func endless(w http.ResponseWriter, r *http.Request, picture []byte) {
	w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary=b")
	fmt.Fprint(w, "--b\r\nContent-Type: image/jpeg\r\n\r\n")
	b := picture[:len(picture)-2]
	for r.Context().Err() == nil {
		if _, err := w.Write(b); err != nil {
			return
		}
	}
}

func silent(_ http.ResponseWriter, r *http.Request, _ []byte) { <-r.Context().Done() }

func whole(w http.ResponseWriter, b []byte) {
	w.Header().Set("Content-Type", "image/jpeg")
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	_, _ = w.Write(b)
}

// paint draws some pictures beforehand: what drawing costs must not be measured.
func paint() (all [][]byte, err error) {
	scene := simulated.NewScene()
	for i := range 8 {
		b, err := scene.JPEG(simulated.State{Level: 2 + float64(i)/20, Light: 20000, Wind: 2, At: time.Unix(1_800_000_000+int64(i), 0)})
		if err != nil {
			return nil, err
		}
		all = append(all, bytes.Clone(b))
	}
	return all, nil
}

// camera shows the painted pictures in turn, over HTTP and RTSP on one port.
type camera struct {
	fault
	pictures [][]byte
	n        atomic.Uint64
	broken   atomic.Bool
	addr     string
	web      *http.Server
	served   chan struct{}
	both     *simulated.Listener
}

// Paint implements the simulated camera's Painter.
func (c *camera) Paint(simulated.State) ([]byte, truth.Line, error) {
	return c.pictures[c.n.Add(1)%uint64(len(c.pictures))], truth.Line{}, nil
}

// State and Mishap implement its Source, Add its Recorder.
func (c *camera) State() simulated.State  { return simulated.State{} }
func (c *camera) Mishap() scenario.Mishap { return scenario.Mishap{} }
func (c *camera) Add(...truth.Line)       {}

func (c *camera) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b, _, _ := c.Paint(simulated.State{})
	if c.broken.Load() && c.answer != nil {
		c.answer(w, r, b)
		return
	}
	whole(w, b)
}

// open listens, at the place where it was before.
func (c *camera) open() error {
	if c.addr == "" {
		c.addr = "127.0.0.1:0"
	}
	ln, err := net.Listen("tcp", c.addr)
	if err != nil {
		return err
	}
	c.addr = ln.Addr().String()
	c.both = (&simulated.Camera{Device: "eye", Scene: c, Source: c, Record: c}).Listen(ln)
	c.web, c.served = &http.Server{Handler: c, ReadHeaderTimeout: 5 * time.Second}, make(chan struct{})
	go func() { defer close(c.served); _ = c.web.Serve(c.both) }()
	return nil
}

func (c *camera) close() {
	_ = c.web.Close()
	_ = c.both.Close()
	<-c.served
}

// spoil breaks the camera, or mends it.
func (c *camera) spoil(broken bool) error {
	c.broken.Store(broken)
	switch {
	case c.gone && broken:
		c.close()
	case c.gone:
		return c.open()
	}
	return nil
}
