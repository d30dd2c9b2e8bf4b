package e2e

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// bin is where TestMain puts the programs, or finds those that were just built.
var bin string

func TestMain(m *testing.M) {
	if os.Getuid() == 0 && capable(unix.CAP_SYS_ADMIN) && os.Getenv(withdrawn) == "" {
		os.Exit(withdraw())
	}
	if bin = os.Getenv("LAMPPOST_BIN"); bin != "" {
		os.Exit(m.Run())
	}
	dir, err := os.MkdirTemp("", "lamppost-e2e-")
	if err == nil {
		err = build(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e: cannot build the programs:", err)
		os.Exit(1)
	}
	bin = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// withdrawn marks the process that has mounts of its own.
const withdrawn = "LAMPPOST_E2E_WITHDRAWN"

// withdraw runs this program again among mounts that nobody else sees: what the
// tests mount and unmount is no business of the machine's, and is gone when they
// end, however they end.
func withdraw() int {
	runtime.LockOSThread() // the death signal follows the thread that forked
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Env = append(os.Environ(), withdrawn+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	err := cmd.Run()
	var ended *exec.ExitError
	switch {
	case errors.As(err, &ended):
		return max(1, ended.ExitCode())
	case err != nil:
		fmt.Fprintln(os.Stderr, "e2e: cannot run among mounts of its own:", err)
		return 1
	}
	return 0
}

func build(dir string) error {
	cmd := exec.Command("go", "build", "-o", dir+"/", "../lamppost", "../lamppost-cloud", "../lamppost-sim", "../../deploy/dev/street")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	return cmd.Run()
}

// process is one running program. It ends with the test, whatever happens.
type process struct {
	t     *testing.T
	name  string
	cmd   *exec.Cmd
	log   string
	lines chan string
	done  chan struct{}
	err   error
}

// start runs a program with its standard error in a file that is shown if the
// test fails.
func start(t *testing.T, path string, args ...string) *process {
	t.Helper()
	return place("").start(t, path, args...)
}

// start runs a program in the place.
func (at place) start(t *testing.T, path string, args ...string) *process {
	t.Helper()
	p := &process{t: t, name: filepath.Base(path), lines: make(chan string, 64), done: make(chan struct{})}
	f, err := os.CreateTemp(logDir(t), p.name+"-*.log")
	if err != nil {
		t.Fatal(err)
	}
	p.log = f.Name()
	p.cmd = exec.Command(path, args...)
	p.cmd.Stderr = f
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	began := make(chan error)
	go func() {
		runtime.LockOSThread() // the death signal follows the thread that forked, and so does the place
		if err := at.enter(); err != nil {
			began <- err
			return
		}
		err := p.cmd.Start()
		began <- err
		if err == nil {
			p.follow(out, f)
		}
	}()
	if err := <-began; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	return p
}

func (p *process) follow(out io.Reader, log *os.File) {
	scan := bufio.NewScanner(out)
	for scan.Scan() {
		fmt.Fprintln(log, scan.Text())
		select {
		case p.lines <- scan.Text():
		default: // nobody waits for so much
		}
	}
	p.err = p.cmd.Wait()
	log.Close()
	close(p.done)
}

// await returns the rest of the first line that begins with prefix.
func (p *process) await(prefix string) string {
	p.t.Helper()
	late := time.After(soon)
	for {
		select {
		case line := <-p.lines:
			if rest, ok := strings.CutPrefix(line, prefix); ok {
				return strings.TrimSpace(rest)
			}
		case <-p.done:
			p.t.Fatalf("%s ended before it said %q: %v\n%s", p.name, prefix, p.err, p.tail())
		case <-late:
			p.t.Fatalf("%s did not say %q in time\n%s", p.name, prefix, p.tail())
		}
	}
}

// kill ends the process the hard way: -9, no clean-up of its own.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may be gone
	<-p.done
}

// stop asks for a clean end and demands exit status 0.
func (p *process) stop() {
	p.t.Helper()
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(soon):
		p.t.Errorf("%s does not stop on SIGTERM\n%s", p.name, p.tail())
		p.kill()
	}
	if p.err != nil {
		p.t.Errorf("%s ended with %v after SIGTERM, want exit status 0\n%s", p.name, p.err, p.tail())
	}
}

func (p *process) tail() string {
	b, _ := os.ReadFile(p.log)
	lines := strings.Split(strings.TrimRight(string(b), "\n"), "\n")
	return p.name + " said last:\n  " + strings.Join(lines[max(0, len(lines)-15):], "\n  ")
}

// logDir is the test's own folder for logs; E2E_LOGS keeps them somewhere.
func logDir(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("E2E_LOGS")
	if dir == "" {
		return t.TempDir()
	}
	dir = filepath.Join(dir, strings.ReplaceAll(t.Name(), "/", "-"))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// part finds a server program. Where the environment says that all parts must be
// there, absence is a failure, else the test is skipped.
func part(t *testing.T, name string, more ...string) string {
	t.Helper()
	for _, path := range append(more, name) {
		if p, err := exec.LookPath(path); err == nil {
			return p
		}
	}
	if os.Getenv("LAMPPOST_REQUIRE_PARTS") != "" {
		t.Fatalf("%s is not installed; run make setup", name)
	}
	t.Skipf("%s is not installed; run make setup", name)
	return ""
}

// port returns a loopback port that is free now.
func port(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// soon is how long something that happens at once on an idle machine may take on
// one that is busy with other people's work. It only ever ends a test that fails.
const soon = 90 * time.Second

// eventually waits until ok holds, asking again and again, and fails the test
// with what it was waiting for if it does not in time.
func eventually(t *testing.T, within time.Duration, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("waited %v in vain for: %s", within, what)
		}
	}
}

// pause lets real time pass: the street runs in real time.
func pause(t *testing.T, d time.Duration) {
	t.Helper()
	select {
	case <-time.After(d):
	case <-t.Context().Done():
	}
}
