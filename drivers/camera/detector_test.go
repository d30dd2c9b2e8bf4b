package camera

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/bus/process"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

func TestDetectorOptions(t *testing.T) {
	for _, c := range []struct{ options, key, want string }{
		{"program: [], find: {a: 0.5}", "detector.program", "there is no program"},
		{"program: [./people.py], find: {a: 0.5}", "detector.program", "write the whole path, from /"},
		{"program: [p], find: {a: 0.5}, dir: here", "detector.dir", "write the whole path, from /"},
		{"program: [p], find: {a: 0.5}, env: {'A=B': c}", "detector.env", "no name of a variable"},
		{"program: [p], find: {}", "detector.find", "0 classes; write 1 to 16"},
		{"program: [p], find: {traffic light: 0.5}", "detector.find.traffic light", "cannot be part of a channel's name"},
		{"program: [p], find: {a: 0}", "detector.find.a", "a score of 0; write above 0, to 1"},
		{"program: [p], find: {a: 50}", "detector.find.a", "a score of 50"},
		{"program: [p], find: {a: 0.5}, in: yard", "detector.in", `there is no zone "yard"`},
		{"program: [p], find: {a: 0.5}, size: 320", "detector.size", "write columns x rows"},
		{"program: [p], find: {a: 0.5}, size: 1300x20", "detector.size", "16 to 1280 each"},
		{"program: [p], find: {a: 0.5}, size: 1280x720", "detector.size", "a picture of 2764800 bytes; at most 1500000"},
	} {
		_, err := planned(t, "{url: 'http://cam/', detector: {"+c.options+"}}")
		var o *drivers.OptionError
		if !errors.As(err, &o) || o.Key != c.key || !strings.Contains(o.Msg, c.want) {
			t.Errorf("%s: %v, want %s: %s", c.options, err, c.key, c.want)
		}
	}
	for _, options := range []string{"find: {a: 0.5}", "program: [p]", "program: [p], find: {a: 0.5}, timeout: 40s", "program: [p], find: {a: 0.5}, cpu: 20", "program: [p], find: {a: 0.5}, every: 5s"} {
		if _, err := planned(t, "{url: 'http://cam/', detector: {"+options+"}}"); err == nil {
			t.Errorf("%s is good", options)
		}
	}
}

// The channels are two for each class, in an order that does not depend on the file's; a
// process of its own is told the same, and its owner leaves room for the detector.
func TestDetectorChannels(t *testing.T) {
	const detector = "detector: {program: [/p, 'a b'], find: {truck: 0.6, person: 0.5}, in: yard, size: 1280x720, grey: true, timeout: 1500ms, start: 90s, " +
		"dir: /opt, env: {MODEL: x.onnx}, user: eye, memory: 512MB, cpu: 150%}, zones: {yard: [[0, 0], [1, 0], [1, 1]]}"
	p, err := planned(t, "{url: 'http://cam/', apart: true, "+detector+"}")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range p.Channels {
		names = append(names, c.Name)
	}
	if got := strings.Join(names, " "); got != "brightness sharpness presence.yard found.person score.person found.truck score.truck" {
		t.Errorf("channels %s", got)
	}
	if p.Timeout != 11500*time.Millisecond || p.Apart.Children != 512e6 || p.Apart.Memory != ownMemory {
		t.Errorf("a sample has %v, the process of its own may take %d and %d bytes", p.Timeout, p.Apart.Memory, p.Apart.Children)
	}
	told, err := planned(t, p.Apart.Options)
	if err != nil || !reflect.DeepEqual(told.Channels, p.Channels) || told.Timeout != p.Timeout || told.Apart != nil {
		t.Errorf("the other process is told %s: %v", p.Apart.Options, err)
	}
	f := &starting{}
	d, err := told.OpenHTTP(f)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	want := drivers.ProcessSpec{Command: []string{"/p", "a b"}, Dir: "/opt", Env: []string{"MODEL=x.onnx"}, User: "eye", Memory: 512e6, CPU: 1.5}
	if len(f.specs) != 1 || !reflect.DeepEqual(f.specs[0], want) {
		t.Errorf("it starts %+v, want %+v", f.specs, want)
	}
	if _, err := told.OpenHTTP(&drivertest.Fetcher{}); err == nil || !strings.Contains(err.Error(), "none can be started here") {
		t.Errorf("where no program can be started: %v", err)
	}
}

// starting is a fetcher that starts real programs, as the gateway's does.
type starting struct {
	drivertest.Fetcher
	specs []drivers.ProcessSpec
	child *process.Child // the last one
}

