package modbus

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"

	"github.com/lamppost-city/lamppost/drivers"
)

// host is a Modbus TCP host at the other end of net.Pipe: what it writes for a
// frame is what says gives; nil says nothing, an empty slice hangs up.
type host struct {
	says  func(conn, n int, f codec.TCPFrame) []byte
	mu    sync.Mutex
	conns []net.Conn
	fails error // what dialling ends with
	dials int
}

func (h *host) dial(context.Context, string, string) (net.Conn, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.dials++
	if h.fails != nil {
		return nil, h.fails
	}
	ours, theirs := net.Pipe()
	h.conns = append(h.conns, theirs)
	go h.serve(theirs, len(h.conns))
	return ours, nil
}

func (h *host) serve(c net.Conn, conn int) {
	defer c.Close()
	buf, held := make([]byte, 512), []byte(nil)
	for n := 1; ; n++ {
		got, err := c.Read(buf)
		if err != nil {
			return
		}
		held = append(held, buf[:got]...)
		f, used, err := codec.ParseTCP(held)
		if err != nil {
			return
		}
		held = held[used:]
		b := h.says(conn, n, f)
		if b != nil && len(b) == 0 {
			return
		}
		for _, part := range [][]byte{b[:len(b)/2], b[len(b)/2:]} { // always in two pieces
			if _, err := c.Write(part); err != nil {
				return
			}
		}
	}
}

// answer is the good answer to f.
func answer(f codec.TCPFrame) []byte {
	r, err := codec.ParseRequest(f.PDU)
	if err != nil {
		return nil
	}
	_, pdu, _ := codec.ParseRTU(registers(f.Unit, r))
	f.PDU = pdu
	return f.Append(nil)
}

func newHost(t *testing.T, o Options, says func(conn, n int, f codec.TCPFrame) []byte) (*Bus, *host) {
	h := &host{says: says}
	o.Dial = h.dial
	b := NewTCP("10.0.0.7:502", o)
	t.Cleanup(func() {
		b.Close()
		for _, c := range h.conns {
			c.Close()
		}
	})
	return b, h
}

func TestTCP(t *testing.T) {
	good := func(_, _ int, f codec.TCPFrame) []byte { return answer(f) }
	behind := func(change func(*codec.TCPFrame)) func(int, int, codec.TCPFrame) []byte {
		return func(_, _ int, f codec.TCPFrame) []byte {
			other := f
			change(&other)
			return append(answer(other), answer(f)...)
		}
	}
	for _, c := range []struct {
		name  string
		says  func(conn, n int, f codec.TCPFrame) []byte
		fault error
		check func(Health) bool
	}{
		{"the answer", good, nil, func(h Health) bool { return h.Answers == 1 && h.Connected && h.Dials == 1 }},
		{"behind an answer to another transaction", behind(func(f *codec.TCPFrame) { f.Transaction-- }), nil, func(h Health) bool { return h.Alien == 1 }},
		{"behind another unit's answer", behind(func(f *codec.TCPFrame) { f.Unit++ }), nil, func(h Health) bool { return h.Alien == 1 }},
		{"silence", func(int, int, codec.TCPFrame) []byte { return nil }, drivers.ErrTimeout, func(h Health) bool { return h.Timeouts == 1 && h.Connected }},
		{"a refusal", func(_, _ int, f codec.TCPFrame) []byte {
			f.PDU = []byte{f.PDU[0] | 0x80, 2}
			return f.Append(nil)
		}, drivers.ErrException, func(h Health) bool { return h.Exceptions == 1 }},
		{"fewer registers than asked for", func(_, _ int, f codec.TCPFrame) []byte {
			f.PDU = []byte{3, 2, 0, 1}
			return f.Append(nil)
		}, drivers.ErrProtocol, func(h Health) bool { return h.Malformed == 1 && h.Connected }},
		{"not Modbus", func(int, int, codec.TCPFrame) []byte { return []byte("HTTP/1.1 400 Bad Request\r\n\r\n") }, drivers.ErrProtocol,
			func(h Health) bool { return h.Malformed == 1 && !h.Connected }},
		{"hangs up", func(int, int, codec.TCPFrame) []byte { return []byte{} }, drivers.ErrUnplugged,
			func(h Health) bool {
				return !h.Connected && !h.Lost.IsZero() && h.Fault != nil && h.Units[0].Failures == 0
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, _ := newHost(t, Options{}, c.says)
				start := time.Now()
				words, err := b.Unit(17).ReadRegisters(t.Context(), 3, 107, 3)
				if !errors.Is(err, c.fault) || err == nil && !slices.Equal(words, []uint16{107, 108, 109}) {
					t.Errorf("ReadRegisters = %v, %v; want %v", words, err, c.fault)
				}
				if took := time.Since(start); took > 500*time.Millisecond {
					t.Errorf("took %v", took)
				}
				if !c.check(b.Health()) {
					t.Errorf("health %+v", b.Health())
				}
			})
		})
	}
}

