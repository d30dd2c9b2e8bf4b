package e2e

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// link is a gateway that reaches its broker over a wire that can be spoiled.
type link struct {
	*city
	net    *network
	broker *mosquitto
	influx *influx
	middle *proxy
	looks  *onlooker
	long   bool
}

// fault is one way in which the link fails.
type fault struct {
	name   string
	lasts  time.Duration
	long   time.Duration // under make linkfaults
	begin  func()
	end    func()
	always bool // readings pass all the while, at least now and then
	// back is the longest until a connection carries again after the fault is over;
	// 0: nothing is demanded, because the fault leaves ruins that differ.
	back time.Duration
}

// crossing is what one fault did, and what it took to get over it.
type crossing struct {
	fault
	began, healed        time.Time
	carries              time.Time // when the connection began that carried the first reading; healed, if it lived on
	sight                sight     // since the end of the fault
	during               sight     // while it lasted
	drained              time.Duration
	connections          int   // since the end of the fault
	sent, received       int64 // bytes on the gateway's interface, from the beginning of the fault until drained
	missing, dbl, extra  int
	backlog, lost, alien int
}

// Readings cross every sort of bad link: none is lost, none is doubled, the first
// alert and the first live reading come at once when the way is free again, and
// what waited drains behind them.
func TestLinkFaults(t *testing.T) {
	l := newLink(t)
	l.long = os.Getenv("LAMPPOST_LINKFAULTS") == "long"
	began := time.Now().Add(3 * time.Second)
	pause(t, 5*time.Second)
	l.drained(soon)
	var table []crossing
	for _, f := range l.faults() {
		table = append(table, l.cross(f))
	}
	waiting := 250_000
	if l.long {
		waiting = 1_000_000
	}
	table = append(table, l.outage(waiting))
	pause(t, 4*time.Second)
	l.drained(soon)
	ended := time.Now().Add(-3 * time.Second)
	points, faults := l.influx.points(gatewayID), l.influx.faults(gatewayID)
	report := l.judgeWith(points, faults, began, ended, nil)
	t.Log(report.String())
	if err := report.Err(); err != nil {
		t.Error(err)
	}
	for i := range table {
		table[i].count(report)
		table[i].check(t, l.slack())
	}
	show(t, "linkfaults.txt", crossings(table))
	if _, err := l.looks.since(); err != nil {
		t.Error(err)
	}
	l.gw.stop()
	l.cloud.stop()
}

func newLink(t *testing.T) *link {
	t.Helper()
	n := newNetwork(t)
	l := &link{net: n, city: &city{t: t, dir: t.TempDir(), post: n.post, town: n.town}}
	l.keepOnFailure()
	hub := net.JoinHostPort(hubAddr, wayPort)
	l.broker = n.hub.startMosquitto(t, hub)
	l.influx = n.town.startInflux(t)
	l.city.broker, l.city.influx = hub, l.influx.addr
	l.middle = startProxy(t, n.way, net.JoinHostPort(wayAddr, wayPort), func() (net.Conn, error) { return n.way.dial(hub) })
	l.looks = lookOn(t, n.hub, hub)
	l.startCloud()
	l.mqtt = "mqtt://" + net.JoinHostPort(wayAddr, wayPort)
	l.startSim("calm")
	l.gatewayCfg = variant(t, l.gatewayCfg, "link.yaml", `(?s)rules:\n.*`, loudRule)
	l.startGateway()
	return l
}

func (l *link) faults() []fault {
	const s = time.Second
	n := l.net
	return []fault{
		{"30 % of packets lost", 20 * s, 120 * s, func() { n.spoil("numgen random mod 100 < 30 drop") }, n.heal, true, 0},
		{"random resets", 20 * s, 120 * s, func() { n.spoil("meta l4proto tcp numgen random mod 100 < 4 reject with tcp reset") }, n.heal, true, 0},
		{"2 s delay each way, 64 kbit/s", 20 * s, 120 * s, func() { l.middle.slow(2 * s); n.narrow("64kbit") },
			func() { l.middle.slow(0); n.narrow("") }, true, 0},
		// Who hears nothing asks after 20 s and waits 10 s for the answer; the client
		// looks at either clock each 5 s only, and then tries again after a pause.
		{"half open", 1 * s, 1 * s, func() { l.middle.forget() }, func() {}, false, 45 * s},
		// TCP doubles its pauses: it may sleep as long again as it was dark.
		{"dark: nothing arrives", 12 * s, 120 * s, func() { n.spoil("drop") }, n.heal, false, 0},
		{"cable flaps every 10 s", 30 * s, 120 * s, func() {}, func() {}, true, 0},
	}
}

