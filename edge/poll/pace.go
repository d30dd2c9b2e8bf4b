package poll

import (
	"sync"
	"time"
)

// Pace changes the rhythm of one device while it is polled. The zero value is ready,
// changes nothing, and is safe for concurrent use. Neither method blocks, and neither
// goes below what the part allows (Device.Least).
type Pace struct {
	mu    sync.Mutex
	every time.Duration
	asked bool
	wake  func() // nil: nobody polls
}

// Now has the device sampled as soon as its line is free, beside its grid.
func (p *Pace) Now() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = true
	p.stir()
}

// Closer has the device sampled more often than its grid says; 0: no longer so, and back
// on its grid. All devices of a line that are looked at closer take at most half of its
// time together; one that does not answer goes at its usual pace until it does.
func (p *Pace) Closer(every time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.every == every {
		return
	}
	p.every = every
	p.stir()
}

// stir is called with the lock held.
func (p *Pace) stir() {
	if p.wake != nil {
		p.wake()
	}
}

// on makes wake be called for each change from now on; nil: no more.
func (p *Pace) on(wake func()) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wake = wake
}

// heed takes over what is wanted of a device, at now.
func (s *slot) heed(now time.Time) {
	p := s.device.Pace
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s.asked, p.asked = s.asked || p.asked, false
	closer := p.every
	if closer > 0 {
		closer = max(closer, s.device.Least)
	}
	if closer >= s.device.Every {
		closer = 0
	}
	switch {
	case closer == s.closer:
	case closer == 0: // back on the grid
		s.due = s.onGrid(now)
	default:
		if s.closer == 0 {
			s.grid = s.due
		}
		if !s.began.IsZero() {
			s.due = earlier(s.due, s.began.Add(closer))
		}
	}
	s.closer = closer
}

// soonest is when a slot may be served: at its due time, or at once if that was asked
// for, but not sooner than its part allows.
func (s *slot) soonest(now time.Time) time.Time {
	if !s.asked {
		return s.due
	}
	at := now
	if least := s.began.Add(s.device.Least); least.After(at) {
		at = least
	}
	return earlier(at, s.due)
}

// onGrid is the first point of a device's grid after now.
func (s *slot) onGrid(now time.Time) time.Time {
	if s.grid.After(now) {
		return s.grid
	}
	return s.grid.Add((now.Sub(s.grid)/s.device.Every + 1) * s.device.Every)
}

// closely says when a device that is looked at closer, one of n on its line, is due
// again after a sample that took so long.
func (s *slot) closely(now time.Time, took time.Duration, n int) time.Time {
	at := s.began.Add(s.closer)
	if free := now.Add(time.Duration(2*n-1) * took); free.After(at) {
		at = free
	}
	return earlier(at, s.onGrid(now))
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
