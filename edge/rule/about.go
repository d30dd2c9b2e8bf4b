package rule

import "github.com/lamppost-city/lamppost/drivers/obs"

// About returns the stream whose own value, and nothing computed of it, a rule's alert is
// about; false if there is no alert that the limit was reached for, or it is about
// something else.
func (e *Engine) About(id string) (st obs.Stream, own bool) {
	g := e.byID[id]
	if g == nil {
		return st, false
	}
	b := g.raised()
	if b == nil || b.Stage == StageForecast || len(b.stage.when.compared) == 0 {
		return st, false
	}
	n := e.quiet(b).side(b.spoken())
	return b.stage.when.reads[n.firstRead()].stream, n.op == opLast
}
