// Package camera fetches still pictures over HTTP: every IP camera has an address
// that answers with one JPEG. The picture itself is the driver's still (see
// drivers.StillSource); the channels say how bright and how sharp it is, so that a
// dark, blocked or dirty lens is noticed without anybody looking.
//
// Sources: ITU-T T.81 (JPEG), RFC 9110 and RFC 7616 (Digest), the vendors' HTTP API
// pages for the addresses in README.md.
//
// Each sample is one request, or two when the camera asks for a login first. An
// answer is believed when it is a whole JPEG from start to end marker, of bounded
// size, and decodes. A picture that is byte for byte the one before is a camera
// that has frozen: no two exposures are equal. Its readings are flagged suspect.
//
// A driver holds one picture: up to max_bytes between samples, and up to three
// bytes per pixel while it decodes.
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
	host, err := o.check()
	if err != nil {
		return nil, err
	}
	return &drivers.Plan{
		Channels: picture.Channels(),
		MinEvery: time.Second,
		Timeout:  10 * time.Second,
		OpenHTTP: func(c drivers.Fetcher) (drivers.Driver, error) { return open(c, o, host) },
	}, nil
}

// check returns the host that errors name.
func (o options) check() (host string, err error) {
	u, err := url.Parse(o.URL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return "", &drivers.OptionError{Key: "url", Msg: "this is no address; write http://HOST/PATH"}
	case u.User != nil:
		return "", &drivers.OptionError{Key: "url", Msg: "a name or password in the address would show in logs; write username and password_file"}
	case (o.Username == "") != (o.PasswordFile == ""):
		return "", &drivers.OptionError{Key: "username", Msg: "username and password_file belong together"}
	case o.PasswordFile != "" && !filepath.IsAbs(o.PasswordFile):
		return "", &drivers.OptionError{Key: "password_file", Msg: "write the whole path, from /"}
	case o.MaxBytes < leastMax || o.MaxBytes > mostMax:
		return "", &drivers.OptionError{Key: "max_bytes", Msg: fmt.Sprintf("write %d to %d", leastMax, mostMax)}
	}
	return u.Host, nil
}

func open(c drivers.Fetcher, o options, host string) (drivers.Driver, error) {
	d := &driver{host: host, source: source{client: c, url: o.URL, limit: o.MaxBytes}}
	if o.Username != "" {
		password, err := readPassword(o.PasswordFile)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: password_file: %w", name, host, err)
		}
		d.source.login = newLogin(o.Username, password)
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
	host   string
	source source
}

var _ drivers.StillSource = (*driver)(nil)

// Sample fetches one picture.
func (d *driver) Sample(ctx context.Context) ([]obs.Reading, error) {
	raw, err := d.source.fetch(ctx)
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
