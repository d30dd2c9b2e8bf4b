package board

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Writes counts what went to a disk in a stretch of running time.
type Writes struct {
	MS      int64  `json:"ms"`      // of running time
	Device  uint64 `json:"device"`  // bytes that reached the device, all writers; 0: it does not count
	Journal uint64 `json:"journal"` // bytes that the journal wrote
	Syncs   uint64 `json:"syncs"`   // flushes that the journal asked for
}

// Bytes returns the larger of both counts: a device that does not count says 0,
// and a file system may not have passed everything on yet.
func (w Writes) Bytes() uint64 { return max(w.Device, w.Journal) }

// Duration is the stretch of running time.
func (w Writes) Duration() time.Duration { return time.Duration(w.MS) * time.Millisecond }

func (w *Writes) add(o Writes) {
	w.MS += o.MS
	w.Device += o.Device
	w.Journal += o.Journal
	w.Syncs += o.Syncs
}

// Meter adds up writes by days of running time: no clock is needed, and time in
// which the gateway was off counts for nothing. The zero value is empty. It is
// kept as JSON. Not safe for concurrent use.
type Meter struct {
	total Writes
	days  []Writes // the newest, at most meterDays, last one incomplete
}

const (
	meterDays = 8
	dayMS     = int64(24 * time.Hour / time.Millisecond)
	// meterLeast is how much must have been seen before a rate is told.
	meterLeast = int64(30 * time.Minute / time.Millisecond)
)

// Add counts a stretch.
func (m *Meter) Add(w Writes) {
	if w.MS <= 0 {
		return
	}
	m.total.add(w)
	if n := len(m.days); n == 0 || m.days[n-1].MS >= dayMS {
		m.days = append(m.days, Writes{})
		m.days = m.days[max(0, len(m.days)-meterDays):]
	}
	m.days[len(m.days)-1].add(w)
}

// Total returns everything counted.
func (m *Meter) Total() Writes { return m.total }

// PerDay returns the mean of a day over the last week or so; ok is false until
// half an hour has been seen.
func (m *Meter) PerDay() (day Writes, ok bool) {
	var sum Writes
	for _, d := range m.days {
		sum.add(d)
	}
	if sum.MS < meterLeast {
		return Writes{}, false
	}
	per := func(n uint64) uint64 { return uint64(float64(n) / float64(sum.MS) * float64(dayMS)) }
	return Writes{MS: dayMS, Device: per(sum.Device), Journal: per(sum.Journal), Syncs: per(sum.Syncs)}, true
}

type meterJSON struct {
	V     int      `json:"v"`
	Total Writes   `json:"total"`
	Days  []Writes `json:"days"`
}

const meterVersion = 1

// MarshalJSON writes {"v":1,"total":{…},"days":[…]}.
func (m *Meter) MarshalJSON() ([]byte, error) {
	return json.Marshal(meterJSON{meterVersion, m.total, m.days})
}

// UnmarshalJSON is the inverse. On an error m is unchanged.
func (m *Meter) UnmarshalJSON(b []byte) error {
	var in meterJSON
	if err := json.Unmarshal(b, &in); err != nil {
		return fmt.Errorf("meter: %w", err)
	}
	if in.V != meterVersion || len(in.Days) > meterDays || in.Total.MS < 0 {
		return errors.New("meter: not one of ours")
	}
	for _, d := range in.Days {
		if d.MS <= 0 || d.MS > 2*dayMS || d.MS > in.Total.MS {
			return errors.New("meter: a day of an impossible length")
		}
	}
	*m = Meter{in.Total, in.Days}
	return nil
}

// maxYears is where an estimate stops to mean anything.
const maxYears = 100

// Years says how long a disk lasts that may be written endurance bytes in its life
// and was written so much already, at so many bytes a day; at most 100. ok is false
// if it does not wear, or nothing is known.
func Years(endurance int64, written, perDay uint64) (years float64, ok bool) {
	if endurance <= 0 {
		return 0, false
	}
	left := max(0, float64(endurance)-float64(written))
	return min(maxYears, left/(float64(max(perDay, 1))*365.25)), true
}
