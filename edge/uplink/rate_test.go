package uplink

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// deep is a journal of samples of four readings each, made as they are read. Their
// value is the record's number.
type deep struct{ records uint64 }

func (d deep) Extents() []Extent    { return []Extent{{epoch17, wire.Range{From: 1, To: d.records}}} }
func (d deep) Since(int64) []Extent { return d.Extents() }
func (d deep) Read(_ wire.Epoch, r wire.Range, fn func(Record) bool) error {
	for seq := r.From; seq <= r.To && fn(Record{Seq: seq, Values: sampleOf(seq)}); seq++ {
	}
	return nil
}

func sampleOf(seq uint64) (values []wire.Value) {
	for _, channel := range [...]string{"temp", "rh", "pressure", "noise"} {
		values = append(values, wire.Value{Stream: obs.Stream{Device: "weather", Channel: channel}, Unit: "m", Time: base + int64(seq)*1000,
			V: float64(seq), Quality: obs.Quality{Flag: obs.Pass}})
	}
	return values
}

// On a link of any rate, with a million readings behind it: the first live pack
// leaves within a second of connecting, the present and alerts are never late, and
// history takes nearly all that they leave.
func TestLinkRates(t *testing.T) {
	for _, c := range []struct {
		name     string
		rate     float64
		delay    time.Duration
		compress string
		queue    time.Duration // that an alert may meet
	}{
		{"2 kB_s", 2_000, 100 * time.Millisecond, Auto, 1200 * time.Millisecond},
		{"2 kB_s plain", 2_000, 100 * time.Millisecond, Off, 1200 * time.Millisecond},
		{"20 kB_s", 20_000, 300 * time.Millisecond, Off, 900 * time.Millisecond},
		{"300 kB_s", 300_000, 50 * time.Millisecond, Off, 400 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const backlog = 100_000_000
				city := newCity(t)
				city.rate, city.delay = c.rate, c.delay
				begin := time.Now()
				u, stop := city.start(t, Options{Journal: deep{backlog}, Limits: Limits{Backfill: 1 << 30, Window: 1 << 20, Compress: c.compress}})
				defer stop()
				offered, raised := map[uint64]time.Time{}, map[uint64]time.Time{}
				seq := uint64(backlog)
				for second := range 60 {
					for range 4 {
						seq++
						offered[seq] = time.Now()
						u.Offer(seq, sampleOf(seq))
						after(250 * time.Millisecond)
					}
					if second%10 == 9 {
						seq++
						raised[seq] = time.Now()
						if err := u.Alert(alert(int(seq), 1, seq)); err != nil {
							t.Fatal(err)
						}
					}
					if second == 19 {
						city.change(func() { city.measureFrom = len(city.got) })
					}
				}
				live, early, alerts, history, used := city.delays(t, offered, raised)
				if most := c.delay + u.o.Limits.Linger + 3*time.Second; early > most {
					t.Errorf("while the link was not known yet a live reading took %v, at most %v", early, most)
				}
				if first := city.arrivals(wire.LiveTopic)[0].at.Sub(begin) - c.delay; first > time.Second+c.queue/2 {
					t.Errorf("the first live pack was there %v after connecting, delay taken off", first)
				}
				span := (40 * time.Second).Seconds()
				left := c.rate - float64(used-history)/span
				t.Logf("live at most %v, alerts %v, history takes %.0f %% of what is left, bound %.0f, %.1f bytes a reading", live, alerts,
					float64(history)/span/left*100, u.link.pacer.budget, u.perReading)
				if most := c.delay + u.o.Limits.Linger + c.queue + 500*time.Millisecond; live > most {
					t.Errorf("a live reading took %v, at most %v", live, most)
				}
				if most := c.delay + c.queue; alerts > most {
					t.Errorf("an alert took %v, at most %v", alerts, most)
				}
				if float64(history)/span < 0.8*left {
					t.Errorf("history took %.0f B/s of %.0f left", float64(history)/span, left)
				}
			})
		})
	}
}

