//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// storeID is the stand-in's; the gateway pins it.
const storeID = "tcpbench"

// ackEvery is how long acknowledgements are gathered, as an aggregator does.
const ackEvery = 200 * time.Millisecond

// cloud stands in for an aggregator: it decodes what comes, as that would, counts it
// and acknowledges it. It keeps nothing.
type cloud struct {
	client mqtt.Client

	mu       sync.Mutex
	unpacker wire.Unpacker
	stored   map[wire.Epoch]*wire.RangeSet
	alerts   []wire.Revised
	counts
	bad error
}

// counts are what arrived so far.
type counts struct {
	Live, Backfill, Bytes, Alerts, Events, States, Bare int
}

// acknowledge takes the broker's address. It prints the counts whenever it reads a
// line, so that the rig can take two and subtract.
func acknowledge(ctx context.Context, args []string) error {
	c := &cloud{stored: map[wire.Epoch]*wire.RangeSet{}}
	o := mqtt.NewClientOptions().AddBroker("tcp://" + args[0]).SetClientID("stand-in").SetOrderMatters(true)
	c.client = mqtt.NewClient(o)
	if t := c.client.Connect(); t.Wait() && t.Error() != nil {
		return t.Error()
	}
	prefix := wire.DefaultPrefix + "/+/"
	topics := map[string]byte{prefix + "live": 1, prefix + "backfill": 1, prefix + "alert": 1, prefix + "event": 1, prefix + "state": 1, "bench/+": 0}
	if t := c.client.SubscribeMultiple(topics, c.receive); t.Wait() && t.Error() != nil {
		return t.Error()
	}
	fmt.Println("listening")
	go c.report()
	tick := time.NewTicker(ackEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			c.client.Disconnect(100)
			return nil
		case <-tick.C:
			if err := c.answer(); err != nil {
				return err
			}
		}
	}
}

// report prints the counts for each line on standard input.
func (c *cloud) report() {
	var line string
	for {
		if _, err := fmt.Fscanln(os.Stdin, &line); err != nil {
			return
		}
		c.mu.Lock()
		n := c.counts
		c.mu.Unlock()
		fmt.Println("counts", n.Live, n.Backfill, n.Bytes, n.Alerts, n.Events, n.States, n.Bare)
	}
}

func (c *cloud) receive(_ mqtt.Client, m mqtt.Message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t, err := wire.ParseTopic(wire.DefaultPrefix, m.Topic())
	if err != nil {
		c.Bare++ // the yardstick's
		return
	}
	c.Bytes += len(m.Payload())
	c.bad = errors.Join(c.bad, c.take(t, m.Payload()))
}

func (c *cloud) take(t wire.Topic, payload []byte) error {
	switch t.Kind {
	case wire.LiveTopic, wire.BackfillTopic:
		p, err := c.unpacker.Unpack(t.Gateway, payload)
		if err != nil {
			return err
		}
		if t.Kind == wire.LiveTopic {
			c.Live += len(p.Values)
		} else {
			c.Backfill += len(p.Values)
		}
		if p.Boot != "" { // it has no clock yet: the time, at once
			return c.say(&wire.Ack{Epoch: p.Epoch, Echo: p.Echo()})
		}
		c.keep(p.Epoch, p.Ranges...)
	case wire.StateTopic:
		c.States++
		return wire.Decode(payload, new(wire.State))
	case wire.AlertTopic:
		var a wire.Alert
		if err := wire.Decode(payload, &a); err != nil {
			return err
		}
		c.Alerts++
		c.alerts = append(c.alerts, wire.Revised{ID: a.ID, Rev: a.Rev})
		c.keep(a.Epoch, wire.Range{From: a.Seq, To: a.Seq})
	case wire.EventTopic:
		var e wire.Event
		if err := wire.Decode(payload, &e); err != nil {
			return err
		}
		c.Events++
		c.keep(e.Epoch, wire.Range{From: e.Seq, To: e.Seq})
	}
	return nil
}

func (c *cloud) keep(e wire.Epoch, rs ...wire.Range) {
	set := c.stored[e]
	if set == nil {
		set = new(wire.RangeSet)
		c.stored[e] = set
	}
	for _, r := range rs {
		set.Add(r)
	}
}

// answer acknowledges what came since the last time.
func (c *cloud) answer() error {
	c.mu.Lock()
	stored, alerts, bad := c.stored, c.alerts, c.bad
	c.stored, c.alerts = map[wire.Epoch]*wire.RangeSet{}, nil
	c.mu.Unlock()
	if bad != nil {
		return bad
	}
	for e, set := range stored {
		for part := range slices.Chunk(set.Ranges(), wire.MaxRanges) {
			if err := c.say(&wire.Ack{Epoch: e, Stored: part, Alerts: alerts}); err != nil {
				return err
			}
			alerts = nil
		}
	}
	return nil
}

// say publishes an acknowledgement and does not wait for the broker.
func (c *cloud) say(a *wire.Ack) error {
	a.V, a.Store, a.Time = wire.Version, storeID, time.Now().UnixMilli()
	b, err := wire.Encode(a)
	if err != nil {
		return err
	}
	c.client.Publish(wire.Topic{Gateway: gatewayID, Kind: wire.AckTopic}.Build(wire.DefaultPrefix), 1, false, b)
	return nil
}
