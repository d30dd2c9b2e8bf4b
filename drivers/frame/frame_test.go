package frame_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
	"github.com/lamppost-city/lamppost/drivers/frame"
)

// toy is a frame of 'A' 'B', a length, that many bytes, and their sum.
var toy = frame.Format[string]{
	Head: []byte("AB"),
	Max:  12,
	Size: func(b []byte) int {
		switch {
		case len(b) < 3:
			return 3
		case b[2] > 100:
			return 0
		default:
			return int(b[2]) + 4
		}
	},
	Decode: func(b []byte) (string, bool) {
		body, sum := b[3:len(b)-1], byte(0)
		for _, c := range body {
			sum += c
		}
		return string(body), sum == b[len(b)-1]
	},
}

func encode(body string) []byte {
	b := append([]byte("AB"), byte(len(body)))
	sum := byte(0)
	for _, c := range []byte(body) {
		b, sum = append(b, c), sum+c
	}
	return append(b, sum)
}

func TestNext(t *testing.T) {
	good := string(encode("hello"))
	for _, c := range []struct {
		name, in, want, rest string
		damage               frame.Damage
		ok                   bool
	}{
		{"empty", "", "", "", frame.Damage{}, false},
		{"a good frame", good, "hello", "", frame.Damage{}, true},
		{"the next frame stays", good + "AB", "hello", "AB", frame.Damage{}, true},
		{"an empty frame", "AB\x00\x00", "", "", frame.Damage{}, true},
		{"half a head", "xxA", "", "A", frame.Damage{Bytes: 2}, false},
		{"half a frame", good[:6], "", good[:6], frame.Damage{}, false},
		{"noise", "xyz" + good, "hello", "", frame.Damage{Bytes: 3}, true},
		{"the head begins in the noise", "AAB" + good[2:], "hello", "", frame.Damage{Bytes: 1}, true},
		{"a torn frame", good[:4] + good, "hello", "", frame.Damage{Bytes: 4, Sums: 1}, true},
		{"a bad sum", "AB\x01x?" + good, "hello", "", frame.Damage{Bytes: 5, Sums: 1}, true},
		{"a size that cannot be", "AB\xff" + good, "hello", "", frame.Damage{Bytes: 3}, true},
		{"a size above the longest frame", "AB\x20" + good, "hello", "", frame.Damage{Bytes: 3}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, rest, d, ok := toy.Next([]byte(c.in))
			if f != c.want || string(rest) != c.rest || d != c.damage || ok != c.ok {
				t.Errorf("Next(%q) = %q, %q, %+v, %v; want %q, %q, %+v, %v", c.in, f, rest, d, ok, c.want, c.rest, c.damage, c.ok)
			}
		})
	}
}

// FuzzNext holds that no byte is lost or counted twice, that rest stays short
// enough to read on, and that a frame behind noise is found whatever the noise is.
func FuzzNext(f *testing.F) {
	f.Add([]byte("noise"), "hello")
	f.Add([]byte("AB\x05hel"), "x")
	f.Add([]byte("ABABAB\x00\x01"), "")
	f.Fuzz(func(t *testing.T, noise []byte, body string) {
		body = body[:min(len(body), toy.Max-4)]
		in := append(bytes.Clone(noise), encode(body)...)
		left, frames, dropped := in, 0, 0
		var last string
		for {
			found, rest, d, ok := toy.Next(left)
			dropped += d.Bytes
			if d.Sums > d.Bytes {
				t.Fatalf("%d bad sums in %d dropped bytes", d.Sums, d.Bytes)
			}
			if !ok {
				if len(rest) >= toy.Max {
					t.Fatalf("rest has %d bytes", len(rest))
				}
				frames += len(rest)
				break
			}
			last = found
			frames += len(left) - d.Bytes - len(rest)
			left = rest
		}
		if frames+dropped != len(in) {
			t.Errorf("%d bytes in, %d used and %d dropped", len(in), frames, dropped)
		}
		if !bytes.Contains(noise, []byte("A")) && last != body {
			t.Errorf("behind noise without a head %q was found, want %q", last, body)
		}
	})
}

