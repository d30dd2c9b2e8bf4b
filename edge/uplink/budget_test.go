package uplink

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// spentOn counts the bytes of each day, as a provider would.
func (c *city) spentOn() map[int64]int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := map[int64]int64{}
	for at, n := range c.bytes {
		out[at/86_400] += n
	}
	return out
}

// sampleOfDevice is a sample of one of several devices.
func sampleOfDevice(n int, seq uint64) []wire.Value {
	var values []wire.Value
	for _, channel := range [...]string{"temp", "rh", "pressure", "noise"} {
		values = append(values, wire.Value{Stream: obs.Stream{Device: fmt.Sprint("node-", n), Channel: channel}, Unit: "m",
			Time: base + int64(seq), V: float64(seq), Quality: obs.Quality{Flag: obs.Pass}})
	}
	return values
}

func heartbeat(seq uint64) []wire.Value {
	return []wire.Value{{Stream: wire.HeartbeatStream, Unit: "s", Time: base + int64(seq), V: float64(seq), Quality: obs.Quality{Flag: obs.Pass}}}
}

// On a budget, with a backlog that never ends, restarts and lost connections: no day
// costs more than it may, the heartbeat comes each minute and alerts at once, and
// what gives way does so in the stated order.
func TestBudget(t *testing.T) {
	for _, c := range []struct {
		name    string
		perDay  int64
		every   time.Duration // between two samples
		devices int
		level   BudgetLevel // the strictest one to be seen from the second hour on, at most
		history bool        // goes for sure
	}{
		{"plenty", 2.5e6, time.Minute, 4, Linger, true},
		{"tight", 2e6, 15 * time.Second, 4, Thinned, false},
		{"least", 1e6, 5 * time.Second, 10, Thinned, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				city := newCity(t)
				city.bytes = map[int64]int64{}
				var saved []byte
				o := Options{Journal: deep{10_000_000}, Limits: Limits{PerDay: c.perDay, Compress: Off}, Save: func(s []byte) error {
					city.change(func() { saved = s })
					return nil
				}}
				u, stop := city.start(t, o)
				seq, strictest := uint64(10_000_000), Whole
				alerts, beats := 0, 0
				for second := 0; second < 100_000; second++ {
					if second%int(c.every.Seconds()) == 0 {
						seq++
						u.Offer(seq, sampleOfDevice(int(seq)%c.devices, seq))
					}
					if second%60 == 0 {
						seq++
						u.Offer(seq, heartbeat(seq))
						beats++
					}
					if second%7200 == 3600 {
						seq++
						alerts++
						if err := u.Alert(alert(alerts, 1, seq)); err != nil {
							t.Fatal(err)
						}
						after(200 * time.Millisecond)
						if n := len(city.arrivals(wire.AlertTopic)); n != alerts {
							t.Fatalf("day %d: %d of %d alerts are there", second/86_400, n, alerts)
						}
					}
					switch second % 20_000 {
					case 9_999:
						city.cut()
					case 19_999: // a power cut: what was saved last counts
						city.change(func() { o.Saved = saved })
						stop()
						u, stop = city.start(t, o)
					}
					if second > 3600 && second%60 == 30 {
						strictest = max(strictest, u.Status().Budget.Level)
					}
					time.Sleep(time.Second) // in a bubble
				}
				for d, n := range city.spentOn() {
					t.Logf("day %d: %d bytes of %d, %v, strictest %d", d, n, c.perDay, city, strictest)
					if n > c.perDay {
						t.Errorf("day %d cost %d bytes, %d are allowed", d, n, c.perDay)
					}
				}
				if n := len(city.arrivals(wire.BackfillTopic)); c.history && n == 0 {
					t.Errorf("%d packs of history", n)
				}
				if strictest > c.level || strictest < History {
					t.Errorf("what gave way: %d, want %d at most", strictest, c.level)
				}
				stop()
			})
		})
	}
}

// The day turns at midnight of UTC when the clock is trusted, after 24 hours of boot
// time when not; nothing else refills the budget.
func TestBudgetDay(t *testing.T) {
	const d = int64(86_400_000)
	known := func(ms int64) moment { return moment{boot: "a", unixMS: ms, trusted: true} }
	unknown := func(boot string, ms int64) moment { return moment{boot: boot, bootMS: ms} }
	for _, c := range []struct {
		name string
		now  []moment
		used int64 // 100 are used before the last
		left time.Duration
	}{
		{"same day", []moment{known(20*d + 1), known(20*d + 3_600_000)}, 100, 23 * time.Hour},
		{"next day", []moment{known(20*d + 1), known(21 * d)}, 0, 24 * time.Hour},
		{"back a day", []moment{known(20 * d), known(19 * d)}, 100, 24 * time.Hour},
		{"back and forth", []moment{known(20 * d), known(19 * d), known(20*d + 5)}, 100, 0},
		{"trusted in between", []moment{unknown("a", 0), known(20*d + d/2)}, 100, 12 * time.Hour},
		{"24 hours of a boot", []moment{unknown("a", 7), unknown("a", d+7)}, 0, 24 * time.Hour},
		{"23 hours of a boot", []moment{unknown("a", 7), unknown("a", d-3_600_000+7)}, 100, time.Hour},
		{"a new boot", []moment{unknown("a", d-10), unknown("b", 5)}, 100, 24 * time.Hour},
		{"a new boot, trusted the same day", []moment{known(20 * d), unknown("b", 5), known(20*d + 7)}, 100, 0},
		{"a new boot, trusted the next", []moment{known(20 * d), unknown("b", 5), known(21 * d)}, 0, 24 * time.Hour},
	} {
		var s spent
		var left time.Duration
		for i, m := range c.now {
			if i == len(c.now)-1 {
				s.Used = 100
			}
			left = s.turn(m)
		}
		if s.Used != c.used || c.left > 0 && left != c.left {
			t.Errorf("%s: %d used, %v left, want %d, %v", c.name, s.Used, left, c.used, c.left)
		}
	}
}

