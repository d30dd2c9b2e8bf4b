package rule

import (
	"math"
	"slices"
)

// evaluate brings one rule up to the present. A panic in it stops that rule only.
func (e *Engine) evaluate(b *bound) {
	if b.group.dead {
		return
	}
	defer e.rescue(b, b.state, b.group.said, len(e.out))
	from, ran := b.phase, b.running
	at, out := b.advance(b.stage, e.now)
	switch {
	case out:
		e.report(b, from, at)
	case ran && !b.running:
		e.report(b, from, b.paused)
	}
	doubt := b.doubt
	b.doubt, b.recheck = trusted, never
	if b.group.back || b.group.aside {
		b.doubt = doubt
		b.meet(b.stage, e.now, never, unknown, unknown, func(from Phase) { e.report(b, from, e.now) })
		return
	}
	r := reader{now: e.now, start: e.start, until: never, recheck: never, inputs: b.when}
	when, clear := e.conditions(b, &r)
	found := r.found
	e.doubtful(b, doubt, when, &r)
	if b.Stage == StageForecast && b.phase == Normal && when == isTrue && e.reached(b) {
		when = unknown
	}
	b.barred = e.failing(b)
	switch e.duty(b, &r) {
	case offDuty: // what is not raised yet stays so
		when, clear, b.barred = isFalse, isTrue, false
	case dismissed:
		e.dismiss(b)
		when, clear = unknown, unknown
	}
	e.choose(b, found, when, clear)
	b.recheck = r.recheck
	b.meet(b.stage, e.now, r.until, when, clear, func(from Phase) { e.report(b, from, e.now) })
	e.renew(b)
}

// conditions answers b's two expressions.
func (e *Engine) conditions(b *bound, r *reader) (when, clear truth) {
	when = r.truth(b.stage.when.root)
	clear = -when
	if b.stage.clear != nil {
		by := reader{now: r.now, start: r.start, until: r.until, recheck: r.recheck, inputs: b.clear}
		clear = by.truth(b.stage.clear.root)
		r.until, r.recheck = by.until, by.recheck
	}
	if b.spent = b.spent && when != isFalse; b.spent {
		return unknown, unknown
	}
	if b.phase != Normal {
		return e.surely(b, when, clear)
	}
	return when, clear
}

// surely takes back from the answers of a stage that is met what a value says whose
// verdict is still to come, and of a raised one what only the silence or standstill of
// a stream says: rivers do not fall because their gauges drown.
func (e *Engine) surely(b *bound, when, clear truth) (truth, truth) {
	r := e.quiet(b)
	r.firm, r.sober = true, b.phase != Pending
	is := r.truth(b.stage.when.root)
	if when != isTrue {
		when = is
	}
	if b.stage.clear == nil {
		return when, -when
	}
	r.inputs = b.clear
	return when, r.truth(b.stage.clear.root)
}

// failing says whether a raised stage would not end for certain because readings of what
// it looks at failed: until they are stale, the values before them still count for all else.
func (e *Engine) failing(b *bound) bool {
	if b.phase != Active && b.phase != Clearing {
		return false
	}
	failed := func(in input) bool { return in.failed }
	if !slices.ContainsFunc(b.when, failed) && !slices.ContainsFunc(b.clear, failed) {
		return false
	}
	r := e.quiet(b)
	r.firm, r.sober, r.whole = true, true, true
	if b.stage.clear == nil {
		return r.truth(b.stage.when.root) != isFalse
	}
	r.inputs = b.clear
	return r.truth(b.stage.clear.root) != isTrue
}

// reached says whether what b is a forecast of has come: the value is beyond the limit, or the
// trend is there. What has come already is not foreseen, and has no range.
func (e *Engine) reached(b *bound) bool {
	trend, beyond := b.stage.when.compared[0].value, opLess
	if trend.op == opRises {
		beyond = opMore
	}
	r := e.quiet(b)
	if _, o := r.ahead(trend); o.late <= 0 {
		return true
	}
	return r.last(&r.inputs[trend.read]).compare(beyond, exactly(trend.num)) == isTrue
}

// quiet is a reader whose notes nobody needs.
func (e *Engine) quiet(b *bound) *reader {
	return &reader{now: e.now, start: e.start, inputs: b.when}
}

// report tells what happened to a stage. That an alert rises is told at once, that it
// falls at the end of the Tick: where several levels end together, they end once.
func (e *Engine) report(b *bound, from Phase, at int64) {
	g := b.group
	if b.Stage == StageActual && b.phase == Normal && (from == Active || from == Clearing) {
		g.spend()
	}
	t := Transition{Rule: g.spec.ID, Standing: b.Standing, From: from, To: b.phase, At: at, Since: b.since, Was: g.said, Is: g.said}
	e.speak(&t, b)
	if is := g.tells(); is != g.said {
		if g.above(is, g.said) {
			t.Is, g.said, t.Chatter = is, is, g.chatter.says()
		} else {
			e.list(g)
		}
	}
	if !g.stirs {
		g.stirs = true
		e.moved = append(e.moved, g)
	}
	g.last = len(e.out)
	e.out = append(e.out, t)
	g.announced(&t)
	e.release(g, at)
}

// speak fills in what a transition says of b's condition.
func (e *Engine) speak(t *Transition, b *bound) {
	t.Value, t.Limit, t.Early, t.Late, t.Straight, t.Steady, t.Blur = math.NaN(), math.NaN(), 0, 0, 0, 0, 0
	t.Quantity, t.Over = Same, 0
	when := b.stage.when
	if len(when.compared) == 0 {
		t.Stream = when.reads[0].stream
		return
	}
	r := e.quiet(b)
	c := b.spoken()
	side := r.side(c)
	t.Stream, t.Quantity, t.Over, t.Limit = b.stage.when.reads[side.firstRead()].stream, c.quantity, c.over, r.limit(c)
	if side != c.value {
		t.Quantity, t.Over = when.spokenOf(side)
	}
	if b.Stage == StageForecast { // what is expected of the stream, not when: that is Early and Late
		t.Quantity, t.Limit = Same, c.value.num
		_, o := r.ahead(c.value)
		t.Early, t.Late, t.Straight, t.Steady, t.Blur = o.early, o.late, o.best, o.steady, o.blur
		t.Value = r.last(&r.inputs[c.value.read]).best()
		return
	}
	t.Value = r.number(side).best()
}
