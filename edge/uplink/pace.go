package uplink

import (
	"math/rand/v2"
	"time"
)

// bucket grants rate readings a second, with a fiftieth of a second's worth saved up
// at most.
type bucket struct {
	rate   float64
	tokens float64
	last   time.Time
}

// take removes n tokens if the bucket is not empty; it may go into debt, so that a
// pack larger than the bucket passes too. Else it returns how long to wait.
func (b *bucket) take(n int, now time.Time) (wait time.Duration, ok bool) {
	if b.rate <= 0 {
		return 0, false
	}
	if !b.last.IsZero() {
		b.tokens = min(b.tokens+now.Sub(b.last).Seconds()*b.rate, b.rate/50)
	}
	b.last = now
	if b.tokens < 0 {
		return time.Duration(-b.tokens/b.rate*float64(time.Second)) + time.Millisecond, false
	}
	b.tokens -= float64(n)
	return 0, true
}

// backoff is the pause before the next attempt: half a second, doubling to thirty,
// each drawn from half to one and a half of that, so that a fleet does not come
// back in step.
type backoff struct{ first, most, pause time.Duration }

const (
	firstPause = 500 * time.Millisecond
	mostPause  = 30 * time.Second
)

func (b *backoff) next() time.Duration {
	b.pause = min(max(2*b.pause, b.first), b.most)
	return b.pause/2 + rand.N(b.pause)
}

func (b *backoff) reset() { b.pause = 0 }
