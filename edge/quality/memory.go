package quality

import (
	"math"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Memory is what of a stream's tests a restart must not lose, as it is written down: a
// sensor that stands still would be credible again after each.
type Memory struct {
	Tests map[string]Kept `json:"tests"` // by their names in the configuration
}

// Kept is what one test keeps. Times are milliseconds since boot.
type Kept struct {
	Asked uint64  `json:"asked,omitempty"` // what the test was asked for; of one that is asked otherwise no flag stands
	QC    int     `json:"qc,omitempty"`    // the flag that stands: 3 suspect, 4 fail; else none
	Low   float64 `json:"low,omitempty"`   // of the values that did not move
	High  float64 `json:"high,omitempty"`  // not below Low
	From  int64   `json:"from,omitempty"`
	End   int64   `json:"end,omitempty"`
	N     int     `json:"n,omitempty"` // of the values that did not move; 0: there is no such stretch
	// Before is what was kept without the value at End, which may yet turn out to be a
	// spike; nil: the same.
	Before *Kept `json:"before,omitempty"`
}

// before is what is kept without the newest value.
func (k *Kept) before() *Kept {
	if k.Before == nil {
		return k
	}
	return k.Before
}

// flagged notes the flag f, if it may stand.
func (k *Kept) flagged(f obs.Flag) {
	if bad := standing(f); bad != obs.NotEvaluated {
		k.QC = bad.Code()
	}
}

// later is a time by so much greater; the least one, which is none, stays.
func later(ms, byMS int64) int64 {
	if ms == math.MinInt64 {
		return ms
	}
	return ms + byMS
}

// bad is the flag that stands, NotEvaluated if none does.
func (k Kept) bad() obs.Flag {
	f, _ := obs.FlagOf(k.QC)
	return standing(f)
}

// standing is f if it may stand over a restart, else NotEvaluated.
func standing(f obs.Flag) obs.Flag {
	if f == obs.Suspect || f == obs.Fail {
		return f
	}
	return obs.NotEvaluated
}

// undoing is a test that judges a value by those before it.
type undoing interface {
	// takeBack undoes what the newest value did to what is remembered, if that is the one at
	// ms: it was a spike, and to the values behind it the test is as if it had not been.
	takeBack(ms int64)
}

// lasting is a test with a memory that outlives a restart. The others judge a value by
// the one before it, or by the moment, and begin anew; but for the spike test, which is
// shown the values before, see [Stream.Precede].
type lasting interface {
	test
	undoing
	keep() Kept
	recall(k Kept)
	// resume says that the gateway did not run until now, and shift that times are by so
	// much greater from now on.
	resume()
	shift(byMS int64)
}

// Memory returns what a restart must not lose; false if there is nothing.
func (s *Stream) Memory() (m Memory, ok bool) {
	if s.battery == nil {
		return m, false
	}
	for _, e := range s.battery.entries {
		l, is := e.test.(lasting)
		if !is {
			continue
		}
		k := l.keep()
		if s.spike() == nil {
			k.Before = nil // nothing will take it back
		}
		if k.QC != 0 || k.N > 0 || k.Before != nil {
			if m.Tests == nil {
				m.Tests = map[string]Kept{}
			}
			k.Asked = s.battery.from.asked(e.name)
			m.Tests[e.name] = k
		}
	}
	return m, m.Tests != nil
}

// Bad says whether a flag stands.
func (m Memory) Bad() bool {
	for _, k := range m.Tests {
		if k.bad() != obs.NotEvaluated || k.before().bad() != obs.NotEvaluated {
			return true
		}
	}
	return false
}

// Recall takes up what an earlier run of the program, or of the stream, kept. A value that
// stood still did so whatever was asked: where a test is asked for otherwise, it judges
// that anew.
func (s *Stream) Recall(m Memory) {
	if s.battery == nil {
		return
	}
	for _, e := range s.battery.entries {
		if l, is := e.test.(lasting); is {
			if k, has := m.Tests[e.name]; has {
				if k.Asked != s.battery.from.asked(e.name) {
					k = k.unflagged()
				}
				l.recall(k)
			}
		}
	}
}

// unflagged is k without a flag.
func (k Kept) unflagged() Kept {
	if k.QC = 0; k.Before != nil {
		before := *k.Before
		before.QC, k.Before = 0, &before
	}
	return k
}

// Unsay says that the reading at bootMS, which Remember showed or Recall took up as the
// newest one, was found to be a spike. Of an older one that is known already.
func (s *Stream) Unsay(bootMS int64) {
	s.lasting(func(l lasting) { l.takeBack(bootMS) })
}

// Remember shows the tests a reading that an earlier run has judged and written down,
// in order. Nothing is judged anew.
func (s *Stream) Remember(bootMS int64, r obs.Reading) {
	if s.battery == nil {
		return
	}
	v := s.battery.seen(r)
	for _, e := range s.battery.entries {
		switch t := e.test.(type) {
		case *twin:
			t.remember(bootMS, r)
		case lasting:
			t.judge(bootMS, v)
		}
	}
}

// judged says whether a value failed for a reason that came after the tests had seen it:
// one of theirs, or that somebody worked on the part.
func (b *battery) judged(why obs.Reason) bool {
	if why == obs.Maintenance || why == obs.Place {
		return true
	}
	for _, e := range b.entries {
		if e.why == why {
			return true
		}
	}
	return false
}

// Resume says that the program did not run for a while before what comes now: until a
// test can tell, what stood stands.
func (s *Stream) Resume() {
	s.lasting(lasting.resume)
}

// Shift makes the times of what is remembered by so much greater, where the clock that
// counts since boot began anew.
func (s *Stream) Shift(byMS int64) {
	s.lasting(func(l lasting) { l.shift(byMS) })
}

func (s *Stream) lasting(fn func(lasting)) {
	if s.battery == nil {
		return
	}
	for _, e := range s.battery.entries {
		if l, is := e.test.(lasting); is {
			fn(l)
		}
	}
}

// hold is the flag that stood when the program ended. It stands until the test has an
// opinion of its own again, and no longer than the test would take for one.
type hold struct {
	flag    obs.Flag // NotEvaluated: none
	begun   bool
	untilMS int64
}

// over returns now, or what stands instead of it while the test cannot tell.
func (h *hold) over(ms, forMS int64, now obs.Flag) obs.Flag {
	if h.flag == obs.NotEvaluated || now == obs.Missing {
		return now
	}
	if !h.begun {
		h.begun, h.untilMS = true, ms+forMS
	}
	if now != obs.NotEvaluated || ms > h.untilMS {
		h.flag = obs.NotEvaluated
		return now
	}
	return h.flag
}
