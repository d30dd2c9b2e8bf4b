package e2e

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/bus/ptytest"
)

// wall is a gateway whose every wire ends at the test.
type wall struct {
	*city
	rs485, air, underpass *os.File
}

// newWall starts an aggregator and such a gateway. babble feeds each wire until
// hush is called; the two network devices babble for ever.
func newWall(t *testing.T, babble func(w io.Writer, rnd *rand.Rand)) (w *wall, hush func()) {
	t.Helper()
	w = &wall{city: &city{t: t, dir: t.TempDir()}}
	w.startCloud()
	w.status = fmt.Sprintf("127.0.0.1:%d", port(t))
	ctx, cancel := context.WithCancel(t.Context())
	var noise sync.WaitGroup
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	var paths []string
	for i, master := range []**os.File{&w.rs485, &w.air, &w.underpass} {
		m, path, err := ptytest.Open()
		if err != nil {
			t.Fatal(err)
		}
		*master = m
		paths = append(paths, path)
		noise.Go(func() { pour(ctx, m, rand.New(rand.NewPCG(seed, uint64(i))), babble) })
	}
	noise.Go(func() { drain(ctx, w.rs485) })
	tcp := rubbishServer(ctx, t, rand.New(rand.NewPCG(seed, 9)))
	camera := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		endless(ctx, rw, rand.New(rand.NewPCG(seed, 10)))
	}))
	t.Cleanup(camera.Close)
	text := fmt.Sprintf(`
gateway: {id: street-01, language: en}
uplink: {broker: %q}
journal: {dir: %s, size: 64MB, commit: 1s}
status: {listen: %q}
buses:
  rs485-1: {serial: %s, baud: 9600}
  pump: {tcp: %q}
devices:
  river: {profile: keller-36xw, bus: rs485-1, address: 3, every: 1s}
  weather: {profile: weather-01f4, bus: rs485-1, address: 1, every: 1s}
  air: {driver: pms5003, port: %s, every: 1s}
  underpass: {driver: a02yyuw, port: %s, height: 3.2, every: 1s}
  pump: {profile: sdm120, bus: pump, address: 1, every: 1s}
  gauge: {driver: camera, url: %q, every: 2s}
rules:
  flood: {when: "underpass.level > 0.5 || river.level > 3", severity: red, message: {en: "flood"}}
`, w.mqtt, filepath.Join(w.dir, "journal"), w.status, paths[0], tcp, paths[1], paths[2], camera.URL+"/still.jpg")
	w.gatewayCfg = filepath.Join(w.dir, "gateway.yaml")
	if err := os.WriteFile(w.gatewayCfg, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	once := sync.OnceFunc(func() { cancel(); noise.Wait() })
	t.Cleanup(func() {
		once()
		for _, m := range []*os.File{w.rs485, w.air, w.underpass} {
			m.Close()
		}
	})
	w.startGateway()
	return w, once
}

// pour writes rubbish at about the pace of a serial line.
func pour(ctx context.Context, m *os.File, rnd *rand.Rand, babble func(io.Writer, *rand.Rand)) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := m.SetWriteDeadline(time.Now().Add(20 * time.Millisecond)); err == nil {
			babble(m, rnd)
		}
	}
}

// drain reads what the gateway asks, so that its questions do not pile up.
func drain(ctx context.Context, m *os.File) {
	b := make([]byte, 256)
	for ctx.Err() == nil {
		if err := m.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
			return
		}
		if _, err := m.Read(b); err != nil && !os.IsTimeout(err) {
			pauseFor(ctx, 50*time.Millisecond) // nobody has the port open
		}
	}
}

