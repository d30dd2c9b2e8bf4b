package boardlab

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
	"github.com/lamppost-city/lamppost/deploy/dev/boardlab/image"
	"github.com/lamppost-city/lamppost/deploy/dev/boardlab/machine"
	"github.com/lamppost-city/lamppost/deploy/dev/boardlab/panel"
	"github.com/lamppost-city/lamppost/edge/status"
)

const gatewayID = "board-01"

// The USB adapters of the lab: the one that the configuration names, and a stranger.
const (
	ours     = "LAB1"
	stranger = "LAB2"
)

// lab is one board with what is around it, as one test sees it.
type lab struct {
	*rig
	t     *testing.T
	board guest
}

// rig is what all tests of a lab share.
type rig struct {
	whole *testing.T // the test that everything here lives as long as
	dir   string     // short: sockets are in it
	long  bool

	heard       *listener
	broker      string
	hall, store *slave
	street      string // folder of the simulator
	config      machine.Config
	page        string // the gateway's page, seen from the host

	machine *machine.Machine
	gpio    string // folder of the simulated chip's lines
	pid     int    // of the gateway
	began   time.Time

	away []truth.Gap // when the street's adapter was not plugged in
}

// in is the lab for a test, whose failures are its own.
func (r *rig) in(t *testing.T) *lab { return &lab{rig: r, t: t, board: guest{r.machine, t}} }

// newLab builds everything around the board, and boots it.
func newLab(t *testing.T) *lab {
	t.Helper()
	mode := os.Getenv("LAMPPOST_BOARDLAB")
	if mode == "" {
		t.Skip("boots a Linux in QEMU: make board-lab runs it")
	}
	dir, err := os.MkdirTemp("", "bl-") // t.TempDir is too long for sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	l := (&rig{whole: t, dir: dir, long: mode == "long"}).in(t)
	im := l.image()
	host, gateway := build(t, dir)
	l.startBroker()
	l.startCloud(filepath.Join(host, "lamppost-cloud"))
	l.heard = listen(t, l.broker)
	l.startStreet(filepath.Join(host, "lamppost-sim"))
	l.hall = startSlave(t, dir, "hall", 5, 19200, map[string]float64{"temp": 21.5, "rh": 40})
	l.store = startSlave(t, dir, "store", 6, 4800, map[string]float64{"temp": -18.3, "rh": 88.8})
	l.config.Dir, l.config.Kernel, l.config.Disks = dir, im.Kernel, []string{im.Base, l.extra(gateway)}
	l.config.Drive = l.disk()
	l.config.UART, l.config.Ports = l.hall.link, []string{l.store.link, filepath.Join(l.street, "dev/air")}
	l.config.Adapters = map[string]string{ours: filepath.Join(l.street, "dev/rs485-1"), stranger: filepath.Join(l.street, "dev/underpass")}
	page := freePort(t)
	l.config.Serve, l.page = map[int]string{8090: page}, "http://"+page
	l.bootAndFit()
	l.whole.Cleanup(func() {
		if l.whole.Failed() {
			l.whole.Logf("the gateway said last:\n%s", l.log())
		}
	})
	return l
}

// image makes or finds what is booted. A part that cannot be had skips the lab, unless
// all parts are demanded.
func (l *lab) image() *image.Image {
	l.t.Helper()
	if err := machine.Have(); err != nil {
		l.unavailable(err)
	}
	own, err := Modules()
	if err != nil {
		l.t.Fatal(err)
	}
	cache := os.Getenv("LAMPPOST_TOOLS")
	if cache == "" {
		cache = "../../../.tools"
	}
	im, err := image.Make(l.t.Context(), filepath.Join(cache, "boardlab"), own, func(f string, a ...any) { fmt.Printf(f+"\n", a...) })
	switch {
	case errors.Is(err, image.ErrUnavailable):
		l.unavailable(err)
	case err != nil:
		l.t.Fatal(err)
	}
	return im
}

func (l *lab) unavailable(err error) {
	l.t.Helper()
	if os.Getenv("LAMPPOST_REQUIRE_PARTS") == "1" {
		l.t.Fatal(err)
	}
	l.t.Skip(err)
}

func (l *lab) startBroker() {
	l.t.Helper()
	path, err := exec.LookPath("mosquitto")
	if err != nil {
		path = "/usr/sbin/mosquitto"
	}
	if _, err := os.Stat(path); err != nil {
		l.unavailable(fmt.Errorf("mosquitto: %w: make setup installs it", err))
	}
	l.broker = freePort(l.t)
	conf := filepath.Join(l.dir, "mosquitto.conf")
	port := l.broker[len("127.0.0.1:"):]
	text := fmt.Sprintf("listener %s 127.0.0.1\nallow_anonymous true\n", port)
	if os.Getuid() == 0 {
		text += "user root\n"
	}
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		l.t.Fatal(err)
	}
	start(l.t, l.dir, path, "-c", conf)
	l.config.Lend = map[string]string{"10.0.2.100:1883": l.broker}
}

// startCloud starts the aggregator: without one that stores and acknowledges, a gateway
// has no date and sends little.
func (l *lab) startCloud(path string) {
	l.t.Helper()
	conf := filepath.Join(l.dir, "cloud.yaml")
	text := fmt.Sprintf("listen: %s\ndata: %s\nmqtt: {broker: \"mqtt://%s\"}\n", freePort(l.t), filepath.Join(l.dir, "cloud"), l.broker)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		l.t.Fatal(err)
	}
	start(l.t, l.dir, path, "serve", "--config", conf).await(l.t, "mqtt ")
}

