package gateway

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/action"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/record"
	"github.com/lamppost-city/lamppost/edge/rule"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// actual is the stage of an alert whose limit was reached.
const actual = rule.StageActual

// outputKey is the journal's state key for an output.
const outputKey = "output/"

// switching is what a generation switches: the board of its outputs, what its rules
// want, and the conditions that permit it or tell what became of it. A nil one has
// no outputs. But for the board it is guarded by the gateway's lock.
type switching struct {
	board      *action.Board
	outputs    map[string]config.Output
	names      []string // as configured
	wanted     map[string][]config.Action
	watch      *rule.Watch
	log        *slog.Logger
	conditions map[string]*condition // by the id that watch has for them
	streams    []obs.Stream          // that they read
	// worked says whether somebody works on a device, or on what it is made of.
	worked func(device string) bool
}

// condition is an interlock or a feedback.
type condition struct {
	output   string
	feedback bool
	is       action.Truth
	reads    []obs.Stream
}

// newSwitching makes the outputs of a configuration that was checked before; nothing
// is switched yet.
func (g *Gateway) newSwitching(gen *generation) *switching {
	cfg := gen.cfg
	if len(cfg.Outputs) == 0 {
		return nil
	}
	s := &switching{log: g.log, outputs: map[string]config.Output{}, wanted: map[string][]config.Action{}, conditions: map[string]*condition{},
		worked: func(device string) bool { return gen.touched(g.upkeeps, device) }}
	known := knownStreams(cfg.Streams())
	var conditions []*rule.Rule
	watch := func(o config.Output, text string, feedback bool) {
		if text == "" {
			return
		}
		id := conditionID(o.ID, feedback)
		if r, _ := rule.Compile(rule.Spec{ID: id, When: text}, known); r != nil { // the check refused what does not compile
			s.streams = append(s.streams, r.Streams()...)
			conditions, s.conditions[id] = append(conditions, r), &condition{output: o.ID, feedback: feedback, reads: r.Streams()}
		}
	}
	var outs []action.Output
	for _, o := range cfg.Outputs {
		s.outputs[o.ID], s.names = o, append(s.names, o.ID)
		watch(o, o.Interlock, false)
		watch(o, o.Feedback, true)
		outs = append(outs, action.Output{ID: o.ID, Spec: specOfOutput(o), Same: wiring(cfg, o.ID), Kept: gen.lines.keeps(o),
			Open: func() (drivers.Output, error) { return gen.lines.openOutput(o, g.programMark()) }})
	}
	for _, r := range cfg.Rules {
		s.wanted[r.ID] = r.Actions
	}
	s.watch = rule.NewWatch(conditions)
	s.board = action.New(outs, action.Options{Now: g.clock.BootMS, Boot: g.clock.Boot(), Tell: g.actuated,
		Keep: func(output string, state []byte) { g.keepOutput(output, state) }})
	return s
}

// conditionID is what the watch calls an output's interlock or feedback.
func conditionID(output string, feedback bool) string {
	return fmt.Sprintf("%s feedback %t", output, feedback)
}

func specOfOutput(o config.Output) action.Spec {
	return action.Spec{MaxOn: o.MaxOn, MinOff: o.MinOff, PerHour: o.PerHour, Timeout: o.Timeout, Within: o.Within,
		Interlock: o.Interlock != "", Feedback: o.Feedback != "", Resume: o.Resume}
}

// wiring tells an output from one of the same name that is something else. Its name
// for people, its limits and whether it is asked for its state do not matter: what is on
// goes on within the new ones.
func wiring(cfg *config.Config, output string) string {
	i := slices.IndexFunc(cfg.Outputs, func(o config.Output) bool { return o.ID == output })
	if i < 0 {
		return ""
	}
	o := cfg.Outputs[i]
	o.Name, o.Plan = nil, nil // the plan follows from the rest
	o.MaxOn, o.MinOff, o.PerHour, o.Timeout, o.Within, o.Resume, o.Audible, o.ReadBack = 0, 0, 0, 0, 0, false, false, false
	b := slices.IndexFunc(cfg.Buses, func(b config.Bus) bool { return b.ID == o.Bus })
	if b < 0 {
		return fmt.Sprintf("%+v", o)
	}
	return fmt.Sprintf("%+v %+v", o, cfg.Buses[b])
}

// stays says which outputs of cfg go on unchanged in next.
func stays(cfg, next *config.Config) func(output string) bool {
	return func(output string) bool {
		return next != nil && wiring(cfg, output) == wiring(next, output)
	}
}

