package uplink

import (
	"slices"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// street is a journal of samples of six readings each, made as they are read.
type street struct{ records uint64 }

func (s street) Extents() []Extent { return []Extent{{epoch17, wire.Range{From: 1, To: s.records}}} }

func (s street) Since(int64) []Extent { return s.Extents() }

func (s street) Read(_ wire.Epoch, r wire.Range, fn func(Record) bool) error {
	streams := [...]string{"temp", "rh", "pressure", "noise", "wind_speed", "rain"}
	for seq := r.From; seq <= r.To; seq++ {
		values := make([]wire.Value, len(streams))
		for i, name := range streams {
			values[i] = wire.Value{Stream: obs.Stream{Device: "weather", Channel: name}, Unit: "m", Time: base + int64(seq)*1000,
				V: float64(seq%997) / 10, Quality: obs.Quality{Flag: obs.Pass}}
		}
		if !fn(Record{Seq: seq, Values: values}) {
			return nil
		}
	}
	return nil
}

// quiet is an aggregator that acknowledges and looks no closer.
func quiet(b *testing.B, address string) *aggregator {
	return newAggregator(b, address, 1<<30)
}

// How fast a backlog drains through a real broker, end to end acknowledged, with
// gateway, broker and aggregator on this machine.
func BenchmarkDrain(b *testing.B) {
	for name, start := range brokers() {
		for form, compress := range map[string]string{"plain": Off, "zstd": On} {
			b.Run(name+"-"+form, func(b *testing.B) {
				const records = 40_000
				var sent uint64
				for b.Loop() {
					address, stopBroker := start(b)
					quiet(b, address)
					u, stop := connect(b, Options{Brokers: []string{"mqtt://" + address}, Journal: street{records}, Limits: Limits{Backfill: 1 << 30, Compress: compress}})
					eventually(b, "drained", func() bool { return u.Status().Waiting == 0 })
					sent = u.Status().BytesUp
					stop()
					stopBroker()
				}
				b.ReportMetric(float64(b.N)*records*6/b.Elapsed().Seconds(), "readings/s")
				b.ReportMetric(float64(sent)/records/6, "B/reading")
			})
		}
	}
}

// From Alert to a subscriber of alerts, which has a connection of its own as an
// aggregator does, while a backlog drains: at the default rate, and as fast as
// it can.
func BenchmarkAlertWhileDraining(b *testing.B) {
	for name, start := range brokers() {
		for pace, rate := range map[string]int{"20000": 20_000, "unbounded": 1 << 30} {
			b.Run(name+"-"+pace, func(b *testing.B) {
				address, _ := start(b)
				quiet(b, address)
				came := make(chan time.Time, 1)
				o := mqtt.NewClientOptions().AddBroker("tcp://" + address).SetClientID("alerts")
				watch := mqtt.NewClient(o)
				if !watch.Connect().WaitTimeout(5 * time.Second) {
					b.Fatal("no connection")
				}
				defer watch.Disconnect(50)
				if !watch.Subscribe(wire.Filter(wire.DefaultPrefix, wire.AlertTopic), 1, func(mqtt.Client, mqtt.Message) { came <- time.Now() }).WaitTimeout(5 * time.Second) {
					b.Fatal("no subscription")
				}
				u, _ := connect(b, Options{Brokers: []string{"mqtt://" + address}, Journal: street{10_000_000}, Limits: Limits{Backfill: rate}})
				eventually(b, "draining", func() bool { return u.Status().Backfill > 1000 })
				before := u.Status().Backfill
				var took []time.Duration
				for b.Loop() {
					begin := time.Now()
					if err := u.Alert(alert(len(took), 1, uint64(20_000_000+len(took)))); err != nil {
						b.Fatal(err)
					}
					took = append(took, (<-came).Sub(begin))
				}
				slices.Sort(took)
				b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
				b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
				b.ReportMetric(float64(u.Status().Backfill-before)/b.Elapsed().Seconds(), "readings/s")
			})
		}
	}
}

// What the poller pays to hand over a sample.
func BenchmarkOffer(b *testing.B) {
	u, err := New(Options{Gateway: gw, Epoch: epoch17, Brokers: []string{"mqtt://unused"}})
	if err != nil {
		b.Fatal(err)
	}
	values := []wire.Value{reading(1), reading(2), reading(3)}
	b.ReportAllocs()
	seq := uint64(0)
	for b.Loop() {
		seq++
		u.Offer(seq, values)
	}
}
