package api

import (
	"context"
	"net/http"
	"sync"
	"time"
)

const (
	// lookEvery is how often it is looked whether a stream's reader may still read it: who is
	// thrown out hears nothing more after ten seconds at the latest.
	lookEvery = 5 * time.Second
	// blindLooks is how often in a row that may fail before the stream ends.
	blindLooks = 6
	// streamsEach is how many streams one person may have open, programs included: each page
	// of the console has one, and nobody is to take those of all others.
	streamsEach = 16
)

// readers counts the open streams of each person.
type readers struct {
	mu sync.Mutex
	of map[string]int
}

// enter counts one more; ok is false if that is too many.
func (c *readers) enter(person string) (ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of[person] >= streamsEach {
		return false
	}
	if c.of == nil {
		c.of = map[string]int{}
	}
	c.of[person]++
	return true
}

func (c *readers) leave(person string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of[person]--; c.of[person] <= 0 {
		delete(c.of, person)
	}
}

// stream shows what happens, for as long as its reader may see everything.
func (s *server) stream(w http.ResponseWriter, r *http.Request) error {
	if s.Door == nil {
		s.Live.ServeHTTP(w, r)
		return nil
	}
	person := s.Door.Person(r.Context())
	if !s.readers.enter(person) {
		w.Header().Set("Retry-After", "10")
		return problem(http.StatusTooManyRequests, "E7120", "", "您打开的实时推送已达上限，请关闭其他页面", "you have as many live streams open as one person may; close other pages")
	}
	defer s.readers.leave(person)
	ctx, end := context.WithCancel(r.Context())
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		defer end()
		s.watch(ctx)
	}()
	s.Live.ServeHTTP(w, r.WithContext(ctx))
	end()
	<-watched
	return nil
}

// watch returns when the reader of a stream may not read it any more, or is gone.
func (s *server) watch(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for blind := 0; blind < blindLooks; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		may, err := s.Door.Still(ctx, toView, everywhere)
		switch {
		case err != nil:
			blind++
		case !may:
			return
		default:
			blind = 0
		}
	}
}
