package firmwareconfigs_test

import (
	"slices"
	"testing"

	"github.com/lamppost-city/lamppost/edge/derive"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

// Every file of indices decodes, and the editions that configurations name are there.
func TestIndicesDecode(t *testing.T) {
	tables, err := derive.ParseTables(firmwareconfigs.Indices())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := tables.Air(), []string{"epa-2024", "hj633-2012", "hj633-2026"}; !slices.Equal(got, want) {
		t.Errorf("editions of air quality indices are %q, want %q", got, want)
	}
	if got, want := tables.Water(), []string{"gb3838-2002"}; !slices.Equal(got, want) {
		t.Errorf("editions of water classes are %q, want %q", got, want)
	}
}
