package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/lamppost-city/lamppost/edge/clock"
	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// timelineKey is the journal's state key for the anchors of one boot. They are
// kept as long as the journal holds a record of that boot: whatever is sent again
// must carry the same time as before.
const timelineKey = "clock/"

// loadTimelines reads the anchors of all boots that the journal knows. One that
// cannot be read is left out: its records then stay undated rather than wrong.
func loadTimelines(j *journal.Journal) map[string]*clock.Timeline {
	out := map[string]*clock.Timeline{}
	for key, state := range j.States() {
		boot, ok := strings.CutPrefix(key, timelineKey)
		if !ok {
			continue
		}
		var t clock.Timeline
		if json.Unmarshal(state, &t) == nil && t.Boot == boot {
			out[boot] = &t
		}
	}
	return out
}

// saveTimeline keeps the anchors of this boot, on the disk before it returns.
func saveTimeline(ctx context.Context, j *journal.Journal, t *clock.Timeline) error {
	b, err := json.Marshal(t)
	if err != nil {
		return fmt.Errorf("clock: %w", err)
	}
	if err := j.SetState(timelineKey+t.Boot, b); err != nil {
		return fmt.Errorf("clock: %w", err)
	}
	return j.Sync(ctx)
}

// forgetBoots drops the anchors of boots of which no record is left.
func forgetBoots(j *journal.Journal, thisBoot string) error {
	held := map[string]bool{thisBoot: true}
	for _, e := range j.Epochs() {
		held[e.Opened.Boot] = true
	}
	for key := range j.States() {
		if boot, ok := strings.CutPrefix(key, timelineKey); ok && !held[boot] {
			if err := j.SetState(key, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// dates answers when a moment of any boot was.
type dates struct {
	now   *clock.Clock
	saved map[string]*clock.Timeline // of earlier boots; never changed
}

func (d *dates) unix(boot string, bootMS int64) (unixMS, errMS int64, trusted bool) {
	if boot == d.now.Boot() {
		return d.now.Unix(bootMS)
	}
	if t := d.saved[boot]; t != nil {
		return t.Unix(bootMS)
	}
	return 0, 0, false
}

func (d *dates) moment(boot string, bootMS int64) wire.Moment {
	m := wire.Moment{Boot: boot, BootMS: bootMS}
	if unix, err, ok := d.unix(boot, bootMS); ok {
		m.Unix, m.ErrorMS = unix, err
	}
	return m
}

// stamp turns a commit's stamp into a moment. A commit of a boot that never had
// an anchor is dated by nothing.
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
}
