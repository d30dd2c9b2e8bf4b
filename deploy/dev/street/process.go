package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// process is one child with its log file.
type process struct {
	name, log string
	args      []string
	cmd       *exec.Cmd
	lines     chan string   // what it prints on standard output
	done      chan struct{} // closed when it has ended; err is set before
	err       error
}

// spawn starts a program of ours in a process group of its own, so that Ctrl-C
// reaches only us and the parts end in order, and so that it dies with us.
func (s *street) spawn(name string, args ...string) (*process, error) {
	path := filepath.Join(s.dir, "logs", name+".log")
	if err := os.RemoveAll(path); err != nil { // of an earlier street in a kept directory
		return nil, err
	}
	p, err := s.launch(name, path, args)
	if err == nil {
		s.procs = append(s.procs, p)
	}
	return p, err
}

// launch starts the program; its log goes on where it was.
func (s *street) launch(name, path string, args []string) (*process, error) {
	p := &process{name: name, log: path, args: args, lines: make(chan string, 16), done: make(chan struct{})}
	log, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	p.cmd = exec.Command(filepath.Join(s.bin, name), args...)
	p.cmd.Stderr = log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	started := make(chan error)
	go func() {
		// The kernel sends the death signal when the thread that forked ends, so this
		// thread has to stay.
		runtime.LockOSThread()
		err := p.cmd.Start()
		started <- err
		if err != nil {
			return
		}
		scan := bufio.NewScanner(out)
		for scan.Scan() {
			fmt.Fprintln(log, scan.Text())
			select {
			case p.lines <- scan.Text():
			default: // nobody waits for it any more; it is in the log
			}
		}
		p.err = errors.Join(p.cmd.Wait(), log.Close())
		if p.err == nil {
			p.err = errors.New("exit status 0")
		}
		close(p.done)
		s.ended <- p
	}()
	return p, <-started
}

// end asks the process to stop and makes it stop after eight seconds.
func (p *process) end() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may be gone already
	select {
	case <-p.done:
	case <-time.After(8 * time.Second):
		fmt.Fprintf(os.Stderr, "%s does not stop; killing it\n", p.name)
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}

// tail returns the end of the log, indented, for an error message.
func (p *process) tail() string {
	b, err := os.ReadFile(p.log)
	if err != nil {
		return ""
	}
	lines := strings.Split(strings.TrimRight(string(b), "\n"), "\n")
	return "    " + strings.Join(lines[max(0, len(lines)-12):], "\n    ")
}
