package gateway

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/derive"
	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/quality"
	"github.com/lamppost-city/lamppost/edge/record"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

// derivedDriver stands for the driver of what is computed.
const derivedDriver = "derived"

// DerivedChecker judges the derived streams of a configuration; it is what
// config.Env.Derived wants. Checking and running compile the same specs the same way.
func DerivedChecker(metrics *obs.Catalog) config.DerivedChecker {
	return func(all []config.Derived, measured []config.Stream) (made []config.Made, wrong []config.DerivedError) {
		plans, errs := compileDerived(all, measured, metrics)
		for _, e := range errs {
			wrong = append(wrong, config.DerivedError{Stream: e.ID, TextError: config.TextError{Key: e.Key, Offset: e.Offset, Length: e.Length, ID: e.Code, Msg: e.Msg, Hint: e.Hint}})
		}
		for _, p := range plans {
			made = append(made, config.Made{ID: p.ID, Channels: p.Channels, Metrics: p.Metrics, Every: p.Every, Sparse: p.Sparse, Instead: p.Instead, Note: p.Note, ByClock: p.ByClock()})
		}
		return made, wrong
	}
}

func compileDerived(all []config.Derived, measured []config.Stream, metrics *obs.Catalog) ([]*derive.Plan, []derive.Error) {
	if len(all) == 0 {
		return nil, nil
	}
	tables, err := derive.ParseTables(firmwareconfigs.Indices())
	if err != nil { // they are compiled in, and a test reads them
		return nil, []derive.Error{{ID: all[0].ID, Code: "E2907", Msg: err.Error()}}
	}
	lib := derive.Library{Known: make(map[obs.Stream]derive.Known, len(measured)), Metrics: metrics, Tables: tables}
	for _, s := range measured {
		lib.Known[s.Stream] = derive.Known{Every: s.Every, Metric: s.Metric}
	}
	specs := make([]derive.Spec, len(all))
	for i, d := range all {
		specs[i] = derive.Spec{ID: d.ID, Is: d.Is, Over: d.Over, Every: d.Every, Aligned: d.Aligned, Percent: d.Percent, Metric: d.Metric, Edition: d.Edition,
			Report: d.Report, Body: d.Body, Keep: d.Keep, State: d.State, Zone: d.Zone, Place: &d.Place, DayStart: d.DayStart}
		for _, o := range d.Of {
			specs[i].Of = append(specs[i].Of, derive.Source(o))
		}
		for _, c := range d.Constants {
			k := derive.Constant{Name: c.Name}
			for _, v := range c.Values {
				k.Values = append(k.Values, derive.Since(v))
			}
			specs[i].Constants = append(specs[i].Constants, k)
		}
	}
	return derive.Compile(specs, lib)
}

// addDerived makes the devices of derived streams, which no line reads.
func (gen *generation) addDerived(metrics *obs.Catalog, alike forms) error {
	measured := *gen.cfg
	measured.Derived = nil
	plans, _ := compileDerived(gen.cfg.Derived, measured.Streams(), metrics)
	gen.derived = derive.New(plans)
	for _, p := range plans {
		spec := deviceSpec{id: p.ID, driver: derivedDriver, every: p.Every, plan: &drivers.Plan{}}
		for i, ch := range p.Channels {
			spec.plan.Channels = append(spec.plan.Channels, drivers.Channel{Name: ch, Min: p.Metrics[i].Min, Max: p.Metrics[i].Max})
		}
		for _, d := range gen.cfg.Derived {
			if d.ID == p.ID {
				spec.names = d.Name
			}
		}
		d, err := alike.device(spec, metrics)
		if err != nil {
			return err
		}
		gen.order, gen.devices[p.ID] = append(gen.order, p.ID), d
	}
	return nil
}

// at is a moment of the running boot as the deriver wants it.
func (g *Gateway) at(bootMS int64) derive.At {
	unix, _, ok := g.clock.Unix(bootMS)
	if !ok {
		unix = g.clock.Floor().UnixMilli()
	}
	return derive.At{BootMS: bootMS, UnixMS: unix, Dated: ok}
}

// offer shows the deriver the channels of a sample that something is made of.
func (g *Gateway) offer(gen *generation, d *device, rec *record.Sample) {
	if len(d.derives) == 0 || rec.Readings == nil {
		return
	}
	at := g.at(rec.BootMS)
	for _, w := range d.derives {
		if l, late := d.lateOf(w.channel); late {
			gen.derived.Judge(w.stream, l.MS, l.Final)
		}
		if d.awaits(w.channel) {
			gen.derived.Await(w.stream, at, rec.Readings[w.channel])
		} else {
			gen.derived.Observe(w.stream, at, rec.Readings[w.channel])
		}
	}
}

