package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/control"
	"github.com/lamppost-city/lamppost/edge/health"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// askMaintain is the question of AskMaintain.
const askMaintain = "maintenance"

// upkeepKey is the journal's state key for what is under maintenance; the whole site is
// everything.
const (
	upkeepKey  = "maintenance/"
	everything = "*"
)

// maxUpkeep is how long maintenance may last: it ends by itself, since nobody remembers
// to end it.
const maxUpkeep = 7 * 24 * time.Hour

// upkeep is that somebody works on a device, or on the whole site.
type upkeep struct {
	until int64 // boot ms
	by    string
}

// savedUpkeep is its form in the journal. The time in which the gateway does not run
// does not count, unless the clock knows better.
type savedUpkeep struct {
	V       int    `json:"v"`
	Boot    string `json:"boot"`
	AtMS    int64  `json:"at_ms"`            // boot ms at which LeftMS was left
	LeftMS  int64  `json:"left_ms"`          //
	EndUnix int64  `json:"end_ms,omitempty"` // Unix ms; 0: the clock was not trusted
	By      string `json:"by"`
}

// MaintainQuestion says what goes under maintenance, or back to work.
type MaintainQuestion struct {
	Device string `json:"device,omitempty"` // empty with All, or to ask only
	All    bool   `json:"all,omitempty"`
	ForMS  int64  `json:"for_ms,omitempty"` // 0: it ends now
	Set    bool   `json:"set,omitempty"`    // false: only tell
	Sudo   string `json:"sudo,omitempty"`   // who became root to ask
}

// Maintained is one thing under maintenance.
type Maintained struct {
	Device string   `json:"device,omitempty"` // empty: the whole site
	LeftMS int64    `json:"left_ms"`
	By     string   `json:"by"`
	Rules  []string `json:"rules"` // that neither raise nor clear meanwhile
	Barred []Barred `json:"outputs"`
}

// Barred is an output whose interlock nobody knows while somebody works on what it reads:
// what is not known to be safe is off.
type Barred struct {
	Output   string   `json:"output"`
	On       bool     `json:"on,omitempty"` // it is, and goes off
	WithinMS int64    `json:"within_ms"`    // so long the last readings count yet, at most
	Reads    []string `json:"reads"`        // of that, what its interlock reads
}

// AskMaintain puts a device or the site of the gateway that runs on the journal in dir
// under maintenance, or ends that, and returns what is under maintenance then. Errors:
// control.ErrAbsent if no gateway runs there, fs.ErrPermission, what the gateway says.
func AskMaintain(ctx context.Context, dir string, q MaintainQuestion) (all []Maintained, err error) {
	err = control.Ask(ctx, control.Path(dir), askMaintain, q, &all)
	return all, err
}

