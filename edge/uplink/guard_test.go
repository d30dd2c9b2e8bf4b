package uplink

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// packetBytes builds the bytes of an MQTT packet for the guard.
func packetBytes(kind byte, body int) []byte {
	b := []byte{kind << 4}
	b = binary.AppendUvarint(b, uint64(body)) // the same form as MQTT's length
	return append(b, make([]byte, body)...)
}

// publishBytes builds a PUBLISH with QoS 1.
func publishBytes(topic string, id uint16, payload int) []byte {
	p := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
	p.TopicName, p.Qos, p.Retain, p.MessageID, p.Payload = topic, 1, true, id, bytes.Repeat([]byte("x"), payload)
	var b bytes.Buffer
	_ = p.Write(&b)
	return b.Bytes()
}

func TestGuard(t *testing.T) {
	good := slices.Concat(packetBytes(2, 2), packetBytes(9, 3), packetBytes(3, 60_000), packetBytes(13, 0), packetBytes(4, 2), packetBytes(3, 2), packetBytes(11, 2))
	large := slices.Concat(good, publishBytes("gw/ack", 7, 300_000), good)
	short := slices.Concat(good, publishBytes("gw/ack", 7, 0), good)
	for _, step := range []int{1, 2, 3, 1000, len(large)} {
		for _, c := range []struct{ in, want []byte }{{good, good}, {large, short}} {
			var g guard
			var out []byte
			for chunk := range slices.Chunk(c.in, step) {
				var err error
				if out, err = g.feed(out, chunk, 60_000); err != nil {
					t.Fatalf("in steps of %d: %v", step, err)
				}
			}
			if !bytes.Equal(out, c.want) {
				t.Errorf("in steps of %d: %d bytes became %d, want %d", step, len(c.in), len(out), len(c.want))
			}
		}
	}
	for name, bad := range map[string][]byte{
		"CONNECT":                        packetBytes(1, 2),
		"PUBREC":                         packetBytes(5, 2),
		"a SUBACK too long":              packetBytes(9, 4),
		"a CONNACK too short":            packetBytes(2, 1),
		"a PINGRESP too long":            packetBytes(13, 1),
		"an empty PUBLISH":               packetBytes(3, 1),
		"an endless length":              {0x30, 0xff, 0xff, 0xff, 0xff},
		"a large PUBLISH without a name": packetBytes(3, 70_000),
	} {
		var g guard
		if _, err := g.feed(nil, append(packetBytes(2, 2), bad...), 60_000); err == nil {
			t.Errorf("%s passed", name)
		}
	}
}

// FuzzGuard: what paho gets and the verdict do not depend on how the bytes are cut;
// a stream without a large message passes unchanged, as far as it is whole packets;
// what passes has no packet longer than allowed.
func FuzzGuard(f *testing.F) {
	f.Add(slices.Concat(packetBytes(2, 2), packetBytes(3, 300)), uint64(7))
	f.Add(slices.Concat(packetBytes(2, 2), publishBytes("gw/ack", 7, 1500), packetBytes(13, 0)), uint64(2))
	f.Add([]byte{0x20, 2, 0, 0, 0x30, 0x80, 0x80, 0x80, 0x80}, uint64(1))
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		const limit = 1000
		skipped := 0
		whole, cut := guard{large: func(string, int) { skipped++ }}, guard{}
		all, want := whole.feed(nil, data, limit)
		r := rand.New(rand.NewPCG(seed, 1))
		var got error
		var out []byte
		for rest := data; len(rest) > 0 && got == nil; {
			n := 1 + r.IntN(len(rest))
			out, got = cut.feed(out, rest[:n], limit)
			rest = rest[n:]
		}
		if fmt.Sprint(got) != fmt.Sprint(want) || !bytes.Equal(all, out) {
			t.Errorf("whole: %v, %x, cut: %v, %x", want, all, got, out)
		}
		if skipped == 0 && !bytes.HasPrefix(data, all) {
			t.Errorf("%x became %x", data, all)
		}
		// By its own second look: only the topic and number of a large one may be longer.
		var again guard
		longest := 0
		again.large = func(topic string, _ int) { longest = max(longest, len(topic)) }
		if twice, err := again.feed(nil, all, max(limit, 2+65_535+2)); err != nil || longest > 0 || !bytes.HasPrefix(all, twice) {
			t.Errorf("%x: %v", all, err)
		}
	})
}

