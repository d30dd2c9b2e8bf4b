package gateway

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// What was declared is known again after a start: a loss is declared once, however
// often the journal finds it.
func TestDeclaredIsRemembered(t *testing.T) {
	dir := t.TempDir()
	j, err := journal.Open(dir, journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := j.Append(1, []byte("a record, so that the epoch is held")); err != nil {
		t.Fatal(err)
	}
	if err := j.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	set, ok := wire.SetOf(wire.Range{From: 3, To: 9}, wire.Range{From: 20, To: 20})
	if !ok {
		t.Fatal("the set is not valid")
	}
	was := declared{j.Epoch().String(): set, "1-000000000000": set}
	was.keep(j.Epochs())
	b, err := json.Marshal(was)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(j.SetState(declaredKey, b), j.Close()); err != nil {
		t.Fatal(err)
	}
	again, err := journal.Open(dir, journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	got := (&Gateway{journal: again}).loadDeclared()
	if len(got) != 1 {
		t.Errorf("%d epochs are remembered, want the one that the journal holds", len(got))
	}
	for _, r := range set.Ranges() {
		if !got[j.Epoch().String()].Contains(r) {
			t.Errorf("after a start %v is not known as declared; it would be declared again every few seconds", r)
		}
	}
}

// The runs before are all but the present one, also while the disk is full and the
// journal has no segment of its own yet.
func TestRunsBefore(t *testing.T) {
	epochs := func(ns ...uint32) (out []journal.EpochInfo) {
		for _, n := range ns {
			out = append(out, journal.EpochInfo{Epoch: journal.Epoch{N: n}})
		}
		return out
	}
	for _, c := range []struct {
		name         string
		epochs, want []journal.EpochInfo
	}{
		{"the very first", epochs(9), nil},
		{"the very first, disk full", nil, nil},
		{"one before", epochs(8, 9), epochs(8)},
		{"one before, disk full", epochs(8), epochs(8)},
		{"several, disk full", epochs(7, 8), epochs(7, 8)},
	} {
		if got := runsBefore(c.epochs, journal.Epoch{N: 9}); len(got) != len(c.want) || len(got) > 0 && got[len(got)-1].Epoch != c.want[len(c.want)-1].Epoch {
			t.Errorf("%s: runsBefore = %v, want %v", c.name, got, c.want)
		}
	}
}
