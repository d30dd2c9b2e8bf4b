package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
	"github.com/lamppost-city/lamppost/edge/status"
)

func cutPort(addr string) (host, port string, err error) { return net.SplitHostPort(addr) }

const gatewayID = "street-01"

// loudRule is an alert that comes and goes all the time: the noise of a street does.
const loudRule = `rules:
  loud:
    when: "weather.noise > 57.5"
    severity: blue
    message: {zh: "噪声 {value}", en: "noise at {value}"}
`

// city is one aggregator with one gateway on one simulated street.
type city struct {
	t                  *testing.T
	dir                string
	broker, influx     string // addresses; empty: embedded
	cloud, sim, gw     *process
	console, mqtt      string
	status, gatewayCfg string
	yard               *stalls
	journal            string // the gateway's; empty: in the street's folder
	post, town         place  // where gateway and sensors are, where the aggregator is
}

// startCloud starts the aggregator, or starts it again after a kill, with the
// same data and the same addresses.
func (c *city) startCloud() {
	c.t.Helper()
	if c.yard == nil {
		c.yard = measure(c.t, c.dir)
	}
	cfg := filepath.Join(c.dir, "cloud.yaml")
	if c.console == "" {
		text := fmt.Sprintf("listen: 127.0.0.1:%d\ndata: %s\n", port(c.t), filepath.Join(c.dir, "cloud"))
		if c.broker != "" {
			text += fmt.Sprintf("mqtt:\n  broker: \"mqtt://%s\"\n", c.broker)
		} else {
			text += fmt.Sprintf("mqtt:\n  embedded: {listen: \"127.0.0.1:%d\"}\n", port(c.t))
		}
		if c.influx != "" {
			text += fmt.Sprintf("store:\n  influx: {url: \"http://%s\", token: \"u:p\", org: \"\", bucket: \"city/raw\"}\n", c.influx)
		}
		if err := os.WriteFile(cfg, []byte(text), 0o600); err != nil {
			c.t.Fatal(err)
		}
	}
	c.cloud = c.town.start(c.t, filepath.Join(bin, "lamppost-cloud"), "serve", "--config", cfg)
	c.console = c.cloud.await("console ")
	c.mqtt = c.cloud.await("mqtt ")
}

// startSim starts the street; its gateway configuration lies ready afterwards.
func (c *city) startSim(scenario string, more ...string) {
	c.t.Helper()
	c.status = fmt.Sprintf("127.0.0.1:%d", port(c.t))
	dir := filepath.Join(c.dir, "street")
	args := append([]string{"run", "--scenario", scenario, "--dir", dir, "--broker", c.mqtt, "--gateway", gatewayID, "--status", c.status}, more...)
	c.sim = c.post.start(c.t, filepath.Join(bin, "lamppost-sim"), args...)
	c.sim.await("ready")
	c.gatewayCfg = filepath.Join(dir, "gateway.yaml")
}

func (c *city) startGateway() {
	c.t.Helper()
	c.gw = c.post.start(c.t, filepath.Join(bin, "lamppost"), "run", "--config", c.gatewayCfg)
	eventually(c.t, soon, "the gateway's page", func() bool { return c.post.listening(c.status) })
}

// newCity starts everything. with names the external parts: "mosquitto", "influx".
func newCity(t *testing.T, scenario string, with ...string) (*city, *mosquitto, *influx) {
	t.Helper()
	c := &city{t: t, dir: t.TempDir()}
	var m *mosquitto
	var i *influx
	for _, w := range with {
		switch w {
		case "mosquitto":
			m = startMosquitto(t)
			c.broker = m.addr
		case "influx":
			i = startInflux(t)
			c.influx = i.addr
		}
	}
	c.startCloud()
	c.startSim(scenario)
	c.startGateway()
	return c, m, i
}

// get decodes one answer of the aggregator's API.
func (c *city) get(path string, into any) {
	c.t.Helper()
	if err := c.tryGet(path, into); err != nil {
		c.t.Fatalf("GET %s: %v", path, err)
	}
}

func (c *city) tryGet(path string, into any) error {
	r, err := c.town.client().Get(c.console + "/api/v1" + path)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	if r.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", r.Status, b)
	}
	return json.Unmarshal(b, into)
}

// page is what the gateway says of itself.
func (c *city) page() (s status.Snapshot, err error) {
	r, err := c.post.client().Get("http://" + c.status + "/status.json")
	if err != nil {
		return s, err
	}
	defer r.Body.Close()
	return s, json.NewDecoder(r.Body).Decode(&s)
}

// drained waits until everything that was sampled before the call is committed and
// acknowledged. What is sampled meanwhile may still wait.
func (c *city) drained(within time.Duration) {
	c.t.Helper()
	began := time.Now()
	const uncommitted = 2 * time.Second // more than the street's commit interval
	eventually(c.t, within, "the gateway's backlog to be acknowledged", func() bool {
		s, err := c.page()
		since := time.Since(began) - uncommitted
		return err == nil && s.Uplink.Connected && since > 0 &&
			(s.Uplink.Waiting == 0 || time.Duration(s.State.Journal.OldestMS)*time.Millisecond < since)
	})
}

type valueRow struct {
	Device, Channel string
	V               *float64
	QC              int
	T               int64
	EveryMS         int64 `json:"every_ms"`
}

func (c *city) values() []valueRow {
	c.t.Helper()
	var a struct{ Values []valueRow }
	c.get("/values?gateway="+gatewayID, &a)
	return a.Values
}

