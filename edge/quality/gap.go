package quality

import "github.com/lamppost-city/lamppost/drivers/obs"

// gap is the reference implementation's form of QARTOD test 1: a value that comes more
// than the limit after the one before fails, and the first one shares the verdict of
// the second. The manual's form, no value within the limit, is [Stream.Stale]: nothing
// arrives that could bear a flag.
type gap struct {
	limitMS int64
	lastMS  int64
	seen    int
	hole    bool // the first value was missing: nothing is said of it later
}

func (g *gap) judge(ms int64, v float64) (now, late obs.Flag) {
	dt := ms - g.lastMS
	g.lastMS = ms
	g.seen = min(g.seen+1, 3)
	flag := obs.Pass
	if dt > g.limitMS {
		flag = obs.Fail
	}
	switch {
	case g.seen == 1:
		flag, g.hole = obs.NotEvaluated, v != v
	case g.seen == 2 && !g.hole:
		late = flag
	}
	if v != v {
		return obs.Missing, late
	}
	return flag, late
}

// order finds time that stands still or goes back: values under one time are suspect
// all, and so is one from before its predecessor. A missing value has a time, too.
type order struct {
	lastMS int64
	begun  bool
	hole   bool // the value before was missing
}

func (o *order) judge(ms int64, v float64) (now, late obs.Flag) {
	now = obs.Pass
	if o.begun && ms <= o.lastMS {
		now = obs.Suspect
		if ms == o.lastMS && !o.hole {
			late = obs.Suspect
		}
	}
	o.lastMS, o.begun, o.hole = ms, true, v != v
	if o.hole {
		now = obs.Missing
	}
	return now, late
}