func (s *starting) Start(spec drivers.ProcessSpec) (drivers.Companion, error) {
	s.specs = append(s.specs, spec)
	if spec.User != "" { // only root may choose one
		spec.User = ""
	}
	c, err := process.New(process.Config{Name: "its detector", ProcessSpec: spec})
	s.child = c
	return c, err
}

func python(t testing.TB) string {
	t.Helper()
	path, err := exec.LookPath("python3")
	if err != nil && os.Getenv("LAMPPOST_REQUIRE_PARTS") != "" {
		t.Fatal(err)
	}
	if err != nil {
		t.Skip("there is no python3 here")
	}
	if path, err = filepath.Abs(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// scene is a dull picture with a bright square; no two have the same bytes.
func scene(t testing.TB, square image.Rectangle, n int) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 320, 240))
	for y := range 240 {
		for x := range 320 {
			v := uint8(60 + (x*7+y*13+n)%8)
			if image.Pt(x, y).In(square) {
				v = 220
			}
			m.SetGray(x, y, color.Gray{Y: v})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return append(b.Bytes()[:2:2], append([]byte{0xFF, 0xFE, 0, 4, byte(n >> 8), byte(n)}, b.Bytes()[2:]...)...)
}

// watched is a camera with a detector, and what its samples come out as.
type watched struct {
	t      *testing.T
	plan   *drivers.Plan
	driver drivers.Driver
	fetch  *starting
	square atomic.Pointer[image.Rectangle]
	n      int
}

func watch(t *testing.T, options string) *watched {
	t.Helper()
	w := &watched{t: t, fetch: &starting{}}
	w.square.Store(&image.Rectangle{})
	w.fetch.Handler = http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) {
		w.n++
		_, _ = out.Write(scene(t, *w.square.Load(), w.n))
	})
	var err error
	if w.plan, err = planned(t, "{url: 'http://cam/', "+options+"}"); err != nil {
		t.Fatal(err)
	}
	if w.driver, err = w.plan.OpenHTTP(w.fetch); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.driver.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// sample takes one, whose own measurements must be good whatever the detector does.
func (w *watched) sample() map[string]obs.Reading {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), w.plan.Timeout)
	defer cancel()
	rs, err := w.driver.Sample(ctx)
	if err != nil || len(rs) != len(w.plan.Channels) {
		w.t.Fatalf("%d readings, %v", len(rs), err)
	}
	out := map[string]obs.Reading{}
	for i, c := range w.plan.Channels {
		out[c.Name] = rs[i]
	}
	if b := out["brightness"]; !b.Quality.Usable() || b.Value < 20 || b.Value > 40 {
		w.t.Fatalf("the camera's own brightness is %v", b)
	}
	if still, ok := w.driver.(drivers.StillSource).Still(); !ok || len(still) < 1000 {
		w.t.Fatal("there is no still")
	}
	return out
}

// until takes samples until one is good, which they are soon.
func (w *watched) until(what string, good func(map[string]obs.Reading) bool) map[string]obs.Reading {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	for {
		rs := w.sample()
		if good(rs) {
			return rs
		}
		if drivers.Wait(ctx, 50*time.Millisecond) != nil {
			w.t.Fatalf("no %s within a minute: %v, %v", what, rs, w.driver.(drivers.Impaired).Impaired())
		}
	}
}

// However a detector goes wrong, the camera is measured and photographed as before, the
// detector's own channels have no value, it is told what is wrong, and the program is ended,
// started again, and heard again.
func TestDetectorGoesWrong(t *testing.T) {
	script, err := filepath.Abs("testdata/detector.py")
	if err != nil {
		t.Fatal(err)
	}
	for how, c := range map[string]struct{ fault, says string }{
		"hangs":        {"timeout", "no answer in time"},
		"crashes":      {"unplugged", "it ended: exit status 1; its last words: the model file is damaged"},
		"nonsense":     {"protocol", `"Traceback (most recent call last)" is no answer`},
		"endless":      {"unplugged", "it wrote a line of more than 65536 bytes"},
		"lines":        {"unplugged", "it wrote more than 100 lines in a second"},
		"leaks":        {"unplugged", "MB of memory; 64.0 MB are allowed"},
		"not a number": {"protocol", "JSON has no NaN and no Infinity"},
		"score":        {"protocol", `"person" has a score of 2; write 0 to 1`},
		"id":           {"protocol", "; repeat its id"},
		"pixels":       {"protocol", `"dog" has a box at 12; write shares of the picture's width and height, 0 to 1, not pixels`},
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			mark := filepath.Join(t.TempDir(), "mark")
			w := watch(t, fmt.Sprintf("detector: {program: [%s, %s, %s, %s], find: {person: 0.5}, size: 64x48, timeout: 4s, start: 40s, memory: 64MB}",
				python(t), script, how, mark))
			well := func(rs map[string]obs.Reading) bool {
				return rs["found.person"] == obs.Of(1) && rs["score.person"] == obs.Of(75)
			}
			w.until("answer", well)
			if err := os.WriteFile(mark+".go", nil, 0o600); err != nil {
				t.Fatal(err)
			}
			impaired := w.driver.(drivers.Impaired)
			if err := impaired.Impaired(); err != nil {
				t.Errorf("it answers, and yet %v", err)
			}
			rs := w.until("fault", func(rs map[string]obs.Reading) bool {
				err := impaired.Impaired()
				return err != nil && strings.Contains(err.Error(), c.says)
			})
			if why := rs["found.person"].Quality; why != obs.None(obs.Reason(c.fault)).Quality || rs["score.person"].Quality != why {
				t.Errorf("found %v, score %v, want no values, %s", rs["found.person"], rs["score.person"], c.fault)
			}
			if found, ok := w.driver.(drivers.Finder).Found(); ok || found != nil {
				t.Errorf("found is still %v", found)
			}
			w.until("second life", well)
			if h := w.fetch.child.Health(); h.Restarts == 0 {
				t.Error("it was not started again")
			}
		})
	}
}

