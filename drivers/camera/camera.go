// Package camera takes pictures from network cameras: one JPEG from an address, the first
// picture of a motion JPEG stream over HTTP or RTSP, the first key picture of an H.264 stream
// over RTSP where a program that decodes it is installed, the still whose address an ONVIF
// camera names, a picture of a camera at the board itself, or of one on a serial line that
// speaks as the VC0706 or the HydroCam does. The picture itself is the driver's still (see drivers.StillSource); the
// channels say how bright and how sharp it is, so that a dark, blocked or dirty lens is
// noticed without anybody looking.
//
// Sources: ITU-T T.81 (JPEG), RFC 9110 and RFC 7616 (login), RFC 2046 (multipart), RFC 2326
// and RFC 2435 (RTSP, JPEG in RTP), RFC 6184 (H.264 in RTP), ONVIF Core and Media, the vendors' HTTP API pages for
// the addresses in README.md.
//
// Each sample asks for a picture of its own and lets go of the camera afterwards, a stream
// too: so no picture is older than its sample, a camera that was away is back with the
// next sample, and what a stream does between samples costs nothing. It costs the
// connection, and a stream's own rate cannot be had.
//
// An answer is believed when it is a whole JPEG from start to end marker, of bounded
// size, and decodes. A picture that is byte for byte the one before is a camera
// that has frozen: no two exposures are equal. From the first such picture on all its
// readings are flagged suspect, and nothing is learned of it.
//
// What is looked for beside brightness and sharpness, if it was asked for, is seen by
// package vision, which knows its pictures one after the other: about 2 MB, of which less than
// a kilobyte, the view and the hours, is kept over a restart. Masks are made black in the decoded picture, before anything is measured,
// and the still is made anew from what is left: what is masked never leaves the driver.
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
	"strconv"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/camera/picture"
	"github.com/lamppost-city/lamppost/drivers/camera/vision"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
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
	URL          string       `yaml:"url,required"`
	Username     string       `yaml:"username"`
	PasswordFile yamldoc.Path `yaml:"password_file"`
	MaxBytes     int          `yaml:"max_bytes" range:"16384..16777216 bytes"`
	Size         string       `yaml:"size"`
	Baud         int          `yaml:"baud" range:"-"` // one of five
	Apart        bool         `yaml:"apart"`
	Overlay      bool         `yaml:"overlay"`

	Decoder []string `yaml:"decoder"`

	Measure []string               `yaml:"measure"`
	Masks   [][][]float64          `yaml:"masks" range:"-"` // judged with the areas that they make
	Zones   map[string][][]float64 `yaml:"zones" range:"-"`

	ZoneLeast map[string]float64 `yaml:"zone_least" range:"-"`
	FireAreas [][][]float64      `yaml:"fire_areas" range:"-"`

	Staff *staffOptions `yaml:"staff"`
	View  string        `yaml:"view"`

	Detector *detectorOptions `yaml:"detector"`
}

func (o options) looking() looking {
	return looking{Measure: o.Measure, Masks: o.Masks, Zones: o.Zones, Staff: o.Staff, ZoneLeast: o.ZoneLeast, FireAreas: o.FireAreas, View: o.View}
}

// minEvery is the shortest interval of a camera that is on no serial line.
const minEvery = time.Second

// ownMemory is what a camera's own process may hold: the program, and a picture of the
// largest size while it is decoded.
const ownMemory = 120_000_000

// apart is what the other process is told: the same, but to stay where it is. A password
// is in its file.
func (o options) apart() *drivers.Apart {
	text := fmt.Sprintf("{url: %q, max_bytes: %d", o.URL, o.MaxBytes)
	if o.Size != "" {
		text += fmt.Sprintf(", size: %q", o.Size)
	}
	if o.Baud != 0 {
		text += fmt.Sprintf(", baud: %d", o.Baud)
	}
	if o.Username != "" {
		file, err := filepath.Abs(string(o.PasswordFile)) // it runs in a folder of its own
		if err != nil {
			file = string(o.PasswordFile)
		}
		text += fmt.Sprintf(", username: %q, password_file: %q", o.Username, file)
	}
	text += o.decoderText() + o.looking().text()
	own := &drivers.Apart{MaxStill: o.mostStill(), Memory: ownMemory}
	if strings.HasPrefix(o.URL, "rtsp:") {
		own.Children = decoderMemory // what it plays is known only when it plays
	}
	if o.Detector != nil {
		text += o.Detector.text()
		own.Children = max(own.Children, int64(o.Detector.Memory))
	}
	own.Options = text + "}"
	return own
}

func plan(decode func(any) error) (*drivers.Plan, error) {
	o := options{MaxBytes: 2 << 20}
	if err := decode(&o); err != nil {
		return nil, err
	}
	u, err := o.check()
	sight, wrong := o.looking().config()
	if err = errors.Join(err, wrong, o.Detector.check(o.Zones)); err != nil {
		half := &drivers.Plan{Needs: o.needs()}
		if u != nil && !onLine(u.Scheme) {
			half.MinEvery = minEvery
		}
		return half, err
	}
	p := &drivers.Plan{
		Channels: o.channels(),
		MinEvery: minEvery,
		Timeout:  10*time.Second + o.Detector.patience(),
		OpenHTTP: func(c drivers.Fetcher) (drivers.Driver, error) { return open(c, o, u, sight) },
	}
	if u.Scheme == attached {
		p.Node = u.Path
	}
	if u.Scheme == "rtsp" {
		p.Decoder = o.decoder()[0]
	}
	p.Needs = o.needs()
	if onLine(u.Scheme) {
		l, err := o.wire(u.Scheme)
		if err != nil {
			return nil, err
		}
		l.hang(p, u)
	}
	if o.Apart {
		p.Apart = o.apart()
	}
	if o.Overlay {
		p.Overlay = o.looking().outlines()
	}
	return p, nil
}

