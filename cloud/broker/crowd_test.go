package broker

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
	"github.com/mochi-mqtt/server/v2/system"
	"github.com/prometheus/client_golang/prometheus"
)

// queued makes a hook with n messages queued for the aggregator's one connection.
func queued(n int64) (*hook, *mqtt.Client) {
	h := &hook{broker: &Broker{user: "me"}, log: slog.New(slog.DiscardHandler), counts: newCounts(prometheus.NewRegistry(), &system.Info{}),
		places: make(chan struct{}, inside)}
	cl := &mqtt.Client{}
	cl.Properties.Username = []byte("me")
	h.OnSessionEstablished(cl, packets.Packet{})
	h.count(cl, n)
	return h, cl
}

func TestPublishersWaitForAFullQueue(t *testing.T) {
	publish := packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Publish, Qos: 1}}
	for name, c := range map[string]struct {
		n    int64
		then func(*hook, *mqtt.Client) // half a second later
		want time.Duration
	}{
		"room":                  {crowded - 1, func(*hook, *mqtt.Client) {}, 0},
		"full, then one leaves": {crowded, func(h *hook, cl *mqtt.Client) { h.OnPacketSent(cl, publish, nil) }, shove / 2},
		"full for long":         {crowded, func(*hook, *mqtt.Client) {}, shove},
		"the connection ends":   {crowded, func(h *hook, cl *mqtt.Client) { h.OnDisconnect(cl, nil, true) }, shove / 2},
		"a confirmation leaves": {crowded, func(h *hook, cl *mqtt.Client) {
			h.OnPacketSent(cl, packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Puback}}, nil)
		}, shove},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h, cl := queued(c.n)
				time.AfterFunc(shove/2, func() { c.then(h, cl) })
				begin := time.Now()
				h.crowd(&mqtt.Client{})
				if got := time.Since(begin); got < c.want || got > c.want+2*glance {
					t.Errorf("waited %s, want %s", got, c.want)
				}
				time.Sleep(shove)
			})
		})
	}
}

// However many publish at once, only so many are inside, and each lets the next in.
func TestPublishersTakeTurns(t *testing.T) {
	publish := packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Publish, Qos: 1}}
	synctest.Test(t, func(t *testing.T) {
		h, _ := queued(0)
		var finished atomic.Int64
		var mu sync.Mutex
		in, most := 0, 0
		step := func(n int) {
			mu.Lock()
			defer mu.Unlock()
			in += n
			most = max(most, in)
		}
		for range 4 * inside {
			go func() {
				cl := &mqtt.Client{}
				h.crowd(cl)
				step(1)
				time.Sleep(shove / 10)
				step(-1)
				h.OnPacketProcessed(cl, packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Pingreq}}, nil)
				h.OnPacketProcessed(cl, publish, nil)
				h.OnPacketProcessed(cl, publish, nil) // a publish that was not let in
				finished.Add(1)
			}()
		}
		time.Sleep(2 * shove)
		mu.Lock()
		defer mu.Unlock()
		if most != inside || finished.Load() != 4*inside || len(h.places) != 0 {
			t.Errorf("%d inside at once, %d finished, %d places still taken; want %d, %d, 0", most, finished.Load(), len(h.places), inside, 4*inside)
		}
	})
}

func TestOnlyMessagesAreCounted(t *testing.T) {
	h, cl := queued(0)
	h.OnQosPublish(cl, packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Puback}}, 0, 0)
	h.OnQosPublish(cl, packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Publish, Qos: 1}}, 0, 0)
	h.OnQosPublish(&mqtt.Client{}, packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Publish, Qos: 1}}, 0, 0)
	q, _ := h.queues.Load(cl)
	if n := q.(*atomic.Int64).Load(); n != 1 {
		t.Errorf("%d messages counted, want 1", n)
	}
}