func pauseFor(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// noiseBytes is 48 random bytes in which no part finds a whole frame by chance:
// the range finder's frame of four bytes has a sum of eight bits, so that one in
// each 65 kB would be a good one.
func noiseBytes(w io.Writer, rnd *rand.Rand) {
	b := make([]byte, 48)
	for i := range b {
		b[i] = byte(rnd.Uint32())
	}
	for i := 0; i+3 < len(b); i++ {
		if b[i] == 0xff && b[i+3] == b[i]+b[i+1]+b[i+2] {
			b[i+3]++
		}
	}
	b[0], b[len(b)-1] = 0, 0 // nor across two of these
	_, _ = w.Write(b)        // nobody may be listening
}

// rubbishServer answers every connection with random bytes until it is hung up.
func rubbishServer(ctx context.Context, t *testing.T, rnd *rand.Rand) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { l.Close(); <-done })
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			b := make([]byte, 4096)
			for i := range b {
				b[i] = byte(rnd.Uint32())
			}
			_ = c.SetDeadline(time.Now().Add(300 * time.Millisecond))
			_, _ = c.Write(b[:rnd.IntN(len(b))])
			_, _ = io.Copy(io.Discard, c)
			c.Close()
		}
	}()
	return l.Addr().String()
}

// endless begins like a picture and never ends.
func endless(ctx context.Context, rw http.ResponseWriter, rnd *rand.Rand) {
	rw.Header().Set("Content-Type", "image/jpeg")
	b := make([]byte, 32<<10)
	copy(b, "\xff\xd8\xff\xe0")
	for ctx.Err() == nil {
		for i := 4; i < len(b); i += 97 {
			b[i] = byte(rnd.Uint32())
		}
		if _, err := rw.Write(b); err != nil {
			return
		}
	}
}

// Random bytes on every wire: the gateway goes on, each device says what is wrong
// with it, not one value comes of it; and when a part speaks again, it is heard.
func TestRubbishOnEveryLine(t *testing.T) {
	w, hush := newWall(t, noiseBytes)
	w.keepOnFailure()
	pause(t, 15*time.Second)
	page, err := w.page()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range page.State.Devices {
		if d.State == "ok" {
			t.Errorf("%s is said to be well", d.ID)
		}
		if d.Note == "" {
			t.Errorf("nothing is said about %s (%s)", d.ID, d.Fault)
		}
		t.Logf("%s: %s, %s: %s", d.ID, d.State, d.Fault, d.Note)
	}
	if h := entry(page, "line-babble"); !strings.Contains(h.Text["en"], "not one whole frame") || !strings.Contains(h.Text["zh"], "没有一帧完整") {
		t.Errorf("health says of the line %+v", h)
	}
	for _, v := range page.Values {
		if v.V != nil {
			t.Errorf("%s %s = %v of random bytes", v.Device, v.Channel, *v.V)
		}
	}
	if len(page.Alerts) != 0 {
		t.Errorf("alerts of random bytes: %+v", page.Alerts)
	}
	rss := figure(t, "http://"+w.status+"/metrics", "process_resident_memory_bytes") / 1e6
	t.Logf("the gateway has %.0f MB resident", rss)
	if rss > 150 {
		t.Errorf("the gateway has %.0f MB resident", rss)
	}
	hush()
	stop := w.speak()
	defer stop()
	eventually(t, soon, "the range finder to be heard", func() bool {
		for _, v := range w.values() {
			if v.Device == "underpass" && v.V != nil && *v.V > 0.19 && *v.V < 0.21 {
				return true
			}
		}
		return false
	})
	for _, p := range w.points(1, time.Now().Add(time.Hour).UnixMilli()) {
		if p.Device != "gateway" && p.Device != "underpass" || p.Device == "underpass" && (p.V < 0.19 || p.V > 0.21) {
			t.Errorf("stored: %+v", p)
		}
	}
	w.gw.stop()
	w.cloud.stop()
}

// speak lets the range finder talk: 3.000 m below 3.2 m.
func (w *wall) speak() (stop func()) {
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		pour(ctx, w.underpass, nil, func(wr io.Writer, _ *rand.Rand) { _, _ = wr.Write([]byte{0xff, 0x0b, 0xb8, 0xc2}) })
	}()
	return func() { cancel(); <-done }
}
