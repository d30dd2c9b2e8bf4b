package gateway

import (
	"context"
	"fmt"
	"slices"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/edge/command"
	"github.com/lamppost-city/lamppost/edge/poll"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// taken is how a sample came out that somebody waits for.
type taken struct {
	err   error // nil: the device answered
	still bool  // with a picture
}

// maxAwaited bounds those who wait for samples beside the devices' rhythm.
const maxAwaited = 4

// sampleNow has a device sampled as soon as its line is free, and waits for that. The
// error says that it cannot be, wrapping a *command.Refusal, or is ctx's.
func (g *Gateway) sampleNow(ctx context.Context, device string) (taken, error) {
	g.mu.Lock()
	wait := make(chan taken, 1)
	n := 0
	for _, waits := range g.awaited {
		n += len(waits)
	}
	switch {
	case g.gen == nil || g.gen.lines.pace(device) == nil:
		g.mu.Unlock()
		return taken{}, command.Refuse(wire.RefusedUnknown, "this gateway has no device %s", device)
	case n >= maxAwaited:
		g.mu.Unlock()
		return taken{}, command.Refuse(wire.RefusedBusy, "%d devices are being read already; ask again in a moment", n)
	}
	g.awaited[device] = append(g.awaited[device], wait)
	pace := g.gen.lines.pace(device)
	g.mu.Unlock()
	pace.Now()
	select {
	case t := <-wait:
		return t, nil
	case <-ctx.Done():
		g.mu.Lock()
		defer g.mu.Unlock()
		g.awaited[device] = slices.DeleteFunc(g.awaited[device], func(c chan taken) bool { return c == wait })
		return taken{}, ctx.Err()
	}
}

// tellTaken tells those who wait for a device how its sample came out. The caller holds
// the lock. A sample that began before it was asked for counts: its values are as new.
func (g *Gateway) tellTaken(s poll.Sample) {
	waits := g.awaited[s.Device]
	if len(waits) == 0 {
		return
	}
	t := taken{}
	if s.Err != nil {
		t.err = fmt.Errorf("%s: %w", drivers.FaultWord(s.Err), s.Err)
	}
	if src, ok := s.Driver.(drivers.StillSource); ok && s.Err == nil {
		_, t.still = src.Still()
	}
	for _, w := range waits {
		w <- t // there is room for the one answer
	}
	delete(g.awaited, s.Device)
}

// pace returns how a device's rhythm is changed, nil if it is not polled.
func (ls *Lines) pace(device string) *poll.Pace {
	for _, l := range ls.all {
		for _, d := range l.devices {
			if d.ID == device {
				return d.Pace
			}
		}
	}
	return nil
}
