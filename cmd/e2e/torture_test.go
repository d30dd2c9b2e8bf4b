package e2e

import (
	"math/rand/v2"
	"testing"
	"time"
)

const commit = time.Second // the street's gateways commit once a second

// Everything is killed while the rain falls: the gateway at random moments, the
// broker with its disk, the aggregator, the database for a while. Afterwards
// nothing that was committed is missing, nothing is stored twice, and what a kill
// cost is declared: at most the commit interval and the time it was down.
func TestNothingCommittedIsLost(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		with []string
	}{
		{"mosquitto and influxdb", []string{"mosquitto", "influx"}},
		{"embedded", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			seed := uint64(time.Now().UnixNano())
			t.Logf("seed %d", seed)
			rnd := rand.New(rand.NewPCG(seed, 1))
			city, broker, influx := newCity(t, "cloudburst", c.with...)
			city.keepOnFailure()
			began := time.Now().Add(3 * time.Second)
			pause(t, 8*time.Second)
			var downs []down
			for round := range 3 {
				downs = append(downs, city.killGateway(rnd))
				switch round {
				case 0:
					if broker != nil {
						broker.wipe(2 * time.Second)
					}
				case 1:
					city.cloud.kill()
					pause(t, 3*time.Second)
					city.startCloud()
				case 2:
					if influx != nil {
						influx.kill()
						pause(t, 8*time.Second)
						influx.start()
					}
				}
				pause(t, time.Duration(4000+rnd.IntN(4000))*time.Millisecond)
			}
			ended := time.Now()
			pause(t, 5*time.Second)
			city.drained(soon)
			points := city.stored(influx, began.Add(-time.Minute), ended.Add(time.Minute))
			faults := city.faults(influx, began.Add(-time.Minute), ended.Add(time.Minute))
			report := city.judgeWith(points, faults, began, ended, nil)
			t.Log(report.String())
			if err := report.Err(); err != nil {
				t.Error(err)
			}
			city.checkGaps(downs)
		})
	}
}

// down is one time without a gateway.
type down struct {
	killed, back time.Time
	refused      time.Time // since when the disk took nothing; zero: it did until the kill
}

func (c *city) killGateway(rnd *rand.Rand) down {
	c.t.Helper()
	pause(c.t, time.Duration(rnd.IntN(3000))*time.Millisecond)
	d := down{killed: time.Now()}
	c.gw.kill()
	pause(c.t, time.Duration(rnd.IntN(2000))*time.Millisecond)
	c.startGateway()
	d.back = time.Now()
	return d
}

// checkGaps demands that each kill left one gap, and that it is no wider than the
// commit interval and the time the gateway was down.
func (c *city) checkGaps(downs []down) {
	c.t.Helper()
	gaps := c.gaps()
	slack := 500 + c.slack().Milliseconds() // a commit in progress, the first poll after the start
	for _, d := range downs {
		found := false
		for _, g := range gaps {
			if g.From <= d.killed.UnixMilli() && g.To >= d.killed.UnixMilli() {
				found = true
				if early := d.killed.UnixMilli() - g.From; early > commit.Milliseconds()+slack {
					c.t.Errorf("a gap begins %d ms before the kill; the commit interval is %v", early, commit)
				}
				if late := g.To - d.back.UnixMilli(); late > slack {
					c.t.Errorf("a gap ends %d ms after the gateway was back", late)
				}
			}
		}
		if !found {
			c.t.Errorf("no gap declares the kill at %v: %+v", d.killed, gaps)
		}
	}
	if len(gaps) != len(downs) {
		c.t.Errorf("%d gaps for %d kills: %+v", len(gaps), len(downs), gaps)
	}
}
