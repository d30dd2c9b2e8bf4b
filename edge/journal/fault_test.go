package journal_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/journal/faultfs"
)

// TestFailingOperations makes one kind of operation fail for ten minutes: the
// journal goes on in memory, says so, and recovers by itself with nothing lost.
func TestFailingOperations(t *testing.T) {
	for _, op := range []faultfs.Op{"create", "write", "sync", "syncdir"} {
		t.Run(string(op), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { failing(t, op) })
		})
	}
}

func failing(t *testing.T, op faultfs.Op) {
	fs := faultfs.New()
	j, err := journal.Open("/j", journal.Options{FS: fs, SegmentSize: 4 << 10, Commit: time.Second, Stamp: fixed})
	if err != nil {
		t.Fatal(err)
	}
	add(t, j, "before")
	mustSync(t, j)
	// create and syncdir are only needed for a new segment: fill this one.
	add(t, j, noise(1, 5000))
	mustSync(t, j)
	fs.Hook(func(o faultfs.Op, _ string) error {
		if o == op {
			return syscall.EIO
		}
		return nil
	})
	for i := range 60 {
		add(t, j, fmt.Sprintf("during %d", i))
		time.Sleep(10 * time.Second)
	}
	st := j.Stats()
	if !st.Degraded || !errors.Is(st.Err, journal.ErrDegraded) || !errors.Is(st.Err, syscall.EIO) || st.Since.IsZero() {
		t.Fatalf("stats during the fault: %+v", st)
	}
	if err := j.Sync(t.Context()); !errors.Is(err, syscall.EIO) {
		t.Errorf("Sync = %v, want the disk's error at once", err)
	}
	if got, _ := readAll(t, j, j.Epoch()); len(got) != 2 {
		t.Errorf("%d records are readable during the fault, want those committed before", len(got))
	}
	fs.Hook(nil)
	time.Sleep(time.Minute + time.Second)
	if st := j.Stats(); st.Degraded || st.Waiting != 0 || st.Lost != 0 {
		t.Errorf("stats a minute later: %+v", st)
	}
	again, err := journal.Open("/j", journal.Options{FS: fs.Reboot(nil), SegmentSize: 64 << 10, Size: 16 << 20, Reserve: 64 << 10, Stamp: fixed})
	if err != nil {
		t.Fatal(err)
	}
	got, damage := readAll(t, again, j.Epoch())
	if want := numbers(1, 62); damage != nil || !slices.Equal(got, want) {
		t.Errorf("after a power cut %v (%v), want %v", got, damage, want)
	}
	if lost := infoOf(again, j.Epoch()).Lost; len(lost) != 0 {
		t.Errorf("lost %v", lost)
	}
	_ = j.Close()
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
}

func numbers(from, to uint64) (out []uint64) {
	for ; from <= to; from++ {
		out = append(out, from)
	}
	return out
}

// TestOverflow keeps the disk away until the buffer overflows.
func TestOverflow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := faultfs.New()
		j, err := journal.Open("/j", journal.Options{FS: fs, Size: 16 << 20, SegmentSize: 256 << 10, Reserve: 256 << 10, Commit: time.Second, Buffer: 256 << 10, Stamp: fixed})
		if err != nil {
			t.Fatal(err)
		}
		fs.Space(0)
		if err := j.SetState("early", []byte("kept")); err != nil {
			t.Fatal(err)
		}
		const n = 1000
		for i := range n {
			if _, err := j.AppendState(1, []byte(noise(i, 1000)), "cursor", fmt.Append(nil, i)); err != nil {
				t.Fatal(err)
			}
			if w := j.Stats().Waiting; w > 256<<10+64<<10 {
				t.Fatalf("%d bytes wait in memory", w)
			}
		}
		time.Sleep(2 * time.Second)
		lost := j.Stats().Lost
		if lost == 0 || lost > n-200 {
			t.Fatalf("%d of %d records lost, want the oldest, not all", lost, n)
		}
		if err := j.SyncTo(t.Context(), 1); !errors.Is(err, journal.ErrLost) {
			t.Errorf("SyncTo(1) = %v, want ErrLost", err)
		}
		fs.Space(-1)
		time.Sleep(2 * time.Minute)
		if err := j.SyncTo(t.Context(), n); err != nil {
			t.Errorf("SyncTo(newest) = %v", err)
		}
		again, err := journal.Open("/j", journal.Options{FS: fs.Reboot(nil), SegmentSize: 64 << 10, Size: 16 << 20, Reserve: 64 << 10, Stamp: fixed})
		if err != nil {
			t.Fatal(err)
		}
		got, _ := readAll(t, again, j.Epoch())
		info := infoOf(again, j.Epoch())
		if !slices.Equal(got, numbers(lost+1, n)) || len(info.Lost) != 1 || info.Lost[0].Why != journal.WhyOverflow || info.Lost[0].Count() != lost {
			t.Errorf("%d records, lost %+v", len(got), info.Lost)
		}
		for key, want := range map[string]string{"early": "kept", "cursor": fmt.Sprint(n - 1)} {
			if s, _ := again.State(key); string(s) != want {
				t.Errorf("state %s = %q, want %q", key, s, want)
			}
		}
		_ = j.Close()
		_ = again.Close()
	})
}

