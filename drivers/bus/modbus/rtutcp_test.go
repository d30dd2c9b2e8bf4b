package modbus

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"

	"github.com/lamppost-city/lamppost/drivers"
)

// serialServer is a host that passes bytes on to a line at the other end of net.Pipe:
// what the line says to the nth request of a connection is what says gives. A piece
// without bytes hangs up.
type serialServer struct {
	says  func(conn, n int, unit uint8, r codec.Request) []piece
	conns []net.Conn
	fails error
}

func (s *serialServer) dial(context.Context, string, string) (net.Conn, error) {
	if s.fails != nil {
		return nil, s.fails
	}
	ours, theirs := net.Pipe()
	s.conns = append(s.conns, theirs)
	go s.serve(theirs, len(s.conns))
	return ours, nil
}

func (s *serialServer) serve(c net.Conn, conn int) {
	defer c.Close()
	buf := make([]byte, 512)
	for n := 1; ; n++ {
		got, err := c.Read(buf) // net.Pipe gives a request in one piece
		if err != nil {
			return
		}
		unit, pdu, err := codec.ParseRTU(buf[:got])
		if err != nil {
			return
		}
		r, _ := codec.ParseRequest(pdu)
		for _, p := range s.says(conn, n, unit, r) {
			time.Sleep(p.after)
			if len(p.bytes) == 0 {
				return
			}
			if _, err := c.Write(p.bytes); err != nil {
				return
			}
		}
	}
}

func newServer(t *testing.T, says func(conn, n int, unit uint8, r codec.Request) []piece) (*Bus, *serialServer) {
	s := &serialServer{says: says}
	b := NewRTUOverTCP("10.0.0.7:4001", Options{Dial: s.dial})
	t.Cleanup(func() {
		b.Close()
		for _, c := range s.conns {
			c.Close()
		}
	})
	return b, s
}

func TestRTUOverTCP(t *testing.T) {
	ms := time.Millisecond
	well := func(_, _ int, unit uint8, r codec.Request) []piece { return []piece{{20 * ms, registers(unit, r)}} }
	bad := func(unit uint8, r codec.Request) []byte {
		f := registers(unit, r)
		f[4] ^= 1
		return f
	}
	for _, c := range []struct {
		name  string
		says  func(conn, n int, unit uint8, r codec.Request) []piece
		fault error
		check func(Health) bool
	}{
		{"the answer", well, nil, func(h Health) bool { return h.Answers == 1 && h.Connected && h.Dials == 1 }},
		{"torn by the network", func(_, _ int, unit uint8, r codec.Request) []piece {
			f := registers(unit, r)
			return []piece{{20 * ms, f[:1]}, {100 * ms, f[1:4]}, {200 * ms, f[4:]}}
		}, nil, nil},
		{"behind garbage", func(_, _ int, unit uint8, r codec.Request) []piece {
			return []piece{{0, []byte("\xff\xfdlogin: ")}, {20 * ms, registers(unit, r)}}
		}, nil, func(h Health) bool { return h.Noise == 9 }},
		{"behind another unit's answer", func(_, _ int, unit uint8, r codec.Request) []piece {
			return []piece{{0, registers(unit+1, r)}, {20 * ms, registers(unit, r)}}
		}, nil, func(h Health) bool { return h.Alien == 1 }},
		{"damaged", func(_, _ int, unit uint8, r codec.Request) []piece { return []piece{{0, bad(unit, r)}} }, drivers.ErrChecksum,
			func(h Health) bool { return h.Damaged == 1 && h.Connected }},
		{"silence", func(int, int, uint8, codec.Request) []piece { return nil }, drivers.ErrTimeout,
			func(h Health) bool { return h.Timeouts == 1 && h.Connected }},
		{"hangs up", func(int, int, uint8, codec.Request) []piece { return []piece{{0, nil}} }, drivers.ErrUnplugged,
			func(h Health) bool { return !h.Connected && h.Fault != nil && h.Units[0].Failures == 0 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, _ := newServer(t, c.says)
				ctx, cancel := context.WithTimeout(t.Context(), 800*ms) // no room for a retry
				defer cancel()
				words, err := b.Unit(17).ReadRegisters(ctx, 3, 107, 3)
				if !errors.Is(err, c.fault) || err == nil && !slices.Equal(words, []uint16{107, 108, 109}) {
					t.Errorf("ReadRegisters = %v, %v; want %v", words, err, c.fault)
				}
				if h := b.Health(); c.check != nil && !c.check(h) {
					t.Errorf("health %+v", h)
				}
			})
		})
	}
}

