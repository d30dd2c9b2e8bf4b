//go:build linux

package gpio

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

// Counter counts the pulses of one line. It implements drivers.Pulses.
//
// Both edges are watched, so that a lost one shows by its neighbours too. The totals
// are kept twice: in a file in Config.Keep that is written after each batch of edges
// and once a second (it survives a kill, not the board), and by State, which whoever
// writes samples down keeps with the sample (it survives a power cut, as far as the
// sample does). The larger one counts. So what was counted is neither lost nor counted
// twice when the program is killed; edges of the last 40 ms, that still
// waited in the kernel, belong to the unwatched time. A power cut costs the pulses
// since the last sample that reached the disk.
type Counter struct {
	chip *Chip
	line string
	want want
	boot bootMark

	mu      sync.Mutex // guards what follows
	closed  bool
	started bool
	used    bool // the line was watched before, in this run or an earlier one
	missed  bool // since the last Count
	fault   error
	dark    time.Duration // since when nobody watches, if open is not set
	open    bool
	tally   tally
	mem     memory
	keeper  *keeper
	keeping error // why the file cannot be written; nil: it can
	said    memory
	quit    context.CancelFunc
	done    chan struct{}
}

var _ drivers.Pulses = (*Counter)(nil)

// Counter returns the pulses of a line, by name or number. name says whose they are:
// the totals are kept under it. The line is watched from the first Count or Restore on,
// until the counter or the chip is closed.
func (c *Chip) Counter(name, line string, s drivers.PinSettings) (*Counter, error) {
	n := &Counter{chip: c, line: line, boot: markOf(c.cfg.Boot), tally: tally{spacing: s.Spacing}, done: make(chan struct{}),
		want: want{edges: true, activeLow: s.Active == "low", pull: s.Pull, debounce: s.Debounce}}
	var err error
	if n.keeper, n.mem, err = openKeeper(c.cfg.Keep, name); err != nil {
		n.keeping = err // it counts all the same
	}
	if n.mem.n > 0 {
		n.resume(n.mem)
	}
	return n, c.keep(n)
}

// resume goes on from what an earlier run had counted. The caller holds the lock, or
// is alone.
func (n *Counter) resume(m memory) {
	n.used, n.missed = true, true
	n.tally.total, n.tally.lost = m.total, m.lost
	n.mem.unwatched = m.unwatched
	n.dark = 0 // another boot: at least since this one began
	if m.boot == n.boot && m.boot != (bootMark{}) && m.alive <= n.chip.system.now() {
		n.dark = m.alive
	}
}

// Restore implements drivers.Pulses.
func (n *Counter) Restore(state []byte) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.started {
		return errors.New("the counter is running already")
	}
	m, err := parseMemory(state)
	if err != nil {
		return fmt.Errorf("%s %s: the totals kept with the last sample: %w", n.chip, n.line, err)
	}
	if m.total > n.tally.total || !n.used {
		n.resume(m)
	}
	return nil
}

// State implements drivers.Pulses.
func (n *Counter) State() []byte {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.said.n == 0 {
		return nil
	}
	p := make([]byte, memorySize)
	n.said.put(p)
	return p
}

// Count implements drivers.Pulses.
func (n *Counter) Count(ctx context.Context) (drivers.PulseCount, error) {
	if err := over(ctx); err != nil {
		return drivers.PulseCount{}, fmt.Errorf("%s %s: %w", n.chip, n.line, err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.closed:
		return drivers.PulseCount{}, fmt.Errorf("%s %s: %w", n.chip, n.line, os.ErrClosed)
	case !n.started:
		n.start()
	}
	if !n.open {
		return drivers.PulseCount{}, n.fault
	}
	now := n.chip.system.now()
	n.remember(now)
	c := drivers.PulseCount{Total: n.tally.total, Lost: n.tally.lost, Unwatched: n.mem.unwatched, Missed: n.missed,
		Last: n.tally.last, Period: n.tally.period, At: now, Peak: n.tally.gust.take()}
	n.missed, n.said = false, n.mem
	return c, nil
}

// start requests the line and begins to watch it. The caller holds the lock.
func (n *Counter) start() {
	n.started = true
	ctx, quit := context.WithCancel(context.Background())
	n.quit = quit
	h := n.watch()
	go n.run(ctx, h)
}

// watch requests the line; nil: it cannot be. The caller holds the lock.
func (n *Counter) watch() handle {
	h, err := n.chip.request(n.line, n.want)
	if err != nil {
		n.fault = err
		return nil
	}
	high, err := h.get()
	if err != nil {
		n.fault = n.chip.drop(&h, n.line, err)
		_ = shut(&h) // it cannot be asked for its level either
		return nil
	}
	now := n.chip.system.now()
	if n.used {
		n.mem.unwatched += max(0, now-n.dark)
		n.missed = true
	}
	n.tally.open(high)
	n.open, n.used, n.fault = true, true, nil
	n.remember(now)
	return h
}

// The pauses between two tries to request a line double within these bounds.
const (
	minPause = 100 * time.Millisecond
	maxPause = 5 * time.Second
)

// run watches the line until ctx ends.
func (n *Counter) run(ctx context.Context, h handle) {
	defer close(n.done)
	for pause := minPause; ; {
		if h != nil {
			pause = minPause
			n.drain(ctx, h)
			_ = shut(&h) // what it had is counted or lost
		}
		wait := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			wait.Stop()
			return
		case <-wait.C:
		}
		pause = min(2*pause, maxPause)
		n.mu.Lock()
		h = n.watch()
		n.mu.Unlock()
	}
}