// cross plays one fault and waits until all is well again.
func (l *link) cross(f fault) crossing {
	l.t.Helper()
	if l.long {
		f.lasts = f.long
	}
	c := crossing{fault: f, began: time.Now()}
	sent, received := l.bytes()
	l.looks.begin()
	f.begin()
	if strings.HasPrefix(f.name, "cable") {
		l.flap(f.lasts)
	} else {
		l.silence(f)
	}
	c.during, _ = l.looks.since()
	l.looks.begin()
	f.end()
	l.recover(&c)
	s, r := l.bytes()
	c.sent, c.received = s-sent, r-received
	l.t.Logf("%s: over after %v, drained %v later", f.name, c.healed.Sub(c.began).Round(time.Millisecond), c.drained.Round(time.Millisecond))
	return c
}

// silence lets the fault last; one that stops everything lasts until an alert waits.
func (l *link) silence(f fault) {
	l.t.Helper()
	raised := func() float64 {
		return figureIn(l.t, l.post, "http://"+l.status+"/metrics", "lamppost_alert_revisions_total")
	}
	was := raised()
	pause(l.t, f.lasts)
	if !f.always {
		eventually(l.t, soon, f.name+": an alert to be raised meanwhile", func() bool { return raised() > was })
		pause(l.t, 3*time.Second) // so that it is older by any clock
	}
}

// flap pulls the cable for five seconds in each ten.
func (l *link) flap(lasts time.Duration) {
	const half = 5 * time.Second
	for until := time.Now().Add(lasts); time.Now().Before(until); {
		l.net.plug(false)
		pause(l.t, half)
		l.net.plug(true)
		l.net.post.tool(l.t, "", "ip", "route", "replace", "default", "via", wayAddr) // as a board's network service does
		pause(l.t, half)
	}
}

// recover waits for the first signs of life and for the backlog.
func (l *link) recover(c *crossing) {
	l.t.Helper()
	c.healed = time.Now()
	eventually(l.t, 2*soon, c.name+": a live reading to pass", func() bool {
		s, err := l.looks.since()
		return err != nil || !s.live.IsZero()
	})
	l.drained(4 * soon)
	c.drained = time.Since(c.healed)
	c.sight, _ = l.looks.since()
	c.carries, c.connections = c.healed, l.middle.count(c.healed)
	if at, ok := l.middle.since(c.healed); ok && at.Before(c.sight.live) {
		c.carries = at
	}
}

func (l *link) bytes() (sent, received int64) {
	l.t.Helper()
	sent, received, err := counters(l.gw.cmd.Process.Pid, postNIC)
	if err != nil {
		l.t.Fatal(err)
	}
	return sent, received
}

// outage is a long one: so many readings wait in the journal when the link
// comes back.
func (l *link) outage(readings int) crossing {
	l.t.Helper()
	l.gw.stop()
	c := crossing{fault: fault{name: fmt.Sprintf("outage, %d readings wait", readings), lasts: 12 * time.Second, back: 45 * time.Second}, began: time.Now()}
	b := l.fill(readings)
	sent, received := l.bytes0()
	l.net.spoil("drop")
	l.startGateway()
	l.silence(c.fault)
	c.during, _ = l.looks.since()
	l.looks.begin()
	l.net.heal()
	l.recover(&c)
	s, r := l.bytes()
	c.sent, c.received = s-sent, r-received
	c.backlog = b.samples * len(b.devices) * len(b.channels)
	c.lost, c.alien = b.stored(l.influx)
	return c
}

