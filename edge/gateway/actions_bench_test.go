package gateway

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/catalog"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/alert"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/poll"
	"github.com/lamppost-city/lamppost/edge/rule"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

// bell is an output that says when it is set.
type bell struct{ set chan bool }

func (b bell) Set(_ context.Context, on bool) error         { b.set <- on; return nil }
func (b bell) Get(context.Context) (on, ok bool, err error) { return false, false, nil }
func (b bell) Close() error                                 { return nil }

// sounding is a gateway with one sensor, one rule and one output, by hand: no line and
// no poller takes part. bootMS is its clock.
func sounding(b testing.TB, bootMS *atomic.Int64, flood string) (*Gateway, *generation, bell) {
	b.Helper()
	return soundingBy(b, bootMS, fmt.Sprintf(`
devices: {pass: {driver: a02yyuw, port: /dev/ttyS0, height: 3.0, every: 1s}}
outputs: {siren: {bus: gpio, line: GPIO27, min_off: 0s, per_hour: 3600, interlock: "pass.level > -1.4"}}
rules: {flood: {%s, actions: [siren]}}
`, flood))
}

// soundingBy is a gateway by hand with these devices, outputs and rules.
func soundingBy(b testing.TB, bootMS *atomic.Int64, text string) (*Gateway, *generation, bell) {
	b.Helper()
	metrics, err := obs.ParseCatalog(firmwareconfigs.MetricsFile, firmwareconfigs.Metrics())
	if err != nil {
		b.Fatal(err)
	}
	cfg, err := config.Load("bell.yaml", fmt.Appendf(nil, `
gateway: {id: post-1}
journal: {dir: %s}
buses: {gpio: {gpio: /dev/gpiochip0}}
%s`, b.TempDir(), text), config.Env{Kinds: catalog.Builtin(nil), Catalog: metrics, Rules: RuleChecker})
	if err != nil {
		b.Fatal(err)
	}
	g, err := open(b.Context(), Options{Config: cfg, Catalog: metrics, BootMS: bootMS.Load})
	if err != nil {
		b.Fatal(err)
	}
	out := bell{set: make(chan bool, 2)} // room for what the end sets
	gen := &generation{cfg: cfg, devices: map[string]*device{}, rules: compileRules(cfg), trail: &alert.Trail{},
		lines: &Lines{all: []*line{{id: "gpio", relay: func(config.Output) (drivers.Output, error) { return out, nil }}}}}
	for _, d := range cfg.Devices {
		gen.devices[d.ID] = newDevice(specOf(d), metrics)
	}
	var all []*rule.Rule
	for _, r := range cfg.Rules {
		all = append(all, gen.rules[r.ID].rule)
	}
	gen.ruleStreams, gen.engine = streamsOf(gen.rules), rule.New(all)
	g.mu.Lock()
	g.gen = gen
	g.beginSwitching(gen, nil)
	gen.heed()
	g.mu.Unlock()
	b.Cleanup(func() {
		gen.switching.close(nil)
		if err := g.journal.Close(); err != nil {
			b.Error(err)
		}
	})
	return g, gen, out
}

// From the reading that crosses the limit, as the poller hands it over, through quality,
// journal, interlock and rule to the output's Set, and the same back.
func BenchmarkReadingToSet(b *testing.B) {
	var bootMS atomic.Int64
	bootMS.Store(100_000)
	g, gen, out := sounding(b, &bootMS, `when: "pass.level > 0.5", severity: orange`)
	if on := <-out.set; on {
		b.Fatal("the first thing set is on")
	}
	var took []time.Duration
	for n := 0; b.Loop(); n++ {
		level := 0.8
		if n%2 == 1 {
			level = 0.1
		}
		now := bootMS.Add(2000)
		begin := time.Now()
		g.handle(gen, poll.Sample{Device: "pass", BootMS: now, Readings: []obs.Reading{obs.Of(level)}})
		if on := <-out.set; on != (level > 0.5) {
			b.Fatalf("at %v m it was set %t", level, on)
		}
		took = append(took, time.Since(begin))
		for gen.switching.board.Views()[0].State != map[bool]string{true: "on", false: "off"}[level > 0.5] {
			runtime.Gosched() // until the board knows what was set
		}
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Nanoseconds())/1000, "p50-us")
	b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds())/1000, "p99-us")
}
