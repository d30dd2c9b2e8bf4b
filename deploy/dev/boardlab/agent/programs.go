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

// Memory says what a process occupies.
func (*Lab) Memory(pid int, m *panel.Memory) error {
	return lines("/proc/"+strconv.Itoa(pid)+"/status", func(line string) error {
		key, value, _ := strings.Cut(line, ":")
		into := map[string]*uint64{"VmRSS": &m.Resident, "VmHWM": &m.Peak, "RssAnon": &m.Anonymous}[key]
		if into == nil {
			return nil
		}
		kb, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		*into = kb << 10
		return err
	})
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
