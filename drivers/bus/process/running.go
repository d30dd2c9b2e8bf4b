//go:build linux

package process

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
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lamppost-city/lamppost/drivers"
)

// Grace is the time a child has to go by itself after its input has ended.
const Grace = 2 * time.Second

// goAtOnce is the time it has after SIGTERM.
const goAtOnce = time.Second

// running is one life of a child.
type running struct {
	cfg     *Config
	cmd     *exec.Cmd
	mark    string
	family  *family  // from the start on
	in      *os.File // its standard input, our end
	lines   chan []byte
	started time.Time
	said    *tail
	ended   chan struct{} // closed when it is gone and everything about it is known

	mu    sync.Mutex
	cause error // why it was ended; nil: it went by itself
	exit  error // how it went, valid after ended
	usage usage
}

// start starts the program and everything that watches it.
func start(cfg *Config, said *tail) (*running, error) {
	r := &running{cfg: cfg, said: said, lines: make(chan []byte, min(max(leastQueue, cfg.Lines), mostQueue)), ended: make(chan struct{})}
	cmd, mark, err := command(cfg.ProcessSpec)
	if err != nil {
		return nil, err
	}
	r.cmd, r.mark = cmd, mark
	inRead, inWrite, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	outRead, outWrite, err := os.Pipe()
	if err != nil {
		closeAll(inRead, inWrite)
		return nil, err
	}
	errRead, errWrite, err := os.Pipe()
	if err != nil {
		closeAll(inRead, inWrite, outRead, outWrite)
		return nil, err
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = inRead, outWrite, errWrite
	r.in = inWrite
	began := make(chan error, 1)
	go r.live(began, outRead, errRead)
	err = <-began
	closeAll(inRead, outWrite, errWrite)
	if err != nil {
		closeAll(inWrite, outRead, errRead)
		return nil, err
	}
	return r, nil
}

func closeAll(files ...*os.File) {
	for _, f := range files {
		_ = f.Close() // a pipe has nothing to lose
	}
}

// live starts the child and sees it to its end. The kernel kills the child when the
// thread that started it ends, so this goroutine keeps that thread until then.
func (r *running) live(began chan<- error, out, errs *os.File) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := r.cmd.Start(); err != nil {
		began <- err
		return
	}
	r.oversee(began, func() {
		var readers sync.WaitGroup
		readers.Go(func() { r.listen(out) })
		readers.Go(func() { r.said.take(errs) })
		readers.Wait()
	}, out, errs)
}

// oversee bounds and watches a program that has just started until it is gone. read
// takes what it writes and ends when those pipes do.
func (r *running) oversee(began chan<- error, read func(), pipes ...*os.File) {
	r.started, r.family = time.Now(), newFamily(r.cmd.Process.Pid, r.mark, r.cfg.Children > 0)
	bound(r.cmd.Process.Pid, r.cfg.ProcessSpec)
	began <- nil
	var reader, watcher sync.WaitGroup
	reader.Go(read)
	watching, stop := context.WithCancel(context.Background())
	watcher.Go(func() { r.watch(watching) })
	err := r.cmd.Wait()
	stop()
	watcher.Wait()
	r.family.kill() // what it left behind
	soon := time.Now().Add(goAtOnce)
	for _, p := range pipes { // a grandchild that hides may hold them open for ever
		_ = p.SetDeadline(soon)
	}
	reader.Wait()
	closeAll(append(pipes, r.in)...)
	r.mu.Lock()
	r.exit = err
	r.mu.Unlock()
	close(r.ended)
}

// over says whether it has ended.
func (r *running) over() bool {
	select {
	case <-r.ended:
		return true
	default:
		return false
	}
}

// failure says why it ended; it wraps ErrUnplugged, or ErrTimeout if it hung.
func (r *running) failure() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	text, fault := exitText(r.exit), drivers.ErrUnplugged
	if r.cause != nil {
		text = "it was ended: " + r.cause.Error()
	}
	if errors.Is(r.cause, errHangs) { // what it was ended for stays what is wrong with it
		fault = drivers.ErrTimeout
	}
	if last := r.said.last(); last != "" {
		text += "; its last words: " + last
	}
	return &gone{fault, text}
}

