package gateway

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/record"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// spoil writes random bytes over the first n of the newest segment, or over all of
// it that was used, part being how much.
func spoil(t *testing.T, dir string, part float64) {
	t.Helper()
	look, err := journal.OpenReader(dir)
	if err != nil {
		t.Fatal(err)
	}
	segs := look.Segments()
	look.Close()
	newest := segs[len(segs)-1]
	f, err := os.OpenFile(filepath.Join(dir, newest.File), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	junk, r := make([]byte, int(float64(newest.Used)*part)), rand.New(rand.NewPCG(1, 2))
	for i := range junk {
		junk[i] = byte(r.Uint32())
	}
	if _, err := f.WriteAt(junk, 0); err != nil {
		t.Fatal(err)
	}
}

// A run whose newest file is damaged is never called stopped, nor sound: a gap with
// the reason damage is declared, once, that begins before it ends.
func TestDamageIsDeclared(t *testing.T) {
	for _, part := range []float64{1, 0.75} {
		for before := range 2 {
			dir := filepath.Join(t.TempDir(), "j")
			if before > 0 {
				_ = raw(t, dir).Close() // in order
			}
			j := raw(t, dir)
			for range 37 {
				if _, err := j.Append(record.KindSample, []byte("no sample")); err != nil {
					t.Fatal(err)
				}
				if err := j.Sync(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			dir = asOnDisk(t, dir)
			spoil(t, dir, part)
			g := opened(t, dir)
			damage := damageGaps(t, g)
			if len(damage) != 1 || damage[0].Epoch != wire.Epoch(j.Epoch().String()) {
				t.Errorf("%v of it, %d runs before: %+v", part, before, damage)
			}
			if n := len(damageGaps(t, opened(t, asOnDisk(t, dir)))); n != 1 {
				t.Errorf("%v of it, %d runs before: after another start %d gaps", part, before, n)
			}
		}
	}
}

func damageGaps(t *testing.T, g *Gateway) (damage []wire.Gap) {
	t.Helper()
	for _, gap := range gapsIn(t, g.journal) {
		if gap.From.Boot == gap.To.Boot && gap.From.BootMS > gap.To.BootMS || gap.From.Unix > gap.To.Unix {
			t.Errorf("a gap ends before it begins: %+v", gap)
		}
		switch gap.Why {
		case "damage":
			damage = append(damage, gap)
		case "stopped":
			t.Errorf("where a damaged run was lost nothing is said to be: %+v", gap)
		}
	}
	return damage
}

// The bounds of a gap are there and in order whatever damage left of them.
func TestBounds(t *testing.T) {
	const a, b = "3f2a9c11-04b7-4c0e-9d35-6a1f2b7c8d90", "77b0d2e4-5a61-4f3b-8c22-0e9d1a2b3c4d"
	now := wire.Moment{Boot: b, BootMS: 9000, Unix: 1_795_262_409_000, ErrorMS: 5}
	start := wire.Moment{Boot: b, BootMS: 8000, Unix: 1_795_262_408_000, ErrorMS: 5}
	birth := wire.Moment{Boot: b, Unix: 1_795_262_400_000, ErrorMS: 5}
	for _, c := range []struct {
		name                     string
		from, to, wantFrom, want wire.Moment
	}{
		{"both known", wire.Moment{Boot: a, BootMS: 7}, start, wire.Moment{Boot: a, BootMS: 7}, start},
		{"no end", start, wire.Moment{}, start, now},
		{"no beginning", wire.Moment{}, start, birth, start},
		{"neither", wire.Moment{}, wire.Moment{BootMS: 4}, birth, now},
		{"no beginning, undated", wire.Moment{}, wire.Moment{Boot: a, BootMS: 4}, wire.Moment{Boot: a}, wire.Moment{Boot: a, BootMS: 4}},
		{"the wrong way round", now, start, start, start},
	} {
		if from, to := bounds(c.from, c.to, now); from != c.wantFrom || to != c.want {
			t.Errorf("%s: bounds = %+v, %+v, want %+v, %+v", c.name, from, to, c.wantFrom, c.want)
		}
	}
}
