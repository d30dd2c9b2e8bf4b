package parts_test

import (
	"slices"
	"testing"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/parts"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/registers"
	"github.com/lamppost-city/lamppost/drivers/catalog"
	"github.com/lamppost-city/lamppost/drivers/modbus"
	"github.com/lamppost-city/lamppost/drivers/obs"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

// TestEveryProfileHasACounterpart: a profile without a table of its maker fails, one
// with a channel that the table does not have as well. Tables that no profile reads are
// listed.
func TestEveryProfileHasACounterpart(t *testing.T) {
	all, err := modbus.ParseProfiles(firmwareconfigs.Devices())
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, id := range all.IDs() {
		seen[id] = true
		p, _ := all.Get(id)
		table, ok := registers.Get(id)
		if !ok {
			t.Errorf("the profile %s has no counterpart: write its maker's table into registers", id)
			continue
		}
		for _, c := range p.Channels {
			if !slices.ContainsFunc(table.Values(), func(r registers.Row) bool { return r.Channel == c.Channel }) {
				t.Errorf("the profile %s reads %s, for which its maker's table has no row", id, c.Channel)
			}
		}
	}
	for _, table := range registers.All() {
		if !seen[table.ID] {
			t.Logf("no profile reads %s", table.ID)
		}
	}
}

// elsewhere are the drivers that no part of this list is read by, with where their
// counterpart is.
var elsewhere = map[string]string{
	"modbus":  "the profiles: each has a table of its maker",
	"loop":    "the modules: each has a table of its maker, with currents in it",
	"uart":    "the profiles: each has a part under its own id",
	"board":   "the machine that it runs on; its tests lay out the kernel's files",
	"process": "the example programs in drivers/process/examples",
}

// TestEveryDriverHasACounterpart: each driver, and each profile of whatever protocol, can
// be played alone under its name, with its channels.
func TestEveryDriverHasACounterpart(t *testing.T) {
	set, err := catalog.Profiles(firmwareconfigs.Devices())
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range catalog.Builtin(set) {
		_, err := parts.Find(k.Name)
		switch {
		case err != nil && elsewhere[k.Name] == "":
			t.Errorf("the driver %s has no counterpart: %v", k.Name, err)
		case err == nil && elsewhere[k.Name] != "":
			t.Errorf("the driver %s has a counterpart of its own: take it out of elsewhere", k.Name)
		}
	}
	for _, id := range set.IDs() {
		p, err := parts.Find(id)
		if err != nil {
			t.Errorf("the profile %s has no counterpart: %v", id, err)
			continue
		}
		profile, _ := set.Get(id)
		for _, c := range profile.Measures() {
			if _, ok := p.Channel(c.Name); !ok {
				t.Errorf("the profile %s measures %s, which its counterpart cannot be set to", id, c.Name)
			}
		}
	}
}

// TestUnitsAreThoseOfTheMetrics: the tables write down in which unit the gateway stores
// a channel; the metric catalogue says the same.
func TestUnitsAreThoseOfTheMetrics(t *testing.T) {
	metrics, err := obs.ParseCatalog(firmwareconfigs.MetricsFile, firmwareconfigs.Metrics())
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range registers.All() {
		for _, r := range table.Rows {
			if r.Channel == "" {
				continue
			}
			if m, ok := metrics.Lookup(r.Channel); ok && string(m.Unit) != r.Metric {
				t.Errorf("%s: %s is stored in %s, the table says %s", table.ID, r.Channel, m.Unit, r.Metric)
			}
		}
	}
}
