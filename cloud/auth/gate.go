package auth

import (
	"sync"
	"time"
)

// gate slows attempts down. Each key has a count that rises with every attempt, at once,
// so that many at the same time are not all let in, falls when one succeeds, and sinks
// with time. Up to free attempts pass freely; from then on each is followed by a wait
// that doubles up to most.
type gate struct {
	mu      sync.Mutex
	tallies map[string]*tally
}

// limit says how a kind of key is slowed down.
type limit struct {
	free int           // attempts
	sink time.Duration // the count sinks by one in that time
	most time.Duration // the longest wait
}

// tally is the count of one key.
type tally struct {
	limit
	count float64
	last  time.Time // when it was last counted
	until time.Time // no attempt before that
	told  bool      // that it is slowed down was written down
}

// maxTallies bounds the memory: about 200 bytes each.
const maxTallies = 20_000

func newGate() *gate { return &gate{tallies: map[string]*tally{}} }

// keyed is a key with its limit.
type keyed struct {
	key string
	limit
}

// take counts an attempt under each key. If one of them has to wait, nothing is counted
// and wait says how long; news is true the first time that a key comes to that.
func (g *gate) take(now time.Time, keys ...keyed) (wait time.Duration, news bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, k := range keys {
		if t := g.tallies[k.key]; t != nil && t.until.After(now) {
			wait = max(wait, t.until.Sub(now))
			news = news || !t.told
			t.told = true
		}
	}
	if wait > 0 {
		return wait, news
	}
	for _, k := range keys {
		t := g.tally(now, k)
		t.sinkTo(now)
		t.count++
		// Half an attempt may have sunk while the last wait ran.
		if over := int(t.count - float64(t.free) + 0.5); over >= 1 {
			t.until = now.Add(min(time.Second<<min(over-1, 20), t.most))
		}
	}
	return 0, false
}

// forgive takes back attempts that succeeded: all of the keys in full, one of the others.
func (g *gate) forgive(now time.Time, full, one []keyed) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, k := range full {
		delete(g.tallies, k.key)
	}
	for _, k := range one {
		if t := g.tallies[k.key]; t != nil {
			t.sinkTo(now)
			t.count = max(t.count-1, 0)
			if t.count < float64(t.free) {
				t.until = time.Time{}
			}
		}
	}
}

func (t *tally) sinkTo(now time.Time) {
	t.count = max(t.count-now.Sub(t.last).Seconds()/t.sink.Seconds(), 0)
	t.last = now
	if t.count == 0 {
		t.told = false
	}
}

// tally returns the one of a key, made if there is none. Where there are too many, those
// that have sunk go, else the lowest.
func (g *gate) tally(now time.Time, k keyed) *tally {
	if t := g.tallies[k.key]; t != nil {
		return t
	}
	if len(g.tallies) >= maxTallies {
		var lowest string
		low := 0.0
		for key, t := range g.tallies {
			left := t.count - now.Sub(t.last).Seconds()/t.sink.Seconds()
			if left <= 0 {
				delete(g.tallies, key)
			} else if lowest == "" || left < low {
				lowest, low = key, left
			}
		}
		if len(g.tallies) >= maxTallies {
			delete(g.tallies, lowest)
		}
	}
	t := &tally{limit: k.limit, last: now}
	g.tallies[k.key] = t
	return t
}

// rates counts the requests of tokens.
type rates struct {
	mu   sync.Mutex
	full map[string]time.Time // when a token's minute of requests is used up no longer
}

func newRates() *rates { return &rates{full: map[string]time.Time{}} }

// take counts a request of a token that may make so many a minute, a minute's worth at
// once; 0: it may pass, else it comes that much too soon.
func (r *rates) take(now time.Time, token string, perMinute int) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	each := time.Minute / time.Duration(perMinute)
	at := r.full[token]
	if at.Before(now) {
		at = now
	}
	if early := at.Add(each).Sub(now.Add(time.Minute)); early > 0 {
		return early
	}
	if len(r.full) >= maxTallies {
		for key, t := range r.full {
			if t.Before(now) {
				delete(r.full, key)
			}
		}
	}
	r.full[token] = at.Add(each)
	return 0
}
