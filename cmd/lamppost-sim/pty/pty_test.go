package pty_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/pty"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T) *pty.Port {
	t.Helper()
	p, err := pty.Open(filepath.Join(t.TempDir(), "dev", "air"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// user opens the port as a gateway does, with a deadline so that no test hangs.
func user(t *testing.T, p *pty.Port) *os.File {
	t.Helper()
	f, err := os.OpenFile(p.Link(), os.O_RDWR|syscall.O_NOCTTY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if err := f.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return f
}

// every is all 256 byte values: a line discipline would change some of them.
func every() []byte {
	b := make([]byte, 256)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

func TestBytesPassUnchanged(t *testing.T) {
	p := open(t)
	f := user(t, p)
	if n := p.Write(every()); n != 256 {
		t.Fatalf("Write took %d bytes of 256", n)
	}
	got := make([]byte, 256)
	if _, err := io.ReadFull(f, got); err != nil || !bytes.Equal(got, every()) {
		t.Errorf("the user read % x (%v)", got, err)
	}
	if _, err := f.Write(every()); err != nil {
		t.Fatal(err)
	}
	clear(got)
	if _, err := io.ReadFull(p, got); err != nil || !bytes.Equal(got, every()) {
		t.Errorf("the simulator read % x (%v)", got, err)
	}
}

func TestNobodyThere(t *testing.T) {
	p := open(t)
	if n := p.Write([]byte("lost")); n != 0 {
		t.Errorf("before anybody opened it Write took %d bytes, want 0", n)
	}
	f := user(t, p)
	if n := p.Write([]byte("unread")); n != 6 {
		t.Errorf("with a user Write took %d bytes, want 6", n)
	}
	f.Close()
	if n := p.Write([]byte("lost")); n != 0 {
		t.Errorf("after the user left Write took %d bytes, want 0", n)
	}
	f = user(t, p)
	p.Write([]byte("new"))
	got := make([]byte, 32)
	if n, err := f.Read(got); err != nil || string(got[:n]) != "new" {
		t.Errorf("the next user read %q, %v; want only what was sent to it", got[:n], err)
	}
}

func TestWriteNeverBlocks(t *testing.T) {
	p := open(t)
	user(t, p) // does not read
	frame := make([]byte, 32)
	taken, n := 0, len(frame)
	for n == len(frame) && taken < 1<<20 {
		n = p.Write(frame)
		taken += n
	}
	if n == len(frame) {
		t.Errorf("%d bytes were taken though nobody reads", taken)
	}
}

func TestUnplugAndReplug(t *testing.T) {
	p := open(t)
	f := user(t, p)
	read := make(chan string)
	go func() {
		b := make([]byte, 32)
		n, _ := p.Read(b)
		read <- string(b[:n])
	}()
	if err := p.Unplug(); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the user of an unplugged port gets %v, want a hang-up", err)
	}
	if _, err := os.Lstat(p.Link()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the link of an unplugged port: %v, want it gone", err)
	}
	if n, dev := p.Write([]byte("lost")), p.Device(); n != 0 || dev != "" {
		t.Errorf("unplugged: Write took %d bytes, device %q", n, dev)
	}
	if err := errors.Join(p.Unplug(), p.Replug(), p.Replug()); err != nil {
		t.Fatal(err)
	}
	if _, err := user(t, p).Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	if got := <-read; got != "hello" {
		t.Errorf("a Read that waited through it got %q, want hello", got)
	}
}

func TestClose(t *testing.T) {
	p := open(t)
	ended := make(chan error)
	go func() {
		_, err := p.Read(make([]byte, 1))
		ended <- err
	}()
	if err := errors.Join(p.Close(), p.Close()); err != nil {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, os.ErrClosed) {
		t.Errorf("Read ended with %v, want %v", err, os.ErrClosed)
	}
	if err := p.Replug(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Replug after Close: %v, want %v", err, os.ErrClosed)
	}
}

func TestOpenWhereSomethingIs(t *testing.T) {
	dir := t.TempDir()
	stale := filepath.Join(dir, "stale")
	if err := os.Symlink("/dev/pts/9999", stale); err != nil {
		t.Fatal(err)
	}
	p, err := pty.Open(stale)
	if err != nil {
		t.Fatalf("over a link that a kill left behind: %v", err)
	}
	p.Close()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := pty.Open(file); !errors.Is(err, os.ErrExist) {
		t.Errorf("over a file: %v, want %v", err, os.ErrExist)
	}
	if b, _ := os.ReadFile(file); string(b) != "mine" {
		t.Error("the file was touched")
	}
}
