//go:build linux

package process

import (
	"bufio"
	"io"
	"strings"
	"sync"
	"time"
)

// Health is how a child is doing. The counts run since New.
type Health struct {
	Command  string
	Running  bool
	PID      int       // if Running
	Since    time.Time // of its start, if Running
	Restarts uint64    // starts after the first one
	Next     time.Time // of the next start, if it does not run and one was tried
	Fault    error     // why it does not run
	Ended    error     // why it had to be started again the last time; nil: it never had

	Memory    int64   // bytes resident, of its whole session
	CPU       float64 // share of a core, average of the last half minute
	Processes int

	Asked, Answered, Timeouts uint64
	Strays                    uint64 // lines that answered nothing

	Said []string // the last lines of its standard error, oldest first
}

// Health returns a snapshot. It does not wait for the child.
func (c *Child) Health() Health {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := Health{Command: c.cfg.Command[0], Restarts: max(c.starts, 1) - 1, Fault: c.why, Ended: c.before, Said: c.said.all(),
		Asked: c.count.asked, Answered: c.count.answered, Timeouts: c.count.timeouts, Strays: c.count.strays}
	switch {
	case c.run == nil:
		h.Next = c.next
	case c.run.over():
		h.Fault, h.Next = c.run.failure(), c.next
	default:
		h.Running, h.PID, h.Since, h.Fault = true, c.run.cmd.Process.Pid, c.run.started, nil
		c.run.mu.Lock()
		h.Memory, h.CPU, h.Processes = c.run.usage.memory, c.run.usage.cpu, c.run.usage.processes
		c.run.mu.Unlock()
	}
	return h
}

const (
	tailLines = 20
	tailWidth = 240 // bytes of a line
)

// tail keeps the last lines that somebody said.
type tail struct {
	mu    sync.Mutex
	lines []string
}

// take reads lines until r ends. A line that is too long is cut into pieces.
func (t *tail) take(r io.Reader) {
	b := bufio.NewReaderSize(r, tailWidth)
	for {
		line, _, err := b.ReadLine()
		if len(line) > 0 {
			t.add(printable(string(line)))
		}
		if err != nil {
			return
		}
	}
}

func (t *tail) add(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.lines) == tailLines {
		t.lines = append(t.lines[:0], t.lines[1:]...)
	}
	t.lines = append(t.lines, line)
}

func (t *tail) all() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]string(nil), t.lines...)
}

func (t *tail) last() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.lines) == 0 {
		return ""
	}
	return t.lines[len(t.lines)-1]
}

// printable replaces what would disturb a terminal or a log.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f {
			return '·'
		}
		return r
	}, strings.ToValidUTF8(s, "·"))
}
