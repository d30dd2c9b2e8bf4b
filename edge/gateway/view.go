package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/address"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/health"
	"github.com/lamppost-city/lamppost/edge/quality"
	"github.com/lamppost-city/lamppost/edge/status"
	"github.com/lamppost-city/lamppost/edge/uplink"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// stateLoop publishes the gateway's state when something about it changes, looked
// at every two seconds (less often with very many devices, see statePause), and once a
// minute in any case.
func (g *Gateway) stateLoop(ctx context.Context) error {
	look := time.NewTimer(0)
	defer look.Stop()
	for {
		look.Reset(statePause(g.publishState()))
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
		case <-g.states:
		}
	}
}

// statePause is how long to wait before what nobody announces, counters and health
// mostly, is looked for again: two seconds; with more than fifty devices 40 ms for each,
// since a look takes time for each; ten seconds at most.
func statePause(devices int) time.Duration {
	return min(max(time.Duration(devices)*40*time.Millisecond, 2*time.Second), 10*time.Second)
}

// publishState publishes the state if there is news in it, and returns how many devices
// it is about.
func (g *Gateway) publishState() (devices int) {
	if g.uplink == nil {
		return 0
	}
	s := g.settled(g.state())
	if said := news(s); !bytes.Equal(said, g.said) {
		g.said = said
	} else {
		return len(s.Devices)
	}
	err := g.uplink.SetState(s)
	if errors.Is(err, wire.ErrTooLarge) { // the readings say which channels there are
		for i := range s.Devices {
			s.Devices[i].Channels = []string{}
		}
		err = g.uplink.SetState(s)
	}
	if err != nil {
		g.log.Error("the state cannot be published", "error", err)
	}
	return len(s.Devices)
}

// news is what of a state is worth a message of its own: all but its sentences,
// which say for how long something lasts and move with every second. They travel
// with the next news, within a minute, since the state's own time counts minutes.
// Channels are as the configuration has them, whose hash is part of the state.
func news(s wire.State) []byte {
	s.Devices, s.Health = slices.Clone(s.Devices), slices.Clone(s.Health)
	for i := range s.Devices {
		s.Devices[i].Note, s.Devices[i].Channels = "", nil
	}
	for i := range s.Health {
		s.Health[i].Text = nil
	}
	b, err := json.Marshal(s)
	if err != nil {
		return nil // a struct of numbers and texts always encodes
	}
	return b
}

// settled rounds what moves all the time, so that the retained state is published
// again only for something worth it: the time to the minute, counters coarsely.
func (g *Gateway) settled(s wire.State) wire.State {
	now := g.clock.BootMS()
	s.At = g.moment(now - now%60_000)
	s.Journal.Bytes -= s.Journal.Bytes % 1_000_000
	s.Journal.Waiting -= s.Journal.Waiting % 1000
	s.Journal.OldestMS -= s.Journal.OldestMS % 60_000
	return s
}

// state gathers what the gateway says of itself.
func (g *Gateway) state() wire.State {
	g.mu.Lock()
	defer g.mu.Unlock()
	cfg := g.opt.Config
	if g.gen != nil {
		cfg = g.gen.cfg
	}
	now := g.clock.BootMS()
	s := wire.State{V: wire.Version, Version: g.opt.Version, Boot: g.clock.Boot(), Epoch: g.epoch, Config: cfg.Hash,
		At: g.moment(now), Started: g.moment(g.started), Clock: g.clock.State(),
		Site: wire.Site{Name: cfg.Gateway.Name, Area: cfg.Gateway.Area, Position: cfg.Gateway.Position, Language: cfg.Gateway.Language, TimeZone: zoneText(cfg.Gateway.Zone)}}
	lines := g.lineViews()
	s.Devices, s.Alerts, s.Journal = g.deviceStates(cfg.Gateway.Language), g.activeRevisions(), g.journalState(now)
	s.Health = append([]wire.Health{}, health.Assess(g.healthView(now, lines))...)
	s.Health = s.Health[:min(len(s.Health), wire.MaxListed)] // the worst come first
	return s
}