// TestFullDisk trims on a full disk: room is made though nothing can be written
// about it first.
func TestFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := faultfs.New()
		fs.Space(64 << 10)
		j, err := journal.Open("/j", journal.Options{FS: fs, SegmentSize: 8 << 10, Commit: time.Second, Stamp: fixed})
		if err != nil {
			t.Fatal(err)
		}
		var declared uint64
		for i := range 410 { // the last ten rounds only make room
			if i < 400 {
				add(t, j, noise(i, 500))
			}
			time.Sleep(time.Second)
			if !j.Stats().Degraded {
				continue
			}
			err := j.Trim(t.Context(), func(_ journal.Epoch, r journal.Range) []journal.Range { return []journal.Range{r} },
				func(l journal.Loss) error { declared += l.Count(); return nil })
			if err != nil {
				t.Fatalf("Trim on a full disk: %v", err)
			}
			time.Sleep(time.Minute)
		}
		if st := j.Stats(); st.Degraded || st.Lost > 0 || declared == 0 {
			t.Errorf("declared %d, stats %+v", declared, st)
		}
		got, _ := readAll(t, j, j.Epoch())
		if !slices.Equal(got, numbers(declared+1, 400)) {
			t.Errorf("%d records from %d on, %d declared lost", len(got), got[0], declared)
		}
		_ = j.Close()
	})
}

// TestDiskReadOnlyAtOpen opens a directory that cannot be written at all.
func TestDiskReadOnlyAtOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		files, epoch := small(t, 2, false)
		fs := filesystem(files)
		fs.Hook(func(op faultfs.Op, _ string) error {
			if slices.Contains([]faultfs.Op{"create", "rename", "remove", "write"}, op) {
				return syscall.EROFS
			}
			return nil
		})
		j := open(t, fs)
		if st := j.Stats(); !st.Degraded || !errors.Is(st.Err, syscall.EROFS) {
			t.Fatalf("stats %+v", st)
		}
		if got, _ := readAll(t, j, epoch); len(got) != 4 {
			t.Errorf("%d old records are readable, want 4", len(got))
		}
		seq := add(t, j, "measured all the same")
		fs.Hook(nil)
		time.Sleep(2 * time.Minute)
		if err := j.SyncTo(t.Context(), seq); err != nil {
			t.Errorf("after the remount: %v", err)
		}
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestUnreadablePage makes one page of an old file answer EIO.
func TestUnreadablePage(t *testing.T) {
	fs := faultfs.New()
	j := open(t, fs)
	for i := range 40 {
		add(t, j, noise(i, 1000))
		mustSync(t, j)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, &badPage{FS: fs, from: 16 << 10, to: 20 << 10})
	got, _ := readAll(t, again, j.Epoch())
	lost := infoOf(again, j.Epoch()).Lost
	if len(lost) != 1 || len(got)+int(lost[0].Count()) != 40 || lost[0].Count() > 6 {
		t.Errorf("%d records, lost %v", len(got), lost)
	}
	_ = again.Close()
}

