package camera

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
)

// mast is a serial line with a HydroCam at its end. Each test changes what it likes.
type mast struct {
	chain
	shows func(ctx context.Context) ([]byte, error) // what it sees; nil: picture
	at    int                                       // how much of the picture was given
	until time.Time                                 // it is busy
	taken bool
	said  map[string]string         // other answers, by the order's first word
	torn  func(piece []byte) []byte // what becomes of a piece
	broke map[string]error          // of a write
	heard []string
}

func (m *mast) Wire() (drivers.Port, bool) { return m, true }

func (m *mast) Write(ctx context.Context, f []byte) (int, error) {
	word, args, _ := strings.Cut(strings.TrimSuffix(string(f), "\r\n"), "=")
	m.heard = append(m.heard, word)
	if err := m.broke[word]; err != nil {
		return 0, err
	}
	if word == "#take_snapshot" && m.shows != nil {
		b, err := m.shows(ctx)
		if err != nil {
			return 0, err
		}
		m.picture = b
	}
	m.waiting = append(m.waiting, m.answerTo(word, args)...)
	return len(f), nil
}

func (m *mast) answerTo(word, args string) []byte {
	if said, is := m.said[word]; is {
		return []byte(said)
	}
	busy := time.Now().Before(m.until)
	switch {
	case busy:
		return []byte("BUSY\r\n")
	case word == "#take_snapshot":
		m.at, m.taken, m.until = 0, true, time.Now().Add(6*time.Second)
	case word == "#get_status" && m.taken:
		return fmt.Appendf(nil, "READY,%d\r\n", len(m.picture))
	case word == "#get_status":
		return []byte("NONE\r\n")
	case word == "#get_image":
		var offset, n int
		fmt.Sscanf(args, "%d,%d,RAW", &offset, &n)
		b := make([]byte, 2+n)
		m.at += copy(b[2:], m.picture[m.at:])
		if m.torn != nil {
			b = m.torn(b)
		}
		return b
	case word == "#set_resolution":
		m.until = time.Now().Add(3 * time.Second)
	}
	return []byte("OK\r\n")
}

// masted runs f in a bubble with a HydroCam.
func masted(t *testing.T, m *mast, options string, f func(t *testing.T, d drivers.Driver, p *drivers.Plan)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		m.picture = exposure(t, 1)
		p, err := planYAML("url: hydrocam:/dev/serial/by-id/mast\n" + options)
		if err != nil {
			t.Fatal(err)
		}
		d, err := p.OpenHTTP(m)
		if err != nil {
			t.Fatal(err)
		}
		f(t, d, p)
	})
}

// The size is set once, each sample has a picture of its own, and what the camera says of
// itself is passed over.
func TestHydroCam(t *testing.T) {
	m := &mast{}
	masted(t, m, "size: 800x600", func(t *testing.T, d drivers.Driver, p *drivers.Plan) {
		for n := range uint32(2) {
			m.picture, m.heard, m.waiting = exposure(t, n), nil, []byte("#Geolux HydroCam\r\n#v2\r\n")
			if err := snap(t, d, p); err != nil {
				t.Fatal(err)
			}
			if still, ok := d.(drivers.StillSource).Still(); !ok || !bytes.Equal(still, m.picture) {
				t.Errorf("the still has %d bytes, the picture %d", len(still), len(m.picture))
			}
			if set := slices.Contains(m.heard, "#set_resolution"); set != (n == 0) {
				t.Errorf("sample %d: the size is set: %v", n, set)
			}
		}
	})
}

