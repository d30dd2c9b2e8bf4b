//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// process is a running part of the rig.
type process struct {
	name  string
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines chan string
	done  chan struct{}
	err   error // once done is closed

	mu   sync.Mutex
	said bytes.Buffer // on standard error
}

// start runs a program; its lines on standard output are read with await.
func start(name, program string, env []string, args ...string) (*process, error) {
	p := &process{name: name, lines: make(chan string, 64), done: make(chan struct{})}
	p.cmd = exec.Command(program, args...)
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stderr = p
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // the death signal comes when the thread that forked ends
		err := p.cmd.Start()
		started <- err
		if err != nil {
			return
		}
		for scan := bufio.NewScanner(out); scan.Scan(); {
			select {
			case p.lines <- scan.Text():
			default: // nobody waits for it
			}
		}
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return p, nil
}

// Write keeps the beginning of what the process says on standard error.
func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.said.Len() < 64<<10 {
		p.said.Write(b)
	}
	return len(b), nil
}

func (p *process) tail() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	lines := strings.Split(strings.TrimSpace(p.said.String()), "\n")
	return strings.Join(lines[max(0, len(lines)-12):], "\n")
}

// await waits for a line that begins with prefix and returns the rest of it.
func (p *process) await(ctx context.Context, prefix string) (string, error) {
	patience := time.NewTimer(30 * time.Second)
	defer patience.Stop()
	for {
		select {
		case line := <-p.lines:
			if rest, ok := strings.CutPrefix(line, prefix); ok {
				return strings.TrimSpace(rest), nil
			}
		case <-p.done:
			return "", p.ended()
		case <-patience.C:
			return "", fmt.Errorf("%s did not say %q\n%s", p.name, prefix, p.tail())
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

func (p *process) ended() error {
	return fmt.Errorf("%s ended by itself: %w\n%s", p.name, errors.Join(p.err, errors.New("it should not")), p.tail())
}

// wait waits for d; the process must go on running.
func (p *process) wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-p.done:
		return p.ended()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// stop ends the process in order, or after a while not.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may be gone already
	patience := time.NewTimer(10 * time.Second)
	defer patience.Stop()
	select {
	case <-p.done:
	case <-patience.C:
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}

// usage is what a process has used.
type usage struct {
	at        time.Time
	cpu       time.Duration // user and system, all threads
	user, sys time.Duration // as the kernel splits it
	rss, most int64         // bytes resident now, and at most so far
}

// usage reads the kernel's books. The CPU clock of a process counts nanoseconds; its
// number is made of the process id as clock_getcpuclockid(3) does.
func (p *process) usage() (u usage, err error) {
	pid := p.cmd.Process.Pid
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|2), &ts); err != nil {
		return u, fmt.Errorf("CPU clock of %s: %w", p.name, err)
	}
	u.at, u.cpu = time.Now(), time.Duration(ts.Nano())
	if u.user, u.sys, err = ticks(pid); err != nil {
		return u, err
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return u, err
	}
	u.rss, u.most = kilobytes(status, "VmRSS:"), kilobytes(status, "VmHWM:")
	return u, nil
}

func ticks(pid int) (user, sys time.Duration, err error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0, err
	}
	_, rest, _ := strings.Cut(string(b), ") ") // behind the name
	f := strings.Fields(rest)
	var n [2]int64
	if _, err := fmt.Sscan(f[11]+" "+f[12], &n[0], &n[1]); err != nil {
		return 0, 0, err
	}
	const tick = 10 * time.Millisecond // USER_HZ is 100 on every Linux
	return time.Duration(n[0]) * tick, time.Duration(n[1]) * tick, nil
}

func kilobytes(status []byte, key string) (bytes int64) {
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, key); ok {
			_, _ = fmt.Sscan(rest, &bytes) // 0 shows in the table
			return bytes << 10
		}
	}
	return 0
}
