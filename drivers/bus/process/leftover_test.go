//go:build linux

package process

import (
	"bufio"
	"context"
	"errors"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// What left its session and what it started are found by the environment; what has
// another entry goes on.
func TestEndMarked(t *testing.T) {
	const entry = "LAMPPOST_OF=/var/lib/one"
	begin := func(env, script string) *exec.Cmd {
		t.Helper()
		cmd := exec.Command("/bin/sh", "-c", script)
		cmd.Env = []string{"PATH=/usr/bin:/bin", env}
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
		if _, err := bufio.NewReader(out).ReadString('\n'); err != nil { // it runs, and what it started too
			t.Fatal(err)
		}
		return cmd
	}
	left := begin(entry, "sh -c 'echo ready; sleep 1000; :' & wait")
	other := begin(entry+"-and-a-half", "echo ready; sleep 1000")
	n, err := EndMarked(t.Context(), entry)
	if err != nil || n < 2 {
		t.Errorf("EndMarked = %d, %v", n, err)
	}
	var exit *exec.ExitError
	if err := left.Wait(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Errorf("it ended with %v", err)
	}
	if pids, err := marked(entry); err != nil || len(pids) != 0 {
		t.Errorf("left: %v, %v", pids, err)
	}
	if pids, err := marked(entry + "-and-a-half"); err != nil || len(pids) == 0 {
		t.Errorf("the other one: %v, %v", pids, err)
	}
	_ = syscall.Kill(-other.Process.Pid, syscall.SIGKILL)
	_ = other.Wait() // it was killed
	past, stop := context.WithDeadline(t.Context(), time.Unix(1, 0))
	defer stop()
	if _, err := EndMarked(past, entry); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("EndMarked = %v", err)
	}
}
