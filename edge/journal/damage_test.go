package journal_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/journal/faultfs"
)

// small writes n committed blocks of two records and one state, and closes in
// order or pulls the plug.
func small(t *testing.T, n int, clean bool) (map[string][]byte, journal.Epoch) {
	t.Helper()
	fs := faultfs.New()
	j := open(t, fs)
	for i := range n {
		add(t, j, fmt.Sprintf("first of block %d, %s", i, strings.Repeat("long enough to be compressed ", i%2*8)))
		if _, err := j.AppendState(2, []byte("second"), "cursor", []byte{byte(i)}); err != nil {
			t.Fatal(err)
		}
		mustSync(t, j)
	}
	files := fs.Files()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if clean {
		files = fs.Files()
	}
	return files, j.Epoch()
}

func open(t *testing.T, fs journal.FS) *journal.Journal {
	t.Helper()
	j, err := journal.Open("/j", journal.Options{FS: fs, Size: 256 << 10, SegmentSize: 64 << 10, Commit: time.Hour, Stamp: fixed})
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func fixed() journal.Stamp { return journal.Stamp{Boot: "boot-1", BootMS: 1000, UnixMS: 1795291200000} }

func add(t *testing.T, j *journal.Journal, body string) uint64 {
	t.Helper()
	seq, err := j.Append(1, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return seq
}

func mustSync(t *testing.T, j *journal.Journal) {
	t.Helper()
	if err := j.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func readAll(t *testing.T, j *journal.Journal, e journal.Epoch) (seqs []uint64, damage *journal.DamageError) {
	t.Helper()
	err := j.Read(e, 0, 1<<62, func(r journal.Record) error {
		seqs = append(seqs, r.Seq)
		return nil
	})
	if err != nil && !errors.As(err, &damage) {
		t.Fatal(err)
	}
	return seqs, damage
}

// noise is a body that does not compress.
func noise(seed, n int) string {
	r := rand.New(rand.NewPCG(uint64(seed), 1))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return string(b)
}

func filesystem(files map[string][]byte) *faultfs.FS {
	fs := faultfs.New()
	for name, b := range files {
		fs.Put(name, b)
	}
	return fs
}

func infoOf(j *journal.Journal, e journal.Epoch) journal.EpochInfo {
	for _, i := range j.Epochs() {
		if i.Epoch == e {
			return i
		}
	}
	return journal.EpochInfo{}
}

func TestTruncatedAtEveryByte(t *testing.T) {
	const blocks = 4
	files, epoch := small(t, blocks, false)
	name := slices.Sorted(maps.Keys(files))[0]
	whole := bytes.TrimRight(files[name], "\x00") // what was allocated ahead
	for cut := range whole {
		j := open(t, filesystem(map[string][]byte{name: whole[:cut]}))
		got, damage := readAll(t, j, epoch)
		if damage != nil {
			t.Errorf("cut at %d of %d: %v; a torn tail is not damage", cut, len(whole), damage)
		}
		for i, seq := range got {
			if seq != uint64(i+1) {
				t.Fatalf("cut at %d: records %v are no prefix", cut, got)
			}
		}
		info := infoOf(j, epoch)
		if len(got)%2 != 0 || info.Clean || len(info.Lost) > 0 {
			t.Errorf("cut at %d: %d records, info %+v", cut, len(got), info)
		}
		if s, ok := j.State("cursor"); ok != (len(got) > 0) || ok && int(s[0]) != len(got)/2-1 {
			t.Errorf("cut at %d: cursor %v %v with %d records", cut, s, ok, len(got))
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFlippedBitAtEveryByte(t *testing.T) {
	const blocks, records = 3, 6
	files, epoch := small(t, blocks, true)
	name := slices.Sorted(maps.Keys(files))[0]
	for at := range files[name] {
		bad := bytes.Clone(files[name])
		bad[at] ^= 1 << (at % 8)
		fs := filesystem(map[string][]byte{name: bad})
		j := open(t, fs)
		got, _ := readAll(t, j, epoch)
		info := infoOf(j, epoch)
		missing := map[uint64]bool{}
		for _, l := range info.Lost {
			if l.Why != journal.WhyDamage {
				t.Errorf("flip at %d: lost because of %q", at, l.Why)
			}
			for seq := l.Ranges[0].From; seq <= l.Ranges[0].To; seq++ {
				missing[seq] = true
			}
		}
		if info.Opened != fixed() || info.LastCommit != fixed() {
			t.Errorf("flip at %d: opened %+v, last commit %+v; readings of this epoch cannot be dated", at, info.Opened, info.LastCommit)
		}
		// A flip in the last block, the clean mark, is a torn tail.
		if !info.Clean && info.Last != records {
			t.Errorf("flip at %d: not clean, yet only %d records", at, info.Last)
		}
		for seq := uint64(1); seq <= records; seq++ {
			if slices.Contains(got, seq) == missing[seq] {
				t.Errorf("flip at %d: record %d is there %v, lost %v", at, seq, slices.Contains(got, seq), missing[seq])
			}
		}
		_, kept := fs.Files()[name+".broken"]
		if isDamaged := len(missing) > 0; isDamaged && !kept {
			t.Errorf("flip at %d: the damaged segment is not set aside as .broken", at)
		}
		if kept && !bytes.Equal(fs.Files()[name+".broken"], bad) {
			t.Errorf("flip at %d: the damaged segment was changed", at)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		again := open(t, fs)
		if l := infoOf(again, epoch).Lost; len(l) != len(info.Lost) {
			t.Errorf("flip at %d: the second opening finds %v, the first %v", at, l, info.Lost)
		}
		_ = again.Close()
	}
}

// TestDamageFoundLater flips a bit in an old segment, which Open does not read.
func TestDamageFoundLater(t *testing.T) {
	fs := faultfs.New()
	j, err := journal.Open("/j", options(fs))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 60 {
		add(t, j, noise(i, 200+i))
		mustSync(t, j)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	names := slices.Sorted(maps.Keys(fs.Files()))
	if len(names) < 2 {
		t.Fatalf("%d segments, want several", len(names))
	}
	bad := fs.Files()[names[0]]
	bad[len(bad)/2] ^= 4
	fs.Put(names[0], bad)

	again, err := journal.Open("/j", options(fs))
	if err != nil {
		t.Fatal(err)
	}
	if l := infoOf(again, j.Epoch()).Lost; len(l) != 0 {
		t.Errorf("Open read an old segment: %v", l)
	}
	var damage *journal.DamageError
	look, err := journal.OpenReaderOn(fs, "/j")
	if err != nil {
		t.Fatal(err)
	}
	found, err := look.Verify(t.Context(), nil)
	if err != nil || len(found) != 1 || found[0].What != journal.FoundChecksum || found[0].File != names[0] || len(found[0].Lost) != 1 {
		t.Errorf("Verify = %v, %v, want one bad block of %s", found, err, names[0])
	}
	got, damage := readAll(t, again, j.Epoch())
	if damage == nil || len(damage.Losses) != 1 || len(got) != 59 {
		t.Fatalf("read %d records, damage %v", len(got), damage)
	}
	lost := infoOf(again, j.Epoch()).Lost
	if len(lost) != 1 || slices.Contains(got, lost[0].Ranges[0].From) || lost[0].Count() != 1 {
		t.Errorf("lost %v", lost)
	}
	if again.Stats().Broken != 1 {
		t.Errorf("%d broken segments, want 1", again.Stats().Broken)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestMissingSegment deletes one in the middle.
func TestMissingSegment(t *testing.T) {
	fs := faultfs.New()
	j, err := journal.Open("/j", options(fs))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		add(t, j, noise(i, 200+i))
		mustSync(t, j)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	files := fs.Files()
	names := slices.Sorted(maps.Keys(files))
	if len(names) < 4 {
		t.Fatalf("%d segments, want four or more", len(names))
	}
	delete(files, names[1])
	again := open(t, filesystem(files))
	got, damage := readAll(t, again, j.Epoch())
	info := infoOf(again, j.Epoch())
	if damage != nil || len(info.Lost) != 1 || uint64(len(got))+info.Lost[0].Count() != 100 || info.Lost[0].From.UnixMS == 0 {
		t.Errorf("%d records, damage %v, lost %+v", len(got), damage, info.Lost)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestShortenedSegment cuts an old segment: the next one knows how long it was.
func TestShortenedSegment(t *testing.T) {
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
	files := fs.Files()
	names := slices.Sorted(maps.Keys(files))
	files[names[0]] = files[names[0]][:3000]
	again := open(t, filesystem(files))
	lost := infoOf(again, j.Epoch()).Lost // known before anybody reads
	got, _ := readAll(t, again, j.Epoch())
	if len(lost) != 1 || lost[0].Why != journal.WhyDamage || uint64(len(got))+lost[0].Count() != 60 || len(got) == 60 {
		t.Errorf("%d records, lost %+v", len(got), lost)
	}
	_ = again.Close()
}

func TestForeignFilesAreLeftAlone(t *testing.T) {
	fs := faultfs.New()
	fs.Put("notes.txt", []byte("do not delete"))
	fs.Put("0000000001-1-000000000000.seg", nil)
	fs.Put("0000000002-1-000000000000.seg", bytes.Repeat([]byte{0xff}, 9000))
	j := open(t, fs)
	add(t, j, "works")
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if string(fs.Files()["notes.txt"]) != "do not delete" || len(fs.Files()["0000000002-1-000000000000.seg.broken"]) != 9000 {
		t.Errorf("files %v", slices.Sorted(maps.Keys(fs.Files())))
	}
	if e := j.Epochs()[0]; !e.Damaged || e.Epoch.N != 1 {
		t.Errorf("a file that no journal wrote, under the name of a segment, is called sound: %+v", j.Epochs())
	}
	if j.Epoch().N != 2 {
		t.Errorf("epoch %s, want the counter to go on from the names", j.Epoch())
	}
}
