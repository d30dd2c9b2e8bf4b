package e2e

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
	"github.com/lamppost-city/lamppost/drivers/catalog"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/gateway"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

// maxResident is what the gateway may hold with one of everything, bytes.
const maxResident = 30e6

// One gateway reads every class of driver at once, each from a part that was played
// apart from it: every value that a part put on its wire is in the store, nothing else
// is, and the gateway stays small.
func TestEveryDriverClassAtOnce(t *testing.T) {
	t.Setenv("RUNTIME_DIRECTORY", t.TempDir()) // totals begin at nought
	c := &city{t: t, dir: t.TempDir()}
	c.startCloud()
	c.startSim("calm", "--street", "full")
	c.startGateway()
	c.keepOnFailure()
	eventually(t, soon, "every device to be read", func() bool {
		s, err := c.page()
		well := 0
		for _, d := range s.State.Devices {
			if d.State == "ok" {
				well++
			}
		}
		return err == nil && well > 0 && well == len(s.State.Devices)
	})
	began, busy := time.Now(), figure(t, "http://"+c.status+"/metrics", "process_cpu_seconds_total")
	var held []float64 // resident bytes each ten seconds: one look alone is as much the collector's as the gateway's
	for range 6 {
		pause(t, 10*time.Second)
		held = append(held, figure(t, "http://"+c.status+"/metrics", "process_resident_memory_bytes"))
	}
	ended := time.Now()
	busy = figure(t, "http://"+c.status+"/metrics", "process_cpu_seconds_total") - busy
	slices.Sort(held)
	resident := (held[2] + held[3]) / 2
	devices := len(c.devices())
	t.Logf("%d devices: the gateway has %.1f MB resident (%.1f to %.1f) and takes %.2f %% of one core", devices, resident/1e6, held[0]/1e6, held[5]/1e6, 100*busy/ended.Sub(began).Seconds())
	if resident > maxResident {
		t.Errorf("the gateway has %.1f MB resident, at most %.0f are allowed", resident/1e6, maxResident/1e6)
	}
	c.drained(soon)
	from, to := began.Add(-time.Minute), ended.Add(time.Minute)
	points := c.points(from.UnixMilli(), to.UnixMilli())
	report := c.judgeWith(points, c.faults(nil, from, to), began, ended.Add(-20*time.Second), func(r *truth.Run) {
		c.asConfigured(r)
		c.counters(r, points)
	})
	t.Log(report.String())
	if err := report.Err(); err != nil {
		t.Error(err)
	}
	if report.Matched < 10*devices {
		t.Errorf("only %d values of %d devices were judged", report.Matched, devices)
	}
	c.relayHeard()
	c.gw.stop()
	c.sim.stop()
	c.cloud.stop()
}

// asConfigured leaves out what a part says and its driver or profile does not read, and
// takes of a number with a point as many places as the driver does.
func (c *city) asConfigured(r *truth.Run) {
	c.t.Helper()
	steps := map[string]float64{}
	for _, d := range c.resolved().Devices {
		for _, ch := range d.Plan.Channels {
			steps[d.ID+"."+ch.Name] = ch.Resolution
		}
	}
	kept := r.Lines[:0]
	for _, l := range r.Lines {
		step, read := steps[l.Device+"."+l.Channel]
		if l.Channel != "" && !read {
			continue
		}
		l.Resolution = max(l.Resolution, step)
		kept = append(kept, l)
	}
	r.Lines = kept
	unasked := map[string]bool{}
	for _, l := range r.Lines {
		unasked[l.Device] = unasked[l.Device] || l.Via == truth.Frame
	}
	for i, l := range r.Lines {
		if l.Via == truth.Answer && unasked[l.Device] { // a part that also talks by itself: one a turn is stored
			r.Lines[i].Via = truth.Frame
		}
	}
	told := map[string]bool{}
	for _, l := range r.Lines {
		told[l.Device+"."+l.Channel] = true
	}
	r.Points = slices.DeleteFunc(r.Points, func(p truth.Point) bool { // parts that warm up all the time of the test, and say nothing true
		return p.QC > 2 && !told[p.Device+"."+p.Channel]
	})
}

// resolved reads the gateway's configuration as the gateway does.
func (c *city) resolved() *config.Config {
	c.t.Helper()
	profiles, err := catalog.Profiles(firmwareconfigs.Devices())
	if err != nil {
		c.t.Fatal(err)
	}
	metrics, err := obs.ParseCatalog(firmwareconfigs.MetricsFile, firmwareconfigs.Metrics())
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
	return cfg
}

// counters judges what the gateway counts by itself: a total is what had come by then,
// and its rate is that of the pulses. They are taken out of the run.
func (c *city) counters(r *truth.Run, points []truth.Point) {
	c.t.Helper()
	totals := map[string][]truth.Line{}
	for _, l := range r.Lines {
		if counted[l.Device] && l.Via == truth.Frame {
			totals[l.Device+"."+l.Channel] = append(totals[l.Device+"."+l.Channel], l)
		}
	}
	for stream, lines := range totals {
		n := 0
		for _, p := range points {
			if p.Device+"."+p.Channel != stream {
				continue
			}
			n++
			if !stoodAt(lines, p, r.Slack.Milliseconds()) {
				c.t.Errorf("%s = %v at %d: the pulses that had come then were others", stream, p.V, p.T)
			}
		}
		if n < 5 {
			c.t.Errorf("%s: %d totals are stored", stream, n)
		}
	}
	for device := range counted {
		delete(r.Every, device)
	}
	delete(r.Every, "board") // what the machine says of itself nobody has made up
}

// counted are the devices that count pulses.
var counted = map[string]bool{"pulse": true, "rain-gauge": true, "flow-meter": true, "anemometer": true}

// stoodAt says whether the total was that of the point within slack of its time.
func stoodAt(lines []truth.Line, p truth.Point, slack int64) bool {
	for i, l := range lines {
		until := int64(math.MaxInt64)
		if i+1 < len(lines) {
			until = lines[i+1].T
		}
		if math.Abs(l.V-p.V) <= l.Resolution && l.T <= p.T+slack && p.T-slack <= until {
			return true
		}
	}
	return len(lines) > 0 && p.V == 0 && p.T-slack <= lines[0].T
}

// relayHeard says that the lamp was switched on its relay.
func (c *city) relayHeard() {
	c.t.Helper()
	lines, err := truth.ReadFile(filepath.Join(c.dir, "street", "truth.jsonl"))
	if err != nil {
		c.t.Fatal(err)
	}
	for _, l := range lines {
		if l.Event == "switch" && l.Device == "relay" && strings.Contains(l.Detail, "on") {
			return
		}
	}
	c.t.Error("the relay never picked up, though the float switch is up")
}
