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
// line keeps its schedule but for this share of it: half of what the others leave, and on
// a full line very little.
type budget struct {
	left time.Duration // when it was last looked at
	at   time.Time
}

const (
	leastShare = 0.02                   // of a line's time, however full it is
	budgetMost = 500 * time.Millisecond // that is saved up, at most: about one timeout
	// advance is how much earlier than others the unit that has waited longest may be
	// asked, so that of many that are asked for at the same moments each has its turn.
	advance = time.Second
	// shaking is the share of its time from which on those who wait on a line are asked
	// so unevenly that their rhythms do not tell when they are due.
	shaking = 0.5
	// hiccup is how long ago a unit's last answer may be for its first failure to be
	// taken for a mishap: it is asked again at once, but only once in this time.
	hiccup = time.Minute
)

// now returns what is left, if share of the time goes to the budget.
func (b *budget) now(now time.Time, share float64) time.Duration {
	if b.at.IsZero() {
		b.left, b.at = budgetMost, now
	}
	b.left = min(b.left+time.Duration(share*float64(now.Sub(b.at))), budgetMost)
	b.at = now
	return b.left
}

// share is the part of the line's time that broken slaves may have: half of what those
// who answer leave until the line is a crowded one. What they take from the others is
// left next time, so that it is half that keeps it from growing. b.mu is held.
func (b *Bus) share(now time.Time) float64 {
	return max(leastShare, (b.load.spare(now)-(1-crowded))/2)
}

// affords ends the call for u, which failed last time, when others need the line and
// the budget is used up. b.mu is held.
func (b *Bus) affords(u *Unit, r codec.Request, now time.Time) error {
	share := b.share(now)
	left := b.spare.now(now, share)
	if u.failures == 0 || !b.contended(u, now.Add(b.worst(u, r))) {
		return nil
	}
	if u.failures == 1 && now.Sub(u.answered) < hiccup && (u.pardoned.IsZero() || now.Sub(u.pardoned) >= hiccup) {
		u.pardoned = now
		return nil
	}
	if b.waitedLongest(u) {
		left += time.Duration(share * float64(advance))
	}
	if left > 0 {
		return nil
	}
	u.denied = now
	return b.skip(u, time.Duration(float64(-left)/share)+time.Millisecond)
}

// waitedLongest says whether no other unit that was kept back for the budget waits for
// longer than u to be asked. b.mu is held.
func (b *Bus) waitedLongest(u *Unit) bool {
	for _, other := range b.units {
		if other != u && other.failures > 0 && other.denied.After(other.free) && other.free.Before(u.free) {
			return false
		}
	}
	return true
}

// charge takes what a failed attempt of u cost the others beyond the time that a good
// one takes, or, when it repeats one, all of it. b.mu is held.
func (b *Bus) charge(u *Unit, began, now time.Time, repeated bool, err error) {
	cost := now.Sub(began)
	if !repeated {
		cost -= u.response
	}
	if cost <= 0 || !repeated && verdictOf(err) != failed {
		return
	}
	left := b.spare.now(now, b.share(now))
	b.load.lose(cost)
	if b.contended(u, now) {
		b.spare.left = left - cost
	}
}

// contended says whether others than u need the line before end. b.mu is held.
func (b *Bus) contended(u *Unit, end time.Time) bool {
	now := time.Now()
	if b.turn.queued() > 0 {
		return true
	}
	shaken := b.load.share(now) > shaking
	for _, other := range b.units {
		if other != u && (other.rhythm.dueBetween(now, end) || shaken && now.Sub(other.answered) < memory) {
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
	return errors.Is(err, drivers.ErrChecksum) && b.spare.now(now, b.share(now)) >= u.response
}
