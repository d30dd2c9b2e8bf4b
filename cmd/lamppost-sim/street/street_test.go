package street_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"go.uber.org/goleak"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenarios"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/street"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func options(t *testing.T, name string) street.Options {
	t.Helper()
	s, err := scenario.Load(name, scenarios.Read)
	if err != nil {
		t.Fatal(err)
	}
	return street.Options{Scenario: s, Dir: filepath.Join(t.TempDir(), "street"), Seed: 1, Speed: 1, Loop: true,
		Gateway: "street-01", Broker: "mqtt://127.0.0.1:1883", Commit: time.Second, Status: "127.0.0.1:0"}
}

// run opens a street and lets it live until stop is called, which returns its
// truth.
func run(t *testing.T, o street.Options) (s *street.Street, stop func() []truth.Line) {
	t.Helper()
	s, err := street.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- s.Run(ctx, func() { close(ready) }) }()
	<-ready
	stopped := false
	stop = func() []truth.Line {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		if err := errors.Join(<-done, s.Close()); err != nil {
			t.Error(err)
		}
		lines, err := truth.ReadFile(s.TruthPath())
		if err != nil {
			t.Error(err)
		}
		return lines
	}
	t.Cleanup(func() { stop() })
	return s, stop
}

// port opens one of the street's serial ports as a gateway does.
func port(t *testing.T, o street.Options, name string) *os.File {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(o.Dir, "dev", name), os.O_RDWR|syscall.O_NOCTTY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if err := f.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return f
}

func exchange(t *testing.T, rw io.ReadWriter, request []byte, n int) []byte {
	t.Helper()
	if _, err := rw.Write(request); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(rw, b); err != nil {
		t.Fatalf("asked % X: %v after % X", request, err, b)
	}
	return b
}

// value finds the last truth line of a channel.
func value(t *testing.T, lines []truth.Line, device, channel string) truth.Line {
	t.Helper()
	for i := len(lines) - 1; i >= 0; i-- {
		if l := lines[i]; l.Device == device && l.Channel == channel && l.Via != "" {
			return l
		}
	}
	t.Fatalf("no truth about %s.%s", device, channel)
	return truth.Line{}
}

