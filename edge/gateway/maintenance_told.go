package gateway

import (
	"github.com/lamppost-city/lamppost/edge/alert"
	"github.com/lamppost-city/lamppost/edge/rule"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// tellUpkeep writes down that maintenance of a device, or of everything, began or ended.
// The caller holds the lock.
func (g *Gateway) tellUpkeep(key, by string, forMS int64) {
	m := wire.Maintenance{Device: key, On: forMS > 0, By: by, ForMS: forMS}
	if key == everything {
		m.Device = ""
	}
	g.event(wire.Event{Kind: "maintenance", Maintenance: &m})
}

// tellAside lets the alerts that stand say that they are not judged now, or are again. The
// caller holds the lock, and the rules know it.
func (g *Gateway) tellAside(gen *generation, now int64, by string) {
	for id, a := range g.active {
		why, _ := gen.engine.Idle(id)
		worked := a.Maintenance != nil && a.Maintenance.Until == nil
		aside := why == rule.Maintained
		if gen.rules[id] == nil || aside == worked {
			continue
		}
		next := alert.Maintain(gen.rules[id].alert, a, g.moment(now), by, aside)
		saved := alert.Saved{Rule: id, Snapshot: gen.engine.Snapshot(id), Alert: &next, Boot: g.clock.Boot(), BootMS: now}
		if err := g.publish(ruleKey+id, saved, next); err != nil {
			g.log.Error("that an alert is under maintenance cannot be said", "rule", id, "error", err)
		}
	}
}

// tellUnrest writes down that a rule's alert began to chatter, or has calmed down: now says
// otherwise than before. Either may be nil.
func (g *Gateway) tellUnrest(id string, before, now *wire.Chatter) {
	if (before == nil) == (now == nil) {
		return
	}
	u := wire.Unrest{Rule: id, On: now != nil}
	if u.On {
		u.Changes = now.Changes
	}
	g.event(wire.Event{Kind: "unrest", Unrest: &u})
}
