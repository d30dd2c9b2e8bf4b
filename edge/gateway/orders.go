package gateway

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/edge/still"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// ordersKey is the journal's state key for the pictures that alerts have named and that
// are not taken yet. It is set before the alert is written down, so it is on the disk when
// the alert is.
const ordersKey = "stills"

// afterGrace is how late a picture after an alert may be when the gateway did not run at
// its moment, or the camera gave none then, because it starts: such a picture still shows how things went on, and says when it was taken.
// One of the moment itself has no more than still.Patience.
const afterGrace = 10 * time.Minute

// keptOrder is an order, in the time of its own boot.
type keptOrder struct {
	Boot string `json:"boot"`
	still.Order
}

// keepOrders writes down which pictures are to be taken. The caller holds the lock.
func (g *Gateway) keepOrders() {
	kept := slices.Clone(g.oldOrders)
	for _, x := range g.orders.List() {
		kept = append(kept, keptOrder{g.clock.Boot(), x})
	}
	var state []byte
	var err error
	if len(kept) > 0 {
		state, err = json.Marshal(kept)
	} else if _, had := g.journal.State(ordersKey); !had {
		return
	}
	if err == nil {
		err = g.journal.SetState(ordersKey, state)
	}
	if err != nil {
		g.log.Error("which pictures are to be taken cannot be kept over a restart", "error", err)
	}
}

// recallOrders takes up the orders of an earlier run but for those whose picture is on the
// disk. The caller holds the lock.
func (g *Gateway) recallOrders() {
	state, ok := g.journal.State(ordersKey)
	if !ok {
		return
	}
	var kept []keptOrder
	if err := json.Unmarshal(state, &kept); err != nil {
		g.log.Warn("which pictures were to be taken cannot be read", "error", err)
	}
	var taken []string
	if g.keeper != nil && g.keeper.spool != nil {
		taken = g.keeper.spool.IDs()
	}
	kept = slices.DeleteFunc(kept, func(x keptOrder) bool { return wire.CheckUUID(x.Image) != nil || slices.Contains(taken, x.Image) })
	g.oldOrders = kept[:min(len(kept), still.MaxOrders)]
	g.resumeOrders()
}

// resumeOrders has the pictures of earlier runs taken that are still due, and gives up
// those that are too late. While it is not known how long nothing ran, they wait. The
// caller holds the lock.
func (g *Gateway) resumeOrders() {
	if len(g.oldOrders) == 0 {
		return
	}
	now := g.clock.BootMS()
	g.oldOrders = slices.DeleteFunc(g.oldOrders, func(x keptOrder) bool { return g.resumeOrder(x, now) })
	g.keepOrders()
}

// resumeOrder says whether it was decided what becomes of an order of an earlier run.
func (g *Gateway) resumeOrder(x keptOrder, now int64) bool {
	grace := still.Patience
	if x.Moment == wire.PictureAfter {
		grace = afterGrace
	}
	late, known := g.since(x.Boot, x.FromMS, now)
	switch {
	case !known && now-g.started <= grace.Milliseconds():
		return false
	case !known || late > grace.Milliseconds():
		g.log.Warn("a picture that an alert names was not taken: the gateway did not run at its moment", "device", x.Camera, "alert", x.Alert, "moment", x.Moment)
		g.absent.add(x.Image, wire.NotRun)
		return true
	}
	o := x.Order
	o.UntilMS = now - late + grace.Milliseconds()
	o.FromMS = now - min(late, 0)
	o.OldestMS = o.FromMS
	g.addOrder(o)
	return true
}

// since is how long ago it was bootMS of a boot, in ms; false while nobody knows.
func (g *Gateway) since(boot string, bootMS, now int64) (ms int64, known bool) {
	if boot == g.clock.Boot() {
		return now - bootMS, true
	}
	then, ok := g.clock.Date(boot, bootMS)
	is, too := g.clock.Date(g.clock.Boot(), now)
	if !ok || !too || then.Guess || is.Guess {
		return 0, false
	}
	return is.UnixMS - then.UnixMS, true
}

// watchOrders looks again at what waits since before. The caller does not hold the lock.
func (g *Gateway) watchOrders() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.gen == nil || len(g.oldOrders) == 0 {
		return
	}
	g.resumeOrders()
	g.askCameras(g.gen, g.clock.BootMS())
	g.armTimer(g.gen)
}
