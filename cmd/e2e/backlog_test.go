package e2e

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/clock"
	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/record"
)

// backlog is history that was written straight into a gateway's journal, as an
// epoch of its own: what a long night without a link leaves behind.
type backlog struct {
	devices, channels []string
	samples           int   // of each device
	stepMS            int64 // between two samples of a device
}

// value is what the channel's sample says: no two of a stream are the same.
func (backlog) value(device, channel, sample int) float64 {
	return float64(device) + float64(sample*10+channel)/100
}

// fill writes so many readings into the journal of a gateway that does not run.
// They lie in the last minutes of this boot, so that they are dated as it is.
func (c *city) fill(readings int) backlog {
	c.t.Helper()
	b := backlog{channels: []string{"pm1", "pm2_5", "pm10", "so2", "no2", "o3", "temp", "rh", "pressure", "wind_speed"}}
	for i := range 10 {
		b.devices = append(b.devices, fmt.Sprintf("backlog-%d", i))
	}
	b.samples = readings / len(b.devices) / len(b.channels)
	boot, now := clock.ThisBoot(), clock.BootMS()
	b.stepMS = min(10, (now-2000)/int64(b.samples))
	if b.stepMS < 1 {
		c.t.Fatalf("this machine has run for %d ms only, too short for %d samples", now, b.samples)
	}
	dir := c.journal
	if dir == "" {
		dir = filepath.Join(c.dir, "street", "journal")
	}
	j, err := journal.Open(dir, journal.Options{Size: 256 << 20, Buffer: 32 << 20,
		Stamp: func() journal.Stamp { return journal.Stamp{Boot: boot.ID, BootMS: clock.BootMS()} }})
	if err != nil {
		c.t.Fatal(err)
	}
	b.write(c.t, j, now-b.stepMS*int64(b.samples+1))
	if err := j.Close(); err != nil {
		c.t.Fatal(err)
	}
	return b
}

func (b backlog) write(t *testing.T, j *journal.Journal, from int64) {
	t.Helper()
	s := record.Sample{Channels: b.channels, Readings: make([]obs.Reading, len(b.channels))}
	var body []byte
	for n := range b.samples {
		for d, id := range b.devices {
			s.Device, s.BootMS = id, from+int64(n)*b.stepMS
			for c := range b.channels {
				s.Readings[c] = obs.Reading{Value: b.value(d, c, n), Quality: obs.Quality{Flag: obs.Pass}}
			}
			var err error
			if body, err = s.Append(body[:0]); err != nil {
				t.Fatal(err)
			}
			if _, err := j.Append(record.KindSample, body); err != nil {
				t.Fatal(err)
			}
		}
		if n%1000 == 999 {
			if err := j.Sync(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// stored compares the backlog with the database: each reading is there once, and
// nothing else is.
func (b backlog) stored(i *influx) (missing, extra int) {
	i.t.Helper()
	for d, device := range b.devices {
		for c, channel := range b.channels {
			a := i.query(fmt.Sprintf(`SELECT v FROM "city"."raw".%q WHERE gateway = '%s' AND device = '%s'`, channel, gatewayID, device))
			var rows [][]any
			for _, res := range a.Results {
				for _, s := range res.Series {
					rows = append(rows, s.Values...)
				}
			}
			m, e := b.compare(rows, d, c)
			missing, extra = missing+m, extra+e
		}
	}
	return missing, extra
}

// compare goes through the rows of one stream, which are in the order of time.
func (b backlog) compare(rows [][]any, device, channel int) (missing, extra int) {
	n, last := 0, 0.0
	for _, row := range rows {
		t, _ := row[0].(float64)
		v, ok := row[1].(float64)
		for n < b.samples && ok && b.value(device, channel, n) < v-1e-9 {
			missing++
			n++
		}
		if n == b.samples || !ok || b.value(device, channel, n) > v+1e-9 || last != 0 && int64(t-last)%b.stepMS != 0 {
			extra++
			continue
		}
		n, last = n+1, t
	}
	return missing + b.samples - n, extra
}
