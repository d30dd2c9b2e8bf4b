package modbus

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"slices"
	"testing"
	"time"

	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"

	"github.com/lamppost-city/lamppost/drivers"
)

// tape plays the same bytes after each request, then is silent; no time passes.
type tape struct {
	net.Conn // for what is not needed
	says     []byte
	left     []byte
	piece    int // how much one Read gives at most
}

func (s *tape) Write(_ context.Context, p []byte) (int, error) {
	s.left = s.says
	return len(p), nil
}

func (s *tape) Read(_ context.Context, p []byte) (int, error) {
	if len(s.left) == 0 {
		return 0, drivers.ErrTimeout
	}
	n := copy(p[:min(len(p), s.piece)], s.left)
	s.left = s.left[n:]
	return n, nil
}

// eager is a tape that has already begun to play when the request is sent, and says so.
type eager struct{ *tape }

func (s eager) Waiting() int { return len(s.left) }

func (s *tape) Discard() error { return nil }
func (s *tape) Noise(int)      {}
func (s *tape) BadChecksum()   {}
func (s *tape) Close() error   { return nil }

// Law: whatever a line says, a call ends; and registers are only ever returned
// from a good frame that stands in what was said.
func FuzzRTU(f *testing.F) {
	good := registers(1, codec.Request{Function: 3, Start: 7, Count: 2})
	f.Add(good)
	f.Add(append([]byte{1, 3, 4}, good...))
	f.Add(bytes.Repeat([]byte{1, 3, 4, 0}, 400))
	f.Fuzz(func(t *testing.T, says []byte) {
		says = says[:min(len(says), 2000)]
		b := NewRTU(&tape{says: says, piece: 7}, Options{Baud: 4_000_000})
		words, err := b.Unit(1).ReadRegisters(t.Context(), 3, 7, 2)
		if err != nil {
			if errors.Is(err, drivers.ErrUnplugged) || drivers.FaultWord(err) == "error" {
				t.Errorf("% x ends with %v", says, err)
			}
			return
		}
		data := []byte{byte(words[0] >> 8), byte(words[0]), byte(words[1] >> 8), byte(words[1])}
		if frame := codec.AppendRTU(nil, 1, codec.Answer{Function: 3, Data: data}.Append(nil)); !bytes.Contains(says, frame) {
			t.Errorf("% x gave %v", says, words)
		}
	})
}

// conn is the tape as a TCP connection.
type conn struct{ *tape }

func (c conn) Write(p []byte) (int, error) { return c.tape.Write(context.Background(), p) }
func (c conn) Read(p []byte) (int, error) {
	n, err := c.tape.Read(context.Background(), p)
	if err != nil {
		err = os.ErrDeadlineExceeded
	}
	return n, err
}
func (conn) SetDeadline(time.Time) error     { return nil }
func (conn) SetReadDeadline(time.Time) error { return nil }

// Law: the same over TCP, where the transaction must fit too.
func FuzzTCP(f *testing.F) {
	good := answer(codec.TCPFrame{Transaction: 1, Unit: 1, PDU: codec.Request{Function: 3, Start: 7, Count: 2}.Append(nil)})
	f.Add(good)
	f.Add(append(slices.Clone(good[:7]), good...))
	f.Add([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
	f.Fuzz(func(t *testing.T, says []byte) {
		b := NewTCP("", Options{Dial: func(context.Context, string, string) (net.Conn, error) { return conn{&tape{says: says, piece: 7}}, nil }})
		words, err := b.Unit(1).ReadRegisters(t.Context(), 3, 7, 2)
		if err != nil {
			return
		}
		data := []byte{byte(words[0] >> 8), byte(words[0]), byte(words[1] >> 8), byte(words[1])}
		frame := codec.TCPFrame{Transaction: 1, Unit: 1, PDU: codec.Answer{Function: 3, Data: data}.Append(nil)}
		if !bytes.Contains(says, frame.Append(nil)) {
			t.Errorf("% x gave %v", says, words)
		}
	})
}

// Law: nothing that was said before the request is taken for its answer, and a call
// ends. It runs slowly: each input has to fall silent in real time.
func FuzzListen(f *testing.F) {
	r := codec.Request{Function: 3, Start: 7, Count: 2}
	question := codec.AppendRTU(nil, 1, r.Append(nil))
	f.Add(registers(1, r))
	f.Add(append(registers(1, r), question...))
	f.Add(append(question, registers(1, r)...))
	f.Fuzz(func(t *testing.T, says []byte) {
		line := &tape{left: says[:min(len(says), 2000)], piece: 7}
		b := NewRTU(eager{line}, Options{Baud: 4_000_000})
		if words, err := b.Unit(1).ReadRegisters(t.Context(), 3, 7, 2); err == nil {
			t.Errorf("% x, said before anything was asked, gave %v", says, words)
		}
	})
}

func BenchmarkRTU(b *testing.B) {
	bus := NewRTU(&tape{says: registers(1, codec.Request{Function: 3, Count: 16}), piece: 64}, Options{Baud: 4_000_000})
	u := bus.Unit(1)
	b.ReportAllocs()
	for b.Loop() {
		bus.way.(*rtu).busy = time.Time{} // without the silence between frames, which is not ours to speed up
		if _, err := u.ReadRegisters(b.Context(), 3, 0, 16); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(16*float64(b.N)/b.Elapsed().Seconds(), "registers/s")
}

func BenchmarkTCP(b *testing.B) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		for buf := make([]byte, 64); ; {
			n, err := c.Read(buf)
			if err != nil {
				return
			}
			f, _, _ := codec.ParseTCP(buf[:n])
			if _, err := c.Write(answer(f)); err != nil {
				return
			}
		}
	}()
	bus := NewTCP(l.Addr().String(), Options{})
	defer bus.Close()
	u := bus.Unit(1)
	ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
	defer cancel()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := u.ReadRegisters(ctx, 3, 0, 100); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(100*float64(b.N)/b.Elapsed().Seconds(), "registers/s")
}