// gather is how long edges may wait in the kernel for company, so that at a thousand a
// second the program wakes for forty at once: on a slow board waking is most of what
// counting costs. The kernel has stamped them already, and holds a thousand: enough for
// 25 000 a second.
const gather = 40 * time.Millisecond

// rest waits for d, or until ctx ends.
func rest(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// breath is how long a read waits for edges before the counter says that it is alive.
const breath = time.Second

// drain reads edges until ctx ends or the line is gone.
func (n *Counter) drain(ctx context.Context, h handle) {
	cut := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(cut)
		_ = h.SetReadDeadline(time.Unix(1, 0)) // fails only where the read has ended
	})
	defer stop()
	buf := make([]byte, 64*eventSize)
	for ctx.Err() == nil {
		if err := h.SetReadDeadline(time.Now().Add(breath)); err != nil {
			n.dim(err)
			return
		}
		if ctx.Err() != nil {
			break // the deadline that AfterFunc set was just replaced
		}
		k, err := n.read(h, buf)
		if err != nil {
			n.dim(err)
			return
		}
		if 0 < k && k < len(buf) {
			rest(ctx, gather)
		}
	}
	<-cut // ctx has ended; a deadline that is set later would cut this read too
	if h.SetReadDeadline(time.Now().Add(lastLook)) == nil {
		_, _ = n.read(h, buf) // what waited; the line is given up now, whatever it says
	}
	n.dim(os.ErrClosed)
}

// lastLook is how long a counter that is closed looks for edges that wait.
const lastLook = 2 * time.Millisecond

// read counts one batch of edges, or none if none comes before the deadline, and
// returns its bytes.
func (n *Counter) read(h handle, buf []byte) (int, error) {
	k, err := h.Read(buf)
	n.take(buf[:k])
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return k, nil
	}
	return k, err
}

// take counts a batch of edges and writes down what they add up to.
func (n *Counter) take(batch []byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	lost := n.tally.lost
	for ; len(batch) >= eventSize; batch = batch[eventSize:] {
		if e, ok := decode(batch); ok {
			n.tally.add(e)
		}
	}
	n.missed = n.missed || n.tally.lost != lost
	n.remember(n.chip.system.now())
}

// dim notes that nobody watches the line any more.
func (n *Counter) dim(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.open, n.dark = false, n.chip.system.now()
	n.fault = fmt.Errorf("%s %s: %w", n.chip, n.line, explain(err, ""))
	n.chip.note(n.fault)
}

// remember writes down what is known now. The caller holds the lock.
func (n *Counter) remember(now time.Duration) {
	if n.mem.n++; n.mem.n == 0 { // 0 is a memory that was never written
		n.mem.n = 1
	}
	n.mem.total, n.mem.lost, n.mem.alive, n.mem.boot = n.tally.total, n.tally.lost, now, n.boot
	n.keeping = n.keeper.write(n.mem)
}

// Close gives the line up, and waits until the last edges are counted. A second call
// does nothing.
func (n *Counter) Close() error {
	n.mu.Lock()
	first, started := !n.closed, n.started
	n.closed = true
	n.mu.Unlock()
	n.chip.forget(n)
	if !first {
		return nil
	}
	if started {
		n.quit()
		<-n.done
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.keeper.close()
	return nil
}
