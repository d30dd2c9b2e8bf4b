package parts_test

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"testing"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/parts"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/playback"
	"github.com/lamppost-city/lamppost/drivers/catalog"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/gateway"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

// TestSerialProfilesReadTheirCounterparts: the gateway reads the parts on a serial line of
// their own that it has a profile for, and what they report of themselves takes the value
// away.
func TestSerialProfilesReadTheirCounterparts(t *testing.T) {
	for _, c := range []struct {
		part, state string
		set         []parts.Setting
	}{
		{"rg-15", "", []parts.Setting{{Channel: "rain", Is: 812.9}, {Channel: "rain.event", Is: 1.38}, {Channel: "rain_rate", Is: 6.2}}},
		{"rg-15", "", []parts.Setting{{Channel: "rain", Is: 0}, {Channel: "rain.event", Is: 0}, {Channel: "rain_rate", Is: 0}}},
		{"rg-15", "device", nil},
		{"rg-15", "saturated", nil},
		{"rg-9", "", []parts.Setting{{Channel: "rain_level", Is: 6}}},
		{"rg-9", "device", nil},
	} {
		t.Run(c.part+" "+c.state, func(t *testing.T) {
			t.Parallel()
			p, err := parts.Find(c.part)
			if err != nil {
				t.Fatal(err)
			}
			source, err := parts.NewValues(p, c.part, 1, c.set, nil)
			if err != nil {
				t.Fatal(err)
			}
			o := readAlone(t, p, parts.Stage{Device: c.part, Baud: 9600, State: c.state, Source: source, Record: playback.Nobody{}})
			if o.Err != nil && c.state == "" {
				t.Fatal(o.Err)
			}
			for i, channel := range o.Device.Plan.Channels {
				switch {
				case c.state != "":
					if o.Err == nil && o.Readings[i].Quality.Usable() {
						t.Errorf("%s: the part reports %s, the gateway believes %v", channel.Name, c.state, o.Readings[i].Value)
					}
				case math.Abs(o.Readings[i].Value-source.Value(channel.Name)) > 1e-9 || !o.Readings[i].Quality.Usable():
					t.Errorf("%s reads %v (%v), want %v", channel.Name, o.Readings[i].Value, o.Readings[i].Quality, source.Value(channel.Name))
				}
			}
		})
	}
}

// readAlone plays a part on a pseudo terminal, as lamppost-sim part does, and reads it
// once through the gateway.
func readAlone(t *testing.T, p parts.Part, s parts.Stage) gateway.Outcome {
	t.Helper()
	link := filepath.Join(t.TempDir(), "port")
	ctx, cancel := context.WithCancel(t.Context())
	there, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- p.Play(ctx, parts.Place{Link: link}, s, func(string) { close(there) }) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	<-there
	set, err := catalog.Profiles(firmwareconfigs.Devices())
	if err != nil {
		t.Fatal(err)
	}
	metrics, err := obs.ParseCatalog(firmwareconfigs.MetricsFile, firmwareconfigs.Metrics())
	if err != nil {
		t.Fatal(err)
	}
	src := fmt.Sprintf("gateway: {id: g}\ndevices:\n  %s: {profile: %s, port: %s}\n", p.ID, p.ID, link)
	cfg, err := config.Load("alone.yaml", []byte(src), config.Env{Kinds: catalog.Builtin(set), Catalog: metrics})
	if err != nil {
		t.Fatal(err)
	}
	outcomes, err := gateway.Read(t.Context(), cfg, metrics, nil)
	if err != nil {
		t.Fatal(err)
	}
	return outcomes[0]
}
