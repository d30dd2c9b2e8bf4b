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
