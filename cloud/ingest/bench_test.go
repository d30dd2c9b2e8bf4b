package ingest

import (
	"fmt"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// message is a paho message that needs no connection.
type message struct {
	topic   string
	payload []byte
	acked   chan struct{}
}

func (m *message) Duplicate() bool   { return false }
func (m *message) Qos() byte         { return 1 }
func (m *message) Retained() bool    { return false }
func (m *message) Topic() string     { return m.topic }
func (m *message) MessageID() uint16 { return 1 }
func (m *message) Payload() []byte   { return m.payload }
func (m *message) Ack()              { m.acked <- struct{}{} }

// packs returns messages of 500 readings each, over 2 000 streams of 20 gateways.
func packs(b testing.TB, n int, compress bool) []*message {
	b.Helper()
	pk := wire.Packer{Compress: compress}
	out := make([]*message, n)
	for i := range out {
		gw := fmt.Sprintf("gw-%02d", i%20)
		p := wire.Pack{Gateway: gw, Epoch: epoch(1), Ranges: []wire.Range{{From: uint64(i)*500 + 1, To: uint64(i)*500 + 500}}, Lane: wire.Live}
		for j := range 500 {
			s := obs.Stream{Device: fmt.Sprintf("d%d", j%25), Channel: []string{"level", "temp", "rh", "pm2_5"}[j%4]}
			p.Values = append(p.Values, wire.Value{Stream: s, Time: noon + int64(i*500+j/100)*1000, V: float64(j%97) / 10, Unit: "m", Quality: obs.Quality{Flag: obs.Pass}})
		}
		body, err := pk.Append(nil, &p)
		if err != nil {
			b.Fatal(err)
		}
		out[i] = &message{topic: wire.Topic{Gateway: gw, Kind: wire.LiveTopic}.Build(wire.DefaultPrefix), payload: body, acked: make(chan struct{}, 1)}
	}
	return out
}

// BenchmarkDecodeStoreAcknowledge takes packs through the lane: decode, show, group,
// store in memory, acknowledge.
func BenchmarkDecodeStoreAcknowledge(b *testing.B) {
	for name, compress := range map[string]bool{"json": false, "zstd": true} {
		b.Run(name, func(b *testing.B) {
			r := newRig(b)
			ms := packs(b, 200, compress)
			bytes := 0
			for _, m := range ms {
				bytes += len(m.payload)
			}
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				for _, m := range ms {
					r.in.lanes[0].take(m)
				}
				for _, m := range ms {
					<-m.acked
				}
				n += len(ms) * 500
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "readings/s")
			b.ReportMetric(float64(bytes)/float64(len(ms)*500), "wire-B/reading")
		})
	}
}

// BenchmarkThroughBroker is the whole way: a gateway publishes, the embedded broker
// delivers, the store has it, the gateway reads the acknowledgement.
func BenchmarkThroughBroker(b *testing.B) {
	r := newRig(b)
	g := r.gateway("gw-00", "")
	ms := packs(b, 400, true)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		for i := 0; i < len(ms); i += 20 { // those of gw-00
			g.c.Publish(ms[i].topic, 1, false, ms[i].payload)
		}
		var have wire.RangeSet
		for have.Count() < 20*500 {
			select {
			case a := <-g.acks:
				for _, s := range a.Stored {
					have.Add(s)
				}
			case <-time.After(patience):
				b.Fatal("no acknowledgement")
			}
		}
		n += 20 * 500
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "readings/s")
}
