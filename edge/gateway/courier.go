package gateway

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
)

const (
	// syncBound is how long an alert waits for the disk before it leaves all the same: a
	// disk that hangs must not silence it. One that fails at once holds nothing up.
	syncBound = time.Second
	// maxCarried bounds the alerts that wait for the disk.
	maxCarried = 256
)

// courier takes alerts to the uplink, in the order in which they were decided, each
// when it is on the disk or syncBound after it was handed over, whichever comes
// first. One sync serves all that wait. The goroutine that decided does not wait.
type courier struct {
	sync func(ctx context.Context, seq uint64) error // journal.SyncTo
	send func(wire.Alert) error
	log  *slog.Logger
	wake chan struct{}

	mu      sync.Mutex
	waiting []carried
}

type carried struct {
	alert wire.Alert
	since time.Time
}

func newCourier(sync func(context.Context, uint64) error, send func(wire.Alert) error, log *slog.Logger) *courier {
	return &courier{sync: sync, send: send, log: log, wake: make(chan struct{}, 1)}
}

// take accepts an alert and returns at once. Of more than maxCarried the oldest is
// left to the journal, from where the uplink sends what it was not given.
func (c *courier) take(a wire.Alert) {
	c.mu.Lock()
	if len(c.waiting) >= maxCarried {
		c.waiting = slices.Delete(c.waiting, 0, 1)
	}
	c.waiting = append(c.waiting, carried{a, time.Now()})
	c.mu.Unlock()
	kick(c.wake)
}

// run delivers until ctx ends, and then what is still there.
func (c *courier) run(ctx context.Context) error {
	for {
		c.deliver()
		select {
		case <-c.wake:
		case <-ctx.Done():
			c.deliver()
			return nil
		}
	}
}

// deliver carries out all that waits. Its waits are bounded, so it heeds no context.
func (c *courier) deliver() {
	for {
		c.mu.Lock()
		batch := c.waiting
		c.waiting = nil
		c.mu.Unlock()
		if len(batch) == 0 {
			return
		}
		c.settle(batch)
		for _, b := range batch {
			if err := c.send(b.alert); err != nil {
				c.log.Error("an alert cannot be sent", "rule", b.alert.Rule, "error", err)
			}
		}
	}
}

// settle waits until the newest of a batch is on the disk, and with it all before.
func (c *courier) settle(batch []carried) {
	ctx, stop := context.WithDeadline(context.Background(), batch[0].since.Add(syncBound))
	defer stop()
	if err := c.sync(ctx, batch[len(batch)-1].alert.Seq); err != nil {
		c.log.Warn("an alert leaves before it is on the disk", "rule", batch[0].alert.Rule, "alerts", len(batch), "error", err)
	}
}