func (g *Gateway) answerMaintain(ctx context.Context, with json.RawMessage) (any, error) {
	var q MaintainQuestion
	if err := json.Unmarshal(with, &q); err != nil || q.ForMS < 0 || q.ForMS > maxUpkeep.Milliseconds() {
		return nil, errors.New("for how long? at most 7d")
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.gen == nil {
		return nil, errors.New("the gateway is just starting; ask again")
	}
	if q.Set {
		if err := g.maintain(q, asker(ctx, q.Sudo)); err != nil {
			return nil, err
		}
	}
	return g.maintained(), nil
}

// maintain begins or ends maintenance. The caller holds the lock.
func (g *Gateway) maintain(q MaintainQuestion, by string) error {
	key := q.Device
	if q.All {
		key = everything
	} else if g.gen.devices[q.Device] == nil {
		return fmt.Errorf("there is no device %q; this gateway has %q", q.Device, slices.Sorted(maps.Keys(g.gen.devices)))
	}
	now := g.clock.BootMS()
	if q.ForMS == 0 {
		delete(g.upkeeps, key)
		g.log.Info("maintenance ends", "of", key, "by", by)
		g.tellUpkeep(key, by, 0)
		if err := g.journal.SetState(upkeepKey+key, nil); err != nil {
			return fmt.Errorf("it ends now, but a restart brings it back: %w", err)
		}
	} else {
		g.upkeeps[key] = upkeep{until: now + q.ForMS, by: by}
		g.tellUpkeep(key, by, q.ForMS)
		g.log.Info("maintenance begins", "of", key, "by", by, "for", time.Duration(q.ForMS)*time.Millisecond)
		if err := g.keepUpkeep(key, now); err != nil {
			return fmt.Errorf("it has begun, but a restart ends it: %w", err)
		}
	}
	g.setAside(g.gen)
	g.gen.switching.sayAgain()
	g.tick(g.gen, now)
	g.tellAside(g.gen, now, by)
	g.kickSync()
	g.kickState()
	return nil
}

func (g *Gateway) keepUpkeep(key string, now int64) error {
	u := g.upkeeps[key]
	s := savedUpkeep{V: 1, Boot: g.clock.Boot(), AtMS: now, LeftMS: u.until - now, By: u.by}
	if at, ok := g.civil(u.until); ok {
		s.EndUnix = at.UnixMilli()
	}
	b, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return g.journal.SetState(upkeepKey+key, b)
}

// restoreUpkeep takes up what was under maintenance when the gateway last ran. The
// caller holds the lock.
func (g *Gateway) restoreUpkeep() {
	lastSeen, now := g.lastSeen(), g.clock.BootMS()
	for key, state := range g.journal.States() {
		id, ok := strings.CutPrefix(key, upkeepKey)
		if !ok {
			continue
		}
		var s savedUpkeep
		if err := json.Unmarshal(state, &s); err != nil || s.V != 1 || s.LeftMS <= 0 || s.LeftMS > maxUpkeep.Milliseconds() {
			g.log.Warn("what was under maintenance cannot be read, it is not any more", "of", id, "error", err)
			continue
		}
		left := s.LeftMS
		switch at, known := g.civil(now); {
		case s.Boot == g.clock.Boot():
			left -= now - s.AtMS
		case s.EndUnix > 0 && known:
			left = min(left, s.EndUnix-at.UnixMilli())
		default:
			left -= max(0, lastSeen[s.Boot]-s.AtMS)
		}
		if left > 0 {
			g.upkeeps[id] = upkeep{until: now + left, by: s.By}
		}
	}
}

// setAside lets the rules know which of them are under maintenance: those that read a
// device on which somebody works, or something that is made of it. The caller holds the
// lock.
func (g *Gateway) setAside(gen *generation) {
	for id, streams := range gen.ruleStreams {
		gen.engine.Maintain(id, slices.ContainsFunc(streams, func(s obs.Stream) bool { return gen.touched(g.upkeeps, s.Device) }))
	}
}

// touched says whether somebody works on a device, on the site, or on what a derived
// device is made of.
func (gen *generation) touched(upkeeps map[string]upkeep, device string) bool {
	if _, ok := upkeeps[everything]; ok || len(upkeeps) == 0 {
		return ok
	}
	if _, ok := upkeeps[device]; ok {
		return true
	}
	i := slices.IndexFunc(gen.cfg.Derived, func(d config.Derived) bool { return d.ID == device })
	return i >= 0 && slices.ContainsFunc(gen.cfg.Derived[i].Of, func(in config.DerivedOf) bool { return gen.touched(upkeeps, in.Stream.Device) })
}

// endUpkeep ends what has lasted long enough. The caller holds the lock.
func (g *Gateway) endUpkeep(gen *generation, now int64) {
	ended := false
	for key, u := range g.upkeeps {
		if now < u.until {
			continue
		}
		delete(g.upkeeps, key)
		ended = true
		g.log.Info("maintenance is over", "of", key)
		g.tellUpkeep(key, "", 0)
		if err := g.journal.SetState(upkeepKey+key, nil); err != nil {
			g.log.Warn("that maintenance is over cannot be kept", "of", key, "error", err)
		}
	}
	if ended {
		g.setAside(gen)
		gen.switching.sayAgain()
		g.tellAside(gen, now, "")
		g.kickState()
	}
}

// upkeepEnds is when the next maintenance ends.
func (g *Gateway) upkeepEnds() (bootMS int64, ok bool) {
	for _, u := range g.upkeeps {
		if !ok || u.until < bootMS {
			bootMS, ok = u.until, true
		}
	}
	return bootMS, ok
}

// underWork flags what a device gives while somebody works on it: it is written down,
// and it is no measurement.
func (g *Gateway) underWork(device string, rs []obs.Reading) {
	if len(g.upkeeps) == 0 {
		return
	}
	_, one := g.upkeeps[device]
	_, all := g.upkeeps[everything]
	if !one && !all {
		return
	}
	for i := range rs {
		if rs[i].Quality.Flag != obs.Missing {
			rs[i].Quality = obs.Quality{Flag: obs.Fail, Why: obs.Maintenance}
		}
	}
}

// maintained lists what is under maintenance, the site first. The caller holds the lock.
func (g *Gateway) maintained() []Maintained {
	out := []Maintained{}
	now := g.clock.BootMS()
	for _, key := range slices.Sorted(maps.Keys(g.upkeeps)) {
		u := g.upkeeps[key]
		m := Maintained{Device: key, LeftMS: max(u.until-now, 1), By: u.by, Rules: []string{}}
		if key == everything {
			m.Device = ""
		}
		for _, r := range g.gen.cfg.Rules {
			alone := map[string]upkeep{key: u}
			if slices.ContainsFunc(g.gen.ruleStreams[r.ID], func(s obs.Stream) bool { return g.gen.touched(alone, s.Device) }) {
				m.Rules = append(m.Rules, r.ID)
			}
		}
		m.Barred = g.gen.switching.barred(func(device string) bool { return g.gen.touched(map[string]upkeep{key: u}, device) })
		out = append(out, m)
	}
	return out
}

// upkeepOf says that somebody works on a device, or on the whole site, and until when the
// longer of both lasts. The caller holds the lock.
func (g *Gateway) upkeepOf(device string) *wire.Upkeep {
	u, one := g.upkeeps[device]
	if all, ok := g.upkeeps[everything]; ok && (!one || all.until > u.until) {
		u, one = all, true
	}
	if !one {
		return nil
	}
	out := &wire.Upkeep{By: u.by}
	if at, ok := g.civil(u.until); ok {
		out.UntilMS = at.Round(time.Minute).UnixMilli() // the clock moves a little; the state must not
	}
	return out
}

func (g *Gateway) upkeepView() (out []health.Upkeep) {
	if g.gen == nil {
		return nil
	}
	for _, m := range g.maintained() {
		u := health.Upkeep{Device: m.Device, Left: time.Duration(m.LeftMS) * time.Millisecond, By: m.By, Rules: m.Rules}
		for _, b := range m.Barred {
			u.Outputs = append(u.Outputs, b.Output)
		}
		out = append(out, u)
	}
	return out
}
