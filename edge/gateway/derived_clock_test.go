package gateway_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/edge/clock"
	"github.com/lamppost-city/lamppost/edge/gateway"
	"github.com/lamppost-city/lamppost/edge/status"
)

// While nobody knows the time a rule on what goes by the clock says that it waits for that,
// also through something that is made of it; a rule on the sensor itself does not.
func TestRulesThatWaitForTheClock(t *testing.T) {
	p := newPost(t)
	p.sensor(2200)
	cfg := p.config(`  mean-high: {when: "later.level > 0.5", severity: blue}
  now-high: {when: "pass.level > 2.9", severity: blue}
derived:
  minute: {is: mean, of: pass.level, over: 1m, aligned: true}
  later: {is: "x * 1", of: minute.level, metric: level}
`)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var synced atomic.Bool
	ready, done := make(chan gateway.Started, 1), make(chan error, 1)
	go func() {
		done <- gateway.Run(ctx, gateway.Options{Config: cfg, Catalog: p.metrics, Ready: func(s gateway.Started) { ready <- s },
			Kernel: func() clock.Kernel {
				return clock.Kernel{BootMS: clock.BootMS(), UnixMS: time.Now().UnixMilli(), ErrMS: 1, Synced: synced.Load()}
			}})
	}()
	p.page = (<-ready).Status.String()
	p.until("a value", func(s status.Snapshot) bool { return len(s.Values) > 0 && s.Values[0].V != nil })
	waits := func(rule string) bool {
		why, err := gateway.AskWhy(t.Context(), cfg.Journal.Dir, rule)
		if err != nil {
			t.Fatal(err)
		}
		return why.Stages[0].When.Streams[0].Clock
	}
	if !waits("mean-high") || waits("now-high") {
		t.Errorf("without the time the rules wait: %v, %v", waits("mean-high"), waits("now-high"))
	}
	p.until("the page says what waits for the clock", func(s status.Snapshot) bool {
		return slices.Equal(s.ClockWaits, []string{"minute", "later"}) && s.State.Devices[1].State == "waiting"
	})
	synced.Store(true)
	p.until("the rule waits no more", func(s status.Snapshot) bool { return !waits("mean-high") && len(s.ClockWaits) == 0 })
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Run = %v", err)
	}
}
