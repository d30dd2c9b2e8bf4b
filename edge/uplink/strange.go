package uplink

import (
	"slices"
	"time"
)

// rarely remembers what the log was told of, so that what comes with every message
// is a line at first and then one an hour: logs wear cards, too.
type rarely map[string]time.Time

const (
	sayEvery = time.Hour
	mostSaid = 100 // things remembered
)

// first says whether it is time to tell of something.
func (r rarely) first(what string, now time.Time) bool {
	if last, known := r[what]; known && now.Sub(last) < sayEvery {
		return false
	} else if !known && len(r) >= mostSaid {
		for old, last := range r {
			if now.Sub(last) >= sayEvery {
				delete(r, old)
			}
		}
		if len(r) >= mostSaid {
			return false
		}
	}
	r[what] = now
	return true
}

// tooLarge takes note of a message that was passed over. It must not block.
func (u *Uplink) tooLarge(topic string, size int) {
	u.mu.Lock()
	u.count.TooLarge++
	news := u.said.first("large "+topic, time.Now())
	u.mu.Unlock()
	if news {
		u.o.Log.Warn("uplink: a message is too large and was passed over; if it is retained, clear it at the broker: mosquitto_pub -r -n -t TOPIC",
			"topic", topic, "bytes", size, "most", maxReceived)
	}
}

// How long one store must have answered alone to be taken for the wrong one, and how
// long that is remembered of a store that has fallen silent.
const (
	aloneFor  = 5 * time.Second
	aloneLast = 10 * time.Minute
)

// wrongStore returns a store that is not ours and answers where ours does not: the
// cloud was set up anew, or the broker is another city's. Empty: there is none. Call
// with mu held.
func (u *Uplink) wrongStore() string {
	c := &u.count
	if c.Alien == 0 || c.LastAlien.Sub(c.LastAck) < aloneFor || time.Since(c.LastAlien) > aloneLast ||
		slices.Contains(u.cursors.stores, c.AlienStore) {
		return ""
	}
	return c.AlienStore
}
