package w1

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

// serve reads until Close. One goroutine does, so that a read which the kernel does
// not end blocks nobody but it.
func (b *Bus) serve() {
	defer close(b.ended)
	for {
		select {
		case <-b.quit:
			return
		case j := <-b.jobs:
			text, err := b.carry(j)
			j.done <- result{text, err}
		}
	}
}

// carry reads one file, and an empty one once more.
func (b *Bus) carry(j *job) (text []byte, err error) {
	b.count(func(h *Health) { b.busy = time.Now() })
	defer b.count(func(h *Health) { b.busy = time.Time{} })
	b.trace(true, []byte(j.slave+"/"+j.file))
	for try := 0; try < 2; try++ {
		text, err = b.read(filepath.Join(b.cfg.Path, j.slave, j.file))
		if err == nil && len(text) > 0 {
			b.trace(false, text)
			b.count(func(h *Health) { h.Reads, h.Fault = h.Reads+1, nil })
			return text, nil
		}
		if err != nil && !errors.Is(err, syscall.EIO) {
			return nil, b.absent(j, err)
		}
		b.count(func(h *Health) { h.Empty++ })
		select {
		case <-b.quit:
			try = 1
		default:
		}
		if try == 0 {
			b.count(func(h *Health) { h.Retries++ })
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%w: the kernel says %w", drivers.ErrTimeout, err)
	}
	return nil, fmt.Errorf("%w: the kernel gives an empty file: the slave does not answer, or not without errors; check its wires, its supply and the pull-up", drivers.ErrTimeout)
}

// absent says what is not there: the file, the slave, or the whole bus.
func (b *Bus) absent(j *job, err error) error {
	var why error
	_, bus := os.Stat(b.cfg.Path)
	_, slave := os.Stat(filepath.Join(b.cfg.Path, j.slave))
	switch {
	case errors.Is(bus, os.ErrNotExist):
		why = fmt.Errorf("%w: the kernel has no 1-Wire bus: no %s; add w1-gpio, or the adapter's driver, to the board's configuration", drivers.ErrUnplugged, b.cfg.Path)
		err = why
	case errors.Is(slave, os.ErrNotExist) || errors.Is(err, syscall.ENODEV):
		err = fmt.Errorf("%w: the kernel finds no such slave; ls %s shows those that answer", drivers.ErrUnplugged, b.cfg.Path)
	case errors.Is(err, os.ErrNotExist):
		err = fmt.Errorf("%w: this slave has no such file; is the driver of its family loaded (w1_therm)?", drivers.ErrProtocol)
	}
	b.count(func(h *Health) { h.Absent, h.Fault = h.Absent+1, why })
	return err
}

func (b *Bus) count(f func(*Health)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f(&b.h)
}

func (b *Bus) trace(sent bool, p []byte) {
	if b.cfg.Trace != nil {
		b.cfg.Trace(sent, p, time.Now())
	}
}

// readFile reads a small file with as few reads as the kernel needs: each one of a
// sensor's is a conversion.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	p := make([]byte, maxFile)
	n, err := f.Read(p)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return p[:n], err
}