func (g *Gateway) deviceStates(lang string) []wire.DeviceState {
	if g.gen == nil {
		return []wire.DeviceState{}
	}
	out := make([]wire.DeviceState, 0, len(g.gen.order))
	var all []health.Device // made when it is needed
	now := g.clock.BootMS()
	for _, id := range g.gen.order {
		d := g.gen.devices[id]
		s := wire.DeviceState{ID: id, Driver: d.spec.driver, Profile: d.spec.profile, Bus: d.spec.line, Address: d.spec.address,
			EveryMS: d.spec.every.Milliseconds(), Channels: d.channels, State: d.state(), Camera: d.spec.plan.OpenHTTP != nil, Upkeep: g.upkeepOf(id)}
		if d.fault != nil {
			s.Fault = drivers.FaultWord(d.fault)
			if all == nil {
				all = g.deviceViews(now)
			}
			s.Note = health.Note(g.deviceView(d, now), all, lang)
		} else if d.doubt != "" || d.impaired.err != nil || d.lessons.Active() {
			s.Note = health.Note(g.deviceView(d, now), nil, lang)
		}
		out = append(out, s)
	}
	return out
}

func (g *Gateway) activeRevisions() []wire.Revised {
	out := []wire.Revised{}
	for _, id := range slices.Sorted(maps.Keys(g.active)) {
		out = append(out, wire.Revised{ID: g.active[id].ID, Rev: g.active[id].Rev})
	}
	// The state and the revision that clears an alert travel apart. One that has just
	// cleared stays listed, so that nobody takes it for lost in between.
	for _, id := range slices.Sorted(maps.Keys(g.ended)) {
		e := g.ended[id]
		if g.clock.BootMS()-e.at < listedFor.Milliseconds() {
			out = append(out, wire.Revised{ID: id, Rev: e.rev})
		} else {
			delete(g.ended, id)
		}
	}
	return out
}

// listedFor is how long an alert that has cleared stays in the state.
const listedFor = 30 * time.Second

func (g *Gateway) journalState(now int64) wire.JournalState {
	j := g.journal.Stats()
	s := wire.JournalState{Bytes: j.Bytes, Quota: j.Quota, CommitMS: j.Commit.Milliseconds(), LostTotal: g.lostTotal()}
	if g.uplink != nil {
		u := g.uplink.Status()
		s.Waiting, s.OldestMS = u.Waiting, g.oldestAge(u.OldestEpoch, u.OldestSeq, now)
	}
	return s
}

// oldestAge is how long the oldest waiting record waits, as near as its epoch's
// stamps tell without reading the journal.
func (g *Gateway) oldestAge(e wire.Epoch, seq uint64, now int64) int64 {
	if e == "" {
		return 0
	}
	for _, i := range g.journal.Epochs() {
		if i.Epoch.String() != string(e) || i.Last < i.First {
			continue
		}
		from, to := i.Opened, i.LastCommit
		if from.Boot != g.clock.Boot() {
			return max(now, 1) // from before this boot: at least as old as it
		}
		done := float64(seq-min(seq, i.First)) / float64(i.Last-i.First+1)
		return max(0, now-from.BootMS-int64(done*float64(to.BootMS-from.BootMS)))
	}
	return 0
}

func (g *Gateway) deviceViews(now int64) []health.Device {
	if g.gen == nil {
		return nil
	}
	out := make([]health.Device, 0, len(g.gen.order))
	for _, id := range g.gen.order {
		out = append(out, g.deviceView(g.gen.devices[id], now))
	}
	return out
}

func (g *Gateway) deviceView(d *device, now int64) health.Device {
	v := health.Device{ID: d.spec.id, Part: d.part(), Where: d.spec.where, Line: d.spec.line, Every: d.spec.every, Seen: d.answered, Flat: d.frozen, Doubt: d.doubt, Wire: wireWord(d.spec.plan)}
	if g.gen.lines.remote(d.spec.line) {
		v.Wire = "host"
	}
	if d.fault != nil {
		v.Fault, v.Detail = drivers.FaultWord(d.fault), clip(d.fault.Error())
		v.For = time.Duration(now-d.changed) * time.Millisecond
	}
	d.impaired.tell(&v, now)
	d.lessons.tell(&v, now)
	return v
}

