//go:build linux

// Package process owns child processes: drivers in other languages, and programs
// that switch an output. A [Child] is started when it is first asked something, and
// is started again with growing pauses whenever it ends; it is lent to one driver as
// a drivers.Process. [Run] runs a program once, [Filter] once over some bytes.
//
// What it promises:
//   - A call ends with its context, whatever the child does. Nothing that a child
//     does blocks, slows or ends the program that started it.
//   - The child gets no shell, no descriptor but its three standard ones, a small
//     environment of its own, a session of its own, and the lowest but one priority.
//     It is killed by the kernel when the gateway dies.
//   - Its memory, its share of a core, its processes and the lines it writes are
//     bounded; the bounds hold for it and all that it started, also in sessions of
//     their own. One that goes beyond is ended, and the reason is told.
//   - When it is closed its input ends; it has two seconds to go by itself, one more
//     after SIGTERM, then it and its session are killed. No zombie stays.
//
// What it does not promise: memory and CPU are looked at once a second and not
// enforced by the kernel to the byte (its data segment is, at four times the limit).
// What a child started is known by its session and by a variable in its environment;
// one that wipes both away escapes. When the gateway is killed, the kernel ends the
// child, and what the child had started goes when the next one starts. And a child
// keeps what its user may do: run it as a user of its own where it is not trusted.
package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

// Limits that hold where a drivers.ProcessSpec does not state its own.
const (
	DefaultMemory = 64_000_000
	DefaultCPU    = 0.5
	DefaultLines  = 100

	// MaxLine is the longest line a child may write, in bytes.
	MaxLine = 64 << 10
	// maxProcesses may live in a child's session.
	maxProcesses = 16
)

// The pause between two starts doubles within these bounds. It begins anew when a
// child has lived for wellAfter and answered.
const (
	minPause  = 100 * time.Millisecond
	maxPause  = time.Minute
	wellAfter = time.Minute
	// maxUnanswered questions in a row mean that the child hangs.
	maxUnanswered = 3
)

// Config says what a Child runs.
type Config struct {
	Name string // in errors; empty: the command's
	drivers.ProcessSpec
	// TellEnd: where a child has ended while nobody asked it anything, the next question says
	// why, and the one after that starts it again. Else that question starts it.
	TellEnd bool
	// Trace, if set, is called with each line that is written to or read from the
	// child, line end included. It must be quick and must not keep p.
	Trace func(sent bool, p []byte, at time.Time)
}

// Check says what is wrong with a spec, as far as that can be told without running
// it. The error is a *drivers.OptionError.
func Check(s drivers.ProcessSpec) error {
	wrong := func(key, format string, args ...any) error {
		return &drivers.OptionError{Key: key, Msg: fmt.Sprintf(format, args...)}
	}
	switch {
	case len(s.Command) == 0 || s.Command[0] == "":
		return wrong("command", `no program; write command: ["/usr/bin/python3", "/etc/lamppost/part.py"]`)
	case strings.Contains(s.Command[0], "/") && !strings.HasPrefix(s.Command[0], "/"):
		return wrong("command", "%s depends on where the gateway was started; write the whole path, from /", s.Command[0])
	case strings.ContainsAny(strings.Join(s.Command, ""), "\x00"):
		return wrong("command", "a zero byte cannot be handed to a program; delete it")
	case s.Memory < 0 || s.Memory > 0 && s.Memory < 1_000_000:
		return wrong("memory", "%d bytes are too few for any program; write 4MB or more", s.Memory)
	case s.CPU < 0 || s.CPU > 4:
		return wrong("cpu", "%.0f %% of a core; write 1%% to 400%%", 100*s.CPU)
	case s.Lines < 0:
		return wrong("lines", "a negative number of lines; write how many a second are allowed")
	}
	return nil
}

func withDefaults(s drivers.ProcessSpec) drivers.ProcessSpec {
	if s.Memory == 0 {
		s.Memory = DefaultMemory
	}
	if s.CPU == 0 {
		s.CPU = DefaultCPU
	}
	if s.Lines == 0 {
		s.Lines = DefaultLines
	}
	return s
}

// Child is one supervised program. Its methods may be called from several
// goroutines; questions are put one at a time.
type Child struct {
	cfg Config

	asking sync.Mutex // held by Ask

	mu         sync.Mutex
	run        *running
	told       *running // the one whose end a question has told of
	closed     bool
	starts     uint64
	pause      time.Duration
	next       time.Time // no start before this
	why        error     // why it does not run
	before     error     // why the one before the running one ended
	unanswered int
	count      counts
	said       tail
}

type counts struct{ asked, answered, timeouts, strays uint64 }

var _ drivers.Process = (*Child)(nil)

