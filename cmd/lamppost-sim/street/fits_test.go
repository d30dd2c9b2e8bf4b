package street_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/street"
	"github.com/lamppost-city/lamppost/drivers/catalog"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/gateway"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

// gatewayConfig reads the written configuration as a gateway does.
func gatewayConfig(t *testing.T, s *street.Street) *config.Config {
	t.Helper()
	profiles, err := catalog.Profiles(firmwareconfigs.Devices())
	if err != nil {
		t.Fatal(err)
	}
	metrics, err := obs.ParseCatalog(firmwareconfigs.MetricsFile, firmwareconfigs.Metrics())
	if err != nil {
		t.Fatal(err)
	}
	src, err := os.ReadFile(s.ConfigPath())
	if err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(s.ConfigPath(), src, config.Env{Kinds: catalog.Builtin(profiles), Catalog: metrics, Rules: gateway.RuleChecker})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The gateway takes the configuration that every scenario writes, and has nothing to say.
func TestGatewayTakesTheConfiguration(t *testing.T) {
	for _, name := range []string{"calm", "cloudburst", "haze", "faults"} {
		s, err := street.Open(options(t, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range gatewayConfig(t, s).Warnings {
			t.Errorf("%s: %v", name, w)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// Every scenario stays within what the parts can measure: a value outside would be
// flagged, and the truth log would not say why.
func TestScenariosStayInRange(t *testing.T) {
	for _, name := range []string{"calm", "cloudburst", "haze", "faults"} {
		o := options(t, name)
		s, err := street.Open(o)
		if err != nil {
			t.Fatal(err)
		}
		course := o.Scenario.Course(5, true)
		for _, d := range gatewayConfig(t, s).Devices {
			for _, ch := range d.Plan.Channels {
				for i := range 3000 {
					v, ok := course.At(d.ID+"."+ch.Name, ticks(i))
					if d.ID != "gauge" && (!ok || v < ch.Min || v > ch.Max || math.IsNaN(v)) {
						t.Fatalf("%s: %s.%s is %v at %v, the part measures %v to %v", name, d.ID, ch.Name, v, ticks(i), ch.Min, ch.Max)
					}
				}
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// What makes the bytes knows nothing of what reads them in the gateway: else one
// mistake could hide another. Only the profiles' data is shared, here in street.
func TestEncodersAreSeparate(t *testing.T) {
	files, err := filepath.Glob("../*/*.go")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	// The bench bus carries transactions between gateway and simulator; what is in them it
	// does not know.
	allowed := []string{"cmd/lamppost-sim/", "drivers/obs", "drivers/codec/labbus"}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		may := allowed
		if filepath.ToSlash(file) == "../street/registers.go" {
			may = append(may, "drivers/modbus", "firmware-configs")
		}
		for _, i := range f.Imports {
			if why := foreign(strings.Trim(i.Path.Value, `"`), may); why != "" {
				t.Errorf("%s %s", file, why)
			}
		}
	}
}

func foreign(path string, may []string) string {
	ours, is := strings.CutPrefix(path, "github.com/lamppost-city/lamppost/")
	if !is {
		return ""
	}
	for _, m := range may {
		if ours == m || strings.HasSuffix(m, "/") && strings.HasPrefix(ours, m) {
			return ""
		}
	}
	return fmt.Sprintf("imports %s", ours)
}