type badPage struct {
	*faultfs.FS
	from, to int64
}

func (b *badPage) Open(path string) (journal.File, error) {
	f, err := b.FS.Open(path)
	if err != nil || !strings.HasPrefix(filepath.Base(path), "0000000001-") {
		return f, err
	}
	return badFile{f, b}, nil
}

type badFile struct {
	journal.File
	bad *badPage
}

func (f badFile) ReadAt(p []byte, off int64) (int, error) {
	if off < f.bad.to && off+int64(len(p)) > f.bad.from {
		return 0, syscall.EIO
	}
	return f.File.ReadAt(p, off)
}

// TestHungDisk: Append returns while a write hangs.
func TestHungDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var hang atomic.Pointer[chan struct{}]
		fs := &hungFS{FS: faultfs.New(), hang: &hang}
		j, err := journal.Open("/j", journal.Options{FS: fs, Size: 16 << 20, SegmentSize: 256 << 10, Reserve: 256 << 10, Commit: time.Second, Stamp: fixed})
		if err != nil {
			t.Fatal(err)
		}
		gate := make(chan struct{})
		hang.Store(&gate)
		start := time.Now()
		for range 100 {
			add(t, j, "x")
			time.Sleep(100 * time.Millisecond)
		}
		if took := time.Since(start); took != 10*time.Second {
			t.Errorf("100 records took %v, want 10s of pauses and no waiting", took)
		}
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		if err := j.Sync(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Sync on a hung disk = %v", err)
		}
		hang.Store(nil)
		close(gate)
		mustSync(t, j)
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
}

type hungFS struct {
	*faultfs.FS
	hang *atomic.Pointer[chan struct{}]
}

func (h *hungFS) Create(path string) (journal.File, error) {
	f, err := h.FS.Create(path)
	return hungFile{f, h}, err
}

type hungFile struct {
	journal.File
	fs *hungFS
}

func (f hungFile) Sync() error {
	if gate := f.fs.hang.Load(); gate != nil {
		<-*gate
	}
	return f.File.Sync()
}

func TestSyncIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := open(t, slowFS{faultfs.New()})
		before := j.Stats().Syncs
		var wg sync.WaitGroup
		const writers, each = 50, 20
		for range writers {
			wg.Go(func() {
				for range each {
					seq, err := j.Append(1, []byte("pack"))
					if err != nil {
						t.Error(err)
					}
					if err := j.SyncTo(t.Context(), seq); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if n := j.Stats().Syncs - before; n > 2*each+2 {
			t.Errorf("%d syncs for %d records of %d writers", n, writers*each, writers)
		}
		if got, _ := readAll(t, j, j.Epoch()); len(got) != writers*each {
			t.Errorf("%d records", len(got))
		}
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
}

// slowFS needs 5 ms for a sync.
type slowFS struct{ *faultfs.FS }

func (s slowFS) Create(path string) (journal.File, error) {
	f, err := s.FS.Create(path)
	return slowFile{f}, err
}

type slowFile struct{ journal.File }

func (f slowFile) Sync() error {
	time.Sleep(5 * time.Millisecond)
	return f.File.Sync()
}

// TestOverflowOfPlainRecords is TestOverflow without a state in sight.
func TestOverflowOfPlainRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := faultfs.New()
		j, err := journal.Open("/j", journal.Options{FS: fs, Size: 16 << 20, SegmentSize: 256 << 10, Reserve: 256 << 10, Commit: time.Second, Buffer: 256 << 10, Stamp: fixed})
		if err != nil {
			t.Fatal(err)
		}
		fs.Space(0)
		for i := range 1000 {
			add(t, j, noise(i, 1000))
		}
		fs.Space(-1)
		time.Sleep(2 * time.Minute)
		lost := infoOf(j, j.Epoch()).Lost
		if len(lost) != 1 || lost[0].Why != journal.WhyOverflow || lost[0].Count() != j.Stats().Lost {
			t.Errorf("lost %+v, want %d records by overflow", lost, j.Stats().Lost)
		}
		_ = j.Close()
	})
}
