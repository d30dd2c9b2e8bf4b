package poll

import (
	"context"
	"sync"
	"time"
)

// bounded is context.WithDeadline for samples, nearly all of which end long before
// that and never ask for Done: there is a timer only once somebody does. Its zero
// deadline is none.
type bounded struct {
	context.Context // that it is derived from
	deadline        time.Time

	mu    sync.Mutex
	armed context.Context // once Done was asked for
	stop  context.CancelFunc
	err   error // until then
}

// bound derives a context that ends with parent, and at deadline. end must be called.
func bound(parent context.Context, deadline time.Time) *bounded {
	if d, ok := parent.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	return &bounded{Context: parent, deadline: deadline}
}

// Deadline implements context.Context.
func (b *bounded) Deadline() (time.Time, bool) { return b.deadline, true }

// Done implements context.Context.
func (b *bounded) Done() <-chan struct{} { return b.arm().Done() }

// Err implements context.Context. What it has once said it says for ever.
func (b *bounded) Err() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.armed != nil {
		return b.armed.Err()
	}
	if b.err == nil {
		b.err = b.Context.Err()
	}
	if b.err == nil && !time.Now().Before(b.deadline) {
		b.err = context.DeadlineExceeded
	}
	return b.err
}

// Value implements context.Context. Contexts derived from this one find here that it
// is one of the standard library's, so that they need no goroutine to hear of its end.
func (b *bounded) Value(key any) any {
	b.mu.Lock()
	armed := b.armed
	b.mu.Unlock()
	if armed != nil {
		return armed.Value(key)
	}
	return b.Context.Value(key)
}

// arm makes the context that has a timer.
func (b *bounded) arm() context.Context {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.armed == nil {
		b.armed, b.stop = context.WithDeadline(b.Context, b.deadline)
		if b.err != nil {
			b.stop()
		}
	}
	return b.armed
}

// end says that the sample is over, whoever still holds the context.
func (b *bounded) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err == nil {
		b.err = context.Canceled
	}
	if b.stop != nil {
		b.stop()
	}
}