// Every wire carries the bytes that the datasheet says, and the truth log has
// what they mean. Requests and decoding are written out here by hand.
func TestEveryWireTellsTheTruth(t *testing.T) {
	o := options(t, "calm")
	s, stop := run(t, o)

	rs485 := port(t, o, "rs485-1")
	river := exchange(t, rs485, []byte{3, 3, 0, 2, 0, 2, 0x64, 0x29}, 9)         // P1 of the level probe, bar
	cabinet := exchange(t, rs485, []byte{5, 4, 0, 1, 0, 2, 0x21, 0x8F}, 9)       // temperature, humidity
	weather := exchange(t, rs485, []byte{1, 3, 0x01, 0xF9, 0, 1, 0x55, 0xC7}, 7) // temperature
	conn, err := net.Dial("tcp", strings.TrimPrefix(place(s, "pump"), "modbus-tcp://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	voltage := exchange(t, conn, []byte{0, 7, 0, 0, 0, 6, 1, 4, 0, 0, 0, 2}, 13)
	distance := synced(t, port(t, o, "underpass"), 4, func(b []byte) bool { return b[0] == 0xFF && b[3] == b[0]+b[1]+b[2] })
	dust := synced(t, port(t, o, "air"), 32, func(b []byte) bool { return string(b[:4]) == "BM\x00\x1C" })
	resp, err := http.Get(s.StillURL())
	if err != nil {
		t.Fatal(err)
	}
	picture, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if err != nil || len(picture) < 30_000 {
		t.Errorf("a picture of %d bytes, %v", len(picture), err)
	}

	lines := stop()
	near := func(what string, got float64, l truth.Line, tolerance float64) {
		t.Helper()
		if math.Abs(got-l.V) > tolerance || !l.Good || l.T == 0 {
			t.Errorf("%s: the wire says %v, the truth is %+v", what, got, l)
		}
	}
	bar := float64(math.Float32frombits(binary.BigEndian.Uint32(river[3:])))
	near("river", bar*100000/9806.65+1.2, value(t, lines, "river", "level"), 0.003) // water of 1000 kg/m3, give or take
	near("cabinet", float64(int16(binary.BigEndian.Uint16(cabinet[3:])))/10, value(t, lines, "cabinet", "temp"), 1e-9)
	near("cabinet", float64(binary.BigEndian.Uint16(cabinet[5:]))/10, value(t, lines, "cabinet", "rh"), 1e-9)
	near("weather", float64(int16(binary.BigEndian.Uint16(weather[3:])))/10, value(t, lines, "weather", "temp"), 1e-9)
	near("pump", float64(math.Float32frombits(binary.BigEndian.Uint32(voltage[9:]))), value(t, lines, "pump", "voltage"), 1e-4)
	holds(t, lines, "underpass", "level", (3200-float64(binary.BigEndian.Uint16(distance[1:])))/1000)
	holds(t, lines, "air", "pm2_5", float64(binary.BigEndian.Uint16(dust[12:])))
	near("gauge", 2.31, value(t, lines, "gauge", ""), 0.05)
	if first, last := lines[0], lines[len(lines)-1]; first.Event != "start" || last.Event != "stop" {
		t.Errorf("the log begins with %+v and ends with %+v", first, last)
	}
	for _, name := range []string{"rs485-1", "air", "underpass"} {
		if _, err := os.Lstat(filepath.Join(o.Dir, "dev", name)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("after the end dev/%s: %v, want it gone", name, err)
		}
	}
}

// synced reads until n bytes are a frame.
func synced(t *testing.T, r io.Reader, n int, is func([]byte) bool) []byte {
	t.Helper()
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		t.Fatal(err)
	}
	for !is(b) {
		copy(b, b[1:])
		if _, err := io.ReadFull(r, b[n-1:]); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// holds wants one line of a talking device to have v.
func holds(t *testing.T, lines []truth.Line, device, channel string, v float64) {
	t.Helper()
	for _, l := range lines {
		if l.Device == device && l.Channel == channel && math.Abs(l.V-v) < 1e-9 && l.Via == truth.Frame && l.Good {
			return
		}
	}
	t.Errorf("the wire said %s.%s = %v, the truth never", device, channel, v)
}

// ticks are odd times over more than two cycles.
func ticks(i int) time.Duration { return time.Duration(i) * 277 * time.Millisecond }

func place(s *street.Street, wire string) string {
	for _, p := range s.Places() {
		if p.Wire == wire {
			return p.At
		}
	}
	return ""
}

// own writes a scenario of one's own into a file.
func own(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "own.yaml")
	if err := os.WriteFile(path, []byte("title: {zh: 试, en: test}\nbase: calm\n"+text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAnAdapterIsPulledAndPutBack(t *testing.T) {
	o := options(t, own(t, "cycle: 1h\nfaults: [{kind: unplug, on: air, from: 300ms, to: 900ms}]"))
	_, stop := run(t, o)
	f := port(t, o, "air")
	if _, err := io.Copy(io.Discard, f); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal("no hang-up")
	}
	var err error
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); {
		var again *os.File
		if again, err = os.OpenFile(filepath.Join(o.Dir, "dev", "air"), os.O_RDWR|syscall.O_NOCTTY|syscall.O_NONBLOCK, 0); err == nil {
			defer again.Close()
			if err = again.SetReadDeadline(end); err == nil {
				synced(t, again, 32, func(b []byte) bool { return string(b[:4]) == "BM\x00\x1C" })
			}
			break
		}
	}
	if err != nil {
		t.Fatalf("the adapter did not come back: %v", err)
	}
	var marks []string
	for _, l := range stop() {
		if l.Event != "" && l.Device != "" {
			marks = append(marks, l.Device+" "+l.Event)
		}
	}
	if got := strings.Join(marks, ", "); got != "air unplug, air replug" {
		t.Errorf("marks %q", got)
	}
}

func TestASilentSlaveIsInTheLog(t *testing.T) {
	o := options(t, own(t, "cycle: 1h\nfaults: [{kind: silent, on: river, from: 0s, to: 1h}]"))
	_, stop := run(t, o)
	rs485 := port(t, o, "rs485-1")
	if _, err := rs485.Write([]byte{3, 3, 0, 2, 0, 2, 0x64, 0x29}); err != nil {
		t.Fatal(err)
	}
	if err := rs485.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if n, err := rs485.Read(make([]byte, 16)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a silent slave sent %d bytes, %v", n, err)
	}
	if err := rs485.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	exchange(t, rs485, []byte{5, 4, 0, 1, 0, 2, 0x21, 0x8F}, 9)
	lines := stop()
	silences := 0
	for _, l := range lines {
		if l.Via == truth.Silence && l.Device == "river" {
			silences++
		}
	}
	if silences != 1 {
		t.Errorf("%d silences of the river in the log, want 1", silences)
	}
	value(t, lines, "cabinet", "temp")
}

func TestTwoStreetsInUse(t *testing.T) {
	o := options(t, "calm")
	s, err := street.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := street.Open(o); !errors.Is(err, truth.ErrInUse) {
		t.Errorf("a second street in one directory: %v, want %v", err, truth.ErrInUse)
	}
	if _, err := os.Lstat(filepath.Join(o.Dir, "dev", "air")); err != nil {
		t.Errorf("the second one took the first one's port: %v", err)
	}
}

func TestScenariosThatDoNotFit(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"unknown device", "cycle: 1m\nfaults: [{kind: silent, on: moon, from: 1s, to: 2s}]", `no "moon"`},
		{"unplug a slave", "cycle: 1m\nfaults: [{kind: unplug, on: river, from: 1s, to: 2s}]", "river hangs on rs485-1 with others"},
		{"noise on TCP", "cycle: 1m\nfaults: [{kind: noise, on: pump, from: 1s, to: 2s}]", "pump speaks TCP"},
		{"unknown quantity", "cycle: 1m\nquantities: {river.levle: {is: 1}}", "no device reports: river.levle"},
	} {
		_, err := street.Open(options(t, own(t, c.text)))
		if !errors.Is(err, street.ErrScenario) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want it to say %q", c.name, err, c.want)
		}
	}
	alone := filepath.Join(t.TempDir(), "alone.yaml")
	if err := os.WriteFile(alone, []byte("title: {zh: 试, en: test}\ncycle: 1m"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := street.Open(options(t, alone)); err == nil || !strings.Contains(err.Error(), "base: calm") {
		t.Errorf("without a base: %v, want advice", err)
	}
}

func TestGatewayConfiguration(t *testing.T) {
	o := options(t, "cloudburst")
	s, err := street.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	b, err := os.ReadFile(s.ConfigPath())
	if err != nil {
		t.Fatal(err)
	}
	var c struct {
		Gateway struct{ ID string }
		Journal struct{ Dir string }
		Devices map[string]struct{ Every time.Duration }
		Rules   map[string]struct {
			Severity string
			Message  map[string]string
		}
	}
	if err := yaml.Unmarshal(b, &c); err != nil {
		t.Fatal(err)
	}
	if c.Gateway.ID != "street-01" || c.Journal.Dir != filepath.Join(o.Dir, "journal") {
		t.Errorf("gateway %q, journal %q", c.Gateway.ID, c.Journal.Dir)
	}
	for device, every := range street.Every() {
		if c.Devices[device].Every != every {
			t.Errorf("%s is read every %v, Every says %v", device, c.Devices[device].Every, every)
		}
	}
	if len(c.Devices) != len(street.Every()) {
		t.Errorf("%d devices, Every has %d", len(c.Devices), len(street.Every()))
	}
	severities := map[string]bool{}
	for id, r := range c.Rules {
		severities[r.Severity] = true
		for lang, text := range r.Message {
			for _, word := range []string{"预警", "红", "橙", "黄", "蓝", "red", "orange", "yellow", "blue"} {
				if strings.Contains(text, word) {
					t.Errorf("rules.%s: the %s message says %q: severities are not for texts", id, lang, word)
				}
			}
		}
		if r.Message["zh"] == "" || r.Message["en"] == "" {
			t.Errorf("rules.%s: %v, want a message in zh and en", id, r.Message)
		}
	}
	if len(severities) != 4 {
		t.Errorf("severities %v, want all four", severities)
	}
}
