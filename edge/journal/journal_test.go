package journal_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/journal/faultfs"
)

func Example() {
	dir, err := os.MkdirTemp("", "journal")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	j, err := journal.Open(dir, journal.Options{Commit: time.Second})
	if err != nil {
		fmt.Println(err)
		return
	}
	seq, _ := j.Append(1, []byte("level 2.71 m"))
	_ = j.SetState("cursor", []byte("0"))
	if err := j.Sync(context.Background()); err == nil {
		fmt.Println("on disk:", seq)
	}
	_ = j.Read(j.Epoch(), 1, seq, func(r journal.Record) error {
		fmt.Printf("%d: %s\n", r.Seq, r.Body)
		return nil
	})
	fmt.Println(j.Close())
	// Output:
	// on disk: 1
	// 1: level 2.71 m
	// <nil>
}

func TestRealDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	var epochs []journal.Epoch
	for run := range 3 {
		j, err := journal.Open(dir, journal.Options{SegmentSize: 8 << 10})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := journal.Open(dir, journal.Options{}); !errors.Is(err, journal.ErrLocked) {
			t.Errorf("a second opener gets %v, want ErrLocked", err)
		}
		if v, ok := j.State("runs"); run > 0 && (!ok || v[0] != byte(run-1)) {
			t.Errorf("run %d: state %v %v", run, v, ok)
		}
		for i := range 100 {
			if _, err := j.AppendState(1, []byte(noise(i, 300)), "runs", []byte{byte(run)}); err != nil {
				t.Fatal(err)
			}
			if i%10 == 0 {
				mustSync(t, j)
			}
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		if err := j.Close(); err != nil {
			t.Errorf("second Close = %v", err)
		}
		if _, err := j.Append(1, nil); !errors.Is(err, journal.ErrClosed) {
			t.Errorf("Append after Close = %v", err)
		}
		epochs = append(epochs, j.Epoch())
	}
	j, err := journal.Open(dir, journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	infos := j.Epochs()
	for i, e := range epochs {
		if got, damage := readAll(t, j, e); damage != nil || !slices.Equal(got, numbers(1, 100)) {
			t.Errorf("epoch %s: %d records, %v", e, len(got), damage)
		}
		if infos[i].Epoch != e || !infos[i].Clean || infos[i].First != 1 || infos[i].Last != 100 || e.N != uint32(i+1) {
			t.Errorf("epoch %s: %+v", e, infos[i])
		}
	}
	if found := verify(t, dir); len(found) > 0 {
		t.Errorf("Verify found %v", found)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestRefusedInput(t *testing.T) {
	j := open(t, faultfs.New())
	for name, call := range map[string]func() error{
		"own kind":        func() error { _, err := j.Append(240, nil); return err },
		"long record":     func() error { _, err := j.Append(1, make([]byte, journal.MaxRecord+1)); return err },
		"no key":          func() error { return j.SetState("", []byte("x")) },
		"long key":        func() error { return j.SetState(string(make([]byte, 256)), nil) },
		"long state":      func() error { return j.SetState("k", make([]byte, journal.MaxState+1)) },
		"never appended":  func() error { return j.SyncTo(t.Context(), 1) },
		"own kind, state": func() error { _, err := j.AppendState(255, nil, "k", nil); return err },
	} {
		if call() == nil {
			t.Errorf("%s: no error", name)
		}
	}
	// The largest allowed of everything in one block survives.
	if _, err := j.AppendState(239, make([]byte, journal.MaxRecord), "k", make([]byte, journal.MaxState)); err != nil {
		t.Fatal(err)
	}
	mustSync(t, j)
	if got, damage := readAll(t, j, j.Epoch()); len(got) != 1 || damage != nil {
		t.Errorf("the largest record: %v, %v", got, damage)
	}
	_ = j.Close()
}

func TestGroupCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := faultfs.New()
		j, err := journal.Open("/j", journal.Options{FS: fs, Size: 16 << 20, SegmentSize: 256 << 10, Reserve: 256 << 10, Commit: 10 * time.Second, Stamp: fixed})
		if err != nil {
			t.Fatal(err)
		}
		syncs := j.Stats().Syncs
		for i := range 600 { // one minute of ten records a second
			add(t, j, "sample")
			if st := j.Stats(); st.Next-st.Last > 101+1 {
				t.Fatalf("record %d: %d wait for their commit", i, st.Next-st.Last)
			}
			time.Sleep(100 * time.Millisecond)
			synctest.Wait()
		}
		if n := j.Stats().Syncs - syncs; n < 5 || n > 7 {
			t.Errorf("%d syncs in a minute with a commit each 10 s", n)
		}
		time.Sleep(time.Hour)
		if n := j.Stats().Syncs - syncs; n > 7 {
			t.Errorf("%d syncs though nothing was appended", n)
		}
		_ = j.Close()
	})
}

