package uplink

import (
	"context"
	"crypto/ed25519"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// A command gets through and is answered, as often as it comes; what is not one is
// counted; a broker that lets nobody subscribe to commands is used without them.
func TestCommand(t *testing.T) {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := wire.Command{V: wire.Version, ID: alert(7, 1, 1).ID, Kind: wire.KindRewind, Rewind: &wire.Rewind{Store: "st-1"}, Issued: base, Until: base + 1000}
	c.Sign(key, wire.DefaultPrefix, gw)
	payload, err := wire.Encode(&c)
	if err != nil {
		t.Fatal(err)
	}
	for name, start := range brokers() {
		t.Run(name, func(t *testing.T) {
			address, _ := start(t)
			replies := make(chan string, 10)
			cloud := mqtt.NewClient(mqtt.NewClientOptions().AddBroker("tcp://" + address).SetClientID("cloud"))
			if !cloud.Connect().WaitTimeout(5 * time.Second) {
				t.Fatal("no connection")
			}
			defer cloud.Disconnect(50)
			if !cloud.Subscribe(wire.Filter(wire.DefaultPrefix, wire.ReplyTopic), 1, func(_ mqtt.Client, m mqtt.Message) {
				replies <- m.Topic() + " " + string(m.Payload())
			}).WaitTimeout(5 * time.Second) {
				t.Fatal("no subscription")
			}
			var asked atomic.Uint64
			u, _ := connect(t, Options{Brokers: []string{"mqtt://" + address}, Command: func(_ context.Context, got wire.Command) wire.Reply {
				asked := asked.Add(1)
				if err := got.Verify([]ed25519.PublicKey{key.Public().(ed25519.PublicKey)}, wire.DefaultPrefix, gw); err != nil {
					t.Error(err)
				}
				return wire.Reply{ID: got.ID, OK: true, Records: asked}
			}})
			eventually(t, "connected", func() bool { return u.Status().Connected })
			topic := wire.DefaultPrefix + "/" + gw + "/command/"
			for _, want := range []string{`"records":1`, `"records":2`} {
				cloud.Publish(topic+c.ID, 1, false, payload)
				if got := <-replies; !strings.Contains(got, want) || !strings.HasPrefix(got, wire.DefaultPrefix+"/"+gw+"/reply/"+c.ID+" ") {
					t.Errorf("answered %s, want %s", got, want)
				}
			}
			cloud.Publish(topic+alert(8, 1, 1).ID, 1, false, payload) // another one's id
			cloud.Publish(topic+c.ID, 1, false, "{}")
			eventually(t, "counted", func() bool { return u.Status().BadCommands == 2 })
		})
	}
}
