package rule

import (
	"math"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Refill gives the windows of st a reading of before this engine began, so that a restart
// empties none, and what stood still goes on standing. It changes nothing else: the last
// value is not known before the first Observe. bootMS is in this boot's time, below 0 for
// a reading of the boot before. Of one stream readings come in order, what is not newer is
// passed over; one that was a spike is taken back with [Engine.Retract] or [Engine.Unmoved]
// behind it. Refill belongs before [Engine.Restore], [Engine.Adopt] and the first Tick.
func (e *Engine) Refill(st obs.Stream, bootMS int64, r obs.Reading) {
	s := e.series[st]
	if s == nil || e.started || bootMS <= s.refilled || math.IsNaN(r.Value) || math.IsInf(r.Value, 0) {
		return
	}
	// Of a suspect one nothing says that it was a spike where another test had doubted it
	// already: it moves nothing, and those around it tell.
	if r.Quality.Flag == obs.Pass || r.Quality.Why == obs.Flat {
		s.still.add(bootMS, r.Value, s.stale)
	}
	if !r.Quality.Usable() || r.Quality.Why == obs.Sparse {
		return
	}
	s.refilled = bootMS
	s.keep(bootMS, r.Value)
}

// Reach returns the streams of which the past counts, and for how long: the longest window
// of each, and where a rule asks for how long it stood still, as long as it asks for.
func (e *Engine) Reach() map[obs.Stream]time.Duration { return e.Lacks(New(nil)) }

// Lacks is Reach without what [Engine.Adopt] will take over from old: windows that no rule
// had before.
func (e *Engine) Lacks(old *Engine) map[obs.Stream]time.Duration {
	out := map[obs.Stream]time.Duration{}
	grow := func(st obs.Stream, ms int64) { out[st] = max(out[st], time.Duration(ms)*time.Millisecond) }
	for st, s := range e.series {
		for _, w := range s.windows {
			if old.series[st].alike(w) == nil {
				grow(st, w.length)
			}
		}
	}
	stood := func(st obs.Stream, ms int64) {
		if old.series[st] == nil {
			grow(st, ms)
		}
	}
	for _, b := range e.rules {
		b.stage.when.stood(stood)
		if b.stage.clear != nil {
			b.stage.clear.stood(stood)
		}
	}
	return out
}

// alike is the window of s that holds what w is to hold; nil: none does.
func (s *series) alike(w *window) *window {
	if s == nil {
		return nil
	}
	i := slices.IndexFunc(s.windows, func(x *window) bool { return x.length == w.length && x.keeps == w.keeps })
	if i < 0 {
		return nil
	}
	return s.windows[i]
}

// stood tells of each stream whose standing still is compared with a time, and that time.
func (p *program) stood(tell func(st obs.Stream, ms int64)) {
	for i := range p.compared {
		k := &p.compared[i]
		if k.value.op != opStuck || math.IsNaN(k.limit) || k.limit <= 0 {
			continue
		}
		x := p.reads[k.value.read]
		tell(x.stream, int64(min(k.limit, maxStood)*1000)+x.stale)
	}
}

// maxStood is what is read again for a stillness at most, in seconds: as long as the
// longest window.
const maxStood = 48 * 3600

// Refill gives a reading of before this watch began, see [Engine.Refill].
func (w *Watch) Refill(st obs.Stream, bootMS int64, r obs.Reading) { w.data.Refill(st, bootMS, r) }

// Reach returns of which streams the past counts, see [Engine.Reach].
func (w *Watch) Reach() map[obs.Stream]time.Duration { return w.data.Reach() }

// Lacks returns of which streams the past counts that old does not have, see [Engine.Lacks].
func (w *Watch) Lacks(old *Watch) map[obs.Stream]time.Duration { return w.data.Lacks(old.data) }