// maxDetail is how much of an error stands in a sentence for people, in characters: a
// program may say anything, at any length.
const maxDetail = 300

func clip(text string) string {
	if utf8.RuneCountInString(text) <= maxDetail {
		return text
	}
	return string([]rune(text)[:maxDetail]) + "…"
}

func (g *Gateway) healthView(now int64, lines []status.Line) health.View {
	v := health.View{Config: g.configView(), Devices: g.deviceViews(now), Lines: make([]health.Line, 0, len(lines))}
	for _, l := range lines {
		r := g.gen.recent[l.ID]
		if r == nil {
			r = &recent{}
			g.gen.recent[l.ID] = r
		}
		h := r.of(now, l)
		h.Edges = g.gen.lines.edges(l.ID)
		h.Fixed = l.Serial != nil && g.gen.lines.fixed(l.ID)
		h.Shared, h.Unswitched = g.gen.lines.shared(l.ID), g.gen.lines.unswitched(l.ID)
		v.Lines = append(v.Lines, h)
	}
	v.Outputs = g.outputHealth(now)
	v.Clock = g.clockHealth(now)
	v.Journal, v.Card, v.Page = g.diskHealth(), g.wear.health(), g.pageHealth()
	v.Uplink = g.uplinkView(now)
	v.Rules, v.Upkeep, v.Targets = g.rulesView(), g.upkeepView(), g.targetsView()
	return v
}

func (g *Gateway) configView() health.Config {
	if g.opt.Refused == nil || g.gen == nil {
		return health.Config{}
	}
	return health.Config{Refused: g.opt.Refused(), Running: g.gen.cfg.Hash}
}

func (g *Gateway) uplinkView(now int64) health.Uplink {
	if g.uplink == nil || now-g.started < 10_000 {
		return health.Uplink{} // it is still connecting
	}
	u := g.uplink.Status()
	v := health.Uplink{Broker: u.Broker, Connected: u.Connected, Error: u.LastError, Acked: -1, Waiting: u.Waiting}
	if !u.LastAck.IsZero() {
		v.Acked = time.Since(u.LastAck)
	}
	if b := u.Budget; b.Level >= uplink.Thinned {
		v.Budget, v.BudgetUsed, v.Withheld = b.PerDay, b.Used, b.Level == uplink.Withheld
	}
	v.Pictures = health.Pictures{Held: u.HeldImages, Budget: u.Budget.PerDay, Used: u.Budget.Used, Left: u.Budget.Left}
	v.WrongStore, v.Stores = u.WrongStore, strings.Join(u.Stores, ", ")
	g.certificateHealth(&v, u)
	// One may be the echo of a run that left nothing in the journal.
	v.Conflict = u.Foreign >= 3 && time.Since(u.LastForeign) < 10*time.Minute
	return v
}

// snapshot is what the status page shows.
func (g *Gateway) snapshot() status.Snapshot {
	s := status.Snapshot{Gateway: g.id, State: g.state(), Values: []status.Value{}, Alerts: []wire.Alert{}, Lines: []status.Line{}}
	s.Name, s.Clock = s.State.Site.Name, g.clockStatus()
	s.Outputs = g.outputViews()
	g.mu.Lock()
	defer g.mu.Unlock()
	s.Lines = append(s.Lines, g.lineViews()...)
	s.Journal, s.Gaps = g.diskStatus(), g.gapStatus()
	for _, id := range slices.Sorted(maps.Keys(g.active)) {
		s.Alerts = append(s.Alerts, *g.active[id])
	}
	slices.SortStableFunc(s.Alerts, func(a, b wire.Alert) int { return severity(a) - severity(b) })
	now := g.clock.BootMS()
	if g.gen != nil {
		for _, id := range g.gen.order {
			s.Values = append(s.Values, values(g.gen.devices[id], now)...)
			if g.waitsForClock(id) {
				s.ClockWaits = append(s.ClockWaits, id)
			}
		}
	}
	if g.uplink != nil {
		s.Uplink = g.uplinkStatus(now)
	}
	return s
}

