package main

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// TestMain lets a test run this program as a process of its own.
func TestMain(m *testing.M) {
	if os.Getenv("LAMPPOST_SIM_ITSELF") != "" {
		main()
	}
	goleak.VerifyTestMain(m)
}

// command runs the program in this process.
func command(ctx context.Context, args ...string) (string, error) {
	var out bytes.Buffer
	cmd := root("v0.1.0-test")
	cmd.SetArgs(args)
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	err := cmd.ExecuteContext(ctx)
	return out.String(), err
}

func TestCommandLine(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	bad := filepath.Join(dir, "bad.yaml")
	for path, text := range map[string]string{file: "", bad: "title: {zh: 试, en: test}\ncycel: 1m\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	street := filepath.Join(dir, "street")
	for _, c := range []struct {
		args string
		code int
		want string // in the output or the error
	}{
		{"version", 0, "lamppost-sim v0.1.0-test"},
		{"list --lang en", 0, "cloudburst  9m0s"},
		{"", 0, "Exit codes"},
		{"walk", 2, `"walk" is not understood`},
		{"list all", 2, `"all" is not understood`},
		{"run", 2, "--dir is missing"},
		{"run --dir " + street + " --sped 2", 2, "unknown flag: --sped"},
		{"run --dir " + street + " --speed 0", 2, "--speed 0: write 0.01 to 1000"},
		{"run --dir " + street + " --speed NaN", 2, "--speed NaN: write 0.01 to 1000"},
		{"run --dir " + street + " --commit 0s", 2, "--commit is not 0"},
		{"run --dir " + street + " --gateway Street_1", 2, "--gateway: id"},
		{"run --dir " + street + " --broker somewhere", 2, "write mqtt://"},
		{"run --dir " + street + " --scenario sunny", 3, "known are calm, cloudburst, faults, haze"},
		{"run --dir " + street + " --scenario " + bad, 3, `unknown field "cycel"`},
		{"run --dir " + filepath.Join(file, "below"), 8, "the directory cannot be written"},
		{"run --duration 200ms --dir " + street, 0, "\nready\n"},
	} {
		out, err := command(t.Context(), strings.Fields(c.args)...)
		text := out
		if err != nil {
			text += err.Error()
		}
		if code := exitCode(err); code != c.code || !strings.Contains(text, c.want) {
			t.Errorf("lamppost-sim %s: exit code %d, want %d, and in this %q:\n%s", c.args, code, c.code, c.want, text)
		}
	}
}

func TestTwoInOneDirectory(t *testing.T) {
	dir := t.TempDir()
	log, err := truth.Create(filepath.Join(dir, "truth.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	if _, err := command(t.Context(), "run", "--dir", dir); exitCode(err) != exitInUse {
		t.Errorf("exit code %d (%v), want %d", exitCode(err), err, exitInUse)
	}
}

// A process that is told to stop leaves nothing behind and is content.
func TestSignal(t *testing.T) {
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		dir := t.TempDir()
		cmd := exec.Command(os.Args[0], "run", "--scenario", "cloudburst", "--dir", dir)
		cmd.Env = append(os.Environ(), "LAMPPOST_SIM_ITSELF=1")
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		guard := time.AfterFunc(30*time.Second, func() { cmd.Process.Kill() })
		lines := bufio.NewScanner(out)
		for lines.Scan() && lines.Text() != "ready" {
		}
		links, err := filepath.Glob(filepath.Join(dir, "dev", "*"))
		if err != nil || len(links) != 3 {
			t.Errorf("when it is ready there are %v (%v), want three ports", links, err)
		}
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v: %v, want exit code 0", sig, err)
		}
		guard.Stop()
		if links, _ := filepath.Glob(filepath.Join(dir, "dev", "*")); len(links) != 0 {
			t.Errorf("%v: left behind %v", sig, links)
		}
		if all, err := truth.ReadFile(filepath.Join(dir, "truth.jsonl")); err != nil || all[len(all)-1].Event != "stop" {
			t.Errorf("%v: the log ends with %v (%v)", sig, all, err)
		}
	}
}
