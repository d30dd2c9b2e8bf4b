package gateway

import (
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
func (all spikes) Judge(st obs.Stream, ms int64, r obs.Reading) (late rehearsal.Verdict, awaits bool) {
	s := all[st]
	if s == nil {
		return late, false
	}
	s.Judge(ms, r)
	if l, ok := s.Late(); ok {
		late = rehearsal.Verdict{MS: l.MS, Quality: l.Final}
	}
	return late, s.Awaits()
}
