package gateway

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/alert"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/derive"
	"github.com/lamppost-city/lamppost/edge/notify"
	"github.com/lamppost-city/lamppost/edge/poll"
	"github.com/lamppost-city/lamppost/edge/quality"
	"github.com/lamppost-city/lamppost/edge/rule"
	"github.com/lamppost-city/lamppost/edge/still"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// generation is what one configuration brings to life: lines, devices and rules.
// A reload ends one and begins the next; everything else of a gateway stays.
type generation struct {
	cfg         *config.Config
	lines       *Lines
	order       []string // device ids as configured
	devices     map[string]*device
	rules       map[string]*compiled
	ruleStreams map[string][]obs.Stream
	engine      *rule.Engine
	derived     *derive.Engine // what is made of streams; it holds nothing where nothing is
	trail       *alert.Trail
	switching   *switching         // nil: no outputs
	office      *notify.Office     // who tells the site's machines of alerts
	after       map[string]after   // by rule: what it does beside its outputs
	recent      map[string]*recent // by line
	said        map[string]string  // by line: what the log has of its wiring, or its process
	stopped     map[string]string  // rules whose evaluation panicked, with what it said
	peaked      []string           // rules whose alert is at a worse value than is written down
}

func newGeneration(cfg *config.Config, catalog *obs.Catalog, known recalled, civil civilTime, held heldLines) (*generation, error) {
	lines, err := openLines(cfg, nil, known, held)
	if err != nil {
		return nil, err
	}
	lines.remember(cfg)
	gen := &generation{cfg: cfg, lines: lines, devices: map[string]*device{}, rules: compileRules(cfg), after: afterRules(cfg), trail: &alert.Trail{},
		recent: map[string]*recent{}, said: map[string]string{}}
	gen.ruleStreams = streamsOf(gen.rules)
	besides := peers{}
	alike := forms{map[formKey]*form{}, quality.Env{Peer: besides.of, Civil: civil.in(cfg.Gateway.Zone)}}
	for _, d := range cfg.Devices {
		gen.order = append(gen.order, d.ID)
		if gen.devices[d.ID], err = alike.device(specOf(d), catalog); err != nil {
			lines.close(held)
			return nil, err
		}
	}
	if err := gen.addDerived(catalog, alike); err != nil {
		lines.close(held)
		return nil, err
	}
	for id, d := range gen.devices {
		d.see(besides, id)
		d.place(cfg.Gateway.Position)
	}
	var rules []*rule.Rule
	for _, r := range cfg.Rules {
		if c := gen.rules[r.ID]; c != nil {
			rules = append(rules, c.rule)
		}
	}
	gen.engine = rule.New(rules)
	gen.engine.Civil(civil.in(cfg.Gateway.Zone))
	return gen, nil
}

func specOf(d config.Device) deviceSpec {
	s := deviceSpec{id: d.ID, driver: d.Driver, profile: d.Profile, line: d.Bus, where: place(d),
		every: d.Every, timeout: d.Timeout, upload: d.Upload, checks: d.Checks, ownChecks: d.OwnChecks, plan: d.Plan, names: d.Name}
	s.address = s.where
	if d.Bus != "" {
		s.address = strings.TrimPrefix(strings.TrimPrefix(s.where, d.Bus+" "), "#")
	}
	return s
}

