package gateway

import (
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/alert"
	"github.com/lamppost-city/lamppost/edge/poll"
	"github.com/lamppost-city/lamppost/edge/record"
	"github.com/lamppost-city/lamppost/edge/rule"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// handle takes one sample on its whole way: judged, written down, given to the
// rules, offered to the uplink. It is called by every line's goroutine and does no
// I/O of its own: the journal and the uplink take what they get into memory.
func (g *Gateway) handle(gen *generation, s poll.Sample) {
	g.mu.Lock()
	defer g.mu.Unlock()
	d := gen.devices[s.Device]
	rec, write := d.take(s)
	g.underWork(s.Device, rec.Readings)
	g.countSample(d, &s)
	if write {
		g.keepLate(d) // a start reads the journal in this order, and believes what was not judged before the next
		d.lend(s.Driver, g.keep(&rec, d.shape, d.spec.driver, g.stateOf(&s)))
	}
	g.heed(gen, d, &rec)
	g.offer(gen, d, &rec)
	if changed, up := d.turned(); changed {
		g.deviceTurned(d, up)
	}
	g.sayImpaired(d, s.BootMS)
	g.tick(gen, s.BootMS)
	g.takeStill(gen, d, s)
	g.tellTaken(s)
}

// heed shows rules and outputs what they read of a sample.
func (g *Gateway) heed(gen *generation, d *device, rec *record.Sample) {
	if rec.Readings == nil {
		return
	}
	for _, w := range d.heeded {
		gen.takeBack(d, w)
		gen.trail.Add(w.stream, rec.BootMS, rec.Readings[w.channel])
		g.reach(gen, w.stream)
		gen.engine.Observe(w.stream, rec.BootMS, rec.Readings[w.channel])
		gen.switching.observe(w.stream, rec.BootMS, rec.Readings[w.channel])
		if d.awaits(w.channel) {
			gen.engine.Await(w.stream, rec.BootMS)
			gen.switching.await(w.stream, rec.BootMS)
		}
	}
}

// append writes a sample down, with what its driver wants to be kept.
func (g *Gateway) append(body []byte, device, driver string, state []byte) (seq uint64, err error) {
	if state == nil {
		return g.journal.Append(record.KindSample, body)
	}
	return g.journal.AppendState(record.KindSample, body, stateKey(device, driver), state)
}

// keep writes a sample into the journal, its driver's state with it, and offers it to the uplink under the
// number it got there. The readings must not change before the uplink has let go of them.
func (g *Gateway) keep(rec *record.Sample, shape *wire.Shape, driver string, state []byte) (kept lent) {
	body, err := rec.Append(g.scratch[:0])
	if err != nil {
		g.log.Error("a sample cannot be written down", "device", rec.Device, "error", err)
		return kept
	}
	g.scratch = body // the journal copies it
	seq, err := g.append(body, rec.Device, driver, state)
	if err != nil {
		g.log.Error("a sample cannot be written down", "device", rec.Device, "error", err)
		return kept
	}
	g.readings.Add(float64(len(rec.Readings)))
	kept = lent{readings: rec.Readings, seq: seq, oldest: seq}
	if g.uplink != nil {
		kept.oldest = g.uplink.OfferSample(seq, wire.Sample{Device: rec.Device, Shape: shape, Time: rec.BootMS, Readings: rec.Readings, Fault: obs.Reason(rec.Fault)})
	}
	return kept
}

// heartbeat is a reading of the gateway itself, so that there is always something
// to acknowledge.
func (g *Gateway) heartbeat() {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.clock.BootMS()
	up := obs.Reading{Value: float64(now / 1000), Quality: obs.Quality{Flag: obs.Pass}}
	g.keep(&record.Sample{Device: wire.HeartbeatStream.Device, BootMS: now,
		Channels: []string{wire.HeartbeatStream.Channel}, Readings: []obs.Reading{up}}, g.beat, "", nil)
}

// tick lets the rules see the time and carries out what they decide.
func (g *Gateway) tick(gen *generation, bootMS int64) {
	g.endUpkeep(gen, bootMS)
	g.derive(gen, bootMS)
	gen.switching.consult(bootMS)
	for _, t := range gen.engine.Tick(bootMS) {
		gen.switching.follow(t) // before anything that may fail or take its time
		gen.lookCloser(t.Rule)
		if err := g.decide(gen, t); err != nil {
			g.log.Error("a rule's decision cannot be kept", "rule", t.Rule, "error", err)
		}
	}
	g.sayStopped(gen)
	g.askCameras(gen, bootMS)
	g.armTimer(gen)
}

// takeBack lets rules, interlocks and evidence know that the reading before was wrong, where the
// one that came now showed it.
func (gen *generation) takeBack(d *device, w heeded) {
	l, late := d.lateOf(w.channel)
	if late {
		gen.trail.Judge(w.stream, l.MS, l.Final)
	}
	switch ms, spiked := d.spiked(w.channel); {
	case late && !l.Final.Usable():
		gen.engine.Retract(w.stream, l.MS)
		gen.switching.retract(w.stream, l.MS)
	case spiked:
		gen.engine.Unmoved(w.stream, ms)
		gen.switching.unmoved(w.stream, ms)
	}
}

// sayStopped tells of rules that were stopped because their evaluation panicked.
func (g *Gateway) sayStopped(gen *generation) {
	for _, s := range gen.engine.Stopped() {
		if gen.stopped == nil {
			gen.stopped = map[string]string{}
		}
		gen.stopped[s.Rule] = s.Why
		g.log.Error("a rule was stopped: its evaluation panicked; the others go on", "rule", s.Rule, "panic", s.Why)
		g.kickState()
	}
}

// armTimer wakes the loop that ticks when a rule waits for time to pass. Most samples
// change nothing about when that is.
func (g *Gateway) armTimer(gen *generation) {
	next, ok := gen.engine.Next()
	if due, waits := gen.switching.next(); waits && (!ok || due < next) {
		next, ok = due, true
	}
	if due, waits := gen.derived.Next(); waits && (!ok || due < next) {
		next, ok = due, true
	}
	if due, waits := g.upkeepEnds(); waits && (!ok || due < next) {
		next, ok = due, true
	}
	if due, waits := g.orders.Next(); waits && (!ok || due < next) {
		next, ok = due, true
	}
	if ok && next != g.armed {
		g.armed = next
		g.ruleTimer.Reset(time.Duration(max(next-g.clock.BootMS(), 1)) * time.Millisecond)
	}
}

// decide keeps a transition: rule state and revision in one record. The alert
// leaves when that is synced, see courier.
func (g *Gateway) decide(gen *generation, t rule.Transition) error {
	key := ruleKey + t.Rule
	prev := g.active[t.Rule]
	saved := alert.Saved{Rule: t.Rule, Snapshot: gen.engine.Snapshot(t.Rule), Alert: prev, Boot: g.clock.Boot(), BootMS: t.At}
	if t.Was == t.Is && !t.News {
		if t.Chatter.Changes > 0 && g.unrest.due(t.Rule, t.At) {
			g.log.Info("a rule chatters", "rule", t.Rule, "from", t.From, "to", t.To, "changes", t.Chatter.Changes)
		}
		return g.saveRule(key, saved)
	}
	if t.Cleared() && prev == nil {
		g.log.Warn("a rule cleared an alert that nobody knows", "rule", t.Rule)
		return g.saveRule(key, saved)
	}
	a, err := g.revise(gen, t, prev)
	if err != nil {
		return err
	}
	before := (*wire.Chatter)(nil)
	if prev != nil {
		before = prev.Chatter
	}
	g.tellUnrest(t.Rule, before, a.Chatter)
	if a.Chatter == nil && g.unrest.over(t.Rule) {
		g.log.Info("a rule chatters no more", "rule", t.Rule)
	}
	saved.Alert = &a
	if t.Cleared() {
		saved.Alert = nil
	}
	return g.publish(key, saved, a)
}

// publish carries a revision out: it is written down, it stands, it leaves.
func (g *Gateway) publish(key string, saved alert.Saved, a wire.Alert) error {
	news, renews := a.News(g.active[a.Rule]), a.Renews(g.active[a.Rule])
	if renews {
		news = "renewed" // the range of when it is expected
	}
	if err := g.file(key, &saved, &a); err != nil {
		return err
	}
	if saved.Alert == nil {
		delete(g.active, a.Rule)
		g.ended[a.ID] = ended{a.Rev, g.clock.BootMS()}
	} else {
		g.active[a.Rule] = &a
	}
	if !renews {
		g.tellTargets(a)
	}
	g.alerts.WithLabelValues(string(a.Severity), a.Condition).Inc()
	g.log.Info("alert", "rule", a.Rule, "severity", a.Severity, "condition", a.Condition, "news", news, "text", a.Text["en"])
	g.send(a)
	return nil
}

// file dates a revision as far as that is possible and writes it down together
// with the rule's state.
func (g *Gateway) file(key string, saved *alert.Saved, a *wire.Alert) error {
	g.dates.alert(a)
	if saved.Alert != nil && saved.Alert.ID == a.ID {
		saved.Alert = a
	}
	body, err := record.AppendAlert(nil, *a)
	if err != nil {
		return err
	}
	state, err := saved.Encode()
	if err != nil {
		return err
	}
	if a.Seq, err = g.journal.AppendState(record.KindAlert, body, key, state); err != nil {
		return err
	}
	a.Epoch = g.epoch
	g.remember(*a)
	return nil
}

// send lets a revision leave as soon as it is on the disk. Nobody here waits for
// that, the siren neither.
func (g *Gateway) send(a wire.Alert) {
	g.courier.take(a)
	g.kickState()
}

// transmit hands a revision to the uplink, if there is one.
func (g *Gateway) transmit(a wire.Alert) error {
	if g.uplink == nil {
		return nil
	}
	return g.uplink.Alert(a)
}

func (g *Gateway) saveRule(key string, saved alert.Saved) error {
	b, err := saved.Encode()
	if err != nil {
		return err
	}
	return g.journal.SetState(key, b)
}

// revise makes the document of a rule's decision.
func (g *Gateway) revise(gen *generation, t rule.Transition, prev *wire.Alert) (wire.Alert, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return wire.Alert{}, fmt.Errorf("make an id: %w", err)
	}
	r := gen.rules[t.Rule]
	m, _ := g.catalog.Lookup(t.Stream.Channel) // a rule about no single stream has no metric
	now := t.Is
	if t.Cleared() {
		now = t.Was
	}
	c := alert.Change{Cleared: t.Cleared(), Stage: now.Stage, Severity: wire.Severity(now.Severity), Early: t.Early, Late: t.Late, At: g.moment(t.At), Since: g.moment(t.Since),
		Stream: t.Stream, Value: t.Value, Limit: t.Limit, Quantity: string(t.Quantity), Over: t.Over}
	if t.Chatter.Changes > 0 {
		c.Changes, c.Unrest = t.Chatter.Changes, g.moment(t.Chatter.Since)
	}
	var evidence []wire.Evidence
	for _, st := range gen.ruleStreams[t.Rule] {
		evidence = append(evidence, gen.trail.Of(st, t.At)...)
	}
	evidence = evidence[:min(len(evidence), wire.MaxEvidence)]
	a := alert.Revise(r.alert, m, prev, c, id.String(), evidence)
	if r.still.Camera != "" && !t.Cleared() {
		g.picture(gen, r.still, &a, prev == nil)
	}
	return a, nil
}

