package gateway

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/edge/clock"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/health"
	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/record"
	"github.com/lamppost-city/lamppost/edge/uplink"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// open does what has to be done before anything runs: journal, clock, uplink, and
// the declaration of the time in which nothing ran.
func open(ctx context.Context, o Options) (*Gateway, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Wall == nil {
		o.Wall = time.Now
	}
	if o.Boot.ID == "" {
		o.Boot = clock.ThisBoot()
	}
	if o.BootMS == nil {
		o.BootMS = clock.BootMS
	}
	g := &Gateway{opt: o, log: o.Log, catalog: o.Catalog, id: o.Config.Gateway.ID, metrics: newMetrics(),
		active: map[string]*wire.Alert{}, undated: map[string]wire.Alert{}, ended: map[string]ended{}, upkeeps: map[string]upkeep{}, awaited: map[string][]chan taken{}, absent: newAbsent(), ruleTimer: time.NewTimer(time.Hour),
		began: make(chan struct{}), syncs: make(chan struct{}, 1), states: make(chan struct{}, 1), boot: o.Boot, started: o.BootMS()}
	unit, _ := o.Catalog.Lookup(wire.HeartbeatStream.Channel)
	var err error
	if g.beat, err = wire.NewShape([]string{wire.HeartbeatStream.Channel}, []string{unit.Wire}); err != nil {
		return nil, err
	}
	j, err := journal.Open(o.Config.Journal.Dir, journal.Options{Size: o.Config.Journal.Size, Commit: o.Config.Journal.Commit,
		Age: o.Config.Journal.Age, Reserve: o.Config.Journal.Reserve,
		Time:   func() (time.Time, bool) { return g.clock.Time() }, // asked by Trim alone, which runs later
		Urgent: func(k journal.Kind) bool { return k == record.KindAlert || k == record.KindEvent },
		Stamp: func() journal.Stamp {
			return journal.Stamp{Boot: g.boot.ID, BootMS: o.BootMS(), UnixMS: o.Wall().UnixMilli()}
		}})
	if err != nil {
		return nil, err
	}
	g.courier = newCourier(j.SyncTo, g.transmit, g.log)
	g.journal, g.epoch = j, wire.Epoch(j.Epoch().String())
	if err := g.openClock(ctx); err != nil {
		return nil, closing(j, err)
	}
	g.openKeeper()
	if err := g.openUplink(); err != nil {
		return nil, closing(j, err)
	}
	g.openWear()
	g.register()
	g.declareStart()
	g.declareLosses()
	return g, nil
}

func closing(j *journal.Journal, err error) error {
	_ = j.Close() // the first error is the one to tell
	return err
}

func (g *Gateway) openClock(ctx context.Context) error {
	runs := loadRuns(g.journal)
	if err := settleRuns(g.journal, runs, g.boot.ID); err != nil {
		return err
	}
	g.clock = clock.New(clock.Options{
		Boot: g.boot, Trust: g.opt.Config.Trust, Runs: runs, Order: g.journal.Epoch().N, Built: clock.Built(),
		Kernel: g.opt.Kernel, Chip: g.opt.Chip, Now: g.opt.BootMS,
		Save:     func(runs []clock.Run) error { return g.saveRuns(ctx, runs) },
		Anchored: g.anchored,
		Note: func(r clock.Run) {
			if err := keepRun(g.journal, r); err != nil {
				g.log.Warn("what the clock chip shows cannot be kept", "error", err)
			}
		},
	})
	g.dates = &dates{g.clock}
	return nil
}

// uplinkKey is the journal's state key for what stores have acknowledged.
const uplinkKey = "uplink"

func (g *Gateway) openUplink() error {
	cfg := g.opt.Config.Uplink
	if cfg == nil {
		return nil
	}
	saved, _ := g.journal.State(uplinkKey)
	o := g.uplinkOptions(cfg, saved)
	if g.keeper != nil && g.keeper.spool != nil {
		o.Album = g.keeper
	}
	u, err := uplink.New(o)
	if err != nil {
		return err
	}
	if g.uplink = u; g.keeper != nil {
		g.keeper.begin(u)
	}
	return nil
}

func (g *Gateway) uplinkOptions(cfg *config.Uplink, saved []byte) uplink.Options {
	return uplink.Options{
		Gateway: g.id, Epoch: g.epoch, Boot: g.clock.Boot(), Brokers: cfg.Brokers, Prefix: cfg.Prefix, Username: cfg.Username,
		Password: password(cfg), Stores: cfg.Stores, Saved: saved,
		Credentials: uplink.Credentials(cfg.TLS), Proxy: cfg.Proxy, ProxyPasswordFile: cfg.ProxyPasswordFile,
		Save:    func(state []byte) error { return g.journal.SetState(uplinkKey, state) },
		Sync:    func() error { return g.journal.Sync(context.Background()) },
		Command: g.carrier(g.newClerk(cfg)),
		Journal: &source{journal: g.journal, dates: g.dates, units: g.catalog, log: g.log},
		Clock:   g.clock, Time: g.clock.Time, Log: g.log, Limits: limits(cfg),
		Dropped: func(image string) { g.absent.add(image, wire.NoRoom) },
	}
}

