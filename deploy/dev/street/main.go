// Command street brings a whole small street up on one machine for `make run`:
// the simulator, a gateway and the aggregator with its embedded broker and store.
// Everything lives in one temporary directory that is removed at the end.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() {
	scenario := flag.String("scenario", "cloudburst", "calm, cloudburst, haze or faults (lamppost-sim list)")
	sort := flag.String("street", "small", "small: the one that scenarios happen in; full: one of every driver, without a scenario")
	staffed := flag.Bool("center", false, "with an operations center: accounts, the invented city, two departments and their people")
	keep := flag.String("dir", "", "keep everything in this directory instead of a temporary one")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if err := run(ctx, *scenario, *sort, *keep, *staffed); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, scenario, sort, dir string, staffed bool) (err error) {
	if sort == "full" {
		scenario = "full"
	}
	bin, err := binaries()
	if err != nil {
		return err
	}
	if dir == "" {
		if dir, err = os.MkdirTemp("", "lamppost-street-"); err != nil {
			return err
		}
		defer os.RemoveAll(dir)
	}
	s := street{dir: dir, bin: bin, staffed: staffed, ended: make(chan *process, 8)}
	if staffed {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		end, err := s.receive()
		if err != nil {
			return err
		}
		defer end()
	}
	defer s.stop()
	if err := s.start(ctx, scenario); err != nil {
		if ctx.Err() != nil {
			return nil // Ctrl-C while starting
		}
		return err
	}
	s.banner(scenario)
	if err := s.tend(ctx); err != nil {
		return err
	}
	fmt.Println("\nstopping …")
	return nil
}

// binaries finds the directory that holds the three programs: this one's own.
func binaries() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	dir := filepath.Dir(self)
	for _, name := range []string{"lamppost", "lamppost-cloud", "lamppost-sim"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return "", fmt.Errorf("%s is not built: run make build (%w)", name, err)
		}
	}
	return dir, nil
}

// street is the running processes, in the order they were started.
type street struct {
	dir, bin                      string
	procs                         []*process
	ended                         chan *process // those that have ended, for whatever reason
	revived                       []revival
	console, mqtt, status, gwconf string
	staffed                       bool   // an operations center works on the alerts
	password                      string // of its people
	hook                          string // the address where it is told what people are told
}

const gatewayID = "street-01"

func (s *street) start(ctx context.Context, scenario string) error {
	if err := os.MkdirAll(filepath.Join(s.dir, "logs"), 0o755); err != nil {
		return err
	}
	cloud, err := s.spawn("lamppost-cloud", "serve", "--config", s.cloudConfig(), "--port-fallback")
	if err != nil {
		return err
	}
	first, err := s.firstPassword(ctx, cloud)
	if err != nil {
		return err
	}
	if s.console, err = cloud.await(ctx, "console "); err != nil {
		return err
	}
	if s.mqtt, err = cloud.await(ctx, "mqtt "); err != nil {
		return err
	}
	cloud.args = []string{"serve", "--config", s.cloudConfig()}
	key, err := s.commandKey(ctx)
	if err != nil {
		return err
	}
	s.status = freeAddress(8090)
	sim, err := s.spawn("lamppost-sim", append(which(scenario), "--dir", filepath.Join(s.dir, "street"),
		"--broker", s.mqtt, "--gateway", gatewayID, "--status", s.status, "--command-key", key)...)
	if err != nil {
		return err
	}
	if _, err = sim.await(ctx, "ready"); err != nil {
		return err
	}
	s.gwconf = filepath.Join(s.dir, "street", "gateway.yaml")
	if _, err = s.spawn("lamppost", "run", "--config", s.gwconf); err != nil {
		return err
	}
	return s.people(ctx, first)
}

// people makes the city around the street and, with a center, its people; first is the
// admin's password, empty where there are no accounts or they were made before.
func (s *street) people(ctx context.Context, first string) (err error) {
	switch {
	case !s.staffed:
		err = settle(ctx, s.console)
	case first != "":
		if s.password, err = furnish(ctx, s.console, first); err == nil {
			err = s.remember(s.password)
		}
	}
	if err != nil {
		return fmt.Errorf("setting up the city: %w", err)
	}
	return nil
}

// firstPassword is what a center that is set up for the first time prints for its admin;
// one in a kept directory has its people already.
func (s *street) firstPassword(ctx context.Context, cloud *process) (string, error) {
	if !s.staffed {
		return "", nil
	}
	var err error
	if s.password, err = s.remembered(); err != nil || s.password != "" {
		return "", err
	}
	return cloud.await(ctx, "account admin ")
}

