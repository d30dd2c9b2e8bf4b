package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lamppost-city/lamppost/cloud/store"
	"github.com/lamppost-city/lamppost/cloud/store/storetest"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/journal"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		fmt.Fprintln(os.Stderr, child(dir))
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

func open(t testing.TB, dir string, o Options) *Store {
	t.Helper()
	s, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestContract(t *testing.T) {
	dir := t.TempDir()
	storetest.Run(t, func(t *testing.T) store.Store { return open(t, dir, Options{}) })
}

func streamOf(i int) store.Stream {
	return store.Stream{Gateway: fmt.Sprintf("street-%03d", i%100), Stream: obs.Stream{Device: fmt.Sprintf("part-%d", i/100), Channel: "level"}}
}

func pointOf(i int, ms int64, v float64) store.Point {
	return store.Point{Stream: streamOf(i), Time: ms, V: v, Quality: obs.Quality{Flag: obs.Pass}}
}

func write(t testing.TB, s *Store, ps ...store.Point) {
	t.Helper()
	if refused, err := s.Write(context.Background(), ps); err != nil || len(refused) > 0 {
		t.Fatalf("Write: %v, refused %v", err, refused)
	}
}

func all(t testing.TB, s *Store, i int) []store.Point {
	t.Helper()
	ps, err := s.Query(context.Background(), store.Query{Stream: streamOf(i), From: 0, To: math.MaxInt64})
	if err != nil {
		t.Fatal(err)
	}
	return ps
}

var base = time.Now().Add(-time.Hour).UnixMilli()

func TestSecondOpenerIsRefused(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	if _, err := Open(dir, Options{}); !errors.Is(err, journal.ErrLocked) || !strings.Contains(err.Error(), "another aggregator") {
		t.Errorf("second Open = %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("second Close = %v", err)
	}
	if _, err := s.Write(t.Context(), nil); !errors.Is(err, errClosed) {
		t.Errorf("Write after Close = %v", err)
	}
	if _, err := s.Query(t.Context(), store.Query{Stream: streamOf(1), To: 5}); !errors.Is(err, errClosed) {
		t.Errorf("Query after Close = %v", err)
	}
}

// TestReplay loses the whole index: what the log still has comes back.
func TestReplay(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	for i := range 500 {
		write(t, s, pointOf(i%7, base+int64(i), float64(i)))
	}
	crash(t, s)
	if err := os.RemoveAll(filepath.Join(dir, "index")); err != nil {
		t.Fatal(err)
	}
	again := open(t, dir, Options{})
	if n := again.Stats().Replayed; n != 500 {
		t.Errorf("%d points replayed, want 500", n)
	}
	total := 0
	for i := range 7 {
		total += len(all(t, again, i))
	}
	if total != 500 {
		t.Errorf("%d points after the replay, want 500", total)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	third := open(t, dir, Options{})
	if st := third.Stats(); st.Replayed != 0 || len(all(t, third, 3)) == 0 {
		t.Errorf("after a clean end %d points are replayed", st.Replayed)
	}
	if err := third.Close(); err != nil {
		t.Fatal(err)
	}
}

// crash lets go of the directory as a killed process does: no checkpoint, and
// the log as it is.
func crash(t *testing.T, s *Store) {
	t.Helper()
	s.life.Lock()
	s.closed = true
	s.life.Unlock()
	close(s.quit)
	<-s.done
	if err := s.shut(); err != nil {
		t.Fatal(err)
	}
}

// TestCheckpoint drops the log once everything in it is in a file.
func TestCheckpoint(t *testing.T) {
	const batches, batch, streams = 60, 1000, 50
	dir := t.TempDir()
	s := open(t, dir, Options{segment: 32 << 10})
	ps := make([]store.Point, batch)
	for n := range batches {
		for i := range ps {
			at := n*batch + i
			ps[i] = pointOf(i%streams, base+int64(at), math.Sqrt(float64(at)))
		}
		write(t, s, ps...)
	}
	if st := s.Stats(); st.Log.Segments < 4 {
		t.Fatalf("only %d segments of log", st.Log.Segments)
	}
	if err := s.checkpoint(); err != nil {
		t.Fatal(err)
	}
	st := s.Stats()
	if st.Memory != 0 || st.Log.Segments > 2 || st.Checkpoints != 1 {
		t.Errorf("after a checkpoint: %d bytes in memory, %d segments of log, %d checkpoints", st.Memory, st.Log.Segments, st.Checkpoints)
	}
	crash(t, s)
	again := open(t, dir, Options{})
	if n := len(all(t, again, 7)); n != batches*batch/streams {
		t.Errorf("%d points of a stream, want %d", n, batches*batch/streams)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestQueryDuringCheckpoint never misses a point while it moves from memory to a file.
func TestQueryDuringCheckpoint(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	const n = 300
	var wg sync.WaitGroup
	stop := make(chan struct{})
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				if err := s.checkpoint(); err != nil {
					t.Error(err)
				}
			}
		}
	})
	for i := range n {
		write(t, s, pointOf(1, base+int64(i), float64(i)))
		ps := all(t, s, 1)
		if len(ps) != i+1 || ps[i].V != float64(i) {
			t.Fatalf("%d points after %d writes", len(ps), i+1)
		}
	}
	close(stop)
	wg.Wait()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestRetention(t *testing.T) {
	dir := t.TempDir()
	now := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	o := Options{Retention: 24 * time.Hour, Future: time.Hour, Now: clock}
	s := open(t, dir, o)
	write(t, s, pointOf(1, now.UnixMilli()-1000, 1))
	for name, tc := range map[string]struct {
		at  time.Time
		why string
	}{
		"too old":    {now.Add(-25 * time.Hour), "older than the retention"},
		"too early":  {now.Add(2 * time.Hour), "in the future"},
		"negative":   {time.UnixMilli(-1), "outside"},
		"overflow":   {time.UnixMilli(math.MaxInt64), "outside"},
		"just right": {now.Add(-23 * time.Hour), ""},
	} {
		refused, err := s.Write(t.Context(), []store.Point{pointOf(2, tc.at.UnixMilli(), 1)})
		if err != nil || (tc.why == "") != (len(refused) == 0) || tc.why != "" && !strings.Contains(refused[0].Why, tc.why) {
			t.Errorf("%s: %v, %v", name, refused, err)
		}
	}
	now = now.Add(60 * 24 * time.Hour)
	s.retain()
	if ps := all(t, s, 1); len(ps) != 0 {
		t.Errorf("%d points outlive the retention", len(ps))
	}
	if left, _ := os.ReadDir(filepath.Join(dir, "index")); len(left) != 0 {
		t.Errorf("%d shards are left on disk", len(left))
	}
	write(t, s, pointOf(1, now.UnixMilli(), 2))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestDamagedIndex breaks files of the index in several ways. The store opens,
// keeps the rest, sets the bad file aside and says so.
func TestDamagedIndex(t *testing.T) {
	for name, damage := range map[string]func([]byte) []byte{
		"empty":           func([]byte) []byte { return nil },
		"cut":             func(b []byte) []byte { return b[:len(b)/2] },
		"zeros":           func(b []byte) []byte { return make([]byte, len(b)) },
		"index offset":    func(b []byte) []byte { b[len(b)-3] ^= 0xff; return b },
		"header":          func(b []byte) []byte { b[0] ^= 1; return b },
		"garbage at end":  func(b []byte) []byte { return append(b, "garbage that is no offset"...) },
		"index of zeros":  func(b []byte) []byte { clear(b[len(b)-60 : len(b)-8]); return b },
		"index of noise":  func(b []byte) []byte { copy(b[len(b)-60:], strings.Repeat("\xff", 50)); return b },
		"offset past end": func(b []byte) []byte { copy(b[len(b)-8:], "\x7f\xff\xff\xff\xff\xff\xff\xff"); return b },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, dir, Options{})
			write(t, s, pointOf(1, base, 1), pointOf(2, base, 2))
			write(t, s, pointOf(3, base-40*24*3600*1000, 3)) // another shard
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			files, _ := filepath.Glob(filepath.Join(dir, "index", shardName(shardStart(base)), "*.tsm"))
			if len(files) != 1 {
				t.Fatalf("%d files", len(files))
			}
			b, err := os.ReadFile(files[0])
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(files[0], damage(b), 0o600); err != nil {
				t.Fatal(err)
			}
			var said strings.Builder
			again := open(t, dir, Options{Log: slog.New(slog.NewTextHandler(&said, nil))})
			if !strings.Contains(said.String(), "damaged") {
				t.Errorf("nothing is said: %q", said.String())
			}
			if kept, _ := os.ReadDir(filepath.Join(dir, "damaged")); len(kept) != 1 {
				t.Errorf("%d files set aside, want 1", len(kept))
			}
			if len(all(t, again, 3)) != 1 {
				t.Error("the other shard has lost its point")
			}
			write(t, again, pointOf(1, base, 1)) // a gateway sends it again
			if ps := all(t, again, 1); len(ps) != 1 {
				t.Errorf("%d points", len(ps))
			}
			if err := again.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestDamagedLog flips a bit in a log segment that was not checkpointed.
func TestDamagedLog(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	for i := range 50 {
		write(t, s, pointOf(1, base+int64(i), float64(i)))
	}
	crash(t, s)
	logs, _ := filepath.Glob(filepath.Join(dir, "log", "*.seg"))
	b, err := os.ReadFile(logs[0])
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(logs[0], b, 0o600); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	again := open(t, dir, Options{Log: slog.New(slog.NewTextHandler(&said, nil))})
	if n := len(all(t, again, 1)); n != 49 || !strings.Contains(said.String(), "points in the log are lost") {
		t.Errorf("%d points, want 49; said %q", n, said.String())
	}
	if kept, _ := filepath.Glob(filepath.Join(dir, "damaged", "*.broken")); len(kept) != 1 {
		t.Errorf("the damaged log is kept %d times, want once", len(kept))
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestMemoryIsBounded writes more than memory allows, with the index keeping up.
func TestMemoryIsBounded(t *testing.T) {
	s := open(t, t.TempDir(), Options{Memory: 2 << 20})
	var ps []store.Point
	for i := range 2000 {
		ps = append(ps, pointOf(i, base, 1))
	}
	for n := range 100 {
		for i := range ps {
			ps[i].Time = base + int64(n)
		}
		write(t, s, ps...)
		if m := s.Stats().Memory; m > 3<<20 {
			t.Fatalf("%d bytes in memory", m)
		}
	}
	if s.Stats().Checkpoints == 0 || len(all(t, s, 1999)) != 100 {
		t.Errorf("%d checkpoints, %d points", s.Stats().Checkpoints, len(all(t, s, 1999)))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestIndexCannotBeWritten takes the index's directory away: writes go on until
// memory is full, then they are unavailable, and nothing that was taken is lost.
func TestIndexCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{Memory: 1 << 20})
	write(t, s, pointOf(0, base, 0))
	index := filepath.Join(dir, "index", shardName(shardStart(base)))
	if err := os.Rename(index, index+".away"); err != nil {
		t.Fatal(err)
	}
	taken := 1
	var err error
	for err == nil && taken < 1_000_000 {
		ps := make([]store.Point, 1000)
		for i := range ps {
			ps[i] = pointOf(0, base+int64(taken+i), 1)
		}
		if _, err = s.Write(t.Context(), ps); err == nil {
			taken += len(ps)
		}
	}
	if !errors.Is(err, store.ErrUnavailable) {
		t.Fatalf("after %d points: %v", taken, err)
	}
	if n := len(all(t, s, 0)); n != taken {
		t.Errorf("%d points are visible, %d were taken", n, taken)
	}
	if err := os.Rename(index+".away", index); err != nil {
		t.Fatal(err)
	}
	if err := s.checkpoint(); err != nil {
		t.Errorf("checkpoint once the disk is back: %v", err)
	}
	write(t, s, pointOf(1, base, 1))
	if err := s.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	again := open(t, dir, Options{})
	if n := len(all(t, again, 0)); n != taken {
		t.Errorf("%d points after it, %d were taken", n, taken)
	}
	_ = again.Close()
}
