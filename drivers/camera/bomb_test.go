package camera

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/camera/picture"
)

// pipe answers every request with a body that is read as it is made: a stream without end
// takes no more memory than whoever reads it.
type pipe struct {
	kind string
	body func() io.Reader
}

func (p pipe) Do(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {p.kind}}, Body: io.NopCloser(p.body()), ContentLength: -1}, nil
}

// endless repeats a text and counts what was taken of it.
type endless struct {
	text string
	took *int
}

func (e endless) Read(p []byte) (int, error) {
	n := copy(p, e.text)
	*e.took += n
	return n, nil
}

// Neither a picture that claims 20 000 × 20 000 pixels (400 MB decoded), nor an answer or a
// part of a stream without end, costs more memory than max_bytes allows.
func TestBombs(t *testing.T) {
	bomb := load(t, "scene.jpg")
	i := bytes.Index(bomb, []byte{0xFF, 0xC0})
	copy(bomb[i+5:], []byte{0x4E, 0x20, 0x4E, 0x20})
	const limit = 64 << 10
	took := 0
	forever := func(begin, text string) func() io.Reader {
		return func() io.Reader { return io.MultiReader(bytes.NewReader([]byte(begin)), endless{text, &took}) }
	}
	for name, p := range map[string]pipe{
		"header bomb": {"image/jpeg", func() io.Reader { return bytes.NewReader(bomb) }},
		"header bomb in a stream": {"multipart/x-mixed-replace; boundary=b", func() io.Reader {
			return bytes.NewReader(fmt.Appendf(nil, "--b\r\nContent-Length: %d\r\n\r\n%s\r\n", len(bomb), bomb))
		}},
		"endless picture":             {"image/jpeg", forever("\xFF\xD8\xFF", "x")},
		"endless part":                {"multipart/x-mixed-replace; boundary=b", forever("--b\r\n\r\n\xFF\xD8\xFF", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n")},
		"endless part that says so":   {"multipart/x-mixed-replace; boundary=b", forever("--b\r\nContent-Length: 4611686018427387903\r\n\r\n", "x")},
		"endless header":              {"multipart/x-mixed-replace; boundary=b", forever("--b\r\n", "A: b\r\n")},
		"a stream that never begins":  {"multipart/x-mixed-replace; boundary=b", forever("", "hello\r\n")},
		"an ONVIF answer without end": {"application/soap+xml", forever("<a>", "<b/>")},
	} {
		options := fmt.Sprintf("{url: 'http://h/', max_bytes: %d}", limit)
		most := uint64(20 * limit)
		if p.kind == "application/soap+xml" {
			options, most = "url: 'onvif://h'", 16<<20 // of 512 KiB, as elements
		}
		plan, err := planYAML(options)
		if err != nil {
			t.Fatal(err)
		}
		d, err := plan.OpenHTTP(p)
		if err != nil {
			t.Fatal(err)
		}
		took = 0
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err = d.Sample(t.Context())
		runtime.ReadMemStats(&after)
		if !errors.Is(err, drivers.ErrProtocol) {
			t.Errorf("%s: %v", name, err)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > most || took > 1<<20 {
			t.Errorf("%s: %d bytes were allocated, %d read", name, used, took)
		}
	}
}

// What a picture costs by the way that it comes, from the request to the readings: the
// decoder is nearly all of it.
func BenchmarkSample(b *testing.B) {
	still, packets := load(b, "scene.jpg"), shown(b)
	part := fmt.Appendf(nil, "--b\r\nContent-Length: %d\r\n\r\n%s\r\n", len(still), still)
	again := func(body []byte) func() io.Reader { return func() io.Reader { return bytes.NewReader(body) } }
	for _, c := range []struct {
		way string
		d   func() drivers.Driver
	}{
		{"still", func() drivers.Driver { return of(b, "http://h/", pipe{"image/jpeg", again(still)}) }},
		{"stream", func() drivers.Driver {
			return of(b, "http://h/", pipe{"multipart/x-mixed-replace; boundary=b", again(part)})
		}},
		{"rtsp", func() drivers.Driver { return of(b, "rtsp://h/live", &rtspCamera{answer: willing, packets: packets}) }},
	} {
		b.Run(c.way, func(b *testing.B) {
			d := c.d()
			b.ReportAllocs()
			for b.Loop() {
				d.(*driver).Watch = picture.Watch{} // the same picture would not be decoded again
				if _, err := d.Sample(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func of(t testing.TB, url string, f drivers.Fetcher) drivers.Driver {
	t.Helper()
	plan, err := planYAML("url: '" + url + "'")
	if err != nil {
		t.Fatal(err)
	}
	d, err := plan.OpenHTTP(f)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
