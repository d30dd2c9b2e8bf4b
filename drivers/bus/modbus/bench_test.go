package modbus

import (
	"context"
	"encoding/binary"
	"net"
	"testing"
	"time"
)

// instant is a connection to a host that answers every read of registers at once.
type instant struct {
	net.Conn
	out []byte
}

func (c *instant) Write(p []byte) (int, error) {
	n := 2 * int(binary.BigEndian.Uint16(p[10:]))
	c.out = append(c.out[:0], p[:9]...)
	binary.BigEndian.PutUint16(c.out[4:], uint16(3+n))
	c.out[8] = byte(n)
	c.out = append(c.out, make([]byte, n)...)
	return len(p), nil
}

func (c *instant) Read(p []byte) (int, error)    { return copy(p, c.out), nil }
func (c *instant) SetDeadline(t time.Time) error { return nil }
func (c *instant) Close() error                  { return nil }

// BenchmarkTCPUser is what an exchange with a host costs beside the calls into the kernel.
func BenchmarkTCPUser(b *testing.B) {
	bus := NewTCP("panel", Options{Dial: func(context.Context, string, string) (net.Conn, error) { return &instant{}, nil }})
	u := bus.Unit(1)
	ctx, stop := context.WithTimeout(b.Context(), time.Hour)
	defer stop()
	b.ReportAllocs()
	for b.Loop() {
		if words, err := u.ReadRegisters(ctx, 3, 0, 100); err != nil || len(words) != 100 {
			b.Fatal(len(words), err)
		}
	}
}
