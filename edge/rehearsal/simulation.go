package rehearsal

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/rule"
)

// Record is one recorded reading.
type Record struct {
	UnixMS int64
	Stream obs.Stream
	obs.Reading
}

// Happening is one change of an alert that would have come.
type Happening struct {
	UnixMS       int64
	Rule         string
	Was, Is      rule.Standing
	Stream       obs.Stream
	Value, Limit float64 // NaN: not known
	Quantity     rule.Quantity
	Over         time.Duration // the window of Quantity
	Early, Late  float64       // of a forecast, in how many seconds the limit is expected
	// Lead is how long the pre-alert had stood when the limit was reached, Ahead whether
	// there was one.
	Lead  time.Duration
	Ahead bool
}

// Tally is what would have come of one rule.
type Tally struct {
	Rule      string
	Alerts    int             // that reached a limit
	Forecasts int             // pre-alerts
	True      int             // pre-alerts that the limit followed
	False     int             // pre-alerts that ended without it
	Open      int             // pre-alerts that stand at the end
	Missed    int             // alerts of a rule with a forecast that none came before
	Inside    int             // of True: the limit was reached in the range that was announced
	Leads     []time.Duration // of each True, shortest first
	Raised    time.Duration   // how long alerts stood, pre-alerts left out
	Readings  int             // that the rule had, all its streams
	Unusable  int             // of them, flagged fail or missing
}

// Median is the middle of the leads, P10 what nine in ten exceed; 0 without any.
func (t *Tally) Median() time.Duration { return t.quantile(0.5) }

// P10 is the lead that nine in ten exceed.
func (t *Tally) P10() time.Duration { return t.quantile(0.1) }

func (t *Tally) quantile(q float64) time.Duration {
	if len(t.Leads) == 0 {
		return 0
	}
	return t.Leads[int(q*float64(len(t.Leads)-1)+0.5)]
}

// Simulation lets rules live through recorded readings. It is for one goroutine.
type Simulation struct {
	player   *player
	rules    map[string]*followed
	order    []string
	reads    map[obs.Stream][]*followed
	base     int64 // Unix ms of the engine's time 0
	begun    bool
	from, to int64
	happened func(Happening)

	newest   map[obs.Stream]latest
	doubles  int                         // readings left out, since their stream has another of the same time
	seen     map[obs.Stream]bool         // recorded, and used
	makes    map[obs.Stream][]obs.Stream // by source: the derived streams that rules read
	computed map[obs.Stream]bool         // derived streams of which a source was seen
}

// followed is one rule with what stands of it.
type followed struct {
	Tally
	reads       []obs.Stream
	forecasts   bool
	begun       int64 // of the pre-alert that stands, if ahead
	early, late float64
	ahead       bool
	raised      int64 // of the actual alert, if up
	up          bool
}

// NewSimulation makes one. Schedules go by the readings' own time in zone; nil: the
// machine's. happened is told each change as it comes; it may be nil.
func NewSimulation(rules []*rule.Rule, zone *time.Location, happened func(Happening)) *Simulation {
	s := &Simulation{rules: map[string]*followed{}, reads: map[obs.Stream][]*followed{}, happened: happened,
		newest: map[obs.Stream]latest{}, seen: map[obs.Stream]bool{}, makes: map[obs.Stream][]obs.Stream{}, computed: map[obs.Stream]bool{}}
	if happened == nil {
		s.happened = func(Happening) {}
	}
	for _, r := range rules {
		f := &followed{Tally: Tally{Rule: r.ID()}, reads: r.Streams(), forecasts: r.Spec().Forecast != (rule.Forecast{})}
		s.rules[r.ID()], s.order = f, append(s.order, r.ID())
		for _, st := range r.Streams() {
			s.reads[st] = append(s.reads[st], f)
		}
	}
	s.player = newPlayer(rules, s.follow)
	if zone == nil {
		zone = time.Local
	}
	s.player.engine.Civil(func(ms int64) (time.Time, bool) { return time.UnixMilli(s.base + ms).In(zone), true })
	return s
}

