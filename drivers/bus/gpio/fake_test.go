//go:build linux

package gpio

import (
	"errors"
	"net"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"
)

// bench is a machine whose GPIO lines do as they are told.
type bench struct {
	mu     sync.Mutex
	there  []chip
	odd    error
	levels map[int]bool // raw, by number
	refuse error        // of requests
	broken error        // of requested lines
	asked  []want
	lines  map[int]*benchLine // requested
}

func newBench() *bench {
	return &bench{levels: map[int]bool{}, lines: map[int]*benchLine{}, there: []chip{
		{path: "/dev/gpiochip0", name: "gpiochip0", label: "pinctrl-test", lines: []lineInfo{
			{name: "ID_SD"}, {name: ""}, {name: "GPIO17"}, {name: "twin"}, {name: "twin"}, {name: "taken", consumer: "sysfs", used: true}}},
		{path: "/dev/gpiochip1", name: "gpiochip1", label: "expander"}, {path: "/dev/gpiochip2", name: "gpiochip2", label: "expander"}}}
}

func (*bench) now() time.Duration { return kernel{}.now() }

func (b *bench) chips() ([]chip, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.there), b.odd
}

func (b *bench) line(k chip, w want) (handle, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked = append(b.asked, w)
	switch {
	case b.refuse != nil:
		return nil, b.refuse
	case b.lines[w.offset] != nil || k.lines[w.offset].used:
		return nil, syscall.EBUSY
	}
	l := &benchLine{bench: b, want: w}
	if w.output {
		b.levels[w.offset] = w.on != w.activeLow
	}
	if w.edges {
		l.events, l.feed = net.Pipe()
	}
	b.lines[w.offset] = l
	return l, nil
}

type benchLine struct {
	*bench
	want
	events, feed net.Conn
}

func (l *benchLine) get() (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.levels[l.offset] != l.activeLow, l.broken
}

func (l *benchLine) set(on bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.output {
		return syscall.EPERM
	}
	if l.broken == nil {
		l.levels[l.offset] = on != l.activeLow
	}
	return l.broken
}

func (l *benchLine) Read(p []byte) (int, error) {
	n, err := l.events.Read(p)
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.broken != nil {
			err = l.broken
		}
	}
	return n, err
}

func (l *benchLine) SetReadDeadline(t time.Time) error { return l.events.SetReadDeadline(t) }

func (l *benchLine) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.lines, l.offset)
	if l.events != nil {
		l.events.Close()
		l.feed.Close()
	}
	return nil
}

func (b *bench) requested(offset int) *benchLine {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lines[offset]
}

func (b *bench) with(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f()
}
