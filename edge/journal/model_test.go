package journal_test

import (
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/edge/journal/faultfs"
	"pgregory.net/rapid"
)

// TestModel runs random lives of a journal, each with its own length, trouble with
// the disk on the way, and end, against a model in memory; a Reader must see the same.
func TestModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		runs := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) life {
			return life{
				Steps:   rapid.IntRange(0, 60).Draw(rt, "steps"),
				Trouble: rapid.SampledFrom([]string{"", "", "full", "write", "sync", "create", "reuse", "syncdir", "rename", "truncate", "remove", "allocate"}).Draw(rt, "trouble"),
				End:     rapid.SampledFrom([]string{"close", "kill", "cut", "cut in the middle"}).Draw(rt, "end"),
			}
		}), 1, 5).Draw(rt, "lives")
		synctest.Test(t, func(t *testing.T) { lives(t, seed, runs) })
		if t.Failed() {
			rt.Fatalf("seed %d, lives %+v", seed, runs)
		}
	})
}

type life struct {
	Steps        int
	Trouble, End string
}

func lives(t *testing.T, seed uint64, runs []life) {
	fs := faultfs.New()
	p := newPlayer(seed)
	for _, l := range runs {
		abrupt := l.End == "cut in the middle"
		if abrupt {
			fs.CutAt(1 + p.r.IntN(40))
		}
		if err := p.open(fs); err == nil {
			if !abrupt { // else the power may be off already
				p.m.check(t, p.j)
			}
			if !fs.Off() { // with the power off it read less than there is
				p.m.settle(p.j)
			}
			p.play(t, l.Steps/2, fs.Off)
			trouble(fs, l.Trouble)
			p.play(t, l.Steps-l.Steps/2, fs.Off)
			if trouble(fs, ""); !abrupt {
				time.Sleep(2 * time.Minute) // by then it has tried again
				if err := p.sync(t); err != nil {
					t.Errorf("after the trouble with %q: %v", l.Trouble, err)
				}
				sameView(t, fs, p.j)
			}
			if p.j.Close() == nil && !abrupt {
				p.acked()
			}
		}
		switch l.End {
		case "kill", "close":
			fs = fs.Kill()
		default:
			fs = fs.Reboot(p.r)
		}
	}
	if err := p.open(fs); err != nil {
		t.Fatal(err)
	}
	p.m.check(t, p.j)
	if err := p.j.Close(); err != nil {
		t.Error(err)
	}
}

// trouble fills the disk or makes one kind of operation fail; "" ends it.
func trouble(fs *faultfs.FS, what string) {
	fs.Space(-1)
	if what == "full" {
		fs.Space(0)
	}
	fs.Hook(func(op faultfs.Op, _ string) error {
		if what != "" && string(op) == what {
			return syscall.EIO
		}
		return nil
	})
}
