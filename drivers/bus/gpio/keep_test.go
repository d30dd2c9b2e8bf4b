//go:build linux

package gpio

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"
)

const boot = "6f1d2a3b-4c5d-4e6f-8a9b-0c1d2e3f4a5b"

func sampleMemory(n uint32) memory {
	return memory{n: n, total: 123456, lost: 7, unwatched: time.Hour, alive: 90 * time.Second, boot: markOf(boot)}
}

// What is taken for a memory is written as it was read.
func FuzzMemory(f *testing.F) {
	var p [memorySize]byte
	for _, m := range []memory{{}, sampleMemory(1), sampleMemory(1<<32 - 1)} {
		m.put(p[:])
		f.Add(bytes.Clone(p[:]))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := parseMemory(b)
		if err != nil {
			return
		}
		m.put(p[:])
		if !bytes.Equal(p[:], b) {
			t.Errorf("% x is read as %+v and written as % x", b, m, p)
		}
	})
}

// Whichever byte of a memory is wrong, it is not taken; the other one still counts.
func TestTornWriting(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "rain.count")
	k, m, err := openKeeper(dir, "rain")
	if err != nil || m != (memory{}) {
		t.Fatalf("a new counter knows %+v, %v", m, err)
	}
	for n := range uint32(5) {
		if err := k.write(sampleMemory(n + 1)); err != nil {
			t.Fatal(err)
		}
	}
	k.close()
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := range len(whole) {
		for _, damage := range []func([]byte) []byte{
			func(b []byte) []byte { b[i] ^= 0x10; return b },
			func(b []byte) []byte { return b[:i] },
		} {
			if err := os.WriteFile(file, damage(bytes.Clone(whole)), 0o600); err != nil {
				t.Fatal(err)
			}
			k, m, err := openKeeper(dir, "rain")
			if err != nil {
				t.Fatal(err)
			}
			k.close()
			if m != sampleMemory(5) && m != sampleMemory(4) && !(m == memory{} && i < memorySize) {
				t.Fatalf("byte %d is wrong, and the counter knows %+v", i, m)
			}
		}
	}
}

func TestNewestCounts(t *testing.T) {
	for _, c := range []struct{ a, b, want uint32 }{{4, 5, 5}, {6, 5, 6}, {0, 1<<32 - 1, 1<<32 - 1}, {1 << 31, 1<<31 - 1, 1 << 31}} {
		dir := t.TempDir()
		k, _, err := openKeeper(dir, "x")
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []uint32{c.a, c.b} {
			if n > 0 {
				if err := k.write(sampleMemory(n)); err != nil {
					t.Fatal(err)
				}
			}
		}
		k.close()
		k, m, err := openKeeper(dir, "x")
		if err != nil || m.n != c.want {
			t.Errorf("%d and %d: %d counts, want %d (%v)", c.a, c.b, m.n, c.want, err)
		}
		k.close()
	}
}

func TestNoFolder(t *testing.T) {
	k, m, err := openKeeper("", "x")
	if err != nil || m != (memory{}) || k.write(sampleMemory(1)) != nil {
		t.Errorf("without a folder: %+v, %v", m, err)
	}
	k, _, err = openKeeper(filepath.Join(t.TempDir(), "none"), "x")
	if err == nil || k.write(sampleMemory(1)) != nil {
		t.Errorf("a folder that is not there: %v", err)
	}
}

func TestMarks(t *testing.T) {
	if markOf(boot) == markOf("7f1d2a3b-4c5d-4e6f-8a9b-0c1d2e3f4a5b") || markOf(boot) == (bootMark{}) {
		t.Error("two boots have one mark")
	}
}
