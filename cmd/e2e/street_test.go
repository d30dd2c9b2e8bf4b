package e2e

import (
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// Every value that a sensor put on a wire arrives in the store exactly once, and
// nothing else does: through Mosquitto into InfluxDB, and through the embedded
// broker into the embedded store.
func TestWhatIsOnTheWireIsInTheStore(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		with []string
	}{
		{"mosquitto and influxdb", []string{"mosquitto", "influx"}},
		{"embedded", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			city, _, influx := newCity(t, "cloudburst", c.with...)
			city.keepOnFailure()
			began := time.Now().Add(3 * time.Second) // behind the first polls
			eventually(t, soon, "a live value of every stream", func() bool {
				n := 0
				for _, v := range city.values() {
					if v.V != nil {
						n++
					}
				}
				return n >= 20
			})
			eventually(t, soon, "the rain's alert", func() bool { return len(city.alerts()) > 0 })
			pause(t, time.Until(began.Add(70*time.Second)))
			ended := time.Now()
			city.drained(soon)
			points := city.stored(influx, began.Add(-time.Minute), ended.Add(time.Minute))
			faults := city.faults(influx, began.Add(-time.Minute), ended.Add(time.Minute))
			report := city.judgeWith(points, faults, began, ended.Add(-10*time.Second), nil)
			t.Log(report.String())
			if err := report.Err(); err != nil {
				t.Error(err)
			}
			if report.Matched < 500 {
				t.Errorf("only %d values were judged; the street sends more than 500 in a minute", report.Matched)
			}
			if gaps := city.gaps(); len(gaps) != 0 {
				t.Errorf("gaps were declared though nothing was lost: %+v", gaps)
			}
			city.gw.stop()
			city.sim.stop()
			city.cloud.stop()
		})
	}
}

// stored reads all points: from InfluxDB itself if there is one, else by the API.
func (c *city) stored(i *influx, from, to time.Time) []truth.Point {
	c.t.Helper()
	if i != nil {
		return i.points(gatewayID)
	}
	return c.points(from.UnixMilli(), to.UnixMilli())
}
