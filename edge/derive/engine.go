package derive

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Output is one result of one derived stream: a reading for each of its channels.
type Output struct {
	ID       string
	BootMS   int64
	Readings []obs.Reading // never changed after
	// Open says that it rests on a reading whose verdict is still to come.
	Open bool
	// Late is what holds instead of the qualities in Readings, which were told before: the
	// verdict on what they rest on has come. nil: this is a new result.
	Late []obs.Quality
}

// Engine runs plans. It is for one goroutine. A nil one derives nothing.
type Engine struct {
	nodes  []*node
	feeds  map[obs.Stream][]feed
	shift  int64 // from boot time to the time that never runs backward
	begun  bool
	ended  int64 // boot ms at which the run before ended, in this boot
	resume int64 // boot ms of the last Resume or Continue: what ended in the pause is dated so
	now    At
	out    []Output
}

// feed is one input of one node.
type feed struct {
	node *node
	in   int
}

// node is a plan at work.
type node struct {
	*Plan
	engine *Engine
	worker worker
	step   int64
	end    int64 // of the step that runs, in the node's time; 0: none yet
	last   []int64
	seen   []bool
	held   []held  // by input, of a worker that only takes what is decided
	above  []*node // what it is made of that is derived itself
	loose  int64   // until then results rest on a pause of unknown length; 0: no
	hushed int64   // when a result last said only that there is none; 0: the last one said more
	feeds  []obs.Stream
}

// New makes an engine of plans in the order in which Compile gave them.
func New(plans []*Plan) *Engine {
	e := &Engine{feeds: map[obs.Stream][]feed{}, ended: math.MinInt64, resume: math.MinInt64}
	for _, p := range plans {
		of := len(p.spec.Of)
		n := &node{Plan: p, engine: e, worker: p.make(), step: p.Every.Milliseconds(), last: make([]int64, of), seen: make([]bool, of), held: make([]held, of)}
		if p.spec.Is == "aqi" && p.spec.Report == "daily" {
			n.step = hourMS // it makes hourly means, and tells of them once a day
		}
		for _, ch := range p.Channels {
			n.feeds = append(n.feeds, obs.Stream{Device: p.ID, Channel: ch})
		}
		for i, o := range p.spec.Of {
			e.feeds[o.Stream] = append(e.feeds[o.Stream], feed{n, i})
			for _, up := range e.nodes {
				if up.ID == o.Stream.Device {
					n.above = append(n.above, up)
				}
			}
		}
		e.nodes = append(e.nodes, n)
	}
	return e
}

// Plans returns what runs, in order.
func (e *Engine) Plans() (all []*Plan) {
	for _, n := range e.nodes {
		all = append(all, n.Plan)
	}
	return all
}

// Reads returns the streams that something is derived from and that are not derived
// themselves.
func (e *Engine) Reads() (all []obs.Stream) {
	if e == nil {
		return nil
	}
	derived := map[string]bool{}
	for _, n := range e.nodes {
		derived[n.ID] = true
	}
	for st := range e.feeds {
		if !derived[st.Device] {
			all = append(all, st)
		}
	}
	return all
}

// Observe takes a reading. Those of one stream come in order; one that is not newer than
// the last of its stream is passed over. What results waits for Tick.
func (e *Engine) Observe(st obs.Stream, at At, r obs.Reading) { e.take(st, at, r, false) }

func (e *Engine) take(st obs.Stream, at At, r obs.Reading, open bool) {
	feeds := e.feeds[st]
	if len(feeds) == 0 {
		return
	}
	e.advance(at)
	e.hand(feeds, at, r, open)
}

func (e *Engine) hand(feeds []feed, at At, r obs.Reading, open bool) {
	for _, f := range feeds {
		if t, ok := f.node.time(at); ok && f.node.newer(f.in, t) {
			f.node.settle(f.in)
		}
		f.node.advance(at)
		f.node.observe(f.in, at, r, open)
	}
}

// Tick lets time pass and returns what there is to tell, in order; the slice is the
// caller's. It must be called after each Observe, and when Next says so.
func (e *Engine) Tick(at At) []Output {
	e.advance(at)
	out := e.out
	e.out = nil
	return out
}

// Next returns when the engine has something to tell by time alone, in boot ms; ok is
// false if it has not begun.
func (e *Engine) Next() (bootMS int64, ok bool) {
	if e == nil {
		return 0, false
	}
	for _, n := range e.nodes {
		if n.end == 0 {
			continue
		}
		due, known := n.due(e.now)
		if known && (!ok || due < bootMS) {
			bootMS, ok = due, true
		}
	}
	return bootMS, ok
}

// advance ends the steps that are over, what is made of others behind those.
func (e *Engine) advance(at At) {
	e.now, e.begun = at, true
	for _, n := range e.nodes {
		n.advance(at)
	}
}

