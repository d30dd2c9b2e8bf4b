package full

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/parts"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/street"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
	"github.com/lamppost-city/lamppost/drivers/catalog"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/gateway"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T) *Street {
	t.Helper()
	s, err := Open(street.Options{Dir: t.TempDir(), Seed: 1, Gateway: "street-01", Broker: "mqtt://127.0.0.1:1883", Commit: time.Second, Status: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// resolved reads the written configuration as a gateway does.
func resolved(t *testing.T, s *Street) *config.Config {
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

// Every driver of the catalogue is alive in the street, and the gateway takes its
// configuration: all that it says is that the board's own buses are simulated.
func TestEveryDriverIsInTheStreet(t *testing.T) {
	s := open(t)
	defer s.Close()
	c := resolved(t, s)
	for _, w := range c.Warnings {
		if w.ID != "W2505" {
			t.Errorf("the gateway says: %v", w)
		}
	}
	if len(c.Warnings) != 3 {
		t.Errorf("%d warnings, want one for each of I2C, 1-Wire and GPIO", len(c.Warnings))
	}
	played := map[string]bool{}
	for _, d := range c.Devices {
		played[d.Driver] = true
	}
	for _, k := range catalog.Builtin(nil) {
		if !played[k.Name] {
			t.Errorf("nobody plays driver %s; give it a part in package parts, and a role in the cast", k.Name)
		}
	}
	every := s.EveryOf()
	for _, d := range c.Devices {
		if every[d.ID] != d.Every {
			t.Errorf("%s is said to be read each %v, and is read each %v", d.ID, every[d.ID], d.Every)
		}
	}
}

// What the tables name is there.
func TestTablesNameParts(t *testing.T) {
	for id := range cast {
		if _, err := parts.Find(id); err != nil {
			t.Errorf("cast: %v", err)
		}
	}
	for id := range onModbus {
		if p, err := parts.Find(id); err != nil || p.Unit == nil {
			t.Errorf("onModbus: %s: %v", id, err)
		}
	}
}

// The street begins, ends when it is told to, and leaves nothing behind but its
// configuration and its log.
func TestStreetLivesAndEnds(t *testing.T) {
	s := open(t)
	ctx, stop := context.WithCancel(t.Context())
	if err := s.Run(ctx, stop); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	left, err := filepath.Glob(filepath.Join(s.o.Dir, "dev", "*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	lines, err := truth.ReadFile(s.TruthPath())
	if err != nil || len(lines) < 2 || lines[0].Device == "" && lines[0].Event != "start" || lines[len(lines)-1].Event != "stop" {
		t.Errorf("the log: %v, %+v", err, lines)
	}
}

func TestTwoInOneDirectory(t *testing.T) {
	s := open(t)
	defer s.Close()
	if _, err := Open(s.o); !errors.Is(err, truth.ErrInUse) {
		t.Errorf("a second one: %v", err)
	}
}
