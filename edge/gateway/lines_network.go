package gateway

import (
	"context"
	"fmt"
	"net"
	"net/http"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/bus/process"
	"github.com/lamppost-city/lamppost/drivers/bus/v4l2"
)

// network reaches one network device: by HTTP, and by a connection of its own for what
// else it speaks. A camera need not be in the network: the board's own is seen here, too.
type network struct {
	client http.Client
	port   drivers.Port // of a camera on a serial line; nil: none
}

var (
	_ drivers.Dialer  = network{}
	_ drivers.Viewer  = network{}
	_ drivers.Starter = network{}
	_ drivers.Wired   = network{}
)

// Do implements drivers.Fetcher.
func (n network) Do(r *http.Request) (*http.Response, error) { return n.client.Do(r) }

// maxRedirects is how often a device may send on one request.
const maxRedirects = 3

// redirected judges the request that a device wants to be sent instead. Its address may
// hold a key, so where it points to does not learn it; and the login is for the device
// alone, not for another port of its host either.
func redirected(r *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return fmt.Errorf("it sends on more than %d times", maxRedirects)
	}
	r.Header.Del("Referer")
	if first := via[0].URL; r.URL.Scheme != first.Scheme || r.URL.Host != first.Host {
		r.Header.Del("Authorization")
		r.Header.Del("Cookie")
	}
	return nil
}

// Dial implements drivers.Dialer.
func (n network) Dial(ctx context.Context, address string) (net.Conn, error) {
	d := net.Dialer{Timeout: n.client.Timeout}
	return d.DialContext(ctx, "tcp", address)
}

// Wire implements drivers.Wired.
func (n network) Wire() (drivers.Port, bool) { return n.port, n.port != nil }

// Start implements drivers.Starter.
func (n network) Start(s drivers.ProcessSpec) (drivers.Companion, error) {
	return process.New(process.Config{Name: s.Command[0], ProcessSpec: s, TellEnd: true})
}

// View implements drivers.Viewer. A JPEG is what leaves the gateway in the end, so it is
// what is asked for first.
func (n network) View(node string, width, height int) (drivers.Video, error) {
	c, err := v4l2.New(v4l2.Config{Path: node, Width: width, Height: height, Formats: []v4l2.Format{v4l2.MJPEG, v4l2.JPEG, v4l2.YUYV}})
	if err != nil {
		return nil, err
	}
	return video{c}, nil
}

type video struct{ *v4l2.Camera }

// Picture implements drivers.Video.
func (v video) Picture(ctx context.Context) (drivers.VideoFrame, error) {
	f, err := v.Frame(ctx)
	return drivers.VideoFrame{Data: f.Data, JPEG: f.Format != v4l2.YUYV, Width: f.Width, Height: f.Height, Stride: f.Stride}, err
}
