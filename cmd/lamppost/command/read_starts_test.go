package command

import (
	"strings"
	"testing"
	"time"

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

// A camera that has seen one picture says what it learns first and for how long, and one that
// cannot see says why.
func TestReadTellsOfLearning(t *testing.T) {
	gate := config.Device{ID: "gate", Plan: &drivers.Plan{}}
	for lang, want := range map[string]string{"en": "learned first, for about 60 s of pictures: smoke, flame;", "zh": "先要学习，约需 60 秒的画面：smoke, flame；"} {
		var b strings.Builder
		must(t, render(&b, []gateway.Outcome{{Device: gate, Learning: drivers.Learning{Waits: []string{"smoke", "flame"}, For: time.Minute}}}, lang, false))
		if !strings.Contains(b.String(), want) || strings.Contains(b.String(), "judged") {
			t.Errorf("%s:\n%s", lang, b.String())
		}
	}
	for lang, want := range map[string]string{"en": "not judged: smoke; it is too dark\n", "zh": "不作判断：smoke；光线太暗\n"} {
		var b strings.Builder
		must(t, render(&b, []gateway.Outcome{{Device: gate, Learning: drivers.Learning{Unclear: []string{"smoke"}, Why: "dark"}}}, lang, false))
		if !strings.Contains(b.String(), want) || strings.Contains(b.String(), "learn") {
			t.Errorf("%s:\n%s", lang, b.String())
		}
	}
}
