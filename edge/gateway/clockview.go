package gateway

import (
	"time"

	"github.com/lamppost-city/lamppost/edge/clock"
	"github.com/lamppost-city/lamppost/edge/health"
	"github.com/lamppost-city/lamppost/edge/status"
)

// clockGrace is how long a gateway that has just started may take to find out what
// its clock is worth before anybody is told.
const clockGrace = 30_000 // ms

// clockHealth is what health says of the clock.
func (g *Gateway) clockHealth(now int64) health.Clock {
	s := g.clock.Status()
	h := health.Clock{State: s.State, For: ms(s.ForMS), Error: ms(s.ErrMS), Year: g.opt.Wall().Year()}
	if s.State == clock.Unsynced {
		if h.For = ms(now - g.started); now-g.started < clockGrace {
			h.State = clock.Synced
		}
	}
	if d := s.Dispute; d != nil {
		h.Disputed, h.Off = [2]string{d.Source, d.Against}, ms(d.OffMS)
	}
	return h
}

func ms(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

// clockStatus is what the status page shows of the clock.
func (g *Gateway) clockStatus() status.Clock {
	s := g.clock.Status()
	out := status.Clock{State: s.State, ErrorMS: s.ErrMS, Source: s.Source, ForMS: s.ForMS, Undated: g.undatedRecords(),
		Floor: g.clock.Floor().UnixMilli()}
	if d := s.Dispute; d != nil {
		out.Disputed = []string{d.Source, d.Against}
	}
	return out
}

// registerClock adds the figures of the clock.
func (g *Gateway) registerClock(gauge func(name, help string, f func() float64)) {
	gauge("lamppost_clock_state", "2 synced, 1 held, 0 unsynced.", func() float64 {
		return map[string]float64{clock.Synced: 2, clock.Held: 1}[g.clock.State()]
	})
	gauge("lamppost_clock_error_seconds", "Half width of what the time may be; 0 while unsynced.", func() float64 {
		return float64(g.clock.Status().ErrMS) / 1000
	})
	gauge("lamppost_clock_disputed", "1 while two sources of time contradict each other.", func() float64 {
		return truth(g.clock.Status().Dispute != nil)
	})
	gauge("lamppost_clock_undated_records", "Records in the journal whose time is not known yet.", func() float64 {
		return float64(g.undatedRecords())
	})
}
