package gateway_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/gateway"
	"github.com/lamppost-city/lamppost/edge/status"
)

// A driver in shell runs beside the others in the gateway: its values are judged,
// its faults told, and when it dies it comes back without anybody's doing.
func TestProgramAsDriver(t *testing.T) {
	p := newPost(t)
	script, err := filepath.Abs("../../drivers/process/examples/thermal.sh")
	if err != nil {
		t.Fatal(err)
	}
	zone, pid := filepath.Join(p.dir, "zone"), filepath.Join(p.dir, "pid")
	wrapped := fmt.Sprintf("echo $$ >%s; echo hello >&2; . %s", pid, script)
	src := fmt.Sprintf(`
gateway: {id: post-1, language: en}
journal: {dir: %s, commit: 100ms}
status: {listen: "127.0.0.1:0"}
devices:
  board:
    driver: process
    command: [/bin/sh, -c, %q, thermal, %s]
    channels: {temp: {min: -20, max: 85, resolution: 0.001}}
    every: 100ms
    timeout: 5s
`, filepath.Join(p.dir, "journal"), wrapped, zone)
	cfg, err := config.Load("post.yaml", []byte(src), p.env)
	if err != nil {
		t.Fatal(err)
	}
	heat := func(milli string) {
		if err := os.WriteFile(zone, []byte(milli), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	heat("48312\n")
	out, err := gateway.Read(t.Context(), cfg, p.metrics, nil)
	if err != nil || !out[0].Answered() || out[0].Readings[0].Value != 48.312 || len(out[0].Frames) != 2 {
		t.Fatalf("Read = %+v, %v", out, err)
	}
	p.start(cfg)
	reads := func(v float64, qc int) func(status.Snapshot) bool {
		return func(s status.Snapshot) bool {
			return len(s.Values) == 1 && s.Values[0].V != nil && *s.Values[0].V == v && s.Values[0].QC == qc
		}
	}
	s := p.until("the temperature", reads(48.312, 1))
	if prog := s.Lines[0].Program; prog == nil || !prog.Running || len(prog.Said) == 0 || prog.Said[0] != "hello" {
		t.Errorf("the page shows %+v", s.Lines[0])
	}
	heat("99000\n")
	p.until("a value out of range", reads(99, 4))
	heat("21000\n")
	b, err := os.ReadFile(pid)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(n, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	p.until("it is started again", func(s status.Snapshot) bool { return s.Lines[0].Reopened == 1 && reads(21, 1)(s) })
}

// A reload that changes a rule's text leaves a driver's program as it is: the same process
// answers on. One that changes the driver's own keys starts another, and a configuration
// that cannot run changes nothing.
func TestAProgramGoesOnOverAReload(t *testing.T) {
	p := newPost(t)
	pids := filepath.Join(p.dir, "pids")
	script := fmt.Sprintf(`echo $$ >>%s; while read -r q; do id=${q##*'"id":'}; id=${id%%%%[!0-9]*}; printf '{"id":%%s,"readings":{"temp":21}}\n' "$id"; done`, pids)
	load := func(min int, message string) *config.Config {
		cfg, err := config.Load("post.yaml", fmt.Appendf(nil, `
gateway: {id: post-1, language: en}
journal: {dir: %s, commit: 100ms}
status: {listen: "127.0.0.1:0"}
devices:
  own: {driver: process, command: [/bin/sh, -c, %q], channels: {temp: {min: %d, max: 85, resolution: 0.1}}, every: 100ms, timeout: 5s}
rules:
  hot: {when: "own.temp > 80", for: 1s, severity: yellow, message: {en: %q}}
`, filepath.Join(p.dir, "journal"), script, min, message), p.env)
		if err != nil {
			t.Fatal(err)
		}
		return cfg
	}
	started := func() int {
		b, err := os.ReadFile(pids)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Count(string(b), "\n")
	}
	frames := func(n uint64) func(status.Snapshot) bool {
		return func(s status.Snapshot) bool { return len(s.Lines) == 1 && s.Lines[0].Frames >= n }
	}
	p.start(load(-20, "hot"))
	before := p.until("answers", frames(3))
	p.reload <- load(-20, "very hot")
	s := p.until("answers after a rule's text was changed", func(s status.Snapshot) bool {
		return s.State.Config != before.State.Config && frames(before.Lines[0].Frames+3)(s)
	})
	if n := started(); n != 1 || s.Lines[0].Reopened != 0 {
		t.Errorf("%d programs were started, the page shows %+v", n, s.Lines[0])
	}
	odd := *load(-20, "hottest")
	odd.Buses = append(odd.Buses, config.Bus{ID: "odd"})
	p.reload <- &odd
	p.until("answers after one that cannot run", frames(s.Lines[0].Frames+3))
	if n := started(); n != 1 {
		t.Errorf("%d programs were started after one that cannot run", n)
	}
	p.reload <- load(-10, "very hot")
	p.until("another program", func(status.Snapshot) bool { return started() == 2 })
	p.stop()
}
