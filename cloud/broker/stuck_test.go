package broker_test

import (
	"net"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"github.com/lamppost-city/lamppost/cloud/broker"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// deaf is a connection of the aggregator that subscribes and then reads nothing.
func deaf(t *testing.T, b *broker.Broker, filter string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", b.Address())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	user, password := b.Credentials()
	hello := packets.NewControlPacket(packets.Connect).(*packets.ConnectPacket)
	hello.ProtocolName, hello.ProtocolVersion, hello.CleanSession = "MQTT", 4, true
	hello.ClientIdentifier, hello.Username, hello.Password = "deaf", user, []byte(password)
	hello.UsernameFlag, hello.PasswordFlag, hello.Keepalive = true, true, 600
	sub := packets.NewControlPacket(packets.Subscribe).(*packets.SubscribePacket)
	sub.MessageID, sub.Topics, sub.Qoss = 1, []string{filter}, []byte{1}
	for _, p := range []packets.ControlPacket{hello, sub} {
		if err := p.Write(c); err != nil {
			t.Fatal(err)
		}
		if _, err := packets.ReadPacket(c); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// One client that stops reading holds nobody up: the library would let everybody who
// publishes to it wait for as long as its keepalive.
func TestStuckClientIsDisconnected(t *testing.T) {
	b, _ := start(t)
	deaf(t, b, "lamppost/v1/+/live")
	other := mustDial(t, b, "me", own(b))
	other.granted(t, "lamppost/v1/+/live")
	gw := mustDial(t, b, "gw")
	payload := make([]byte, wire.MaxMessage)
	for n := range 300 { // 20 MB: more than the system buffers
		begin := time.Now()
		if tok := gw.Publish("lamppost/v1/gw/live", 1, false, payload); !tok.WaitTimeout(patience) || tok.Error() != nil {
			t.Fatalf("message %d after %s: %v", n, time.Since(begin), tok.Error())
		}
		<-other.got
	}
}