// commandKey asks the aggregator for the key that the gateway is to trust, so that an
// acknowledgement in the console silences the siren.
func (s *street) commandKey(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, filepath.Join(s.bin, "lamppost-cloud"), "key", "--config", s.cloudConfig()).Output()
	if err != nil {
		return "", fmt.Errorf("lamppost-cloud key: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// which is how the simulator is started.
func which(scenario string) []string {
	if scenario == "full" {
		return []string{"run", "--street", "full"}
	}
	return []string{"run", "--scenario", scenario, "--loop"}
}

// cloudConfig writes the aggregator's configuration: embedded everything, below
// the street's own directory. Once it has found its ports, it keeps them.
func (s *street) cloudConfig() string {
	path := filepath.Join(s.dir, "cloud.yaml")
	text := fmt.Sprintf("# The aggregator of make run: broker and store embedded, loopback only.\ndata: %q\n", filepath.Join(s.dir, "cloud"))
	if s.mqtt != "" {
		text += fmt.Sprintf("listen: %q\nmqtt: {embedded: {listen: %q}}\n", host(s.console), host(s.mqtt))
	}
	if s.staffed {
		text += s.centerConfig()
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return path // serve will name the missing file
	}
	return path
}

func (s *street) banner(scenario string) {
	about, zh := "7 devices, 1 gateway, 1 aggregator. Scenario "+scenario+", in a loop", "场景 "+scenario+" 循环播放"
	if scenario == "full" {
		about, zh = "one device of every driver, 1 gateway, 1 aggregator", "每种驱动各一台设备"
	}
	fmt.Printf(`
  The street is running: %s.
  街区已启动：%s。

    console 控制台     %s
    gateway 网关页     http://%s
    broker  MQTT       %s   (mosquitto_sub -t 'lamppost/v1/#' -v)
    files   文件       %s
%s
%s
  Ctrl-C stops everything and leaves nothing behind.

`, about, zh, s.console, s.status, s.mqtt, s.dir, s.logins(), expectation(scenario, s.status))
}

// logins says who may log in.
func (s *street) logins() string {
	if !s.staffed {
		return "    people  人员       none: nobody logs in, and alerts open no cases (make run ARGS=-center)\n"
	}
	return "    log in  登录       li, wang (center 指挥中心), chen (Water bureau 水务局), sun (Street works 市政所), wu (engineer 工程师), admin\n" +
		"    password 密码      " + s.password + "   (for all of them, of this street only)\n" +
		"    notices 通知       " + s.noticesFile() + "   (what a program is told, a line each)\n"
}

func expectation(scenario, status string) string {
	switch scenario {
	case "cloudburst":
		return "  What to expect: live values at once; heavy rain raises a blue alert after about half a minute;\n" +
			"  a pre-alert says within a minute and a half that the underpass will flood; it does two minutes later (orange, the siren\n" +
			"  sounds), then red, the river follows, and all clears; after nine minutes it starts again."
	case "haze":
		return "  What to expect: PM2.5 climbs for minutes, then an alert."
	case "full":
		return "  What to expect: live values of every driver; a blue alert, for the float switch is up, and the lamp on its relay.\n" +
			fmt.Sprintf("  Memory and CPU of the gateway: curl -s http://%s/metrics | grep process_", status)
	case "faults":
		return "  What to expect: a silent slave, CRC noise, an unplugged adapter, a frozen value, in turn; see the gateway's health."
	default:
		return "  What to expect: live values, nothing alarming."
	}
}

func (s *street) stop() {
	for i := len(s.procs) - 1; i >= 0; i-- {
		s.procs[i].end()
	}
}

// freeAddress prefers the given loopback port and takes the next free one.
func freeAddress(port int) string {
	for p := port; p < port+100; p++ {
		addr := fmt.Sprintf("127.0.0.1:%d", p)
		if l, err := net.Listen("tcp", addr); err == nil {
			l.Close()
			return addr
		}
	}
	return "127.0.0.1:0"
}

var errSilent = errors.New("said nothing in time")

// startPatience is how long a program may take to say that it is ready: one for every part
// of the catalogue takes a while on a busy board.
const startPatience = 2 * time.Minute

// await waits for a line on the process's standard output that begins with
// prefix and returns the rest of it.
func (p *process) await(ctx context.Context, prefix string) (string, error) {
	timeout := time.NewTimer(startPatience)
	defer timeout.Stop()
	for {
		select {
		case line := <-p.lines:
			if rest, ok := strings.CutPrefix(line, prefix); ok {
				return strings.TrimSpace(rest), nil
			}
		case <-p.done:
			return "", fmt.Errorf("%s did not start: %w\n%s", p.name, p.err, p.tail())
		case <-ctx.Done():
			return "", ctx.Err()
		case <-timeout.C:
			return "", fmt.Errorf("%s: %w: %q\n%s", p.name, errSilent, prefix, p.tail())
		}
	}
}
