package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// ordeal is a gateway whose journal is on a card of its own, and which has history
// to send while it suffers.
type ordeal struct {
	*city
	card   *card
	broker *mosquitto
	influx *influx
	rnd    *rand.Rand
	long   bool

	history backlog
}

// trial is one chapter of the ordeal and what came of it.
type trial struct {
	name                string
	kills, starts       int // of them while the gateway was starting
	began, ended        time.Time
	downs               []down
	gaps                []gap
	missing, dbl, extra int
	alerts              int           // raised while it lasted, all in the store afterwards
	noticed, recovered  time.Duration // until health said so, and until it said no more
	before, widest      time.Duration // worst: kept nothing before a kill; whole gap
	lost, alien         int
}

// The real program is killed at random moments, and its card is filled, made
// read-only and made to fail while the broker is away. Sampling, rules and alerts
// go on, health says what is wrong, all recovers by itself, and what is stored is
// what was on the wires less the gaps that were declared.
func TestTorture(t *testing.T) {
	t.Parallel()
	o := newOrdeal(t)
	began := time.Now().Add(3 * time.Second)
	pause(t, 5*time.Second)
	kills := 30
	if o.long {
		kills = 300
	}
	table := []trial{o.kill(kills)}
	for _, f := range o.faults() {
		table = append(table, o.suffer(f))
	}
	pause(t, 4*time.Second)
	o.drained(4 * soon)
	ended := time.Now().Add(-3 * time.Second)
	report := o.judgeWith(o.influx.points(gatewayID), o.influx.faults(gatewayID), began, ended, nil)
	t.Log(report.String())
	if err := report.Err(); err != nil {
		t.Error(err)
	}
	gaps := o.gaps()
	for i := range table {
		table[i].count(report, gaps)
	}
	table[0].lost, table[0].alien = o.history.stored(o.influx)
	table[0].missing, table[0].extra = table[0].missing+table[0].lost, table[0].extra+table[0].alien
	for i := range table {
		table[i].check(t, o.slack())
	}
	o.noOtherGaps(table, gaps)
	o.sameAlerts()
	show(t, "torture.txt", trials(table))
	o.gw.stop()
	o.cloud.stop()
}

// waiting is how many readings the journal holds when the ordeal begins.
const waiting = 300_000

func newOrdeal(t *testing.T) *ordeal {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	o := &ordeal{city: &city{t: t, dir: t.TempDir()}, rnd: rand.New(rand.NewPCG(seed, 1)), long: os.Getenv("LAMPPOST_TORTURE") == "long"}
	o.keepOnFailure()
	o.card = newCard(t, 64)
	o.broker, o.influx = startMosquitto(t), startInflux(t)
	o.city.broker, o.city.influx = o.broker.addr, o.influx.addr
	o.startCloud()
	o.journal = o.card.dir + "/journal"
	o.startSim("calm", "--journal", o.journal)
	o.gatewayCfg = variant(t, o.gatewayCfg, "torture.yaml", `(?s)rules:\n.*`, loudRule, `size: 256MB`, `size: 32MB`)
	o.startGateway() // dates this boot
	pause(t, 3*time.Second)
	o.gw.stop()
	o.history = o.fill(waiting)
	o.startGateway()
	return o
}

// calm is after how many kills the gateway is left alone for a while.
const calm = 30

// kill ends the gateway again and again with -9, at random moments of its work and,
// two times in five, before it has started.
func (o *ordeal) kill(n int) trial {
	o.t.Helper()
	tr := trial{name: "kill -9 at random moments", began: time.Now()}
	up := time.Now().Add(-time.Minute)
	for rest := calm; tr.kills < n; {
		if tr.kills >= rest {
			// A gateway saves each ten seconds what the store has. One that never lives
			// so long has to declare neighbouring gaps as one after a while.
			pause(o.t, 12*time.Second)
			rest += calm
		}
		pause(o.t, time.Duration(o.rnd.IntN(1500))*time.Millisecond)
		d := down{killed: time.Now()}
		o.gw.kill()
		tr.kills++
		for tr.kills < n && o.rnd.IntN(5) < 2 {
			o.gw = start(o.t, bin+"/lamppost", "run", "--config", o.gatewayCfg)
			pause(o.t, time.Duration(o.rnd.IntN(120))*time.Millisecond)
			o.gw.kill()
			tr.kills, tr.starts = tr.kills+1, tr.starts+1
		}
		o.startGateway()
		d.back = time.Now()
		tr.add(d, up)
		up = d.back
	}
	tr.ended = time.Now()
	pause(o.t, 2*time.Second)
	o.drained(4 * soon)
	tr.recovered = time.Since(tr.ended)
	tr.ended = time.Now()
	return tr
}

// kept is the last moment at which what was sampled could still reach the disk.
func (d down) kept() time.Time {
	if d.refused.IsZero() {
		return d.killed
	}
	return d.refused
}