// A fault that the detector reports is told with its own words, and nobody ends it for that.
func TestDetectorReports(t *testing.T) {
	script, err := filepath.Abs("testdata/detector.py")
	if err != nil {
		t.Fatal(err)
	}
	mark := filepath.Join(t.TempDir(), "mark")
	if err := os.WriteFile(mark+".go", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	w := watch(t, fmt.Sprintf("detector: {program: [%s, %s, accelerator, %s], find: {person: 0.5}, size: 64x48, timeout: 20s}", python(t), script, mark))
	rs := w.sample()
	if err := w.driver.(drivers.Impaired).Impaired(); rs["found.person"].Quality != obs.None("device").Quality || err == nil ||
		!strings.Contains(err.Error(), `says the detector: "/dev/hailo0 is gone"`) || w.fetch.child.Health().Restarts != 0 {
		t.Errorf("%v, %v, %+v", rs, err, w.fetch.child.Health())
	}
}

// What is masked is black before the detector sees it; what it finds counts from a class's
// score on, where it stands in the zone.
func TestDetectorCounts(t *testing.T) {
	script, err := filepath.Abs("testdata/detector.py")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, find, more string
		square           image.Rectangle
		found, score     float64
		at               float64 // left of its box
	}{
		{"enough", "{person: 0.75}", "", image.Rect(160, 120, 176, 136), 1, 75, 0.45},
		{"too little", "{person: 0.76}", "", image.Rect(160, 120, 176, 136), 0, 75, 0.45},
		{"its feet in the zone", "{person: 0.5}, in: yard", "zones: {yard: [[0.4, 0.55], [0.6, 0.55], [0.6, 0.65], [0.4, 0.65]]}", image.Rect(160, 120, 176, 136), 1, 75, 0.45},
		{"its feet beside the zone", "{person: 0.5}, in: yard", "zones: {yard: [[0.4, 0.45], [0.6, 0.45], [0.6, 0.55], [0.4, 0.55]]}", image.Rect(160, 120, 176, 136), 0, 0, 0.45},
		{"the brightest place is masked", "{person: 0.5}, grey: true", "masks: [[[0, 0], [0.9, 0], [0.9, 1], [0, 1]]]", image.Rect(160, 120, 176, 136), 1, 75, 0.86},
	} {
		more := c.more
		if more != "" {
			more += ", "
		}
		w := watch(t, fmt.Sprintf("%sdetector: {program: [%s, %s, never, %s], find: %s, size: 80x60, timeout: 20s}", more, python(t), script, filepath.Join(t.TempDir(), "mark"), c.find))
		w.square.Store(&c.square)
		ctx := t.Context()
		rs, err := w.driver.Sample(ctx)
		if err != nil {
			t.Fatal(err)
		}
		n := len(rs)
		if rs[n-2] != obs.Of(c.found) || rs[n-1] != obs.Of(c.score) {
			t.Errorf("%s: found %v, score %v", c.name, rs[n-2], rs[n-1])
		}
		found, ok := w.driver.(drivers.Finder).Found()
		if !ok || len(found) != 1 || found[0].Class != "person" || found[0].Box[0] < c.at-0.02 || found[0].Box[0] > c.at+0.1 {
			t.Errorf("%s: it found %v", c.name, found)
		}
	}
}

