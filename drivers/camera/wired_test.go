package camera

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/camera/vc0706"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
)

// chain is a serial line with a camera at its end, which answers at once. Each test
// changes what it likes.
type chain struct {
	drivertest.Fetcher
	picture []byte
	code    byte // of the size in use
	stuck   bool // it takes no other size
	held    bool
	waiting []byte
	noise   int
	asked   []string                             // the commands, in hex
	spoil   func(cmd byte, answer []byte) []byte // what becomes of an answer
	broken  error                                // of every read and write
	at      func(n int, cmd byte, chain *chain)  // called before the n-th command is answered
}

func (c *chain) Wire() (drivers.Port, bool) { return c, true }

func (c *chain) Read(ctx context.Context, p []byte) (int, error) {
	if c.broken != nil {
		return 0, c.broken
	}
	if len(c.waiting) == 0 {
		<-ctx.Done()
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return 0, drivers.ErrTimeout
		}
		return 0, ctx.Err()
	}
	n := copy(p[:min(len(p), 100)], c.waiting) // in pieces, as an adapter brings it
	c.waiting = c.waiting[n:]
	return n, nil
}

func (c *chain) Write(_ context.Context, f []byte) (int, error) {
	if c.broken != nil {
		return 0, c.broken
	}
	if c.asked = append(c.asked, fmt.Sprintf("%02x", f[2])); c.at != nil {
		c.at(len(c.asked), f[2], c)
	}
	b := c.answer(f[2], f[4:])
	if c.spoil != nil {
		b = c.spoil(f[2], b)
	}
	c.waiting = append(c.waiting, b...)
	return len(f), nil
}

func (c *chain) answer(cmd byte, args []byte) []byte {
	ok := []byte{0x76, 0, cmd, 0, 0}
	switch cmd {
	case vc0706.CmdReadReg:
		return append(ok[:4:4], 1, c.code)
	case vc0706.CmdWriteReg:
		if !c.stuck {
			c.code = args[4]
		}
	case vc0706.CmdFrame:
		c.held = args[0] == vc0706.StopThis
	case vc0706.CmdLength:
		return binary.BigEndian.AppendUint32(append(ok[:4:4], 4), uint32(len(c.picture)))
	case vc0706.CmdRead:
		at, n := binary.BigEndian.Uint32(args[2:]), binary.BigEndian.Uint32(args[6:])
		b := make([]byte, n)
		if c.held {
			copy(b, c.picture[at:])
		}
		return slices.Concat(ok, b, ok)
	}
	return ok
}

func (c *chain) Discard() error { c.waiting = nil; return c.broken }
func (c *chain) Noise(n int)    { c.noise += n }
func (c *chain) BadChecksum()   {}

// chained runs f in a bubble with a camera of 160x120.
func chained(t *testing.T, c *chain, options string, f func(t *testing.T, d drivers.Driver, p *drivers.Plan)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c.picture, c.code = exposure(t, 1), 0x22
		p, err := planYAML("url: vc0706:/dev/serial/by-id/eye\n" + options)
		if err != nil {
			t.Fatal(err)
		}
		d, err := p.OpenHTTP(c)
		if err != nil {
			t.Fatal(err)
		}
		f(t, d, p)
	})
}

const small = "size: 160x120\nbaud: 115200\n"

// snap takes a picture within the planned time.
func snap(t *testing.T, d drivers.Driver, p *drivers.Plan) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), p.Timeout)
	defer cancel()
	_, err := d.Sample(ctx)
	return err
}

// A picture is held, read and let go, and the camera is not reset when it has the size.
func TestWired(t *testing.T) {
	c := &chain{}
	chained(t, c, small, func(t *testing.T, d drivers.Driver, p *drivers.Plan) {
		for n := range uint32(2) {
			c.picture, c.asked = exposure(t, n), nil
			if err := snap(t, d, p); err != nil {
				t.Fatal(err)
			}
			if still, ok := d.(drivers.StillSource).Still(); !ok || !bytes.Equal(still, c.picture) {
				t.Errorf("the still has %d bytes, the picture %d", len(still), len(c.picture))
			}
			asked := strings.Join(slices.Compact(c.asked), " ")
			if want := []string{"36 30 36 34 32 36", "30 36 34 32 36"}[n]; asked != want || c.held {
				t.Errorf("asked for %s, want %s; held: %v", asked, want, c.held)
			}
		}
	})
	if c.noise != 0 {
		t.Errorf("%d bytes of noise on a clean line", c.noise)
	}
}

// A camera that starts with another size, or was without power, is set and reset; one that
// takes no other is told by the key.
func TestWiredSize(t *testing.T) {
	c := &chain{}
	chained(t, c, small, func(t *testing.T, d drivers.Driver, p *drivers.Plan) {
		c.code = 0x11
		if err := snap(t, d, p); err != nil || c.code != 0x22 || !slices.Contains(c.asked, "26") {
			t.Errorf("%v, size %#x after %v", err, c.code, c.asked)
		}
		c.code, c.stuck = 0x11, true
		if err := snap(t, d, p); !errors.Is(err, drivers.ErrSettings) || !strings.Contains(err.Error(), "size says 160x120") {
			t.Errorf("a size that it has not: %v", err)
		}
	})
}

