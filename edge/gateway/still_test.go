package gateway_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/status"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// eye is a camera over HTTP; each of its pictures is another one.
func eye(t *testing.T) (address string) {
	t.Helper()
	var n atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		m := image.NewGray(image.Rect(0, 0, 64, 48))
		for i := range m.Pix {
			m.Pix[i] = byte(i*7 + int(n.Load())*31)
		}
		m.SetGray(0, 0, color.Gray{Y: byte(n.Add(1))})
		_ = jpeg.Encode(w, m, nil) // a gateway that has gone away is no fault here
	}))
	t.Cleanup(s.Close)
	return s.URL + "/still.jpg"
}

// album is what a cloud keeps of the pictures that come, and what it says of it.
type album struct {
	mu     sync.Mutex
	pieces map[string][][]byte
	metas  map[string]wire.ImageMeta
}

func newAlbum() *album {
	return &album{pieces: map[string][][]byte{}, metas: map[string]wire.ImageMeta{}}
}

func (a *album) take(t *testing.T, payload []byte) (id string, whole bool) {
	m, data, err := wire.DecodeImage(payload)
	if err != nil {
		t.Errorf("image: %v", err)
		return "", false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.pieces[m.ID] == nil {
		a.pieces[m.ID] = make([][]byte, m.Pieces)
	}
	a.pieces[m.ID][m.Piece] = bytes.Clone(data)
	for _, p := range a.pieces[m.ID] {
		if p == nil {
			return m.ID, false
		}
	}
	a.metas[m.ID] = m
	return m.ID, true
}

// of returns the pictures of an alert that are whole, by their moment.
func (a *album) of(alert string) map[string]wire.ImageMeta {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := map[string]wire.ImageMeta{}
	for _, m := range a.metas {
		if m.Alert == alert {
			out[m.Moment] = m
		}
	}
	return out
}

func (a *album) listen(t *testing.T, c *center) {
	t.Helper()
	take := func(_ mqtt.Client, m mqtt.Message) {
		id, whole := a.take(t, m.Payload())
		if !whole {
			return
		}
		ack, err := wire.Encode(&wire.Ack{V: wire.Version, Store: "st-1", Images: []string{id}, Time: time.Now().UnixMilli()})
		if err != nil {
			t.Error(err)
		}
		c.client.Publish("lamppost/v1/post-1/ack", 1, false, ack)
	}
	if !c.client.Subscribe("lamppost/v1/post-1/image/#", 1, take).WaitTimeout(10 * time.Second) {
		t.Fatal("no subscription")
	}
}

// watching is a configuration with a camera whose pictures go with the flood's alert.
func (p *post) watching(eye, uplink string) *config.Config {
	p.t.Helper()
	cfg := p.config(strings.Replace(flood, "severity", "still: {camera: eye, after: 2s}, severity", 1) +
		"\n" + uplink + "\n")
	return cfg
}

// An alert names its pictures when it is raised; they come before it, with it and
// later, and say which they are and when they were taken.
func TestAnAlertHasPicturesOfBeforeAtAndAfter(t *testing.T) {
	p := newPost(t)
	c, address := newCenter(t)
	pictures := newAlbum()
	pictures.listen(t, c)
	p.camera = eye(t)
	unplug := p.sensor(2800) // 0.2 m: no flood yet
	p.start(p.watching(p.camera, c.uplink(address, "may: [read]")))
	p.until("the camera has seen it", func(s status.Snapshot) bool {
		for _, d := range s.State.Devices {
			if d.ID == "eye" && d.State == "ok" {
				return true
			}
		}
		return false
	})
	unplug()
	p.sensor(2200)
	s := p.until("the flood", func(s status.Snapshot) bool { return flooding(s) != nil })
	a := flooding(s)
	if len(a.Pictures) != 3 || a.Image != a.Pictures[1].Image {
		t.Fatalf("the alert names %+v and %q", a.Pictures, a.Image)
	}
	var got map[string]wire.ImageMeta
	p.until("all pictures", func(status.Snapshot) bool { got = pictures.of(a.ID); return len(got) == 3 })
	raise := a.At.BootMS - a.Since.BootMS
	for i, want := range []struct {
		moment   string
		from, to int64 // after the raise
	}{{wire.PictureBefore, -1 << 40, -1}, {wire.PictureAt, 0, 0}, {wire.PictureAfter, 2000, 2000}} {
		n, m := a.Pictures[i], got[want.moment]
		if n.Moment != want.moment || n.Image != m.ID || n.SinceMS-raise < want.from || n.SinceMS-raise > want.to {
			t.Errorf("picture %d is named %+v, %d ms after the raise; its own words %+v", i, n, n.SinceMS-raise, m)
		}
		if taken := m.At.BootMS - a.At.BootMS; i == 0 && taken >= 0 || i > 0 && taken < want.from {
			t.Errorf("the picture %s was taken %d ms after the raise", want.moment, taken)
		}
		if m.Device != "eye" {
			t.Errorf("%s is of %q", want.moment, m.Device)
		}
	}
	p.stop()
}

// Alerts that are raised together name the same pictures, which are sent once.
func TestAlertsOfOneMomentHaveOnePicture(t *testing.T) {
	p := newPost(t)
	c, address := newCenter(t)
	pictures := newAlbum()
	pictures.listen(t, c)
	p.camera = eye(t)
	unplug := p.sensor(2800)
	rule := strings.Replace(flood, "severity", "still: {camera: eye, after: 2s}, severity", 1)
	p.start(p.config(rule + "\n" + strings.Replace(rule, "flood:", "deluge:", 1) + "\n" + strings.Replace(rule, "flood:", "spate:", 1) + "\n\n" + c.uplink(address, "may: [read]") + "\n"))
	p.until("the camera has seen it", func(s status.Snapshot) bool {
		return slices.ContainsFunc(s.State.Devices, func(d wire.DeviceState) bool { return d.ID == "eye" && d.State == "ok" })
	})
	unplug()
	p.sensor(2200)
	s := p.until("three alerts", func(s status.Snapshot) bool { return len(s.Alerts) == 3 })
	var named []string
	for _, picture := range s.Alerts[0].Pictures {
		named = append(named, picture.Image)
	}
	if len(named) != 3 {
		t.Fatalf("the first alert names %+v", s.Alerts[0].Pictures)
	}
	for _, a := range s.Alerts {
		if a.At.BootMS != s.Alerts[0].At.BootMS || a.Image != named[1] || !slices.Equal(a.Pictures, s.Alerts[0].Pictures) {
			t.Errorf("%s, raised at %d, names %q, %+v; want %q, raised at %d", a.Rule, a.At.BootMS, a.Image, a.Pictures, named, s.Alerts[0].At.BootMS)
		}
	}
	count := func() int {
		pictures.mu.Lock()
		defer pictures.mu.Unlock()
		return len(pictures.metas)
	}
	p.until("all pictures", func(status.Snapshot) bool { return count() >= 3 })
	p.stop()
	if n := count(); n != 3 {
		t.Errorf("%d pictures have come, want 3", n)
	}
}

// Pictures that nobody took while the broker was away go out after a restart, those of
// before the raise too.
func TestPicturesOutliveARestart(t *testing.T) {
	p := newPost(t)
	c, address := newCenter(t)
	p.camera = eye(t)
	p.sensor(2200)
	away := p.watching(p.camera, c.uplink("mqtt://127.0.0.1:1", "may: [read]")) // nobody listens there
	p.start(away)
	s := p.until("the flood", func(s status.Snapshot) bool { return flooding(s) != nil && len(flooding(s).Pictures) > 1 })
	named := flooding(s).Pictures
	dir := filepath.Join(p.dir, "journal", "stills")
	p.until("all are on the disk", func(status.Snapshot) bool {
		files, _ := filepath.Glob(filepath.Join(dir, "*.still"))
		return len(files) == len(named)
	})
	p.stop()
	pictures := newAlbum()
	pictures.listen(t, c)
	p.start(p.watching(p.camera, c.uplink(address, "may: [read]")))
	p.until("all pictures", func(status.Snapshot) bool { return len(pictures.of(flooding(s).ID)) == len(named) })
	p.until("nothing waits on the disk", func(status.Snapshot) bool {
		files, _ := filepath.Glob(filepath.Join(dir, "*"))
		return len(files) == 0
	})
	p.stop()
}

// bright is a camera whose pictures are white all over, so that black is the mask's.
func bright(t *testing.T) (address string) {
	t.Helper()
	m := image.NewYCbCr(image.Rect(0, 0, 160, 120), image.YCbCrSubsampleRatio420)
	var n atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		own := *m
		own.Y, own.Cb, own.Cr = bytes.Repeat([]byte{235}, len(m.Y)), bytes.Repeat([]byte{128}, len(m.Cb)), bytes.Repeat([]byte{128}, len(m.Cr))
		own.Y[len(own.Y)-1] = byte(n.Add(1)) // no picture is like the one before
		_ = jpeg.Encode(w, &own, &jpeg.Options{Quality: 95})
	}))
	t.Cleanup(s.Close)
	return s.URL + "/still.jpg"
}