// A camera that has frozen shows what was: what is found there is suspect.
func TestDetectorOfAFrozenCamera(t *testing.T) {
	script, err := filepath.Abs("testdata/detector.py")
	if err != nil {
		t.Fatal(err)
	}
	w := watch(t, fmt.Sprintf("detector: {program: [%s, %s, never, %s], find: {person: 0.5}, size: 64x48, timeout: 20s}", python(t), script, filepath.Join(t.TempDir(), "mark")))
	page := scene(t, image.Rect(10, 10, 30, 30), 1)
	w.fetch.Handler = http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) { _, _ = out.Write(page) })
	if rs := w.sample(); rs["found.person"] != obs.Of(1) {
		t.Errorf("at first: %v", rs)
	}
	if rs := w.sample(); rs["found.person"] != (obs.Reading{Value: 1, Quality: obs.Quality{Flag: obs.Suspect, Why: obs.Flat}}) {
		t.Errorf("frozen: %v", rs)
	}
}

// The detector in the documentation finds what moves, and where, and nothing in a picture
// in which nothing does.
func TestExampleDetector(t *testing.T) {
	script, err := filepath.Abs("examples/moving.py")
	if err != nil {
		t.Fatal(err)
	}
	w := watch(t, fmt.Sprintf("detector: {program: [%s, %s], find: {moving: 0.4}, size: 160x120, grey: true, timeout: 20s}", python(t), script))
	for range 3 {
		if rs := w.sample(); rs["found.moving"].Quality != obs.None(obs.WarmUp).Quality {
			t.Fatalf("while it learns: %v", rs)
		}
	}
	if err := w.driver.(drivers.Impaired).Impaired(); err != nil {
		t.Errorf("learning is told as %v", err)
	}
	if rs := w.sample(); rs["found.moving"] != obs.Of(0) || rs["score.moving"] != obs.Of(0) {
		t.Errorf("where nothing moves: %v", rs)
	}
	for _, at := range []image.Rectangle{image.Rect(32, 64, 80, 128), image.Rect(224, 128, 272, 192)} {
		w.square.Store(&at)
		rs := w.sample()
		found, ok := w.driver.(drivers.Finder).Found()
		near := func(i int, dots, of int) bool {
			d := found[0].Box[i] - float64(dots)/float64(of)
			return d < 0.03 && d > -0.03
		}
		if rs["found.moving"].Value < 1 || rs["score.moving"].Value < 40 || !ok {
			t.Fatalf("a square at %v: %v, %v", at, rs, found)
		}
		if !near(0, at.Min.X, 320) || !near(1, at.Min.Y, 240) || !near(2, at.Max.X, 320) || !near(3, at.Max.Y, 240) {
			t.Errorf("a square at %v is found at %v", at, found[0].Box)
		}
	}
	w.square.Store(&image.Rectangle{})
	for range 20 {
		w.sample()
	}
	if rs := w.sample(); rs["found.moving"] != obs.Of(0) {
		t.Errorf("when it is gone: %v", rs)
	}
}

// BenchmarkDetector is what a sample costs without a detector, and with one that finds
// nothing: the picture is decoded, scaled, written down, carried over, read and decoded by
// Python, and answered.
func BenchmarkDetector(b *testing.B) {
	const nothing = "import sys, json, base64\nfor line in sys.stdin:\n    q = json.loads(line)\n    base64.b64decode(q['dots'])\n    print('{\"id\":%d,\"found\":[]}' % q['id'], flush=True)\n"
	for _, c := range []struct{ name, options string }{
		{"none", ""}, {"320x240_rgb", ", size: 320x240}"}, {"320x240_grey", ", size: 320x240, grey: true}"}, {"640x640_rgb", ", size: 640x640}"},
	} {
		b.Run(c.name, func(b *testing.B) {
			options := "{url: 'http://cam/'"
			if c.options != "" {
				options += fmt.Sprintf(", detector: {program: [%s, -c, %q], find: {person: 0.5}, timeout: 30s, cpu: 400%%%s", python(b), nothing, c.options)
			}
			page := scene(b, image.Rectangle{}, 1)
			f := &starting{}
			f.Handler = http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) { _, _ = out.Write(page) })
			p, err := planYAML(options + "}")
			if err != nil {
				b.Fatal(err)
			}
			d, err := p.OpenHTTP(f)
			if err != nil {
				b.Fatal(err)
			}
			defer d.Close()
			if _, err := d.Sample(b.Context()); err != nil { // Python starts
				b.Fatal(err)
			}
			for n := byte(1); b.Loop(); n++ {
				f.Asked, page[7] = nil, n
				rs, err := d.Sample(b.Context())
				if err != nil || !rs[len(rs)-1].Quality.Usable() {
					b.Fatal(rs, err)
				}
			}
		})
	}
}
