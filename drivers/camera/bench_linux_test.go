package camera

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"syscall"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
)

// Sizes of pictures that cameras are asked for.
var sizes = [][2]int{{320, 240}, {640, 480}, {1280, 720}}

// frames are eight pictures of one view, each with grain of its own and a thing that
// moves: none is the one before, and none compresses better than a real one.
func frames(w, h int) (all []*image.YCbCr) {
	dice := rand.New(rand.NewPCG(1, 2))
	for n := range 8 {
		m := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio422)
		for y := range h {
			for x := range w {
				v := 60 + 90*(x*13/w&1) + 60*(y*11/h&1) + dice.IntN(13)
				if u := x*32/w - 4*n; u >= 0 && u < 3 && y > h/2 {
					v = 30
				}
				m.Y[y*m.YStride+x] = uint8(v)
				o := m.COffset(x, y)
				m.Cb[o], m.Cr[o] = uint8(110+x*30/w), uint8(120+y*30/h)
			}
		}
		all = append(all, m)
	}
	return all
}

// pressed are the same as JPEG of quality 75.
func pressed(t testing.TB, w, h int) (all [][]byte) {
	t.Helper()
	for _, m := range frames(w, h) {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 75}); err != nil {
			t.Fatal(err)
		}
		all = append(all, b.Bytes())
	}
	return all
}

// yuyv are the same as a camera at the board gives them.
func yuyv(w, h int) (all []drivers.VideoFrame) {
	for _, m := range frames(w, h) {
		f := drivers.VideoFrame{Width: w, Height: h, Stride: 2 * w, Data: make([]byte, 2*w*h)}
		for i := range w * h / 2 {
			f.Data[4*i], f.Data[4*i+1], f.Data[4*i+2], f.Data[4*i+3] = m.Y[2*i], m.Cb[i], m.Y[2*i+1], m.Cr[i]
		}
		all = append(all, f)
	}
	return all
}

// everything is all that a camera can be asked for at once.
const everything = ", measure: [flame, motion, tamper, smoke], zones: {yard: [[0.1, 0.5], [0.9, 0.5], [0.9, 1], [0.1, 1]]}, staff: {marks: [[0.5, 0.2, 3], [0.5, 0.8, 1]], width: 0.1}}"

// a way is how pictures come to a driver.
type way struct {
	name string
	open func(testing.TB, int, int) drivers.Driver
}

var ways = []way{
	{"http still", func(t testing.TB, w, h int) drivers.Driver {
		all, n := pressed(t, w, h), 0
		return opened(t, "{url: 'http://10.0.0.9/still.jpg'"+everything, &drivertest.Fetcher{Handler: http.HandlerFunc(func(to http.ResponseWriter, _ *http.Request) {
			to.Header().Set("Content-Type", "image/jpeg")
			n++
			_, _ = to.Write(all[n%len(all)])
		})})
	}},
	{"http motion jpeg", func(t testing.TB, w, h int) drivers.Driver {
		all, n := pressed(t, w, h), 0
		return opened(t, "{url: 'http://10.0.0.9/stream'"+everything, &drivertest.Fetcher{Handler: http.HandlerFunc(func(to http.ResponseWriter, _ *http.Request) {
			parts := multipart.NewWriter(to)
			to.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary="+parts.Boundary())
			n++
			part, err := parts.CreatePart(textproto.MIMEHeader{"Content-Type": {"image/jpeg"}, "Content-Length": {fmt.Sprint(len(all[n%len(all)]))}})
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = part.Write(all[n%len(all)])
			_ = parts.Close()
		})})
	}},
	{"rtsp jpeg", func(t testing.TB, w, h int) drivers.Driver {
		all, n := pressed(t, w, h), 0
		cam := &rtspCamera{}
		cam.answer = func(method, url string, head textproto.MIMEHeader) string {
			if method == "PLAY" { // its packets follow
				n++
				cam.packets, cam.asked = packets(all[n%len(all)]), nil
			}
			return willing(method, url, head)
		}
		return watching(t, "{url: 'rtsp://10.0.0.9/live'"+everything, cam)
	}},
	{"v4l2 yuyv", func(t testing.TB, w, h int) drivers.Driver { return benched(t, w, h, yuyv(w, h)) }},
	{"v4l2 jpeg", func(t testing.TB, w, h int) drivers.Driver {
		var all []drivers.VideoFrame
		for _, b := range pressed(t, w, h) {
			all = append(all, drivers.VideoFrame{JPEG: true, Width: w, Height: h, Data: b})
		}
		return benched(t, w, h, all)
	}},
}

func benched(t testing.TB, w, h int, all []drivers.VideoFrame) drivers.Driver {
	t.Helper()
	p, err := planYAML(fmt.Sprintf("{url: 'v4l2:/dev/video0', size: %dx%d", w, h) + everything)
	if err != nil {
		t.Fatal(err)
	}
	d, err := p.OpenHTTP(&board{frames: all})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// BenchmarkFrame is one sample of a camera by its source and size, everything measured:
// the bytes are asked for and taken, judged, decoded and looked at. cpu-ms is what the
// process spent, its garbage collection and the other end of the connection included; a
// hundred of it at one picture per second is a tenth of a core.
func BenchmarkFrame(b *testing.B) {
	for _, from := range ways {
		for _, size := range sizes {
			b.Run(fmt.Sprintf("%s/%dx%d", from.name, size[0], size[1]), func(b *testing.B) {
				d := from.open(b, size[0], size[1])
				sample := func() {
					if _, err := d.Sample(b.Context()); err != nil {
						b.Fatal(err)
					}
				}
				for range 10 {
					sample()
				}
				b.ReportAllocs()
				before := spent(b)
				for b.Loop() {
					sample()
				}
				b.ReportMetric((spent(b)-before)/float64(b.N), "cpu-ms/op")
			})
		}
	}
}

// spent is the processor time of this process, milliseconds.
func spent(t testing.TB) float64 {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e6
}
