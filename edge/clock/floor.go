package clock

import (
	"runtime/debug"
	"time"
)

// Built returns when the source of the running program was committed, or the zero
// time where that was not recorded: no clock that is right says less.
func Built() time.Time {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return time.Time{}
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.time" {
			t, err := time.Parse(time.RFC3339, s.Value)
			if err == nil && plausible(t.UnixMilli()) {
				return t.UTC()
			}
		}
	}
	return time.Time{}
}

// earliest is the least any clock can honestly say, Unix milliseconds.
func (o *Options) earliest() int64 {
	if plausible(o.Built.UnixMilli()) {
		return o.Built.UnixMilli()
	}
	return time.Date(firstYear, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
}

// floorOf returns what the boots before prove: this boot began after it. The newest
// one that was dated counts, and not the latest date of all: should a source have
// been years ahead once, it must not be believed for ever.
func floorOf(runs []Run, earliest int64) int64 {
	floor := earliest
	for i := len(runs) - 1; i >= 0; i-- {
		if t, ok := runs[i].Timeline.truth(runs[i].Until); ok {
			return max(floor, t.lo) + passed(runs[i+1:])
		}
	}
	return floor + passed(runs)
}

// passed is the time that must have gone by in these boots.
func passed(runs []Run) (ms int64) {
	for i := range runs {
		ms += max(0, shrink(runs[i].Until-runs[i].Began))
	}
	return ms
}

// Floor returns a time that has surely passed: the program was built before it, the
// boots before were, and so was what this boot has been running for. It never goes
// back while the program runs. A certificate that ended before it has expired; of
// one that begins after it nothing can be said while the clock is not trusted.
func (c *Clock) Floor() time.Time {
	now := c.o.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	floor := c.floor + max(0, shrink(now-c.run.Began))
	if t, ok := c.run.Timeline.truth(now); ok {
		floor = max(t.lo, c.earliest)
	}
	c.shown = max(c.shown, floor)
	return time.UnixMilli(c.shown).UTC()
}

// Time returns the time of this moment, and whether it is trusted. If not, it is
// the Floor.
func (c *Clock) Time() (now time.Time, trusted bool) {
	unixMS, _, trusted := c.Unix(c.o.Now())
	if !trusted {
		return c.Floor(), false
	}
	return time.UnixMilli(unixMS).UTC(), true
}
