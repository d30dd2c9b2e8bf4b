package rtsp

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/lamppost-city/lamppost/drivers/camera/h264"
)

// payloadJPEG is the payload type that RFC 3551 gives to JPEG for good.
const payloadJPEG = 26

// Codec is how a video's pictures are coded.
type Codec string

// The codecs of which pictures can be had.
const (
	JPEG Codec = "JPEG"
	H264 Codec = "H264"
)

// Media is the video of a session of which pictures can be had.
type Media struct {
	Codec   Codec
	Payload byte     // its payload type
	Control string   // what SETUP is sent to, absolute or relative to the session; may be empty
	Sets    [][]byte // H264: the parameter sets in the description (RFC 6184, 8.1), as units
}

// ErrCodec: the camera's video is neither JPEG nor H.264 as it is read here.
var ErrCodec = errors.New("neither JPEG nor H.264")

// FindVideo finds the first video in a session description that comes as JPEG, or else the
// first in H.264. If there are only others, the error says which, and wraps ErrCodec.
func FindVideo(sdp []byte) (Media, error) {
	all, err := sections(sdp)
	if err != nil {
		return Media{}, err
	}
	for _, find := range []func(*section) (Media, bool){(*section).jpeg, (*section).h264} {
		for i := range all {
			if m, ok := find(&all[i]); ok {
				return m, nil
			}
		}
	}
	var others []string
	interleaved := false
	for i := range all {
		others = append(others, all[i].codecs()...)
		interleaved = interleaved || all[i].interleaved()
	}
	if len(others) == 0 {
		return Media{}, errors.New("its session has no video")
	}
	if interleaved {
		return Media{}, fmt.Errorf("%w: %w", ErrCodec, h264.ErrInterleaved)
	}
	return Media{}, fmt.Errorf("%w: its video is %.60q; choose the camera's MJPEG or H.264 stream, or set url to its still picture", ErrCodec, strings.Join(others, ", "))
}

// sections takes a description apart.
func sections(sdp []byte) (all []section, err error) {
	for line := range strings.Lines(string(sdp)) {
		key, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), "=")
		switch {
		case !ok:
		case key == "m":
			if len(all) == maxSections {
				return nil, fmt.Errorf("a session of more than %d media", maxSections)
			}
			all = append(all, newSection(value))
		case key == "a" && len(all) > 0:
			all[len(all)-1].attribute(value)
		}
	}
	return all, nil
}

const maxSections = 32

// section is one medium of a session.
type section struct {
	video   bool
	formats []string          // payload types in their order
	names   map[string]string // by payload type: JPEG/90000
	params  map[string]string // by payload type: packetization-mode=1;…
	control string
}

func newSection(m string) section {
	f := strings.Fields(m)
	if len(f) < 4 || f[0] != "video" {
		return section{}
	}
	return section{video: true, formats: f[3:min(len(f), 3+maxSections)], names: map[string]string{}, params: map[string]string{}}
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
	case key == "fmtp" && len(s.params) < maxSections:
		format, params, _ := strings.Cut(value, " ")
		s.params[format] = params
	}
}

func (s *section) jpeg() (Media, bool) {
	for _, f := range s.formats {
		name, _, _ := strings.Cut(s.names[f], "/")
		n, err := strconv.ParseUint(f, 10, 7)
		if err == nil && (n == payloadJPEG || strings.EqualFold(name, "JPEG")) {
			return Media{Codec: JPEG, Payload: byte(n), Control: s.control}, true
		}
	}
	return Media{}, false
}

// h264 is the first format in H.264 whose packets are in order.
func (s *section) h264() (Media, bool) {
	for _, f := range s.formats {
		n, err := strconv.ParseUint(f, 10, 7)
		if err == nil && s.isH264(f) && s.param(f, "packetization-mode") != "2" {
			return Media{H264, byte(n), s.control, parameterSets(s.param(f, "sprop-parameter-sets"))}, true
		}
	}
	return Media{}, false
}

func (s *section) isH264(format string) bool {
	name, _, _ := strings.Cut(s.names[format], "/")
	return strings.EqualFold(name, "H264")
}

// interleaved says whether there is H.264 in an order of its own only.
func (s *section) interleaved() bool { return slices.ContainsFunc(s.formats, s.isH264) }

// param is a parameter of a format (RFC 6184, 8.1), empty: it is not stated.
func (s *section) param(format, key string) string {
	for p := range strings.SplitSeq(s.params[format], ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(name, key) {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// mostSets of a description are taken.
const mostSets = 16

// parameterSets reads units in base64 with commas between. One that is none is left out:
// the camera sends them again with its pictures.
func parameterSets(text string) (all [][]byte) {
	for part := range strings.SplitSeq(text, ",") {
		b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(part))
		if err == nil && len(b) > 0 && len(all) < mostSets {
			all = append(all, b)
		}
	}
	return all
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
