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
