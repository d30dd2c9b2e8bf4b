package gateway_test

import (
	"testing"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/gateway"
	"github.com/lamppost-city/lamppost/edge/rulepack"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

// Every pack that is built in compiles, has a test for each rule, and passes them.
func TestBuiltInPacksPassTheirTests(t *testing.T) {
	metrics, err := obs.ParseCatalog(firmwareconfigs.MetricsFile, firmwareconfigs.Metrics())
	if err != nil {
		t.Fatal(err)
	}
	packs, err := gateway.ReadPacks(metrics, firmwareconfigs.Rules())
	if err != nil {
		t.Fatal(err)
	}
	if n := len(packs.Packs()); n < 11 {
		t.Errorf("%d packs", n)
	}
	for _, p := range packs.Packs() {
		t.Run(p.ID, func(t *testing.T) {
			done, wrong := gateway.RehearsePack(packs, p)
			for _, w := range wrong { // a warning is a rule without a test
				t.Error(w)
			}
			if len(done) < len(p.Rules) && len(wrong) == 0 {
				t.Errorf("%d tests for %d rules", len(done), len(p.Rules))
			}
			for _, d := range done {
				if d.Result.Passed {
					continue
				}
				t.Errorf("%s:%d: %s", p.File, d.Test.Node.Line(), d.Test.Name)
				for _, s := range d.Result.Steps {
					line := "   "
					if s.Expected != nil {
						line += s.Expected.From.String() + ".." + s.Expected.To.String() + " " + s.Expected.Is.Stage + " " + s.Expected.Is.Severity
					}
					if line += " | "; s.Got != nil {
						line += s.Got.At.String() + " " + s.Got.Is.Stage + " " + s.Got.Is.Severity
					}
					t.Log(line, s.Right)
				}
			}
		})
	}
}

// What a pack promises is said in both languages, with a source for its figures.
func TestBuiltInPacksAreDocumented(t *testing.T) {
	metrics, err := obs.ParseCatalog(firmwareconfigs.MetricsFile, firmwareconfigs.Metrics())
	if err != nil {
		t.Fatal(err)
	}
	packs, err := gateway.ReadPacks(metrics, firmwareconfigs.Rules())
	if err != nil {
		t.Fatal(err)
	}
	both := func(where string, l obs.Label) {
		if l.ZH == "" || l.EN == "" {
			t.Errorf("%s is not said in both languages: %q, %q", where, l.ZH, l.EN)
		}
	}
	for _, p := range packs.Packs() {
		both(p.ID, p.Name)
		for _, r := range p.Rules {
			both(r.ID, r.About)
			if len(r.Standards) == 0 {
				t.Errorf("%s names no source", r.ID)
			}
			for _, s := range r.Standards {
				both(r.ID+" standards", s.Name)
				both(r.ID+" standards", s.Says)
			}
			for _, x := range r.Parameters {
				both(r.ID+"."+x.Name, x.About)
				if x.Is == rulepack.Number && x.Unit == "" && x.Min == nil {
					t.Errorf("%s.%s is a number without unit or range", r.ID, x.Name)
				}
			}
		}
	}
}
