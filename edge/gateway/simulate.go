package gateway

import (
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/derive"
	"github.com/lamppost-city/lamppost/edge/rehearsal"
	"github.com/lamppost-city/lamppost/edge/rule"
)

// NewSimulation makes a simulation of rules of a configuration, with its derived streams
// and in its time zone; see rehearsal.NewSimulation.
func NewSimulation(cfg *config.Config, metrics *obs.Catalog, rules []*rule.Rule, happened func(rehearsal.Happening)) *rehearsal.Simulation {
	s := rehearsal.NewSimulation(rules, cfg.Gateway.Zone, happened)
	s.Judge(newSpikes(cfg))
	if len(cfg.Derived) == 0 {
		return s
	}
	measured := *cfg
	measured.Derived = nil
	d, _ := newDeriver(cfg.Derived, measured.Streams(), metrics) // the check refused what does not compile
	s.Derive(d)
	return s
}

// deriver lets a simulation derive as the gateway does.
type deriver struct {
	engine   *derive.Engine
	channels map[string][]string
	of       map[string][]obs.Stream
	every    map[string]time.Duration // how often there is something
}

func newDeriver(all []config.Derived, measured []config.Stream, metrics *obs.Catalog) (deriver, []derive.Error) {
	plans, wrong := compileDerived(all, measured, metrics)
	d := deriver{engine: derive.New(plans), channels: map[string][]string{}, of: map[string][]obs.Stream{}, every: map[string]time.Duration{}}
	for _, p := range plans {
		d.channels[p.ID], d.every[p.ID] = p.Channels, p.Every
	}
	for _, x := range all {
		for _, o := range x.Of {
			d.of[x.ID] = append(d.of[x.ID], o.Stream)
		}
	}
	return d, wrong
}

// Observe implements rehearsal.Deriver.
func (d deriver) Observe(st obs.Stream, ms, unixMS int64, r obs.Reading, awaits bool) {
	at := derive.At{BootMS: ms, UnixMS: unixMS, Dated: true}
	if awaits {
		d.engine.Await(st, at, r)
	} else {
		d.engine.Observe(st, at, r)
	}
}

// Judge implements rehearsal.Deriver.
func (d deriver) Judge(st obs.Stream, late rehearsal.Verdict) {
	d.engine.Judge(st, late.MS, late.Quality)
}

// Tick implements rehearsal.Deriver.
func (d deriver) Tick(ms, unixMS int64) (all []rehearsal.Derived) {
	for _, o := range d.engine.Tick(derive.At{BootMS: ms, UnixMS: unixMS, Dated: true}) {
		for i, r := range o.Readings {
			x := rehearsal.Derived{Stream: obs.Stream{Device: o.ID, Channel: d.channels[o.ID][i]}, MS: o.BootMS, Reading: r, Open: o.Open}
			if o.Late != nil {
				if x.Late, x.Quality = true, o.Late[i]; x.Quality.Flag == obs.NotEvaluated {
					continue // nothing else holds of this channel
				}
			}
			all = append(all, x)
		}
	}
	return all
}

// Next implements rehearsal.Deriver.
func (d deriver) Next() (ms int64, ok bool) { return d.engine.Next() }

// Sources implements rehearsal.Deriver. What is derived is made of what stands before it,
// so this ends.
func (d deriver) Sources(st obs.Stream) (all []obs.Stream) {
	for _, of := range d.of[st.Device] {
		sources := d.Sources(of)
		if len(sources) == 0 {
			sources = []obs.Stream{of}
		}
		for _, s := range sources {
			if !slices.Contains(all, s) {
				all = append(all, s)
			}
		}
	}
	return all
}
