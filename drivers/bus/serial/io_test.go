//go:build linux

package serial

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

func TestReadEndsAtTheDeadline(t *testing.T) {
	l, master, _ := open(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	start := time.Now()
	n, err := l.Read(ctx, make([]byte, 8))
	if took := time.Since(start); n != 0 || !errors.Is(err, drivers.ErrTimeout) || took < 30*time.Millisecond || took > 300*time.Millisecond {
		t.Errorf("Read = %d, %v after %v; want a timeout after 30 ms", n, err, took)
	}
	if _, err := l.Read(ctx, make([]byte, 8)); !errors.Is(err, drivers.ErrTimeout) {
		t.Errorf("Read with a passed deadline = %v", err)
	}
	if h := l.Health(); h.Timeouts != 2 {
		t.Errorf("%d timeouts counted, want 2", h.Timeouts)
	}
	say(t, master, "still here")
	expect(t, l, "still here")
}

// TestCancel ends a blocked read many times; it must end within 50 ms, and the
// next read must not suffer from it. A few may be late on a machine that is busy
// with something else.
func TestCancel(t *testing.T) {
	l, master, _ := open(t)
	var took []time.Duration
	for range 50 {
		ctx, cancel := context.WithCancel(t.Context())
		first, ended := make(chan error), make(chan error)
		go func() {
			b := make([]byte, 8)
			_, err := l.Read(ctx, b)
			first <- err
			_, err = l.Read(ctx, b)
			ended <- err
		}()
		say(t, master, "x")
		if err := <-first; err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		cancel()
		err := <-ended
		took = append(took, time.Since(start))
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("cancelled Read = %v", err)
		}
	}
	slices.Sort(took)
	if took[45] > 50*time.Millisecond {
		t.Errorf("cancelled reads took up to %v to end, want less than 50 ms", took[45])
	}
	t.Logf("50 cancelled reads: median %v, slowest %v", took[25], took[49])
	say(t, master, "y")
	expect(t, l, "y")
}

func TestCloseEndsABlockedRead(t *testing.T) {
	l, master, _ := open(t)
	first, ended := make(chan error), make(chan error)
	go func() {
		b := make([]byte, 8)
		_, err := l.Read(t.Context(), b)
		first <- err
		_, err = l.Read(context.Background(), b)
		ended <- err
	}()
	say(t, master, "x")
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if err := l.Close(); err != nil {
		t.Errorf("Close = %v", err)
	}
	err := <-ended
	if took := time.Since(start); !errors.Is(err, os.ErrClosed) || took > 500*time.Millisecond {
		t.Errorf("Read ended with %v after %v", err, took)
	}
	if _, err := l.Write(t.Context(), []byte{1}); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Write after Close = %v", err)
	}
	if err := l.Close(); err != nil {
		t.Errorf("second Close = %v", err)
	}
}

func TestWriteEndsWhenTheLineIsStuck(t *testing.T) {
	l, master, _ := open(t)
	big := make([]byte, 200_000) // nobody reads at the other end
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	n, err := l.Write(ctx, big)
	if took := time.Since(start); !errors.Is(err, drivers.ErrTimeout) || n == len(big) || took > time.Second {
		t.Errorf("Write = %d, %v after %v", n, err, took)
	}
	ctx, cancel = context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, err := l.Write(ctx, big)
		ended <- err
	}()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled Write = %v", err)
	}
	say(t, master, "ok")
	expect(t, l, "ok")
}

func TestRandomBytes(t *testing.T) {
	var traced bytes.Buffer
	l, master, _ := open(t, func(c *Config) {
		c.Trace = func(sent bool, p []byte, at time.Time) {
			if !sent && !at.IsZero() {
				traced.Write(p)
			}
		}
	})
	rnd := rand.New(rand.NewPCG(1, 2))
	want := make([]byte, 100_000)
	for i := range want {
		want[i] = byte(rnd.Uint32())
	}
	written := make(chan error, 1)
	go func() {
		_, err := master.Write(want)
		written <- err
	}()
	var got []byte
	for b := make([]byte, 1+rnd.IntN(300)); len(got) < len(want); {
		n, err := l.Read(t.Context(), b)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, b[:n]...)
	}
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) || !bytes.Equal(traced.Bytes(), want) {
		t.Error("bytes changed on their way")
	}
	if h := l.Health(); h.BytesIn != uint64(len(want)) {
		t.Errorf("%d bytes counted, want %d", h.BytesIn, len(want))
	}
}

func TestDiscard(t *testing.T) {
	l, master, _ := open(t)
	say(t, master, "stale")
	b := make([]byte, 1)
	if _, err := l.Read(t.Context(), b); err != nil { // the rest has come with it
		t.Fatal(err)
	}
	if err := l.Discard(); err != nil {
		t.Fatal(err)
	}
	say(t, master, "fresh")
	expect(t, l, "fresh")
	l.Noise(3)
	l.Noise(-1)
	l.BadChecksum()
	if h := l.Health(); h.Noise != 7 || h.BadChecksums != 1 || h.BytesIn != 10 {
		t.Errorf("noise %d, checksums %d, bytes %d; want 7, 1, 10", h.Noise, h.BadChecksums, h.BytesIn)
	}
}

func TestWrite(t *testing.T) {
	var sent string
	l, master, _ := open(t, func(c *Config) {
		c.Trace = func(s bool, p []byte, _ time.Time) {
			if s {
				sent += string(p)
			}
		}
	})
	if n, err := l.Write(t.Context(), []byte("\x01\x03\x00\r\n\x11\x13\xff")); n != 8 || err != nil {
		t.Fatalf("Write = %d, %v", n, err)
	}
	got := make([]byte, 8)
	if _, err := io.ReadFull(master, got); err != nil || string(got) != "\x01\x03\x00\r\n\x11\x13\xff" || sent != string(got) {
		t.Errorf("%q arrived, %q traced, %v", got, sent, err)
	}
	if h := l.Health(); h.BytesOut != 8 || !h.Open || h.Since.IsZero() || h.Errors != nil {
		t.Errorf("health %+v", h)
	}
}

func BenchmarkExchange(b *testing.B) {
	l, master, _ := open(b)
	answer := make([]byte, 25)
	go func() {
		for p := make([]byte, 8); ; {
			if _, err := io.ReadFull(master, p); err != nil {
				return
			}
			if _, err := master.Write(answer); err != nil {
				return
			}
		}
	}()
	request, p := make([]byte, 8), make([]byte, 256)
	ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
	defer cancel()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.Write(ctx, request); err != nil {
			b.Fatal(err)
		}
		for got := 0; got < len(answer); {
			n, err := l.Read(ctx, p)
			if err != nil {
				b.Fatal(err)
			}
			got += n
		}
	}
	b.StopTimer()
	master.Close()
}