// points reads every stored value through the API.
func (c *city) points(from, to int64) (out []truth.Point) {
	c.t.Helper()
	for _, v := range c.values() {
		if v.Channel == "fault" {
			continue
		}
		var s struct {
			Points  [][4]any
			Reduced bool
		}
		q := url.Values{"gateway": {gatewayID}, "device": {v.Device}, "channel": {v.Channel},
			"from": {fmt.Sprint(from)}, "to": {fmt.Sprint(to)}, "max": {"20000"}}
		c.get("/series?"+q.Encode(), &s)
		if s.Reduced {
			c.t.Fatalf("%s/%s was reduced; this test needs every point", v.Device, v.Channel)
		}
		for _, p := range s.Points {
			if n, ok := p[1].(float64); ok {
				out = append(out, truth.Point{Device: v.Device, Channel: v.Channel, T: int64(p[0].(float64)), V: n, QC: int(p[2].(float64))})
			}
		}
	}
	return out
}

type gap struct {
	From, To int64
	Why      string
}

func (c *city) gaps() []gap {
	c.t.Helper()
	var a struct{ Gaps []gap }
	c.get("/gaps?gateway="+gatewayID, &a)
	return a.Gaps
}

type alertRow struct {
	ID, Rule, Severity, Condition string
	Rev                           int
}

func (c *city) alerts() []alertRow {
	c.t.Helper()
	var a struct{ Alerts []alertRow }
	c.get("/alerts?state=all", &a)
	return a.Alerts
}

// faults reads when a device gave nothing, as the store has it.
func (c *city) faults(i *influx, from, to time.Time) (out []truth.Point) {
	c.t.Helper()
	if i != nil {
		return i.faults(gatewayID)
	}
	for _, d := range c.devices() {
		var s struct{ Points [][4]any }
		q := url.Values{"gateway": {gatewayID}, "device": {d}, "channel": {"fault"},
			"from": {fmt.Sprint(from.UnixMilli())}, "to": {fmt.Sprint(to.UnixMilli())}, "max": {"20000"}}
		if c.tryGet("/series?"+q.Encode(), &s) != nil {
			continue // the device never failed: there is no such stream
		}
		for _, p := range s.Points {
			out = append(out, truth.Point{Device: d, Channel: "fault", T: int64(p[0].(float64))})
		}
	}
	return out
}

func (c *city) devices() (ids []string) {
	c.t.Helper()
	s, err := c.page()
	if err != nil {
		c.t.Fatal(err)
	}
	for _, d := range s.State.Devices {
		ids = append(ids, d.ID)
	}
	return ids
}

// excuse marks answers that the gateway declared it did not take: on a machine
// that is too busy an answer can lie unread until its time is over. It returns how
// many; the caller decides how many are too many.
func excuse(lines []truth.Line, faults []truth.Point) (n int) {
	const wait = 1500 // ms: no part of the street is given longer to answer
	for i, l := range lines {
		if l.Via != truth.Answer || !l.Good || l.Fault != "" {
			continue
		}
		for _, f := range faults {
			if f.Device == l.Device && l.T <= f.T && f.T-l.T < wait {
				lines[i].Fault = "slow"
				n++
				break
			}
		}
	}
	return n
}

// judge compares points with the simulator's log.
func (c *city) judge(points []truth.Point, from, to time.Time, adjust func(*truth.Run)) truth.Report {
	c.t.Helper()
	return c.judgeWith(points, nil, from, to, adjust)
}

// judgeWith is judge where the gateway may have declared that it missed answers.
func (c *city) judgeWith(points, faults []truth.Point, from, to time.Time, adjust func(*truth.Run)) truth.Report {
	c.t.Helper()
	lines, err := truth.ReadFile(filepath.Join(c.dir, "street", "truth.jsonl"))
	if err != nil {
		c.t.Fatal(err)
	}
	if n := excuse(lines, faults); n > 0 {
		c.t.Logf("%d answers were declared as not taken in time", n)
		if _, _, lost := c.yard.now(); float64(n) > (0.01+2*lost)*float64(len(lines)) {
			c.t.Errorf("%d of %d answers were not taken in time: more than one in a hundred, and the machine lost %.1f %% of its time", n, len(lines), 100*lost)
		}
	}
	s, err := c.page()
	if err != nil {
		c.t.Fatal(err)
	}
	run := truth.Run{Lines: lines, Every: map[string]time.Duration{}, From: from.UnixMilli(), To: to.UnixMilli()}
	run.Slack = 250*time.Millisecond + c.slack()
	for _, d := range s.State.Devices {
		run.Every[d.ID] = time.Duration(d.EveryMS) * time.Millisecond
	}
	for _, p := range points {
		if _, ours := run.Every[p.Device]; ours {
			run.Points = append(run.Points, p)
		}
	}
	for _, g := range c.gaps() {
		run.Gaps = append(run.Gaps, truth.Gap{From: g.From, To: g.To})
	}
	if adjust != nil {
		adjust(&run)
	}
	return truth.Verify(run)
}

// keepOnFailure copies what a person needs to find out why.
func (c *city) keepOnFailure() {
	c.t.Cleanup(func() {
		if keep := os.Getenv("E2E_LOGS"); c.t.Failed() && keep != "" {
			dst := filepath.Join(keep, strings.ReplaceAll(c.t.Name(), "/", "-"), "city")
			_ = os.CopyFS(dst, os.DirFS(c.dir)) // best effort, for a person
		}
	})
}
