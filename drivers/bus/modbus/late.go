package modbus

import (
	"context"
	"errors"
	"time"

	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"

	"github.com/lamppost-city/lamppost/drivers"
)

// lateAnswer is what a unit may still say to a request that was given up.
type lateAnswer struct {
	to    codec.Request
	sent  time.Time
	until time.Time
}

// patience is how long u's answer may take to begin.
func (u *Unit) patience() time.Duration {
	u.bus.mu.Lock()
	defer u.bus.mu.Unlock()
	return u.answer
}

// owes notes, when r was given up, that its answer may still come. When r was
// answered while an older answer was owed to the same request, one of the two is
// still owed, and comes as much later as r was sent later.
func (u *Unit) owes(r codec.Request, sent time.Time, err error) {
	u.bus.mu.Lock()
	defer u.bus.mu.Unlock()
	now := time.Now()
	switch {
	case err == nil && now.Before(u.late.until):
		u.late = lateAnswer{r, sent, now.Add(sent.Sub(u.late.sent) + gap/2)}
	case err != nil && !errors.Is(err, drivers.ErrChecksum): // a damaged answer is no longer owed
		u.late = lateAnswer{r, sent, sent.Add(2 * u.answer)}
	}
}

// awaitLate lets a late answer pass that would be taken for the answer to r:
// same unit, same function, same length, but other registers or another write. It
// waits only then, and about as long as the unit's own time.
func (t *rtu) awaitLate(ctx context.Context, u *Unit, r codec.Request) error {
	u.bus.mu.Lock()
	late := u.late
	u.bus.mu.Unlock()
	if !time.Now().Before(late.until) || !r.Mistakable(late.to) {
		return nil
	}
	t.crossed = false
	t.tx, t.rx = codec.AppendRTU(t.tx[:0], u.address, late.to.Append(nil)), t.rx[:0]
	_, err := t.receive(ctx, late.until, late.to)
	u.bus.mu.Lock()
	u.late = lateAnswer{}
	if err == nil {
		t.alien++
	}
	u.bus.mu.Unlock()
	if err != nil && !errors.Is(err, drivers.ErrTimeout) && !errors.Is(err, drivers.ErrChecksum) {
		return err
	}
	return sleepUntil(ctx, t.ready())
}
