package uart

import (
	"io/fs"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/profile"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// known are the profiles that are compiled into the programs, and those that only test
// the format. Reading them holds each against its fixtures: the published frames of nine
// parts, and frames that must be refused.
func known(t testing.TB) *profile.Set {
	t.Helper()
	return read(t, os.DirFS("../../firmware-configs/devices"), os.DirFS("testdata/profiles"))
}

func read(t testing.TB, folders ...fs.FS) *profile.Set {
	t.Helper()
	set, err := profile.ReadOnly(Format(), folders...)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func get(t testing.TB, id string) *Profile {
	t.Helper()
	f, ok := parts{known(t)}.get(id)
	if !ok {
		t.Fatalf("there is no profile %s", id)
	}
	return f
}

func planYAML(set *profile.Set, src string) (*drivers.Plan, error) {
	return Kind(set).Plan(func(out any) error {
		doc, err := yamldoc.Parse("options", []byte(src))
		if err != nil {
			return err
		}
		return doc.Decode(out)
	})
}
