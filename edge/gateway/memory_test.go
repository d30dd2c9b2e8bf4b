package gateway

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// A sensor that has frozen is not credible again after a kill, in the same boot or
// another, and the alert that it held stays; as soon as it moves it counts again.
func TestFrozenOverARestart(t *testing.T) {
	for name, reboot := range map[string]bool{"the program": false, "the machine": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newStage(t, `  quick: {when: "river.level > 1.5", clear_for: 20m, severity: yellow, message: {en: "high"}}`+"\n")
				b.cfg.Devices[0].Checks = map[string]obs.Checks{"level": {Flat: &obs.FlatCheck{Suspect: 5 * time.Minute, Fail: 10 * time.Minute}}}
				b.cfg.Devices[0].OwnChecks = true
				b.began = time.Now()
				b.boot(0)
				b.frozen(reboot)
			})
		})
	}
}

func (b *stage) frozen(reboot bool) {
	set := func(water float64) { b.mu.Lock(); b.water = water; b.mu.Unlock() }
	set(2)
	_, stop := b.start()
	wait(2 * time.Minute)
	set(0.5)
	wait(15 * time.Minute)
	left := filepath.Join(b.t.TempDir(), bubbled, "journal")
	if err := os.CopyFS(left, os.DirFS(b.cfg.Journal.Dir)); err != nil {
		b.t.Fatal(err)
	}
	stop()
	b.use(left)
	if reboot {
		b.boot(0)
	}
	g, stop := b.start()
	defer func() { stop() }()
	look := func() (q obs.Quality, active bool) {
		g.mu.Lock()
		defer g.mu.Unlock()
		if d := g.gen.devices["river"]; d.last != nil {
			q = d.last[0].Quality
		}
		return q, g.active["quick"] != nil
	}
	for range 40 {
		wait(time.Minute)
		if q, active := look(); q != (obs.Quality{Flag: obs.Fail, Why: obs.Flat}) || !active {
			b.t.Fatalf("after a restart the frozen sensor is %v, alert %v; want it failed as flat, and the alert to stay", q, active)
		}
	}
	for i := range 30 {
		set(0.6 + 0.01*float64(i))
		wait(time.Minute)
	}
	if q, active := look(); q.Flag != obs.Pass || active {
		b.t.Errorf("it moves again and is %v, alert %v; want it to pass, and the alert to be over", q, active)
	}
}
