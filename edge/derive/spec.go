package derive

import (
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Spec is a derived stream as it is written. Zero means left out.
type Spec struct {
	ID string
	Is string   // a word, see Words, or a formula
	Of []Source // what it is made of

	Over     time.Duration // the window
	Every    time.Duration // between two results
	Aligned  bool          // windows are those of the wall clock: 13:00 to 14:00
	Percent  float64       // is: percentile
	Metric   string        // the channel of the result
	Edition  string        // of an index table
	Report   string        // of an air quality index: hourly, daily, now
	Body     string        // of water: river, lake
	Keep     float64       // is: wetness, what a day leaves for the next
	State    string        // is: convert, the reference state of gases: 25C, 0C
	Zone     *int          // is aligned: minutes east of Greenwich; nil: Place
	Place    *int          // the site's: minutes east of Greenwich; nil: 480
	DayStart time.Duration // at which time of the day a day begins
	// Constants are names in the formula whose values people set.
	Constants []Constant
}

// Source is one of the streams that something is made of. Name is what a formula, an
// index table or a vector mean calls it; "x" where there is only one.
type Source struct {
	Name   string
	Stream obs.Stream
}

// Constant is a number in a formula, and since when it is in force.
type Constant struct {
	Name   string
	Values []Since // from old to new
}

// Since is a value and the moment from which it counts; the zero time: always.
type Since struct {
	From time.Time
	Is   float64
}

// At returns the value in force at a moment, and since when; ok is false before the first.
func (c Constant) At(t time.Time) (v Since, ok bool) {
	for _, s := range c.Values {
		if s.From.After(t) {
			break
		}
		v, ok = s, true
	}
	return v, ok
}

// Known is what must be known of a stream to derive from it.
type Known struct {
	Every  time.Duration
	Metric obs.Metric
}

// Error is something wrong with a spec.
type Error struct {
	ID             string // of the spec
	Key            string // "is", "over", "of.pm2_5", "constants.datum"; "" for the whole
	Offset, Length int    // bytes of that key's text
	Code, Msg      string
	Hint           string // what would be valid; may be empty
}

// Plan is a derived stream that was found good: a device that measures nothing itself.
// It is never changed.
type Plan struct {
	ID       string
	Channels []string
	Metrics  []obs.Metric // of Channels
	Every    time.Duration
	Reads    []obs.Stream
	Note     string // what is to know before it is used; may be empty
	// Sparse is what a value of each of Channels says where it is sparse: a sum is at least so much.
	Sparse []obs.Bound
	// Instead is the channel that a rule has to read in place of the first one, which is told
	// only above a limit, so that nothing that rests on it would ever end; empty: the first is good.
	Instead string

	spec Spec
	wall bool    // it runs on the wall clock
	wait []int64 // ms, by source: for how long a step waits for a verdict on its last reading
	zone int64
	make func() worker
}

// ByClock says whether it follows the wall clock: it tells nothing while that is not trusted.
func (p *Plan) ByClock() bool { return p.wall }

// worker computes one derived stream. Its times are milliseconds of a clock that never
// runs backward.
type worker interface {
	// take takes a reading of input in and says whether there is a result now.
	take(in int, t int64, at At, r obs.Reading) (result bool)
	// close returns the result of the step that ends at t; nil: none.
	close(t int64, at At) []obs.Reading
	// state is what has to outlive a restart: plain data, decoded where it stands.
	state() any
}

// At is a moment.
type At struct {
	BootMS int64
	UnixMS int64 // where Dated; else a time that has surely passed, 0: none is known
	Dated  bool
}

// weakest rolls up what a result is worth from what its inputs are worth: pass, not
// evaluated, suspect, fail, missing, the later the weaker. (QARTOD's order of verdicts is
// about several tests of one value; here nothing can make up for the weakest input.)
// What is sparse stays so whatever else is wrong with it: its value is no more than a bound.
func weakest(a, b obs.Quality) obs.Quality {
	w := a
	if weakness(b.Flag) > weakness(a.Flag) {
		w = b
	}
	if w.Usable() && (a.Why == obs.Sparse || b.Why == obs.Sparse) {
		w.Why = obs.Sparse
	}
	return w
}

func weakness(f obs.Flag) int {
	return [...]int{obs.Pass: 0, obs.NotEvaluated: 1, obs.Suspect: 2, obs.Fail: 3, obs.Missing: 4}[f]
}

// sparse is the quality of what rests on too few readings.
var sparse = obs.Quality{Flag: obs.NotEvaluated, Why: obs.Sparse}

// enough is the share of a window that must be covered by usable readings: 45 minutes of an
// hour (GB 3095-2026, validity of means).
const enough = 0.75