// Alerts go even when the day's bytes are used up, and it is said.
func TestBudgetAlerts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCity(t)
		u, stop := c.start(t, Options{Journal: deep{10}, Limits: Limits{PerDay: MinPerDay}, Saved: []byte(fmt.Sprintf(`{"v":1,"spent":{"used":%d,"day":10957}}`, MinPerDay))})
		defer stop()
		after(time.Second)
		offer(u, 11, 20)
		for n := range 20 {
			if err := u.Alert(alert(n, 1, uint64(100+n))); err != nil {
				t.Fatal(err)
			}
		}
		after(20 * time.Second)
		s := u.Status()
		if len(c.arrivals(wire.AlertTopic)) != 20 || len(c.arrivals(wire.LiveTopic))+len(c.arrivals(wire.BackfillTopic)) != 0 {
			t.Errorf("%v", c)
		}
		if s.Budget.Level != Withheld || s.Budget.Over <= 0 || s.Budget.Used != MinPerDay+s.Budget.Over {
			t.Errorf("%+v", s.Budget)
		}
	})
}

// A picture of an alert that what is left of the day's bytes cannot end is not begun, is said
// to wait, and goes the next day; it is not read from the disk again and again meanwhile.
func TestBudgetBeginsNoPictureItCannotEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCity(t)
		s := newShelf(1, 150_000)
		u, stop := c.start(t, Options{Album: s, Limits: Limits{PerDay: MinPerDay, Compress: Off}, Saved: []byte(`{"v":1,"spent":{"used":800000,"day":10957}}`)})
		defer stop()
		u.Kept(s.ids()...)
		after(time.Hour)
		if n := len(c.arrivals(wire.ImageTopic)); n != 0 || !u.Held(pictureID(1)) || u.Status().HeldImages != 1 || s.read != 1 {
			t.Errorf("%d pieces of a picture left, held: %v, %d in all, read %d times", n, u.Held(pictureID(1)), u.Status().HeldImages, s.read)
		}
		after(24 * time.Hour)
		if n := len(c.arrivals(wire.ImageTopic)); n != 10 || len(s.done) != 1 || u.Held(pictureID(1)) || u.Status().HeldImages != 0 || s.read != 2 {
			t.Errorf("the next day: %d pieces, done %v, held: %v, read %d times", n, s.done, u.Held(pictureID(1)), s.read)
		}
	})
}

// A picture that was given up where it lay waits no more.
func TestForgottenPictureDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCity(t)
		s := newShelf(3, 150_000)
		u, stop := c.start(t, Options{Album: s, Limits: Limits{PerDay: MinPerDay, Compress: Off}, Saved: []byte(`{"v":1,"spent":{"used":800000,"day":10957}}`)})
		defer stop()
		u.Kept(s.ids()...)
		after(time.Hour)
		u.Forget(pictureID(2))
		u.Forget("nobody's")
		if got := u.Status(); got.Images != 2 || u.Held(pictureID(2)) || !u.Held(pictureID(3)) {
			t.Errorf("%d wait, the forgotten one: %v", got.Images, u.Held(pictureID(2)))
		}
	})
}

// A picture without an alert waits while the budget has no room for all of it.
func TestBudgetHoldsPictures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCity(t)
		u, stop := c.start(t, Options{Journal: deep{10}, Limits: Limits{PerDay: MinPerDay}, Saved: []byte(`{"v":1,"spent":{"used":900000,"day":10957}}`)})
		defer stop()
		after(time.Second)
		if err := u.Image(wire.ImageMeta{ID: pictureID(1), Device: "gauge", At: wire.Moment{Unix: base}}, make([]byte, 400_000)); err != nil {
			t.Fatal(err)
		}
		after(time.Minute)
		if !u.Held(pictureID(1)) || u.Held(pictureID(2)) || len(c.arrivals(wire.ImageTopic)) != 0 {
			t.Errorf("held: %v, %d pieces", u.Held(pictureID(1)), len(c.arrivals(wire.ImageTopic)))
		}
	})
}