// masked judges a JPEG whose part left of a slanted line is masked, from 0.5 of the width at
// the top to 0.3 at the bottom: it is black up to the line, each dot and each colour, and what
// is more than a square of a JPEG beside it is not.
func masked(t *testing.T, what string, data []byte) {
	t.Helper()
	m, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	w, h := m.Bounds().Dx(), m.Bounds().Dy()
	for y := range h {
		edge := (0.5 - 0.2*(float64(y)+0.5)/float64(h)) * float64(w)
		for x := range w {
			r, g, b, _ := m.At(x, y).RGBA()
			black := r|g|b == 0
			inside := float64(x) < edge
			outside := float64(x) > edge+12 && (x < w-16 || y < h-16)
			if inside && !black || outside && min(r, g, b) < 0xc800 {
				t.Fatalf("%s: the dot at %d, %d is %04x %04x %04x", what, x, y, r, g, b)
			}
		}
	}
}

// What is masked is black in every picture that leaves the gateway or waits on its disk:
// those of an alert, those that are sent without one, and those that were kept while there
// was no broker.
func TestMaskedIsBlackInEveryByteThatLeaves(t *testing.T) {
	p := newPost(t)
	c, address := newCenter(t)
	p.camera = bright(t) + `", upload: {every: 1s}, masks: [[[0, 0], [0.5, 0], [0.3, 1], [0, 1]]], name: "eye`
	p.sensor(2200)
	p.start(p.watching(p.camera, c.uplink("mqtt://127.0.0.1:1", "may: [read]")))
	s := p.until("the flood", func(s status.Snapshot) bool { return flooding(s) != nil && len(flooding(s).Pictures) > 1 })
	alert := flooding(s)
	var files []string
	p.until("all are on the disk", func(status.Snapshot) bool {
		files, _ = filepath.Glob(filepath.Join(p.dir, "journal", "stills", "*.still"))
		return len(files) == len(alert.Pictures)
	})
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Count(b, []byte("\xff\xd8\xff")) != 1 {
			t.Errorf("%s holds more than one picture, or none", f)
		}
		masked(t, f, b[bytes.Index(b, []byte("\xff\xd8\xff")):])
	}
	p.stop()
	pictures := newAlbum()
	pictures.listen(t, c)
	p.start(p.watching(p.camera, c.uplink(address, "may: [read]")))
	p.until("pictures of the alert, and others", func(status.Snapshot) bool {
		return len(pictures.of(alert.ID)) == len(alert.Pictures) && len(pictures.of("")) > 0
	})
	p.stop()
	pictures.mu.Lock()
	defer pictures.mu.Unlock()
	for id, m := range pictures.metas {
		masked(t, "at the broker, alert "+m.Alert+", "+m.Moment, bytes.Join(pictures.pieces[id], nil))
	}
}
