package camera

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/bus/process"
	driver "github.com/lamppost-city/lamppost/drivers/camera"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

// reach is a network as the gateway lends it.
type reach struct {
	*http.Client
	net.Dialer
	tap func([]byte) // is handed what is written to a connection that is dialled; nil: nobody
}

func (r *reach) Find(program string) error { return process.Find(program) }

func (r *reach) Filter(ctx context.Context, s drivers.ProcessSpec, in []byte, most int) ([]byte, error) {
	return process.Filter(ctx, s, in, most)
}

func (r *reach) Dial(ctx context.Context, address string) (net.Conn, error) {
	c, err := r.DialContext(ctx, "tcp", address)
	if err != nil || r.tap == nil {
		return c, err
	}
	return tapped{c, r.tap}, nil
}

type tapped struct {
	net.Conn
	tap func([]byte)
}

func (t tapped) Write(b []byte) (int, error) {
	t.tap(b)
	return t.Conn.Write(b)
}

// street is a camera that is reached in every way.
func street(t *testing.T) (*source, *ledger, string) {
	t.Helper()
	src := &source{}
	log, at := listening(t, src, NewScene())
	return src, log, at
}

// streetOf is a camera that shows something else, each time a second later.
func streetOf(t *testing.T, p Painter) (*ledger, string) {
	t.Helper()
	return listening(t, &source{step: time.Second}, p)
}

func listening(t *testing.T, src *source, p Painter) (*ledger, string) {
	t.Helper()
	log := &ledger{added: make(chan struct{}, 64)}
	return log, reached(t, &Camera{Device: "gauge", Scene: p, Source: src, Record: log})
}

// reached is where a camera is reached over HTTP and RTSP.
func reached(t *testing.T, cam *Camera) string {
	t.Helper()
	ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	both := cam.Listen(ln)
	ctx, stop := context.WithCancel(context.Background())
	web := &http.Server{Handler: cam, ReadHeaderTimeout: time.Second, BaseContext: func(net.Listener) context.Context { return ctx }}
	served := make(chan struct{})
	go func() { defer close(served); web.Serve(both) }()
	t.Cleanup(func() { stop(); web.Close(); both.Close(); <-served })
	return ln.Addr().String()
}

func watching(t *testing.T, url string) drivers.Driver {
	t.Helper()
	return opened(t, "url: "+url)
}

func opened(t *testing.T, options string) drivers.Driver {
	t.Helper()
	return openedOver(t, options, nil)
}

// openedOver hands what the driver writes to tap, too, if there is one.
func openedOver(t *testing.T, options string, tap func([]byte)) drivers.Driver {
	t.Helper()
	plan, err := driver.Kind().Plan(func(out any) error {
		doc, err := yamldoc.Parse("options", []byte(options))
		if err != nil {
			return err
		}
		return doc.Decode(out)
	})
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	d, err := plan.OpenHTTP(&reach{client, net.Dialer{}, tap})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// The gateway's driver reads the same scene in every way, and its faults have the words
// that they should have. What comes over HTTP is the picture of the truth log, byte for
// byte; RTP takes a picture's headers away, so there its pixels count: the brightness is
// the same.
func TestWays(t *testing.T) {
	src, log, at := street(t)
	var brightness []float64
	for _, c := range []struct {
		way, url  string
		flip      string // the fault word of a damaged picture
		garbage   string // of what is no picture
		sameBytes bool
	}{
		{"still", "http://" + at + Path, "protocol", "protocol", true},
		{"stream", "http://" + at + StreamPath, "protocol", "protocol", true},
		{"onvif", "onvif://" + at, "protocol", "protocol", true},
		{"rtsp", "rtsp://" + at + RTSPPath, "timeout", "timeout", false},
	} {
		src.set(scenario.Mishap{})
		d := watching(t, c.url)
		for range 2 {
			rs, err := d.Sample(t.Context())
			if err != nil {
				t.Fatalf("%s: %v", c.way, err)
			}
			brightness = append(brightness, rs[0].Value)
			b, _ := d.(drivers.StillSource).Still()
			sum := sha256.Sum256(b)
			if l := log.last(t); !l.Good || c.sameBytes != (l.SHA256 == hex.EncodeToString(sum[:])) {
				t.Errorf("%s: the picture is %x, the truth log says %+v", c.way, sum[:4], l)
			}
		}
		for want, m := range map[string]scenario.Mishap{c.flip: {Flip: true}, c.garbage + " ": {Garbage: true}, "timeout": {Silent: true}} {
			src.set(m)
			ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
			_, err := d.Sample(ctx)
			cancel()
			if got := drivers.FaultWord(err); err == nil || got != want && got+" " != want {
				t.Errorf("%s, %+v: %v (%s), want %s", c.way, m, err, got, want)
			}
		}
		src.set(scenario.Mishap{Unplug: true})
		if _, err := d.Sample(t.Context()); err == nil {
			t.Errorf("%s: a picture comes from a camera that is pulled out", c.way)
		}
		for len(log.added) > 0 {
			<-log.added
		}
	}
	for _, b := range brightness {
		if b < brightness[0]-0.3 || b > brightness[0]+0.3 { // the scene has noise
			t.Errorf("the ways show %v", brightness)
			break
		}
	}
}

// Who asks for what RTSP does not have here is told so.
func TestRTSPRefuses(t *testing.T) {
	w := &watcher{}
	for _, c := range []struct{ method, url, transport, want string }{
		{"OPTIONS", "*", "", "200 OK"},
		{"DESCRIBE", "rtsp://h/other", "", "404"},
		{"SETUP", "rtsp://h/live/trackID=0", "RTP/AVP;unicast;client_port=1-2", "461"},
		{"RECORD", "rtsp://h/live", "", "501"},
	} {
		if got := w.answer(c.method, c.url, c.transport); got[:3] != c.want[:3] {
			t.Errorf("%s %s: %q, want %s", c.method, c.url, got, c.want)
		}
	}
	if _, err := dissect([]byte{0xFF, 0xD8, 0xFF, 0xD9}); err == nil {
		t.Error("a picture without a scan is sent")
	}
}