func TestStatesTravelAlong(t *testing.T) {
	fs := faultfs.New()
	j, err := journal.Open("/j", options(fs))
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []string{"a", "b", "c"} {
		if err := j.SetState(k, []byte("value of "+k)); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.SetState("b", nil); err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		add(t, j, noise(i, 400))
		mustSync(t, j)
		err := j.Trim(t.Context(), func(journal.Epoch, journal.Range) []journal.Range { return nil }, func(l journal.Loss) error {
			t.Errorf("declared %v though everything was stored", l)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if st := j.Stats(); st.Bytes > 18<<10+6<<10 {
		t.Errorf("%d bytes on disk, the quota is %d", st.Bytes, st.Quota)
	}
	if infoOf(j, j.Epoch()).First < 50 {
		t.Fatal("nothing was trimmed")
	}
	again := open(t, fs.Kill())
	got := map[string]string{}
	for k, v := range again.States() {
		got[k] = string(v)
	}
	if want := map[string]string{"a": "value of a", "c": "value of c"}; !maps.Equal(got, want) {
		t.Errorf("states %v, want %v", got, want)
	}
	if lost := infoOf(again, j.Epoch()).Lost; len(lost) > 0 {
		t.Errorf("trimmed segments count as lost: %v", lost)
	}
	_ = j.Close()
	_ = again.Close()
}

func TestTrimDeclaresFirst(t *testing.T) {
	fs := faultfs.New()
	j, err := journal.Open("/j", options(fs))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 150 {
		add(t, j, noise(i, 400))
		mustSync(t, j)
	}
	var declared []journal.Loss
	stored := journal.Range{From: 10, To: 20}
	refuse := errors.New("not now")
	missing := func(_ journal.Epoch, r journal.Range) []journal.Range {
		if r.From > stored.To || r.To < stored.From {
			return []journal.Range{r}
		}
		var out []journal.Range
		if r.From < stored.From {
			out = append(out, journal.Range{From: r.From, To: stored.From - 1})
		}
		if r.To > stored.To {
			out = append(out, journal.Range{From: stored.To + 1, To: r.To})
		}
		return out
	}
	if err := j.Trim(t.Context(), missing, func(journal.Loss) error { return refuse }); !errors.Is(err, refuse) {
		t.Errorf("Trim = %v, want declare's error", err)
	}
	if got, _ := readAll(t, j, j.Epoch()); len(got) != 150 {
		t.Fatalf("%d records left after a refused Trim", len(got))
	}
	err = j.Trim(t.Context(), missing, func(l journal.Loss) error {
		if got, _ := readAll(t, j, j.Epoch()); len(got) < 150 {
			t.Error("records are gone before their loss is declared")
		}
		declared = append(declared, l)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	first := infoOf(j, j.Epoch()).First
	lost := map[uint64]bool{}
	for _, l := range declared {
		if l.Why != journal.WhyQuota || l.From.UnixMS == 0 || l.To.UnixMS == 0 {
			t.Errorf("loss %+v", l)
		}
		for _, r := range l.Ranges {
			for s := r.From; s <= r.To; s++ {
				lost[s] = true
			}
		}
	}
	for s := uint64(1); s < first; s++ {
		if isStored := s >= stored.From && s <= stored.To; lost[s] == isStored {
			t.Errorf("record %d: stored %v, declared lost %v", s, isStored, lost[s])
		}
	}
	if uint64(len(lost)) > first {
		t.Errorf("%d declared, first left is %d", len(lost), first)
	}
	_ = j.Close()
}

func TestDrop(t *testing.T) {
	fs := faultfs.New()
	first := open(t, fs)
	add(t, first, "old epoch")
	_ = first.Close()
	j, err := journal.Open("/j", options(fs))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 60 {
		add(t, j, noise(i, 400))
		mustSync(t, j)
	}
	n, err := j.Drop(t.Context(), j.Epoch(), 30)
	if err != nil || n < 2 {
		t.Fatalf("Drop = %d, %v", n, err)
	}
	got, _ := readAll(t, j, j.Epoch())
	if got[0] > 31 || got[0] < 10 || got[len(got)-1] != 60 {
		t.Errorf("records %d to %d are left, want all above 30", got[0], got[len(got)-1])
	}
	if old, _ := readAll(t, j, first.Epoch()); len(old) != 0 {
		t.Errorf("%d records of the old epoch are left", len(old))
	}
	if n, err := j.Drop(t.Context(), j.Epoch(), 1<<60); err != nil || n == 0 {
		t.Errorf("Drop of everything = %d, %v", n, err)
	}
	add(t, j, "goes on")
	mustSync(t, j)
	if got, _ := readAll(t, j, j.Epoch()); got[len(got)-1] != 61 {
		t.Errorf("newest record %d, want 61", got[len(got)-1])
	}
	_ = j.Close()
}

func TestReadWhileAppendingAndTrimming(t *testing.T) {
	j, err := journal.Open(t.TempDir(), journal.Options{Size: 256 << 10, SegmentSize: 16 << 10})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for {
				last := uint64(0)
				err := j.Read(j.Epoch(), 1, 1<<62, func(r journal.Record) error {
					if r.Seq <= last || len(r.Body) != 500 {
						t.Errorf("record %d of %d bytes after %d", r.Seq, len(r.Body), last)
					}
					last = r.Seq
					return nil
				})
				if err != nil {
					t.Errorf("Read = %v", err)
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for i := range 2000 {
		add(t, j, noise(i, 500))
		if i%100 == 0 {
			mustSync(t, j)
			if err := j.Trim(t.Context(), func(journal.Epoch, journal.Range) []journal.Range { return nil }, nil); err != nil {
				t.Error(err)
			}
		}
	}
	close(done)
	wg.Wait()
	if err := j.Close(); err != nil {
		t.Error(err)
	}
}
