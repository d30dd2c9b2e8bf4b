package camera

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

// filmCamera is a camera whose stream is H.264, beside a machine with a decoder or without.
type filmCamera struct {
	rtspCamera
	missing bool
	filter  func(ctx context.Context, in []byte, most int) ([]byte, error)
	started []drivers.ProcessSpec
}

func (c *filmCamera) Find(program string) error {
	if c.missing {
		return fmt.Errorf("%s: %w", program, drivers.ErrUnplugged)
	}
	return nil
}

func (c *filmCamera) Filter(ctx context.Context, s drivers.ProcessSpec, in []byte, most int) ([]byte, error) {
	c.started = append(c.started, s)
	return c.filter(ctx, in, most)
}

// A key picture of 32 × 32, as x264 (core 164, Debian 12) wrote it.
const (
	filmSequence = "6764100aacb92d80880000030008000003001020"
	filmPicture  = "68ee0f2c8b"
	filmFirst    = "65888404bffef7addf8136815aef81"
	filmSecond   = "656221012ffef7addf8136815aef81"
)

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// filmed is a camera in H.264 that sends one key picture; its description names the sets.
func filmed(t testing.TB) *filmCamera {
	t.Helper()
	sdp := "v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1;sprop-parameter-sets=" +
		base64.StdEncoding.EncodeToString(unhex(t, filmSequence)) + "," + base64.StdEncoding.EncodeToString(unhex(t, filmPicture)) + "\r\na=control:track1\r\n"
	c := &filmCamera{rtspCamera: rtspCamera{answer: from("DESCRIBE", described(sdp))}}
	for i, unit := range []string{"419a", filmFirst, filmSecond} {
		p := append([]byte{0x80, 96, 0, byte(i), 0, 0, 0, byte(min(i, 1)), 0, 0, 0, 9}, unhex(t, unit)...)
		if i != 1 {
			p[1] |= 0x80
		}
		c.packets = append(c.packets, p)
	}
	c.filter = func(context.Context, []byte, int) ([]byte, error) { return load(t, "scene.jpg"), nil }
	return c
}

