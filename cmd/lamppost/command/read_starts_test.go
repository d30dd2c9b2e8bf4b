package command

import (
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/gateway"
)

// A value that is missing because what gives it still starts is told with that, unless it is
// known what is wrong.
func TestReadSaysWhatStarts(t *testing.T) {
	gate := config.Device{ID: "gate", Metrics: make([]obs.Metric, 1), Plan: &drivers.Plan{Channels: []drivers.Channel{{Name: "found.person", Max: 100}}}}
	starts := gateway.Outcome{Device: gate, Readings: []obs.Reading{obs.None(obs.WarmUp)}}
	fails := starts
	fails.Impaired = drivers.ErrProtocol
	for _, c := range []struct {
		o    gateway.Outcome
		want bool
	}{{starts, true}, {fails, false}, {gateway.Outcome{Device: gate, Readings: []obs.Reading{obs.Of(1)}}, false}} {
		for lang, text := range map[string]string{"en": "still starts, or learns what is usual", "zh": "仍在启动，或在学习常态"} {
			var b strings.Builder
			must(t, render(&b, []gateway.Outcome{c.o}, lang, false))
			if strings.Contains(b.String(), text) != c.want {
				t.Errorf("%v: %s", c.want, b.String())
			}
		}
	}
}