func (g *Gateway) uplinkStatus(now int64) status.Uplink {
	u := g.uplink.Status()
	s := status.Uplink{Broker: u.Broker, Connected: u.Connected, Healthy: u.Healthy, AckedMS: -1, Waiting: u.Waiting, BytesUp: u.BytesUp}
	if !u.Connected {
		s.Error = u.LastError
	}
	s.Brokers, s.WhyNotFirst, s.CertificateEnds = address.ShowAll(g.opt.Config.Uplink.Brokers), u.WhyNotFirst, u.CertificateEnds
	if b := u.Budget; b.PerDay > 0 {
		s.Budget = &status.Budget{PerDay: b.PerDay, Used: b.Used, LeftMS: b.Left.Milliseconds(), Level: int(b.Level)}
	}
	if !u.LastAck.IsZero() {
		s.AckedMS = time.Since(u.LastAck).Milliseconds()
	}
	return s
}

func values(d *device, now int64) (out []status.Value) {
	for i, c := range d.channels {
		m := d.metrics[i]
		v := status.Value{Device: d.spec.id, Channel: c, Label: map[string]string{"zh": m.Label.ZH, "en": m.Label.EN}, Unit: m.Text,
			Decimals: m.Decimals, AgeMS: -1, EveryMS: d.spec.every.Milliseconds(), QC: obs.Missing.Code()}
		if d.answered {
			r := d.last[i]
			v.AgeMS, v.QC, v.Why = now-d.lastAt, r.Quality.Flag.Code(), string(r.Quality.Why)
			if r.Quality.Flag != obs.Missing {
				v.V = &r.Value
			}
			if age(&v); r.Quality.Flag == obs.Missing && d.fault == nil {
				v.LearnsMS, v.Hinder = d.lessons.of(c, v.AgeMS)
			}
		}
		out = append(out, v)
	}
	return out
}

// age calls a value stale that is older than rules would still use: what was measured
// before a device died says nothing of now.
func age(v *status.Value) {
	v.Stale = v.AgeMS > quality.StaleAfter(time.Duration(v.EveryMS)*time.Millisecond).Milliseconds()
	if v.Stale && (v.QC == obs.Pass.Code() || v.QC == obs.NotEvaluated.Code()) {
		v.QC, v.Why = obs.Suspect.Code(), string(obs.Stale)
	}
}

// lineViews counts what happened on each line.
func (g *Gateway) lineViews() (out []status.Line) {
	if g.gen == nil {
		return nil
	}
	out = make([]status.Line, 0, len(g.gen.lines.all))
	for _, l := range g.gen.lines.all {
		v := status.Line{ID: l.id, Path: l.path}
		switch {
		case l.bus != nil:
			h := l.bus.Health()
			v.Frames, v.BadChecksum, v.Timeouts, v.NoiseBytes, v.Alien = h.Answers+h.Exceptions, h.Damaged, h.Timeouts, h.Noise, h.Alien
			v.Unplugged = l.serial == nil && h.Fault != nil
			v.Reopened = max(h.Dials, 1) - 1
			v.Modbus = modbusView(h, time.Now())
		case l.look != nil:
			v = l.look()
			v.ID, v.Path = l.id, l.path
		case l.serial == nil:
			continue // a network device has no line to look after
		}
		if l.serial != nil {
			h := l.serial.Health()
			if l.bus == nil && l.look == nil {
				v.Frames, v.BadChecksum, v.Timeouts, v.NoiseBytes = g.good[l.id], h.BadChecksums, h.Timeouts, h.Noise
			}
			v.Reopened, v.Unplugged = h.Reopened, h.Fault != nil
			v.Serial = serialView(h)
			v.Serial.Echo = v.Serial.Echo || v.Modbus != nil && v.Modbus.Echo
		}
		out = append(out, v)
	}
	return out
}

// severity ranks alerts, the most severe first.
func severity(a wire.Alert) int {
	return slices.Index([]wire.Severity{wire.Red, wire.Orange, wire.Yellow, wire.Blue}, a.Severity)
}
