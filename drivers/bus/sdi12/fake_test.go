package sdi12

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lamppost-city/lamppost/drivers"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// wire is a line in a bubble: it notes what goes out with its time, and a sensor's script
// answers. Bytes come at the pace of 1200 bit/s.
type wire struct {
	begun time.Time
	in    chan []byte

	mu     sync.Mutex
	log    []string
	echoes bool
	drains bool // Write waits until the line has carried it all, as with rs485: rts
	// answer says what comes back to the n-th command (from 0), and what comes follow.
	answer func(n int, command string) (string, []follow)
	n      int
	broken error // what a break ends with
	noise  int
	bad    int
	over   time.Time // the end of what is sent
}

type follow struct {
	after time.Duration
	text  string
}

func newWire(answer func(n int, command string) (string, []follow)) *wire {
	return &wire{begun: time.Now(), in: make(chan []byte, 4096), answer: answer}
}

func (w *wire) note(format string, args ...any) {
	w.log = append(w.log, fmt.Sprintf("%v ", time.Since(w.begun).Round(time.Millisecond))+fmt.Sprintf(format, args...))
}

func (w *wire) taken() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	log := strings.Join(w.log, "\n")
	w.log = nil
	return log
}

// sent are the commands and breaks without their times.
func (w *wire) sent() string {
	var out []string
	for _, l := range strings.Split(w.taken(), "\n") {
		_, what, _ := strings.Cut(l, " ")
		out = append(out, what)
	}
	return strings.Join(out, " ")
}

func (w *wire) Break(ctx context.Context, d time.Duration) error {
	w.mu.Lock()
	w.note("break")
	err := w.broken
	w.mu.Unlock()
	if err != nil {
		return err
	}
	return wait(ctx, time.Now().Add(d))
}

func (w *wire) Write(ctx context.Context, b []byte) (int, error) {
	if w.drains {
		defer func() { _ = wait(ctx, w.over) }()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	command := string(b)
	w.note("%s", command)
	w.over = time.Now().Add(time.Duration(len(b)) * char)
	if w.echoes {
		w.play(time.Now(), command)
	}
	text, more := w.answer(w.n, command)
	w.n++
	w.play(w.over.Add(9*time.Millisecond), text)
	for _, l := range more {
		w.play(w.over.Add(l.after), l.text)
	}
	return len(b), nil
}

// play delivers text from a moment on, character by character.
func (w *wire) play(from time.Time, text string) {
	for i, c := range []byte(text) {
		time.AfterFunc(time.Until(from)+time.Duration(i+1)*char, func() { w.in <- []byte{c} })
	}
}

func (w *wire) Read(ctx context.Context, p []byte) (int, error) {
	select {
	case b := <-w.in:
		return copy(p, b), nil
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return 0, drivers.ErrTimeout
		}
		return 0, ctx.Err()
	}
}

func (w *wire) Discard() error {
	for {
		select {
		case <-w.in:
		default:
			return nil
		}
	}
}

func (w *wire) Noise(n int)  { w.noise += n }
func (w *wire) BadChecksum() { w.bad++ }
func (w *wire) Close() error { return nil }

// script answers each command with what stands behind it, one after the other.
func script(answers map[string][]string) func(int, string) (string, []follow) {
	return func(_ int, command string) (string, []follow) {
		list := answers[command]
		if len(list) == 0 {
			return "", nil
		}
		if len(list) > 1 {
			answers[command] = list[1:]
		}
		return list[0], nil
	}
}