// A message too large for anybody, retained at the broker, comes again with every
// connection. It is confirmed, told of, and in nobody's way.
func TestTooLarge(t *testing.T) {
	heard := make(chan packets.ControlPacket, 1)
	s := startScript(t, func(s *scripted, c net.Conn) {
		c.Write(publishBytes("gw/ack", 7, 5_000_000))
		heard <- s.hear(c)
		c.Write(publishBytes("gw/ack", 8, 3))
		s.hear(c)
	})
	got, large := make(chan string, 10), make(chan string, 1)
	o := &Options{}
	w := &way{o: o, secrets: newSecrets(o), timing: defaultTiming()}
	l, err := w.dial(context.Background(), handshake{broker: "mqtt://" + s.l.Addr().String(), clientID: "gw.1", subscribe: []string{"gw/ack"},
		receive: func(_ string, payload []byte) { got <- string(payload) }, bytes: new(traffic), maxReceived: maxReceived,
		large: func(topic string, size int) { large <- fmt.Sprint(topic, " ", size) }})
	if err != nil {
		t.Fatal(err)
	}
	defer l.close(false)
	if p, ok := (<-heard).(*packets.PubackPacket); !ok || p.MessageID != 7 {
		t.Errorf("the broker got %v", p)
	}
	if said := <-large; said != "gw/ack 5000010" {
		t.Errorf("told of %s", said)
	}
	if first, then := <-got, <-got; first != "" || then != "xxx" {
		t.Errorf("received %q and %q", first, then)
	}
}

// The same with real brokers, and that the gateway works on.
func TestTooLargeRetained(t *testing.T) {
	for name, start := range brokers() {
		t.Run(name, func(t *testing.T) {
			address, _ := start(t)
			g := newAggregator(t, address, 10)
			topic := wire.Topic{Gateway: gw, Kind: wire.AckTopic}.Build(wire.DefaultPrefix)
			if token := g.client.Publish(topic, 1, true, make([]byte, 200_000)); !token.Wait() || token.Error() != nil {
				t.Fatal(token.Error())
			}
			u, _ := connect(t, Options{Brokers: []string{"mqtt://" + address}})
			offer(u, 1, 10)
			eventually(t, "all is stored", func() bool { return u.Stored(epoch17, wire.Range{From: 1, To: 10}) })
			// The embedded broker confirms a message before it hands it out: who subscribes
			// between the two gets it twice, as a retained one and as a new one.
			if s := u.Status(); s.TooLarge < 1 || s.TooLarge > 2 || s.Connections != 1 || s.BadAcks != 0 {
				t.Errorf("%+v", s)
			}
		})
	}
}

// What is no broker is called that, by its address.
func TestIsNoBroker(t *testing.T) {
	for says, want := range map[string]string{
		"HTTP/1.1 400 Bad Request\r\n\r\n": "is no MQTT broker",
		"\x15\x03\x03\x00\x02\x02\x16":     "write mqtts://",
		"SSH-2.0-OpenSSH\r\n":              "is no MQTT broker",
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		served := make(chan struct{})
		go func() {
			defer close(served)
			c, err := l.Accept()
			if err != nil {
				return
			}
			defer c.Close()
			_, _ = packets.ReadPacket(c)
			_, _ = c.Write([]byte(says))
			_, _ = packets.ReadPacket(c) // until the other side is gone
		}()
		o := &Options{}
		w := &way{o: o, secrets: newSecrets(o), timing: defaultTiming()}
		_, err = w.dial(t.Context(), handshake{broker: "mqtt://" + l.Addr().String(), clientID: "gw.1", bytes: new(traffic), maxReceived: maxReceived})
		if err == nil || !strings.Contains(err.Error(), "what answers at "+l.Addr().String()) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", says, err)
		}
		l.Close()
		<-served
	}
}

// A connection that the guard ends while paho still subscribes is told of by its
// reason, not by "not Connected".
func TestReasonWhileSubscribing(t *testing.T) {
	s := startScript(t, func(s *scripted, c net.Conn) {
		c.Write(packetBytes(5, 2))
		for s.hear(c) != nil {
		}
	})
	o := &Options{}
	w := &way{o: o, secrets: newSecrets(o), timing: defaultTiming()}
	_, err := w.dial(t.Context(), handshake{broker: "mqtt://" + s.l.Addr().String(), clientID: "gw.1", subscribe: []string{"gw/ack"}, optional: []string{"gw/command/+"},
		receive: func(string, []byte) {}, bytes: new(traffic), maxReceived: maxReceived})
	if err == nil || !strings.Contains(err.Error(), "a packet of type 5 is not for us") {
		t.Error(err)
	}
}
