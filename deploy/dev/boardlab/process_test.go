package boardlab

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// soon is ten times and more what anything here was measured to take: a test that waits
// so long has failed.
const soon = 2 * time.Minute

// process is a program on the host. It ends with the test.
type process struct {
	name, log string
	cmd       *exec.Cmd
	lines     chan string
	done      chan struct{}
}

func start(t *testing.T, dir, path string, args ...string) *process {
	t.Helper()
	p := &process{name: filepath.Base(path), lines: make(chan string, 64), done: make(chan struct{})}
	p.log = filepath.Join(dir, p.name+".log")
	log, err := os.Create(p.log)
	if err != nil {
		t.Fatal(err)
	}
	p.cmd = exec.Command(path, args...)
	p.cmd.Stderr = log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	began := make(chan error)
	go func() {
		defer close(p.done)
		defer log.Close()
		runtime.LockOSThread() // the death signal follows the thread that forked
		err := p.cmd.Start()
		began <- err
		if err != nil {
			return
		}
		for scan := bufio.NewScanner(out); scan.Scan(); {
			select {
			case p.lines <- scan.Text():
			default: // nobody waits for so much
			}
		}
		_ = p.cmd.Wait() // it was killed
	}()
	if err := <-began; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.done
	})
	return p
}

// await returns the rest of the first line that begins with prefix.
func (p *process) await(t *testing.T, prefix string) string {
	t.Helper()
	late := time.After(soon)
	for {
		select {
		case line := <-p.lines:
			if rest, ok := strings.CutPrefix(line, prefix); ok {
				return strings.TrimSpace(rest)
			}
		case <-p.done:
			t.Fatalf("%s ended before it said %q:\n%s", p.name, prefix, tail(p.log))
		case <-late:
			t.Fatalf("%s did not say %q in time:\n%s", p.name, prefix, tail(p.log))
		}
	}
}

// tail is the end of a log, for a message.
func tail(path string) string {
	b, _ := os.ReadFile(path)
	return last(string(b), 15)
}

func last(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// eventually waits until ok says so. It asks often, and at once.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	late := time.After(soon)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("waited %v for %s", soon, what)
		}
	}
}

// freePort returns a loopback address whose port is free now.
func freePort(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// build compiles programs of this repository for the host or the board. Where the
// environment names a folder with programs that were just built, these are taken.
func build(t *testing.T, dir string) (host, board string) {
	t.Helper()
	if ready := os.Getenv("LAMPPOST_BIN"); ready != "" {
		if _, err := os.Stat(filepath.Join(ready, "lamppost-arm64")); err == nil {
			return ready, filepath.Join(ready, "lamppost-arm64")
		}
	}
	compile(t, nil, dir+"/", "../../../cmd/lamppost-sim", "../../../cmd/lamppost-cloud")
	board = filepath.Join(dir, "lamppost-arm64")
	compile(t, []string{"GOARCH=arm64", "GOOS=linux"}, board, "../../../cmd/lamppost")
	return dir, board
}

func compile(t *testing.T, env []string, to string, packages ...string) {
	t.Helper()
	cmd := exec.Command("go", append([]string{"build", "-trimpath", "-ldflags", "-s -w", "-o", to}, packages...)...)
	cmd.Env = append(append(os.Environ(), "CGO_ENABLED=0"), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build %s: %v\n%s", fmt.Sprint(packages), err, out)
	}
}