// What happens on a line costs no picture: news of motion, the text of a start, an answer
// to something else, and a piece of which bytes are lost, which is asked for again.
func TestWiredNoise(t *testing.T) {
	once := func(cmd byte, change func(b []byte) []byte) func(byte, []byte) []byte {
		done := false
		return func(got byte, b []byte) []byte {
			if got != cmd || done {
				return b
			}
			done = true
			return change(b)
		}
	}
	before := func(text string) func(byte, []byte) []byte {
		return func(_ byte, b []byte) []byte { return append([]byte(text), b...) }
	}
	for name, spoil := range map[string]func(byte, []byte) []byte{
		"motion":         before("\x76\x00\x39\x00"),
		"a start's text": before("VC0703 1.00\r\nInit end\r\n"),
		"late answers":   before("\x76\x00\x11\x00\x00"),
		"half an answer": before("\x76\x00"),
		"lost bytes":     once(vc0706.CmdRead, func(b []byte) []byte { return slices.Concat(b[:50], b[58:]) }),
		"added bytes":    once(vc0706.CmdRead, func(b []byte) []byte { return slices.Concat(b[:50], b[42:]) }),
		"a lost piece":   once(vc0706.CmdRead, func([]byte) []byte { return nil }),
		"a lost length":  once(vc0706.CmdLength, func([]byte) []byte { return nil }),
	} {
		c := &chain{spoil: spoil}
		chained(t, c, small, func(t *testing.T, d drivers.Driver, p *drivers.Plan) {
			if err := snap(t, d, p); err != nil {
				t.Errorf("%s: %v", name, err)
			} else if still, _ := d.(drivers.StillSource).Still(); !bytes.Equal(still, c.picture) {
				t.Errorf("%s: another picture", name)
			}
		})
	}
}

// What cannot be mended is a fault, and the next sample has its picture.
func TestWiredFaults(t *testing.T) {
	for _, x := range []struct {
		name, options string
		spoil         func(c *chain, cmd byte, b []byte) []byte
		want          error
		words         string
	}{
		{"silence", "", func(*chain, byte, []byte) []byte { return nil }, drivers.ErrTimeout, "it says nothing"},
		{"another speed", "", func(_ *chain, _ byte, b []byte) []byte { return bytes.Repeat([]byte{0xE6}, len(b)) }, drivers.ErrProtocol, "is baud, 115200, what"},
		{"refused", "", func(_ *chain, cmd byte, b []byte) []byte {
			if cmd == vc0706.CmdFrame {
				b[3] = 4
			}
			return b
		}, drivers.ErrException, "not possible now"},
		{"each piece loses bytes", "", func(_ *chain, cmd byte, b []byte) []byte {
			if cmd == vc0706.CmdRead {
				return slices.Concat(b[:50], b[58:])
			}
			return b
		}, drivers.ErrTimeout, "after 0 of"},
		{"each piece gains bytes", "", func(_ *chain, cmd byte, b []byte) []byte {
			if cmd == vc0706.CmdRead {
				return slices.Concat(b[:50], b[42:])
			}
			return b
		}, drivers.ErrProtocol, "bytes were lost"},
		{"cut short", "", func(c *chain, cmd byte, b []byte) []byte {
			if cmd == vc0706.CmdLength {
				binary.BigEndian.PutUint32(b[5:], uint32(len(c.picture)/2))
			}
			return b
		}, drivers.ErrProtocol, "cut short"},
		{"no bytes", "", func(_ *chain, cmd byte, b []byte) []byte {
			if cmd == vc0706.CmdLength {
				clear(b[5:])
			}
			return b
		}, drivers.ErrProtocol, "has no bytes"},
		{"too large", "max_bytes: 16384\n", func(_ *chain, cmd byte, b []byte) []byte {
			if cmd == vc0706.CmdLength {
				b[5] = 0x7F
			}
			return b
		}, drivers.ErrProtocol, "max_bytes is 16384"},
		{"too slow", "", func(_ *chain, cmd byte, b []byte) []byte {
			if cmd == vc0706.CmdLength {
				b[6] = 3
			}
			return b
		}, drivers.ErrTimeout, "of the timeout are left"},
		{"a size in two bytes", "", func(_ *chain, cmd byte, b []byte) []byte {
			if cmd == vc0706.CmdReadReg {
				b[4] = 2
				return append(b, 0)
			}
			return b
		}, drivers.ErrProtocol, "in 2 bytes"},
	} {
		c := &chain{}
		c.spoil = func(cmd byte, b []byte) []byte { return x.spoil(c, cmd, b) }
		chained(t, c, small+x.options, func(t *testing.T, d drivers.Driver, p *drivers.Plan) {
			start := time.Now()
			err := snap(t, d, p)
			if !errors.Is(err, x.want) || !strings.Contains(err.Error(), x.words) || !strings.Contains(err.Error(), "/dev/serial/by-id/eye") {
				t.Errorf("%s: %v, want %v, %q", x.name, err, x.want, x.words)
			}
			if took := time.Since(start); took > p.Timeout { // by the bubble's clock
				t.Errorf("%s: it took %v of %v", x.name, took, p.Timeout)
			}
			if _, ok := d.(drivers.StillSource).Still(); ok {
				t.Errorf("%s: there is a still", x.name)
			}
			if c.spoil = nil; snap(t, d, p) != nil {
				t.Errorf("%s: the next sample fails, too", x.name)
			}
		})
	}
}

