package gateway

import (
	"fmt"
	"testing"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// A lone spike makes no frozen sensor credible, wherever between it and the value behind
// it, or behind both, the gateway ends, and however; nor does it end the alert on that.
func TestSpikeIsNoMovementOverRestarts(t *testing.T) {
	all := []string{"stop", "kill", "kill behind what was kept", "reload"}
	t.Run("fails", func(t *testing.T) { spikeIsNoMovement(t, "fail: 0.2", all) })
	t.Run("suspect", func(t *testing.T) { spikeIsNoMovement(t, "suspect: 0.2", all) })
	t.Run("suspect already", func(t *testing.T) {
		spikeIsNoMovement(t, "suspect: 0.2}, rate: {suspect: 60", []string{"stop", "reload"})
	})
}

func spikeIsNoMovement(t *testing.T, spike string, ends []string) {
	text := `devices:
  gauge: {driver: staff, port: /dev/ttyS1, every: 1s, checks: {level: {spike: {` + spike + `}, flat: {fail: %s}}}}
rules:
  frozen: {when: "stuck(gauge.level) > 10s", severity: blue}
`
	metrics := catalogOf(t)
	still := obs.Quality{Flag: obs.Fail, Why: obs.Flat}
	for _, end := range ends {
		for at := range 4 { // values behind the last but one before the spike
			t.Run(fmt.Sprint(end, " ", at), func(t *testing.T) {
				s := newSite(t, metrics, t.TempDir(), fmt.Sprintf(text, "20s"))
				defer func() { s.stop() }()
				s.nowMS = 100_000
				read := func(v float64) obs.Quality {
					s.nowMS += 1000
					s.say("gauge", v)
					return s.g.gen.devices["gauge"].last[0].Quality
				}
				read(1.2)
				for range 40 {
					read(2.5)
				}
				for i, v := range []float64{2.5, 9.9, 2.5, 2.5, 2.5} {
					if q := read(v); v == 2.5 && q != still {
						t.Errorf("value %d is %v, want %v", i, q, still)
					}
					if s.g.active["frozen"] == nil {
						t.Errorf("with value %d the alert is over", i)
					}
					if i != at {
						if i == 0 {
							s.g.keepMemory()
						}
						continue
					}
					switch end {
					case "stop":
						s.stop()
						s.start()
					case "kill behind what was kept":
						s.g.keepMemory()
						fallthrough
					case "kill":
						s.kill()
						s.start()
					default:
						s.reload(fmt.Sprintf(text, "21s"))
					}
				}
			})
		}
	}
}
