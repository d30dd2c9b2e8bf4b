//go:build linux && !race

package direct

import (
	"io"
	"testing"
)

// BenchmarkRoundTrip compares a small message there and back with what the net package does.
func BenchmarkRoundTrip(b *testing.B) {
	for _, name := range []string{"ask", "direct", "net"} {
		b.Run(name, func(b *testing.B) {
			ours, theirs := pair(b)
			if name == "net" {
				ours = ours.(*conn).TCPConn
			}
			go func() { _, _ = io.Copy(theirs, theirs) }()
			p := make([]byte, 12)
			b.ReportAllocs()
			for b.Loop() {
				if name == "ask" {
					if _, _, err := Ask(ours, p, p); err != nil {
						b.Fatal(err)
					}
					continue
				}
				if _, err := ours.Write(p); err != nil {
					b.Fatal(err)
				}
				if _, err := io.ReadFull(ours, p); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
