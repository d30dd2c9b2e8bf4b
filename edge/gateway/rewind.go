package gateway

import (
	"errors"
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/edge/clock"
	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/uplink"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// Rewind makes a gateway that is not running send again, when it starts, what its
// journal in dir still holds of the records taken at since or later; the zero time:
// everything. It returns how many acknowledgements of records were forgotten: 0 if
// no store has acknowledged any. journal.ErrLocked: the gateway runs.
func Rewind(dir string, since time.Time) (records uint64, err error) {
	boot := clock.ThisBoot() // this opening is a run of its own, and its end is declared
	j, err := journal.Open(dir, journal.Options{Stamp: func() journal.Stamp {
		return journal.Stamp{Boot: boot.ID, BootMS: clock.BootMS(), UnixMS: time.Now().UnixMilli()}
	}})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	saved, known := j.State(uplinkKey)
	if !known {
		return 0, nil
	}
	ms := int64(0)
	if !since.IsZero() {
		ms = since.UnixMilli()
	}
	runs := savedRuns(j)
	again := extentsSince(j, ms, func(s journal.Stamp) (latest int64, ok bool) {
		r, known := runs[s.Boot]
		if !known {
			return 0, false
		}
		unix, err, ok := r.Timeline.Unix(s.BootMS)
		return unix + err, ok
	})
	state, records, err := uplink.RewindSaved(saved, extents(j), again)
	if err != nil {
		return 0, fmt.Errorf("rewind %s: %w", dir, err)
	}
	return records, j.SetState(uplinkKey, state)
}

// Since implements uplink.Source.
func (s *source) Since(unixMS int64) []uplink.Extent {
	return extentsSince(s.journal, unixMS, func(st journal.Stamp) (latest int64, ok bool) {
		at, ok := s.dates.clock.Date(st.Boot, st.BootMS)
		return at.UnixMS + at.ErrMS, ok
	})
}

// extentsSince returns what may hold records from unixMS on. latest says the last
// moment at which a commit may have been; where it does not know, all counts.
func extentsSince(j *journal.Journal, unixMS int64, latest func(journal.Stamp) (int64, bool)) (out []uplink.Extent) {
	before := func(s journal.Stamp) bool {
		at, ok := latest(s)
		return ok && at < unixMS
	}
	for _, e := range j.Epochs() {
		from := max(j.SeqAt(e.Epoch, before), e.First)
		if from <= e.Last && e.First <= e.Last {
			out = append(out, uplink.Extent{Epoch: wire.Epoch(e.Epoch.String()), Range: wire.Range{From: from, To: e.Last}})
		}
	}
	return out
}

// extents returns what the journal holds, oldest epoch first.
func extents(j *journal.Journal) (out []uplink.Extent) {
	for _, e := range j.Epochs() {
		if e.First <= e.Last {
			out = append(out, uplink.Extent{Epoch: wire.Epoch(e.Epoch.String()), Range: wire.Range{From: e.First, To: e.Last}})
		}
	}
	return out
}
