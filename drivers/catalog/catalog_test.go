package catalog

import (
	"slices"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
	"github.com/lamppost-city/lamppost/drivers/modbus"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

func builtin(t *testing.T) []drivers.Kind {
	t.Helper()
	profiles, err := modbus.ParseProfiles(firmwareconfigs.Devices())
	if err != nil {
		t.Fatal(err)
	}
	return Builtin(profiles)
}

func TestNamesAreUniqueAndInOrder(t *testing.T) {
	var names []string
	for _, k := range builtin(t) {
		names = append(names, k.Name)
	}
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("the names are %q, want each once and in order", names)
	}
	for _, want := range []string{"a02yyuw", "camera", "modbus", "pms5003"} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is not built in", want)
		}
	}
}

// Describe tests that every sample can be planned, that exactly the Open of the
// kind's wire is set, and that the channels are metrics of the catalogue.
func TestEveryKindDescribesItself(t *testing.T) {
	metrics := drivertest.Metrics(t)
	for _, k := range builtin(t) {
		t.Run(k.Name, func(t *testing.T) { drivertest.Describe(t, k, metrics) })
	}
}
