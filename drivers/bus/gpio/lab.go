//go:build linux

package gpio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/labbus"
)

// Simulated says whether a chip's name is that of a lab chip, which a simulator serves
// on a Unix socket: it ends in .sock.
func Simulated(chip string) bool { return strings.HasSuffix(chip, labbus.Suffix) }

// labPatience is how long the simulator may take to answer.
const labPatience = 2 * time.Second

// lab is the one chip that a simulator serves. Its errors are the kernel's numbers.
type lab struct{ path string }

func (lab) now() time.Duration { return kernel{}.now() }

func (l lab) chips() ([]chip, error) {
	h, err := l.dial()
	if err != nil {
		return nil, err
	}
	defer h.Close()
	m, err := h.ask(labbus.Inquiry{})
	c, ok := m.(labbus.Chip)
	if err != nil || !ok {
		return nil, fmt.Errorf("%w: the simulator does not say what its chip has (%T, %v)", drivers.ErrProtocol, m, err)
	}
	k := chip{path: l.path, name: filepath.Base(l.path), label: c.Label}
	for _, line := range c.Lines {
		k.lines = append(k.lines, lineInfo{name: line.Name, consumer: line.Consumer, used: line.Used})
	}
	return []chip{k}, nil
}

func (l lab) line(_ chip, w want) (handle, error) {
	h, err := l.dial()
	if err != nil {
		return nil, err
	}
	if err := h.do(labbus.Request{Line: w.offset, Flags: w.labFlags(), Debounce: w.debounce, Consumer: w.consumer}); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	h.offset = w.offset
	return h, nil
}

func (w want) labFlags() (f labbus.Flags) {
	for _, o := range []struct {
		set  bool
		flag labbus.Flags
	}{
		{w.output, labbus.Output}, {w.activeLow, labbus.ActiveLow}, {w.openDrain, labbus.OpenDrain}, {w.edges, labbus.Edges},
		{w.pull == "up", labbus.PullUp}, {w.pull == "down", labbus.PullDown}, {w.pull == "none", labbus.NoPull},
		{w.output && w.on, labbus.On},
	} {
		if o.set {
			f |= o.flag
		}
	}
	return f
}

func (l lab) dial() (*labLine, error) {
	c, err := net.DialTimeout("unix", l.path, labPatience)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("open: %w", err)
	case err != nil:
		return nil, fmt.Errorf("%w: no simulator serves this chip; start lamppost-sim, or write a chip of the board, like /dev/gpiochip0", drivers.ErrUnplugged)
	}
	h := &labLine{Conn: c, in: labbus.Reader{R: c}}
	m, err := h.next(labPatience)
	if hello, ok := m.(labbus.Hello); err != nil || !ok || hello != (labbus.Hello{Version: labbus.Version, Bus: "gpio"}) {
		_ = c.Close() // it is of no use to anybody
		return nil, fmt.Errorf("%w: what serves this socket is no lab GPIO chip of version %d (%+v, %v)", drivers.ErrProtocol, labbus.Version, m, err)
	}
	return h, nil
}

// labLine is a conversation with the simulator; once a line is requested on it, it is
// that line.
type labLine struct {
	net.Conn
	in     labbus.Reader
	offset int
	edges  []labbus.Edge // that came while an answer was waited for
}

var _ handle = (*labLine)(nil)

func (h *labLine) next(within time.Duration) (labbus.Message, error) {
	if err := h.Conn.SetReadDeadline(time.Now().Add(within)); err != nil {
		return nil, err
	}
	return h.in.Next()
}

// ask returns the answer to m and keeps the edges that come before it.
func (h *labLine) ask(m labbus.Message) (labbus.Message, error) {
	if _, err := h.Conn.Write(m.Append(nil)); err != nil {
		return nil, gone(err)
	}
	for {
		got, err := h.next(labPatience)
		if err != nil {
			return nil, gone(err)
		}
		e, ok := got.(labbus.Edge)
		if !ok {
			return got, nil
		}
		if len(h.edges) == labbus.EdgeBuffer {
			h.edges = h.edges[1:] // as the kernel does; the numbers tell
		}
		h.edges = append(h.edges, e)
	}
}

// answer is ask for what is answered with a number.
func (h *labLine) answer(m labbus.Message) ([]byte, error) {
	got, err := h.ask(m)
	if err != nil {
		return nil, err
	}
	a, ok := got.(labbus.Answer)
	switch {
	case !ok:
		return nil, syscall.EPROTO
	case a.Errno != 0:
		return nil, syscall.Errno(a.Errno)
	}
	return a.Data, nil
}

func (h *labLine) do(m labbus.Message) error {
	_, err := h.answer(m)
	return err
}

// gone turns the end of a conversation into the number of a chip that is not there.
func gone(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, os.ErrClosed) || errors.Is(err, labbus.ErrFormat) {
		return err
	}
	return syscall.ENODEV
}

func (h *labLine) get() (bool, error) {
	p, err := h.answer(labbus.Get{})
	if err == nil && len(p) != 1 {
		err = syscall.EPROTO
	}
	return err == nil && p[0] == 1, err
}

func (h *labLine) set(on bool) error { return h.do(labbus.Set{On: on}) }

// Read implements handle: edges as the kernel writes them, struct gpio_v2_line_event.
func (h *labLine) Read(p []byte) (n int, err error) {
	for len(h.edges) == 0 || h.in.Buffered() && len(h.edges) < labbus.EdgeBuffer {
		m, err := h.in.Next()
		if err != nil {
			return 0, gone(err)
		}
		if e, ok := m.(labbus.Edge); ok {
			h.edges = append(h.edges, e)
		}
	}
	for len(h.edges) > 0 && len(p)-n >= eventSize {
		h.put(p[n:n+eventSize], h.edges[0])
		h.edges, n = h.edges[1:], n+eventSize
	}
	return n, nil
}

func (h *labLine) put(p []byte, e labbus.Edge) {
	id := uint32(fallingEdge)
	if e.Rising {
		id = risingEdge
	}
	clear(p)
	binary.NativeEndian.PutUint64(p, uint64(e.At))
	binary.NativeEndian.PutUint32(p[8:], id)
	binary.NativeEndian.PutUint32(p[12:], uint32(h.offset))
	binary.NativeEndian.PutUint32(p[16:], e.Seq)
	binary.NativeEndian.PutUint32(p[20:], e.Seq)
}