// New returns the child, not started yet.
func New(cfg Config) (*Child, error) {
	if err := Check(cfg.ProcessSpec); err != nil {
		return nil, err
	}
	cfg.ProcessSpec = withDefaults(cfg.ProcessSpec)
	if cfg.Name == "" {
		cfg.Name = cfg.Command[0]
	}
	return &Child{cfg: cfg}, nil
}

// String returns the command's first word.
func (c *Child) String() string { return c.cfg.Command[0] }

// Ask implements drivers.Process. It starts the child if it does not run.
func (c *Child) Ask(ctx context.Context, line []byte, accept func([]byte) bool) ([]byte, error) {
	c.asking.Lock()
	defer c.asking.Unlock()
	r, err := c.use()
	if err != nil {
		return nil, err
	}
	c.add(func(n *counts) { n.asked++ })
	answer, err := c.ask(ctx, r, line, accept)
	c.judge(r, err)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.cfg.Name, err)
	}
	return answer, nil
}

func (c *Child) ask(ctx context.Context, r *running, line []byte, accept func([]byte) bool) ([]byte, error) {
	c.sweep(r)
	if err := r.write(ctx, append(line[:len(line):len(line)], '\n')); err != nil {
		return nil, err
	}
	for {
		select {
		case answer := <-r.lines:
			if accept(answer) {
				return answer, nil
			}
			c.add(func(n *counts) { n.strays++ })
		case <-r.ended:
			c.tell(r)
			return nil, r.failure()
		case <-ctx.Done():
			return nil, ended(ctx)
		}
	}
}

// sweep throws away what came while nobody asked.
func (c *Child) sweep(r *running) {
	for {
		select {
		case <-r.lines:
			c.add(func(n *counts) { n.strays++ })
		default:
			return
		}
	}
}

// judge books how a question ended, and ends a child that hangs.
func (c *Child) judge(r *running, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err == nil:
		c.count.answered++
		c.unanswered = 0
		if time.Since(r.started) > wellAfter {
			c.pause = 0
		}
	case errors.Is(err, drivers.ErrTimeout):
		c.count.timeouts++
		if c.unanswered++; c.unanswered >= maxUnanswered {
			c.unanswered = 0
			r.kill(errHangs)
		}
	}
}

// use returns the running child, or starts it if its time has come.
func (c *Child) use() (*running, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, fmt.Errorf("%s: %w", c.cfg.Name, os.ErrClosed)
	}
	if c.run != nil && !c.run.over() {
		return c.run, nil
	}
	now := time.Now()
	if gone := c.run; gone != nil {
		c.lost(now)
		if c.cfg.TellEnd && gone != c.told && !errors.Is(c.why, drivers.ErrTimeout) { // of one that hung three questions have told
			return nil, fmt.Errorf("%s: %w", c.cfg.Name, c.why)
		}
	}
	if wait := c.next.Sub(now); wait > 0 {
		return nil, fmt.Errorf("%s: %w; next start in %v", c.cfg.Name, c.why, wait.Round(10*time.Millisecond))
	}
	before := c.why
	r, err := start(&c.cfg, &c.said)
	c.delay(now)
	if err != nil {
		c.why = &gone{drivers.ErrUnplugged, "it cannot be started: " + err.Error()}
		return nil, fmt.Errorf("%s: %w", c.cfg.Name, c.why)
	}
	c.run, c.before, c.unanswered = r, before, 0
	c.starts++
	return r, nil
}

// tell notes that a question has told of a child's end.
func (c *Child) tell(r *running) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.told = r
}

// lost notes that the child has ended. mu is held.
func (c *Child) lost(now time.Time) {
	c.why, c.run = c.run.failure(), nil
	if now.After(c.next) {
		c.next = now.Add(c.pause)
	}
}

// delay lets the start after this one wait twice as long. mu is held.
func (c *Child) delay(now time.Time) {
	c.pause = min(max(2*c.pause, minPause), maxPause)
	c.next = now.Add(c.pause)
}

// Close ends the child, at the latest after three seconds, and every call. A second
// call does nothing.
func (c *Child) Close() error {
	c.mu.Lock()
	c.closed = true
	r := c.run
	c.run = nil
	c.mu.Unlock()
	if r != nil {
		r.stop()
	}
	return nil
}

func (c *Child) add(count func(*counts)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	count(&c.count)
}

// ended is ctx's error, with its deadline as ErrTimeout.
func ended(ctx context.Context) error {
	if err := ctx.Err(); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return drivers.ErrTimeout
}

// exitText words how a program ended.
func exitText(err error) string {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return "it ended: " + exit.ProcessState.String()
	}
	if err != nil {
		return "it ended: " + err.Error()
	}
	return "it ended by itself, with status 0"
}
