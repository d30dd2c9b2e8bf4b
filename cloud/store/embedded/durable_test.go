package embedded

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/lamppost-city/lamppost/cloud/store"
	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/journal/faultfs"
)

// TestPowerCut forgets everything that the log had not synced, and the index.
func TestPowerCut(t *testing.T) {
	dir, fs := t.TempDir(), faultfs.New()
	s := open(t, dir, Options{fs: fs})
	for i := range 100 {
		write(t, s, pointOf(1, base+int64(i), float64(i)))
	}
	after := fs.Reboot(nil)
	crashed(s)
	if err := os.RemoveAll(filepath.Join(dir, "index")); err != nil {
		t.Fatal(err)
	}
	again := open(t, dir, Options{fs: after})
	if n := len(all(t, again, 1)); n != 100 {
		t.Errorf("%d points survive a power cut, 100 were taken", n)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
}

// crashed is crash without a disk.
func crashed(s *Store) {
	s.life.Lock()
	s.closed = true
	s.life.Unlock()
	close(s.quit)
	<-s.done
	_ = s.shut()
}

// TestLogCannotBeSynced: nothing is taken that is not on disk.
func TestLogCannotBeSynced(t *testing.T) {
	fs := faultfs.New()
	s := open(t, t.TempDir(), Options{fs: fs})
	fs.Hook(func(op faultfs.Op, _ string) error {
		if op == "sync" {
			return syscall.EIO
		}
		return nil
	})
	for range 3 {
		if _, err := s.Write(t.Context(), []store.Point{pointOf(1, base, 1)}); !errors.Is(err, store.ErrUnavailable) || !errors.Is(err, syscall.EIO) {
			t.Fatalf("Write = %v", err)
		}
	}
	if n := len(all(t, s, 1)); n != 0 {
		t.Errorf("%d points are visible that are not durable", n)
	}
	fs.Hook(nil)
	_ = s.log.Close() // makes the last try at once; the journal's own pauses are tested there
	crashed(s)
}

func TestReadOnlyAtOpen(t *testing.T) {
	fs := faultfs.New()
	fs.Space(0)
	if _, err := Open(t.TempDir(), Options{fs: fs}); !errors.Is(err, journal.ErrDegraded) || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Open on a full disk = %v", err)
	}
}

// TestCheckpointKeepsWhatIsUnderWay: a log record whose points are not in the
// index yet is not dropped with the ones around it.
func TestCheckpointKeepsWhatIsUnderWay(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{segment: 4 << 10})
	write(t, s, pointOf(1, base, 1))
	s.mu.Lock()
	seq, err := s.log.Append(kindPoints, appendPoints(nil, []store.Point{pointOf(2, base, 2)}))
	s.flying[seq] = true
	s.last = seq
	s.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2000 {
		write(t, s, pointOf(3, base+int64(i*i%7919), float64(i)*1.7))
	}
	if err := s.checkpoint(); err != nil {
		t.Fatal(err)
	}
	crash(t, s)
	again := open(t, dir, Options{})
	if n := len(all(t, again, 2)); n != 1 {
		t.Errorf("%d points of the record under way, want 1", n)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestRepeatedSnapshot: after a failed snapshot the engine repeats the old one;
// what came in between must follow before the log is dropped.
func TestRepeatedSnapshot(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{segment: 4 << 10})
	write(t, s, pointOf(1, base, 1))
	index := filepath.Join(dir, "index", shardName(shardStart(base)))
	if err := os.Rename(index, index+".away"); err != nil {
		t.Fatal(err)
	}
	if err := s.checkpoint(); err == nil {
		t.Fatal("a checkpoint without a directory succeeds")
	}
	if err := os.Rename(index+".away", index); err != nil {
		t.Fatal(err)
	}
	write(t, s, pointOf(2, base, 2))
	if err := s.checkpoint(); err != nil {
		t.Fatal(err)
	}
	if m := s.Stats().Memory; m != 0 {
		t.Errorf("%d bytes are still in memory, and the log is dropped", m)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
