package broker

import (
	"sync/atomic"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

const (
	// inside is how many publishers may be between the confirmation of a message and
	// its place in the queues; crowded, how many messages may wait for one of the
	// aggregator's connections before those publishers have to wait as well. Together
	// they are what a queue holds, so nothing is dropped as long as the waits suffice.
	inside  = maxPending / 4
	crowded = maxPending - inside
	// glance is how often a waiting publisher looks again, and shove how long it waits
	// at most: then the library may drop the message, which is counted, and the gateway
	// sends it again. Longer, and its alerts would wait behind its history.
	glance = time.Millisecond
	shove  = time.Second
)

// OnSessionEstablished begins to count what is queued for the aggregator.
func (h *hook) OnSessionEstablished(cl *mqtt.Client, _ packets.Packet) {
	if h.own(cl) {
		h.queues.Store(cl, new(atomic.Int64))
	}
}

// OnQosPublish counts a message that is queued. The library also calls it for the
// confirmations of what a client itself publishes.
func (h *hook) OnQosPublish(cl *mqtt.Client, pk packets.Packet, _ int64, _ int) {
	if pk.FixedHeader.Type == packets.Publish {
		h.count(cl, 1)
	}
}

// OnPacketSent counts a message that has left its queue.
func (h *hook) OnPacketSent(cl *mqtt.Client, pk packets.Packet, _ []byte) {
	if pk.FixedHeader.Type == packets.Publish && pk.FixedHeader.Qos > 0 {
		h.count(cl, -1)
	}
}

func (h *hook) count(cl *mqtt.Client, n int64) {
	if q, ok := h.queues.Load(cl); ok {
		q.(*atomic.Int64).Add(n)
	}
}

// crowd lets a publisher in. A whole city that comes back at once is a burst of
// thousands of messages in a moment, and the aggregator takes them as fast as the
// machine can: a few milliseconds of waiting are enough.
func (h *hook) crowd(cl *mqtt.Client) {
	select {
	case h.places <- struct{}{}:
		h.taken.Store(cl, nil)
		if !h.full() {
			return
		}
	default:
	}
	h.counts.waits.Inc()
	end := time.NewTimer(shove)
	defer end.Stop()
	if _, in := h.taken.Load(cl); !in {
		select {
		case h.places <- struct{}{}:
			h.taken.Store(cl, nil)
		case <-end.C:
			return
		}
	}
	tick := time.NewTicker(glance)
	defer tick.Stop()
	for h.full() {
		select {
		case <-tick.C:
		case <-end.C:
			return
		}
	}
}

// OnPacketProcessed lets the next publisher in, however the packet ended.
func (h *hook) OnPacketProcessed(cl *mqtt.Client, pk packets.Packet, _ error) {
	if pk.FixedHeader.Type != packets.Publish {
		return
	}
	if _, in := h.taken.LoadAndDelete(cl); in {
		<-h.places
	}
}

func (h *hook) full() (full bool) {
	h.queues.Range(func(_, q any) bool {
		full = q.(*atomic.Int64).Load() >= crowded
		return !full
	})
	return full
}
