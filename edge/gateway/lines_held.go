package gateway

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/edge/config"
)

// heldLines are the lines that go on over a reload, with the drivers on them: nothing is
// opened or identified anew, what a driver has learned stays, and so does the process that
// it runs in. A line is held when it and all of its devices are the same before and after.
// They belong to whoever runs one configuration after another.
type heldLines map[lineKey]*line

// lineKey names a line of a configuration: a bus, or a device that has its own.
type lineKey struct {
	id  string
	own bool
}

func (l *line) key() lineKey { return lineKey{l.id, l.own} }

// lineMark stands for what a line and its devices are.
type lineMark [sha256.Size]byte

// hold returns the lines that are the same in next; nil: nothing comes next.
func (ls *Lines) hold(next *config.Config) heldLines {
	held := heldLines{}
	if next == nil {
		return held
	}
	then := marksOf(next)
	for _, l := range ls.all {
		if m, there := then[l.key()]; there && m == l.mark {
			held[l.key()] = l
		}
	}
	return held
}

// close gives up lines that nobody has taken over.
func (held heldLines) close() {
	for _, l := range held {
		l.rest()
		_ = l.close() // as in Lines.close
	}
}

// again is the same line for the devices of the next configuration; nil for none. They
// come in the same order.
func (l *line) again() *line {
	if l == nil {
		return nil
	}
	next := *l
	next.held, next.devices, next.before, next.resting = true, nil, l.resting, nil
	return &next
}

// driver is the open one of the line's device i; nil: there is none.
func (l *line) driver(i int) drivers.Driver {
	if i >= len(l.before) {
		return nil
	}
	return l.before[i]
}

// remember notes what each line is, so that a later reload knows whether it is another. A
// held one is what it was when it was opened.
func (ls *Lines) remember(cfg *config.Config) {
	marks := marksOf(cfg)
	for _, l := range ls.all {
		if !l.held {
			l.mark = marks[l.key()]
		}
	}
}

// held says whether a line goes on since before the reload.
func (ls *Lines) held(id string) bool { return ls.is(id, func(l *line) bool { return l.held }) }

// marksOf returns the mark of each line of a configuration.
func marksOf(cfg *config.Config) map[lineKey]lineMark {
	texts := map[lineKey]*strings.Builder{}
	for _, b := range cfg.Buses {
		texts[lineKey{id: b.ID}] = &strings.Builder{}
		fmt.Fprintf(texts[lineKey{id: b.ID}], "%+v\n", b)
	}
	for _, d := range cfg.Devices {
		key := lineKey{id: d.Bus}
		if d.Bus == "" {
			key = lineKey{d.ID, true}
			texts[key] = &strings.Builder{}
		}
		describe(texts[key], d, cfg.Journal.Dir)
	}
	marks := make(map[lineKey]lineMark, len(texts))
	for key, text := range texts {
		marks[key] = sha256.Sum256([]byte(text.String()))
	}
	return marks
}

// describe writes what makes a device what it is to its line, the files among it that its
// options name. data is the folder of the program's own data.
func describe(w io.Writer, d config.Device, data string) {
	if d.Wire != drivers.BoardHost {
		data = ""
	}
	fmt.Fprintf(w, "%q %q %q %v %v %q %v %+v %+v %v %v %v %v\n", d.ID, d.Driver, d.Mark, d.Wire, d.Address, data,
		d.Port, d.Line, d.Contact, d.RS485, d.Echo, d.Every, d.Timeout)
	for _, path := range d.Files {
		fmt.Fprintf(w, "%q %s\n", path, stamp(path))
	}
}

// stamp changes when a file does: a new password, a new program. What is no file of a disk,
// or changes all the time as the kernel's do, has none.
func stamp(path string) string {
	for _, kernels := range []string{"/sys/", "/proc/", "/dev/"} {
		if strings.HasPrefix(path, kernels) {
			return ""
		}
	}
	f, err := os.Stat(path)
	switch {
	case err != nil:
		return "absent"
	case !f.Mode().IsRegular():
		return ""
	}
	return fmt.Sprintf("%d bytes %d", f.Size(), f.ModTime().UnixNano())
}