// bytes0 is bytes while no gateway runs: the simulator shares its interface.
func (l *link) bytes0() (sent, received int64) {
	l.t.Helper()
	sent, received, err := counters(l.sim.cmd.Process.Pid, postNIC)
	if err != nil {
		l.t.Fatal(err)
	}
	return sent, received
}

// count sorts the report's findings to the fault during which they happened.
func (c *crossing) count(r truth.Report) {
	from, to := c.began.UnixMilli(), c.healed.Add(c.drained).UnixMilli()
	for _, f := range r.Findings {
		if f.T < from || f.T > to {
			continue
		}
		switch f.Kind {
		case truth.Missing:
			c.missing++
		case truth.Doubled:
			c.dbl++
		case truth.Extra:
			c.extra++
		}
	}
	c.missing, c.extra = c.missing+c.lost, c.extra+c.alien
}

func (c *crossing) check(t *testing.T, slack time.Duration) {
	t.Helper()
	if c.missing+c.dbl+c.extra != 0 {
		t.Errorf("%s: %d missing, %d doubled, %d extra", c.name, c.missing, c.dbl, c.extra)
	}
	if n := c.sight.disorder[wire.Live] + c.during.disorder[wire.Live]; n != 0 {
		t.Errorf("%s: %d live readings came behind a younger one of their stream", c.name, n)
	}
	if c.always && c.during.first == 0 {
		t.Errorf("%s: nothing passed in %v", c.name, c.lasts)
	}
	if c.back == 0 {
		return
	}
	if d := c.carries.Sub(c.healed); d > c.back+slack {
		t.Errorf("%s: a connection carried after %v, %v are promised", c.name, d, c.back)
	}
	if d := c.sight.live.Sub(c.carries); d > time.Second+slack {
		t.Errorf("%s: the first live reading came %v after the connection; a second is promised", c.name, d)
	}
	if d := c.sight.alert.Sub(c.carries); c.sight.alert.IsZero() || d > time.Second+slack {
		t.Errorf("%s: the alert that waited came at %v, the connection at %v; a second is promised", c.name, c.sight.alert, c.carries)
	}
	// What one connection lost on its way goes on the next, behind what has arrived:
	// order is promised within one.
	if n := c.sight.disorder[wire.Backfill]; n != 0 && c.connections < 2 {
		t.Errorf("%s: %d readings of the backlog came behind a younger one of their stream", c.name, n)
	}
}

// crossings is the table that people read.
func crossings(cs []crossing) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-30s %7s %8s | %9s %9s %9s %9s | %9s %9s | %8s %7s | %5s %8s | %7s %7s %5s\n", "link fault", "lasted", "passed",
		"connected", "alert", "live", "drained", "sent", "received", "readings", "copies", "live", "backfill", "missing", "doubled", "extra")
	ms := func(from, to time.Time) string {
		if to.IsZero() {
			return "-"
		}
		return fmt.Sprintf("%d ms", max(0, to.Sub(from).Milliseconds()))
	}
	order := func(n int) string {
		if n == 0 {
			return "asc"
		}
		return fmt.Sprint(n)
	}
	for _, c := range cs {
		fmt.Fprintf(&b, "%-30s %5.0f s %8d | %9s %9s %9s %7.1f s | %6d KB %6d KB | %8d %7d | %5s %8s | %7d %7d %5d\n",
			c.name, c.healed.Sub(c.began).Seconds(), c.during.first,
			ms(c.healed, c.carries), ms(c.carries, c.sight.alert), ms(c.carries, c.sight.live), c.drained.Seconds(),
			c.sent/1000, c.received/1000, c.sight.first, c.sight.repeated+c.during.repeated,
			order(c.sight.disorder[wire.Live]), order(c.sight.disorder[wire.Backfill]), c.missing, c.dbl, c.extra)
	}
	return b.String()
}

// show logs a table and keeps it where E2E_TABLES says.
func show(t *testing.T, name, table string) {
	t.Helper()
	t.Log("\n" + table)
	dir := os.Getenv("E2E_TABLES")
	if dir == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte(table), 0o644); err != nil {
		t.Error(err)
	}
}