// limits are what the configuration says of the link's cost.
func limits(cfg *config.Uplink) uplink.Limits {
	return uplink.Limits{Order: cfg.Order, Backfill: cfg.Rate, PerDay: cfg.PerDay, Linger: cfg.Linger, Compress: cfg.Compress, Healthy: health.Silence}
}

// password reads the file at each connection, so that a new one needs no restart.
func password(cfg *config.Uplink) func() (string, error) {
	if cfg.PasswordFile == "" {
		return nil
	}
	return func() (string, error) {
		b, err := os.ReadFile(cfg.PasswordFile)
		return strings.TrimRight(string(b), "\r\n"), err
	}
}

// declareStart writes down that the gateway started and, if it ran before, the
// gap in which it did not: from the last commit on. Ends of runs before that one
// are declared too, if the start after them did not live to commit it.
func (g *Gateway) declareStart() {
	g.mu.Lock()
	defer g.mu.Unlock()
	runs := runsBefore(g.journal.Epochs(), g.journal.Epoch())
	known, clean := g.openGaps(), true
	for i, last := range runs {
		clean = last.Clean
		if last.Epoch.N <= known.Told && (!last.Damaged || slices.Contains(known.Damaged, last.Epoch.N)) {
			continue
		}
		if i+1 < len(runs) && beginningLost(runs[i+1], last.LastCommit) {
			continue // the gap that declares that begins here
		}
		boot, to := g.clock.Boot(), g.moment(g.started)
		if i+1 < len(runs) {
			boot, to = runs[i+1].Opened.Boot, g.dates.stamp(runs[i+1].Opened)
		}
		g.declareEnd(last, boot, to)
	}
	g.event(wire.Event{Kind: "boot", Boot: &wire.Boot{Version: g.opt.Version, Epoch: g.epoch, Clean: clean}})
	g.kickSync()
}

// declareEnd files the gap between the last commit of a run and the next start. The
// caller holds the lock.
func (g *Gateway) declareEnd(last journal.EpochInfo, nextBoot string, to wire.Moment) {
	gap := wire.Gap{From: g.dates.stamp(last.LastCommit), To: to, Why: pauseWord(last, nextBoot), Epoch: wire.Epoch(last.Epoch.String())}
	gap.Detail = pauseDetail(gap.Why, g.opt.Config.Journal.Commit)
	told := func(o *openGaps) {
		if o.Told = max(o.Told, last.Epoch.N); last.Damaged {
			o.Damaged = append(o.Damaged, last.Epoch.N)
		}
		o.Damaged = slices.DeleteFunc(o.Damaged, func(n uint32) bool {
			return !slices.ContainsFunc(g.journal.Epochs(), func(e journal.EpochInfo) bool { return e.Epoch.N == n })
		})
	}
	if err := g.fileGap(gap, told); err != nil {
		g.log.Error("a pause cannot be declared", "epoch", last.Epoch.String(), "error", err)
	}
}

// runsBefore are the runs before the present one, which is not among the epochs yet
// when the disk has taken nothing so far.
func runsBefore(epochs []journal.EpochInfo, present journal.Epoch) []journal.EpochInfo {
	return slices.DeleteFunc(epochs, func(e journal.EpochInfo) bool { return e.Epoch == present })
}

// beginningLost reports whether damage took the beginning of a run, so that what was
// lost may be as old as the newest commit before it.
func beginningLost(run journal.EpochInfo, before journal.Stamp) bool {
	return run.Opened == journal.Stamp{} || run.Damaged && run.Opened == before
}

func pauseWord(last journal.EpochInfo, boot string) string {
	switch {
	case last.Damaged:
		return "damage"
	case last.Clean:
		return "stopped"
	case last.LastCommit.Boot != boot:
		return "power"
	default:
		return "killed"
	}
}

func pauseDetail(why string, commit time.Duration) string {
	switch why {
	case "stopped":
		return "the gateway was stopped in order and took no readings until it started again"
	case "damage":
		return "the journal's newest file of this run cannot be read to its end: what was recorded from then on is lost, how much is not known"
	}
	return fmt.Sprintf("the gateway ended without notice; what had not reached the disk is lost, as a rule no more than the last %v", commit)
}