// time is at in the node's time; false where that is not known.
func (n *node) time(at At) (int64, bool) {
	if n.wall {
		return at.UnixMS + n.zone, at.Dated
	}
	return at.BootMS + n.engine.shift, true
}

// boot is when t is or was, in boot ms, as seen from now.
func (n *node) boot(t int64, now At) (int64, bool) {
	seen, ok := n.time(now)
	return now.BootMS + t - seen, ok
}

// maxLate is how many steps are told one by one after a pause; of a longer one the last.
const maxLate = maxSteps

func (n *node) advance(at At) {
	t, ok := n.time(at)
	if !ok {
		return
	}
	if n.end == 0 {
		n.end = floorDiv(t, n.step)*n.step + n.step
	}
	if behind := (t - n.end) / n.step; behind > maxLate {
		n.end += (behind - maxLate) * n.step
	}
	for t >= n.end && !n.waits(t, at) {
		boot := at.BootMS - (t - n.end)
		then := At{BootMS: boot, UnixMS: at.UnixMS - (at.BootMS - boot), Dated: at.Dated}
		end := n.end
		n.end += n.step
		if r := n.worker.close(end, then); r != nil {
			n.tell(then, end, r)
		}
	}
}

// newer says whether a reading of input in at t comes behind the last one.
func (n *node) newer(in int, t int64) bool { return !n.seen[in] || t > n.last[in] }

func (n *node) observe(in int, at At, r obs.Reading, open bool) {
	t, ok := n.time(at)
	if !ok || !n.newer(in, t) {
		return
	}
	n.last[in], n.seen[in] = t, true
	i, instantly := n.worker.(*instant)
	if open && !instantly {
		n.held[in] = hold(t, at, r)
		return
	}
	complete := n.worker.take(in, t, at, r)
	if !instantly {
		return
	}
	i.Newest[in].Open = open
	if complete {
		n.tell(at, t, i.result(t, at))
	}
}

// tell judges a result, hands it to what is made of it, and keeps it for Tick.
func (n *node) tell(at At, t int64, r []obs.Reading) {
	none := true
	for i := range r {
		if r[i].Quality.Flag == obs.Missing {
			continue
		}
		none = false
		if n.loose > t {
			r[i].Quality = weakest(r[i].Quality, obs.Quality{Flag: obs.Suspect, Why: obs.Time})
		}
		if m := &n.Metrics[i]; r[i].Value < m.Min || r[i].Value > m.Max {
			r[i].Quality = weakest(r[i].Quality, obs.Quality{Flag: obs.Suspect, Why: obs.Range})
		}
	}
	open := n.tells(r)
	for i, st := range n.feeds {
		n.engine.hand(n.engine.feeds[st], at, r[i], open)
	}
	if n.quiet(t, none) {
		return
	}
	n.engine.keep(Output{ID: n.ID, BootMS: n.engine.dated(at.BootMS), Readings: r, Open: open})
}

// dated is the time that a result of bootMS bears: what ended in a pause, its end.
func (e *Engine) dated(bootMS int64) int64 {
	if bootMS <= e.ended {
		return bootMS
	}
	return max(bootMS, e.resume)
}

// hushFor is how often a result is told again that says only that there is none.
const hushFor = 60_000

func (n *node) quiet(t int64, none bool) bool {
	switch {
	case !none:
		n.hushed = 0
	case n.hushed != 0 && t-n.hushed < hushFor:
		return true
	default:
		n.hushed = max(t, 1)
	}
	return false
}

// keep adds a result. Of those from a pause, which are all dated at its end, the newest
// stands.
func (e *Engine) keep(o Output) {
	for i := range e.out {
		if e.out[i].ID == o.ID && e.out[i].BootMS >= o.BootMS && e.out[i].Late == nil {
			e.out[i].Readings, e.out[i].Open = o.Readings, o.Open
			return
		}
	}
	e.out = append(e.out, o)
}

// savedAll is an engine's state, saved one node's.
type savedAll struct {
	Shift int64            `json:"shift"`
	Nodes map[string]saved `json:"nodes"`
}

type saved struct {
	Spec   string          `json:"spec"` // what it was computed by
	End    int64           `json:"end"`
	Last   []int64         `json:"last"`
	Seen   []bool          `json:"seen"`
	Held   []held          `json:"held,omitempty"`
	Step   int64           `json:"step,omitempty"` // of what is computed at once
	Loose  int64           `json:"loose,omitempty"`
	Hushed int64           `json:"hushed,omitempty"`
	State  json.RawMessage `json:"state"`
}

