package api

import (
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/lamppost-city/lamppost/cloud/view"
)

// What is written down of refusals at most: of one person at one route one a minute, and of
// one person so many an hour.
const (
	refusalEvery  = time.Minute
	refusalHour   = time.Hour
	refusalsEach  = 120
	mostRefusals  = 10_000 // kept in memory, about 100 bytes each
	mostRefusedAt = 200    // bytes of an address that are written down
)

// refusals remembers which of them were written down.
type refusals struct {
	mu   sync.Mutex
	last map[attempt]time.Time
	hour map[string]tally
}

// attempt is what counts as the same one.
type attempt struct{ person, route string }

// tally counts from a time on.
type tally struct {
	from time.Time
	n    int
}

// take says whether a refusal is to be written down; last says that it is the last one of
// this person for a while.
func (f *refusals) take(now time.Time, person, route string) (write, last bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tidy(now)
	at, known := f.last[attempt{person, route}]
	if known && now.Sub(at) < refusalEvery || !known && len(f.last) >= mostRefusals {
		return false, false
	}
	t := f.hour[person]
	if now.Sub(t.from) >= refusalHour {
		t = tally{from: now}
	}
	if t.n >= refusalsEach {
		return false, false
	}
	t.n++
	if f.last == nil {
		f.last, f.hour = map[attempt]time.Time{}, map[string]tally{}
	}
	f.last[attempt{person, route}], f.hour[person] = now, t
	return true, t.n == refusalsEach
}

// tidy forgets what counts no more, where there is much of it.
func (f *refusals) tidy(now time.Time) {
	if len(f.last) < mostRefusals {
		return
	}
	for k, at := range f.last {
		if now.Sub(at) >= refusalEvery {
			delete(f.last, k)
		}
	}
	for k, t := range f.hour {
		if now.Sub(t.from) >= refusalHour {
			delete(f.hour, k)
		}
	}
}

// noteRefusal writes down that somebody tried what they must not, asked for what they must not
// know of, or tried to change what there is not: to them these two are the same. It does not
// change the answer.
func (s *server) noteRefusal(r *http.Request, err error) {
	var f *failure
	var no *view.CaseRefusal
	switch {
	case errors.As(err, &f) && f.status == http.StatusForbidden,
		errors.As(err, &no) && no.Forbidden,
		errors.Is(err, view.ErrHidden),
		errors.Is(err, view.ErrUnknown) && r.Method != http.MethodGet && r.Method != http.MethodHead:
		s.refused(r)
	}
}

// refused writes down a request that was refused.
func (s *server) refused(r *http.Request) {
	if s.Refused == nil || s.Door == nil {
		return
	}
	person := s.Door.Person(r.Context())
	if person == "" {
		return
	}
	route := r.Pattern
	if route == "" { // the door has not let it come so far
		_, route = s.mux.Handler(r)
	}
	write, last := s.refusals.take(time.Now(), person, route)
	if !write {
		return
	}
	about := r.Method + " " + r.URL.Path
	if len(about) > mostRefusedAt {
		about = about[:mostRefusedAt]
	}
	if err := s.Refused(r.Context(), about, last); err != nil {
		s.Log.Error("a refusal is not in the audit log", "person", person, "route", route, "error", err)
	}
}

// doorsRefusals writes down what the door refuses to show. What it refuses to change, it
// writes down itself.
func (s *server) doorsRefusals(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen := &statusOf{ResponseWriter: w}
		next.ServeHTTP(seen, r)
		if seen.status == http.StatusForbidden && r.Method == http.MethodGet {
			s.refused(r)
		}
	})
}

// statusOf remembers the status of an answer.
type statusOf struct {
	http.ResponseWriter
	status int
}

// WriteHeader passes the status on.
func (w *statusOf) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (w *statusOf) Unwrap() http.ResponseWriter { return w.ResponseWriter }
