package gateway

import (
	"context"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/edge/board"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/journal"
)

// watched is a gateway of which only the watch over its disk works, on a clock that
// the test moves.
func watched(t *testing.T, dir string, endurance int64) (g *Gateway, now *int64) {
	t.Helper()
	j, err := journal.Open(dir, journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	now = new(int64)
	g = &Gateway{journal: j, log: slog.New(slog.DiscardHandler)}
	g.opt = Options{Config: &config.Config{Journal: config.Journal{Dir: dir, Endurance: endurance}}, BootMS: func() int64 { return *now },
		Host: board.Host{Root: t.TempDir()}} // a machine that says nothing of its disks
	g.openWear()
	return g, now
}

// What was counted survives a restart, and tells how long the card lasts.
func TestWearSurvivesARestart(t *testing.T) {
	dir := t.TempDir()
	g, now := watched(t, dir, 1e12)
	if y := g.wear.years(); y >= 0 {
		t.Errorf("%v years before anything was seen", y)
	}
	if _, err := g.journal.Append(1, make([]byte, 100_000)); err != nil {
		t.Fatal(err)
	}
	if err := g.journal.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	*now = 6 * 3600_000
	g.watchWear(false) // an hour has passed: it is kept
	first := g.wear.meter.Total()
	if first.MS != *now || first.Journal == 0 || first.Syncs == 0 || first.Device != 0 {
		t.Errorf("counted %+v", first)
	}
	if y := g.wear.years(); y != 100 {
		t.Errorf("%v years at some hundred kB a day, want the most that is told", y)
	}
	if err := g.journal.Close(); err != nil {
		t.Fatal(err)
	}
	again, now := watched(t, dir, 1e12)
	*now = 1000
	again.watchWear(false)
	if got := again.wear.meter.Total(); got.MS != first.MS+1000 || got.Journal < first.Journal {
		t.Errorf("after a restart %+v, before %+v", got, first)
	}
	if h := again.wear.health(); h.Endurance != 1e12 || h.Assumed || h.Over != 6*time.Hour+time.Second {
		t.Errorf("health %+v", h)
	}
	if err := again.journal.Close(); err != nil {
		t.Fatal(err)
	}
}

// A port that another program has is tried again until it is free.
func TestPageComesWhenThePortIsFree(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &Gateway{log: slog.New(slog.DiscardHandler), metrics: newMetrics(), opt: Options{Config: &config.Config{Status: l.Addr().String()}}}
	ctx, stop := context.WithCancel(t.Context())
	told, done := make(chan net.Addr, 1000), make(chan error, 1)
	go func() { done <- g.pageLoop(ctx, l.Addr().String(), time.Millisecond, func(a net.Addr) { told <- a }) }()
	if a := <-told; a != nil {
		t.Fatalf("the page took %v, which was taken", a)
	}
	g.mu.Lock()
	if h := g.pageHealth(); h.Error == "" || h.Address != l.Addr().String() {
		t.Errorf("health %+v", h)
	}
	g.mu.Unlock()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for a := range told {
		if a != nil {
			break
		}
	}
	g.mu.Lock()
	if h := g.pageHealth(); h.Error != "" {
		t.Errorf("health %+v of a page that can be reached", h)
	}
	g.mu.Unlock()
	stop()
	if err := <-done; err != nil {
		t.Errorf("pageLoop = %v", err)
	}
}
