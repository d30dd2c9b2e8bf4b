package lab

import (
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fixed is a source whose values and mishap a test changes.
type fixed struct {
	mu     sync.Mutex
	values map[string]float64
	mishap scenario.Mishap
}

func (f *fixed) Value(channel string) float64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.values[channel]
}

func (f *fixed) Mishap() scenario.Mishap {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.mishap
}

func (f *fixed) set(channel string, v float64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.values[channel] = v
}

func (f *fixed) befall(m scenario.Mishap) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mishap = m
}

type ledger struct {
	mu    sync.Mutex
	lines []truth.Line
}

func (l *ledger) Add(lines ...truth.Line) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, lines...)
}

func (l *ledger) take() []truth.Line {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := l.lines
	l.lines = nil
	return lines
}

// at is a short path for a socket.
func at(t *testing.T, name string) string { return filepath.Join(t.TempDir(), name) }
