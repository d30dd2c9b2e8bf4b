package gateway_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/status"
)

// A program that an earlier run had told on and left behind, as a kill of the gateway
// does, does not switch on after this run has switched off: it is ended before.
func TestLeftoverProgramIsEnded(t *testing.T) {
	p := newPost(t)
	p.sensor(2900)
	script := filepath.Join(p.dir, "lamp.sh")
	if err := os.WriteFile(script, []byte("#!/bin/sh\necho $1 >>"+p.said()+"\ntr '\\000' '\\n' </proc/$$/environ >"+p.dir+"/environ\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load("post.yaml", fmt.Appendf(nil, `
gateway: {id: post-1, language: en}
journal: {dir: %s, commit: 100ms}
status: {listen: "127.0.0.1:0"}
devices:
  pass: {driver: a02yyuw, port: %s, height: 3.0, every: 300ms}
outputs:
  lamp: {command: [%s]}
`, filepath.Join(p.dir, "journal"), p.port, script), p.env)
	if err != nil {
		t.Fatal(err)
	}
	off := func(s status.Snapshot) bool { return output(s, "lamp").State == "off" }
	p.start(cfg)
	p.until("lamp off", off)
	p.stop()
	env, err := os.ReadFile(filepath.Join(p.dir, "environ"))
	if err != nil {
		t.Fatal(err)
	}
	entries := strings.Fields(string(env))
	if i := slices.IndexFunc(entries, func(e string) bool { return strings.HasPrefix(e, "LAMPPOST_OUTPUTS_OF=") }); i < 0 {
		t.Fatalf("the program is not marked: %q", entries)
	}
	gate := filepath.Join(p.dir, "gate")
	if out, err := exec.Command("mkfifo", gate).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	left := exec.Command("/bin/sh", "-c", "read x <"+gate+"; echo late on >>"+p.said()) // waits until it is let go, or for ever
	left.Env = entries
	if err := left.Start(); err != nil {
		t.Fatal(err)
	}
	gone := make(chan error, 1)
	go func() { gone <- left.Wait() }()
	p.start(cfg)
	p.until("lamp off again", off)
	if err := <-gone; err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("the leftover ended with %v", err)
	}
	p.stop()
	if said, err := os.ReadFile(p.said()); err != nil || string(said) != "off\noff\n" {
		t.Errorf("the programs were told %q, %v", said, err)
	}
}
