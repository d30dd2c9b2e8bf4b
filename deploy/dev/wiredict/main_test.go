package main

import (
	"os"
	"testing"

	"github.com/lamppost-city/lamppost/drivers/obs"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

// What the shipped dictionary is worth to gateways that it was not made from: 30
// readings take at most 11 bytes each, whatever the ids are and whichever metrics of
// the catalogue they measure, and no size is worse off with it.
func TestHoldOut(t *testing.T) {
	catalog, err := obs.ParseCatalog(firmwareconfigs.MetricsFile, firmwareconfigs.Metrics())
	if err != nil {
		t.Fatal(err)
	}
	dict, err := os.ReadFile("../../../edge/wire/dictionary/40102.zdict")
	if err != nil {
		t.Fatal(err)
	}
	results, err := measure(dict, catalog, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		t.Log(r)
		if r.with > r.without || r.readings == 30 && r.with > 11 || r.readings == 500 && r.with > 5 {
			t.Errorf("too much: %s", r)
		}
	}
	if len(results) != 9 {
		t.Errorf("%d results, want 9", len(results))
	}
}

// The book names every metric of the catalogue.
func TestBookIsComplete(t *testing.T) {
	catalog, err := obs.ParseCatalog(firmwareconfigs.MetricsFile, firmwareconfigs.Metrics())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := book(catalog); err != nil {
		t.Error(err)
	}
	if have := len(examples()) + len(unused(catalog)); have < len(catalog.All()) {
		t.Errorf("%d names, the catalogue has %d", have, len(catalog.All()))
	}
}
