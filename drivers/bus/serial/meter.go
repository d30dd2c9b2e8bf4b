//go:build linux

package serial

import (
	"sync"
	"time"
)

// meter knows which share of the last minute a line was busy. It counts stretches of
// time; what two of them have in common counts once.
type meter struct {
	mu    sync.Mutex
	since time.Time // nothing was counted before
	ends  time.Time // of the last stretch
	parts [parts]struct {
		number int64 // which part of time since since this is
		busy   time.Duration
	}
}

const (
	parts = 12
	part  = 5 * time.Second
)

// start lets the minute begin, if it has not.
func (m *meter) start(now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.since.IsZero() {
		m.since, m.ends = now, now
	}
}

// add counts the line as busy from from to to. Both may lie a little in the future: a
// kernel's buffer takes in no time what the line carries in a second.
func (m *meter) add(from, to time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.since.IsZero() {
		return
	}
	if from.Before(m.ends) {
		from = m.ends
	}
	for from.Before(to) {
		n := int64(from.Sub(m.since) / part)
		end := m.since.Add(time.Duration(n+1) * part)
		if end.After(to) {
			end = to
		}
		s := &m.parts[n%parts]
		if s.number != n {
			s.number, s.busy = n, 0
		}
		s.busy += end.Sub(from)
		from, m.ends = end, end
	}
}

// share returns the busy share of the last minute, or of the time since start if that
// is shorter; 0 to 1.
func (m *meter) share(now time.Time) float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.since.IsZero() || !now.After(m.since) {
		return 0
	}
	current := int64(now.Sub(m.since) / part)
	var busy time.Duration
	for _, s := range m.parts {
		if s.number <= current && s.number > current-parts {
			busy += s.busy
		}
	}
	over := now.Sub(m.since) - time.Duration(max(0, current-parts+1))*part
	return min(1, float64(busy)/float64(over))
}