// beginSwitching lets a generation's outputs begin where the one before, or the
// gateway's last run, left them. The caller holds the lock, and the rules have their
// state.
func (g *Gateway) beginSwitching(gen, old *generation) {
	s := g.newSwitching(gen)
	gen.switching = s
	g.forgetOutputs(s)
	if s == nil {
		return
	}
	if old != nil && old.switching != nil {
		s.board.Adopt(old.switching.board)
		g.refill(s.watch, s.watch.Lacks(old.switching.watch))
		s.watch.Adopt(old.switching.watch)
	} else {
		g.refill(s.watch, s.watch.Reach())
	}
	if old == nil {
		g.restoreOutputs(s)
	}
	s.board.Rules(func(output, rule string) bool {
		return g.active[rule] != nil && g.active[rule].Stage == actual && slices.ContainsFunc(s.wanted[rule], func(a config.Action) bool { return a.Output == output })
	})
	s.consult(g.clock.BootMS())
	for _, c := range s.conditions {
		s.say(c) // also what is not known any more
	}
	s.board.Start()
}

// restoreOutputs gives the outputs the state of the gateway's last run.
func (g *Gateway) restoreOutputs(s *switching) {
	lastSeen := g.lastSeen()
	how := action.Resume{Now: g.clock.BootMS(), Boot: g.clock.Boot(), LastSeen: func(boot string) int64 { return lastSeen[boot] }}
	for _, id := range s.names {
		state, ok := g.journal.State(outputKey + id)
		if !ok {
			continue
		}
		if err := s.board.Restore(id, state, how); err != nil {
			g.log.Warn("an output begins anew: its saved state cannot be used", "output", id, "error", err)
		}
	}
}

// forgetOutputs drops the states of outputs that are gone.
func (g *Gateway) forgetOutputs(s *switching) {
	var gone []string
	for key := range g.journal.States() {
		if id, ok := strings.CutPrefix(key, outputKey); ok && (s == nil || !slices.Contains(s.names, id)) {
			gone = append(gone, key)
		}
	}
	for _, key := range gone {
		if err := g.journal.SetState(key, nil); err != nil {
			g.log.Warn("the state of an output that is gone cannot be dropped", "output", key, "error", err)
		}
	}
}

// close sets off what does not stay, before the lines are closed. The lock must not be
// held: what is set off is told.
func (s *switching) close(stays func(output string) bool) {
	if s != nil {
		s.board.Close(stays)
	}
}

// reads returns the streams that the conditions read.
func (s *switching) reads() []obs.Stream {
	if s == nil {
		return nil
	}
	return s.streams
}

// observe gives a reading to the conditions.
func (s *switching) observe(st obs.Stream, bootMS int64, r obs.Reading) {
	if s != nil {
		s.watch.Observe(st, bootMS, r)
	}
}

// await says that a later reading shows whether the newest one is to be believed.
func (s *switching) await(st obs.Stream, bootMS int64) {
	if s != nil {
		s.watch.Await(st, bootMS)
	}
}

// retract takes back a reading that was wrong.
func (s *switching) retract(st obs.Stream, bootMS int64) {
	if s != nil {
		s.watch.Retract(st, bootMS)
	}
}

// unmoved says that a reading was a spike, and no movement.
func (s *switching) unmoved(st obs.Stream, bootMS int64) {
	if s != nil {
		s.watch.Unmoved(st, bootMS)
	}
}

// consult hands on the conditions that are something else now.
func (s *switching) consult(bootMS int64) {
	if s == nil {
		return
	}
	for _, a := range s.watch.Tick(bootMS) {
		c := s.conditions[a.ID]
		c.is = action.Truth(a.Is)
		s.say(c)
	}
	for _, b := range s.watch.Stopped() {
		s.log.Error("a condition of an output counts as unknown: its evaluation panicked", "output", s.conditions[b.Rule].output, "feedback", s.conditions[b.Rule].feedback, "panic", b.Why)
	}
}

func (s *switching) say(c *condition) {
	if c.feedback {
		s.board.Sense(c.output, c.is)
		return
	}
	why := ""
	if of := s.workedOn(c); len(of) > 0 {
		why = strings.Join(of, ", ") + " under maintenance"
		is, _ := s.watch.Without(conditionID(c.output, false), func(st obs.Stream) bool { return s.worked(st.Device) })
		if c.is == action.True && is != rule.True {
			s.board.Fade(c.output, why)
			return
		}
	}
	s.board.Permit(c.output, c.is, why)
}

