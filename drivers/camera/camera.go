// Package camera takes pictures from network cameras: one JPEG from an address, the first
// picture of a motion JPEG stream over HTTP or RTSP, or the still whose address an ONVIF
// camera names. The picture itself is the driver's still (see drivers.StillSource); the
// channels say how bright and how sharp it is, so that a dark, blocked or dirty lens is
// noticed without anybody looking.
//
// Sources: ITU-T T.81 (JPEG), RFC 9110 and RFC 7616 (login), RFC 2046 (multipart), RFC 2326
// and RFC 2435 (RTSP, JPEG in RTP), ONVIF Core and Media, the vendors' HTTP API pages for
// the addresses in README.md.
//
// Each sample asks for a picture of its own and lets go of the camera afterwards, a stream
// too: so no picture is older than its sample, a camera that was away is back with the
// next sample, and what a stream does between samples costs nothing. It costs the
// connection, and a stream's own rate cannot be had.
//
// An answer is believed when it is a whole JPEG from start to end marker, of bounded
// size, and decodes. A picture that is byte for byte the one before is a camera
// that has frozen: no two exposures are equal. Its readings are flagged suspect.
//
// A driver holds one picture: up to max_bytes between samples, and up to three
// bytes per pixel while it decodes. With apart it does so in a process of its own, which
// its owner bounds, ends and starts again: what wedges, grows or gives up there is one
// camera's fault and nobody else's.
package camera

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/camera/picture"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

const name = "camera"

//go:embed README.md
var readme string

//go:embed sample.yaml
var sample string

// Kind returns the driver for the catalogue.
func Kind() drivers.Kind {
	return drivers.Kind{Name: name, Wire: drivers.HTTPHost, Readme: readme, Sample: sample, Plan: plan}
}

type options struct {
	URL          string `yaml:"url,required"`
	Username     string `yaml:"username"`
	PasswordFile string `yaml:"password_file"`
	MaxBytes     int    `yaml:"max_bytes"`
	Apart        bool   `yaml:"apart"`
}

// ownMemory is what a camera's own process may hold: the program, and a picture of the
// largest size while it is decoded.
const ownMemory = 120_000_000

// apart is what the other process is told: the same, but to stay where it is. A password
// is in its file.
func (o options) apart() *drivers.Apart {
	text := fmt.Sprintf("{url: %q, max_bytes: %d", o.URL, o.MaxBytes)
	if o.Username != "" {
		text += fmt.Sprintf(", username: %q, password_file: %q", o.Username, o.PasswordFile)
	}
	return &drivers.Apart{Options: text + "}", MaxStill: o.MaxBytes + len(picture.Tables()), Memory: ownMemory}
}

// Bounds of max_bytes.
const (
	leastMax = 16 << 10
	mostMax  = 16 << 20
)

func plan(decode func(any) error) (*drivers.Plan, error) {
	o := options{MaxBytes: 2 << 20}
	if err := decode(&o); err != nil {
		return nil, err
	}
	u, err := o.check()
	if err != nil {
		return nil, err
	}
	p := &drivers.Plan{
		Channels: picture.Channels(),
		MinEvery: time.Second,
		Timeout:  10 * time.Second,
		OpenHTTP: func(c drivers.Fetcher) (drivers.Driver, error) { return open(c, o, u) },
	}
	if o.Apart {
		p.Apart = o.apart()
	}
	return p, nil
}

// check returns the address, whose host errors name.
func (o options) check() (u *url.URL, err error) {
	u, err = url.Parse(o.URL)
	switch {
	case err != nil || u.Hostname() == "" || !slices.Contains(schemes, u.Scheme):
		return nil, &drivers.OptionError{Key: "url", Msg: "this is no address; write http://HOST/PATH, rtsp://HOST/PATH or onvif://HOST"}
	case u.User != nil:
		return nil, &drivers.OptionError{Key: "url", Msg: "a name or password in the address would show in logs; write username and password_file"}
	case (o.Username == "") != (o.PasswordFile == ""):
		return nil, &drivers.OptionError{Key: "username", Msg: "username and password_file belong together"}
	case o.PasswordFile != "" && !filepath.IsAbs(o.PasswordFile):
		return nil, &drivers.OptionError{Key: "password_file", Msg: "write the whole path, from /"}
	case o.MaxBytes < leastMax || o.MaxBytes > mostMax:
		return nil, &drivers.OptionError{Key: "max_bytes", Msg: fmt.Sprintf("write %d to %d", leastMax, mostMax)}
	}
	return u, nil
}

// schemes are the ways to a picture.
var schemes = []string{"http", "https", "rtsp", "onvif"}

// source is a way to a picture: it returns the bytes that a camera calls one.
type source interface {
	fetch(ctx context.Context) ([]byte, error)
}

// still is a way over HTTP: a picture, or a stream of them.
type still struct {
	web
	url string
}

func (s *still) fetch(ctx context.Context) ([]byte, error) { return s.web.fetch(ctx, s.url) }

func open(c drivers.Fetcher, o options, u *url.URL) (drivers.Driver, error) {
	w := web{client: c, limit: o.MaxBytes}
	if o.Username != "" {
		password, err := readPassword(o.PasswordFile)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: password_file: %w", name, u.Host, err)
		}
		w.login = newLogin(o.Username, password)
	}
	d := &driver{host: u.Host, source: &still{w, o.URL}}
	switch u.Scheme {
	case "onvif":
		d.source = newDiscovery(w, u)
	case "rtsp":
		dialer, ok := c.(drivers.Dialer)
		if !ok {
			return nil, fmt.Errorf("%s: %s: rtsp needs a connection of its own, and here are none", name, u.Host)
		}
		d.source = &streamed{web: w, dialer: dialer, url: u}
	}
	return d, nil
}

// readPassword reads the first line of a file.
func readPassword(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, 1024))
	if err != nil {
		return "", err
	}
	line, _, _ := strings.Cut(string(b), "\n")
	if line = strings.TrimSuffix(line, "\r"); line == "" {
		return "", errors.New("its first line is empty; it should be the password")
	}
	return line, nil
}

type driver struct {
	picture.Watch
	source
	host string
}

var _ drivers.StillSource = (*driver)(nil)

// Sample fetches one picture.
func (d *driver) Sample(ctx context.Context) ([]obs.Reading, error) {
	raw, err := d.fetch(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", name, d.host, err)
	}
	rs, err := d.Look(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", name, d.host, err)
	}
	return rs, nil
}

// Close does nothing: the camera goes on by itself.
func (d *driver) Close() error { return nil }
