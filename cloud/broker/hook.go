package broker

import (
	"crypto/subtle"
	"errors"
	"log/slog"
	"strings"
	"sync"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// hook decides who may connect, publish and subscribe, and counts. It must stay
// the only hook: with several, one that says yes is enough.
type hook struct {
	mqtt.HookBase
	broker *Broker
	prefix string
	log    *slog.Logger
	counts *counts
	queues sync.Map      // *mqtt.Client of the aggregator → *atomic.Int64, messages queued for it
	places chan struct{} // held by publishers that are inside
	taken  sync.Map      // *mqtt.Client that holds a place
}

// onlooker is the user name of people who look on with an id like a gateway's.
const onlooker = "read"

func (h *hook) ID() string { return "lamppost" }

func (h *hook) Provides(b byte) bool {
	switch b {
	case mqtt.OnConnectAuthenticate, mqtt.OnACLCheck, mqtt.OnPublish, mqtt.OnPublishDropped, mqtt.OnPacketIDExhausted,
		mqtt.OnSessionEstablished, mqtt.OnQosPublish, mqtt.OnPacketSent, mqtt.OnPacketProcessed, mqtt.OnDisconnect, mqtt.OnClientExpired:
		return true
	}
	return false
}

// gatewayOf returns the gateway that a client speaks for; ok is false for one that
// looks on.
func gatewayOf(cl *mqtt.Client) (id string, ok bool) {
	id = cl.ID
	if i := strings.IndexAny(id, "./"); i >= 0 {
		id = id[:i]
	}
	assigned := cl.Properties.Props.AssignedClientID != "" // it did not say who it is
	return id, !assigned && string(cl.Properties.Username) != onlooker && obs.CheckID(id) == nil
}

func (h *hook) own(cl *mqtt.Client) bool { return string(cl.Properties.Username) == h.broker.user }

// OnConnectAuthenticate admits everybody who does not claim to be the aggregator and
// whose last will is in order. The library publishes a last will without asking
// OnACLCheck: it could forge an acknowledgement.
func (h *hook) OnConnectAuthenticate(cl *mqtt.Client, pk packets.Packet) bool {
	if h.own(cl) {
		return subtle.ConstantTimeCompare(pk.Connect.Password, []byte(h.broker.password)) == 1
	}
	if !pk.Connect.WillFlag {
		return true
	}
	id, ok := gatewayOf(cl)
	t, err := wire.ParseTopic(h.prefix, pk.Connect.WillTopic)
	if !ok || err != nil || t.Gateway != id || t.Kind != wire.OnlineTopic {
		return h.refuse(cl, "its last will is not its own online topic")
	}
	return true
}

func (h *hook) refuse(cl *mqtt.Client, why string) bool {
	h.counts.refused.Inc()
	h.log.Warn("an MQTT client was refused", "client", clip(cl.ID), "remote", cl.Net.Remote, "why", why)
	return false
}

// OnACLCheck is asked for each publish (write), each subscription (topic is the
// filter) and each delivery.
func (h *hook) OnACLCheck(cl *mqtt.Client, topic string, write bool) bool {
	if h.own(cl) {
		return true
	}
	id, ok := gatewayOf(cl)
	switch {
	case !ok:
		ok = !write && strings.HasPrefix(topic, h.prefix+"/")
	case write:
		t, err := wire.ParseTopic(h.prefix, topic)
		ok = err == nil && t.Gateway == id && t.Kind.Up()
	default:
		ok = h.mayHear(id, topic)
	}
	if !ok {
		h.counts.forbidden.Inc()
		h.log.Warn("an MQTT client went beyond its topics", "client", clip(cl.ID), "topic", clip(topic), "publish", write)
	}
	return ok
}

// mayHear accepts the topics meant for one gateway, and filters within them.
func (h *hook) mayHear(id, topic string) bool {
	rest, ok := strings.CutPrefix(topic, h.prefix+"/"+id+"/")
	if !ok {
		return false
	}
	if _, below, isCommand := strings.Cut(rest, string(wire.CommandTopic)+"/"); isCommand && strings.HasPrefix(rest, string(wire.CommandTopic)) {
		return below == "+" || below == "#" || obs.CheckID(below) == nil
	}
	return rest == string(wire.AckTopic) || rest == string(wire.DesiredTopic)
}

// OnPublish takes the retain flag from topics that are never retained: one message
// for each piece of each picture would stay for ever. And it lets a publisher wait
// while the aggregator's queues are nearly full, before its message is confirmed.
func (h *hook) OnPublish(cl *mqtt.Client, pk packets.Packet) (packets.Packet, error) {
	if !h.own(cl) {
		h.crowd(cl)
	}
	if !pk.FixedHeader.Retain {
		return pk, nil
	}
	t, err := wire.ParseTopic(h.prefix, pk.TopicName)
	if !h.own(cl) && (err != nil || !t.Kind.Retained() || h.broker.server.Topics.Retained.Len() >= maxRetained) {
		pk.FixedHeader.Retain = false
		h.counts.unretained.Inc()
	}
	return pk, nil
}

// OnPublishDropped counts a message that its subscriber was too slow for.
func (h *hook) OnPublishDropped(cl *mqtt.Client, _ packets.Packet) {
	h.count(cl, -1)
	h.counts.dropped.WithLabelValues(h.who(cl)).Inc()
}

// OnPacketIDExhausted counts a message for a client that acknowledges nothing.
func (h *hook) OnPacketIDExhausted(cl *mqtt.Client, _ packets.Packet) {
	h.counts.dropped.WithLabelValues(h.who(cl)).Inc()
}

func (h *hook) who(cl *mqtt.Client) string {
	if h.own(cl) {
		return "aggregator"
	}
	return "gateway"
}

// OnDisconnect counts connections that ended because of what the client sent.
func (h *hook) OnDisconnect(cl *mqtt.Client, err error, _ bool) {
	h.queues.Delete(cl)
	if errors.Is(err, packets.ErrPacketTooLarge) {
		h.counts.oversized.Inc()
		h.log.Warn("an MQTT client sent too large a packet and was disconnected", "client", clip(cl.ID), "limit", maxPacket)
	}
}

// OnClientExpired removes what the library forgets to.
func (h *hook) OnClientExpired(cl *mqtt.Client) {
	h.broker.server.UnsubscribeClient(cl)
	cl.ClearInflights()
}

// clip shortens hostile text for the log.
func clip(s string) string {
	if len(s) > 80 {
		return s[:80] + "…"
	}
	return s
}
