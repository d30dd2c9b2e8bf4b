package gateway

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/poll"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

// BenchmarkPipeline is what one reading costs between the poller and what waits to be
// written and sent: quality, journal, rules and the offer to the uplink, for a hundred
// devices of a hundred channels, one channel of each with a rule.
func BenchmarkPipeline(b *testing.B) {
	const devices, channels = 100, 100
	metrics, err := obs.ParseCatalog(firmwareconfigs.MetricsFile, firmwareconfigs.Metrics())
	if err != nil {
		b.Fatal(err)
	}
	plan := &drivers.Plan{OpenSerial: func(drivers.Port) (drivers.Driver, error) { return nil, nil }}
	for i := range channels {
		plan.Channels = append(plan.Channels, drivers.Channel{Name: fmt.Sprintf("temp.f%02d", i), Min: -40, Max: 120, Resolution: 0.1})
	}
	panel := drivers.Kind{Name: "panel", Wire: drivers.SerialLine, Plan: func(func(any) error) (*drivers.Plan, error) { return plan, nil }}
	var text strings.Builder
	fmt.Fprintf(&text, "gateway: {id: bench}\njournal: {dir: %q}\nuplink: {broker: \"mqtt://127.0.0.1:1\"}\ndevices:\n", b.TempDir())
	for i := range devices {
		fmt.Fprintf(&text, "  panel-%03d: {driver: panel, port: /dev/ttyS%d, every: 1s}\n", i, i)
	}
	text.WriteString("rules:\n")
	for i := range devices {
		fmt.Fprintf(&text, "  hot-%d: {when: \"panel-%03d.temp.f01 > 100\", for: 10s, severity: yellow}\n", i, i)
	}
	cfg, err := config.Load("bench.yaml", []byte(text.String()), config.Env{Kinds: []drivers.Kind{panel}, Catalog: metrics, Rules: RuleChecker})
	if err != nil {
		b.Fatal(err)
	}
	var bootMS atomic.Int64
	bootMS.Store(1_000_000)
	g, err := open(b.Context(), Options{Config: cfg, Catalog: metrics, BootMS: bootMS.Load})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = g.journal.Close() })
	gen, err := newGeneration(cfg, metrics, recalled{}, nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	g.gen = gen
	gen.heed()
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		if n%devices == 0 {
			bootMS.Add(1000)
		}
		readings := make([]obs.Reading, channels) // the driver's
		for i := range readings {
			readings[i] = obs.Reading{Value: float64(400+(n+i*7)%30) / 10}
		}
		g.handle(gen, poll.Sample{Device: gen.order[n%devices], BootMS: bootMS.Load(), Readings: readings})
		n++
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n*channels), "ns/reading")
}