// derive writes down what was derived by now, and shows it to the rules.
func (g *Gateway) derive(gen *generation, bootMS int64) {
	if len(gen.cfg.Derived) == 0 {
		return
	}
	for _, o := range gen.derived.Tick(g.at(bootMS)) {
		d := gen.devices[o.ID]
		if d == nil || o.BootMS < 0 {
			continue
		}
		if d.late = nil; o.Late != nil {
			g.judgeResult(gen, o)
			continue
		}
		if !d.answered {
			d.answered, d.changed = true, o.BootMS
		}
		d.last, d.lastAt, d.open = o.Readings, o.BootMS, o.Open
		rec := record.Sample{Device: o.ID, BootMS: o.BootMS, Channels: d.channels, Readings: o.Readings}
		g.keep(&rec, d.shape, derivedDriver, nil)
		g.heed(gen, d, &rec)
	}
}

// judgeResult writes down what came late on a result, and takes back what rests on it.
func (g *Gateway) judgeResult(gen *generation, o derive.Output) {
	d := gen.devices[o.ID]
	if d == nil || o.BootMS < 0 {
		return
	}
	d.late = lateResult(o)
	g.keepLate(d)
	for i, c := range d.channels {
		gen.takeBack(d, heeded{i, obs.Stream{Device: o.ID, Channel: c}})
	}
}

// lateResult is what came late on a result, by channel.
func lateResult(o derive.Output) []quality.Late {
	all := make([]quality.Late, len(o.Late))
	for i, q := range o.Late {
		if r := o.Readings[i]; q != r.Quality {
			all[i] = quality.Late{MS: o.BootMS, Value: r.Value, Sent: r.Quality, Final: q}
		}
	}
	return all
}

// awaits says whether the next reading of a channel shows if the newest is to be believed.
func (d *device) awaits(channel int) bool {
	return d.open || channel < len(d.streams) && d.streams[channel].Awaits()
}

// lateOf is what the newest reading of a channel showed of the one before.
func (d *device) lateOf(channel int) (quality.Late, bool) {
	if channel >= len(d.late) || d.late[channel].Final.Flag == obs.NotEvaluated {
		return quality.Late{}, false
	}
	return d.late[channel], true
}

// spiked returns when a channel was read before, if the newest reading showed that it was a
// spike then, suspect or fail: no movement.
func (d *device) spiked(channel int) (bootMS int64, ok bool) {
	if channel < len(d.streams) {
		return d.streams[channel].Spiked()
	}
	l, late := d.lateOf(channel)
	return l.MS, late && l.Final.Why == obs.Spike
}

// derivedKey is the journal's state key for what windows hold.
const derivedKey = "derived"

// keepDerivedEvery is how often that is written down; what comes after is read from the
// journal again.
const keepDerivedEvery = 10 * time.Minute

// keptDerived is the state of the deriver and when it was so.
type keptDerived struct {
	Boot   string          `json:"boot"`
	BootMS int64           `json:"boot_ms"`
	Epoch  string          `json:"epoch"`
	Engine json.RawMessage `json:"engine"`
}

// keepDerived writes the deriver's state down. The caller holds the lock.
func (g *Gateway) keepDerived() {
	if g.gen == nil || len(g.gen.cfg.Derived) == 0 {
		return
	}
	g.derivedKept = g.clock.BootMS()
	engine, left, err := g.gen.derived.Snapshot(journal.MaxState - 1024)
	var state []byte
	if err == nil {
		state, err = json.Marshal(keptDerived{g.clock.Boot(), g.derivedKept, string(g.epoch), engine})
	}
	if err == nil {
		err = g.journal.SetState(derivedKey, state)
	}
	if err != nil || len(left) > 0 {
		g.log.Error("what derived streams rest on cannot be kept", "left out", left, "error", err)
	}
}

// watchDerived keeps the state when it is due. The caller does not hold the lock.
func (g *Gateway) watchDerived() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.clock.BootMS()-g.derivedKept >= keepDerivedEvery.Milliseconds() {
		g.keepDerived()
	}
}

// adoptDerived hands the state of one generation to the next.
func (g *Gateway) adoptDerived(gen, old *generation) {
	state, _, err := old.derived.Snapshot(journal.MaxState * 16)
	if err == nil {
		err = gen.derived.Restore(state)
	}
	if err != nil {
		g.log.Info("derived streams that changed begin anew", "which", err)
	}
}

