package gateway

import (
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/quality"
	"github.com/lamppost-city/lamppost/edge/rehearsal"
)

// spikes are the spike tests of a configuration, for readings that were recorded with all
// that other tests said of them.
type spikes map[obs.Stream]*quality.Stream

func newSpikes(cfg *config.Config) spikes {
	all := spikes{}
	for _, d := range cfg.Devices {
		for channel, checks := range d.Checks {
			tests := quality.NewTests(obs.Checks{Spike: checks.Spike}, quality.Env{Every: d.Every})
			if tests.Doubts() {
				all[obs.Stream{Device: d.ID, Channel: channel}] = quality.New(&quality.Limits{Tests: tests}, 0)
			}
		}
	}
	return all
}

// Judge implements rehearsal.Judge.
func (all spikes) Judge(st obs.Stream, ms int64, r obs.Reading) (now obs.Reading, late rehearsal.Verdict, awaits bool) {
	_, late, awaits = judged(all[st], ms, r)
	return r, late, awaits
}

// judged is what a stream makes of a reading; nil leaves it as it is.
func judged(s *quality.Stream, ms int64, r obs.Reading) (now obs.Reading, late rehearsal.Verdict, awaits bool) {
	if s == nil {
		return r, late, false
	}
	now = s.Judge(ms, r)
	if ms, spiked := s.Spiked(); spiked {
		late = rehearsal.Verdict{MS: ms, Spike: true}
	}
	if l, ok := s.Late(); ok {
		late.MS, late.Quality = l.MS, l.Final
	}
	return now, late, s.Awaits()
}

// tests are those tests of a configuration that look at what a reading says, for readings
// that somebody made up: ranges, spike and rate of change. A series that is written by hand
// stands still as no sensor does, and has no neighbours; so nothing else judges it.
type tests map[obs.Stream]*quality.Stream

func newTests(cfg *config.Config, every time.Duration) tests {
	all := tests{}
	for _, d := range cfg.Devices {
		for i, c := range d.Plan.Channels {
			checks := d.Checks[c.Name]
			l := &quality.Limits{Part: quality.Range{Min: c.Min, Max: c.Max}, Metric: quality.Range{Min: d.Metrics[i].Min, Max: d.Metrics[i].Max}, Every: every}
			l.Narrow(checks.Gross)
			l.Tests = quality.NewTests(obs.Checks{Spike: checks.Spike, Rate: checks.Rate}, quality.Env{Every: every, Step: c.Resolution})
			all[obs.Stream{Device: d.ID, Channel: c.Name}] = quality.New(l, 0)
		}
	}
	return all
}

// Judge implements rehearsal.Judge.
func (all tests) Judge(st obs.Stream, ms int64, r obs.Reading) (now obs.Reading, late rehearsal.Verdict, awaits bool) {
	return judged(all[st], ms, r)
}
