//go:build linux

package ptytest

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestOpen(t *testing.T) {
	master, path, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	slave, err := os.OpenFile(path, os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer slave.Close()

	all := make([]byte, 256) // every byte passes both ways, unchanged and without echo
	for i := range all {
		all[i] = byte(i)
	}
	got := make([]byte, len(all))
	for _, way := range []struct{ from, to *os.File }{{master, slave}, {slave, master}} {
		if _, err := way.from.Write(all); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(way.to, got); err != nil || !bytes.Equal(got, all) {
			t.Fatalf("% x came out, %v", got, err)
		}
	}

	if err := master.SetReadDeadline(time.Now().Add(10 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := master.Read(got); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("read from a quiet line = %v, want a deadline", err)
	}

	master.Close()
	if n, err := slave.Read(got); n != 0 || err == nil {
		t.Errorf("read after the plug was pulled = %d, %v", n, err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there: %v", path, err)
	}
}