// restoreDerived takes the state up that was kept, and reads from the journal what came
// after, through pauses and boots in between. It returns the late verdicts on results that
// the end of the last run has left untold.
func (g *Gateway) restoreDerived(gen *generation) (late []derive.Output) {
	b, ok := g.journal.State(derivedKey)
	if !ok || len(gen.cfg.Derived) == 0 {
		return nil
	}
	var kept keptDerived
	if err := json.Unmarshal(b, &kept); err != nil {
		g.log.Warn("derived streams begin anew: what was kept cannot be read", "error", err)
		return nil
	}
	if err := gen.derived.Restore(kept.Engine); err != nil {
		g.log.Info("derived streams that changed begin anew", "which", err)
	}
	r := replay{reread: reread{g: g}, gen: gen, boot: kept.Boot, bootMS: kept.BootMS}
	for _, e := range g.journal.Epochs() {
		if r.begun = r.begun || e.Epoch.String() == kept.Epoch; r.begun && e.First <= e.Last {
			r.epoch(e, kept)
		}
	}
	r.pause(g.clock.Boot(), g.clock.BootMS())
	return r.late
}

// replay is the walk through the records after a kept state.
type replay struct {
	reread
	gen     *generation
	begun   bool
	boot    string
	bootMS  int64           // of the newest record
	late    []derive.Output // what the last sample showed of results, as far as no record says so
	judging bool            // that sample itself is to come
}

// margin is how much earlier than the state a sample may be that came after it.
const margin = 2 * time.Minute

func (r *replay) epoch(e journal.EpochInfo, kept keptDerived) {
	from := e.First
	if e.Epoch.String() == kept.Epoch {
		from = max(from, r.g.journal.SeqAt(e.Epoch, func(s journal.Stamp) bool { return s.BootMS < kept.BootMS-margin.Milliseconds() }))
	}
	boot := e.Opened.Boot
	r.read(stretch{e.Epoch, from, e.Last}, "derived streams", func() { r.take(boot) })
}

func (r *replay) take(boot string) {
	if boot != r.boot {
		r.pause(boot, r.sample.BootMS)
	}
	r.bootMS = max(r.bootMS, r.sample.BootMS)
	date, ok := r.g.clock.Date(boot, r.sample.BootMS)
	at := derive.At{BootMS: r.sample.BootMS, UnixMS: date.UnixMS, Dated: ok && !date.Guess}
	switch d := r.gen.devices[r.sample.Device]; {
	case d == nil:
	case d.spec.driver == derivedDriver:
		r.told()
	default:
		if r.show(d, at); !r.judging || r.sample.Late != nil {
			r.late = nil // the run went on behind the sample before
		}
		r.judging = r.sample.Late != nil
	}
	for _, o := range r.gen.derived.Tick(at) { // these results are in the journal
		if o.Late != nil {
			r.late = append(r.late, o)
		}
	}
}

// told strikes out a late verdict that the journal has.
func (r *replay) told() {
	if r.sample.Late != nil {
		r.late = slices.DeleteFunc(r.late, func(o derive.Output) bool { return o.ID == r.sample.Device && o.BootMS == r.sample.BootMS })
	}
}

// show gives the deriver what it was given when the sample was taken.
func (r *replay) show(d *device, at derive.At) {
	for i, ch := range r.sample.Channels {
		st := obs.Stream{Device: r.sample.Device, Channel: ch}
		switch {
		case i < len(r.sample.Late):
			r.gen.derived.Judge(st, r.sample.BootMS, lateIn(&r.sample, i))
		case i >= len(r.sample.Readings):
		case d.doubts(ch, r.sample.Readings[i]):
			r.gen.derived.Await(st, at, r.sample.Readings[i])
		default:
			r.gen.derived.Observe(st, at, r.sample.Readings[i])
		}
	}
}

// doubts says whether a reading of channel was awaited when it was new.
func (d *device) doubts(channel string, r obs.Reading) bool {
	i := slices.Index(d.channels, channel)
	return i >= 0 && d.limits[i].Tests.Doubts() && r.Quality.Usable()
}

// pause goes on in another run, at bootMS of boot.
func (r *replay) pause(boot string, bootMS int64) {
	if boot == r.boot {
		r.gen.derived.Resume(r.bootMS, bootMS)
		return
	}
	before, ok := r.g.clock.Date(r.boot, r.bootMS)
	after, too := r.g.clock.Date(boot, bootMS)
	pause, known := int64(0), ok && too && !before.Guess && !after.Guess
	if known {
		pause = max(after.UnixMS-before.UnixMS, 0)
	}
	r.gen.derived.Continue(r.bootMS, bootMS, pause, known)
	r.boot, r.bootMS, r.late = boot, bootMS, nil // that boot's time means nothing any more
}
