package gateway

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/record"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// What may be from a moment on: whole blocks, by the latest time they can have.
func TestExtentsSince(t *testing.T) {
	now := int64(1000)
	j, err := journal.Open(t.TempDir(), journal.Options{Stamp: func() journal.Stamp { return journal.Stamp{Boot: "b", BootMS: now} }})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	for ; now <= 10_000; now += 1000 {
		for range 10 {
			if _, err := j.Append(record.KindSample, []byte("x")); err != nil {
				t.Fatal(err)
			}
		}
		if err := j.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	e := wire.Epoch(j.Epoch().String())
	const origin = 1_795_291_200_000
	for _, c := range []struct {
		name  string
		since int64
		date  func(journal.Stamp) (int64, bool)
		want  string
	}{
		{"exact", origin + 7000, func(s journal.Stamp) (int64, bool) { return origin + s.BootMS, true }, "61-100"},
		{"half a second uncertain", origin + 7000, func(s journal.Stamp) (int64, bool) { return origin + s.BootMS + 500, true }, "61-100"},
		{"two seconds uncertain", origin + 7000, func(s journal.Stamp) (int64, bool) { return origin + s.BootMS + 2000, true }, "41-100"},
		{"not to be dated", origin + 7000, func(journal.Stamp) (int64, bool) { return 0, false }, "1-100"},
		{"later than all", origin + 70_000, func(s journal.Stamp) (int64, bool) { return origin + s.BootMS, true }, ""},
	} {
		got := ""
		for _, x := range extentsSince(j, c.since, c.date) {
			if x.Epoch != e {
				t.Errorf("%s: epoch %s", c.name, x.Epoch)
			}
			got += x.Range.String()
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// The journal of a gateway that is not running is rewound in its saved state, and
// that of a running one is not touched.
func TestRewindOffline(t *testing.T) {
	dir := t.TempDir()
	if n, err := Rewind(dir, time.Time{}); n != 0 || err != nil {
		t.Fatalf("nothing was ever acknowledged: %d, %v", n, err)
	}
	j, err := journal.Open(dir, journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range 50 {
		if _, err := j.Append(record.KindSample, []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	e := j.Epoch().String()
	state := fmt.Sprintf(`{"v":1,"stores":["st-1"],"floor":1,"epochs":{"%s":["1-40"]}}`, e)
	if err := j.SetState(uplinkKey, []byte(state)); err != nil {
		t.Fatal(err)
	}
	if _, err := Rewind(dir, time.Time{}); !errors.Is(err, journal.ErrLocked) {
		t.Errorf("a running gateway's journal: %v", err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if n, err := Rewind(dir, time.Now()); n != 40 || err != nil { // not to be dated, so all of it
		t.Fatalf("Rewind = %d, %v", n, err)
	}
	look, err := journal.OpenReader(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer look.Close()
	for key, saved := range look.States() {
		if key == uplinkKey && (strings.Contains(string(saved), "1-40") || !strings.Contains(string(saved), "st-1")) {
			t.Errorf("saved %s", saved)
		}
	}
}
