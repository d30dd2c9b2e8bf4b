package e2e

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/catalog"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/clock"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/gateway"
	"github.com/lamppost-city/lamppost/edge/status"
	"github.com/lamppost-city/lamppost/edge/wire"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

// board runs the city's gateway inside the test, as on a board whose clock nobody
// has set: the kernel is not synchronised, the wall clock says 1970.
func (c *city) board() (stop func()) {
	c.t.Helper()
	metrics, err := obs.ParseCatalog(firmwareconfigs.MetricsFile, firmwareconfigs.Metrics())
	if err != nil {
		c.t.Fatal(err)
	}
	profiles, err := catalog.Profiles(firmwareconfigs.Devices())
	if err != nil {
		c.t.Fatal(err)
	}
	src, err := os.ReadFile(c.gatewayCfg)
	if err != nil {
		c.t.Fatal(err)
	}
	cfg, err := config.Load(c.gatewayCfg, src, config.Env{Kinds: catalog.Builtin(profiles), Catalog: metrics, Rules: gateway.RuleChecker})
	if err != nil {
		c.t.Fatal(err)
	}
	powered := time.Now()
	ctx, cancel := context.WithCancel(c.t.Context())
	ready, done := make(chan gateway.Started, 1), make(chan error, 1)
	go func() {
		done <- gateway.Run(ctx, gateway.Options{Config: cfg, Catalog: metrics, Version: "test",
			Ready: func(s gateway.Started) { ready <- s },
			Kernel: func() clock.Kernel {
				return clock.Kernel{BootMS: clock.BootMS(), UnixMS: time.Since(powered).Milliseconds()}
			},
			Wall: func() time.Time { return time.Unix(0, 0).Add(time.Since(powered)) }})
	}()
	select {
	case <-ready:
	case err := <-done:
		c.t.Fatalf("the gateway does not start: %v", err)
	}
	ended := false
	stop = func() {
		if ended {
			return
		}
		ended = true
		cancel()
		if err := <-done; err != nil {
			c.t.Errorf("Run = %v after a stop", err)
		}
	}
	c.t.Cleanup(stop)
	return stop
}

// A board whose clock starts in 1970 and that reaches nobody keeps everything and
// says so; when the cloud is there it dates by what the cloud's acknowledgements
// say, and all arrives under the time at which it was.
func TestClockThatStartsIn1970(t *testing.T) {
	t.Parallel()
	city := &city{t: t, dir: t.TempDir()}
	city.keepOnFailure()
	city.startCloud()
	city.cloud.stop() // its addresses are known now; nobody answers there
	city.startSim("calm")
	city.gatewayCfg = variant(t, city.gatewayCfg, "1970.yaml", `river.level > 2.80`, `river.level > 1.00`, `river.level < 2.70`, `river.level < 0.90`)
	began := time.Now().Add(3 * time.Second)
	stop := city.board()

	pause(t, 33*time.Second) // half a minute is what a clock may take to be found
	before, err := city.page()
	if err != nil {
		t.Fatal(err)
	}
	said := entry(before, "clock")
	t.Logf("%s: %v", said.Level, said.Text)
	if before.State.Clock != clock.Unsynced || !strings.Contains(said.Text["en"], "1970") || !strings.Contains(said.Text["zh"], "1970") {
		t.Errorf("the clock is %q, health says %+v", before.State.Clock, said)
	}
	if away := entry(before, "uplink"); !strings.Contains(away.Text["en"], "Everything is kept here") {
		t.Errorf("health says of the link %+v", away)
	}
	if before.Uplink.Waiting < 100 {
		t.Errorf("%d records wait, after half a minute of seven devices", before.Uplink.Waiting)
	}
	if before.State.At.Unix != 0 || len(before.Alerts) != 1 || before.Alerts[0].Since.Unix != 0 {
		t.Fatalf("the page claims to know the time (%+v) or has not one alert: %+v", before.State.At, before.Alerts)
	}
	raised := time.Now().Add(-time.Duration(clock.BootMS()-before.Alerts[0].Since.BootMS) * time.Millisecond)

	city.startCloud()
	var anchored status.Snapshot
	eventually(t, soon, "the clock to be trusted", func() bool {
		anchored, err = city.page()
		return err == nil && anchored.State.Clock == clock.Synced
	})
	t.Logf("at the anchor the gateway's time is %d ms off, it says ±%d ms", anchored.State.At.Unix-time.Now().UnixMilli(), anchored.State.At.ErrorMS)
	if off := time.Since(anchored.State.At.Time()).Abs(); off > 2*time.Second+city.slack() {
		t.Errorf("the gateway's time is %v off", off)
	}
	if h := entry(anchored, "clock"); h.ID != "" {
		t.Errorf("health still says %v", h.Text)
	}
	pause(t, 5*time.Second)
	ended := time.Now().Add(-2 * time.Second)
	pause(t, 2*time.Second)
	city.drained(soon)

	points := city.points(1, ended.Add(time.Hour).UnixMilli())
	if n := city.stands(points, began, ended); n < 200 {
		t.Errorf("only %d values were looked for", n)
	}
	report := city.judge(points, began, ended, nil)
	t.Log(report.String())
	if err := report.Err(); err != nil {
		t.Error(err)
	}
	for _, p := range points {
		if p.T < began.Add(-time.Minute).UnixMilli() || p.T > time.Now().UnixMilli()+1000 {
			t.Errorf("stored at %v: %+v", time.UnixMilli(p.T).UTC(), p)
		}
	}
	city.checkRaised("river-high", raised)
	if n := city.metric("lamppost_ingest_rejected_total") + city.metric("lamppost_ingest_refused_points_total"); n != 0 {
		t.Errorf("%v messages or readings were refused", n)
	}
	for _, g := range city.gaps() {
		t.Errorf("a gap is declared: %+v", g)
	}
	stop()
	city.cloud.stop()
}

// entry is a health entry of the gateway's page, empty if there is none.
func entry(s status.Snapshot, id string) wire.Health {
	for _, h := range s.State.Health {
		if h.ID == id {
			return h
		}
	}
	return wire.Health{}
}

// checkRaised demands that an alert of the rule is known and has the right time.
func (c *city) checkRaised(rule string, at time.Time) {
	c.t.Helper()
	var a struct {
		Alerts []struct {
			Rule  string
			Since int64
			At    int64
		}
	}
	c.get("/alerts?state=all", &a)
	if len(a.Alerts) != 1 || a.Alerts[0].Rule != rule {
		c.t.Fatalf("alerts: %+v, want one of %s", a.Alerts, rule)
	}
	if off := a.Alerts[0].Since - at.UnixMilli(); max(off, -off) > 1000+c.slack().Milliseconds() {
		c.t.Errorf("the alert is said to be since %v, it was raised at %v", time.UnixMilli(a.Alerts[0].Since).UTC(), at.UTC())
	}
	if a.Alerts[0].At < at.UnixMilli()-1000 {
		c.t.Errorf("the alert's revision is of %v, it was raised at %v", time.UnixMilli(a.Alerts[0].At).UTC(), at.UTC())
	}
}
