package api

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/lamppost-city/lamppost/cloud/view"
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

// stream shows what happens, as far as its reader may see it, for as long as the reader is
// let in.
func (s *server) stream(w http.ResponseWriter, r *http.Request) error {
	if s.Door == nil {
		s.Live(w, r, nil)
		return nil
	}
	person := s.Door.Person(r.Context())
	if !s.readers.enter(person) {
		w.Header().Set("Retry-After", "10")
		return problem(http.StatusTooManyRequests, "E7120", "", "您打开的实时推送已达上限，请关闭其他页面", "you have as many live streams open as one person may; close other pages")
	}
	defer s.readers.leave(person)
	ctx, end := context.WithCancel(r.Context())
	e := &eyes{s: s, now: ctx}
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		defer end()
		e.watch(ctx)
	}()
	s.Live(w, r.WithContext(ctx), e.cut)
	end()
	<-watched
	return nil
}

// eyes are what the reader of a stream may see. Rights, and where things stand, are looked at
// anew every few seconds.
type eyes struct {
	s *server

	mu    sync.Mutex
	now   context.Context // with who reads, as of the last look
	areas map[place]bool  // what was asked since
	own   map[string]bool // parties of cases that the reader is; nil: not asked yet
}

// place is a gateway, or one of its devices, or an area.
type place struct{ gateway, device, area string }

// look takes over the rights of now.
func (e *eyes) look(now context.Context) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.now, e.areas, e.own = now, nil, nil
}

// watch returns when the reader of a stream is not let in any more, or is gone.
func (e *eyes) watch(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for blind := 0; blind < blindLooks; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now, ok, err := e.s.Door.Again(ctx)
		switch {
		case err != nil:
			blind++
		case !ok:
			return
		default:
			blind = 0
			e.look(now)
		}
	}
}

// cut leaves of a live event what the reader may see; nil: nothing. What is not known here is
// for those who may see everything.
func (e *eyes) cut(_ string, doc any) any {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.s.Door.May(e.now, toView, everywhere) {
		return doc
	}
	sees := false
	switch d := doc.(type) {
	case view.Values:
		d.Values = visible(d.Values, e.at, func(v *view.Value) (string, string) { return v.Gateway, v.Device })
		if len(d.Values) == 0 {
			return nil
		}
		return d
	case view.Alert:
		sees = e.sees(place{area: d.Area})
	case view.Case:
		sees = e.sees(place{area: d.Area}) || slices.ContainsFunc(d.Parties, e.is)
	case view.Gateway:
		sees = e.at(d.ID, "")
	case view.Gap:
		sees = e.at(d.Gateway, "")
	case view.Missing:
		sees = e.at(d.Gateway, "")
	case view.Camera:
		sees = e.at(d.Gateway, d.Device)
	case view.Command:
		sees = e.at(d.Gateway, d.Device)
	}
	if !sees {
		return nil
	}
	return doc
}

// at says whether the reader sees a gateway or, with a device, one of its devices.
func (e *eyes) at(gateway, device string) bool {
	return e.sees(place{gateway: gateway, device: device})
}

func (e *eyes) sees(p place) bool {
	sees, known := e.areas[p]
	if known {
		return sees
	}
	area := p.area
	if p.gateway != "" {
		area = e.s.Fleet.Area(p.gateway, p.device)
	}
	if e.areas == nil {
		e.areas = map[place]bool{}
	}
	sees = e.s.Door.May(e.now, toView, area)
	e.areas[p] = sees
	return sees
}

// is says whether the reader is a party of a case.
func (e *eyes) is(party string) bool {
	if e.own == nil {
		e.own = map[string]bool{}
		if person := e.s.Door.Person(e.now); person == e.s.Door.Name(e.now) {
			e.own["person "+person] = true
		}
		for _, d := range e.s.own(e.now) {
			e.own["department "+d.ID] = true
		}
	}
	return e.own[party]
}
