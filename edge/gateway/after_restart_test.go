package gateway

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// horn is an output that writes down what it is told, and when it was another thing.
type horn struct {
	mu  sync.Mutex
	is  bool
	log []string
}

func (h *horn) Set(_ context.Context, on bool) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if on != h.is {
		h.is = on
		h.log = append(h.log, onWord(on))
	}
	return nil
}

func (h *horn) Get(context.Context) (on, ok bool, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.is, true, nil
}

func (h *horn) Close() error { return nil }

func (h *horn) said() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(h.log, " ")
}

// horned is a stage with a siren that two severities want.
func horned(t *testing.T, resume bool) (*stage, *horn) {
	b := newStage(t, fmt.Sprintf(`  high: {levels: {red: {when: "river.level > 3"}, orange: {when: "river.level > 1"}}, actions: [siren]}
outputs: {siren: {command: [/bin/true], max_on: 2h, audible: true, resume: %t}}
`, resume))
	h := &horn{}
	b.cfg.Outputs[0].Plan.OpenProgram = func(drivers.Program) (drivers.Output, error) { return h, nil }
	b.began, b.kind = time.Now(), "none"
	return b, h
}

// An interlock that goes by a window knows its answer from the first reading behind a restart
// on: a pump does not stand still in a flood until the window has filled again.
func TestInterlockKeepsItsWindow(t *testing.T) {
	for _, kill := range []bool{false, true} {
		t.Run(fmt.Sprintf("kill %t", kill), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newStage(t, `  high: {when: "river.level > 1", severity: orange, actions: [pump]}
outputs: {pump: {command: [/bin/true], max_on: 20h, resume: true, interlock: "avg(river.level, 1h) > 1"}}
`)
				h := &horn{}
				b.cfg.Outputs[0].Plan.OpenProgram = func(drivers.Program) (drivers.Output, error) { return h, nil }
				b.began, b.kind = time.Now(), "none"
				b.boot(0)
				_, stop := b.start()
				b.rises(2)
				wait(2 * time.Hour)
				if h.said() != "on" {
					t.Fatalf("it went %q", h.said())
				}
				if kill {
					b.cut(stop)
				} else {
					stop()
				}
				wait(time.Second)
				g, again := b.start()
				defer again()
				wait(2 * time.Minute)
				if got := h.said(); got != "on off on" {
					t.Errorf("it went %q: %+v", got, g.outputViews())
				}
			})
		})
	}
}

// rises lets the water stand at level.
func (b *stage) rises(level float64) {
	b.mu.Lock()
	b.water = level
	b.mu.Unlock()
	wait(2 * time.Minute)
}

func (b *stage) activeOf(g *Gateway, rule string) wire.Alert {
	b.t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.active[rule] == nil {
		b.t.Fatalf("no alert of %s", rule)
	}
	return *g.active[rule]
}

// Who acknowledges silences the siren; when the alert gets worse it is heard again, since
// nobody has seen that: wherever the gateway was restarted meanwhile, and however.
func TestWorseIsHeardOverARestart(t *testing.T) {
	for _, c := range []struct {
		name   string
		resume bool
		at     string // of the restart: raised, seen, or worse: while nothing runs it gets worse
		want   string
	}{
		{"no restart", false, "", "on off on"},
		{"behind the acknowledgement", false, "seen", "on off on"},
		{"behind the acknowledgement, resumed", true, "seen", "on off on"},
		{"before it: it stays off", false, "raised", "on off on"},
		{"before it, resumed", true, "raised", "on off on off on"},
		{"while nothing runs", false, "worse", "on off on"},
		{"while nothing runs, resumed", true, "worse", "on off on"},
	} {
		for _, kill := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, kill %t", c.name, kill), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b, h := horned(t, c.resume)
					b.boot(0)
					g, stop := b.start()
					wait(time.Minute)
					restart := func(at string) {
						if at != c.at {
							return
						}
						wait(2 * time.Minute)
						if kill {
							b.cut(stop)
						} else {
							stop()
						}
						if wait(time.Second); at == "worse" {
							b.rises(4)
						}
						g, stop = b.start()
						wait(2 * time.Minute)
					}
					b.rises(2)
					restart("raised")
					if _, err := g.acknowledge(b.activeOf(g, "high").ID, "li"); err != nil {
						t.Fatal(err)
					}
					wait(time.Minute)
					if h.is {
						t.Error("it is not silent")
					}
					id := b.activeOf(g, "high").ID
					restart("seen")
					restart("worse")
					b.rises(4)
					if got := h.said(); got != c.want {
						t.Errorf("it went %s, want %s", got, c.want)
					}
					if a := b.activeOf(g, "high"); a.ID != id || a.Severity != wire.Red {
						t.Errorf("the alert is %+v", a)
					}
					stop()
				})
			})
		}
	}
}

// counted is a meter that counts how often it is read.
type counted struct {
	meter
	n *int
}

func (m counted) Sample(ctx context.Context) ([]obs.Reading, error) {
	m.b.mu.Lock()
	*m.n++
	m.b.mu.Unlock()
	return m.meter.Sample(ctx)
}

