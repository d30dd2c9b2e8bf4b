package uplink

import "time"

// pacer bounds the bytes that are on their way to the broker to what the link holds
// in a round trip and about a quarter of a second more, so that an alert waits for
// half a second at worst: for that quarter, and for the message before it, which is
// cut to another one. It takes all that the link gives and asks for no configured
// rate:
//
//   - A round is the time in which everything that was on its way is confirmed. Its
//     fastest confirmation tells how long the queue was that never emptied; how long
//     an empty link takes is known from messages that met no other.
//   - After a round in which it held something back, the bound moves half way to
//     where the queue would be as long as wanted: no steps up, no falls, no swinging.
//     Until the first queue it doubles.
//   - When no message has met an empty link for half a minute, it lets the queue run
//     dry once: behind a queue that never empties the fastest answer says nothing.
type pacer struct {
	budget float64
	onWay  int
	rate   float64       // bytes/s that the link carries; 0: it was never full
	rates  [2]float64    // the best rounds of this stretch of time and of the one before
	rateAt time.Time     // when this stretch began
	base   time.Duration // for a message without length on an empty link
	baseAt time.Time
	probes bool      // the queue is running dry
	taken  time.Time // when the link has taken in all that was sent

	starting bool      // no queue was seen yet
	early    int       // rounds to come whose messages left before the last change
	cut      time.Time // last time the bound was cut within a round
	round    round
}

// round is what was confirmed since it began.
type round struct {
	began time.Time
	bytes int
	least time.Duration // the fastest confirmation, its own length taken off; 0: none
	full  bool          // something had to wait for room
}

const (
	startBudget = 2 << 10
	minBudget   = 1 << 10
	maxBudget   = 512 << 10
	wantedQueue = 250 * time.Millisecond // on a slow link
	leastQueue  = 5 * time.Millisecond   // on a fast one: what keeps it busy
	leastPack   = 600                    // bytes; below that a pack is mostly its head
	fullPack    = 12 << 10               // bytes of a pack of 500 readings, roughly
	probeEvery  = 30 * time.Second
	rateStretch = 10 * time.Second
)

// newPacer begins where the connection before left off, carefully.
func newPacer(before pacer) pacer {
	p := pacer{budget: startBudget, rate: before.rate, starting: true}
	if before.known() > 0 {
		p.budget = min(max(p.rate*wantedQueue.Seconds(), minBudget), 16*startBudget)
	}
	return p
}

// room says whether n bytes may be sent now. One message always may. If not, a
// confirmation makes room, or time does: see later.
func (p *pacer) room(n int, now time.Time) bool {
	switch {
	case p.onWay == 0:
		return true
	case p.probes:
		return false
	case float64(p.onWay+n) <= p.budget && !p.later().After(now):
		return true
	}
	p.round.full = true
	return false
}

// later returns from when on the link has taken in what was sent in one go, as far as
// is known of its rate; a quarter faster, so that one that has become faster shows.
func (p *pacer) later() time.Time {
	if p.starting || p.probes {
		return time.Time{}
	}
	return p.taken.Add(-p.queue())
}

// message returns how many bytes one message may have: a quarter of a second of a
// slow link, so that nothing waits longer behind it.
func (p *pacer) message() float64 {
	if p.known() == 0 {
		return max(p.budget/4, leastPack)
	}
	return max(leastPack, p.rate*wantedQueue.Seconds())
}

// queue returns how long bytes may stand in the link's queue: enough for it not to
// run empty between two answers.
func (p *pacer) queue() time.Duration {
	q := 2 * p.base
	if p.known() > 0 {
		q = max(q, seconds(2*min(p.message(), fullPack)/p.rate))
	}
	return min(max(q, leastQueue), wantedQueue)
}

// known returns how many bytes a second the link carries; 0: not known, because there
// was never more to send than it took.
func (p *pacer) known() float64 {
	if p.starting {
		return 0
	}
	return p.rate
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// sent puts n bytes on their way. alone: they meet no others.
func (p *pacer) sent(n int, now time.Time) (alone bool) {
	if p.round.began.IsZero() {
		p.round.began = now
	}
	if p.known() > 0 {
		if p.taken.Before(now) {
			p.taken = now
		}
		p.taken = p.taken.Add(seconds(float64(n) / p.rate / 1.25))
	}
	p.onWay += n
	return p.onWay == n
}

// confirmed takes n bytes off that took so long to be confirmed.
func (p *pacer) confirmed(n int, took time.Duration, alone bool, now time.Time) {
	p.onWay -= n
	if most := now.Add(seconds(float64(p.onWay) / max(p.rate, 1))); p.taken.After(most) {
		p.taken = most
	}
	sent := now.Add(-took)
	delay := took
	own := seconds(float64(n) / p.rate)
	switch {
	case p.starting: // the rate is what was sent, not what the link carries
		p.measure(delay, alone, now)
	case own > took: // the link has become faster
		p.learn(float64(n)/took.Seconds(), now)
	default:
		delay = max(delay-own, took/10) // what is left of a large own is no measure
		p.measure(delay, alone, now)
	}
	p.round.bytes += n
	if p.round.least == 0 || delay < p.round.least {
		p.round.least = max(delay, 1)
	}
	// The link has become slow within a round: not to wait until its end.
	if excess := delay - p.base; excess > 3*p.queue() && excess > 100*time.Millisecond && now.Sub(p.cut) > took {
		p.set(p.budget / 2)
		p.cut, p.rates = now, [2]float64{}
		p.early = 1
	}
	if !sent.Before(p.round.began) && now.After(p.round.began) {
		p.turn(now)
	}
}

// measure learns the delay of an empty link.
func (p *pacer) measure(delay time.Duration, alone bool, now time.Time) {
	switch {
	case p.baseAt.IsZero() || delay < p.base, alone && now.Sub(p.baseAt) > p.stale():
		p.base, p.baseAt, p.probes = delay, now, false
	case alone && !p.starting:
		p.base += (delay - p.base) / 4
	case now.Sub(p.baseAt) > p.stale():
		p.probes, p.early = true, 2
	}
}

// stale returns how old the delay of an empty link may be. Measuring it takes two
// round trips.
func (p *pacer) stale() time.Duration { return max(probeEvery, 40*p.base) }

// turn ends a round.
func (p *pacer) turn(now time.Time) {
	r := p.round
	p.round = round{began: now}
	if r.full {
		p.learn(float64(r.bytes)/now.Sub(r.began).Seconds(), now)
	}
	queue, want := r.least-p.base, p.queue()
	switch ratio := float64(p.base+want) / float64(max(p.base+queue, time.Microsecond)); {
	case p.probes || !r.full && ratio >= 1:
	case p.early > 0:
		p.early--
	case p.starting && queue < want/2:
		p.early = 1
		p.set(2 * p.budget)
	default:
		p.starting, p.early = false, 1
		p.set(p.budget * (1 + min(max(ratio, 0.5), 2)) / 2)
	}
}

// learn notes what a round carried. The best of the last 10 to 20 s counts: a round
// in which the queue ran dry says nothing.
func (p *pacer) learn(rate float64, now time.Time) {
	if now.Sub(p.rateAt) > rateStretch {
		p.rates[1], p.rates[0], p.rateAt = p.rates[0], 0, now
	}
	p.rates[0] = max(p.rates[0], rate)
	p.rate = max(p.rates[0], p.rates[1])
}

func (p *pacer) set(budget float64) { p.budget = min(max(budget, minBudget), maxBudget) }
