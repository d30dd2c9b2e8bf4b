package gateway

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/record"
	"github.com/lamppost-city/lamppost/edge/wire"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

// asOnDisk copies what a power cut would leave: only what was committed is in the
// files.
func asOnDisk(t *testing.T, dir string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(filepath.Join(to, "j"), os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(to, "j")
}

// opened is a gateway that has started on a directory and does nothing.
func opened(t *testing.T, dir string) *Gateway {
	t.Helper()
	metrics, err := obs.ParseCatalog(firmwareconfigs.MetricsFile, firmwareconfigs.Metrics())
	if err != nil {
		t.Fatal(err)
	}
	cfg := &config.Config{}
	cfg.Gateway.ID, cfg.Journal.Dir = "hz-07", dir
	g, err := open(t.Context(), Options{Config: cfg, Catalog: metrics})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.journal.Close() })
	return g
}

// gapsIn returns the gaps that are committed in a journal.
func gapsIn(t *testing.T, j *journal.Journal) (gaps []wire.Gap) {
	t.Helper()
	if err := j.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, e := range j.Epochs() {
		err := j.Read(e.Epoch, 1, 1<<62, func(r journal.Record) error {
			if r.Kind != record.KindEvent {
				return nil
			}
			ev, err := record.DecodeEvent(r.Body, e.Epoch, r.Seq)
			if err == nil && ev.Gap != nil {
				gaps = append(gaps, *ev.Gap)
			}
			return err
		})
		if damage := (*journal.DamageError)(nil); err != nil && !errors.As(err, &damage) {
			t.Fatal(err)
		}
	}
	return gaps
}

func raw(t *testing.T, dir string) *journal.Journal {
	t.Helper()
	j, err := journal.Open(dir, journal.Options{Stamp: func() journal.Stamp {
		return journal.Stamp{Boot: "d2cba9a4-6f1c-4e90-ac85-9364e3d8ef20", BootMS: 5}
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return j
}

// The power goes, and goes again right after the next start, before that has
// written down the first time: both are declared in the end, each once.
func TestPowerCutTwice(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "j")
	first := raw(t, dir)
	if _, err := first.Append(record.KindSample, []byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := first.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	dir = asOnDisk(t, dir) // the first power cut
	second := raw(t, dir)  // the start commits its epoch, and that is all
	dir = asOnDisk(t, dir) // the second
	g := opened(t, dir)
	var of []wire.Epoch
	for _, gap := range gapsIn(t, g.journal) {
		of = append(of, gap.Epoch)
		if gap.Why == "stopped" {
			t.Errorf("%+v", gap)
		}
	}
	want := []wire.Epoch{wire.Epoch(first.Epoch().String()), wire.Epoch(second.Epoch().String())}
	if !slices.Equal(of, want) {
		t.Errorf("declared are the ends of %v, want those of %v", of, want)
	}
	third := g.epoch
	g = opened(t, asOnDisk(t, dir))
	if gaps := gapsIn(t, g.journal); len(gaps) != 3 || gaps[2].Epoch != third {
		t.Errorf("after another start: %+v", gaps)
	}
}

// A gap whose record is given up before it was sent is filed again.
func TestGapOfAGap(t *testing.T) {
	g := opened(t, filepath.Join(t.TempDir(), "j"))
	lose := func(from, to uint64) {
		t.Helper()
		g.mu.Lock()
		defer g.mu.Unlock()
		err := g.declare(journal.Loss{Epoch: g.journal.Epoch(), Ranges: []journal.Range{{From: from, To: to}}, Why: journal.WhyQuota})
		if err != nil {
			t.Fatal(err)
		}
	}
	lose(1001, 1010)
	carrier := g.openGaps().Open[0].Seq
	lose(carrier, carrier)
	gaps := gapsIn(t, g.journal)
	if n := len(gaps); n != 3 || fmt.Sprint(gaps[1].Ranges) != "[1001-1010]" || fmt.Sprint(gaps[2].Ranges) != fmt.Sprintf("[%d-%d]", carrier, carrier) {
		t.Errorf("%+v", gaps)
	}
	if o := g.openGaps(); len(o.Open) != 2 || slices.ContainsFunc(o.Open, func(x openGap) bool { return x.Seq <= carrier }) {
		t.Errorf("remembered: %+v", o)
	}
}

// However many gaps nobody has taken, they stay few, and together they span all.
func TestOpenGapsAreBounded(t *testing.T) {
	g := opened(t, filepath.Join(t.TempDir(), "j"))
	g.mu.Lock()
	for n := range uint64(300) {
		err := g.declare(journal.Loss{Epoch: g.journal.Epoch(), Ranges: []journal.Range{{From: 1000 + 2*n, To: 1000 + 2*n}}, Why: journal.WhyQuota})
		if err != nil {
			t.Fatal(err)
		}
	}
	g.mu.Unlock()
	o := g.openGaps()
	if len(o.Open) > maxOpenGaps {
		t.Errorf("%d gaps are remembered", len(o.Open))
	}
	var all wire.RangeSet
	unnamed := false
	for _, x := range o.Open {
		unnamed = unnamed || len(x.Gap.Ranges) == 0
		for _, r := range x.Gap.Ranges {
			all.Add(r)
		}
	}
	if !unnamed && all.Count() != 300 {
		t.Errorf("they name %d of 300 numbers, and none spans the rest", all.Count())
	}
}

// A gateway that is killed over and over, and reaches nobody, forgets no end of a
// run, and declares little more than it lost: runs of ten seconds stay apart from
// each other, of short ones in between the ends become one.
func TestOpenGapsMergeNeighbours(t *testing.T) {
	g := opened(t, filepath.Join(t.TempDir(), "j"))
	g.mu.Lock()
	var lost, declared int64
	at := g.opt.BootMS()
	for n := range 300 {
		at += 10_000 // it ran, and kept what it sampled
		if n%6 != 0 {
			at -= 9_800
		}
		from, to := g.moment(at), g.moment(at+500)
		at += 500
		lost += 500
		if err := g.fileGap(wire.Gap{From: from, To: to, Why: "killed"}, nil); err != nil {
			t.Fatal(err)
		}
	}
	g.mu.Unlock()
	end := int64(0)
	for i, x := range g.openGaps().Open {
		from, to := x.Gap.From.BootMS, x.Gap.To.BootMS
		declared += to - from
		if to < from || i > 0 && from < end {
			t.Errorf("gap %d is from %d to %d, the one before ends at %d", i, from, to, end)
		}
		if to-from > 6*500+5*200 {
			t.Errorf("gap %d is %d ms wide: it spans a run of ten seconds", i, to-from)
		}
		end = to
	}
	if end != at || declared < lost || declared > lost+300*200 {
		t.Errorf("%d ms are declared until %d, %d were lost until %d", declared, end, lost, at)
	}
}
