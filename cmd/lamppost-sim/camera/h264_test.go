package camera

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/drivers"
)

// needFFmpeg says whether there is a real decoder here.
func needFFmpeg(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		if os.Getenv("LAMPPOST_REQUIRE_PARTS") != "" {
			t.Fatalf("%v; install ffmpeg", err)
		}
		t.Skip("no ffmpeg here")
	}
}

// A decoder that is not ours gets the very samples back that were coded, of the key picture
// and of those in which nothing moves.
func TestCoder(t *testing.T) {
	needFFmpeg(t)
	m := image.NewYCbCr(image.Rect(0, 0, 64, 48), image.YCbCrSubsampleRatio420)
	for i := range m.Y {
		m.Y[i] = byte(i / 200 * i) // runs of zeros, which need their guards, and noise
	}
	for i := range m.Cb {
		m.Cb[i], m.Cr[i] = byte(i*3), byte(255-i)
	}
	c := &coder{width: 64, height: 48}
	var stream []byte
	for _, u := range append(append([][]byte{c.sequence(), c.picture()}, c.intra(m, 2)...), c.same(), c.same()) {
		stream = append(append(stream, 0, 0, 0, 1), u...)
	}
	cmd := exec.CommandContext(t.Context(), "ffmpeg", "-nostdin", "-loglevel", "warning", "-xerror", "-f", "h264", "-i", "pipe:0", "-f", "rawvideo", "pipe:1")
	var said bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(stream), &said
	got, err := cmd.Output()
	want := bytes.Repeat(bytes.Join([][]byte{m.Y, m.Cb, m.Cr}, nil), 3)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%v: %d bytes, want %d of the same; it says %s", err, len(got), len(want), said.String())
	}
}

// The gateway's driver reads the scene in H.264 as it does in the other ways, wherever the
// parameter sets are and whenever a key picture comes.
func TestH264(t *testing.T) {
	needFFmpeg(t)
	src, log, at := street(t)
	still := watching(t, "http://"+at+Path)
	rs, err := still.Sample(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	log.last(t)
	for _, query := range []string{"", "?sets=sdp", "?sets=band&slices=30", "?gop=3&slices=1"} {
		src.set(scenario.Mishap{})
		d := watching(t, "'rtsp://"+at+H264Path+query+"'")
		got, err := d.Sample(t.Context())
		if err != nil {
			t.Errorf("%s: %v", query, err)
			continue
		}
		if off := got[0].Value - rs[0].Value; off < -0.5 || off > 0.5 {
			t.Errorf("%s: brightness %v, the still has %v", query, got[0].Value, rs[0].Value)
		}
		b, _ := d.(drivers.StillSource).Still()
		if m, err := jpeg.DecodeConfig(bytes.NewReader(b)); err != nil || m.Width != Width || m.Height != Height {
			t.Errorf("%s: %+v, %v", query, m, err)
		}
	}
}

// What is wrong with a stream is told; a decoder gets nothing that is larger than is taken.
func TestH264Faults(t *testing.T) {
	needFFmpeg(t)
	src, _, at := street(t)
	for _, c := range []struct {
		query, word, want string
		m                 scenario.Mishap
	}{
		{"?size=20000x20000", "protocol", "a picture of 20000 × 20000", scenario.Mishap{}},
		{"?size=20000x20000&sets=band", "protocol", "a picture of 20000 × 20000", scenario.Mishap{}},
		{"?gop=100", "timeout", "I-frame interval", scenario.Mishap{}},
		{"", "timeout", "no whole key picture", scenario.Mishap{Flip: true}},
		{"?size=1280x960", "", "not decoded", scenario.Mishap{}}, // it claims more than it sends
		{"?sets=none", "exception", "status 400", scenario.Mishap{}},
	} {
		src.set(c.m)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		_, err := watching(t, "'rtsp://"+at+H264Path+c.query+"'").Sample(ctx)
		cancel()
		if err == nil || c.word != "" && drivers.FaultWord(err) != c.word || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v (%s), want %s (%s)", c.query, err, drivers.FaultWord(err), c.want, c.word)
		}
	}
	src.set(scenario.Mishap{})
	if _, err := watching(t, "'rtsp://"+at+H264Path+"'").Sample(t.Context()); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestFilmRefuses(t *testing.T) {
	for _, q := range []string{"sets=x", "gop=0", "gop=x", "slices=31", "size=x", "size=8x8"} {
		v, err := url.ParseQuery(q)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := newFilm(v); err == nil {
			t.Errorf("%s is taken", q)
		}
	}
}

// A grey picture is coded without colours; one of another kind is refused.
func TestPlanes(t *testing.T) {
	m := image.NewGray(image.Rect(0, 0, 40, 33))
	m.Set(3, 4, color.White)
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	p, err := planes(b.Bytes())
	if err != nil || p.Rect != image.Rect(0, 0, 32, 32) || p.Y[4*p.YStride+3] < 200 || p.Cb[0] != 128 {
		t.Errorf("%v, %v", p.Rect, err)
	}
	if _, err := planes(b.Bytes()[:100]); err == nil {
		t.Error("half a picture is coded")
	}
}