// TestRTUOverTCPReconnects: after an idle close, after three silent requests, after a
// failed dial; garbage that came meanwhile is not taken for an answer.
func TestRTUOverTCPReconnects(t *testing.T) {
	well := func(_, _ int, unit uint8, r codec.Request) []piece { return []piece{{0, registers(unit, r)}} }
	read := func(b *Bus, unit uint8) error {
		_, err := b.Unit(unit).ReadRegisters(context.Background(), 3, 7, 1)
		return err
	}
	synctest.Test(t, func(t *testing.T) {
		b, s := newServer(t, well)
		for i := range 3 {
			if err := read(b, 1); err != nil {
				t.Fatalf("read %d: %v", i, err)
			}
			s.conns[len(s.conns)-1].Close()
			synctest.Wait()
		}
		if err := b.Unit(1).WriteRegisters(t.Context(), 7, []uint16{1}); err == nil || b.Health().Dials != 4 {
			t.Errorf("a write that gets a read's answer: %v, %d dials", err, b.Health().Dials)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		b, s := newServer(t, func(conn, n int, unit uint8, r codec.Request) []piece {
			if conn == 1 && n > 1 {
				return nil
			}
			return well(conn, n, unit, r)
		})
		faults := ""
		for unit := range uint8(5) { // different units, so that no breaker opens
			faults += " " + map[bool]string{true: "ok", false: "silent"}[read(b, 1+unit) == nil]
		}
		if faults != " ok silent silent silent ok" || len(s.conns) != 2 {
			t.Errorf("%s with %d dials", faults, len(s.conns))
		}
	})
	synctest.Test(t, func(t *testing.T) {
		b, s := newServer(t, well)
		s.fails = errors.New("connection refused")
		err := read(b, 1)
		if want := "10.0.0.7:4001: unit 1: the line is unplugged (connection refused)"; err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
		if s.fails = nil; read(b, 1) == nil {
			t.Error("no pause between dials")
		}
		if err := b.Unit(0).WriteCoil(t.Context(), 1, false); err != nil { // a write has no time for that
			t.Errorf("broadcast: %v", err)
		}
		if err := read(b, 1); err != nil {
			t.Error(err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		b, s := newServer(t, well)
		if err := read(b, 1); err != nil {
			t.Fatal(err)
		}
		go func() { // of another master's: right unit, function and length
			_, _ = s.conns[0].Write(registers(1, codec.Request{Function: 3, Start: 99, Count: 1}))
		}()
		synctest.Wait()
		if words, err := b.Unit(1).ReadRegisters(t.Context(), 3, 8, 1); err != nil || words[0] != 8 {
			t.Errorf("ReadRegisters = %v, %v", words, err)
		}
	})
}

// TestRTUOverTCPRealSocket: what lies in a real socket, and its end, are seen without
// waiting.
func TestRTUOverTCPRealSocket(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed, done := make(chan struct{}, 8), make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			for range 2 {
				request := make([]byte, 8)
				if _, err := io.ReadFull(c, request); err != nil {
					break
				}
				_, pdu, _ := codec.ParseRTU(request)
				r, _ := codec.ParseRequest(pdu)
				_, _ = c.Write(append(registers(request[0], r), "late"...))
			}
			c.Close()
			closed <- struct{}{}
		}
	}()
	b := NewRTUOverTCP(l.Addr().String(), Options{Answer: 5 * time.Second, Baud: 115200})
	for i := range uint16(6) {
		words, err := b.Unit(1).ReadRegisters(t.Context(), 4, i, 1)
		if err != nil || words[0] != i {
			t.Errorf("read %d = %v, %v", i, words, err)
		}
		if i%2 == 1 {
			<-closed
		}
	}
	if h := b.Health(); h.Dials != 3 || h.Retries != 0 {
		t.Errorf("health %+v", h)
	}
	b.Close()
	if _, err := b.Unit(1).ReadRegisters(t.Context(), 3, 0, 1); !errors.Is(err, os.ErrClosed) && !strings.Contains(err.Error(), "closed") {
		t.Errorf("after Close: %v", err)
	}
	l.Close()
	<-done
}