// delays returns how long the slowest reading took since measureFrom and before, and
// the slowest alert, and the bytes of history and of everything since measureFrom.
func (c *city) delays(t *testing.T, offered, raised map[uint64]time.Time) (live, early, alerts time.Duration, history, all int) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, a := range c.got {
		switch a.kind {
		case wire.LiveTopic:
			for _, v := range a.pack.Values {
				if at, ok := offered[uint64(v.V)]; ok && i >= c.measureFrom {
					live = max(live, a.at.Sub(at))
				} else if ok {
					early = max(early, a.at.Sub(at))
				}
			}
		case wire.AlertTopic:
			var al wire.Alert
			if err := wire.Decode(a.payload, &al); err != nil {
				t.Error(err)
			}
			if at, ok := raised[al.Seq]; ok {
				alerts = max(alerts, a.at.Sub(at))
			}
			delete(raised, al.Seq)
		}
		if n := len(a.payload) + len(a.topic) + 8; i >= c.measureFrom {
			all += n
			if a.kind == wire.BackfillTopic {
				history += n
			}
		}
	}
	if len(raised) > 1 { // the last may be on its way
		t.Errorf("%d alerts did not come", len(raised))
	}
	return live, early, alerts, history, all
}

// Compressing is for slow links and for those that cost money.
func TestCompressAuto(t *testing.T) {
	for _, c := range []struct {
		compress string
		perDay   int64
		rates    []float64
		want     []bool
	}{
		{Auto, 0, []float64{0, 200_000, 100_000, 200_000, 300_000, 200_000}, []bool{false, false, true, true, false, false}},
		{Auto, 50e6, []float64{0, 1e7}, []bool{true, true}},
		{On, 0, []float64{0, 1e7}, []bool{true, true}},
		{Off, 50e6, []float64{0, 100}, []bool{false, false}},
	} {
		u, err := New(Options{Gateway: gw, Epoch: epoch17, Brokers: []string{"mqtt://unused"}, Limits: Limits{Compress: c.compress, PerDay: c.perDay}})
		if err != nil {
			t.Fatal(err)
		}
		var got []bool
		for _, rate := range c.rates {
			u.link.pacer.rate, u.link.pacer.starting = rate, false
			got = append(got, u.compress())
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s, %d a day, at %v: %v, want %v", c.compress, c.perDay, c.rates, got, c.want)
		}
	}
}

// After each outage the present is there within a second, whatever the backlog, and
// it is the present: not what was sampled while nobody listened.
func TestFirstLive(t *testing.T) {
	for _, rate := range []float64{2_000, 1_000_000} {
		synctest.Test(t, func(t *testing.T) {
			c := newCity(t)
			c.rate, c.delay = rate, 20*time.Millisecond
			u, stop := c.start(t, Options{Journal: deep{1_000_000_000}})
			defer stop()
			seq := uint64(1_000_000_000)
			live := func(d time.Duration) {
				for end := time.Now().Add(d); time.Now().Before(end); {
					seq++
					u.Offer(seq, sampleOf(seq))
					after(500 * time.Millisecond)
				}
			}
			live(10 * time.Second)
			for range 3 {
				c.change(func() { c.down = true })
				c.cut()
				live(10 * time.Minute)
				c.change(func() { c.down = false })
				from := len(c.arrivals(wire.LiveTopic))
				for !u.Status().Connected { // the pause between two tries is half a minute by now
					live(time.Second)
				}
				live(10 * time.Second)
				c.mu.Lock()
				begin := c.dials[len(c.dials)-1]
				c.mu.Unlock()
				first := c.arrivals(wire.LiveTopic)[from]
				newest := first.pack.Ranges[len(first.pack.Ranges)-1].To
				own := seconds(float64(len(first.payload)+100) / rate)
				if took := first.at.Sub(begin) - own; took > time.Second {
					t.Errorf("%.0f B/s: the first live pack left %v after connecting", rate, took)
				}
				if age := seq - newest; age > 2*11+2 { // two a second, since
					t.Errorf("%.0f B/s: the first pack shows what was %d samples ago", rate, age-2*11)
				}
			}
		})
	}
}
