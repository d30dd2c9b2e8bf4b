package e2e

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// twin starts a second street with a gateway of the same id, as a copied card
// brings it about: another place, another journal, the same name.
func (c *city) twin(scenario string) *city {
	c.t.Helper()
	other := &city{t: c.t, dir: filepath.Join(c.dir, "twin"), console: c.console, mqtt: c.mqtt, yard: c.yard}
	if err := os.Mkdir(other.dir, 0o755); err != nil {
		c.t.Fatal(err)
	}
	other.startSim(scenario, "--seed", "7")
	other.startGateway()
	return other
}

// Two gateways under one id: what both send is stored, and everybody is told.
func TestTwoGatewaysWithOneID(t *testing.T) {
	t.Parallel()
	first, _, _ := newCity(t, "calm")
	first.keepOnFailure()
	first.live()
	if first.gateway().Conflict {
		t.Error("a gateway alone is said to be two")
	}
	twin := first.twin("haze")
	began := time.Now().Add(3 * time.Second)
	eventually(t, soon, "the conflict to be seen", func() bool { return first.gateway().Conflict })
	told := wire.Health{}
	for _, h := range first.gateway().Health {
		if h.ID == "clone" {
			told = h
		}
	}
	t.Logf("%s: %v", told.Level, told.Text)
	if told.Level != "fail" || !strings.Contains(told.Text["en"], "Two gateways") || !strings.Contains(told.Text["zh"], "两台网关") {
		t.Errorf("health says %+v", told)
	}
	for _, c := range []*city{first, twin} {
		eventually(t, soon, "the gateway itself to know", func() bool {
			page, err := c.page()
			return err == nil && strings.Contains(entry(page, "uplink-twin").Text["en"], "cloned card")
		})
	}
	pause(t, 10*time.Second)
	ended := time.Now().Add(-2 * time.Second)
	pause(t, 2*time.Second)
	first.drained(soon)
	twin.drained(soon)
	points := first.points(began.Add(-time.Minute).UnixMilli(), ended.Add(time.Minute).UnixMilli())
	for name, c := range map[string]*city{"first": first, "twin": twin} {
		n := c.stands(points, began, ended)
		t.Logf("%s: %d answered values, all stored", name, n)
		if n < 50 {
			t.Errorf("only %d values of the %s were looked for", n, name)
		}
	}
	twin.gw.stop()
	first.gw.stop()
	first.cloud.stop()
}

// stands demands that each value that this street's polled devices answered is
// among the points, and returns how many there were.
func (c *city) stands(points []truth.Point, from, to time.Time) (n int) {
	c.t.Helper()
	lines, err := truth.ReadFile(filepath.Join(c.dir, "street", "truth.jsonl"))
	if err != nil {
		c.t.Fatal(err)
	}
	slack := 500 + c.slack().Milliseconds()
	for _, l := range lines {
		if l.Via != truth.Answer || l.Event != "" || l.T < from.UnixMilli() || l.T > to.UnixMilli() {
			continue
		}
		n++
		found := false
		for _, p := range points {
			found = found || p.Device == l.Device && p.Channel == l.Channel && math.Abs(p.V-l.V) <= l.Resolution/2+1e-9*math.Abs(l.V) && max(p.T-l.T, l.T-p.T) < slack
		}
		if !found {
			c.t.Errorf("%s.%s = %v, answered at %s, is not stored", l.Device, l.Channel, l.V, time.UnixMilli(l.T).UTC().Format("15:04:05.000"))
		}
	}
	return n
}

// gateway is the gateway as the aggregator shows it.
func (c *city) gateway() (g gatewayRow) {
	c.t.Helper()
	c.get(fmt.Sprintf("/gateways/%s", gatewayID), &g)
	return g
}
