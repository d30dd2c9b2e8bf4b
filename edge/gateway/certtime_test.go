package gateway

import (
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/clock"
	"github.com/lamppost-city/lamppost/edge/config"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

// A board that starts in 1970 judges certificates by a time that has surely passed,
// in the gateway as it is put together.
func TestCertificatesAreJudgedByTheFloor(t *testing.T) {
	metrics, err := obs.ParseCatalog(firmwareconfigs.MetricsFile, firmwareconfigs.Metrics())
	if err != nil {
		t.Fatal(err)
	}
	cfg := &config.Config{}
	cfg.Gateway.ID, cfg.Journal.Dir = "hz-07", t.TempDir()
	g, err := open(t.Context(), Options{Config: cfg, Catalog: metrics,
		Kernel: func() clock.Kernel { return clock.Kernel{UnixMS: 1000} },
		Wall:   func() time.Time { return time.UnixMilli(1000) },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer g.journal.Close()
	o := g.uplinkOptions(&config.Uplink{Brokers: []string{"mqtts://hub.example.org"}}, nil)
	if o.Time == nil {
		t.Fatal("the uplink judges certificates by the wall clock")
	}
	if now, trusted := o.Time(); trusted || now.Before(g.clock.Floor().Add(-time.Second)) {
		t.Errorf("certificates are judged by %v, trusted %v; it is past %v", now, trusted, g.clock.Floor())
	}
}
