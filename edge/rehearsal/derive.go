package rehearsal

import (
	"slices"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Deriver computes streams out of others, as the gateway does. Times are ms of a clock that
// begins with the first reading, with Unix ms beside.
type Deriver interface {
	// Observe shows a reading of a stream that something may be made of. awaits says that
	// the next one decides whether it is to be believed.
	Observe(st obs.Stream, ms, unixMS int64, r obs.Reading, awaits bool)
	// Judge says what holds of an earlier reading; it comes before Observe of the one that
	// showed it.
	Judge(st obs.Stream, late Verdict)
	// Tick lets time pass and returns what there is to tell, in order.
	Tick(ms, unixMS int64) []Derived
	// Next is when there may be something by time alone.
	Next() (ms int64, ok bool)
	// Sources are the measured streams that a derived one is made of, through others too;
	// none for one that is measured itself.
	Sources(st obs.Stream) []obs.Stream
}

// Derived is one reading that was computed.
type Derived struct {
	Stream obs.Stream
	MS     int64
	obs.Reading
	Open bool // it rests on a reading that the next one decides about
	Late bool // it was told before, and this is what it is worth
}

// Derive lets the simulation compute derived streams. It is called before Take. What was
// recorded of such a stream counts only where nothing was recorded of what it is made of.
func (s *Simulation) Derive(d Deriver) {
	s.player.deriver = d
	for _, st := range s.ruled() {
		for _, source := range d.Sources(st) {
			s.makes[source] = append(s.makes[source], st)
		}
	}
	s.player.derived = func(x Derived) {
		if !s.computed[x.Stream] {
			return
		}
		if !x.Late {
			s.count(x.Stream, x.Reading)
		}
		s.player.made(x)
	}
}

// ruled are the streams that the rules read, each once, in their order.
func (s *Simulation) ruled() (all []obs.Stream) {
	for _, id := range s.order {
		for _, st := range s.rules[id].reads {
			if !slices.Contains(all, st) {
				all = append(all, st)
			}
		}
	}
	return all
}

// Absent are the streams of which the simulation had nothing and should have: those that
// rules read, and of derived ones what they are made of.
func (s *Simulation) Absent() (all []obs.Stream) {
	add := func(st obs.Stream) {
		if !s.seen[st] && !slices.Contains(all, st) {
			all = append(all, st)
		}
	}
	for _, st := range s.ruled() {
		sources := []obs.Stream(nil)
		if s.player.deriver != nil {
			sources = s.player.deriver.Sources(st)
		}
		switch {
		case len(sources) == 0:
			add(st)
		case !s.computed[st] && s.seen[st]: // as it was recorded
		default:
			for _, source := range sources {
				add(source)
			}
		}
	}
	return all
}

// superseded says whether a recorded reading is of a stream that is computed here.
func (s *Simulation) superseded(st obs.Stream) bool {
	for _, made := range s.makes[st] {
		s.computed[made] = true
	}
	s.seen[st] = s.seen[st] || !s.computed[st]
	return s.computed[st]
}

// count counts a reading for the rules that have it.
func (s *Simulation) count(st obs.Stream, r obs.Reading) {
	for _, f := range s.reads[st] {
		f.Readings++
		if !r.Quality.Usable() {
			f.Unusable++
		}
	}
}