// needs are the files and programs that the options name, but for the decoder: whether that
// is needed only the stream tells. What is written wrongly is not among them.
func (o options) needs() (all []drivers.Need) {
	if o.PasswordFile != "" {
		all = append(all, drivers.Need{Key: "password_file", Path: string(o.PasswordFile)})
	}
	if d := o.Detector; d != nil && len(d.Program) > 0 && d.Program[0] != "" && (filepath.IsAbs(d.Program[0]) || !strings.Contains(d.Program[0], "/")) {
		all = append(all, drivers.Need{Key: "detector.program", Path: d.Program[0], Program: true, User: d.User})
	}
	return all
}

// check returns the address, whose host errors name, and all that is wrong with it, the
// login and the line. What hangs on the address is not judged where that is none.
func (o options) check() (u *url.URL, err error) {
	var all []error
	wrong := func(bad bool, key, format string, args ...any) {
		if bad {
			all = append(all, &drivers.OptionError{Key: key, Msg: fmt.Sprintf(format, args...)})
		}
	}
	one := "username"
	if o.Username == "" {
		one = "password_file"
	}
	wrong((o.Username == "") != (o.PasswordFile == ""), one, "username and password_file belong together")
	u, err = url.Parse(o.URL)
	here := err == nil && (u.Scheme == attached || onLine(u.Scheme))
	if err != nil || !slices.Contains(schemes, u.Scheme) || here != (u.Hostname() == "") || here && !filepath.IsAbs(u.Path) {
		wrong(true, "url", "this is no address; write http://HOST/PATH, v4l2:/dev/v4l/by-id/NAME, vc0706: or hydrocam:/dev/serial/by-id/NAME, rtsp://HOST/PATH or onvif://HOST")
		err = nil
		if here { // what is behind the scheme says nothing of the line
			err = o.checkHere(u.Scheme)
		}
		return nil, errors.Join(errors.Join(all...), err)
	}
	wrong(u.User != nil, "url", "a name or password in the address would show in logs; write username and password_file")
	wrong(u.Port() != "" && !serves(u.Port()), "url", "port %s cannot be; write 1 to 65535, or leave it out", u.Port())
	wrong(here && o.Username != "", "username", "a camera at the board itself has no login; delete it")
	wrong(!here && o.Size != "", "size", "a camera in the network is set to a size by its own page; delete this, or write the stream's address that has the size")
	return u, errors.Join(errors.Join(all...), o.checkHere(u.Scheme), o.checkDecoder(u.Scheme))
}

// checkHere says what is wrong with the size and the line of a camera that is, or should be,
// at the board itself.
func (o options) checkHere(scheme string) (err error) {
	if scheme == attached {
		_, _, err = o.dots()
	}
	return errors.Join(err, o.checkWire(scheme))
}

// serves says whether a port is one that a camera can be reached at.
func serves(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n > 0
}

// schemes are the ways to a picture.
var schemes = []string{"http", "https", "rtsp", "onvif", attached, wired, hydro}

// attached is the scheme of a camera at the board itself.
const attached = "v4l2"

// onLine says whether a scheme is that of a camera on a serial line.
func onLine(scheme string) bool { return scheme == wired || scheme == hydro }

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

func open(c drivers.Fetcher, o options, u *url.URL, sight vision.Config) (drivers.Driver, error) {
	d, err := reach(c, o, u)
	if err != nil {
		return nil, err
	}
	err = d.look(o.looking(), sight)
	if err == nil && o.Detector != nil {
		err = d.ask(c, o.Detector, sight)
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// reach finds the way to the pictures.
func reach(c drivers.Fetcher, o options, u *url.URL) (*driver, error) {
	w := web{client: c, limit: o.MaxBytes}
	if o.Username != "" {
		password, err := readPassword(string(o.PasswordFile))
		if err != nil {
			return nil, fmt.Errorf("%s: %s: password_file: %w", name, u.Host, err)
		}
		w.login = newLogin(o.Username, password)
	}
	d := &driver{host: u.Host, source: &still{w, o.URL}}
	switch u.Scheme {
	case attached:
		return openAttached(c, o, u)
	case wired, hydro:
		return openWired(c, o, u)
	case "onvif":
		d.source = newDiscovery(w, u)
	case "rtsp":
		dialer, ok := c.(drivers.Dialer)
		if !ok {
			return nil, fmt.Errorf("%s: %s: rtsp needs a connection of its own, and here are none", name, u.Host)
		}
		filter, _ := c.(drivers.Filterer)
		d.source = &streamed{web: w, dialer: dialer, url: u, decoder: decoder{filter, o.decoder()}}
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
	sight
	*detector // nil: none
}

var (
	_ drivers.StillSource = (*driver)(nil)
	_ drivers.Finder      = (*driver)(nil)
	_ drivers.Impaired    = (*driver)(nil)
	_ drivers.Stateful    = (*driver)(nil)
	_ drivers.Learner     = (*driver)(nil)
)

// Sample fetches one picture.
func (d *driver) Sample(ctx context.Context) ([]obs.Reading, error) {
	raw, err := d.fetch(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", name, d.host, err)
	}
	d.taken = time.Now()
	rs, err := d.Look(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", name, d.host, err)
	}
	return d.detector.add(ctx, d.sight.add(rs, d.Repeated())), nil
}

// Close ends the detector and lets go of a camera at the board itself; one in the network
// goes on by itself.
func (d *driver) Close() error {
	err := d.detector.close()
	if c, ok := d.source.(io.Closer); ok {
		err = errors.Join(err, c.Close())
	}
	return err
}
