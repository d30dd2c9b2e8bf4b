package aggregator_test

import (
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// cpu returns the processor time of this process so far.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkEmbedded is everything in one process: packs of 500 readings over 2 000
// streams come in by MQTT, the embedded store has them, the acknowledgement is back
// at the gateway. The processor time includes the publishing client.
func BenchmarkEmbedded(b *testing.B) {
	c := start(b, at(b.TempDir()))
	const gateways, each = 20, 5
	var clients [gateways]paho.Client
	acks := make(chan uint64, 10_000)
	for i := range clients {
		id := fmt.Sprintf("gw-%02d", i)
		clients[i] = paho.NewClient(paho.NewClientOptions().AddBroker(c.mqtt).SetClientID(id).SetProtocolVersion(4).SetAutoReconnect(false).
			SetDefaultPublishHandler(func(_ paho.Client, m paho.Message) {
				var a wire.Ack
				if err := wire.Decode(m.Payload(), &a); err != nil {
					b.Error(err)
				}
				for _, r := range a.Stored {
					acks <- r.Count()
				}
			}))
		for _, tok := range []func() paho.Token{clients[i].Connect, func() paho.Token { return clients[i].Subscribe("lamppost/v1/"+id+"/ack", 1, nil) }} {
			if tok := tok(); !tok.WaitTimeout(patience) || tok.Error() != nil {
				b.Fatal(tok.Error())
			}
		}
		b.Cleanup(func() { clients[i].Disconnect(100) })
	}
	pk := wire.Packer{Compress: true}
	seq, at := uint64(1), time.Now().Add(-20*time.Hour).UnixMilli()
	var spent time.Duration
	n := 0
	for b.Loop() {
		b.StopTimer()
		var payloads [gateways * each][]byte
		for i := range payloads {
			p := wire.Pack{Gateway: fmt.Sprintf("gw-%02d", i%gateways), Epoch: wire.NewEpoch(1, [6]byte{1}), Lane: wire.Live, Ranges: []wire.Range{{From: seq, To: seq + 499}}}
			for j := range 500 {
				s := obs.Stream{Device: fmt.Sprintf("d%d", j%25), Channel: []string{"level", "temp", "rh", "pm2_5"}[j/25%4]}
				p.Values = append(p.Values, wire.Value{Stream: s, Time: at + int64(j/100)*1000, V: float64(j%97) / 10, Unit: "m", Quality: obs.Quality{Flag: obs.Pass}})
			}
			if i%gateways == gateways-1 {
				seq, at = seq+500, at+5000
			}
			var err error
			if payloads[i], err = pk.Append(nil, &p); err != nil {
				b.Fatal(err)
			}
		}
		begin := cpu(b)
		b.StartTimer()
		for i, p := range payloads {
			clients[i%gateways].Publish(fmt.Sprintf("lamppost/v1/gw-%02d/live", i%gateways), 1, false, p)
		}
		for have := uint64(0); have < uint64(len(payloads))*500; {
			select {
			case k := <-acks:
				have += k
			case <-time.After(patience):
				b.Fatalf("%d of %d readings acknowledged", have, len(payloads)*500)
			}
		}
		spent += cpu(b) - begin
		n += len(payloads) * 500
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "readings/s")
	b.ReportMetric(float64(spent.Nanoseconds())/float64(n)/1000, "cpu-µs/reading")
}

// BenchmarkAlertToScreen is from the publish of an alert to its event on a console's
// live stream, with the database's sync in between.
func BenchmarkAlertToScreen(b *testing.B) {
	c := start(b, at(b.TempDir()))
	events := c.stream()
	if events("hello") == "" {
		b.Fatal("no live stream")
	}
	send, _ := c.gateway()
	var took []time.Duration
	for i := 1; b.Loop(); i++ {
		payload := alertNumber(b, i)
		begin := time.Now()
		send("alert", payload)
		if events("alert") == "" {
			b.Fatal("no alert on the stream")
		}
		took = append(took, time.Since(begin))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}
