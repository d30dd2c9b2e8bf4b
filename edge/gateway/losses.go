package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// declaredKey is the journal's state key for the losses that have been declared.
const declaredKey = "declared"

// declared remembers per epoch which lost numbers have a gap record already: the
// journal finds its losses again at every start.
type declared map[string]wire.RangeSet

func (g *Gateway) loadDeclared() declared {
	d := declared{}
	if b, ok := g.journal.State(declaredKey); ok {
		if json.Unmarshal(b, &d) != nil {
			return declared{} // declaring a loss twice is better than never
		}
	}
	return d
}

// keep forgets the epochs of which the journal holds nothing any more.
func (d declared) keep(held []journal.EpochInfo) {
	maps.DeleteFunc(d, func(epoch string, _ wire.RangeSet) bool {
		return !slices.ContainsFunc(held, func(e journal.EpochInfo) bool { return e.Epoch.String() == epoch })
	})
}

// declareLosses turns what the journal has lost into gap records, each once.
func (g *Gateway) declareLosses() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, e := range g.journal.Epochs() {
		for _, l := range e.Lost {
			if err := g.declare(l); err != nil {
				g.log.Error("a loss cannot be declared yet", "epoch", l.Epoch.String(), "error", err)
			}
		}
	}
}

// declare writes a gap record for a loss, unless there is one. The caller holds
// the lock.
func (g *Gateway) declare(l journal.Loss) error {
	d := g.loadDeclared()
	set := d[l.Epoch.String()]
	var fresh []wire.Range
	var count uint64
	for _, r := range l.Ranges {
		for _, w := range g.nowhere(l.Epoch, wire.Range{From: r.From, To: r.To}) {
			if !set.Contains(w) {
				fresh = append(fresh, w)
				set.Add(w)
				count += w.Count()
			}
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	if err := g.refile(l); err != nil {
		return err
	}
	gap := wire.Gap{From: g.dates.stamp(l.From), To: g.dates.stamp(l.To), Why: gapWord(l.Why), Epoch: wire.Epoch(l.Epoch.String()),
		Ranges: fresh[:min(len(fresh), wire.MaxRanges)], Detail: fmt.Sprintf("%d records of epoch %s were lost", count, l.Epoch)}
	if err := g.fileGap(gap, nil); err != nil {
		return err
	}
	g.countLost(count)
	d[l.Epoch.String()] = set
	d.keep(g.journal.Epochs())
	b, err := json.Marshal(d)
	if err != nil {
		return err
	}
	return g.journal.SetState(declaredKey, b)
}

// nowhere returns what of a range no store has: what was stored before the card
// forgot it is not lost. After a rewind it may be, and is declared then.
func (g *Gateway) nowhere(e journal.Epoch, r wire.Range) []wire.Range {
	if g.uplink == nil {
		return []wire.Range{r}
	}
	return g.uplink.Missing(wire.Epoch(e.String()), r)
}

// gapWord is the contract's word for the journal's.
func gapWord(why string) string {
	switch why {
	case journal.WhyDamage:
		return "damage"
	case journal.WhyQuota:
		return "quota"
	case journal.WhyOverflow:
		return "disk-full"
	}
	return why
}

// trim keeps the journal within its quota; what no store has is declared before
// it goes.
func (g *Gateway) trim(ctx context.Context) {
	err := g.journal.Trim(ctx, g.missing, func(l journal.Loss) error {
		g.mu.Lock()
		defer g.mu.Unlock()
		return g.declare(l)
	})
	if err != nil && ctx.Err() == nil && !errors.Is(err, journal.ErrClosed) {
		g.log.Warn("the journal cannot be trimmed", "error", err)
	}
}

// missing returns the parts of a range that no store has and that were not
// declared lost yet.
func (g *Gateway) missing(e journal.Epoch, r journal.Range) (out []journal.Range) {
	if g.uplink == nil {
		return nil // nobody waits for it
	}
	gone := g.loadDeclared()[e.String()]
	for _, m := range g.uplink.Missing(wire.Epoch(e.String()), wire.Range{From: r.From, To: r.To}) {
		for left := range gone.Missing(m) {
			out = append(out, journal.Range{From: left.From, To: left.To})
		}
	}
	return out
}
