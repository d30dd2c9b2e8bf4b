package journal_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/journal/faultfs"
)

func reader(t *testing.T, dir string) *journal.Reader {
	t.Helper()
	r, err := journal.OpenReader(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func verify(t *testing.T, dir string) []journal.Finding {
	t.Helper()
	found, err := reader(t, dir).Verify(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// snapshot is every file below dir with its content.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		out[e.Name()] = string(b)
	}
	return out
}

// TestReaderBesideWriter: a Reader sees what a running journal holds, follows it
// with Refresh, and changes nothing.
func TestReaderBesideWriter(t *testing.T) {
	dir := t.TempDir()
	j, err := journal.Open(dir, journal.Options{SegmentSize: 8 << 10, Commit: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		if _, err := j.AppendState(1, []byte(noise(i, 300)), "cursor", fmt.Append(nil, i)); err != nil {
			t.Fatal(err)
		}
		mustSync(t, j)
	}
	before := snapshot(t, dir)
	r := reader(t, dir)
	read := func() (seqs []uint64) {
		if err := r.Read(j.Epoch(), 0, 1<<62, func(rec journal.Record) error {
			if want := noise(int(rec.Seq-1), 300); string(rec.Body) != want {
				t.Errorf("record %d is not what was appended", rec.Seq)
			}
			seqs = append(seqs, rec.Seq)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return seqs
	}
	if got := read(); !slices.Equal(got, numbers(1, 100)) {
		t.Errorf("the reader sees %d records, want 100", len(got))
	}
	if got, want := r.Epochs(), j.Epochs(); len(got) != 1 || got[0].Last != want[0].Last || got[0].Clean {
		t.Errorf("epochs %+v, the journal says %+v", got, want)
	}
	states := maps.Collect(r.States())
	if string(states["cursor"]) != "99" {
		t.Errorf("states %q", states)
	}
	segs := r.Segments()
	if len(segs) != j.Stats().Segments || segs[0].First != 1 || segs[len(segs)-1].Last != 100 || segs[0].Used > segs[0].Size {
		t.Errorf("segments %+v", segs)
	}
	if found, err := r.Verify(t.Context(), nil); err != nil || len(found) > 0 {
		t.Errorf("Verify = %v, %v", found, err)
	}
	if !maps.Equal(before, snapshot(t, dir)) {
		t.Error("reading has changed the directory")
	}
	add(t, j, noise(100, 300))
	mustSync(t, j)
	if got := read(); len(got) != 100 {
		t.Errorf("%d records before Refresh, want the 100 of OpenReader", len(got))
	}
	if err := r.Refresh(); err != nil {
		t.Fatal(err)
	}
	if got := read(); len(got) != 101 {
		t.Errorf("%d records after Refresh, want 101", len(got))
	}
	// Given up under the reader: it steps over what is gone, and says nothing false.
	if _, err := j.Drop(t.Context(), j.Epoch(), 60); err != nil {
		t.Fatal(err)
	}
	if got := read(); len(got) == 0 || got[0] > 61 || got[len(got)-1] != 101 {
		t.Errorf("after Drop records %v", got)
	}
	if found, err := r.Verify(t.Context(), nil); err != nil || len(found) > 0 {
		t.Errorf("Verify after Drop = %v, %v", found, err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if err := r.Refresh(); err != nil || !r.Epochs()[0].Clean || len(r.Epochs()[0].Lost) > 0 {
		t.Errorf("after Close: %v, %+v", err, r.Epochs())
	}
	r.Close()
	if err := r.Read(j.Epoch(), 0, 1, nil); !errors.Is(err, journal.ErrClosed) {
		t.Errorf("Read after Close = %v", err)
	}
}

// TestReaderUnderLoad reads, verifies and refreshes while a journal appends, rolls
// and trims as fast as it can: no record is false, no damage is invented.
func TestReaderUnderLoad(t *testing.T) {
	dir := t.TempDir()
	j, err := journal.Open(dir, journal.Options{Size: 1 << 20, SegmentSize: 128 << 10, Commit: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			r, err := journal.OpenReader(dir)
			if err != nil {
				t.Error(err)
				return
			}
			defer r.Close()
			for ctx.Err() == nil {
				watch(t, r, j.Epoch())
			}
		})
	}
	pool := []byte(noise(7, 64<<10))
	for i := range uint64(pick(5000, 100000)) {
		if _, err := j.AppendState(1, bodyOf(pool, i+1), "cursor", fmt.Append(nil, i+1)); err != nil {
			t.Fatal(err)
		}
		if i%50 == 0 {
			mustSync(t, j)
			if err := j.Trim(t.Context(), func(journal.Epoch, journal.Range) []journal.Range { return nil }, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	stop()
	wg.Wait()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

// bodyOf is a body that tells which record it belongs to.
func bodyOf(pool []byte, seq uint64) []byte {
	return append(fmt.Appendf(nil, "%d:", seq), pool[seq*31%60000:][:200+seq%300]...)
}

func watch(t *testing.T, r *journal.Reader, e journal.Epoch) {
	pool := []byte(noise(7, 64<<10))
	if err := r.Refresh(); err != nil {
		t.Error(err)
	}
	for _, i := range r.Epochs() {
		if len(i.Lost) > 0 {
			t.Errorf("the reader invents losses: %+v", i)
		}
	}
	if err := r.Read(e, 0, 1<<62, func(rec journal.Record) error {
		if !bytes.Equal(rec.Body, bodyOf(pool, rec.Seq)) {
			return fmt.Errorf("record %d is false", rec.Seq)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
	if found, err := r.Verify(t.Context(), nil); err != nil || len(found) > 0 {
		t.Errorf("Verify = %v, %v", found, err)
	}
}

func TestVerifyFindings(t *testing.T) {
	fs := faultfs.New()
	j, err := journal.Open("/j", options(fs))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 60 {
		add(t, j, noise(i, 200+i))
		mustSync(t, j)
	}
	_ = j.Close()
	whole := fs.Files()
	names := slices.Sorted(maps.Keys(whole))
	for name, tc := range map[string]struct {
		spoil func(files map[string][]byte)
		what  string
		lost  uint64 // at most; 0: none
	}{
		"header":         {func(m map[string][]byte) { m[names[1]][20] ^= 1 }, journal.FoundHeader, 0},
		"block":          {func(m map[string][]byte) { m[names[1]][2000] ^= 1 }, journal.FoundChecksum, 1},
		"cut":            {func(m map[string][]byte) { m[names[1]] = m[names[1]][:1500] }, journal.FoundShort, 16},
		"missing":        {func(m map[string][]byte) { delete(m, names[1]) }, journal.FoundMissing, 20},
		"nothing at all": {func(map[string][]byte) {}, "", 0},
	} {
		files := map[string][]byte{}
		for n, b := range whole {
			files[n] = bytes.Clone(b)
		}
		tc.spoil(files)
		r, err := journal.OpenReaderOn(filesystem(files), "/j")
		if err != nil {
			t.Fatal(err)
		}
		var done, total int64
		found, err := r.Verify(t.Context(), func(d, of int64) {
			if d < done {
				t.Errorf("%s: progress goes back from %d to %d", name, done, d)
			}
			done, total = d, of
		})
		if err != nil || done != total || total == 0 {
			t.Errorf("%s: Verify ends at %d of %d, %v", name, done, total, err)
		}
		if tc.what == "" {
			if len(found) > 0 {
				t.Errorf("%s: found %v", name, found)
			}
			continue
		}
		if len(found) != 1 || found[0].What != tc.what || found[0].File != names[1] {
			t.Errorf("%s: found %v, want one %q in %s", name, found, tc.what, names[1])
			continue
		}
		n := uint64(0)
		for _, l := range found[0].Lost {
			n += l.To - l.From + 1
		}
		if n > tc.lost || n == 0 && tc.lost > 0 {
			t.Errorf("%s: %d records lost, want up to %d: %v", name, n, tc.lost, found[0])
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	r, _ := journal.OpenReaderOn(filesystem(whole), "/j")
	if _, err := r.Verify(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("Verify with an ended context = %v", err)
	}
}

func TestSeqAt(t *testing.T) {
	fs := faultfs.New()
	now := int64(0)
	o := options(fs)
	o.Stamp = func() journal.Stamp { return journal.Stamp{Boot: "b", BootMS: now} }
	j, err := journal.Open("/j", o)
	if err != nil {
		t.Fatal(err)
	}
	const n = 40
	for i := range n { // records 2i+1 and 2i+2 are committed at second i+1
		now = int64(i+1) * 1000
		add(t, j, noise(i, 300))
		add(t, j, "second of its block")
		mustSync(t, j)
	}
	if len(fs.Files()) < 3 {
		t.Fatal("want several segments")
	}
	look, err := journal.OpenReaderOn(fs, "/j")
	if err != nil {
		t.Fatal(err)
	}
	for ms := int64(0); ms <= (n+1)*1000; ms += 500 {
		before := func(s journal.Stamp) bool { return s.BootMS < ms }
		want := max(1, 2*uint64((ms+999)/1000)-1)
		if ms > n*1000 {
			want = 2*n + 1
		}
		if ms == 0 {
			want = 1
		}
		if got := j.SeqAt(j.Epoch(), before); got != want {
			t.Errorf("SeqAt(%d ms) = %d, want %d", ms, got, want)
		}
		if got := look.SeqAt(j.Epoch(), before); got != want {
			t.Errorf("Reader.SeqAt(%d ms) = %d, want %d", ms, got, want)
		}
	}
	if got := j.SeqAt(journal.Epoch{N: 99}, func(journal.Stamp) bool { return false }); got != 0 {
		t.Errorf("SeqAt of an unknown epoch = %d, want 0", got)
	}
	_ = j.Close()
}
