package rule

import (
	"fmt"
	"math"
	"time"

	"github.com/expr-lang/expr/ast"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

// call lowers a function of a stream.
func (c *compiler) call(n *ast.CallNode) (*node, kind) {
	callee, ok := n.Callee.(*ast.IdentifierNode)
	if !ok {
		return c.refuse(n.Callee, n)
	}
	at, size := c.extent(callee)
	f, ok := functions[callee.Value]
	if !ok {
		name := c.text[at:min(at+size, len(c.text))]
		c.fail(at, size, "E3103", fmt.Sprintf("there is no function %q", name), meant(name))
		return nil, wrong
	}
	args, form := 1, callee.Value+"(device.channel)"
	ahead := f.op == opRises || f.op == opFalls
	switch {
	case ahead:
		args, form = 3, callee.Value+"(device.channel, 3.00, 15m)"
	case f.window:
		args, form = 2, callee.Value+"(device.channel, 10m)"
	case f.op == opAbs:
		form = "abs(number)"
	}
	if len(n.Arguments) != args {
		c.fail(at, size, "E3104", fmt.Sprintf("%s takes %d argument(s), here are %d", callee.Value, args, len(n.Arguments)), "write "+form)
		return nil, wrong
	}
	if f.op == opAbs {
		if a := c.want(n.Arguments[0], aNumber); a != nil {
			if out := (&node{op: opAbs, a: a}); c.judge(out, n, n.Arguments[0]) {
				return out, aNumber
			}
		}
		return nil, wrong
	}
	w, ok := c.streamArg(n.Arguments[0], form)
	var span time.Duration
	if f.window {
		var good bool
		span, good = c.windowArg(n.Arguments[args-1], form)
		ok = ok && good && c.fits(n, f.op, w, span)
	}
	if ahead {
		return c.ahead(n, f.op, w, span, ok)
	}
	if !ok {
		return nil, wrong
	}
	return c.reading(f.op, w, span), aNumber
}

// ahead makes a forecast, whose limit must be a constant.
func (c *compiler) ahead(n *ast.CallNode, o op, w word, span time.Duration, ok bool) (*node, kind) {
	limit := c.want(n.Arguments[1], aNumber)
	if limit == nil {
		return nil, wrong
	}
	v, constant := limit.constant()
	if !constant || math.IsNaN(v) || math.IsInf(v, 0) {
		at, size := c.extent(n.Arguments[1])
		c.fail(at, size, "E3104", "the limit must be a number that does not change", "write it out, like 3.00")
		return nil, wrong
	}
	if ok && span < (minTrend-1)*c.known[w.stream].Every {
		at, size := c.extent(n.Arguments[2])
		c.fail(at, size, "E3112", fmt.Sprintf("a trend needs %d readings, the stream gives one every %s", minTrend, brief(c.known[w.stream].Every)), "write at least "+brief((minTrend-1)*c.known[w.stream].Every))
		return nil, wrong
	}
	if !ok || c.unreachable(n.Arguments[1], o, w, v) {
		return nil, wrong
	}
	out := c.reading(o, w, span)
	out.num, out.method = v, TheilSen
	return out, aNumber
}

// unreachable refuses a limit that the stream cannot come to from the side it is asked for.
func (c *compiler) unreachable(limit ast.Node, o op, w word, v float64) bool {
	s := c.known[w.stream]
	if !s.bounded() || (o != opRises || v <= s.Max) && (o != opFalls || v >= s.Min) {
		return false
	}
	at, size := c.extent(limit)
	c.fail(at, size, "E3115", fmt.Sprintf("%s is from %s to %s: %s", w.stream.Device+"."+w.stream.Channel, short(micro(s.Min)), with(micro(s.Max), s.Unit), "this can never be true"),
		fmt.Sprintf("compare with a number between %s and %s", short(micro(s.Min)), short(micro(s.Max))))
	return true
}

// streamArg reads a function's first argument, which must be a stream itself.
func (c *compiler) streamArg(n ast.Node, form string) (word, bool) {
	if id, ok := n.(*ast.IdentifierNode); ok {
		w, known := c.words[id.Value]
		switch {
		case known && w.unknown:
			return w, false
		case known && w.isStream:
			return w, true
		case !known:
			c.lower(n) // reports it
			return word{}, false
		}
	}
	before := len(c.errs)
	if m, ok := n.(*ast.MemberNode); ok {
		c.refuse(m, m)
	}
	if len(c.errs) == before {
		at, size := c.extent(n)
		c.fail(at, size, "E3104", "the first argument must be a stream", "write "+form)
	}
	return word{}, false
}

// windowArg reads a window: a duration, bare or in quotes.
func (c *compiler) windowArg(n ast.Node, form string) (time.Duration, bool) {
	at, size := c.extent(n)
	var d time.Duration
	switch n := n.(type) {
	case *ast.IdentifierNode:
		w, known := c.words[n.Value]
		if known && w.unknown {
			return 0, false
		}
		if known && !w.isStream {
			d = w.duration
		}
	case *ast.StringNode:
		if v, err := yamldoc.ParseDuration(n.Value); err == nil {
			d = v
		}
	}
	switch {
	case d == 0:
		c.fail(at, size, "E3104", "the window must be a constant duration", "write "+form)
		return 0, false
	case d < minSpan || d > maxSpan:
		c.fail(at, size, "E3104", "the window is out of range", "write 1s to 48h")
		return 0, false
	}
	return d, true
}
