package uplink

import (
	"math/rand/v2"
	"time"
)

// pacer bounds the bytes that are on their way to the broker to what the link
// carries in about half a second, so that an alert does not wait longer behind
// them. It grows while confirmations come promptly, and shrinks when bytes queue:
// when a confirmation takes half a second longer than an empty link needs. What an
// empty link needs is measured anew twice a minute, by letting the queue run dry:
// behind a queue that never empties, the fastest answer says nothing.
type pacer struct {
	budget int
	onWay  int
	base   time.Duration // how long a confirmation takes on an empty link
	cut    time.Time     // last time the budget shrank
	probe  time.Time     // when to measure base next
	dry    time.Time     // while measuring: since when the link is empty
}

const (
	startBudget = 32 << 10
	minBudget   = 4 << 10
	maxBudget   = 256 << 10
	maxQueueing = 500 * time.Millisecond
	probeEvery  = 30 * time.Second
)

func newPacer() pacer { return pacer{budget: startBudget} }

// room says whether n bytes may be sent now. One message always may.
func (p *pacer) room(n int) bool {
	limit := p.budget
	if p.measuring() {
		limit = minBudget
	}
	return p.onWay == 0 || p.onWay+n <= limit
}

func (p *pacer) measuring() bool { return p.probe.IsZero() && p.base > 0 }

func (p *pacer) sent(n int) { p.onWay += n }

// confirmed takes n bytes off that took so long to be confirmed.
func (p *pacer) confirmed(n int, took time.Duration, now time.Time) {
	full := p.onWay*2 > p.budget
	p.onWay -= n
	switch {
	case p.base == 0:
		p.base, p.probe = took, now.Add(probeEvery)
	case !p.measuring():
		p.base = min(p.base, took)
		if now.After(p.probe) {
			p.probe, p.dry = time.Time{}, time.Time{}
		}
	case p.dry.IsZero():
		if p.onWay <= minBudget {
			p.dry = now
		}
	case now.Add(-took).After(p.dry):
		p.base, p.probe = took, now.Add(probeEvery)
	}
	switch queueing := took - p.base; {
	case queueing > maxQueueing && now.Sub(p.cut) > took:
		p.budget, p.cut = max(p.budget*2/3, minBudget), now
	case queueing < maxQueueing/2 && full:
		p.budget = min(p.budget+n, maxBudget)
	}
}

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