func (l *lab) startStreet(path string) {
	l.t.Helper()
	l.street = filepath.Join(l.dir, "s")
	start(l.t, l.dir, path, "run", "--scenario", "calm", "--dir", l.street).await(l.t, "ready")
	b, err := os.ReadFile(filepath.Join(l.street, "gateway.yaml"))
	if err != nil {
		l.t.Fatal(err)
	}
	for guest, where := range map[string]string{"10.0.2.101:502": `tcp: "([^"]+)"`, "10.0.2.102:80": `url: "http://([^/"]+)`} {
		m := regexp.MustCompile(where).FindSubmatch(b)
		if m == nil {
			l.t.Fatalf("the street's configuration has no %s", where)
		}
		l.config.Lend[guest] = string(m[1])
	}
}

// extra is the RAM disk with what may differ in each run: agent, gateway, configuration.
func (l *lab) extra(gateway string) string {
	l.t.Helper()
	agent := filepath.Join(l.dir, "agent-arm64")
	compile(l.t, []string{"GOARCH=arm64", "GOOS=linux"}, agent, "./agent")
	var b bytes.Buffer
	a := image.NewArchive(&b)
	a.Copy("init", 0o755, agent)
	a.Copy("bin/lamppost", 0o755, gateway)
	a.Copy("etc/lamppost/gateway.yaml", 0o644, "testdata/gateway.yaml")
	if err := a.Close(); err != nil {
		l.t.Fatal(err)
	}
	path := filepath.Join(l.dir, "extra")
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		l.t.Fatal(err)
	}
	return path
}

// disk is the board's card: an ext4 on a file.
func (l *lab) disk() string {
	l.t.Helper()
	path := filepath.Join(l.dir, "card")
	cmd := exec.Command("mkfs.ext4", "-q", path, "128M")
	cmd.Env = append(os.Environ(), "PATH="+os.Getenv("PATH")+":/usr/sbin:/sbin")
	if out, err := cmd.CombinedOutput(); err != nil {
		l.unavailable(fmt.Errorf("mkfs.ext4: %w: %s", err, out))
	}
	return path
}

// bootAndFit starts the board, plugs its adapter in and puts its sensors on it.
func (l *lab) bootAndFit() {
	l.t.Helper()
	l.boot()
	l.plug(ours)
	l.fitGPIO()
	l.fitSensors()
}

func (l *lab) boot() {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), soon)
	defer cancel()
	began := time.Now()
	m, err := machine.Boot(ctx, l.config)
	if err != nil {
		l.t.Fatal(err)
	}
	l.whole.Cleanup(m.Kill)
	l.whole.Cleanup(func() {
		if l.whole.Failed() {
			l.whole.Logf("the board's console said last:\n%s", last(m.Console(), 40))
		}
	})
	l.machine, l.board.Machine = m, m
	l.t.Logf("the board was up after %v", time.Since(began).Round(10*time.Millisecond))
}

// startGateway starts the gateway on the board and waits for its first pack.
func (l *lab) startGateway() {
	l.t.Helper()
	l.heard.forget()
	l.began = time.Now()
	const runtime = "/run/lamppost" // as the service manager makes it, kept over a restart of the service
	l.board.make(runtime)
	ask(l.board, "Start", panel.Program{Args: []string{"/bin/lamppost", "run", "--config", "/etc/lamppost/gateway.yaml"},
		Env: []string{"RUNTIME_DIRECTORY=" + runtime}, Log: "/tmp/gateway.log"}, &l.pid)
	eventually(l.t, "the gateway's first pack", func() bool { return !l.heard.firstPack().IsZero() })
}

// stopGateway asks the gateway to end, and demands that it does so well.
func (l *lab) stopGateway() {
	l.t.Helper()
	ask(l.board, "Signal", panel.Kill{PID: l.pid, Signal: int(syscall.SIGTERM)}, &panel.None{})
	var end panel.End
	ask(l.board, "Wait", l.pid, &end)
	if end.Code != 0 {
		l.t.Errorf("the gateway ended with %d after SIGTERM:\n%s", end.Code, l.log())
	}
}

// log is the end of what the gateway printed.
func (l *lab) log() string {
	var b []byte
	if err := l.machine.Call(panel.Service+".Read", "/tmp/gateway.log", &b); err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-4000):])
}

// killGateway ends the gateway with -9.
func (l *lab) killGateway() {
	l.t.Helper()
	ask(l.board, "Signal", panel.Kill{PID: l.pid, Signal: int(syscall.SIGKILL)}, &panel.None{})
	var end panel.End
	ask(l.board, "Wait", l.pid, &end)
	if end.Code != -1 {
		l.t.Fatalf("the gateway had ended by itself with %d before it was killed:\n%s", end.Code, l.log())
	}
}

// status is the gateway's page, as it says it to programs.
func (l *lab) status() (s status.Snapshot, err error) {
	r, err := http.Get(l.page + "/status.json")
	if err != nil {
		return s, err
	}
	defer r.Body.Close()
	return s, json.NewDecoder(r.Body).Decode(&s)
}

// device waits until the page says of a device what ok takes.
func (l *lab) device(t *testing.T, id, what string, ok func(state, fault, note string) bool) {
	t.Helper()
	var last string
	defer func() {
		if t.Failed() {
			t.Logf("the page said last of %s: %s", id, last)
		}
	}()
	eventually(t, id+" "+what, func() bool {
		s, err := l.status()
		if err != nil {
			last = err.Error()
			return false
		}
		for _, d := range s.State.Devices {
			if d.ID == id {
				last = fmt.Sprintf("%s %s %s", d.State, d.Fault, d.Note)
				return ok(d.State, d.Fault, d.Note)
			}
		}
		last = "nothing"
		return false
	})
}
