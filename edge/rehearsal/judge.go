package rehearsal

import "github.com/lamppost-city/lamppost/drivers/obs"

// Judge finds out what readings are worth, as the gateway does: whether one was a spike is
// shown by the next.
type Judge interface {
	// Judge is shown each reading of a stream in the order of their times, as it was
	// recorded or written, and returns it with what is known of it now. late is what this
	// one has decided about the one before; awaits says that the next one decides whether
	// this one is to be believed.
	Judge(st obs.Stream, ms int64, r obs.Reading) (now obs.Reading, late Verdict, awaits bool)
}

// Verdict is what holds of an earlier reading of a stream, instead of what was said of it
// then. The zero value is none.
type Verdict struct {
	MS int64 // when that was taken
	obs.Quality
	Spike bool // it was one, suspect or fail: no movement, also where Quality is not given
}

func (v Verdict) some() bool { return v.Flag != obs.NotEvaluated }

// Judge lets the simulation judge what a reading shows of the one before it. It is called
// before Take.
func (s *Simulation) Judge(j Judge) { s.player.judge = j }

// show gives the rules a reading, as a gateway does: what it shows to be wrong is taken
// back before it is seen.
func (p *player) show(st obs.Stream, ms int64, r obs.Reading, late Verdict, awaits bool) {
	p.takeBack(st, late)
	p.engine.Observe(st, ms, r)
	if awaits {
		p.engine.Await(st, ms)
	}
}

func (p *player) takeBack(st obs.Stream, late Verdict) {
	switch {
	case late.some() && !late.Usable():
		p.engine.Retract(st, late.MS)
	case late.Spike:
		p.engine.Unmoved(st, late.MS)
	}
}

// made shows the rules what was derived.
func (p *player) made(x Derived) {
	if x.Late {
		p.takeBack(x.Stream, Verdict{x.MS, x.Quality, x.Quality.Why == obs.Spike})
		return
	}
	p.show(x.Stream, x.MS, x.Reading, Verdict{}, x.Open)
}
