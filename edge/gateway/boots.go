package gateway

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/lamppost-city/lamppost/edge/clock"
	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/record"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// runKey is the journal's state key for what is on record of one boot, its anchors
// above all. It is kept as long as the journal holds a record of that boot, or of a
// later one that is not dated yet: whatever is sent again must carry the same time
// as before.
const runKey = "clock/"

// savedRuns reads what was kept of boots. What cannot be read is left out: its
// records then wait to be dated anew rather than have a wrong date.
func savedRuns(j *journal.Journal) map[string]clock.Run { return runsOf(j.States()) }

func runsOf(states iter.Seq2[string, []byte]) map[string]clock.Run {
	out := map[string]clock.Run{}
	for key, state := range states {
		boot, ok := strings.CutPrefix(key, runKey)
		if !ok {
			continue
		}
		var r clock.Run
		if json.Unmarshal(state, &r) == nil && r.Timeline.Boot == boot {
			out[boot] = r
		}
	}
	return out
}

// loadRuns returns the boots that the journal knows, in order: what was kept of them,
// and how long they lasted by the stamps of their records.
func loadRuns(j *journal.Journal) []clock.Run {
	runs := savedRuns(j)
	for _, e := range j.Epochs() {
		boot := e.Opened.Boot
		if boot == "" {
			continue // damage took it
		}
		r, known := runs[boot]
		if !known {
			r = clock.Run{Timeline: &clock.Timeline{Boot: boot}}
		}
		if r.Order == 0 {
			r.Order = e.Epoch.N
		}
		for _, s := range []journal.Stamp{e.Opened, e.LastCommit} {
			if s.Boot == boot {
				r.Until = max(r.Until, s.BootMS)
			}
		}
		runs[boot] = r
	}
	return slices.SortedFunc(maps.Values(runs), func(a, b clock.Run) int { return cmp.Compare(a.Order, b.Order) })
}

// keepRun writes down what is known of a boot, with the next commit.
func keepRun(j *journal.Journal, r clock.Run) error {
	b, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("clock: %w", err)
	}
	if err := j.SetState(runKey+r.Timeline.Boot, b); err != nil {
		return fmt.Errorf("clock: %w", err)
	}
	return nil
}

// settleRuns writes down for how long earlier boots lasted: their records may be
// overwritten before a later boot is dated by it.
func settleRuns(j *journal.Journal, runs []clock.Run, thisBoot string) error {
	saved := savedRuns(j)
	for _, r := range runs {
		if s, ok := saved[r.Timeline.Boot]; ok && r.Timeline.Boot != thisBoot && (s.Until != r.Until || s.Order != r.Order) {
			if err := keepRun(j, r); err != nil {
				return err
			}
		}
	}
	return nil
}

// saveRuns keeps boots with new anchors, on the disk before it returns. An earlier
// boot's anchor is declared in the same record; that of the present boot is declared
// when it counts.
func (g *Gateway) saveRuns(ctx context.Context, runs []clock.Run) error {
	for _, r := range runs {
		if r.Timeline.Boot == g.boot.ID {
			if err := keepRun(g.journal, r); err != nil {
				return err
			}
			continue
		}
		state, err := json.Marshal(r)
		if err != nil {
			return fmt.Errorf("clock: %w", err)
		}
		body, err := record.AppendEvent(nil, anchorEvent(r))
		if err != nil {
			return fmt.Errorf("clock: %w", err)
		}
		if _, err := g.journal.AppendState(record.KindEvent, body, runKey+r.Timeline.Boot, state); err != nil {
			return fmt.Errorf("clock: %w", err)
		}
	}
	return g.journal.Sync(ctx)
}

// anchorEvent tells of the newest anchor of a boot.
func anchorEvent(r clock.Run) wire.Event {
	anchors := r.Timeline.Anchors()
	a := anchors[len(anchors)-1]
	return wire.Event{V: wire.Version, Kind: "anchor", Anchor: &wire.Anchor{Source: a.Source},
		At: wire.Moment{Boot: r.Timeline.Boot, BootMS: a.BootMS, Unix: a.UnixMS, ErrorMS: a.ErrMS}}
}

// anchored is told that a boot has a new anchor.
func (g *Gateway) anchored(r clock.Run) {
	e := anchorEvent(r)
	g.mu.Lock()
	defer g.mu.Unlock()
	if e.At.Boot == g.boot.ID {
		g.log.Info("the clock is trusted", "source", e.Anchor.Source, "error_ms", e.At.ErrorMS)
		g.event(e)
	} else {
		g.log.Info("an earlier boot is dated", "boot", e.At.Boot, "by", e.Anchor.Source, "error_ms", e.At.ErrorMS)
	}
	g.dateAlerts()
	g.kickState()
}

// forgetBoots drops what was kept of boots of which no record is left, unless it is
// still needed to date later ones: the newest dated boot before the first undated
// one, and all behind it.
func forgetBoots(j *journal.Journal, thisBoot string) error {
	held := map[string]bool{thisBoot: true}
	for _, e := range j.Epochs() {
		held[e.Opened.Boot] = true
	}
	runs := loadRuns(j)
	dated := func(r clock.Run) bool { return r.Timeline.Source() != "" }
	needed := slices.IndexFunc(runs, func(r clock.Run) bool { return held[r.Timeline.Boot] && !dated(r) })
	if needed < 0 {
		needed = len(runs)
	} else if before := lastIndex(runs[:needed], dated); before >= 0 {
		needed = before
	}
	for _, r := range runs[:needed] {
		if !held[r.Timeline.Boot] {
			if err := j.SetState(runKey+r.Timeline.Boot, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

func lastIndex(runs []clock.Run, ok func(clock.Run) bool) int {
	for i, r := range slices.Backward(runs) {
		if ok(r) {
			return i
		}
	}
	return -1
}

// dates answers when a moment of any boot was.
type dates struct{ clock *clock.Clock }

func (d *dates) moment(boot string, bootMS int64) wire.Moment {
	m := wire.Moment{Boot: boot, BootMS: bootMS}
	if at, ok := d.clock.Date(boot, bootMS); ok {
		m.Unix, m.ErrorMS = at.UnixMS, at.ErrMS
	}
	return m
}

// stamp turns a commit's stamp into a moment.
func (d *dates) stamp(s journal.Stamp) wire.Moment { return d.moment(s.Boot, s.BootMS) }

// fill dates a moment that could not be dated when it was written.
func (d *dates) fill(m *wire.Moment) {
	if m.Unix == 0 {
		*m = d.moment(m.Boot, m.BootMS)
	}
}

// event fills in the wall times of an event that were not known when it was
// written, alert those of an alert.
func (d *dates) event(e *wire.Event) {
	d.fill(&e.At)
	if e.Gap != nil {
		d.fill(&e.Gap.From)
		d.fill(&e.Gap.To)
	}
}

func (d *dates) alert(a *wire.Alert) {
	d.fill(&a.At)
	d.fill(&a.Since)
	if a.Cleared != nil {
		at := *a.Cleared // it may be shared
		d.fill(&at)
		a.Cleared = &at
	}
	if a.Acknowledged != nil {
		seen := *a.Acknowledged
		d.fill(&seen.At)
		a.Acknowledged = &seen
	}
}

// undatedRecords counts the records that wait for their boot to be dated.
func (g *Gateway) undatedRecords() (n uint64) {
	for _, e := range g.journal.Epochs() {
		if _, dated := g.clock.Date(e.Opened.Boot, 0); !dated && e.Last >= e.First {
			n += e.Last - e.First + 1
		}
	}
	return n
}
