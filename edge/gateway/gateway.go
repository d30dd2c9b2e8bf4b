// Package gateway composes the edge: it is the one package that knows all jobs
// and brings them together. A sample's way is in pipeline.go, what happens at the
// start in start.go, the lines in lines.go, what is shown to people in view.go.
//
// What it promises: sampling, rules and the journal start at once, with no
// network, clock or cloud; a configuration that is wrong never replaces one that
// runs; Run returns when everything has stopped, nothing keeps running behind it.
package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/board"
	"github.com/lamppost-city/lamppost/edge/calibrate"
	"github.com/lamppost-city/lamppost/edge/clock"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/still"
	"github.com/lamppost-city/lamppost/edge/uplink"
	"github.com/lamppost-city/lamppost/edge/wire"
	"golang.org/x/sync/errgroup"
)

// Options say what a gateway is made of.
type Options struct {
	Config  *config.Config // checked, runs until Reload brings another one
	Catalog *obs.Catalog
	Version string
	Log     *slog.Logger // nil: silent

	// Reload delivers checked configurations that replace the running one; nil: none
	// ever comes. Identity, journal, uplink and status page stay as they were started.
	Reload <-chan *config.Config
	// Refused says why the file on the disk was refused when it was read last, with its
	// place; empty: it was not. Nil: nobody reads it again.
	Refused func() string
	// Book is the configuration file, for the page on which cameras are calibrated; nil:
	// there is no such page.
	Book calibrate.Book
	// Ready is told once the lines are being polled. May be nil.
	Ready func(Started)
	// Alive is called at least every ten seconds while the gateway's loops run. May be
	// nil.
	Alive func()
	// Host is the machine whose disks are watched, Boards what is known of boards; nil:
	// nothing, a card's life is then told only if the configuration states its endurance.
	Host   board.Host
	Boards *board.Profiles
	// Runtime is a folder that outlives the program and costs no flash, where totals are
	// kept between two records of the journal. Empty: none.
	Runtime string
	// Boot is the running boot, BootMS reads its time. Kernel asks the kernel for its
	// view of the clock, Chip what the clock chip shows, Wall what the wall clock says
	// now. Zero: the real ones.
	Boot   clock.Boot
	BootMS func() int64
	Kernel func() clock.Kernel
	Chip   func() (unixMS int64, ok bool)
	Wall   func() time.Time
}

// Started says what a gateway that has just started found.
type Started struct {
	Gateway string
	Epoch   wire.Epoch
	Status  net.Addr // nil if there is no status page
	Devices int
	PIN     string // of the camera page, if it was made just now
}

// Gateway is a running gateway.
type Gateway struct {
	opt     Options
	log     *slog.Logger
	catalog *obs.Catalog
	id      string
	boot    clock.Boot
	started int64 // boot ms

	journal *journal.Journal
	epoch   wire.Epoch
	clock   *clock.Clock
	dates   *dates
	uplink  *uplink.Uplink // nil: none configured
	courier *courier
	keeper  *pictureKeeper // nil: there is neither an uplink nor a folder for pictures
	absent  *absent        // pictures that will never come
	beat    *wire.Shape    // of the heartbeat
	metrics

	began chan struct{} // closed when the first configuration runs: alerts, devices and outputs are there

	held heldLines // over a reload; of the goroutine that runs one configuration after another

	mu        sync.Mutex // guards what follows, and all devices, rules and trails
	gen       *generation
	active    map[string]*wire.Alert  // by rule
	undated   map[string]wire.Alert   // by id, see remember
	awaited   map[string][]chan taken // by device: who waits for its next sample
	ended     map[string]ended        // alerts that cleared a moment ago, by id
	unrest    unrest                  // what the log says of rules that chatter
	upkeeps   map[string]upkeep       // what is under maintenance, by device or everything
	orders    still.Orders            // pictures that alerts have named and that are not taken yet
	oldOrders []keptOrder             // those of earlier runs, until it is known how late they are
	scratch   []byte
	ruleTimer *time.Timer
	armed     int64 // boot ms for which ruleTimer is set; 0: for none
	wear      wearing
	// derivedKept is when the state of derived streams was written down, in boot ms.
	derivedKept int64
	memoryAt    int64  // and when what quality tests remember was
	pageFault   string // why the status page cannot be reached; empty: it can

	syncs, states chan struct{} // one signal waits in each
	said          []byte        // the news that were published last; one goroutine's at a time
}

// ended is an alert that has cleared: its last revision, and when.
type ended struct {
	rev int
	at  int64 // boot ms
}

// ruleKey is the journal's state key for a rule and its active alert.
const ruleKey = "rule/"

// Run starts a gateway and returns when ctx has ended and everything has stopped.
// The error says why it could not start, or what broke.
func Run(ctx context.Context, o Options) (err error) {
	g, err := open(ctx, o)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := g.journal.Close(); cerr != nil {
			err = errors.Join(err, fmt.Errorf("journal: %w", cerr))
		}
	}()
	return g.run(ctx)
}