// TestTCPIdleClose: a host that closes idle connections costs no value.
func TestTCPIdleClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, h := newHost(t, Options{}, func(_, n int, f codec.TCPFrame) []byte { return answer(f) })
		for i := range 3 {
			if _, err := b.Unit(1).ReadRegisters(t.Context(), 3, 0, 1); err != nil {
				t.Fatalf("read %d: %v", i, err)
			}
			h.conns[len(h.conns)-1].Close()
			synctest.Wait()
		}
		if h.dials != 3 {
			t.Errorf("%d dials, want 3", h.dials)
		}
	})
}

// TestTCPUnreachable: tries are spaced from 0.5 to 10 s and the units are not to
// blame.
func TestTCPUnreachable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, h := newHost(t, Options{Name: "pump"}, func(_, _ int, f codec.TCPFrame) []byte { return answer(f) })
		h.fails = errors.New("connection refused")
		ask := func() error { _, err := b.Unit(1).ReadRegisters(t.Context(), 3, 0, 1); return err }
		if err := ask(); !errors.Is(err, drivers.ErrUnplugged) || err.Error() != "pump: unit 1: the line is unplugged (connection refused)" {
			t.Fatalf("got %v", err)
		}
		for _, pause := range []time.Duration{500, 1000, 2000, 4000, 8000, 10000, 10000} {
			pause *= time.Millisecond
			if err := ask(); err == nil || !strings.HasSuffix(err.Error(), "; next try in "+pause.String()) {
				t.Fatalf("got %v, want a pause of %v", err, pause)
			}
			time.Sleep(pause)
			dials := h.dials
			if err := ask(); !errors.Is(err, drivers.ErrUnplugged) || h.dials != dials+1 {
				t.Fatalf("after the pause: %v, %d dials", err, h.dials-dials)
			}
		}
		if u := b.Health().Units[0]; u.Unreached != u.Requests || u.Away == nil {
			t.Errorf("of the %d requests to no host, %d are counted as unreached; why: %v", u.Requests, u.Unreached, u.Away)
		}
		h.fails = nil
		time.Sleep(10 * time.Second)
		if err := ask(); err != nil {
			t.Errorf("the host is back, and: %v", err)
		}
		if u := b.Health().Units[0]; u.Away != nil || u.Answers != 1 {
			t.Errorf("the host is back, and the unit: %+v", u)
		}
		if s := b.Health(); !s.Connected || !s.Lost.IsZero() || s.Fault != nil || s.Units[0].Skipped != 0 {
			t.Errorf("health %+v", s)
		}
	})
}

// TestTCPDeadConnection: a host that was switched off and on says nothing on the
// old connection; after three requests a new one is made.
func TestTCPDeadConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, h := newHost(t, Options{}, func(conn, n int, f codec.TCPFrame) []byte {
			if conn == 1 && n > 1 {
				return nil
			}
			return answer(f)
		})
		faults := ""
		for unit := range uint8(5) { // different units, so that no breaker opens
			_, err := b.Unit(1+unit).ReadRegisters(t.Context(), 3, 0, 1)
			faults += " " + map[bool]string{true: "ok", false: drivers.FaultWord(err)}[err == nil]
		}
		if faults != " ok timeout timeout timeout ok" || h.dials != 2 {
			t.Errorf("%s with %d dials", faults, h.dials)
		}
	})
}

func TestTCPCancelAndClose(t *testing.T) {
	for _, c := range []struct {
		name string
		end  func(b *Bus, cancel context.CancelFunc)
		want error
	}{
		{"cancel", func(_ *Bus, cancel context.CancelFunc) { cancel() }, context.Canceled},
		{"close", func(b *Bus, _ context.CancelFunc) { b.Close() }, os.ErrClosed},
	} {
		synctest.Test(t, func(t *testing.T) {
			b, _ := newHost(t, Options{}, func(_, n int, f codec.TCPFrame) []byte {
				if n == 1 {
					return nil
				}
				return answer(f)
			})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			time.AfterFunc(70*time.Millisecond, func() { c.end(b, cancel) })
			start := time.Now()
			_, err := b.Unit(1).ReadRegisters(ctx, 3, 0, 1)
			if took := time.Since(start); !errors.Is(err, c.want) || took != 70*time.Millisecond {
				t.Errorf("%s: %v after %v", c.name, err, took)
			}
			_, err = b.Unit(1).ReadRegisters(t.Context(), 3, 0, 1)
			if (err == nil) != (c.name == "cancel") {
				t.Errorf("after %s: %v", c.name, err)
			}
		})
	}
}

