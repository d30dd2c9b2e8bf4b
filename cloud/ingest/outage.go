package ingest

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// outage remembers whether something is out of order, and since when. The zero
// value is in order.
type outage struct {
	mu    sync.Mutex
	since time.Time
	err   error
}

// failed notes an error; first says that it was in order before.
func (o *outage) failed(err error) (first bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil {
		o.since, first = time.Now(), true
	}
	o.err = err
	return first
}

// fine notes that all is well; back says that it was not before.
func (o *outage) fine() (back bool, lasted time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil {
		return false, 0
	}
	o.err = nil
	return true, time.Since(o.since)
}

// why returns what is wrong in words; empty: nothing.
func (o *outage) why() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil {
		return ""
	}
	return fmt.Sprintf("%v (for %s)", o.err, time.Since(o.since).Round(time.Second))
}

// pause waits before the next try: about 100 ms, doubled with each, at most about
// limit; between half and the whole of it, so that many do not come in step. It
// returns false if ctx ends.
func pause(ctx context.Context, tries int, limit time.Duration) bool {
	d := min(100*time.Millisecond<<min(tries, 16), limit)
	t := time.NewTimer(jitter(d))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// persist calls do until it succeeds or ctx ends, and keeps o informed.
func (o *outage) persist(ctx context.Context, do func() error, told func(first bool, err error)) bool {
	for tries := 0; ; tries++ {
		err := do()
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		told(o.failed(err), err)
		if !pause(ctx, tries, 5*time.Second) {
			return false
		}
	}
}