func (g *Gateway) moment(bootMS int64) wire.Moment { return g.dates.moment(g.clock.Boot(), bootMS) }

// deviceTurned writes down that a device went away or came back.
func (g *Gateway) deviceTurned(d *device, up bool) {
	e := wire.DeviceEvent{Device: d.spec.id, Up: up}
	if up {
		g.log.Info("device is back", "device", d.spec.id)
	} else {
		e.Why = drivers.FaultWord(d.fault)
		g.log.Warn("device is gone", "device", d.spec.id, "error", d.fault)
	}
	g.event(wire.Event{Kind: "device", Device: &e})
	g.kickState()
}

// event writes a happening down and sends it. The caller holds the lock.
func (g *Gateway) event(e wire.Event) {
	if err := g.tryEvent(e); err != nil {
		g.log.Error("an event cannot be written down", "kind", e.Kind, "error", err)
	}
}

func (g *Gateway) tryEvent(e wire.Event) error {
	e.V = wire.Version
	if e.At == (wire.Moment{}) {
		e.At = g.moment(g.clock.BootMS())
	}
	body, err := record.AppendEvent(nil, e)
	if err != nil {
		return err
	}
	if e.Seq, err = g.journal.Append(record.KindEvent, body); err != nil {
		return err
	}
	e.Epoch = g.epoch
	if g.uplink == nil {
		return nil
	}
	return g.uplink.Event(e)
}
