package ingest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// errUnreachable says that nobody at the broker's address spoke MQTT: the gate says
// when to try again.
var errUnreachable = errors.New("the broker cannot be reached")

// errDenied says that the broker answered, and will not have this connection.
var errDenied = errors.New("the broker refuses the connection")

// Between two tries of a broker that cannot be reached passes a quarter of the time
// it has been away, within these bounds. Who restarts a broker waits about as long
// as a person notices; one that is away for the night is asked every few seconds.
const (
	leastWait = 250 * time.Millisecond
	mostWait  = 5 * time.Second
)

// order is the order in which connections come back.
var order = []string{"alert", "ack", "state", "live", "reply", "image", "shown", "backfill"}

// gate is what all connections know together of the way to the broker. While the
// broker can be reached it stands open. While not, one connection at a time tries,
// the others wait; the first that is answered opens it for all.
type gate struct {
	mu      sync.Mutex
	open    bool
	turn    uint64    // grows when the gate shuts or a try fails
	tries   int       // that failed since it shut
	since   time.Time // when it shut
	next    time.Time // not before this one may try
	trying  bool      // one does
	waiting []int     // ranks, rising
	changed chan struct{}
	again   chan struct{} // closed when the broker accepts somebody
}

func newGate() *gate {
	return &gate{since: time.Now(), changed: make(chan struct{}), again: make(chan struct{})}
}

// rank is the place of a connection in the order; what is not in it comes last.
func rank(name string) int {
	if i := slices.Index(order, name); i >= 0 {
		return i
	}
	return len(order)
}

// enter waits until the connection of this rank may try to connect. Whoever was let
// in must call left with the turn.
func (g *gate) enter(ctx context.Context, rank int) (turn uint64, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	at, _ := slices.BinarySearch(g.waiting, rank)
	g.waiting = slices.Insert(g.waiting, at, rank)
	g.tell() // it may be another's turn now
	defer func() {
		at, _ := slices.BinarySearch(g.waiting, rank)
		g.waiting = slices.Delete(g.waiting, at, at+1)
		g.tell()
	}()
	for !g.open {
		mine := !g.trying && g.waiting[g.tries%len(g.waiting)] == rank
		rest := time.Until(g.next)
		if mine && rest <= 0 {
			g.trying = true
			break
		}
		if err := g.rest(ctx, mine, rest); err != nil {
			return 0, err
		}
	}
	return g.turn, nil
}

// rest waits for a change, or if it is this one's turn for the time to try. The
// caller holds mu, which is free meanwhile.
func (g *gate) rest(ctx context.Context, mine bool, d time.Duration) error {
	changed := g.changed
	g.mu.Unlock()
	defer g.mu.Lock()
	var due <-chan time.Time
	if mine {
		t := time.NewTimer(d)
		defer t.Stop()
		due = t.C
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-changed:
	case <-due:
	}
	return nil
}

// tell wakes who waits; the caller holds mu.
func (g *gate) tell() {
	close(g.changed)
	g.changed = make(chan struct{})
}

// left says how a try ended that began at begin: with nil, errDenied (there is a
// broker all the same) or errUnreachable. Any other error says nothing of the broker.
func (g *gate) left(turn uint64, begin time.Time, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	defer g.tell()
	if !g.open && turn == g.turn {
		g.trying = false
	}
	switch {
	case err == nil:
		close(g.again)
		g.again = make(chan struct{})
		fallthrough
	case errors.Is(err, errDenied):
		g.open, g.trying = true, false
	case !errors.Is(err, errUnreachable) || turn != g.turn:
		// What others have learnt since counts.
	case g.open:
		g.shut()
	default:
		g.turn++
		g.tries++
		// From the beginning of the try: one that hung has waited already.
		g.next = begin.Add(jitter(min(max(time.Since(g.since)/4, leastWait), mostWait)))
	}
}

// lost says that a connection ended that nobody here wanted to end. Those that hear
// it at the same moment gather behind the gate before the first one tries.
func (g *gate) lost() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.open {
		g.shut()
		g.tell()
	}
}

// shut begins an outage; the caller holds mu.
func (g *gate) shut() {
	g.open, g.trying, g.tries = false, false, 0
	g.turn++
	g.since = time.Now()
	g.next = g.since.Add(jitter(leastWait))
}

// keep holds one session after the other until ctx ends; told learns why each
// ended. The gate decides when the broker is tried again after a loss. What the
// broker answered and ended early, or denied, waits by itself: about 250 ms, doubled
// each time, at most 5 s, or 30 s if denied and the broker accepts nobody else.
func (g *gate) keep(ctx context.Context, session func(context.Context) error, told func(error)) {
	for tries := 0; ; {
		begin := time.Now()
		err := session(ctx)
		if ctx.Err() != nil {
			return
		}
		told(err)
		switch {
		case errors.Is(err, errUnreachable):
			continue
		case time.Since(begin) > steady && !errors.Is(err, errDenied):
			tries = 0
			continue
		}
		if !g.alone(ctx, tries, err) {
			return
		}
		tries++
	}
}

// alone waits after a session that the broker itself cut short. It returns false if
// ctx ends.
func (g *gate) alone(ctx context.Context, tries int, why error) bool {
	limit, again := mostWait, (<-chan struct{})(nil)
	if errors.Is(why, errDenied) {
		g.mu.Lock()
		limit, again = maxPause, g.again
		g.mu.Unlock()
	}
	t := time.NewTimer(jitter(min(leastWait<<min(tries, 16), limit)))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-again:
	case <-t.C:
	}
	return true
}

// jitter returns between half and the whole of d, so that many do not come in step.
func jitter(d time.Duration) time.Duration { return d/2 + rand.N(d/2) }

// verdictOf says what a failed CONNECT tells of the broker; code is that of CONNACK.
func verdictOf(code byte, err error) error {
	const unavailable, last = 3, 5 // MQTT 3.1.1, table 3.1
	if code > 0 && code <= last && code != unavailable {
		return fmt.Errorf("%w: %w", errDenied, err)
	}
	return fmt.Errorf("%w: %w", errUnreachable, err)
}