// read reads one frame from a line where the script happens.
func read(t *testing.T, script ...drivertest.Chunk) (string, *drivertest.Port, error) {
	t.Helper()
	p := drivertest.NewPort(script...)
	r := frame.NewReader(p, toy)
	if err := r.Fresh(); err != nil {
		return "", p, err
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	f, err := r.Next(ctx)
	return f, p, err
}

func TestReader(t *testing.T) {
	good := encode("hello")
	at := func(ms int, b ...byte) drivertest.Chunk {
		return drivertest.Chunk{At: time.Duration(ms) * time.Millisecond, Bytes: b}
	}
	long := bytes.Repeat([]byte("."), 500)
	for _, c := range []struct {
		name        string
		script      []drivertest.Chunk
		want        string
		fault       error
		noise, sums int
	}{
		{"a frame in pieces", []drivertest.Chunk{at(1, good[:3]...), at(2, good[3:]...)}, "hello", nil, 0, 0},
		{"the tail of a frame that was cut by Fresh", []drivertest.Chunk{at(0, good[:3]...), at(1, good[3:]...), at(2, good...)}, "hello", nil, 0, 0},
		{"more noise than one frame is long", []drivertest.Chunk{at(1, long...), at(2, good...)}, "hello", nil, 500 - 11, 0},
		{"a bad frame first", []drivertest.Chunk{at(1, append([]byte("AB\x01x?"), good...)...)}, "hello", nil, 5, 1},
		{"silence", nil, "", drivers.ErrTimeout, 0, 0},
		{"only noise", []drivertest.Chunk{at(1, long...)}, "", drivers.ErrProtocol, 500 - 11, 0},
		{"only bad frames", []drivertest.Chunk{at(1, []byte("AB\x01x?AB\x01x?")...)}, "", drivers.ErrChecksum, 10, 2},
		{"unplugged", []drivertest.Chunk{at(1, good[:3]...), {At: 2 * time.Millisecond, Unplug: true}}, "", drivers.ErrUnplugged, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got, p, err := read(t, c.script...)
				if got != c.want || !errors.Is(err, c.fault) {
					t.Errorf("frame %q, error %v; want %q, %v", got, err, c.want, c.fault)
				}
				if p.NoiseSum != c.noise || p.BadSums != c.sums {
					t.Errorf("%d bytes of noise and %d bad sums reported, want %d and %d", p.NoiseSum, p.BadSums, c.noise, c.sums)
				}
			})
		})
	}
}

func TestSeveralFramesInOneRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var all []byte
		for i := range 50 {
			all = append(all, encode(fmt.Sprint(i))...)
		}
		r := frame.NewReader(drivertest.NewPort(drivertest.Chunk{Bytes: all}), toy)
		for i := range 50 {
			f, err := r.Next(t.Context())
			if want := fmt.Sprint(i); f != want || err != nil {
				t.Fatalf("frame %q, %v; want %q", f, err, want)
			}
		}
	})
}

func TestCancelEndsNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := frame.NewReader(drivertest.NewPort(), toy)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Hour, cancel)
		if _, err := r.Next(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Next ended with %v", err)
		}
	})
}

func BenchmarkNext(b *testing.B) {
	buf := append(bytes.Repeat([]byte("A"), 100), encode("hello")...)
	b.SetBytes(int64(len(buf)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, _, ok := toy.Next(buf); !ok {
			b.Fatal("not found")
		}
	}
}

// Of an answer that was asked for it is known how much comes: as much without a frame
// in it is that answer, damaged where a frame begins.
func TestAwaits(t *testing.T) {
	sum := func(b []byte) bool { return bytes.HasPrefix(b, []byte("C")) } // somebody else's frames
	for _, c := range []struct {
		name  string
		comes string
		least int
		most  int
		want  error
	}{
		{"its head is damaged", "XB\x05hello\x14", 9, 9, drivers.ErrChecksum},
		{"more than the answer", "XB\x05hello\x14!", 9, 9, drivers.ErrProtocol},
		{"less than the answer", "XB\x05hell", 9, 9, drivers.ErrProtocol},
		{"of several lengths", "XB\x05hell", 6, 9, drivers.ErrChecksum},
		{"somebody else's answer", "CB\x05hello\x14", 9, 9, drivers.ErrProtocol},
		{"nobody said", "XB\x05hello\x14", 0, 0, drivers.ErrProtocol},
		{"silence", "", 9, 9, drivers.ErrTimeout},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := drivertest.NewPort(drivertest.Chunk{At: time.Millisecond, Bytes: []byte(c.comes)})
				r := frame.NewReader(p, toy)
				r.Awaits(frame.Awaited{Least: 1, Most: 99, Sum: sum}) // of an earlier one
				if err := r.Fresh(); err != nil {
					t.Fatal(err)
				}
				if c.least > 0 {
					r.Awaits(frame.Awaited{Least: c.least, Most: c.most, Sum: sum})
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				if f, err := r.Next(ctx); !errors.Is(err, c.want) {
					t.Errorf("frame %q, error %v, want %v", f, err, c.want)
				}
			})
		})
	}
}