// Whoever pulls the camera out in the middle of a picture ends the sample, as does whoever
// stops the gateway; plugged in again it goes on.
func TestWiredUnplugged(t *testing.T) {
	for _, n := range []int{1, 2, 4, 8} {
		c := &chain{}
		chained(t, c, small, func(t *testing.T, d drivers.Driver, p *drivers.Plan) {
			c.at = func(i int, _ byte, c *chain) {
				if i == n {
					c.broken = fmt.Errorf("%w: hung up", drivers.ErrUnplugged)
				}
			}
			if err := snap(t, d, p); !errors.Is(err, drivers.ErrUnplugged) {
				t.Errorf("pulled at command %d: %v", n, err)
			}
			ctx, stop := context.WithCancel(t.Context())
			c.broken, c.asked = nil, nil
			c.at = func(i int, _ byte, _ *chain) {
				if i == n {
					stop()
				}
			}
			c.spoil = func(_ byte, b []byte) []byte {
				if ctx.Err() != nil {
					return nil
				}
				return b
			}
			if _, err := d.Sample(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("stopped at command %d: %v", n, err)
			}
			c.at, c.spoil = nil, nil
			if err := snap(t, d, p); err != nil {
				t.Errorf("plugged in again: %v", err)
			}
			stop()
		})
	}
}

func TestWiredOptions(t *testing.T) {
	const at = "url: vc0706:/dev/serial/by-id/eye\n"
	for text, key := range map[string]string{
		at + "baud: 4800": "baud", at + "size: 1x1": "size", at + "size: 1920x1080": "size", at + "size: 640x480\nbaud: 9600": "size",
		"url: http://h/x\nbaud: 38400": "baud", "url: v4l2:/dev/video0\nbaud: 38400": "baud", "url: \"vc0706:eye\"": "url", "url: vc0706://eye/x": "url",
		at + "username: a\npassword_file: /b": "username", at + "decoder: [x]": "decoder",
	} {
		_, err := planYAML(text)
		var o *drivers.OptionError
		if !errors.As(err, &o) || o.Key != key {
			t.Errorf("%q: %v, want one of %s", text, err, key)
		}
	}
	p, err := planYAML(at + "size: 640x480\nbaud: 57600\napart: true")
	if err != nil || !strings.Contains(p.Apart.Options, `size: "640x480", baud: 57600`) {
		t.Fatalf("apart it is told %+v, %v", p.Apart, err)
	}
	if p.Port != "/dev/serial/by-id/eye" || p.Line.Baud != 57600 || p.MinEvery < 10*time.Second || p.Timeout < 20*time.Second || p.Timeout > time.Minute {
		t.Errorf("planned: %+v", p)
	}
	if p, err = planYAML(at); err != nil || p.Line.Baud != 38400 {
		t.Errorf("as delivered: %+v, %v", p, err)
	}
	if _, err := p.OpenHTTP(&drivertest.Fetcher{}); err == nil {
		t.Error("without a line there is a camera")
	}
}

// darkroom is a chain whose camera sees what a page shows: the picture is fetched when it is
// told to hold one, and what goes wrong there goes wrong on the line.
type darkroom struct {
	chain
	page web
}

func (d *darkroom) Wire() (drivers.Port, bool) { return d, true }

func (d *darkroom) Write(ctx context.Context, f []byte) (int, error) {
	if f[2] == vc0706.CmdFrame && f[4] == vc0706.StopThis {
		b, err := d.page.fetch(ctx, "http://cam/still.jpg")
		if err != nil {
			return 0, err
		}
		d.picture, d.asked = b, nil
	}
	return d.chain.Write(ctx, f)
}

// A serial camera keeps the contract as those in the network do. What only a line has stands
// in the tests above.
func TestWiredConformance(t *testing.T) {
	k := Kind()
	k.Plan = func(decode func(any) error) (*drivers.Plan, error) {
		p, err := plan(decode)
		if err != nil {
			return nil, err
		}
		open := p.OpenHTTP
		p.OpenHTTP = func(c drivers.Fetcher) (drivers.Driver, error) {
			return open(&darkroom{chain: chain{code: 0x22}, page: web{client: c, limit: 1 << 20}})
		}
		return p, nil
	}
	const options = "{url: 'vc0706:/dev/serial/by-id/eye', size: 160x120, baud: 115200}"
	others := more(t)
	for i := range others {
		others[i].Options = options
	}
	drivertest.Run(t, drivertest.Config{
		Kind:        k,
		Good:        drivertest.Part{Name: "serial", Source: "constructed", Options: options, Page: living(t), Want: "brightness=55.8 sharpness=1377.9"},
		More:        others,
		NeverBeyond: "both are computed from bytes and cannot leave their range",
	})
}
