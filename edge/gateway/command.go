package gateway

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/edge/action"
	"github.com/lamppost-city/lamppost/edge/alert"
	"github.com/lamppost-city/lamppost/edge/command"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// newClerk makes who carries out what is asked from afar, and knows what was carried out
// before the start.
func (g *Gateway) newClerk(cfg *config.Uplink) *command.Clerk {
	o := command.Options{Gateway: g.id, Prefix: cfg.Prefix, Journal: g.journal, Now: g.clock.BootMS, Clock: g.clock.Time, Log: g.log,
		Do: map[string]command.Do{
			wire.KindRewind:      {Again: true, Run: g.rewindFor},
			wire.KindAcknowledge: {Again: true, Run: g.acknowledgeFor},
			wire.KindRead:        {Run: g.readFor},
			wire.KindStill:       {Run: g.stillFor},
			wire.KindActuate:     {Run: g.actuateFor},
		}}
	for _, k := range cfg.Commands {
		o.Grants = append(o.Grants, command.Grant(k))
	}
	return command.New(o)
}

// carrier has commands carried out once the gateway runs. The link may be up before: what is
// asked meanwhile waits, and is not refused because its alert, device or output is not known yet.
func (g *Gateway) carrier(clerk *command.Clerk) func(context.Context, wire.Command) wire.Reply {
	return func(ctx context.Context, c wire.Command) wire.Reply {
		if !g.running(ctx) {
			return wire.Reply{} // it comes again
		}
		return clerk.Carry(ctx, c)
	}
}

// running waits until the gateway runs; false: ctx ended first.
func (g *Gateway) running(ctx context.Context) bool {
	select {
	case <-g.began:
		return true
	case <-ctx.Done():
		return false
	}
}

// rewindFor makes a store get again what it lost.
func (g *Gateway) rewindFor(_ context.Context, c wire.Command, by string) (wire.Reply, error) {
	stores := g.uplink.Status().Stores
	if len(stores) > 0 && !slices.Contains(stores, c.Rewind.Store) {
		return wire.Reply{}, command.Refuse(wire.RefusedUnknown, "store %q is not one of those that this gateway reports to: %q", c.Rewind.Store, stores)
	}
	n, err := g.uplink.Rewind(c.Rewind.Since)
	if err != nil {
		return wire.Reply{}, err
	}
	g.log.Info("asked from afar to send again", "store", c.Rewind.Store, "since_ms", c.Rewind.Since, "records", n, "by", by)
	return wire.Reply{Records: n}, nil
}

// acknowledgeFor silences the outputs of an alert that a person has seen, and says so in
// the alert. The answer waits for the hardware.
func (g *Gateway) acknowledgeFor(ctx context.Context, c wire.Command, by string) (r wire.Reply, err error) {
	r.Outputs, err = g.acknowledge(c.Acknowledge.Alert, by)
	if err != nil {
		return wire.Reply{}, err
	}
	g.mu.Lock()
	s := g.switchingNow()
	g.mu.Unlock()
	for _, id := range r.Outputs {
		if v, err := s.board.Settled(ctx, id); err != nil {
			return wire.Reply{}, errors.New(id + ": " + err.Error())
		} else if v.State == "on" {
			return wire.Reply{}, errors.New(id + ": it was switched on again by " + v.By)
		}
	}
	return r, nil
}

// acknowledge notes who has seen an active alert and returns the outputs that go off for
// that. A second acknowledgement changes nothing.
func (g *Gateway) acknowledge(id, by string) (silenced []string, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var a *wire.Alert
	for _, active := range g.active {
		if active.ID == id {
			a = active
		}
	}
	if _, over := g.ended[id]; a == nil && over {
		return nil, command.Refuse(wire.RefusedOver, "the alert has ended already")
	}
	if a == nil || g.gen == nil {
		return nil, command.Refuse(wire.RefusedUnknown, "no alert of this id is active here")
	}
	silenced = g.gen.switching.silence(a.Rule, by)
	if a.Acknowledged != nil {
		return silenced, nil
	}
	now := g.clock.BootMS()
	next := alert.Acknowledge(a, g.moment(now), by)
	saved := alert.Saved{Rule: a.Rule, Snapshot: g.gen.engine.Snapshot(a.Rule), Alert: &next, Boot: g.clock.Boot(), BootMS: now}
	return silenced, g.publish(ruleKey+a.Rule, saved, next)
}

// silence ends what an acknowledged alert wants of the outputs that are audible.
func (s *switching) silence(rule, by string) (off []string) {
	if s == nil {
		return nil
	}
	for _, a := range s.wanted[rule] {
		if s.outputs[a.Output].Audible && s.board.Silence(a.Output, rule, by) {
			off = append(off, a.Output)
		}
	}
	return off
}

// actuateFor switches an output.
func (g *Gateway) actuateFor(ctx context.Context, c wire.Command, by string) (wire.Reply, error) {
	g.mu.Lock()
	s := g.switchingNow()
	g.mu.Unlock()
	if s == nil {
		return wire.Reply{}, command.Refuse(wire.RefusedUnknown, "this gateway has no outputs")
	}
	do := s.board.Off
	if c.Actuate.On {
		do = s.board.On
	}
	_, err := do(ctx, c.Actuate.Output, by, time.Duration(c.Actuate.ForMS)*time.Millisecond)
	switch {
	case errors.Is(err, action.ErrUnknown):
		return wire.Reply{}, command.Refuse(wire.RefusedUnknown, "this gateway has no output %s", c.Actuate.Output)
	case errors.Is(err, action.ErrRefused):
		return wire.Reply{}, command.Refuse(wire.RefusedBlocked, "%s", strings.TrimPrefix(err.Error(), action.ErrRefused.Error()+": "))
	}
	return wire.Reply{}, err
}

// readFor samples a device beside its rhythm. The readings go the way of all.
func (g *Gateway) readFor(ctx context.Context, c wire.Command, _ string) (wire.Reply, error) {
	t, err := g.sampleNow(ctx, c.Read.Device)
	if err != nil {
		return wire.Reply{}, err
	}
	return wire.Reply{}, t.err
}

// heldBack is said of a picture that was taken and does not leave yet.
const heldBack = "it waits until the day's byte budget has room for it, and gives way to a newer one of its camera"

// stillFor has a camera take a picture, and sends it.
func (g *Gateway) stillFor(ctx context.Context, c wire.Command, _ string) (wire.Reply, error) {
	t, err := g.sampleNow(ctx, c.Still.Device)
	switch {
	case err != nil:
		return wire.Reply{}, err
	case t.err != nil:
		return wire.Reply{}, t.err
	case !t.still:
		return wire.Reply{}, command.Refuse(wire.RefusedUnknown, "%s takes no pictures", c.Still.Device)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	d := g.gen.devices[c.Still.Device]
	if d == nil {
		return wire.Reply{}, errors.New("the camera was taken out of the configuration meanwhile")
	}
	shot, ok := d.ring.Newest()
	if !ok {
		return wire.Reply{}, errors.New("the camera was taken out of the configuration meanwhile")
	}
	id := g.sendShot(d, shot, "", "", nil)
	if id == "" {
		return wire.Reply{}, errors.New("the picture cannot be sent; the gateway's log says why")
	}
	r := wire.Reply{Image: id}
	if g.uplink != nil && g.uplink.Held(id) {
		r.Detail = heldBack
	}
	return r, nil
}
