package gateway_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/edge/clock"
	"github.com/lamppost-city/lamppost/edge/gateway"
	"github.com/lamppost-city/lamppost/edge/status"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// Alerts that were made before the clock was trusted get a revision with the times
// in it: the one that is over, and the one of the same rule that stands.
func TestAlertsAreDatedLater(t *testing.T) {
	p := newPost(t)
	cfg := p.config(flood)
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
	dry := func(s status.Snapshot) bool { return len(s.Alerts) == 0 && len(s.Values) == 1 && s.Values[0].V != nil }
	for _, water := range []bool{true, false, true} {
		if water {
			end := p.sensor(2200)
			p.until("the flood's alert", raised)
			end()
		} else {
			end := p.sensor(2990)
			p.until("the flood's end", dry)
			end()
		}
	}
	synced.Store(true)
	s := p.until("the alert to be dated", func(s status.Snapshot) bool { return len(s.Alerts) == 1 && s.Alerts[0].At.Unix != 0 })
	if a := s.Alerts[0]; a.Rev != 2 || time.Since(a.Since.Time()).Abs() > 20*time.Second || a.At.Unix < a.Since.Unix {
		t.Errorf("the alert that stands: %+v", a)
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Run = %v", err)
	}
	http.DefaultClient.CloseIdleConnections()
	_, _, alerts := p.records()
	newest := map[string]wire.Alert{}
	for _, a := range alerts {
		if a.Rev > newest[a.ID].Rev {
			newest[a.ID] = a
		}
	}
	if len(newest) != 2 {
		t.Errorf("%d alerts are in the journal, want 2", len(newest))
	}
	for _, a := range newest {
		if a.At.Unix == 0 || a.Since.Unix == 0 || a.Cleared != nil && a.Cleared.Unix == 0 {
			t.Errorf("the newest revision of an alert has no times: %+v", a)
		}
	}
}
