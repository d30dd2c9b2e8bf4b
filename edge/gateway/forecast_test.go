package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/notify"
	"github.com/lamppost-city/lamppost/edge/poll"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// rising lets the water rise to a level and fall again, and tells what the alert said
// when that changed. The siren is what was set, from the first on.
func rising(t *testing.T, flood string) (said []string, ids []string, siren string) {
	var bootMS atomic.Int64
	bootMS.Store(100_000)
	g, gen, out := sounding(t, &bootMS, flood)
	siren = onWord(<-out.set)
	sounds := false
	var last wire.Alert
	for i := range 220 {
		level := 0.10 + 0.004*float64(i)
		if i > 150 {
			level = 0.70 - 0.02*float64(i-150)
		}
		now := bootMS.Add(1000)
		g.handle(gen, poll.Sample{Device: "pass", BootMS: now, Readings: []obs.Reading{obs.Of(max(0, level))}})
		a := g.active["flood"]
		if a == nil {
			a = &wire.Alert{Condition: "none"}
		}
		if on := a.Stage == "actual"; on != sounds {
			sounds = on
			siren += " " + onWord(<-out.set)
		}
		if a.Rev == last.Rev && a.ID == last.ID {
			continue
		}
		if last = *a; a.ID != "" && !slices.Contains(ids, a.ID) {
			ids = append(ids, a.ID)
		}
		if err := a.Validate(); a.ID != "" && err != nil {
			t.Errorf("revision %d is not fit for the wire: %v", a.Rev, err)
		}
		said = append(said, fmt.Sprintf("%d %s %s %s | %s | %s", i, a.Condition, a.Stage, a.Severity, a.Text["en"], a.Text["zh"]))
	}
	return said, ids, siren
}

// One alert goes from the forecast, with its range of minutes, to the actual stage and
// its end. The siren sounds for what is, not for what is expected.
func TestForecastBecomesActual(t *testing.T) {
	said, ids, siren := rising(t, `when: "pass.level > 0.5", severity: orange, forecast: {within: 2m, window: 1m, severity: blue}`)
	want := []string{
		"30 active forecast blue | pass: water level 0.50 m expected in 1–3 min, now 0.22 m | pass：水位预计1–3 分钟后达到 0.50 m，现为 0.22 m",
		"90 active forecast blue | pass: water level 0.50 m expected within 1 min, now 0.46 m | pass：水位预计1 分钟内达到 0.50 m，现为 0.46 m",
		"101 active actual orange | pass: water level 0.504 m, limit 0.500 m | pass：水位 0.504 m，限值 0.500 m",
		"160 none   |  | ",
	}
	if got := strings.Join(said, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
	if len(ids) != 1 {
		t.Errorf("%d alerts, want one from forecast to clear", len(ids))
	}
	if siren != "off on off" {
		t.Errorf("the siren went %s", siren)
	}
}

// panel is a target that hands on what it is told.
type panel chan wire.Alert

func (to panel) Send(_ context.Context, _ string, document []byte) error {
	var a wire.Alert
	if err := json.Unmarshal(document, &a); err != nil {
		return err
	}
	to <- a
	return nil
}

func (panel) Close() {}

// A range that is told anew is a revision, and rings nowhere: who was told of the
// pre-alert is told next that it has come.
func TestRenewedRangeRingsNowhere(t *testing.T) {
	var bootMS atomic.Int64
	bootMS.Store(100_000)
	g, gen, out := sounding(t, &bootMS, `when: "pass.level > 0.5", severity: orange, forecast: {within: 2m, window: 1m, severity: blue}`)
	<-out.set // off, at the start
	to := make(panel, 10)
	gen.office = notify.New("post-1", []notify.Target{{ID: "panel", Timeout: time.Second, Sender: to}}, func(string, string) {}, slog.New(slog.DiscardHandler))
	gen.after = map[string]after{"flood": {notify: []string{"panel"}}}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { gen.office.Run(ctx) })
	var got []string
	renewed := 0
	for i := range 110 {
		g.handle(gen, poll.Sample{Device: "pass", BootMS: bootMS.Add(1000), Readings: []obs.Reading{obs.Of(0.10 + 0.004*float64(i))}})
		switch a := g.active["flood"]; {
		case a == nil || len(got) > 0 && strings.HasSuffix(got[len(got)-1], a.Stage):
			if a != nil && a.Rev > 1 && a.Stage == "forecast" {
				renewed = a.Rev - 1
			}
		default: // another stage: this one is told
			x := <-to
			got = append(got, fmt.Sprintf("%d %s", x.Rev, x.Stage))
		}
	}
	<-out.set // on
	stop()
	running.Wait()
	if want := []string{"1 forecast", fmt.Sprintf("%d actual", renewed+2)}; renewed == 0 || !slices.Equal(got, want) || len(to) > 0 {
		t.Errorf("the target was told %q and %d more, want %q; the range was told anew %d times", got, len(to), want, renewed)
	}
}

// One alert climbs the levels and comes down again, under one id.
func TestAlertClimbs(t *testing.T) {
	said, ids, siren := rising(t, `levels: {red: {when: "pass.level > 0.65"}, orange: {when: "pass.level > 0.5"}, yellow: {when: "pass.level > 0.301", clear: "pass.level < 0.199"}}`)
	var got []string
	for _, s := range said {
		head, _, _ := strings.Cut(s, " |")
		got = append(got, strings.TrimSpace(head))
	}
	want := []string{"51 active actual yellow", "101 active actual orange", "138 active actual red", "153 active actual orange", "160 active actual yellow", "176 none"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if len(ids) != 1 || siren != "off on off" {
		t.Errorf("%d alerts, the siren went %s", len(ids), siren)
	}
}
