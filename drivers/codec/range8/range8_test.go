package range8

import (
	"bytes"
	"fmt"
	"testing"
)

func Example() {
	fmt.Println(WithHead.Decode([]byte{0xFF, 0x07, 0xA1, 0xA7}))
	// Output: 1953 true
}

// The first frame is published (DFRobot wiki, SEN0311), the others were computed.
func TestDecode(t *testing.T) {
	for _, c := range []struct {
		in   []byte
		sum  Sum
		want int // -1: refused
	}{
		{[]byte{0xFF, 0x07, 0xA1, 0xA7}, WithHead, 1953},
		{[]byte{0xFF, 0x04, 0xD2, 0xD5}, WithHead, 1234},
		{[]byte{0xFF, 0x11, 0x94, 0xA4}, WithHead, 4500},
		{[]byte{0xFF, 0x00, 0x1E, 0x1D}, WithHead, 30},
		{[]byte{0xFF, 0x04, 0xFC, 0xFF}, WithHead, 1276},
		{[]byte{0xFF, 0x07, 0xA1, 0xA8}, WithHead, -1},
		{[]byte{0xFF, 0x04, 0xD2, 0xD6}, WithoutHead, 1234},
		{[]byte{0xFF, 0x00, 0x1E, 0x1E}, WithoutHead, 30},
		{[]byte{0xFF, 0x04, 0xD2, 0xD6}, WithHead, -1},
		{[]byte{0xFF, 0x04, 0xD2, 0xD5}, WithoutHead, -1},
		{[]byte{0xFE, 0x04, 0xD2, 0xD4}, WithHead, -1},
		{[]byte{0xFF, 0xFF, 0x00, 0xFE}, WithHead, -1},
		{[]byte{0xFF, 0x04, 0xD2}, WithHead, -1},
		{[]byte{0xFF, 0x04, 0xD2, 0xD5, 0}, WithHead, -1},
		{nil, WithHead, -1},
	} {
		got, ok := c.sum.Decode(c.in)
		if ok != (c.want >= 0) || ok && got != c.want {
			t.Errorf("Decode(% X) with sum %d = %d, %v, want %d", c.in, c.sum, got, ok, c.want)
		}
	}
}

func TestEveryDistance(t *testing.T) {
	for _, s := range []Sum{WithHead, WithoutHead} {
		for distance := range MaxDistance + 1 {
			b := s.Append(nil, distance)
			if got, ok := s.Decode(b); !ok || got != distance || Size(b) != Len {
				t.Fatalf("%d mm is decoded to %d, %v", distance, got, ok)
			}
		}
	}
}

// FuzzDecode holds that what is accepted is reproduced byte for byte, and that no
// frame has both sums.
func FuzzDecode(f *testing.F) {
	f.Add([]byte{0xFF, 0x07, 0xA1, 0xA7})
	f.Add([]byte{0xFF, 0x07, 0xA1, 0xA8})
	f.Add([]byte{0xFF, 0xFF, 0xFF, 0xFD})
	f.Fuzz(func(t *testing.T, b []byte) {
		accepted := 0
		for _, s := range []Sum{WithHead, WithoutHead} {
			distance, ok := s.Decode(b)
			if !ok {
				continue
			}
			accepted++
			if got := s.Append(nil, distance); !bytes.Equal(got, b) {
				t.Errorf("Decode(% x) then Append gives % x", b, got)
			}
		}
		if accepted > 1 {
			t.Errorf("% x is good by both sums", b)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	frame := WithHead.Append(nil, 1953)
	b.ReportAllocs()
	for b.Loop() {
		if d, ok := WithHead.Decode(frame); !ok || d != 1953 {
			b.Fatal(d, ok)
		}
	}
}