// Snapshot returns the state of all derived streams as JSON of at most limit bytes. What
// does not fit is left out, the largest first, and named.
func (e *Engine) Snapshot(limit int) (state []byte, out []string, err error) {
	all := savedAll{e.shift, map[string]saved{}}
	for _, n := range e.nodes {
		state, err := json.Marshal(n.worker.state())
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", n.ID, err)
		}
		all.Nodes[n.ID] = saved{n.print(), n.end, n.last, n.seen, n.holds(), n.pace(), n.loose, n.hushed, state}
	}
	for {
		if state, err = json.Marshal(all); err != nil || len(state) <= limit || len(all.Nodes) == 0 {
			return state, out, err
		}
		large := ""
		for id, s := range all.Nodes {
			if large == "" || len(s.State) > len(all.Nodes[large].State) {
				large = id
			}
		}
		delete(all.Nodes, large)
		out = append(out, large)
	}
}

// print tells specs apart whose states cannot be exchanged. A constant that got another
// value may: it holds no state. So may what is computed of the newest readings, however
// often they come.
func (n *node) print() string {
	s := n.spec
	s.Constants, s.Metric, s.Edition, s.Zone, s.Place = nil, "", "", nil, nil
	if n.pace() != 0 {
		return fmt.Sprintf("%v %v", s, n.zone)
	}
	return fmt.Sprintf("%v %v %v", s, n.zone, n.Every)
}

// pace is the step of what is computed of the newest readings; 0: n is a window.
func (n *node) pace() int64 {
	if _, ok := n.worker.(*instant); ok {
		return n.step
	}
	return 0
}

// Restore takes up a state that Snapshot gave, before the first Observe. It is as if
// nothing had happened in between if Observe is then given, in the boot milliseconds of
// then, what came after the snapshot, and Resume or Continue is called for each pause. The errors,
// joined, say which streams begin anew, because they were derived otherwise then.
func (e *Engine) Restore(state []byte) error {
	var all savedAll
	if err := json.Unmarshal(state, &all); err != nil {
		return fmt.Errorf("the state of derived streams: %w", err)
	}
	e.shift = all.Shift
	var wrong []error
	for _, n := range e.nodes {
		if s, ok := all.Nodes[n.ID]; ok {
			wrong = append(wrong, n.restore(s))
		}
	}
	return errors.Join(wrong...)
}

func (n *node) restore(s saved) error {
	if s.Spec != n.print() || len(s.Last) != len(n.last) || len(s.Seen) != len(n.last) {
		return fmt.Errorf("%s begins anew: it was derived otherwise before", n.ID)
	}
	w := n.Plan.make()
	if err := json.Unmarshal(s.State, w.state()); err != nil {
		return fmt.Errorf("%s begins anew: %w", n.ID, err)
	}
	if f, ok := w.(fitter); ok && !f.fits() {
		return fmt.Errorf("%s begins anew: its state is damaged", n.ID)
	}
	if i, ok := w.(*instant); ok && !i.Rests.fits(len(n.last), len(n.feeds)) {
		return fmt.Errorf("%s begins anew: its state is damaged", n.ID)
	}
	n.worker, n.end, n.last, n.seen, n.loose, n.hushed = w, s.End, s.Last, s.Seen, s.Loose, s.Hushed
	if s.Step != n.pace() {
		n.end = 0 // its steps are others now: they begin with the next reading
	}
	if len(s.Held) == len(n.held) {
		n.held = s.Held
	}
	return nil
}

// fitter is a worker that can tell whether a state that was read may be its own.
type fitter interface{ fits() bool }

func (i *instant) fits() bool { return len(i.Newest) == len(i.values) }

func (a *air) fits() bool { return len(a.Of) == len(a.every) }

func (w *window) fits() bool { return len(w.Row) <= w.n && w.End%w.step == 0 }

// Resume says that the program did not run between last and now, both in boot ms, and that
// the machine did: the same clock went on. That is as if nothing had come meanwhile: what
// was awaited still is. Only that results of the time in between are dated at its end.
func (e *Engine) Resume(last, now int64) { e.ended, e.resume = min(last, now), now }

// Continue says that the boot time went on at now after nothing ran for a while: another
// boot. Then last is the newest boot time of the run before, and pause how long it
// lasted; known is false where nobody can say, as after a power cut on a board without a
// clock: it counts as nothing then, and what rests on it is suspect for a window's length.
func (e *Engine) Continue(last, now, pause int64, known bool) {
	for _, n := range e.nodes {
		n.believe() // what would have judged it never comes: how long it was is not known
	}
	e.shift += last + pause - now
	e.ended, e.resume = math.MinInt64, now
	for _, n := range e.nodes {
		if known || n.wall {
			continue
		}
		n.loose = now + e.shift + max(n.spec.Over.Milliseconds(), n.step)
	}
}
