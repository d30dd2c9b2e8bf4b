package gateway

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// What is older than journal.stills.age goes, with an uplink and without, but nothing as
// long as it is not known what time it is.
func TestOldPicturesGo(t *testing.T) {
	g, _, records := judging(t, "devices: {}\n")
	defer records()
	dir := filepath.Join(g.opt.Config.Journal.Dir, "stills")
	now := time.Now()
	at := func(ago time.Duration) string {
		ms := now.Add(-ago).UnixMilli()
		return filepath.Join(dir, fmt.Sprintf("%08x-%04x-7000-8000-000000000001.still", ms>>16, ms&0xffff))
	}
	old, young := at(2*time.Hour), at(30*time.Minute)
	for _, f := range []string{old, young} {
		if err := os.WriteFile(f, []byte("a picture"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	g.openKeeper() // once more, now that they are there
	there := func(f string) bool { _, err := os.Stat(f); return err == nil }
	g.opt.Config.Journal.Stills.Age = time.Hour
	if g.forgetStills(); !there(old) || !there(young) {
		t.Fatal("a picture went before it was known what time it is")
	}
	if err := g.keeper.forget(now, time.Hour); err != nil || there(old) || !there(young) {
		t.Errorf("%v; the old one is there: %v, the young one: %v", err, there(old), there(young))
	}
}
