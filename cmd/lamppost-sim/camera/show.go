package camera

import (
	"math"
	"strings"
	"sync"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenery"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// Show plays a film of package scenery, again and again: each time with the next seed, but
// at the same place, so that what was calibrated stays so. It begins with the first
// picture. Of a State it takes the time only.
type Show struct {
	mu    sync.Mutex
	kind  string
	film  *scenery.Film
	lap   int64
	began time.Time
	at    time.Time // of the last picture
	jpeg  []byte
	is    truth.Line
}

// NewShow plans a show of one of scenery.Kinds.
func NewShow(kind string, seed uint64) (*Show, error) {
	film, err := scenery.New(kind, seed, Width, Height)
	if err != nil {
		return nil, err
	}
	return &Show{kind: kind, film: film}, nil
}

// Paint implements Painter. A moment that is not after the last one has its picture: a
// film is drawn in the order of time. The truth of a river is its level; of anything else
// it is an event, scene, whose detail says what is in the picture.
func (s *Show) Paint(state State) ([]byte, truth.Line, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.jpeg != nil && !state.At.After(s.at) {
		return s.jpeg, s.is, nil
	}
	if s.jpeg == nil {
		s.began = state.At
	}
	since := state.At.Sub(s.began)
	s.turn(int64(since / s.film.Length))
	b, is, err := s.film.JPEG(since % s.film.Length)
	if err != nil {
		return nil, truth.Line{}, err
	}
	s.jpeg, s.at, s.is = b, state.At, lineOf(s.kind, is)
	return s.jpeg, s.is, nil
}

// turn goes on to the film of a lap. Of very many that nobody has seen, after a clock was
// set, it leaves out all but the last.
func (s *Show) turn(lap int64) {
	const most = 1000
	if unseen := lap - s.lap - most; unseen > 0 {
		s.lap += unseen
	}
	for ; s.lap < lap; s.lap++ {
		s.film.Again(s.film.Seed + 1)
	}
}

func lineOf(kind string, is scenery.Truth) truth.Line {
	if !math.IsNaN(is.Level) && is.Readable {
		return levelLine(is.Level)
	}
	words := []string{kind + ":"}
	for _, w := range []struct {
		is   bool
		word string
	}{{is.Smoke, "smoke"}, {is.Flame, "flame"}, {is.Presence, "presence"}, {is.Tamper != "", is.Tamper}} {
		if w.is {
			words = append(words, w.word)
		}
	}
	if len(words) == 1 {
		words = append(words, "nothing")
	}
	return truth.Line{Event: "scene", Detail: strings.Join(words, " ")}
}