func (g *Gateway) run(ctx context.Context) error {
	if g.keeper != nil { // it outlives the uplink, which tells what is done with
		keeping, endKeeping := context.WithCancel(context.WithoutCancel(ctx))
		var keeper errgroup.Group
		keeper.Go(func() error { return g.keeper.run(keeping) })
		defer func() {
			endKeeping()
			_ = keeper.Wait() // it returns nil
			g.tellMissing()
		}()
	}
	// The uplink outlives the sampling: what was sampled last should still leave.
	linkCtx, endLink := context.WithCancel(context.WithoutCancel(ctx))
	defer endLink()
	link, linkCtx := errgroup.WithContext(linkCtx)
	if g.uplink != nil {
		link.Go(func() error { return g.uplink.Run(linkCtx) })
	}
	// So does the courier: what was decided last leaves too.
	carrying, endCarrying := context.WithCancel(context.WithoutCancel(ctx))
	defer endCarrying()
	var carrier errgroup.Group
	carrier.Go(func() error { return g.courier.run(carrying) })
	local, ctx := errgroup.WithContext(ctx)
	page := g.servePage(ctx, local)
	local.Go(func() error { return g.clock.Run(ctx) })
	local.Go(func() error { return g.controlLoop(ctx) })
	local.Go(func() error { return g.syncLoop(ctx) })
	local.Go(func() error { return g.ruleLoop(ctx) })
	local.Go(func() error { return g.careLoop(ctx) })
	local.Go(func() error { return g.missingLoop(ctx) })
	local.Go(func() error { return g.stateLoop(ctx) })
	local.Go(func() error { return g.generations(ctx, page) })
	err := local.Wait()
	g.watchWear(true)
	endCarrying()
	err = errors.Join(err, carrier.Wait())
	g.publishState()
	endLink()
	return errors.Join(err, link.Wait())
}

// generations runs one configuration after another. What a generation learned
// goes on in the next: rule states, readings, what is known of devices, and the lines
// that are the same in both.
func (g *Gateway) generations(ctx context.Context, page net.Addr) error {
	cfg := g.opt.Config
	var running *config.Config
	g.endLeftovers(ctx)
	defer func() { g.held.close() }()
	for {
		stop, err := g.begin(ctx, cfg)
		if err != nil && running != nil {
			g.log.Error("the new configuration cannot run, the old one goes on", "config", cfg.Hash, "error", err)
			cfg = running
			stop, err = g.begin(ctx, cfg)
		}
		if err != nil {
			return err
		}
		if running == nil {
			close(g.began)
		}
		g.tellStarted(cfg, page, running == nil)
		running = cfg
		next := g.awaitReload(ctx)
		if stop(next); next == nil {
			return nil
		}
		cfg = next
		g.log.Info("configuration is taken over", "config", cfg.Hash)
	}
}

// awaitReload returns the next configuration that can run, nil when ctx has ended. One whose
// lines cannot be made disturbs nothing.
func (g *Gateway) awaitReload(ctx context.Context) *config.Config {
	for {
		select {
		case <-ctx.Done():
			return nil
		case next := <-g.opt.Reload:
			lines, err := OpenLines(next, nil) // nothing of them touches the hardware before it is polled
			if err == nil {
				lines.Close()
				return next
			}
			g.log.Error("the new configuration cannot run, the old one goes on", "config", next.Hash, "error", err)
		}
	}
}

// tellStarted says that a configuration runs, the first one, and the number that opens the
// camera page if it was made for it.
func (g *Gateway) tellStarted(cfg *config.Config, page net.Addr, first bool) {
	number := g.firstPIN(cfg)
	switch {
	case first && g.opt.Ready != nil:
		g.opt.Ready(Started{Gateway: g.id, Epoch: g.epoch, Status: page, Devices: len(cfg.Devices), PIN: number})
	case number != "":
		g.log.Info("a PIN opens the camera page; it is told only now", "pin", number)
	}
}

// syncLoop makes what was declared at the start durable at once.
func (g *Gateway) syncLoop(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-g.syncs:
			if err := g.journal.Sync(ctx); err != nil && ctx.Err() == nil {
				g.log.Warn("what was declared is not on the disk yet", "error", err)
			}
		}
	}
}

// ruleLoop ticks when a rule waits for time to pass without any reading.
func (g *Gateway) ruleLoop(ctx context.Context) error {
	defer g.ruleTimer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-g.ruleTimer.C:
			g.mu.Lock()
			if g.gen != nil {
				g.armed = 0 // it has fired
				g.tick(g.gen, g.clock.BootMS())
			}
			g.mu.Unlock()
		}
	}
}

// careLoop does what has to be done now and then.
func (g *Gateway) careLoop(ctx context.Context) error {
	beat, often := time.NewTicker(time.Minute), time.NewTicker(5*time.Second)
	defer beat.Stop()
	defer often.Stop()
	g.heartbeat()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-beat.C:
			g.heartbeat()
			g.forget()
			g.watchWear(false)
			g.watchDerived()
			g.forgetStills()
			g.watchMemory()
			g.watchFindings(true)
		case <-often.C:
			g.declareLosses()
			g.trim(ctx)
			g.sayLines()
			g.watchOrders()
			g.watchFindings(false)
			if g.opt.Alive != nil {
				g.opt.Alive()
			}
		}
	}
}

func (g *Gateway) forget() {
	if err := forgetBoots(g.journal, g.clock.Boot()); err != nil {
		g.log.Warn("old clock anchors cannot be dropped", "error", err)
	}
}

func (g *Gateway) kickSync()  { kick(g.syncs) }
func (g *Gateway) kickState() { kick(g.states) }

func kick(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
