package journal_test

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/journal/faultfs"
)

// ran makes what a kill leaves of two runs, the first closed in order: several
// segments of the second one, or with few records just one. used says how many bytes
// of each file count.
func ran(t *testing.T, records int) (files map[string][]byte, names []string, used map[string]int64, epochs []journal.Epoch) {
	t.Helper()
	fs := faultfs.New()
	for run := range 2 {
		j, err := journal.Open("/j", options(fs))
		if err != nil {
			t.Fatal(err)
		}
		for i := range records {
			add(t, j, noise(i, 100+i%50))
			mustSync(t, j)
		}
		epochs, files = append(epochs, j.Epoch()), fs.Files()
		used = map[string]int64{}
		r, err := journal.OpenReaderOn(fs, "/j")
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range r.Segments() {
			used[s.File] = s.Used
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		if run == 1 {
			names = slices.DeleteFunc(slices.Sorted(maps.Keys(files)), func(n string) bool { return !strings.HasSuffix(n, ".seg") })
		}
	}
	return files, names, used, epochs
}

// accounted opens what is left, and finds for every committed record that it is
// read, or that Lost, Damaged and Verify speak of it; and the same at the next
// opening.
func accounted(t *testing.T, files map[string][]byte, epochs []journal.Epoch, records uint64) {
	t.Helper()
	fs := filesystem(files)
	look, err := journal.OpenReaderOn(fs, "/j")
	if err != nil {
		t.Fatal(err)
	}
	defer look.Close()
	found, err := look.Verify(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for opening := range 3 {
		j, err := journal.Open("/j", options(fs))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range epochs {
			got, _ := readAll(t, j, e)
			info, named := infoOf(j, e), verified(found, e)
			for _, l := range info.Lost {
				if l.Why != journal.WhyDamage || l.From.UnixMS > l.To.UnixMS && l.To.UnixMS > 0 {
					t.Errorf("opening %d: lost %+v", opening, l)
				}
			}
			for seq := uint64(1); seq <= records; seq++ {
				lost := info.Damaged && seq > info.Last
				for _, l := range info.Lost {
					lost = lost || contains(l.Ranges, seq)
				}
				if slices.Contains(got, seq) == lost {
					t.Errorf("opening %d: record %d of %s is there %v, lost %v: %+v", opening, seq, e, slices.Contains(got, seq), lost, info)
				}
				if lost && !contains(named.ranges, seq) && (!named.unknown || seq <= info.Last) {
					t.Errorf("Verify does not speak of record %d of %s: %v", seq, e, found)
				}
			}
			if info.Damaged && info.Clean {
				t.Errorf("opening %d: %+v is damaged and clean", opening, info)
			}
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

type named struct {
	ranges  []journal.Range
	unknown bool
}

func verified(found []journal.Finding, e journal.Epoch) (n named) {
	for _, f := range found {
		if f.Epoch == e {
			n.ranges = append(n.ranges, f.Lost...)
			n.unknown = n.unknown || f.What == journal.FoundRuined
		}
	}
	return n
}

// TestOverwritten puts random bytes, and zeros, over the beginning of one segment
// after the other, up to all that was used and the whole file, with one and with
// several segments in a run. Zeros over every block are not told from a file that is
// new.
func TestOverwritten(t *testing.T) {
	for _, records := range []int{9, 90} {
		files, names, used, epochs := ran(t, records)
		for i, name := range names {
			whole := int64(len(files[name]))
			step := max(used[name]/int64(pick(40, 400)), 1)
			for n := int64(1); n <= used[name]+step; n += step {
				n := min(n, used[name])
				for what, junk := range map[string][]byte{"random": []byte(noise(int(n), int(n))), "zero": make([]byte, n)} {
					if what == "zero" && i == len(names)-1 && n > int64(bytes.LastIndex(files[name][:used[name]], []byte("\x9eLPB"))) {
						continue // not one block is left, as when the first sectors were never written
					}
					spoilt := maps.Clone(files)
					spoilt[name] = append(bytes.Clone(junk), files[name][n:]...)
					accounted(t, spoilt, epochs, uint64(records))
					if t.Failed() {
						t.Fatalf("that was %d %s bytes over %s, %d of %d used, segment %d of %d", n, what, name, used[name], whole, i+1, len(names))
					}
				}
			}
			spoilt := maps.Clone(files)
			spoilt[name] = []byte(noise(1, int(whole)))
			accounted(t, spoilt, epochs, uint64(records))
			if t.Failed() {
				t.Fatalf("that was random bytes over all of %s, segment %d of %d", name, i+1, len(names))
			}
		}
	}
}

// TestOverwrittenFrom puts random bytes over the end of what a run committed: the
// header and the blocks before stay readable, the rest is known to be lost.
func TestOverwrittenFrom(t *testing.T) {
	const records = 9
	files, names, used, epochs := ran(t, records)
	name := names[len(names)-1]
	at := int64(0)
	for range records {
		next := bytes.Index(files[name][at+1:], []byte("\x9eLPB"))
		if next < 0 {
			t.Fatal("want more blocks")
		}
		at += int64(next) + 1
		spoilt := maps.Clone(files)
		spoilt[name] = slices.Concat(files[name][:at], []byte(noise(3, int(used[name]-at))), files[name][used[name]:])
		accounted(t, spoilt, epochs, records)
		if t.Failed() {
			t.Fatalf("that was random bytes from byte %d of %d on", at, used[name])
		}
	}
}

// TestSeveralOverwritten ruins the newest segments together, and all there are.
func TestSeveralOverwritten(t *testing.T) {
	const records = 90
	files, names, used, epochs := ran(t, records)
	for first := range names {
		spoilt := maps.Clone(files)
		for i, name := range names[first:] {
			spoilt[name] = slices.Concat([]byte(noise(i, int(used[name]))), files[name][used[name]:])
		}
		accounted(t, spoilt, epochs, records)
		if t.Failed() {
			t.Fatalf("that was segments %d to %d", first+1, len(names))
		}
	}
}

// TestNeverWritten: what a power cut can leave of a segment that was never synced is
// no damage.
func TestNeverWritten(t *testing.T) {
	files, names, _, _ := ran(t, 9)
	last := names[len(names)-1]
	fresh := "0000000009-3-0123456789ab.seg"
	for what, b := range map[string][]byte{
		"empty":                      {},
		"zeros":                      make([]byte, 4096),
		"the header cut off":         files[last][:9],
		"the head block cut off":     files[last][:bytes.Index(files[last], []byte("\x9eLPB"))+20],
		"an older segment's content": files[last],
		"its first sector missing":   append(make([]byte, 512), noise(1, 900)...),
	} {
		spoilt := maps.Clone(files)
		spoilt[fresh] = b
		j := open(t, filesystem(spoilt))
		for _, e := range j.Epochs() {
			if e.Damaged || len(e.Lost) > 0 {
				t.Errorf("%s: %+v", what, e)
			}
		}
		if n := j.Stats().Broken; n != 0 {
			t.Errorf("%s: %d files are called broken", what, n)
		}
		_ = j.Close()
	}
}
