package journal_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/journal/faultfs"
)

// long makes the torture tests try everything instead of a good part of it:
// LAMPPOST_TORTURE=long go test ./edge/journal
func long() bool { return os.Getenv("LAMPPOST_TORTURE") == "long" }

// pick returns short or, in the long form, many.
func pick(short, many int) int {
	if long() {
		return many
	}
	return short
}

// script is the workload of the torture: records, states, syncs, segments that
// fill, are given up and used again, and an orderly end.
func script(t tb, fs *faultfs.FS) *player {
	p := newPlayer(1)
	p.logAt = func() int { return len(fs.Log()) }
	if p.open(fs) != nil {
		return p
	}
	p.play(t, 220, fs.Off)
	if p.j.Close() == nil {
		p.acked()
	}
	return p
}

// afterwards is what a power cut leaves: nothing that was not synced, all of it,
// or, for other numbers, pieces.
func afterwards(fs *faultfs.FS, cut, variant int) *faultfs.FS {
	switch variant {
	case 0:
		return fs.Reboot(nil)
	case 1:
		return fs.Kill()
	}
	return fs.Reboot(rand.New(rand.NewPCG(uint64(cut), uint64(variant))))
}

// aCut cuts the power at operation n of the script, opens what is left, compares
// it with the model, goes on working, and is killed and opened once more.
func aCut(t tb, n, variant int, lie func(int, faultfs.Op, string) bool) {
	fs := faultfs.New()
	fs.CutAt(n)
	fs.Lie(lie)
	p := script(t, fs)
	left := afterwards(fs, n, variant)
	p.r = rand.New(rand.NewPCG(uint64(n), 99))
	if err := p.open(left); err != nil {
		t.Fatalf("open after the cut: %v", err)
	}
	p.m.check(t, p.j)
	p.m.settle(p.j)
	p.play(t, 30, left.Off)
	if err := p.sync(t); err != nil {
		t.Errorf("Sync after the cut: %v", err)
	}
	p.m.check(t, p.j)
	sameView(t, left, p.j)
	killed := left.Kill()
	_ = p.j.Close()
	if err := p.open(killed); err != nil {
		t.Fatalf("open after the kill: %v", err)
	}
	p.m.check(t, p.j)
	if err := p.j.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// sameView compares what a Reader sees with what the journal itself says.
func sameView(t tb, fs *faultfs.FS, j *journal.Journal) {
	t.Helper()
	r, err := journal.OpenReaderOn(fs, "/j")
	if err != nil {
		t.Errorf("OpenReader: %v", err)
		return
	}
	defer r.Close()
	declared := map[journal.Epoch][]journal.Range{}
	seen := r.Epochs()
	if len(seen) != len(j.Epochs()) {
		t.Errorf("the reader sees %+v, the journal %+v", seen, j.Epochs())
		return
	}
	for i, want := range j.Epochs() {
		for _, l := range want.Lost {
			declared[want.Epoch] = append(declared[want.Epoch], l.Ranges...)
		}
		got := seen[i]
		if got.Epoch != want.Epoch || got.First != want.First || got.Last != want.Last || !reflect.DeepEqual(got.Lost, want.Lost) {
			t.Errorf("the reader sees %+v, the journal %+v", got, want)
		}
	}
	// Two commits that no sync confirmed may be torn apart; what was between them is
	// found, and nothing else is.
	found, err := r.Verify(t.Context(), nil)
	if err != nil {
		t.Errorf("Verify after a power cut: %v", err)
	}
	for _, f := range found {
		for _, lost := range f.Lost {
			if !contains(declared[f.Epoch], lost.From) || !contains(declared[f.Epoch], lost.To) {
				t.Errorf("Verify finds %v, which nobody declared", f)
			}
		}
	}
}

// TestPowerCut cuts the power at every single file operation of a run that
// appends, sets states, syncs, rolls, trims, recycles and closes, with everything
// that was not synced forgotten, kept, or torn and reordered, directory entries
// too. What was synced is there, what is there was appended, what is missing is
// declared, states are right, epochs are new.
func TestPowerCut(t *testing.T) {
	total := 0
	synctest.Test(t, func(t *testing.T) {
		fs := faultfs.New()
		script(t, fs)
		total = fs.Ops()
		ops := map[faultfs.Op]int{}
		for _, d := range fs.Log() {
			ops[d.Op]++
		}
		for _, op := range []faultfs.Op{"create", "reuse", "remove", "truncate", "allocate", "write", "sync", "syncdir"} {
			if ops[op] == 0 {
				t.Errorf("the script never does %s: %v", op, ops)
			}
		}
	})
	for n := 1; n <= total && !t.Failed(); n++ {
		for variant := range pick(4, 40) {
			if !long() && variant > 0 && variant != 1+n%3 {
				continue
			}
			synctest.Test(t, func(t *testing.T) { aCut(t, n, variant, nil) })
			if t.Failed() {
				t.Errorf("that was with the power cut at operation %d of %d, variant %d", n, total, variant)
				break
			}
		}
	}
}

// listener hears what a check complains about, instead of failing the test.
type listener struct {
	*testing.T
	heard string
}

type enough struct{}

func (l *listener) Errorf(format string, args ...any) {
	if l.heard == "" {
		l.heard = fmt.Sprintf(format, args...)
	}
}

func (l *listener) Fatalf(format string, args ...any) {
	l.Errorf(format, args...)
	panic(enough{})
}

// syncSites sorts every sync of the script by what it is for.
func syncSites(log []faultfs.Done, trims [][2]int) map[string]map[int]bool {
	sites := map[string]map[int]bool{}
	fresh := map[string]string{} // file → how it came to be, until its first sync
	last := ""
	for i, d := range log {
		site := ""
		switch {
		case d.Op == "create" && strings.HasSuffix(d.Name, ".seg"):
			fresh[d.Name], last = "new", "new"
		case d.Op == "reuse":
			last = "recycled" // the file is called otherwise from now on
		case d.Op == "sync" && inside(trims, i):
			site = "the floor, before a segment is given up"
		case d.Op == "sync" && fresh[d.Name] == "" && last == "recycled":
			site, last = "first sync of a recycled segment", "recycled, synced"
		case d.Op == "sync" && fresh[d.Name] != "":
			site = "first sync of a new segment"
			delete(fresh, d.Name)
		case d.Op == "sync":
			site = "later sync of a segment"
		case d.Op == "syncdir" && d.Name == path.Dir("/j"):
			site = "parent directory of a new journal"
		case d.Op == "syncdir" && strings.HasPrefix(last, "recycled"):
			site = "directory after a recycled segment"
		case d.Op == "syncdir":
			site = "directory after a new segment"
		}
		if site == "" {
			continue
		}
		if sites[site] == nil {
			sites[site] = map[int]bool{}
		}
		sites[site][i] = true
	}
	return sites
}

func inside(spans [][2]int, i int) bool {
	for _, s := range spans {
		if s[0] <= i && i < s[1] {
			return true
		}
	}
	return false
}

// TestEverySyncIsNeeded turns the syncs of one purpose after the other into
// no-ops: TestPowerCut's check must find a violation for each, or either the check
// proves nothing or the sync is not needed.
func TestEverySyncIsNeeded(t *testing.T) {
	var sites map[string]map[int]bool
	var log []faultfs.Done
	total := 0
	synctest.Test(t, func(t *testing.T) {
		fs := faultfs.New()
		p := script(t, fs)
		total, log = fs.Ops(), fs.Log()
		sites = syncSites(log, p.trims)
	})
	if len(sites) != 7 {
		t.Errorf("%d purposes of syncs in the script, want 7: %v", len(sites), sites)
	}
	for site, at := range sites {
		lie := func(n int, _ faultfs.Op, _ string) bool { return at[n] }
		heard := ""
		for _, n := range cutsAfter(log, at, total) {
			for variant := 0; variant < 12 && heard == ""; variant++ {
				if variant != 1 { // a kill needs no sync
					synctest.Test(t, func(t *testing.T) { heard = hear(t, n, variant, lie) })
				}
			}
		}
		if heard == "" {
			t.Errorf("without %q (%d of them) no power cut does any harm", site, len(at))
		}
		t.Logf("without %q: %s", site, heard)
	}
}

// cutsAfter returns the operations at which to cut the power: each, or, in the
// short form, the next few after a sync that was a lie, since only there it hurts.
func cutsAfter(log []faultfs.Done, at map[int]bool, total int) (cuts []int) {
	for n := 1; n <= total; n++ {
		if long() {
			cuts = append(cuts, n)
			continue
		}
		for i := range at {
			if n > log[i].N && n <= log[i].N+40 {
				cuts = append(cuts, n)
				break
			}
		}
	}
	return cuts
}

func hear(t *testing.T, n, variant int, lie func(int, faultfs.Op, string) bool) string {
	l := &listener{T: t}
	func() {
		defer func() {
			if e := recover(); e != nil && e != (enough{}) {
				panic(e)
			}
		}()
		aCut(l, n, variant, lie)
	}()
	return l.heard
}