// add notes a time without a gateway. One that had not run for a whole commit
// interval may have kept nothing: the two times are one.
func (tr *trial) add(d down, up time.Time) {
	if n := len(tr.downs); n > 0 && d.killed.Sub(up) < commit+500*time.Millisecond {
		tr.downs[n-1].back = d.back
		return
	}
	tr.downs = append(tr.downs, d)
}

// count sorts findings and gaps to the trial during which they happened.
func (tr *trial) count(r truth.Report, gaps []gap) {
	from, to := tr.began.UnixMilli(), tr.ended.UnixMilli()
	for _, f := range r.Findings {
		if f.T < from || f.T > to {
			continue
		}
		switch f.Kind {
		case truth.Missing:
			tr.missing++
		case truth.Doubled:
			tr.dbl++
		case truth.Extra:
			tr.extra++
		}
	}
	for _, g := range gaps {
		if g.To < from || g.From > to {
			continue
		}
		tr.gaps = append(tr.gaps, g)
		tr.widest = max(tr.widest, time.Duration(g.To-g.From)*time.Millisecond)
	}
}

// check demands that each kill is declared, that a gap begins at most a commit
// interval before a kill and ends when the gateway was back, and that the store is
// right.
func (tr *trial) check(t *testing.T, slack time.Duration) {
	t.Helper()
	if tr.missing+tr.dbl+tr.extra != 0 {
		t.Errorf("%s: %d missing, %d doubled, %d extra", tr.name, tr.missing, tr.dbl, tr.extra)
	}
	slack += 500 * time.Millisecond // a commit in progress, the first poll after the start
	for _, d := range tr.downs {
		declared := false
		for _, g := range tr.gaps {
			from, to := time.UnixMilli(g.From), time.UnixMilli(g.To)
			if to.Before(d.kept().Add(-commit-slack)) || from.After(d.back) {
				continue
			}
			declared = declared || !from.After(d.killed.Add(time.Millisecond)) && !to.Before(d.killed.Truncate(time.Millisecond))
			tr.before = max(tr.before, d.killed.Sub(from))
			if early := d.kept().Sub(from); early > commit+slack {
				t.Errorf("%s: a gap begins %v before the kill, or before the disk refused; the commit interval is %v", tr.name, early, commit)
			}
			if late := to.Sub(d.back); late > slack {
				t.Errorf("%s: a gap ends %v after the gateway was back", tr.name, late)
			}
		}
		if !declared {
			t.Errorf("%s: no gap declares the kill at %v", tr.name, d.killed.UTC().Format("15:04:05.000"))
		}
	}
}

// noOtherGaps demands that each gap belongs to a time without a gateway.
func (o *ordeal) noOtherGaps(table []trial, gaps []gap) {
	o.t.Helper()
	var downs []down
	for _, tr := range table {
		downs = append(downs, tr.downs...)
	}
	began := table[0].began.Add(-commit).UnixMilli()
	for _, g := range gaps {
		if g.To < began || slices.ContainsFunc(downs, func(d down) bool {
			return g.From <= d.back.UnixMilli() && g.To >= d.killed.Add(-2*commit).UnixMilli()
		}) {
			continue
		}
		o.t.Errorf("a gap that nobody made is declared, %s to %s: %s", time.UnixMilli(g.From).UTC().Format("15:04:05.000"),
			time.UnixMilli(g.To).UTC().Format("15:04:05.000"), g.Why)
	}
}

// sameAlerts demands that gateway and aggregator hold the same alerts for active:
// neither has forgotten one that was raised, nor one that has cleared.
func (o *ordeal) sameAlerts() {
	o.t.Helper()
	var here, there []string
	eventually(o.t, soon, "gateway and aggregator to agree on the active alerts", func() bool {
		page, err := o.page()
		if err != nil {
			return false
		}
		here, there = nil, nil
		for _, a := range page.Alerts {
			here = append(here, a.ID)
		}
		o.rows(`select id from alert where condition = 'active' and vanished = 0`, func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			there = append(there, id)
			return err
		})
		slices.Sort(here)
		slices.Sort(there)
		return slices.Equal(here, there)
	})
}

// trials is the table that people read.
func trials(ts []trial) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-44s %6s %9s | %8s %9s %9s | %6s | %5s %11s %11s | %7s %7s %5s\n", "torture of the program", "kills", "in start",
		"noticed", "recovered", "lasted", "alerts", "gaps", "before kill", "widest", "missing", "doubled", "extra")
	some := func(d time.Duration) string {
		if d <= 0 {
			return "-"
		}
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	for _, tr := range ts {
		fmt.Fprintf(&b, "%-44s %6d %9d | %8s %9s %9s | %6d | %5d %11s %11s | %7d %7d %5d\n", tr.name, tr.kills, tr.starts,
			some(tr.noticed), some(tr.recovered), some(tr.ended.Sub(tr.began)), tr.alerts, len(tr.gaps), some(tr.before), some(tr.widest), tr.missing, tr.dbl, tr.extra)
	}
	return b.String()
}
