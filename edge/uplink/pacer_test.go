package uplink

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// pipe is a link of one speed and length, filled by a pacer as fast as it allows.
type pipe struct {
	p      pacer
	rate   float64 // bytes/s
	delay  time.Duration
	jitter time.Duration
	r      *rand.Rand
	now    time.Time
	free   time.Time // when the link has sent what it was given
	line   []parcelOnWay
	longest,
	shortest time.Duration // of what a new message had to wait, since reset
	carried int
	budgets [2]float64 // least and greatest
}

type parcelOnWay struct {
	n        int
	alone    bool
	at, done time.Time
}

func newPipe(rate float64, delay, jitter time.Duration) *pipe {
	return &pipe{p: newPacer(pacer{}), rate: rate, delay: delay, jitter: jitter, r: rand.New(rand.NewPCG(1, 2)), now: time.Unix(1_795_291_200, 0)}
}

func (l *pipe) reset() {
	l.longest, l.shortest, l.carried, l.budgets = 0, time.Hour, 0, [2]float64{math.Inf(1), 0}
}

// greet sends what a connection begins with: a message that is hardly any bytes.
func (l *pipe) greet() {
	alone := l.p.sent(150, l.now)
	took := l.delay + seconds(150/l.rate)
	l.now = l.now.Add(took)
	l.p.confirmed(150, took, alone, l.now)
}

// run lets so much time pass with something to send at every moment.
func (l *pipe) run(d time.Duration) {
	for end := l.now.Add(d); l.now.Before(end); {
		for n := int(min(l.p.message(), fullPack)); l.p.room(n, l.now); {
			alone := l.p.sent(n, l.now)
			if l.free.Before(l.now) {
				l.free = l.now
			}
			wait := l.free.Sub(l.now)
			l.longest, l.shortest = max(l.longest, wait), min(l.shortest, wait)
			l.free = l.free.Add(seconds(float64(n) / l.rate))
			done := l.free.Add(l.delay)
			if l.jitter > 0 {
				done = done.Add(time.Duration(l.r.Int64N(int64(l.jitter))))
			}
			if k := len(l.line); k > 0 && done.Before(l.line[k-1].done) {
				done = l.line[k-1].done
			}
			l.line = append(l.line, parcelOnWay{n, alone, l.now, done})
		}
		if t := l.p.later(); t.After(l.now) && t.Before(l.line[0].done) && l.p.onWay < int(l.p.budget) {
			l.now = t.Add(time.Microsecond)
			continue
		}
		first := l.line[0]
		l.line = l.line[1:]
		l.now = first.done
		l.p.confirmed(first.n, l.now.Sub(first.at), first.alone, l.now)
		l.carried += first.n
		l.budgets = [2]float64{min(l.budgets[0], l.p.budget), max(l.budgets[1], l.p.budget)}
	}
}

// On a link of any speed and length nothing waits longer than about half a second,
// nearly all of it is used, and the bound does not swing.
func TestPacer(t *testing.T) {
	for _, c := range []struct {
		rate          float64
		delay, jitter time.Duration
		longest       time.Duration // wait before a message, once it is settled
		use           float64
	}{
		{2_000, 50 * time.Millisecond, 0, 700 * time.Millisecond, 0.9},
		{2_000, time.Second, 0, 900 * time.Millisecond, 0.85},
		{20_000, 50 * time.Millisecond, 0, 550 * time.Millisecond, 0.9},
		{20_000, 50 * time.Millisecond, 50 * time.Millisecond, 550 * time.Millisecond, 0.9},
		{20_000, 2 * time.Second, 0, 750 * time.Millisecond, 0.85},
		{1_000_000, 20 * time.Millisecond, 0, 100 * time.Millisecond, 0.9},
		{1_000_000, 100 * time.Millisecond, 40 * time.Millisecond, 450 * time.Millisecond, 0.85},
		{50_000_000, time.Millisecond, 0, 20 * time.Millisecond, 0.85},
	} {
		l := newPipe(c.rate, c.delay, c.jitter)
		l.greet()
		l.run(2 * time.Minute)
		l.reset()
		const observed = 2 * time.Minute
		l.run(observed)
		use := float64(l.carried) / c.rate / observed.Seconds()
		swing := l.budgets[1] / l.budgets[0]
		t.Logf("%8.0f B/s %4v ±%3v: waits %v, uses %.0f %%, bound %.0f, swings by %.2f", c.rate, c.delay, c.jitter, l.longest.Round(time.Millisecond), use*100, l.p.budget, swing)
		if l.longest > c.longest || use < c.use || swing > 2 {
			t.Errorf("%.0f B/s, %v ±%v: an alert waits %v (at most %v), %.0f %% used, bound swings by %.2f", c.rate, c.delay, c.jitter, l.longest, c.longest, use*100, swing)
		}
	}
}

// A link that becomes slower or faster is noticed within seconds.
func TestPacerChange(t *testing.T) {
	l := newPipe(1_000_000, 50*time.Millisecond, 0)
	l.greet()
	l.run(30 * time.Second)
	l.rate = 10_000
	l.run(time.Minute) // what was on its way takes half of that
	l.reset()
	l.run(30 * time.Second)
	if use := float64(l.carried) / l.rate / 30; l.longest > 600*time.Millisecond || use < 0.8 {
		t.Errorf("slower: an alert waits %v, %.0f %% used, %+v", l.longest, use*100, l.p)
	}
	l.rate = 1_000_000
	l.run(15 * time.Second)
	l.reset()
	l.run(30 * time.Second)
	if use := float64(l.carried) / l.rate / 30; use < 0.8 {
		t.Errorf("faster again: %.0f %% used, %+v", use*100, l.p)
	}
}

// A new connection begins with what the last one learned, and never with a flood.
func TestPacerAgain(t *testing.T) {
	l := newPipe(2_000, 50*time.Millisecond, 0)
	l.greet()
	l.run(time.Minute)
	next := newPacer(l.p)
	if next.budget > 2*minBudget || next.message() > 700 {
		t.Errorf("on a slow link it begins with %.0f bytes, %.0f in a message", next.budget, next.message())
	}
	if first := newPacer(pacer{}); first.budget != startBudget {
		t.Errorf("the first begins with %.0f bytes", first.budget)
	}
}
