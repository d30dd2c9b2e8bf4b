package catalog

import (
	"slices"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

func builtin(t *testing.T) []drivers.Kind {
	t.Helper()
	profiles, err := Profiles(firmwareconfigs.Devices())
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
	for _, want := range []string{"a02yyuw", "bme280", "camera", "digital", "ds18b20", "modbus", "pms5003", "pulse"} {
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

// A gateway with drivers of its own has them in their place among the others, and
// none of them takes a name away.
func TestAdd(t *testing.T) {
	own := func(change func(*drivers.Kind)) drivers.Kind {
		k := drivers.Kind{Name: "mine", Wire: drivers.SerialLine, Plan: func(func(any) error) (*drivers.Plan, error) { return nil, nil }}
		change(&k)
		return k
	}
	before := builtin(t)
	all, err := Add(before, own(func(*drivers.Kind) {}))
	if err != nil || len(all) != len(before)+1 || len(before) != len(builtin(t)) {
		t.Fatalf("%d kinds of %d, %v", len(all), len(before), err)
	}
	if !slices.IsSortedFunc(all, func(a, b drivers.Kind) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("the kinds are out of order")
	}
	for want, change := range map[string]func(*drivers.Kind){
		"driver camera: the name is taken": func(k *drivers.Kind) { k.Name = "camera" },
		"'P' is not allowed":               func(k *drivers.Kind) { k.Name = "Part" },
		`there is no wire "string"`:        func(k *drivers.Kind) { k.Wire = "string" },
		"driver mine has no Plan":          func(k *drivers.Kind) { k.Plan = nil },
	} {
		if _, err := Add(before, own(change)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Add gives %v, want %q", err, want)
		}
	}
	if _, err := Add(before, own(func(*drivers.Kind) {}), own(func(*drivers.Kind) {})); err == nil {
		t.Error("one name twice is taken")
	}
}
