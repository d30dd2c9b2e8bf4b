package truth

import (
	"errors"
	"fmt"
	"math"
	"os"
	"sync"
	"syscall"
	"time"
)

// ErrInUse says that another simulator writes this log.
var ErrInUse = errors.New("in use by another simulator")

// flushEvery bounds how long a line waits in memory. A reader of the file, and a
// kill, see everything older than this.
const flushEvery = 100 * time.Millisecond

// Log writes lines to a file. Add may be called from any goroutine.
type Log struct {
	f    *os.File
	stop chan struct{}
	done chan struct{}

	mu    sync.Mutex
	buf   []byte // waits for the next flush
	spare []byte // being written, or empty
	err   error  // the first write error; later lines are dropped
}

// Create empties the file at path, or makes it, and locks it against a second
// simulator (ErrInUse). Close must be called.
func Create(path string) (*Log, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, ErrInUse)
	}
	if err := f.Truncate(0); err != nil {
		f.Close()
		return nil, err
	}
	l := &Log{f: f, stop: make(chan struct{}), done: make(chan struct{})}
	go l.flushing()
	return l, nil
}

// Add takes lines; they are in the file 100 ms later. It waits for nothing. A value
// that is no number is none that a wire can carry, and JSON cannot write it: it is
// left out.
func (l *Log) Add(lines ...Line) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return
	}
	for _, line := range lines {
		if math.IsNaN(line.V) || math.IsInf(line.V, 0) {
			continue
		}
		l.buf = line.Append(l.buf)
	}
}

// Close writes what is left and unlocks the file. It returns the first write
// error of the log's life: a log with an error is not the truth.
func (l *Log) Close() error {
	close(l.stop)
	<-l.done
	l.flush()
	l.mu.Lock()
	defer l.mu.Unlock()
	return errors.Join(l.err, l.f.Close())
}

func (l *Log) flushing() {
	defer close(l.done)
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			l.flush()
		case <-l.stop:
			return
		}
	}
}

// flush is called by one goroutine at a time. It writes with the lock open, so
// that a slow disk does not hold up a wire.
func (l *Log) flush() {
	l.mu.Lock()
	b := l.buf
	l.buf = l.spare[:0]
	l.mu.Unlock()
	var err error
	if len(b) > 0 {
		_, err = l.f.Write(b)
	}
	l.mu.Lock()
	l.spare = b
	l.err = errors.Join(l.err, err)
	l.mu.Unlock()
}
