package rule

import "fmt"

// Stopped is a rule whose evaluation panicked. It is not evaluated any more; its alert
// stays as it was.
type Stopped struct {
	Rule string
	At   int64 // boot ms
	Why  string
}

// Stopped returns the rules that were stopped since it was last asked.
func (e *Engine) Stopped() []Stopped {
	out := e.stopped
	e.stopped = nil
	return out
}

// rescue is deferred: it stops b's rule if its evaluation panicked, with what it was
// and had said before. The others go on.
func (e *Engine) rescue(b *bound, was state, said Standing, told int) {
	p := recover()
	if p == nil {
		return
	}
	g := b.group
	b.state, g.said, g.dead = was, said, true
	e.out = e.out[:told]
	e.stopped = append(e.stopped, Stopped{Rule: g.spec.ID, At: e.now, Why: fmt.Sprint(p)})
}
