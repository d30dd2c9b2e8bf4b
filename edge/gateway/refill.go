package gateway

import (
	"context"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/journal"
)

// mostRefilled is how many records are read again for windows, at most: some
// seconds on a small board, fourteen hours of five samples a second.
const mostRefilled = 1 << 18

// windowed is what keeps windows: the rules' engine, or the watch on interlocks.
type windowed interface {
	Refill(st obs.Stream, bootMS int64, r obs.Reading)
	Retract(st obs.Stream, bootMS int64)
	Unmoved(st obs.Stream, bootMS int64)
}

// refill gives windows what the journal has of before now, as far back as they reach: a
// restart empties none, and a rule that is new by a reload need not wait until its window is
// full. What was read in another boot has a place only once both clocks are known; without,
// windows begin with this boot.
func (g *Gateway) refill(into windowed, reach map[obs.Stream]time.Duration) {
	if len(reach) == 0 {
		return
	}
	now := g.clock.BootMS()
	r := refill{reread: reread{g: g}, into: into, reach: reach, now: now, from: now}
	for _, long := range r.reach {
		r.from = min(r.from, now-long.Milliseconds()-margin.Milliseconds())
	}
	ctx, stop := context.WithTimeout(context.Background(), syncBound)
	defer stop()
	if err := g.journal.Sync(ctx); err != nil { // what is not written yet cannot be read
		g.log.Warn("windows of rules may lack the newest readings", "error", err)
	}
	for _, s := range r.stretches() {
		r.shift = s.shift
		r.read(s.stretch, "windows of rules", r.take)
	}
}

// refill is the walk through the records that windows reach.
type refill struct {
	reread
	into  windowed
	reach map[obs.Stream]time.Duration
	now   int64
	from  int64 // in this boot's time: what is older counts nowhere
	shift int64 // from the time of a record's boot to this one's
}

// pastRow is a row of records of one epoch, and by how much its boot's time is off this one's.
type pastRow struct {
	stretch
	shift int64
}

// stretches returns the records to read, oldest first.
func (r *refill) stretches() (all []pastRow) {
	left := uint64(mostRefilled)
	epochs := r.g.journal.Epochs()
	for i := len(epochs) - 1; i >= 0 && left > 0; i-- {
		e := epochs[i]
		shift, ok := r.g.shift(e.LastCommit)
		if !ok {
			break
		}
		if e.First > e.Last {
			continue
		}
		first := max(e.First, r.g.journal.SeqAt(e.Epoch, func(s journal.Stamp) bool { return s.BootMS+shift < r.from }))
		if first > e.Last {
			break
		}
		if e.Last-first >= left {
			first = e.Last - left + 1
		}
		left -= e.Last - first + 1
		all = append([]pastRow{{stretch{e.Epoch, first, e.Last}, shift}}, all...)
	}
	return all
}

// shift is what is to be added to the time of the boot of s so that it is this one's.
func (g *Gateway) shift(s journal.Stamp) (ms int64, ok bool) {
	boot, now := g.clock.Boot(), g.clock.BootMS()
	if s.Boot == boot {
		return 0, true
	}
	then, known := g.clock.Date(s.Boot, s.BootMS)
	here, too := g.clock.Date(boot, now)
	if !known || !too || then.Guess || here.Guess || then.UnixMS > here.UnixMS {
		return 0, false
	}
	return now - (here.UnixMS - then.UnixMS) - s.BootMS, true
}

// take shows one sample, or what came late on one.
func (r *refill) take() {
	s := &r.sample
	at := s.BootMS + r.shift
	if s.Fault != "" || at >= r.now {
		return
	}
	for i, c := range s.Channels {
		st := obs.Stream{Device: s.Device, Channel: c}
		long, wanted := r.reach[st]
		switch {
		case !wanted || at < r.now-long.Milliseconds()-margin.Milliseconds():
		case i < len(s.Late):
			r.judge(st, at, lateIn(s, i))
		case i < len(s.Readings):
			r.into.Refill(st, at, s.Readings[i])
		}
	}
}

// judge takes a spike back.
func (r *refill) judge(st obs.Stream, at int64, q obs.Quality) {
	switch {
	case q.Flag == obs.NotEvaluated:
	case !q.Usable():
		r.into.Retract(st, at)
	case q.Why == obs.Spike:
		r.into.Unmoved(st, at)
	}
}
