package gateway

import (
	"github.com/lamppost-city/lamppost/edge/alert"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// maxUndated bounds the alerts that are remembered until they can be dated. What is
// forgotten keeps the time at which it arrived.
const maxUndated = 256

// remember notes an alert whose newest revision says not when it was. The caller
// holds the lock.
func (g *Gateway) remember(a wire.Alert) {
	delete(g.undated, a.ID)
	if a.At.Unix != 0 && a.Since.Unix != 0 {
		return
	}
	for id, old := range g.undated {
		if len(g.undated) >= maxUndated && old.Condition == "cleared" {
			delete(g.undated, id)
		}
	}
	if len(g.undated) < maxUndated {
		g.undated[a.ID] = a
	}
}

// dateAlerts makes a revision with the times in it of every alert that went out
// without; the clock is trusted now. The caller holds the lock.
func (g *Gateway) dateAlerts() {
	for _, a := range g.undated {
		if err := g.dateAlert(a); err != nil {
			g.log.Error("an alert cannot be dated", "rule", a.Rule, "error", err)
		}
	}
}

func (g *Gateway) dateAlert(a wire.Alert) error {
	a.Rev++
	cur := g.active[a.Rule] // it, another one of the same rule, or none
	saved := alert.Saved{Rule: a.Rule, Alert: cur, Boot: g.clock.Boot(), BootMS: g.clock.BootMS()}
	if g.gen != nil {
		saved.Snapshot = g.gen.engine.Snapshot(a.Rule)
	}
	if err := g.file(ruleKey+a.Rule, &saved, &a); err != nil {
		return err
	}
	if cur != nil && cur.ID == a.ID {
		g.active[a.Rule] = &a
	}
	g.send(a)
	return nil
}