// What cannot be mended is a fault in time, and the next sample has its picture, the size
// set anew where the line was out of step.
func TestHydroCamFaults(t *testing.T) {
	const wrongBytes = "bytes are lost and others come" // only the picture tells: the line is in order
	lost := false
	for name, c := range map[string]struct {
		change func(m *mast)
		want   error
		words  string
	}{
		"silence":            {func(m *mast) { m.said = map[string]string{"#set_resolution": ""} }, drivers.ErrTimeout, "it says nothing"},
		"a size it has not":  {func(m *mast) { m.said = map[string]string{"#set_resolution": "ERR\r\n"} }, drivers.ErrSettings, "it refuses the size 640x480"},
		"it never is ready":  {func(m *mast) { m.said = map[string]string{"#get_status": "BUSY\r\n"} }, drivers.ErrTimeout, "is not there in time"},
		"always busy":        {func(m *mast) { m.said = map[string]string{"#take_snapshot": "BUSY\r\n"} }, drivers.ErrTimeout, "busy for too long"},
		"no picture":         {func(m *mast) { m.said = map[string]string{"#get_status": "NONE\r\n"} }, drivers.ErrDevice, "it says NONE"},
		"it cannot":          {func(m *mast) { m.said = map[string]string{"#take_snapshot": "ERR\r\n"} }, drivers.ErrDevice, "it says ERR"},
		"too large":          {func(m *mast) { m.said = map[string]string{"#get_status": "READY,9000000\r\n"} }, drivers.ErrProtocol, "max_bytes is 2097152"},
		"a size of nonsense": {func(m *mast) { m.said = map[string]string{"#get_status": "READY,many\r\n"} }, drivers.ErrTimeout, "it says nothing"},
		"bytes are lost":     {func(m *mast) { m.torn = func(b []byte) []byte { return b[:len(b)-8] } }, drivers.ErrTimeout, "after 0 of"},
		"bytes are added":    {func(m *mast) { m.torn = func(b []byte) []byte { return append(b, 1, 2, 3) } }, drivers.ErrProtocol, "bytes came"},
		wrongBytes: {func(m *mast) {
			m.torn = func(b []byte) []byte {
				if lost = !lost; lost {
					return append(b[8:], make([]byte, 8)...)
				}
				return b
			}
		}, drivers.ErrProtocol, ""},
		"pulled": {func(m *mast) { m.broke = map[string]error{"#get_image": drivers.ErrUnplugged} }, drivers.ErrUnplugged, ""},
	} {
		m := &mast{}
		masted(t, m, "", func(t *testing.T, d drivers.Driver, p *drivers.Plan) {
			c.change(m)
			start := time.Now()
			err := snap(t, d, p)
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.words) || !strings.Contains(err.Error(), "/dev/serial/by-id/mast") {
				t.Errorf("%s: %v, want %v, %q", name, err, c.want, c.words)
			}
			if took := time.Since(start); took > p.Timeout {
				t.Errorf("%s: it took %v of %v", name, took, p.Timeout)
			}
			m.said, m.torn, m.broke, m.heard = nil, nil, nil, nil
			if err := snap(t, d, p); err != nil || slices.Contains(m.heard, "#set_resolution") == (name == wrongBytes) {
				t.Errorf("%s: the next sample: %v, after %v", name, err, slices.Compact(m.heard))
			}
		})
	}
}

func TestHydroCamOptions(t *testing.T) {
	const at = "url: hydrocam:/dev/serial/by-id/mast\n"
	for text, key := range map[string]string{
		at + "baud: 9600": "baud", at + "size: 1x1": "size", at + "size: 2592x1944": "size", at + "size: big": "size",
		"url: \"hydrocam:mast\"": "url", "url: hydrocam://mast/x": "url", at + "username: a\npassword_file: /b": "username",
	} {
		_, err := planYAML(text)
		var o *drivers.OptionError
		if !errors.As(err, &o) || o.Key != key {
			t.Errorf("%q: %v, want one of %s", text, err, key)
		}
	}
	p, err := planYAML(at + "size: 1280x960\nbaud: 115200\napart: true")
	if err != nil || p.Port != "/dev/serial/by-id/mast" || p.Line.Baud != 115200 || p.MinEvery < 30*time.Second || p.Timeout < time.Minute || p.Timeout > 3*time.Minute {
		t.Errorf("planned: %+v, %v", p, err)
	}
	if _, err := p.OpenHTTP(&drivertest.Fetcher{}); err == nil {
		t.Error("without a line there is a camera")
	}
}

// A HydroCam keeps the contract of all drivers; it sees what a page shows.
func TestHydroCamConformance(t *testing.T) {
	k := Kind()
	k.Plan = func(decode func(any) error) (*drivers.Plan, error) {
		p, err := plan(decode)
		if err != nil {
			return nil, err
		}
		open := p.OpenHTTP
		p.OpenHTTP = func(c drivers.Fetcher) (drivers.Driver, error) {
			page, m := web{client: c, limit: 1 << 20}, &mast{}
			m.shows = func(ctx context.Context) ([]byte, error) {
				m.heard = nil
				return page.fetch(ctx, "http://cam/still.jpg")
			}
			return open(m)
		}
		return p, nil
	}
	const options = "{url: 'hydrocam:/dev/serial/by-id/mast', size: 160x120}"
	others := more(t)
	for i := range others {
		others[i].Options = options
	}
	drivertest.Run(t, drivertest.Config{
		Kind:        k,
		Good:        drivertest.Part{Name: "hydrocam", Source: "constructed", Options: options, Page: http.Handler(living(t)), Want: "brightness=55.8 sharpness=1377.9"},
		More:        others,
		NeverBeyond: "both are computed from bytes and cannot leave their range",
	})
}
