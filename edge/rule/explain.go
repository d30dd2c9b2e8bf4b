package rule

import (
	"math"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Explanation is why a rule stands as it does: each of its conditions with what is known
// of every part of it.
type Explanation struct {
	Phase  Phase
	Is     Standing
	Stages []StageView // the most severe first, the forecast last
	// Chatter is zero unless the alert is kept as it was at its worst since it comes and
	// goes.
	Chatter Chatter
}

// StageView is one condition of a rule, with what ends it.
type StageView struct {
	Standing
	Phase Phase
	Since int64 // boot ms: when the condition that was met last began to be met
	// Ran is for how many ms the timer of the phase has run, of Needs; both 0 without one.
	Ran, Needs int64
	Running    bool // the timer runs; else it stands still, as nothing is known
	When       ConditionView
	Clear      ConditionView // Text is empty where the condition's own end counts
}

// ConditionView is an expression with its answer.
type ConditionView struct {
	Text  string
	Is    Truth
	Parts []PartView // its comparisons, in the order of the text
	Reads []ReadView // what they read
}

// PartView is a comparison.
type PartView struct {
	Text         string
	Is           Truth
	Value, Limit float64 // NaN: not known
	Bound        bool    // of Value only a bound is known
	Stream       obs.Stream
	Quantity     Quantity
	Over         time.Duration // the window of Quantity; 0: it has none
}

// ReadView is a stream, or a window of one, as a rule sees it.
type ReadView struct {
	Stream  obs.Stream
	Window  time.Duration // 0: the last value only
	Value   float64       // the last usable one; NaN: there is none
	Age     time.Duration // of it, or since the engine began if there is none
	Stale   time.Duration // from which age on it is unknown
	Known   bool          // it is younger than that
	Covered float64       // of a window: the share that readings cover, 0…1
	Count   int           // of a window: readings in it, pooled ones as one each
}

// Explain tells why a rule stands as it does, as of the last Tick; false if there is no
// such rule. It changes nothing.
func (e *Engine) Explain(id string) (x Explanation, ok bool) {
	g := e.byID[id]
	if g == nil {
		return x, false
	}
	x.Phase, _ = e.Phase(id)
	x.Is, x.Chatter = e.Standing(id), g.chatter.says()
	for _, b := range g.stages {
		x.Stages = append(x.Stages, e.explain(g, b))
	}
	return x, true
}

func (e *Engine) explain(g *group, b *bound) StageView {
	v := StageView{Standing: b.Standing, Phase: b.phase, Since: b.since, Running: b.running}
	when, clear := g.texts(b.stage)
	if need, timed := b.need(b.stage); timed {
		v.Needs, v.Ran = need, b.held
		if b.running {
			v.Ran += max(0, min(e.now, b.until)-b.last)
		}
	}
	v.When = e.condition(b.stage.when, b.when, when)
	if b.stage.clear != nil {
		v.Clear = e.condition(b.stage.clear, b.clear, clear)
	}
	return v
}

// texts are the expressions of a stage as they are written.
func (r *Rule) texts(st *stage) (when, clear string) {
	if st.Stage == StageForecast {
		return st.foretold(st.when), st.foretold(st.clear)
	}
	for _, l := range r.spec.Levels {
		if l.Severity == st.Severity && l.When != "" {
			return l.When, l.Clear
		}
	}
	return r.spec.When, r.spec.Clear
}

// foretold writes a forecast's condition, which nobody has written.
func (st *stage) foretold(p *program) string {
	n := p.compared[0].value
	name := "rises_to("
	if n.op == opFalls {
		name = "falls_to("
	}
	sign := " <= "
	if p.root.op == opMoreEq {
		sign = " >= "
	}
	s := p.reads[0].stream
	ms := func(v float64) string { return brief(time.Duration(v) * time.Millisecond) }
	return name + s.Device + "." + s.Channel + ", " + short(n.num) + ", " + ms(float64(p.reads[0].window)) + ")" + sign + ms(p.root.b.num*1000)
}

func (e *Engine) condition(p *program, ins []input, text string) ConditionView {
	r := &reader{now: e.now, start: e.start, inputs: ins}
	c := ConditionView{Text: text, Is: Truth(r.truth(p.root))}
	for _, k := range p.compared {
		part := PartView{Text: text, Is: Truth(r.truth(k.node)), Limit: r.limit(&k), Stream: k.stream, Quantity: k.quantity, Over: k.over}
		if k.length > 0 && k.at+k.length <= len(text) {
			part.Text = text[k.at : k.at+k.length]
		}
		side := r.side(&k)
		if side != k.value {
			part.Stream = p.reads[side.firstRead()].stream
			part.Quantity, part.Over = p.spokenOf(side)
		}
		s := r.number(side)
		part.Value, part.Bound = s.best(), !s.exact()
		c.Parts = append(c.Parts, part)
	}
	for i := range ins {
		c.Reads = append(c.Reads, e.view(&ins[i], p.reads[i].stream))
	}
	return c
}

func (e *Engine) view(in *input, st obs.Stream) ReadView {
	v := ReadView{Stream: st, Value: math.NaN(), Age: ms(e.now - e.start), Stale: ms(in.stale)}
	if in.has {
		v.Value, v.Age, v.Known = in.value, ms(e.now-in.at), e.now <= in.at+in.stale && !in.vague
	}
	if w := in.window; w != nil {
		s := w.at(in.end(e.now))
		v.Window, v.Covered, v.Count = ms(w.length), min(s.covered, 1), s.n
	}
	return v
}

func ms(v int64) time.Duration { return time.Duration(v) * time.Millisecond }
