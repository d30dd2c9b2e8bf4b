package gateway

import (
	"context"
	"slices"
	"sync"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// maxMissing bounds the pictures that are to be told of: more than wait on a disk.
const maxMissing = 2048

// absent are pictures that alerts have named and that will never come, until that is
// written down. Who gives one up may hold any lock: only tellMissing takes the gateway's.
type absent struct {
	mu   sync.Mutex
	list []lostPicture
	wake chan struct{}
}

type lostPicture struct{ image, why string }

func newAbsent() *absent { return &absent{wake: make(chan struct{}, 1)} }

// add notes a picture, with a word of wire.Missing. It does not block.
func (m *absent) add(image, why string) {
	m.mu.Lock()
	if len(m.list) < maxMissing {
		m.list = append(m.list, lostPicture{image, why})
	}
	m.mu.Unlock()
	kick(m.wake)
}

// take returns what was noted, as few events as will do.
func (m *absent) take() (events []*wire.Missing) {
	m.mu.Lock()
	list := m.list
	m.list = nil
	m.mu.Unlock()
	for _, p := range list {
		i := slices.IndexFunc(events, func(e *wire.Missing) bool { return e.Why == p.why && len(e.Images) < wire.MaxListed })
		if i < 0 {
			i, events = len(events), append(events, &wire.Missing{Why: p.why})
		}
		events[i].Images = append(events[i].Images, p.image)
	}
	return events
}

// missingLoop writes down which pictures will never come, until ctx ends.
func (g *Gateway) missingLoop(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-g.absent.wake:
			g.tellMissing()
		}
	}
}

// tellMissing writes down which pictures will never come, and sends that.
func (g *Gateway) tellMissing() {
	events := g.absent.take()
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, m := range events {
		g.event(wire.Event{Kind: "missing", Missing: m})
	}
}
