package gateway

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/lamppost-city/lamppost/edge/alert"
	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/record"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// maxUndated bounds the alerts that are remembered until they can be dated. What is
// forgotten keeps the time at which it arrived.
const maxUndated = 256

// undatedKey is the journal's state key for where the newest revisions of those
// alerts are: a store may have them already, without times, when a later boot learns
// when that was.
const undatedKey = "undated"

// recordAt is where a record is in the journal.
type recordAt struct {
	Epoch wire.Epoch `json:"e"`
	Seq   uint64     `json:"n"`
}

func dated(a *wire.Alert) bool {
	return a.At.Unix != 0 && a.Since.Unix != 0 && (a.Cleared == nil || a.Cleared.Unix != 0)
}

// remember notes an alert whose newest revision says not when it was. The caller
// holds the lock.
func (g *Gateway) remember(a wire.Alert) {
	_, was := g.undated[a.ID]
	delete(g.undated, a.ID)
	if !dated(&a) {
		for id, old := range g.undated {
			if len(g.undated) >= maxUndated && old.Condition == "cleared" {
				delete(g.undated, id)
			}
		}
		if len(g.undated) < maxUndated {
			g.undated[a.ID] = a
		}
	} else if !was {
		return
	}
	g.keepUndated()
}

// keepUndated writes down where the undated alerts are, with the next commit.
func (g *Gateway) keepUndated() {
	places := map[string]recordAt{}
	for id, a := range g.undated {
		places[id] = recordAt{a.Epoch, a.Seq}
	}
	state, err := json.Marshal(places)
	if len(places) == 0 {
		state = nil
	}
	if err == nil {
		err = g.journal.SetState(undatedKey, state)
	}
	if err != nil {
		g.log.Error("which alerts want a time cannot be kept", "error", err)
	}
}

// recallUndated finds the alerts of earlier runs that had no time. One whose record
// is gone keeps the time at which it arrived. The caller holds the lock.
func (g *Gateway) recallUndated() {
	state, ok := g.journal.State(undatedKey)
	var places map[string]recordAt
	if !ok || json.Unmarshal(state, &places) != nil {
		return
	}
	for id, p := range places {
		e, err := journal.ParseEpoch(string(p.Epoch))
		if err != nil {
			continue
		}
		err = g.journal.Read(e, p.Seq, p.Seq, func(r journal.Record) error {
			a, err := record.DecodeAlert(r.Body, e, r.Seq)
			if err == nil && r.Kind == record.KindAlert && a.ID == id && len(g.undated) < maxUndated {
				g.undated[id] = a
			}
			return nil
		})
		if err != nil {
			g.log.Warn("an alert without a time cannot be read", "alert", id, "error", err)
		}
	}
}

// dateAlerts makes a revision with the times in it of every alert that went out
// without and can be dated now. The caller holds the lock.
func (g *Gateway) dateAlerts() {
	for _, id := range slices.Sorted(maps.Keys(g.undated)) {
		a := g.undated[id]
		if g.dates.alert(&a); !dated(&a) {
			continue
		}
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