// Reads says whether any rule reads a stream, or something that is derived from it.
func (s *Simulation) Reads(st obs.Stream) bool { return len(s.reads[st]) > 0 || len(s.makes[st]) > 0 }

// Take shows one reading. They come in the order of their time; one that is late counts
// as the gateway counts it: not at all where its stream has a newer one. So does one that
// was recorded once more, with a late verdict: Judge finds that anew.
func (s *Simulation) Take(r Record) {
	newest, known := s.newest[r.Stream]
	if s.superseded(r.Stream) || known && r.UnixMS <= newest.at {
		if known && r.UnixMS == newest.at && r.Reading.Value != newest.value && !math.IsNaN(r.Reading.Value) {
			s.doubles++
		}
		return
	}
	s.newest[r.Stream] = latest{r.UnixMS, r.Reading.Value}
	if !s.begun {
		s.begun, s.base, s.from, s.player.base = true, r.UnixMS, r.UnixMS, r.UnixMS
	}
	s.to = max(s.to, r.UnixMS)
	s.count(r.Stream, r.Reading)
	s.player.observe(r.Stream, r.UnixMS-s.base, r.Reading)
}

// Doubles is how many readings had the time of another one of their stream, with another
// value: the first of them was taken.
func (s *Simulation) Doubles() int { return s.doubles }

// latest is the newest reading of a stream.
type latest struct {
	at    int64 // Unix ms
	value float64
}

// Span is from when to when readings were taken, Unix ms; both 0 before the first.
func (s *Simulation) Span() (from, to int64) { return s.from, s.to }

// Finish lets what is due at the last reading happen and returns what came of each rule,
// in their order. Alerts that stand then count as long as they stood.
func (s *Simulation) Finish() (all []Tally) {
	if s.begun {
		s.player.finish(s.to - s.base)
	}
	for _, id := range s.order {
		f := s.rules[id]
		if f.up {
			f.Raised += time.Duration(s.to-f.raised) * time.Millisecond
		}
		if f.ahead {
			f.Open++
		}
		slices.Sort(f.Leads)
		all = append(all, f.Tally)
	}
	return all
}

// follow counts one transition.
func (s *Simulation) follow(t rule.Transition) {
	if t.Was == t.Is {
		return
	}
	f := s.rules[t.Rule]
	h := Happening{UnixMS: s.base + t.At, Rule: t.Rule, Was: t.Was, Is: t.Is, Stream: t.Stream, Value: t.Value, Limit: t.Limit, Quantity: t.Quantity, Over: t.Over, Early: t.Early, Late: t.Late}
	was, is := t.Was.Stage, t.Is.Stage
	if is == rule.StageForecast && was != rule.StageForecast && was != rule.StageActual {
		f.Forecasts++
		f.ahead, f.begun, f.early, f.late = true, h.UnixMS, t.Early, t.Late
	}
	if is == rule.StageActual && was != rule.StageActual {
		f.reached(&h)
	}
	if was == rule.StageActual && is != rule.StageActual {
		f.up = false
		f.Raised += time.Duration(h.UnixMS-f.raised) * time.Millisecond
	}
	if is == "" && f.ahead {
		f.False++
		f.ahead = false
	}
	s.happened(h)
}

// reached counts an alert whose limit is reached now.
func (f *followed) reached(h *Happening) {
	f.Alerts++
	f.up, f.raised = true, h.UnixMS
	switch {
	case f.ahead:
		h.Ahead, h.Lead = true, time.Duration(h.UnixMS-f.begun)*time.Millisecond
		f.True++
		f.Leads = append(f.Leads, h.Lead)
		if s := h.Lead.Seconds(); f.early <= s && s <= f.late {
			f.Inside++
		}
		f.ahead = false
	case f.forecasts:
		f.Missed++
	}
}

// SortRecords puts readings in the order of their time; what was written first stays
// first among equals.
func SortRecords(all []Record) {
	slices.SortStableFunc(all, func(a, b Record) int { return cmp.Compare(a.UnixMS, b.UnixMS) })
}