// gone is the error of a child that does not run: its text says why, its fault is
// ErrUnplugged or ErrTimeout, whose own words speak of lines.
type gone struct {
	fault error
	text  string
}

func (e *gone) Error() string { return e.text }
func (e *gone) Unwrap() error { return e.fault }

// errHangs is the end of a child that answers nothing.
var errHangs = fmt.Errorf("it left %d questions in a row unanswered", maxUnanswered)

// kill ends it at once; why is told.
func (r *running) kill(why error) {
	r.mu.Lock()
	if r.cause == nil {
		r.cause = why
	}
	r.mu.Unlock()
	r.family.kill()
}

// stop ends it gently, and returns when it is gone.
func (r *running) stop() {
	_ = r.in.Close() // its end of input
	for _, next := range []struct {
		wait time.Duration
		do   func()
	}{
		{Grace, func() { r.family.signal(unix.SIGTERM) }},
		{goAtOnce, func() { r.family.kill() }},
	} {
		t := time.NewTimer(next.wait)
		select {
		case <-r.ended:
			t.Stop()
			return
		case <-t.C:
			next.do()
		}
	}
	<-r.ended
}

// write sends a question. A child that reads nothing fills its pipe: that is a
// timeout like any other.
func (r *running) write(ctx context.Context, line []byte) error {
	if err := ctx.Err(); err != nil {
		return ended(ctx)
	}
	stop := context.AfterFunc(ctx, func() { _ = r.in.SetWriteDeadline(time.Unix(1, 0)) })
	defer stop()
	if err := r.in.SetWriteDeadline(time.Time{}); err != nil {
		return r.gone(ctx)
	}
	if ctx.Err() != nil { // it ended before the deadline was taken back
		return ended(ctx)
	}
	n, err := r.in.Write(line)
	if r.cfg.Trace != nil {
		r.cfg.Trace(true, line[:n], time.Now())
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		if n > 0 { // half a question would make nonsense of the next one
			r.kill(errors.New("it does not read its input"))
		}
		return ended(ctx)
	}
	return r.gone(ctx)
}

// gone waits until it is known why the child does not listen any more.
func (r *running) gone(ctx context.Context) error {
	select {
	case <-r.ended:
		return r.failure()
	case <-ctx.Done():
		return ended(ctx)
	}
}

// How many lines wait for whoever asks: as many as may come in a second, so that an answer
// is not lost among what stands around it, however late the asker is.
const (
	leastQueue = 128
	mostQueue  = 1024
)

// listen takes the child's lines. What nobody fetches is thrown away, the oldest first.
func (r *running) listen(out io.Reader) {
	s := bufio.NewScanner(out)
	s.Buffer(make([]byte, 0, 4096), MaxLine+1)
	s.Split(whole)
	pace := pace{perSecond: r.cfg.Lines, from: time.Now()}
	for s.Scan() {
		line := s.Bytes()
		if r.cfg.Trace != nil {
			r.cfg.Trace(false, append(line[:len(line):len(line)], '\n'), time.Now())
		}
		if !pace.allows(time.Now()) {
			r.kill(fmt.Errorf("it wrote more than %d lines in a second", r.cfg.Lines))
			return
		}
		r.queue(bytes.Clone(line))
	}
	if errors.Is(s.Err(), bufio.ErrTooLong) {
		r.kill(fmt.Errorf("it wrote a line of more than %d bytes", MaxLine))
	}
}

// queue lets a line wait. It is the only one that puts lines in.
func (r *running) queue(line []byte) {
	for {
		select {
		case r.lines <- line:
			return
		default:
		}
		select {
		case <-r.lines:
		default:
		}
	}
}

// whole splits like bufio.ScanLines, but takes only lines that have their end: half
// an answer of a child that died is no answer.
func whole(data []byte, atEOF bool) (advance int, token []byte, err error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, bytes.TrimSuffix(data[:i], []byte{'\r'}), nil
	}
	return 0, nil, nil
}

// pace counts the lines of each second.
type pace struct {
	perSecond, n int
	from         time.Time
}

func (p *pace) allows(now time.Time) bool {
	if now.Sub(p.from) >= time.Second {
		p.from, p.n = now, 0
	}
	p.n++
	return p.n <= p.perSecond
}
