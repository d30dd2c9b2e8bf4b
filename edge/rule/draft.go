package rule

import (
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Name is what a word of a draft stands for: a stream, a duration, or else a number with
// a unit. The number is one that may be meant; a draft's limits are judged by it.
type Name struct {
	Stream   obs.Stream
	Duration time.Duration
	Value    float64
	Unit     string // as people write it; empty: a plain number
}

// word is the word at at that has such a meaning.
func (n Name) word(at, length int) word {
	switch {
	case n.Stream != obs.Stream{}:
		return word{at: at, length: length, isStream: true, stream: n.Stream}
	case n.Duration != 0:
		return word{at: at, length: length, duration: n.Duration}
	}
	return word{at: at, length: length, figure: &n}
}

// Check judges a draft: a rule in whose texts names stand for what a site will say. It
// reports what Compile would, at its place in the draft, and beside that numbers of a
// unit that does not go with what they are compared with. A draft cannot be run.
func Check(s Spec, known Streams, names map[string]Name) []*Error {
	_, errs := compileSpec(s, known, names)
	return errs
}
