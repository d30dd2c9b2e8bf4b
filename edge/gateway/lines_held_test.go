package gateway

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/camera"
	"github.com/lamppost-city/lamppost/drivers/catalog"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/poll"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

// street is a camera's host in the memory: a still street in noise.
type street struct{ noise *rand.Rand }

func (s *street) Do(*http.Request) (*http.Response, error) {
	m := image.NewGray(image.Rect(0, 0, 160, 120))
	for y := range 120 {
		for x := range 160 {
			m.SetGray(x, y, color.Gray{Y: byte(60 + 90*((x/20+y/15)%2) + s.noise.IntN(5))})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: http.StatusOK, Status: "200 OK", Header: http.Header{"Content-Type": {"image/jpeg"}}, Body: io.NopCloser(&b)}, nil
}

// inStreet is the camera driver, whose cameras look at the street.
func inStreet(opened *int) drivers.Kind {
	k := camera.Kind()
	plan := k.Plan
	k.Plan = func(decode func(any) error) (*drivers.Plan, error) {
		p, err := plan(decode)
		if err != nil {
			return nil, err
		}
		open := p.OpenHTTP
		p.OpenHTTP = func(drivers.Fetcher) (drivers.Driver, error) {
			*opened++
			return open(&street{rand.New(rand.NewPCG(1, 2))})
		}
		return p, nil
	}
	return k
}

func loaded(t *testing.T, text string, kinds []drivers.Kind) *config.Config {
	t.Helper()
	metrics, err := obs.ParseCatalog(firmwareconfigs.MetricsFile, firmwareconfigs.Metrics())
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load("held.yaml", []byte(text), config.Env{Kinds: kinds, Catalog: metrics, Rules: RuleChecker})
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// What a camera has learned goes on over a reload that changes something else: tamper and
// smoke, which need a minute of pictures, are there with the first picture after it, and no
// second is without one or has two. A camera that is set otherwise begins to learn anew.
func TestACameraGoesOnLearningOverAReload(t *testing.T) {
	text := "gateway: {id: g}\ndevices:\n  eye: {driver: camera, url: 'http://192.0.2.1/still.jpg', every: 1s, measure: [tamper, smoke]%s}\n" +
		"rules:\n  dark: {when: 'eye.brightness < 10', for: 5s, severity: yellow, message: {en: %q}}\n"
	synctest.Test(t, func(t *testing.T) {
		opened, start := 0, time.Now()
		kinds := []drivers.Kind{inStreet(&opened)}
		var lines *Lines
		var held heldLines
		var next time.Time
		learning := func(cfg *config.Config, during time.Duration) (is []bool) { // by sample: was a value still learned?
			var err error
			if lines, err = openLines(cfg, nil, recalled{}, held); err != nil {
				t.Fatal(err)
			}
			lines.remember(cfg)
			lines.due("eye", next)
			ctx, stop := context.WithTimeout(t.Context(), during)
			defer stop()
			lines.Poll(ctx, func() int64 { return time.Since(start).Milliseconds() }, func(s poll.Sample) {
				if next = s.Next; s.Err != nil {
					t.Error(s.Err)
				}
				warm := slices.ContainsFunc(s.Readings, func(r obs.Reading) bool { return r.Quality.Why == obs.WarmUp })
				is = append(is, warm)
			})
			return is
		}
		reload := func(cfg *config.Config) {
			held = lines.hold(cfg)
			lines.close(held)
		}
		is := learning(loaded(t, fmt.Sprintf(text, "", "dark"), kinds), 90*time.Second+500*time.Millisecond)
		if len(is) != 91 || !is[0] || is[90] {
			t.Fatalf("in the first 90 s: %d samples, learning %v", len(is), is)
		}
		other := loaded(t, fmt.Sprintf(text, "", "it is dark"), kinds)
		reload(other)
		if is = learning(other, 10*time.Second); len(is) != 10 || slices.Contains(is, true) || opened != 1 {
			t.Errorf("after the reload: learning %v, opened %d times", is, opened)
		}
		masked := loaded(t, fmt.Sprintf(text, ", masks: [[[0, 0], [0.1, 0], [0, 0.1]]]", "it is dark"), kinds)
		reload(masked)
		if is = learning(masked, 10*time.Second); len(is) != 10 || slices.Contains(is, false) || opened != 2 {
			t.Errorf("with another mask: learning %v, opened %d times", is, opened)
		}
		reload(nil)
	})
}

// A line goes on if it and its devices are the same, whatever else is changed.
func TestWhichLinesGoOn(t *testing.T) {
	dir := t.TempDir()
	profiles, err := catalog.Profiles(firmwareconfigs.Devices())
	if err != nil {
		t.Fatal(err)
	}
	secret, program := filepath.Join(dir, "secret"), filepath.Join(dir, "part.sh")
	for _, file := range []string{secret, program} {
		if err := os.WriteFile(file, []byte("#!/bin/sh\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	text := `
gateway: {id: g, name: here}
buses:
  rs485-1: {serial: /dev/ttyS1}
  plant: {tcp: "192.0.2.7:502"}
devices:
  level: {profile: keller-36xw, bus: rs485-1, address: 1, every: 10s}
  second: {profile: keller-36xw, bus: rs485-1, address: 2, every: 10s}
  far: {profile: keller-36xw, bus: plant, address: 1, every: 10s}
  pass: {driver: a02yyuw, port: /dev/ttyS2, height: 3.0, every: 1s}
  eye: {driver: camera, url: "http://192.0.2.1/still.jpg", username: u, password_file: ` + secret + `, every: 5s, masks: [[[0, 0], [0.1, 0], [0, 0.1]]]}
  own: {driver: process, command: [/bin/sh, ` + program + `], channels: {temp: {min: -20, max: 85, resolution: 0.1}}, every: 1s}
rules:
  flood: {when: "pass.level > 0.5", for: 4s, severity: orange, message: {en: water}}
`
	lines := []string{"eye", "own", "pass", "plant", "rs485-1"}
	kinds := catalog.Builtin(profiles)
	for _, c := range []struct {
		what, old, is string
		anew          []string
	}{
		{"nothing", "", "", nil},
		{"a rule", "{en: water}", "{en: flood}", nil},
		{"the gateway's name", "name: here", "name: there", nil},
		{"a name and checks", "height: 3.0", "name: the pass, checks: {level: {gross: {suspect: [0, 2]}}}, height: 3.0", nil},
		{"pictures that are sent", "every: 5s", "upload: {every: 1h}, every: 5s", nil},
		{"another device", "  own:", "  third: {driver: a02yyuw, port: /dev/ttyS3, height: 2.0}\n  own:", nil},
		{"an option", "height: 3.0", "height: 3.1", []string{"pass"}},
		{"an interval", "height: 3.0, every: 1s", "height: 3.0, every: 2s", []string{"pass"}},
		{"a port", "/dev/ttyS2", "/dev/ttyS3", []string{"pass"}},
		{"a mask", "[0.1, 0]", "[0.2, 0]", []string{"eye"}},
		{"an address of two", "address: 2", "address: 3", []string{"rs485-1"}},
		{"a device more on a bus", "  far:", "  third: {profile: keller-36xw, bus: plant, address: 3}\n  far:", []string{"plant"}},
		{"a bus", "/dev/ttyS1}", "/dev/ttyS1, baud: 19200}", []string{"rs485-1"}},
		{"a host", "192.0.2.7", "192.0.2.8", []string{"plant"}},
		{"a command", "/bin/sh, ", "/bin/sh, -e, ", []string{"own"}},
		{"a name that is told", "username: u", "username: v", []string{"eye"}},
	} {
		cfg := loaded(t, text, kinds)
		open, err := OpenLines(cfg, nil)
		if err != nil {
			t.Fatal(err)
		}
		open.remember(cfg)
		if got := anew(lines, open.hold(loaded(t, strings.Replace(text, c.old, c.is, 1), kinds))); !slices.Equal(got, c.anew) {
			t.Errorf("%s: %v begin anew, want %v", c.what, got, c.anew)
		}
		open.Close()
	}
	for file, want := range map[string]string{secret: "eye", program: "own"} {
		cfg := loaded(t, text, kinds)
		open, err := OpenLines(cfg, nil)
		if err != nil {
			t.Fatal(err)
		}
		open.remember(cfg)
		if err := os.WriteFile(file, []byte("#!/bin/sh\n# another\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		if got := anew(lines, open.hold(loaded(t, text, kinds))); !slices.Equal(got, []string{want}) {
			t.Errorf("%s has changed: %v begin anew, want %s", file, got, want)
		}
		open.Close()
	}
}

// What is said of a camera's fault is meant for cameras.
func TestACameraHasWordsOfItsOwn(t *testing.T) {
	opened := 0
	cfg := loaded(t, "gateway: {id: g}\ndevices: {eye: {driver: camera, url: 'http://192.0.2.1/still.jpg'}}", []drivers.Kind{inStreet(&opened)})
	if word := wireWord(cfg.Devices[0].Plan); word != "camera" {
		t.Errorf("the wire of a camera is called %q", word)
	}
}

// anew returns those of the lines that are not held.
func anew(lines []string, held heldLines) (ids []string) {
	for _, id := range lines {
		if held[lineKey{id, true}] == nil && held[lineKey{id, false}] == nil {
			ids = append(ids, id)
		}
	}
	return ids
}