func watchingFilm(t testing.TB, options string, c *filmCamera) drivers.Driver {
	t.Helper()
	p, err := planYAML(options)
	if err != nil {
		t.Fatal(err)
	}
	d, err := p.OpenHTTP(c)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// The decoder gets the key picture with its sets and nothing else, under limits, after the
// camera was let go; the JPEG that it gives is the picture.
func TestFilm(t *testing.T) {
	cam := filmed(t)
	var in []byte
	most, free := 0, false
	picture := cam.filter
	cam.filter = func(ctx context.Context, b []byte, n int) ([]byte, error) {
		<-cam.done // else this test hangs
		in, most, free = bytes.Clone(b), n, true
		return picture(ctx, b, n)
	}
	d := watchingFilm(t, "{url: 'rtsp://10.0.0.9/live', max_bytes: 100000}", cam)
	rs, err := d.Sample(t.Context())
	if err != nil || rs[0].Value != sceneBrightness || rs[1].Value != sceneSharpness {
		t.Fatalf("%v, %v", rs, err)
	}
	want := bytes.Join([][]byte{nil, unhex(t, filmSequence), unhex(t, filmPicture), unhex(t, filmFirst), unhex(t, filmSecond)}, []byte{0, 0, 1})
	if !bytes.Equal(in, want) || most != 100000 || !free {
		t.Errorf("the decoder got %x and may write %d bytes; want %x", in, most, want)
	}
	if s := cam.started[0]; s.Command[0] != "ffmpeg" || !slices.Contains(s.Command, "-xerror") || s.Memory != decoderMemory || len(cam.started) != 1 {
		t.Errorf("started %+v", cam.started)
	}
	if got := cam.asked[len(cam.asked)-1]; !strings.HasPrefix(got, "TEARDOWN") {
		t.Errorf("the camera heard %s last", got)
	}
}

func TestFilmFaults(t *testing.T) {
	gives := func(b []byte, err error) func(context.Context, []byte, int) ([]byte, error) {
		return func(context.Context, []byte, int) ([]byte, error) { return b, err }
	}
	for _, c := range []struct {
		name, word, want string
		change           func(*filmCamera)
		decoded          bool
	}{
		{"no decoder", "protocol", "its video is H264, and there is no ffmpeg here to decode it; install it, choose the camera's MJPEG stream", func(c *filmCamera) { c.missing = true }, false},
		{"it fails", "device", "its H.264 was not decoded: ffmpeg: the device reports a fault of its own: no frame", func(c *filmCamera) {
			c.filter = gives(nil, fmt.Errorf("ffmpeg: %w: no frame", drivers.ErrDevice))
		}, true},
		{"it says nothing", "protocol", "gave no picture", func(c *filmCamera) { c.filter = gives(nil, nil) }, true},
		{"it gives no JPEG", "protocol", "too few for a picture", func(c *filmCamera) { c.filter = gives([]byte("hello"), nil) }, true},
		{"a bomb", "protocol", "refused by its header: a picture of 20000 × 20000", func(c *filmCamera) {
			c.answer = from("DESCRIBE", described("m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 sprop-parameter-sets=Z0LAKNoAE4gAnFk=\r\n"))
		}, false},
		{"interleaved", "protocol", "packetization mode 2", func(c *filmCamera) { c.packets = [][]byte{append(c.packets[0][:12:12], 25, 0, 0, 1)} }, false},
		{"it hangs up before a key picture", "protocol", "hung up", func(c *filmCamera) { c.packets, c.hang = c.packets[:1], true }, false},
	} {
		cam := filmed(t)
		c.change(cam)
		_, err := watchingFilm(t, "url: 'rtsp://10.0.0.9/live'", cam).Sample(t.Context())
		if err == nil || drivers.FaultWord(err) != c.word || !strings.Contains(err.Error(), c.want) || (len(cam.started) > 0) != c.decoded {
			t.Errorf("%s: %v (%s), %d decoders; want %q (%s)", c.name, err, drivers.FaultWord(err), len(cam.started), c.want, c.word)
		}
		if <-cam.done; c.name == "no decoder" && slices.ContainsFunc(cam.asked, func(a string) bool { return strings.HasPrefix(a, "PLAY") }) {
			t.Errorf("the camera was let play for nothing: %q", cam.asked)
		}
	}
}

// A stream without a key picture, and a decoder that hangs, end with the sample's time and
// each in words of its own; the next sample is good.
func TestFilmLate(t *testing.T) {
	for _, c := range []struct {
		name, want string
		change     func(*filmCamera)
	}{
		{"no key picture", "I-frame interval", func(c *filmCamera) { c.packets = c.packets[:1] }},
		{"the decoder hangs", "or the decoder hangs", func(c *filmCamera) {
			c.filter = func(ctx context.Context, _ []byte, _ int) ([]byte, error) {
				<-ctx.Done()
				return nil, drivers.ErrTimeout
			}
		}},
	} {
		synctest.Test(t, func(t *testing.T) {
			cam, good := filmed(t), filmed(t)
			c.change(cam)
			d := watchingFilm(t, "url: 'rtsp://10.0.0.9/live'", cam)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			begun := time.Now()
			if _, err := d.Sample(ctx); !errors.Is(err, drivers.ErrTimeout) || !strings.Contains(err.Error(), c.want) || time.Since(begun) != 10*time.Second {
				t.Errorf("%s: %v after %v", c.name, err, time.Since(begun))
			}
			<-cam.done
			cam.packets, cam.filter = good.packets, good.filter
			if _, err := d.Sample(t.Context()); err != nil {
				t.Errorf("%s: the next sample: %v", c.name, err)
			}
			<-cam.done
		})
	}
}

func TestDecoderOption(t *testing.T) {
	for options, want := range map[string]string{
		"{url: 'http://h/a', decoder: [x]}":               "only a stream over rtsp://",
		"{url: 'rtsp://h/a', decoder: []}":                "write the program",
		"{url: 'rtsp://h/a', decoder: ['']}":              "write the program",
		"{url: 'rtsp://h/a', decoder: [bin/decode]}":      "whole path",
		"{url: 'rtsp://h/a', decoder: [\"a\\0b\"]}":       "write the program",
		"{url: 'rtsp://h/a', decoder: /usr/bin/decode}":   "",
		"{url: 'rtsp://h/a', decoder: [/bin/d, '--x y']}": "ok",
	} {
		p, err := planYAML(options)
		var o *drivers.OptionError
		switch {
		case want == "ok" && (err != nil || p.Decoder != "/bin/d"):
			t.Errorf("%s: %v", options, err)
		case want == "" && err == nil:
			t.Errorf("%s is taken", options)
		case want != "" && want != "ok" && (!errors.As(err, &o) || o.Key != "decoder" || !strings.Contains(o.Msg, want)):
			t.Errorf("%s: %v, want %q", options, err, want)
		}
	}
	p, err := planYAML("{url: 'rtsp://h/a', decoder: [/bin/d, \"it's \\\"x\\\"\", '{y}'], apart: true}")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := yamldoc.Parse("options", []byte(p.Apart.Options))
	if err != nil {
		t.Fatal(err)
	}
	var o options
	if err := doc.Decode(&o); err != nil || !slices.Equal(o.Decoder, []string{"/bin/d", `it's "x"`, "{y}"}) || o.Apart {
		t.Errorf("the other process is told %s: %q, %v", p.Apart.Options, o.Decoder, err)
	}
	if p, err := planYAML("url: 'http://h/a'"); err != nil || p.Decoder != "" {
		t.Errorf("a still needs the decoder %q, %v", p.Decoder, err)
	}
}

// The decoder that a camera in a process of its own starts is not judged as that process,
// which must leave it room; a detector that may take more decides.
func TestTheDecoderHasRoomInAProcessOfItsOwn(t *testing.T) {
	for options, want := range map[string]int64{
		"{url: 'rtsp://cam/live', apart: true}": decoderMemory,
		"{url: 'http://cam/', apart: true}":     0,
		"{url: 'rtsp://cam/live', apart: true, detector: {program: [/bin/x], find: {cat: 0.5}, memory: 64MB}}":  decoderMemory,
		"{url: 'rtsp://cam/live', apart: true, detector: {program: [/bin/x], find: {cat: 0.5}, memory: 300MB}}": 300_000_000,
	} {
		p, err := planYAML(options)
		if err != nil {
			t.Errorf("%s: %v", options, err)
			continue
		}
		if p.Apart.Children != want || p.Apart.Memory != ownMemory {
			t.Errorf("%s: its process may take %d bytes, what it starts %d; want %d", options, p.Apart.Memory, p.Apart.Children, want)
		}
	}
}
