package modbus

import (
	"context"
	"slices"
	"sync"
	"time"
)

// turn lets one caller at a time pass, the one with the nearest deadline first.
// Deadlines are points in time, so that everybody's comes nearest at last. An urgent
// caller goes before the others, but not twice in a row while others wait.
type turn struct {
	mu      sync.Mutex
	taken   bool
	urgent  bool      // the last one served was
	waiting []*waiter // by deadline, then by arrival
}

type waiter struct {
	urgent   bool
	deadline time.Time
	pass     chan struct{}
}

// noDeadline stands for the deadline of a caller who has none.
const noDeadline = 10 * time.Second

// take waits for the turn, or for ctx. After nil, give must follow.
func (t *turn) take(ctx context.Context, urgent bool) error {
	if err := ended(ctx); err != nil {
		return err
	}
	t.mu.Lock()
	if !t.taken {
		t.taken, t.urgent = true, urgent
		t.mu.Unlock()
		return nil
	}
	w := &waiter{urgent: urgent, pass: make(chan struct{})}
	var ok bool
	if w.deadline, ok = ctx.Deadline(); !ok {
		w.deadline = time.Now().Add(noDeadline)
	}
	i, _ := slices.BinarySearchFunc(t.waiting, w, func(a, b *waiter) int {
		if a.deadline.After(b.deadline) {
			return 1
		}
		return -1 // behind those with the same deadline
	})
	t.waiting = slices.Insert(t.waiting, i, w)
	t.mu.Unlock()

	select {
	case <-w.pass:
		return nil
	case <-ctx.Done():
		t.leave(w)
		return ended(ctx)
	}
}

// leave takes w out of the queue; if it was just given the turn, it passes it on.
func (t *turn) leave(w *waiter) {
	t.mu.Lock()
	i := slices.Index(t.waiting, w)
	if i >= 0 {
		t.waiting = slices.Delete(t.waiting, i, i+1)
	}
	t.mu.Unlock()
	if i < 0 {
		t.give()
	}
}

// give passes the turn on.
func (t *turn) give() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.waiting) == 0 {
		t.taken = false
		return
	}
	i := max(0, slices.IndexFunc(t.waiting, func(w *waiter) bool { return w.urgent != t.urgent }))
	t.urgent = t.waiting[i].urgent
	close(t.waiting[i].pass)
	t.waiting = slices.Delete(t.waiting, i, i+1)
}

// queued is how many wait.
func (t *turn) queued() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.waiting)
}
