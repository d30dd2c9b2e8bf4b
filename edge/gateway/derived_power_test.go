package gateway

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

const lookingBack = `derived:
  high: {is: max, of: river.level, over: 2h, every: 5m}
  mean: {is: mean, of: river.level, over: 2h, every: 5m}
`

// A flood of three minutes came and went after the windows were last written down, and
// then the power went. In the next boot the windows hold it all the same, from the
// journal, until they have passed over it. The program starts before anybody knows the
// time, so the pause counts as none and what rests on it is suspect.
func TestWindowsOutlivePower(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStage(t, lookingBack)
		b.began = time.Now()
		b.play(history{"battery", []lifetime{{Steps: []step{{"sync", 3}, {"wait", 63 * minutes}, {"flood", 0}, {"wait", 3 * minutes},
			{"ebb", 0}, {"wait", 3 * minutes}}, Cut: true, Off: 20 * time.Minute}}})
		b.boot(0)
		g, stop := b.start()
		defer stop()
		b.do(step{"sync", 3})
		wait(6 * time.Minute)
		unsure := obs.Quality{Flag: obs.Suspect, Why: obs.Sparse} // by the time, and of 75 minutes in 120
		if high := g.newest("high"); high.Value != 2 || high.Quality != unsure {
			t.Errorf("the most of two hours is %v, want the flood's 2, suspect", high)
		}
		if mean := g.newest("mean"); mean.Value < 0.05 || mean.Value > 0.15 || mean.Quality != unsure {
			t.Errorf("the mean of two hours is %v, want 3 of some 75 minutes at 2, suspect", mean)
		}
		wait(125 * time.Minute)
		if high := g.newest("high"); high.Value != 0 || high.Quality.Flag != obs.Pass {
			t.Errorf("the most of two hours is %v when the flood was longer ago", high)
		}
	})
}

// newest returns the last value of a derived stream with one channel.
func (g *Gateway) newest(id string) obs.Reading {
	g.mu.Lock()
	defer g.mu.Unlock()
	if d := g.gen.devices[id]; d != nil && len(d.last) == 1 {
		return d.last[0]
	}
	panic(fmt.Sprintf("%s has no value", id))
}