// TestTCPRealSocket runs over the loopback, where dialling and closing are real.
func TestTCPRealSocket(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			request := make([]byte, 12)
			if _, err := io.ReadFull(c, request); err == nil {
				f, _, _ := codec.ParseTCP(request)
				_, _ = c.Write(answer(f))
			}
			c.Close() // after each answer
		}
	}()
	b := NewTCP(l.Addr().String(), Options{Answer: 5 * time.Second})
	for i := range uint16(3) {
		words, err := b.Unit(1).ReadRegisters(t.Context(), 4, i, 1)
		if err != nil || words[0] != i {
			t.Errorf("read %d = %v, %v", i, words, err)
		}
	}
	l.Close()
	<-done
	_, err = b.Unit(1).ReadRegisters(t.Context(), 4, 0, 1)
	if !errors.Is(err, drivers.ErrUnplugged) {
		t.Errorf("nobody listens, and: %v", err)
	}
	if err := b.Close(); err != nil {
		t.Errorf("Close = %v", err)
	}
}

// TestTCPWrites: a host that has closed an idle connection does not cost a write, and
// neither does the pause after a failed dial; but a write whose connection ends before
// it is confirmed is not sent twice, unless its caller insists.
func TestTCPWrites(t *testing.T) {
	confirm := func(f codec.TCPFrame) []byte { return f.Append(nil) }
	for _, c := range []struct {
		name   string
		says   func(conn, n int, f codec.TCPFrame) []byte
		before func(*Bus, *host)
		insist int
		want   error
		dials  int
	}{
		{"well", func(_, _ int, f codec.TCPFrame) []byte { return confirm(f) }, nil, 0, nil, 1},
		{"closed while idle", func(_, _ int, f codec.TCPFrame) []byte { return confirm(f) }, func(b *Bus, h *host) {
			_ = b.Unit(1).WriteCoil(context.Background(), 1, true)
			h.conns[0].Close()
		}, 0, nil, 2},
		{"a late answer lies there", func(conn, n int, f codec.TCPFrame) []byte { return confirm(f) }, func(b *Bus, h *host) {
			_ = b.Unit(1).WriteCoil(context.Background(), 1, true)
			late := codec.TCPFrame{Transaction: 77, Unit: 1, PDU: codec.WriteCoil(1, false).Append(nil)}
			go func() { _, _ = h.conns[0].Write(late.Append(nil)) }()
		}, 0, nil, 1},
		{"after a failed dial", func(_, _ int, f codec.TCPFrame) []byte { return confirm(f) }, func(b *Bus, h *host) {
			h.fails = errors.New("no route to host")
			_ = b.Unit(1).WriteCoil(context.Background(), 1, true)
			h.fails = nil
		}, 0, nil, 2},
		{"hangs up instead of confirming", func(conn, n int, f codec.TCPFrame) []byte {
			if n == 1 {
				return confirm(f)
			}
			return []byte{}
		}, func(b *Bus, h *host) { _ = b.Unit(1).WriteCoil(context.Background(), 1, true) }, 0, drivers.ErrUnplugged, 1},
		{"the same, insisting", func(conn, n int, f codec.TCPFrame) []byte {
			if n == 1 {
				return confirm(f)
			}
			return []byte{}
		}, func(b *Bus, h *host) { _ = b.Unit(1).WriteCoil(context.Background(), 1, true) }, 1, nil, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, h := newHost(t, Options{}, c.says)
				if c.before != nil {
					c.before(b, h)
					synctest.Wait()
				}
				if err := b.Unit(1).Insist(c.insist).WriteCoil(t.Context(), 1, false); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
					t.Errorf("got %v, want %v", err, c.want)
				}
				if h.dials != c.dials {
					t.Errorf("%d dials, want %d", h.dials, c.dials)
				}
			})
		})
	}
	t.Run("unit 0 is the host", func(t *testing.T) {
		b, _ := newHost(t, Options{}, func(_, _ int, f codec.TCPFrame) []byte { return answer(f) })
		if words, err := b.Unit(0).ReadRegisters(t.Context(), 3, 5, 1); err != nil || words[0] != 5 {
			t.Errorf("ReadRegisters = %v, %v", words, err)
		}
	})
}
