package ingest

import (
	"sync"
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
)

const (
	capacity  = 200_000 // readings per second of history, for all gateways together
	records   = 400_000 // records unacknowledged, for all gateways together
	minWindow = 500
	maxWindow = 20_000
	backLive  = 10 * time.Second // a gateway that sent history so lately is sending history
)

// pace knows which gateways are sending history.
type pace struct {
	mu    sync.Mutex
	last  map[string]time.Time
	swept time.Time
}

func (p *pace) note(gateway string, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last == nil {
		p.last = map[string]time.Time{}
	}
	p.last[gateway] = at
}

// active returns how many gateways are sending history.
func (p *pace) active(now time.Time) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now.Sub(p.swept) > time.Second {
		p.swept = now
		for g, at := range p.last {
			if now.Sub(at) > backLive {
				delete(p.last, g)
			}
		}
	}
	return len(p.last)
}

// credit shares what can be taken among those who send: all of it while the lanes
// are nearly empty, less as they fill, and no history while the store is down.
func (in *Ingest) credit() wire.Credit {
	n := max(in.pace.active(time.Now()), 1)
	c := wire.Credit{Window: min(max(records/n, minWindow), maxWindow), Backfill: max(capacity/n, 1)}
	fill := max(in.lanes[0].fill(), in.lanes[1].fill())
	switch {
	case fill > 0.8 || in.store.why() != "":
		c.Backfill = 0
	case fill > 0.5:
		c.Backfill = max(c.Backfill/4, 1)
	}
	return c
}
