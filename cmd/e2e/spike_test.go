package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/edge/status"
)

// hotspot is a gateway that reads a temperature from a file, with alerts that stand for an
// hour once they are raised.
type hotspot struct {
	t               *testing.T
	gw              *process
	dir, zone, conf string
	page            city
}

const hotText = `gateway: {id: hotspot, language: en}
journal: {dir: %q, size: 64MB, commit: 1s}
status: {listen: %q}
devices:
  board:
    driver: process
    command: [/bin/sh, %q, %q]
    channels: {temp: {min: -20, max: 85, resolution: 0.001}}
    every: %s
    timeout: 5s
    checks: {temp: {spike: {%s}}}
derived:
  felt: {is: "x + 1", of: board.temp, metric: temp}
  most: {is: max, of: board.temp, over: 1m, every: 20s}
rules:
  hot: {when: "board.temp > 50", hold: 1h, severity: red}
  warm: {when: "felt.temp > 50", hold: 1h, severity: orange}
  peak: {when: "most.temp > 50", hold: 1h, severity: blue}
`

func (h *hotspot) configure(every, spike string) {
	h.t.Helper()
	script, err := filepath.Abs("../../drivers/process/examples/thermal.sh")
	if err == nil {
		err = os.WriteFile(h.conf, fmt.Appendf(nil, hotText, filepath.Join(h.dir, "journal"), h.page.status, script, h.zone, every, spike), 0o600)
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *hotspot) run() { h.gw = start(h.t, filepath.Join(bin, "lamppost"), "run", "--config", h.conf) }

// heat lets the part measure so many thousandths of a degree.
func (h *hotspot) heat(milli int) {
	h.t.Helper()
	next := h.zone + ".new"
	err := os.WriteFile(next, fmt.Appendf(nil, "%d\n", milli), 0o600)
	if err == nil {
		err = os.Rename(next, h.zone)
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

// shows waits until the page has a value of a device and so many alerts.
func (h *hotspot) shows(device string, milli, alerts int) {
	h.t.Helper()
	eventually(h.t, soon, fmt.Sprintf("%s at %d, %d alerts", device, milli, alerts), func() bool {
		s, err := h.page.page()
		return err == nil && len(s.Alerts) == alerts && h.value(s, device) == milli
	})
}

func (h *hotspot) value(s status.Snapshot, device string) int {
	for _, v := range s.Values {
		if v.Device == device && v.V != nil {
			return int(*v.V*1000 + 0.5)
		}
	}
	return -1
}

// A value stands alone, and before the next one shows it the gateway is killed, stopped or
// given other checks: the next one takes it back all the same, and with it the alerts that
// stood on it and on what is computed of it. No window ever holds it.
func TestSpikeOverARestart(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(h *hotspot){
		"killed":  func(h *hotspot) { h.gw.kill(); h.run() },
		"stopped": func(h *hotspot) { h.gw.stop(); h.run() },
		"reloaded": func(h *hotspot) {
			h.configure("12s", "suspect: 2, fail: 5")
			if err := h.gw.cmd.Process.Signal(syscall.SIGHUP); err != nil {
				h.t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			h := &hotspot{t: t, dir: dir, zone: filepath.Join(dir, "zone"), conf: filepath.Join(dir, "gateway.yaml"), page: city{status: fmt.Sprintf("127.0.0.1:%d", port(t))}}
			h.configure("10s", "fail: 3")
			h.heat(20_000)
			h.run()
			h.shows("board", 20_000, 0)
			h.heat(20_100)
			h.shows("board", 20_100, 0)
			h.heat(60_000)
			h.shows("board", 60_000, 2)
			h.heat(20_200)
			pause(t, 2*time.Second) // it is on the disk then, and the next one is far
			end(h)
			h.shows("board", 20_200, 0)
			h.shows("most", 20_200, 0)
			h.gw.stop()
			h.judge()
		})
	}
}

// judge reads the journal.
func (h *hotspot) judge() {
	h.t.Helper()
	cmd := exec.Command(filepath.Join(bin, "lamppost"), "buffer", "inspect", "--config", h.conf, "--lang", "en", "-n", "1000")
	out, err := cmd.CombinedOutput()
	if err != nil {
		h.t.Fatalf("%v: %s", err, out)
	}
	late := map[string]int{}
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "peak") {
			h.t.Errorf("a window held it: %s", line)
		}
		for _, device := range []string{"board", "felt"} {
			if strings.Contains(line, " "+device+" ") && strings.Contains(line, "fail: spike") {
				late[device]++
			}
		}
	}
	if late["board"] != 1 || late["felt"] != 1 {
		h.t.Errorf("verdicts in the journal: %v, want one of each stream\n%s", late, out)
	}
}
