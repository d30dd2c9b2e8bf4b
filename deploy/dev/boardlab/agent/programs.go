//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/lamppost-city/lamppost/deploy/dev/boardlab/panel"
)

// programs are those that run, by process id.
type programs struct {
	mu  sync.Mutex
	all map[int]*running
}

type running struct {
	cmd  *exec.Cmd
	done chan struct{}
}

func (ps *programs) add(cmd *exec.Cmd, log *os.File) int {
	r := &running{cmd: cmd, done: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // how it ended stands in its state
		log.Close()
		close(r.done)
	}()
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if ps.all == nil {
		ps.all = map[int]*running{}
	}
	ps.all[cmd.Process.Pid] = r
	return cmd.Process.Pid
}

func (ps *programs) get(pid int) (*running, error) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if r := ps.all[pid]; r != nil {
		return r, nil
	}
	return nil, fmt.Errorf("no program %d was started", pid)
}

// Start starts a program and returns its process id.
func (l *Lab) Start(p panel.Program, pid *int) error {
	log, err := os.OpenFile(p.Log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	cmd := exec.Command(p.Args[0], p.Args[1:]...)
	cmd.Env = append([]string{}, p.Env...) // nil would be the agent's own
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		log.Close()
		return err
	}
	*pid = l.programs.add(cmd, log)
	return nil
}

// Signal sends a signal to a program.
func (l *Lab) Signal(k panel.Kill, _ *panel.None) error {
	r, err := l.programs.get(k.PID)
	if err != nil {
		return err
	}
	return r.cmd.Process.Signal(syscall.Signal(k.Signal))
}

// Wait waits until a program has ended.
func (l *Lab) Wait(pid int, end *panel.End) error {
	r, err := l.programs.get(pid)
	if err != nil {
		return err
	}
	<-r.done
	end.Code = r.cmd.ProcessState.ExitCode()
	return nil
}

// Run runs a program to its end and returns what it printed.
func (*Lab) Run(p panel.Program, end *panel.End) error {
	out, err := exec.Command(p.Args[0], p.Args[1:]...).CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		end.Code, err = exit.ExitCode(), nil
	}
	end.Output = out
	return err
}

// Usage says what a process takes.
func (*Lab) Usage(pid int, u *panel.Usage) error {
	at := "/proc/" + strconv.Itoa(pid)
	stat, err := os.ReadFile(at + "/stat")
	if err != nil {
		return err
	}
	if u.CPU, err = cpu(string(stat)); err != nil {
		return fmt.Errorf("%s/stat: %w", at, err)
	}
	return lines(at+"/status", func(line string) error {
		key, value, _ := strings.Cut(line, ":")
		into := map[string]*uint64{"VmRSS": &u.Resident, "VmHWM": &u.Peak, "RssAnon": &u.Anonymous}[key]
		if into == nil {
			return nil
		}
		kb, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		*into = kb << 10
		return err
	})
}

// cpu reads the user and system time out of /proc/PID/stat (proc(5): fields 14 and 15,
// in ticks of 10 ms). The program's name in it may hold anything, also a bracket.
func cpu(stat string) (time.Duration, error) {
	_, rest, _ := strings.Cut(stat[strings.LastIndexByte(stat, ')')+1:], " ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, fmt.Errorf("only %d fields", len(fields))
	}
	var sum time.Duration
	for _, f := range fields[11:13] {
		ticks, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, err
		}
		sum += time.Duration(ticks) * 10 * time.Millisecond
	}
	return sum, nil
}

// Opens lists what a process has open: where the links of its descriptors point.
func (*Lab) Opens(pid int, paths *[]string) error {
	links, err := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/fd/*")
	*paths = []string{}
	for _, l := range links {
		if to, err := os.Readlink(l); err == nil { // it may be closed by now
			*paths = append(*paths, to)
		}
	}
	return err
}
