package derive

import (
	"slices"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Await is [Engine.Observe] for a reading of which a later one will show whether it is to
// be believed. What has a window takes it when that has come, and waits with the step that
// holds it for two of the stream's intervals at most. What is computed of the newest
// readings uses it at once and once: its result is open, and so is what is made of that.
func (e *Engine) Await(st obs.Stream, at At, r obs.Reading) {
	e.take(st, at, r, r.Quality.Flag != obs.Missing)
}

// Judge says what holds of the reading of st that was awaited at bootMS, where that is
// worse than what was said of it then. It belongs before the Observe or Await of the
// reading that showed it. Windows forget what is not usable; results that rest on it are
// told again by Tick with what they are worth now.
func (e *Engine) Judge(st obs.Stream, bootMS int64, q obs.Quality) {
	for _, f := range e.feeds[st] {
		if f.node.judge(f.in, bootMS, q) {
			f.node.again(q)
		}
	}
}

// held is an input's newest reading while its verdict is to come. It is plain data.
type held struct {
	Has bool       `json:"has,omitempty"`
	T   int64      `json:"t,omitempty"`
	At  At         `json:"at"`
	V   float64    `json:"v,omitempty"`
	F   obs.Flag   `json:"f,omitempty"`
	Why obs.Reason `json:"w,omitempty"`
}

func hold(t int64, at At, r obs.Reading) held {
	return held{true, t, at, r.Value, r.Quality.Flag, r.Quality.Why}
}

// holds is what of n.held outlives a restart.
func (n *node) holds() []held {
	if slices.ContainsFunc(n.held, func(h held) bool { return h.Has }) {
		return n.held
	}
	return nil
}

// settle takes in what input in holds back: nothing was said against it.
func (n *node) settle(in int) {
	if h := &n.held[in]; h.Has {
		h.Has = false
		n.worker.take(in, h.T, h.At, obs.Reading{Value: h.V, Quality: obs.Quality{Flag: h.F, Why: h.Why}})
	}
}

// believe settles everything.
func (n *node) believe() {
	for in := range n.held {
		n.settle(in)
	}
	if i, ok := n.worker.(*instant); ok {
		i.Rests = nil
		for k := range i.Newest {
			i.Newest[k].Open = false
		}
	}
}

// waits says whether the step that runs cannot end at t yet, although it is over: a
// reading of it is not decided, or a result that belongs in front of its end is to come.
func (n *node) waits(t int64, at At) bool {
	if n.holdsUntil() > t {
		return true
	}
	for _, up := range n.above {
		seen, ok := up.time(at)
		if !ok || up.end == 0 || seen < up.end {
			continue
		}
		theirs, _ := up.boot(up.end, at)
		if own, _ := n.boot(n.end, at); theirs < own {
			return true
		}
	}
	return false
}

// holdsUntil is until when a reading in the step that runs is waited for.
func (n *node) holdsUntil() (until int64) {
	for in, h := range n.held {
		if h.Has && h.T < n.end {
			until = max(until, h.T+n.wait[in])
		}
	}
	return until
}

// due is when the step that runs ends for the time alone, in boot ms as seen from now;
// false where that is not known.
func (n *node) due(now At) (bootMS int64, ok bool) {
	end, ok := n.boot(n.end, now)
	if !ok {
		return 0, false
	}
	bootMS, _ = n.boot(max(n.end, n.holdsUntil()), now)
	for _, up := range n.above {
		theirs, known := up.boot(up.end, now)
		if !known || up.end == 0 || theirs >= end {
			continue
		}
		if due, known := up.due(now); known {
			bootMS = max(bootMS, due)
		}
	}
	return bootMS, true
}

// judge notes the verdict on an input's reading and says whether a result rests on it.
func (n *node) judge(in int, bootMS int64, q obs.Quality) bool {
	if h := &n.held[in]; h.Has && h.At.BootMS == bootMS {
		h.F, h.Why, h.Has = q.Flag, q.Why, q.Usable()
	}
	i, ok := n.worker.(*instant)
	return ok && i.judge(in, bootMS, q)
}

// rested is a result that rests on readings whose verdict is to come. It is plain data.
type rested struct {
	At   At       `json:"at"`
	As   int64    `json:"as,omitempty"` // the boot ms that it bears, if that is later than At
	In   []newest `json:"in"`
	Told []newest `json:"told"`
}

func (r *rested) fits(inputs, channels int) bool {
	return r == nil || len(r.In) == inputs && len(r.Told) == channels
}

// rest notes what the result at at was computed of.
func (i *instant) rest(at At) {
	i.Rests = &rested{At: at}
	for k, n := range i.Newest {
		if n.Open = n.Open && i.values[k].Quality.Flag != obs.Missing; !n.Open {
			n.V, n.F, n.Why = i.values[k].Value, i.values[k].Quality.Flag, i.values[k].Quality.Why
		}
		i.Rests.In = append(i.Rests.In, plain(n))
	}
}

// plain is n without what JSON cannot hold.
func plain(n newest) newest {
	if n.F == obs.Missing {
		n.V = 0
	}
	return n
}

// judge notes a verdict on the newest reading of in or on that of the last open result,
// and says whether that result rests on it.
func (i *instant) judge(in int, bootMS int64, q obs.Quality) bool {
	if n := &i.Newest[in]; n.Open && n.B == bootMS {
		n.F, n.Why = q.Flag, q.Why
	}
	if i.Rests == nil || !i.Rests.In[in].Open || i.Rests.In[in].B != bootMS {
		return false
	}
	n := &i.Rests.In[in]
	n.F, n.Why, n.Open = q.Flag, q.Why, false
	return true
}

// tells notes how a result was told, and says whether it rests on what is not decided.
func (n *node) tells(r []obs.Reading) bool {
	i, ok := n.worker.(*instant)
	if !ok || !i.unsure {
		return false
	}
	i.Rests.As = n.engine.dated(i.Rests.At.BootMS)
	for _, r := range r {
		i.Rests.Told = append(i.Rests.Told, plain(newest{V: r.Value, F: r.Quality.Flag, Why: r.Quality.Why}))
	}
	return true
}

// again tells the last open result once more, with what it is worth now that q was found
// of one of its inputs. A value that would be another without that input is worth no more.
func (n *node) again(q obs.Quality) {
	i := n.worker.(*instant)
	values := make([]obs.Reading, len(i.Rests.In))
	for k, in := range i.Rests.In {
		values[k] = in.reading()
	}
	is := i.compute(values, i.Rests.At)
	o := Output{ID: n.ID, BootMS: max(i.Rests.At.BootMS, i.Rests.As), Readings: make([]obs.Reading, len(is)), Late: make([]obs.Quality, len(is))}
	changed := false
	for k := range is {
		was := i.Rests.Told[k].reading()
		o.Readings[k], o.Late[k] = was, later(was, is[k], q)
		changed = changed || o.Late[k] != was.Quality
		i.Rests.Told[k].F, i.Rests.Told[k].Why = o.Late[k].Flag, o.Late[k].Why
	}
	if !changed {
		return
	}
	n.engine.out = append(n.engine.out, o)
	for k, st := range n.feeds {
		if o.Late[k] != o.Readings[k].Quality {
			n.engine.Judge(st, i.Rests.At.BootMS, o.Late[k])
		}
	}
}

// later is what a result is worth that was told as was and would be is now.
func later(was, is obs.Reading, q obs.Quality) obs.Quality {
	switch {
	case was.Quality.Flag == obs.Missing:
		return was.Quality
	case !is.Quality.Usable() || is.Value != was.Value:
		return weakest(was.Quality, q)
	}
	return weakest(was.Quality, is.Quality)
}