// A rule that is not at rest has what it reads looked at closer, also from the start of a
// gateway on that finds it so, and no longer than it is.
func TestLookCloserOverARestart(t *testing.T) {
	for _, kill := range []bool{false, true} {
		t.Run(fmt.Sprintf("kill %t", kill), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newStage(t, `  near: {when: "river.level > 1", for: 20m, clear: "river.level < 1", clear_for: 10m, severity: blue, look_closer: {every: 5s}}
`)
				b.began, b.kind = time.Now(), "none"
				n := 0
				b.cfg.Devices[0].Plan.OpenHTTP = func(drivers.Fetcher) (drivers.Driver, error) { return counted{meter{b}, &n}, nil }
				rate := func() (perMinute int) {
					b.mu.Lock()
					was := n
					b.mu.Unlock()
					wait(5 * time.Minute)
					b.mu.Lock()
					defer b.mu.Unlock()
					return (n - was + 2) / 5
				}
				b.boot(0)
				g, stop := b.start()
				var got []int
				restart := func() {
					if kill {
						b.cut(stop)
					} else {
						stop()
					}
					wait(time.Second)
					g, stop = b.start()
					wait(40 * time.Second)
				}
				look := func() { got = append(got, rate()) }
				wait(2 * time.Minute)
				look()
				restart()
				look() // at rest
				b.rises(2)
				look()
				restart()
				look() // pending
				wait(20 * time.Minute)
				restart()
				look() // raised
				b.activeOf(g, "near")
				b.rises(0)
				restart()
				look() // clearing
				wait(10 * time.Minute)
				look()
				restart()
				look() // at rest
				if want := []int{2, 2, 12, 12, 12, 12, 2, 2}; !slices.Equal(got, want) {
					t.Errorf("it was read %v times a minute, want %v", got, want)
				}
				stop()
			})
		})
	}
}

// risingMeter is a meter of water that rises evenly from the start of the bubble on.
type risingMeter struct{ b *stage }

func (m risingMeter) Sample(context.Context) ([]obs.Reading, error) {
	m.b.mu.Lock()
	defer m.b.mu.Unlock()
	return []obs.Reading{obs.Of(1 + 0.9*time.Since(m.b.began).Hours())}, nil
}

func (m risingMeter) Close() error { return nil }

// A pre-alert goes over a restart as one alert: its range is told anew at the readings at
// which it would have been, as the trend is known from the first one on, and it becomes actual.
func TestRenewalOverARestart(t *testing.T) {
	live := func(t *testing.T, restart time.Duration, kill bool) (stages []string, renewed []time.Duration, first time.Duration) {
		b := newStage(t, `  near: {when: "river.level > 3", severity: orange, forecast: {within: 1h, window: 40m, severity: blue}}
`)
		b.cfg.Devices[0].Plan.OpenHTTP = func(drivers.Fetcher) (drivers.Driver, error) { return risingMeter{b}, nil }
		b.began, b.kind = time.Now(), "none"
		b.boot(0)
		g, stop := b.start()
		last, lastAt := wire.Alert{}, time.Duration(0)
		for at := time.Duration(0); at < 150*time.Minute; at += 30 * time.Second {
			if at == restart {
				if kill {
					b.cut(stop)
				} else {
					stop()
				}
				wait(time.Second)
				g, stop = b.start()
			}
			wait(30 * time.Second)
			g.mu.Lock()
			a := g.active["near"]
			switch {
			case a == nil && last.ID != "":
				t.Errorf("at %v the alert is over", at)
			case a == nil, a.Stage == last.Stage && a.Text["en"] == last.Text["en"]:
			default:
				if last.ID != "" && a.ID != last.ID {
					t.Errorf("at %v it is another alert", at)
				}
				if a.Stage != last.Stage {
					stages = append(stages, a.Stage)
				} else if renewed = append(renewed, at); at-lastAt < time.Minute {
					t.Errorf("renewed at %v and at %v", lastAt, at)
				}
				if first == 0 {
					first = at
				}
				last, lastAt = *a, at
			}
			g.mu.Unlock()
		}
		stop()
		return stages, renewed, first
	}
	synctest.Test(t, func(t *testing.T) {
		stages, want, first := live(t, -1, false)
		if strings.Join(stages, " ") != "forecast actual" || len(want) < 3 {
			t.Fatalf("without a restart: %v, renewed at %v", stages, want)
		}
		t.Logf("announced at %v, renewed at %v", first, want)
		for _, restart := range []time.Duration{first + 5*time.Minute, first + 20*time.Minute, want[0] + 30*time.Second, want[1] + time.Minute} {
			for _, kill := range []bool{false, true} {
				stages, got, _ := live(t, restart, kill)
				if strings.Join(stages, " ") != "forecast actual" {
					t.Errorf("restarted at %v, kill %t: %v", restart, kill, stages)
				}
				near := func(a, b time.Duration) bool { return (a - b).Abs() <= 30*time.Second } // a reading
				if !slices.EqualFunc(got, want, near) {
					t.Errorf("restarted at %v, kill %t: renewed at %v, want %v", restart, kill, got, want)
				}
			}
		}
	})
}