// workedOn are the devices on which somebody works, of those that a condition reads.
func (s *switching) workedOn(c *condition) (devices []string) {
	for _, st := range c.reads {
		if s.worked(st.Device) && !slices.Contains(devices, st.Device) {
			devices = append(devices, st.Device)
		}
	}
	return devices
}

// sayAgain says what the conditions are, and why, when somebody begins or ends to work.
func (s *switching) sayAgain() {
	if s == nil {
		return
	}
	for _, c := range s.conditions {
		s.say(c)
	}
}

// barred are the outputs that have to stay off while nobody knows what the devices give
// that worked names.
func (s *switching) barred(worked func(device string) bool) []Barred {
	out := []Barred{}
	if s == nil {
		return out
	}
	for _, v := range s.board.Views() {
		id := conditionID(v.ID, false)
		c := s.conditions[id]
		if c == nil {
			continue
		}
		is, within := s.watch.Without(id, func(st obs.Stream) bool { return worked(st.Device) })
		if within == 0 || is == rule.True || is == rule.False && c.is == action.False {
			continue
		}
		b := Barred{Output: v.ID, On: v.State == "on" || v.State == "switching-on", WithinMS: within.Milliseconds(), Reads: []string{}}
		for _, st := range c.reads {
			if worked(st.Device) {
				b.Reads = append(b.Reads, dotted(st))
			}
		}
		out = append(out, b)
	}
	return out
}

// follow carries out what a rule's transition means for the outputs: they are for what
// is, not for what is expected. What is heard is heard anew when it gets worse.
func (s *switching) follow(t rule.Transition) {
	if s == nil {
		return
	}
	was, is := t.Was.Stage == rule.StageActual, t.Is.Stage == rule.StageActual
	worse := was && is && wire.Severity(t.Is.Severity).Above(wire.Severity(t.Was.Severity))
	for _, a := range s.wanted[t.Rule] {
		switch {
		case is && !was:
			s.board.Raised(a.Output, t.Rule, a.For)
		case was && !is:
			s.board.Cleared(a.Output, t.Rule)
		case worse && s.outputs[a.Output].Audible: // whoever silenced it has not seen that
			s.board.Worsened(a.Output, t.Rule, a.For)
		}
	}
}

// next is when a condition may change by time alone.
func (s *switching) next() (bootMS int64, ok bool) {
	if s == nil {
		return 0, false
	}
	return s.watch.Next()
}

// actuated writes down what was switched, together with the output's state, and sends
// it. It is called by the outputs' own goroutines: no output waits for the disk.
func (g *Gateway) actuated(a wire.Actuation, bootMS int64, state []byte) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.switched.WithLabelValues(a.Output, onWord(a.On), string(a.Why), string(a.Result)).Inc()
	level := g.log.Info
	if a.Result == wire.Failed || a.Result == wire.Astray {
		level = g.log.Warn
	}
	level("output", "output", a.Output, "to", onWord(a.On), "why", a.Why, "by", a.By, "result", a.Result, "took_ms", a.TookMS, "detail", a.Detail)
	e := wire.Event{V: wire.Version, Kind: "actuation", Actuation: &a, At: g.moment(bootMS)}
	if err := g.fileActuation(&e, state); err != nil {
		g.log.Error("what was switched cannot be written down", "output", a.Output, "error", err)
		return
	}
	g.kickSync()
	g.kickState()
	if g.uplink == nil {
		return
	}
	if err := g.uplink.Event(e); err != nil {
		g.log.Error("what was switched cannot be sent", "output", a.Output, "error", err)
	}
}

func (g *Gateway) fileActuation(e *wire.Event, state []byte) error {
	body, err := record.AppendEvent(nil, *e)
	if err != nil {
		return err
	}
	if state == nil {
		e.Seq, err = g.journal.Append(record.KindEvent, body)
	} else {
		e.Seq, err = g.journal.AppendState(record.KindEvent, body, outputKey+e.Actuation.Output, state)
	}
	e.Epoch = g.epoch
	return err
}

func (g *Gateway) keepOutput(output string, state []byte) {
	if err := g.journal.SetState(outputKey+output, state); err != nil {
		g.log.Warn("the state of an output cannot be kept", "output", output, "error", err)
	}
}

func onWord(on bool) string {
	if on {
		return "on"
	}
	return "off"
}
