package camera

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/lamppost-city/lamppost/drivers"
)

// decoderMemory is what the program that decodes H.264 may hold, bytes. Debian's ffmpeg
// takes 61 MB for 640 × 480, 70 MB for 1920 × 1080 and 113 MB for 3840 × 2160.
const decoderMemory = 200_000_000

// ffmpeg is how a decoder is started where nobody says otherwise: one thread, no protocol but
// its pipes, no picture out of a stream that is damaged.
func ffmpeg() []string {
	return []string{"ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error", "-xerror", "-err_detect", "explode",
		"-protocol_whitelist", "pipe", "-threads", "1", "-f", "h264", "-i", "pipe:0",
		"-frames:v", "1", "-filter_threads", "1", "-threads", "1", "-c:v", "mjpeg", "-q:v", "3", "-f", "image2pipe", "pipe:1"}
}

// decoder makes a JPEG of a key picture in H.264, with a program of the machine: the byte
// stream goes in, the JPEG comes out, and the program ends. One runs for each picture.
type decoder struct {
	filter  drivers.Filterer // nil: no programs can be run here
	command []string
}

// decoder is the program and its arguments.
func (o options) decoder() []string {
	if len(o.Decoder) > 0 {
		return o.Decoder
	}
	return ffmpeg()
}

// checkDecoder says what is wrong with decoder.
func (o options) checkDecoder(scheme string) error {
	wrong := func(msg string) error { return &drivers.OptionError{Key: "decoder", Msg: msg} }
	switch {
	case o.Decoder == nil:
		return nil
	case scheme != "rtsp":
		return wrong("only a stream over rtsp:// has H.264 to decode; delete it")
	case len(o.Decoder) == 0 || o.Decoder[0] == "" || strings.ContainsRune(strings.Join(o.Decoder, ""), 0):
		return wrong(`write the program and its arguments, like decoder: ["/usr/local/bin/decode-h264"], or leave it out for ffmpeg`)
	case strings.Contains(o.Decoder[0], "/") && !filepath.IsAbs(o.Decoder[0]):
		return wrong("the program depends on where the gateway was started; write its whole path, from /, or its bare name")
	}
	return nil
}

// decoderText is the option for the other process, as YAML without braces; empty: none.
func (o options) decoderText() string {
	if len(o.Decoder) == 0 {
		return ""
	}
	b, err := json.Marshal(o.Decoder)
	if err != nil { // strings always are JSON
		return ""
	}
	return ", decoder: " + string(b)
}

// ready says what is to be done where there is no decoder: it is asked before the camera is
// let play.
func (d decoder) ready() error {
	if d.filter == nil || d.filter.Find(d.command[0]) != nil {
		return fmt.Errorf("%w: its video is H264, and there is no %s here to decode it; install it, choose the camera's MJPEG stream, or set url to its still picture", drivers.ErrProtocol, d.command[0])
	}
	return nil
}

// decode returns the JPEG of a key picture, of at most so many bytes.
func (d decoder) decode(ctx context.Context, stream []byte, most int) ([]byte, error) {
	b, err := d.filter.Filter(ctx, drivers.ProcessSpec{Command: d.command, Memory: decoderMemory}, stream, most)
	switch {
	case err != nil && ctx.Err() != nil && drivers.FaultWord(err) == "timeout":
		return nil, fmt.Errorf("%w: no time was left to decode its H.264, or the decoder hangs", drivers.ErrTimeout)
	case err != nil:
		return nil, fmt.Errorf("its H.264 was not decoded: %w", err)
	case len(b) == 0:
		return nil, fmt.Errorf("%w: the decoder gave no picture of its H.264", drivers.ErrProtocol)
	}
	return b, nil
}
