package rtsp

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// payloadJPEG is the payload type that RFC 3551 gives to JPEG for good.
const payloadJPEG = 26

// Media is the video of a session that can be had as JPEG.
type Media struct {
	Payload byte   // its payload type
	Control string // what SETUP is sent to, absolute or relative to the session; may be empty
}

// ErrCodec: the camera's video is not JPEG.
var ErrCodec = errors.New("no JPEG")

// FindJPEG finds the first video in a session description that comes as JPEG. If there are
// only others, the error says which, and wraps ErrCodec.
func FindJPEG(sdp []byte) (Media, error) {
	var all []section
	for line := range strings.Lines(string(sdp)) {
		key, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), "=")
		switch {
		case !ok:
		case key == "m":
			if len(all) == maxSections {
				return Media{}, fmt.Errorf("a session of more than %d media", maxSections)
			}
			all = append(all, newSection(value))
		case key == "a" && len(all) > 0:
			all[len(all)-1].attribute(value)
		}
	}
	var others []string
	for _, s := range all {
		if m, ok := s.jpeg(); ok {
			return m, nil
		}
		if s.video {
			others = append(others, s.codecs()...)
		}
	}
	if len(others) == 0 {
		return Media{}, errors.New("its session has no video")
	}
	return Media{}, fmt.Errorf("%w: its video is %.60q; choose the camera's MJPEG stream, or set url to its still picture", ErrCodec, strings.Join(others, ", "))
}

const maxSections = 32

// section is one medium of a session.
type section struct {
	video   bool
	formats []string          // payload types in their order
	names   map[string]string // by payload type: JPEG/90000
	control string
}

func newSection(m string) section {
	f := strings.Fields(m)
	if len(f) < 4 || f[0] != "video" {
		return section{}
	}
	return section{video: true, formats: f[3:min(len(f), 3+maxSections)], names: map[string]string{}}
}

func (s *section) attribute(a string) {
	key, value, _ := strings.Cut(a, ":")
	switch {
	case !s.video:
	case key == "control":
		s.control = strings.TrimSpace(value)
	case key == "rtpmap" && len(s.names) < maxSections:
		format, name, _ := strings.Cut(value, " ")
		s.names[format] = strings.TrimSpace(name)
	}
}

func (s *section) jpeg() (Media, bool) {
	for _, f := range s.formats {
		name, _, _ := strings.Cut(s.names[f], "/")
		n, err := strconv.ParseUint(f, 10, 7)
		if err == nil && (n == payloadJPEG || strings.EqualFold(name, "JPEG")) {
			return Media{byte(n), s.control}, true
		}
	}
	return Media{}, false
}

func (s *section) codecs() (all []string) {
	for _, f := range s.formats {
		name, _, _ := strings.Cut(s.names[f], "/")
		if name == "" {
			name = "payload type " + f
		}
		all = append(all, name)
	}
	return all
}

// Resolve is the address that SETUP is sent to: control, taken from the base that DESCRIBE
// named, or from the address that was asked. An absolute one must lead to the same host: a
// login is sent there.
func Resolve(asked, base, control string) (string, error) {
	from := asked
	if base != "" {
		from = base
	}
	if control == "" || control == "*" {
		return from, sameHost(asked, from)
	}
	if strings.Contains(control, "://") {
		return control, sameHost(asked, control)
	}
	return strings.TrimSuffix(from, "/") + "/" + strings.TrimPrefix(control, "/"), sameHost(asked, from)
}

func sameHost(a, b string) error {
	ua, err := url.Parse(a)
	if err != nil {
		return errors.New("the url cannot be read")
	}
	ub, err := url.Parse(b)
	if err != nil || ub.Scheme != "rtsp" || !strings.EqualFold(ua.Hostname(), ub.Hostname()) {
		return errors.New("its session leads to another host than the one that was asked")
	}
	return nil
}
