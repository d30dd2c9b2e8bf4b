package aggregator_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/aggregator"
	"github.com/lamppost-city/lamppost/cloud/database/databasetest"
	"github.com/lamppost-city/lamppost/cloud/settings"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// postgres starts a server, and returns settings that use it.
func postgres(t *testing.T) (*databasetest.Server, func(*settings.Settings)) {
	t.Helper()
	s, err := databasetest.Start()
	if errors.Is(err, databasetest.ErrNotInstalled) && os.Getenv("LAMPPOST_REQUIRE_PARTS") == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Remove)
	return s, func(set *settings.Settings) { set.Database.Postgres = &settings.Postgres{URL: s.URL} }
}

// While the database server is away no alert is acknowledged and the aggregator says that
// it is not well; when it is back, what came meanwhile is stored and acknowledged, and it
// is there after a restart.
func TestPostgresIsKilledUnderTheAggregator(t *testing.T) {
	s, on := postgres(t)
	dir := t.TempDir()
	c := start(t, at(dir, on))
	send, acks := c.gateway()
	acknowledged := func(id string, within time.Duration) bool {
		for end := time.After(within); ; {
			select {
			case a := <-acks:
				for _, r := range a.Alerts {
					if r.ID == id {
						return true
					}
				}
			case <-end:
				return false
			}
		}
	}
	id := func(n int) string { return "01940000-0000-7000-8000-00000000000" + string(rune('0'+n)) }
	send("alert", alertNumber(t, 1))
	if !acknowledged(id(1), patience) {
		t.Fatal("the first alert is not acknowledged")
	}
	s.Kill()
	send("alert", alertNumber(t, 2))
	if acknowledged(id(2), time.Second) {
		t.Fatal("an alert was acknowledged without a database")
	}
	var text string
	if code := c.get("/healthz", &text); code != http.StatusServiceUnavailable || !strings.Contains(text, "FAIL database") {
		t.Errorf("healthz %d %s", code, text)
	}
	if err := s.Up(); err != nil {
		t.Fatal(err)
	}
	if !acknowledged(id(2), 2*patience) {
		t.Fatal("the second alert is not acknowledged after the database came back")
	}
	c.stop()
	c = start(t, at(dir, on))
	var list struct{ Alerts []view.Alert }
	if c.get("/api/v1/alerts?state=active", &list); len(list.Alerts) != 2 {
		t.Errorf("%d alerts after a restart, want 2", len(list.Alerts))
	}
}

// A second aggregator on the same database is refused, also with a data directory of its
// own; when the first has gone it takes over what that had.
func TestSecondAggregatorOnPostgresIsRefused(t *testing.T) {
	_, on := postgres(t)
	first := start(t, at(t.TempDir(), on))
	send, acks := first.gateway()
	send("alert", alert(t))
	select {
	case <-acks:
	case <-time.After(patience):
		t.Fatal("the alert is not acknowledged")
	}
	if _, err := try(t, at(t.TempDir(), on), false); !errors.Is(err, aggregator.ErrInUse) {
		t.Errorf("Run = %v, want ErrInUse", err)
	}
	first.stop()
	second := start(t, at(t.TempDir(), on))
	var list struct{ Alerts []view.Alert }
	if second.get("/api/v1/alerts?state=active", &list); len(list.Alerts) != 1 || list.Alerts[0].Severity != wire.Orange {
		t.Errorf("alerts after the change: %+v", list.Alerts)
	}
}

// told is a log that calls a function when there is a warning.
type told struct {
	slog.Handler
	do func()
}

func (l told) Enabled(context.Context, slog.Level) bool { return true }
func (l told) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l told) Handle(_ context.Context, r slog.Record) error {
	if r.Level == slog.LevelWarn {
		l.do()
	}
	return nil
}

// An aggregator may start before its database server. It says so once, and may be stopped
// while it waits.
func TestPostgresComesLater(t *testing.T) {
	s, on := postgres(t)
	for name, come := range map[string]bool{"it comes": true, "it never comes": false} {
		t.Run(name, func(t *testing.T) {
			s.Kill()
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			warned, ready := false, false
			first := sync.OnceFunc(func() {
				if warned = true; !come {
					stop()
				} else if err := s.Up(); err != nil {
					t.Error(err)
				}
			})
			log := told{slog.DiscardHandler, first}
			err := aggregator.Run(ctx, aggregator.Options{Settings: at(t.TempDir(), on), Version: "test", Log: slog.New(log),
				Ready: func(string, string) { ready = true; stop() }})
			if err != nil || ready != come || !warned {
				t.Errorf("Run = %v, ready %v, warned %v", err, ready, warned)
			}
		})
	}
}
