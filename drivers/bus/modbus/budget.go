package modbus

import (
	"errors"
	"time"

	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"

	"github.com/lamppost-city/lamppost/drivers"
)

// budget is the time of the others that broken slaves may cost: timeouts of units that
// failed last time, and repetitions. Only time that others would have used counts.
// However many slaves are dead, and however often they are asked for, the rest of the
// line keeps its schedule but for this share of it.
type budget struct {
	left time.Duration // when it was last looked at
	at   time.Time
}

const (
	budgetShare = 50                     // one part in so many of the line's time
	budgetMost  = 500 * time.Millisecond // that is saved up, at most: about one timeout
)

// now returns what is left.
func (b *budget) now(now time.Time) time.Duration {
	if b.at.IsZero() {
		b.left, b.at = budgetMost, now
	}
	b.left = min(b.left+now.Sub(b.at)/budgetShare, budgetMost)
	b.at = now
	return b.left
}

// affords ends the call for u, which failed last time, when others need the line and
// the budget is used up. b.mu is held.
func (b *Bus) affords(u *Unit, r codec.Request, now time.Time) error {
	left := b.spare.now(now)
	if u.failures == 0 || left > 0 || !b.contended(u, now.Add(b.worst(u, r))) {
		return nil
	}
	return b.skip(u, -left*budgetShare+time.Millisecond)
}

// charge takes what a failed attempt of u cost the others beyond the time that a good
// one takes, or, when it repeats one, all of it. b.mu is held.
func (b *Bus) charge(u *Unit, began, now time.Time, repeated bool, err error) {
	cost := now.Sub(began)
	if !repeated {
		cost -= u.response
	}
	if cost > 0 && (repeated || verdictOf(err) == failed) && b.contended(u, now) {
		b.spare.left = b.spare.now(now) - cost
	}
}

// contended says whether others than u need the line before end. b.mu is held.
func (b *Bus) contended(u *Unit, end time.Time) bool {
	now := time.Now()
	if b.turn.queued() > 0 {
		return true
	}
	crowd := b.load.share(now) > crowded
	for _, other := range b.units {
		if other != u && (other.rhythm.dueBetween(now, end) || crowd && now.Sub(other.answered) < memory) {
			return true
		}
	}
	return false
}

// mayRetry says whether asking u a second time, after err, takes nothing from anybody,
// or no more than the budget allows.
func (b *Bus) mayRetry(u *Unit, r codec.Request, err error) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if u.failures > 0 || u.answered.IsZero() {
		return false
	}
	now := time.Now()
	if !b.contended(u, now.Add(b.worst(u, r))) {
		return true
	}
	// one that damages its answers is there, so that the next will not take long
	return errors.Is(err, drivers.ErrChecksum) && b.spare.now(now) >= u.response
}