// begin starts a generation on the lines that are held and those that it opens. stop ends
// its polling, sets off the outputs that do not go on in the next configuration (nil: there
// is none) and closes its lines but for those that go on in it, which the gateway then
// holds; what it learned stays with the gateway.
func (g *Gateway) begin(ctx context.Context, cfg *config.Config) (stop func(next *config.Config), err error) {
	gen, err := newGeneration(cfg, g.catalog, g.recall(), g.civil, g.held)
	if err != nil {
		return nil, err
	}
	g.held = nil // they are the generation's
	gen.office = g.newOffice(cfg)
	g.mu.Lock()
	old := g.gen
	if g.gen = gen; old != nil {
		gen.office.Adopt(old.office)
	}
	if old == nil {
		g.takeUp(gen)
	} else {
		g.adopt(gen, old)
	}
	g.event(wire.Event{Kind: "config", Config: &wire.Config{Hash: cfg.Hash}})
	g.setAside(gen)
	g.tellAside(gen, g.clock.BootMS(), "")
	g.forgetStates(gen)
	g.beginSwitching(gen, old)
	gen.heed()
	for id := range g.awaited { // who waits asked the lines before
		if pace := gen.lines.pace(id); pace != nil {
			pace.Now()
		}
	}
	for id := range gen.after {
		gen.lookCloser(id)
	}
	g.armTimer(gen)
	g.mu.Unlock()
	g.kickState()

	ctx, cancel := context.WithCancel(ctx)
	var polling sync.WaitGroup
	polling.Go(func() {
		gen.lines.Poll(ctx, g.clock.BootMS, func(s poll.Sample) { g.handle(gen, s) })
	})
	polling.Go(func() { gen.office.Run(ctx) })
	return func(next *config.Config) {
		cancel()
		polling.Wait()
		held := gen.lines.hold(next)
		gen.lines.but(held, (*line).rest)
		g.mu.Lock()
		g.keepDerived()
		g.keepMemory()
		g.keepFindings(true)
		g.mu.Unlock()
		gen.switching.close(stays(cfg, next))
		gen.lines.close(held)
		g.held = held
	}, nil
}

// takeUp gives the first generation of a run what the last run left.
func (g *Gateway) takeUp(gen *generation) {
	g.recallUndated()
	g.restoreUpkeep()
	late := g.restoreDerived(gen)
	g.keepDerived() // the next start reads what comes from now on, however soon it is
	g.restoreMemory(gen)
	g.refill(gen.engine, gen.engine.Reach())
	g.restoreRules(gen)
	g.recallBefore(gen, late)
	g.dateAlerts()
	g.recallOrders()
}

// adopt gives a generation what the one before it knows.
func (g *Gateway) adopt(gen, old *generation) {
	g.adoptRules(gen, old)
	g.adoptDevices(gen, old)
	g.adoptDerived(gen, old)
}

// heed tells each device which of its channels rules and outputs read: the others
// need not be shown to them.
func (gen *generation) heed() {
	read := map[obs.Stream]bool{}
	for _, streams := range gen.ruleStreams {
		for _, st := range streams {
			read[st] = true
		}
	}
	for _, st := range gen.switching.reads() {
		read[st] = true
	}
	derives := map[obs.Stream]bool{}
	for _, st := range gen.derived.Reads() {
		derives[st] = true
	}
	for _, d := range gen.devices {
		d.heed(read, derives)
	}
}

// adoptDevices carries over what is known of devices that did not change: their
// last values, that they have warmed up, when they are due, and what the log has of
// lines that go on.
func (g *Gateway) adoptDevices(gen, old *generation) {
	for id, d := range gen.devices {
		o := old.devices[id]
		if o == nil || o.part() != d.part() || o.spec.where != d.spec.where || !slices.Equal(o.channels, d.channels) { // a profile may have changed, too
			continue
		}
		spec, form, seen, located := d.spec, d.form, d.seen, d.located
		*d = *o
		d.spec, d.form, d.seen, d.located = spec, form, seen, located
		if !gen.lines.held(id) {
			d.ring = still.Ring{} // its masks may be others now
		}
		for i := range d.streams {
			d.streams[i].Limit(&d.limits[i])
		}
		for i := range d.recalled {
			d.recalled[i].Limit(&d.limits[i])
		}
		if o.spec.every == spec.every {
			gen.lines.due(id, o.next)
		}
	}
	for _, l := range gen.lines.all {
		if !l.held {
			continue
		}
		if said, ok := old.said[l.id]; ok {
			gen.said[l.id] = said
		}
		if lately := old.recent[l.id]; lately != nil { // its counts go on
			gen.recent[l.id] = lately
		}
	}
}
