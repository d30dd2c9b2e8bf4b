package gateway

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/edge/config"
)

// A journal.dir that is relative, as the documents write it, has a file system too.
func TestABoardKnowsTheDiskOfARelativeJournal(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir("journal", 0o700); err != nil {
		t.Fatal(err)
	}
	l, err := openBoard("", "."+string(filepath.Separator)+"journal", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	var space drivers.Space
	plan := &drivers.Plan{OpenHost: func(h drivers.Host) (drivers.Driver, error) {
		space, err = h.Space(t.Context(), "")
		return nil, err
	}}
	if _, err := l.lend(config.Device{Plan: plan}); err != nil || space.Total == 0 {
		t.Errorf("the file system of the journal is %+v, %v", space, err)
	}
}

// A board whose files are elsewhere, as a container has them, is read there, and its page
// says where.
func TestABoardBelowAFolder(t *testing.T) {
	root := t.TempDir()
	zone := filepath.Join(root, "sys", "class")
	if err := os.MkdirAll(zone, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(zone, "here"), []byte("yes"), 0o600); err != nil {
		t.Fatal(err)
	}
	plan := &drivers.Plan{Root: root}
	l, err := openOwn(config.Device{ID: "board", Wire: drivers.BoardHost, Plan: plan}, nil, "/")
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	var text []byte
	plan.OpenHost = func(h drivers.Host) (drivers.Driver, error) {
		text, err = h.Read(t.Context(), "sys/class/here")
		return nil, err
	}
	if _, err := l.lend(config.Device{Plan: plan}); err != nil || string(text) != "yes" {
		t.Errorf("read %q, %v", text, err)
	}
	want := root + "/sys, " + root + "/proc"
	if got := place(config.Device{Wire: drivers.BoardHost, Plan: plan}); l.path != want || got != want {
		t.Errorf("it stands at %q, and %q, want %q", l.path, got, want)
	}
	if got := boardPlace(""); got != "/sys, /proc" {
		t.Errorf("without a folder it stands at %q", got)
	}
}
