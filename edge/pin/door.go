package pin

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"sync"
	"time"
)

// Times and bounds of a Door.
const (
	freeTries  = 5
	firstPause = time.Minute
	mostPause  = time.Hour
	lasts      = 30 * time.Minute
	mostInside = 8
)

// Door lets in who knows the number kept in a directory. It is safe for concurrent use
// and starts nothing.
type Door struct {
	dir string
	now func() time.Time

	mu     sync.Mutex
	busy   bool // a guess is being tried: one at a time, each takes a core
	wrong  int
	closed time.Time // until then
	of     []byte    // the salt of the number that wrong, closed and inside are about
	inside []session // the oldest first
}

type session struct {
	key   [sha256.Size]byte
	token string
	until time.Time
}

// NewDoor returns the door to the number in dir. now is a clock that never runs
// backward; nil: the real one.
func NewDoor(dir string, now func() time.Time) *Door {
	if now == nil {
		now = time.Now
	}
	return &Door{dir: dir, now: now}
}

// Guess is how a guess came out.
type Guess struct {
	Key  string        // of the session; empty: not let in
	Left int           // guesses that are free yet, after a wrong one
	Wait time.Duration // until the next one is looked at; 0: now
	Busy bool          // another one is being looked at, this was not
}

// Enter tries a number. The error is of the file: without one nobody is let in.
func (d *Door) Enter(number string) (Guess, error) {
	k, err := load(d.dir)
	if err != nil {
		return Guess{}, err
	}
	if g, ok := d.begin(k); !ok {
		return g, nil
	}
	right := len(number) == Digits && k.is(number)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.busy = false
	if !right {
		return d.refuse(), nil
	}
	d.wrong, d.closed = 0, time.Time{}
	return Guess{Key: d.admit()}, nil
}

// begin says whether a guess may be looked at now.
func (d *Door) begin(k kept) (Guess, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.renew(k)
	if d.busy {
		return Guess{Busy: true, Left: max(0, freeTries-d.wrong)}, false
	}
	if wait := d.closed.Sub(d.now()); wait > 0 {
		return Guess{Wait: wait}, false
	}
	d.busy = true
	return Guess{}, true
}

// renew forgets what was about another number. The caller holds the lock.
func (d *Door) renew(k kept) {
	if !bytes.Equal(d.of, k.Salt) {
		d.of, d.wrong, d.closed, d.inside = k.Salt, 0, time.Time{}, nil
	}
}

// refuse counts a wrong guess. The caller holds the lock.
func (d *Door) refuse() Guess {
	d.wrong++
	if d.wrong < freeTries {
		return Guess{Left: freeTries - d.wrong}
	}
	pause := firstPause << min(d.wrong-freeTries, 10)
	pause = min(pause, mostPause)
	d.closed = d.now().Add(pause)
	return Guess{Wait: pause}
}

// admit begins a session and returns its key. The caller holds the lock.
func (d *Door) admit() string {
	key := rand.Text()
	if len(d.inside) == mostInside {
		d.inside = d.inside[1:]
	}
	d.inside = append(d.inside, session{key: sha256.Sum256([]byte(key)), token: rand.Text(), until: d.now().Add(lasts)})
	return key
}

// Inside returns the token that a session's changes have to bring, and how long it
// lasts yet; ok is false for a key that is none, or none any more.
func (d *Door) Inside(key string) (token string, left time.Duration, ok bool) {
	k, err := load(d.dir)
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil {
		return "", 0, false
	}
	d.renew(k)
	if s := d.find(key); s != nil {
		return s.token, s.until.Sub(d.now()), true
	}
	return "", 0, false
}

// Renew lets a session last as long as a new one.
func (d *Door) Renew(key string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s := d.find(key); s != nil {
		s.until = d.now().Add(lasts)
	}
}

// Leave ends a session.
func (d *Door) Leave(key string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s := d.find(key); s != nil {
		s.until = time.Time{}
	}
}

// find returns the session that key opens, nil if none. The caller holds the lock.
func (d *Door) find(key string) (found *session) {
	sum := sha256.Sum256([]byte(key))
	for i := range d.inside {
		s := &d.inside[i]
		if subtle.ConstantTimeCompare(s.key[:], sum[:]) == 1 && d.now().Before(s.until) {
			found = s
		}
	}
	return found
}
