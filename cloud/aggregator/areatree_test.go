package aggregator

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/area"
	"github.com/lamppost-city/lamppost/cloud/database"
	"github.com/lamppost-city/lamppost/cloud/view"
)

// Rights follow the city's tree, also where it says something else than the digits.
func TestRightsFollowTheTree(t *testing.T) {
	db, err := database.Open(t.Context(), filepath.Join(t.TempDir(), "a.db"), database.Schema{Name: "area", Steps: area.Schema()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	places, err := area.Open(t.Context(), area.Options{DB: db, Gateways: func() []view.Gateway { return nil }, Failed: func(error) {}})
	if err != nil {
		t.Fatal(err)
	}
	tree := areaTree{places}
	check := func(above, below string, want bool) {
		t.Helper()
		if got := tree.Contains(above, below); got != want {
			t.Errorf("Contains(%q, %q) = %v, want %v", above, below, got, want)
		}
	}
	check("990101", "990101003", true)
	check("990101000000", "990101003012", true)
	check("990102", "990101003", false)
	for _, bad := range []string{"", "*", "x", "99010"} {
		check(bad, "990101003", false)
		check("990101", bad, false)
	}
	const moved = "code,name,parent\n99,省,\n9901,市,99\n990101,甲区,9901\n990102,乙区,9901\n990101003,街道,990102\n"
	if _, err := places.ImportAreas(t.Context(), view.AreaFile{Name: "a.csv", Data: []byte(moved)}, time.Unix(1_790_000_000, 0)); err != nil {
		t.Fatal(err)
	}
	check("990101", "990101003", false)
	check("990102", "990101003", true)
	check("990102", "990101003012", true)
	check("9901", "990101003", true)
}
