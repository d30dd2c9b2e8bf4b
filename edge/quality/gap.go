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
		flag = obs.NotEvaluated
	case g.seen == 2:
		late = flag
	}
	if v != v {
		return obs.Missing, late
	}
	return flag, late
}

// order finds time that stands still or goes back: values under one time are suspect
// all, and so is one from before its predecessor.
type order struct {
	lastMS int64
	begun  bool
}

func (o *order) judge(ms int64, _ float64) (now, late obs.Flag) {
	last, first := o.lastMS, !o.begun
	o.lastMS, o.begun = ms, true
	switch {
	case first || ms > last:
		return obs.Pass, 0
	case ms == last:
		return obs.Suspect, obs.Suspect
	default:
		return obs.Suspect, 0
	}
}
