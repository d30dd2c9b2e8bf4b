package broker

import (
	"sync/atomic"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

const (
	// crowded is how many messages may wait for one of the aggregator's connections
	// before publishers have to.
	crowded = maxPending * 3 / 4
	// glance is how often a waiting publisher looks again, and shove how long it waits
	// at most: then the library drops the message, which is counted, and the gateway
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

// crowd waits while one of the aggregator's queues is nearly full. A whole city that
// comes back at once is a burst of thousands of messages in a moment, and the
// aggregator takes them as fast as the machine can: a few milliseconds are enough.
func (h *hook) crowd() {
	if !h.full() {
		return
	}
	h.counts.waits.Inc()
	tick := time.NewTicker(glance)
	defer tick.Stop()
	end := time.NewTimer(shove)
	defer end.Stop()
	for h.full() {
		select {
		case <-tick.C:
		case <-end.C:
			return
		}
	}
}

func (h *hook) full() (full bool) {
	h.queues.Range(func(_, q any) bool {
		full = q.(*atomic.Int64).Load() >= crowded
		return !full
	})
	return full
}
