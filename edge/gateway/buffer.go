package gateway

import (
	"encoding/json"
	"fmt"
	"maps"

	"github.com/lamppost-city/lamppost/edge/board"
	"github.com/lamppost-city/lamppost/edge/buffer"
	"github.com/lamppost-city/lamppost/edge/clock"
	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/uplink"
)

// Buffer is a gateway's journal seen from outside, whether the gateway runs or not.
type Buffer struct {
	*buffer.Buffer
	Journal *journal.Reader
	Stores  []string    // that have acknowledged, if any is known
	Writes  board.Meter // what went to the disk, as the gateway counted it
}

// OpenBuffer looks into the journal in dir, with the dates and acknowledgements
// that the gateway kept there. It takes no lock and changes nothing. Close
// Journal when done.
func OpenBuffer(dir string, units buffer.Units) (*Buffer, error) {
	r, err := journal.OpenReader(dir)
	if err != nil {
		return nil, err
	}
	states := maps.Collect(r.States())
	saved, err := uplink.ReadSaved(states[uplinkKey])
	if err != nil {
		r.Close()
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	b := &Buffer{Journal: r, Stores: saved.Stores}
	if m := states[writesKey]; m != nil {
		_ = json.Unmarshal(m, &b.Writes) // one that cannot be read counts from now on
	}
	b.Buffer = buffer.New(buffer.Options{Journal: r, Units: units, Date: savedDates(r), Missing: saved.Missing})
	return b, nil
}

// writesKey is the journal's state key for the count of writes.
const writesKey = "writes"

// savedDates dates by what is on the disk of each boot.
func savedDates(r *journal.Reader) func(string, int64) (buffer.Date, bool) {
	runs := runsOf(r.States())
	return func(boot string, bootMS int64) (d buffer.Date, ok bool) {
		run, known := runs[boot]
		if !known {
			return d, false
		}
		d.UnixMS, d.ErrMS, ok = run.Timeline.Unix(bootMS)
		d.Guess = run.Timeline.Source() == clock.FromBounds
		return d, ok
	}
}
