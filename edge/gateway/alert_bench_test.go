package gateway

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/clock"
	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/record"
	"github.com/lamppost-city/lamppost/edge/uplink"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// mosquitto starts the real broker and returns its address.
func mosquitto(b *testing.B) string {
	path, err := exec.LookPath("mosquitto")
	if err != nil {
		b.Skip("mosquitto is not installed")
	}
	probe, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	address := probe.Addr().String()
	probe.Close()
	conf := filepath.Join(b.TempDir(), "mosquitto.conf")
	text := fmt.Sprintf("listener %d 127.0.0.1\nallow_anonymous true\nmax_inflight_messages 1000\nmax_queued_messages 100000\n", probe.Addr().(*net.TCPAddr).Port)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(path, "-v", "-c", conf)
	out, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.Contains(lines.Text(), "running") {
			go func() {
				for lines.Scan() {
				}
			}()
			return address
		}
	}
	b.Fatal("mosquitto does not run")
	return ""
}

func client(b *testing.B, address, id, filter string, got func(mqtt.Message)) mqtt.Client {
	b.Helper()
	c := mqtt.NewClient(mqtt.NewClientOptions().AddBroker("tcp://" + address).SetClientID(id))
	if !c.Connect().WaitTimeout(5*time.Second) || !c.Subscribe(filter, 1, func(_ mqtt.Client, m mqtt.Message) { got(m) }).WaitTimeout(5*time.Second) {
		b.Fatal("no connection to the broker")
	}
	b.Cleanup(func() { c.Disconnect(50) })
	return c
}

// backlog writes a million readings into a journal, six to a sample.
func backlog(b *testing.B, j *journal.Journal, now int64) {
	s := record.Sample{Device: "weather", Channels: []string{"temp", "rh", "pressure", "noise", "wind_speed", "rain"}, Readings: make([]obs.Reading, 6)}
	var body []byte
	for n := range 1_000_000 / 6 {
		s.BootMS = now + int64(n)
		for i := range s.Readings {
			s.Readings[i] = obs.Reading{Value: float64((n*7+i*131)%4000) / 10, Quality: obs.Quality{Flag: obs.Pass}}
		}
		var err error
		if body, err = s.Append(body[:0]); err == nil {
			_, err = j.Append(record.KindSample, body)
		}
		if err == nil && n%10_000 == 0 {
			err = j.Sync(b.Context())
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	if err := j.Sync(b.Context()); err != nil {
		b.Fatal(err)
	}
}

// From the moment at which a rule has decided, through journal, sync and uplink, to
// a subscriber of alerts at a real broker, while a million readings drain at the
// default rate or as fast as they can. Beside it, in the same run: the sync alone,
// and a bare publish to the same subscriber.
func BenchmarkAlertWhileDraining(b *testing.B) {
	for name, rate := range map[string]int{"20000": 20_000, "unbounded": 1 << 30} {
		b.Run(name, func(b *testing.B) {
			address := mosquitto(b)
			boot := clock.ThisBoot()
			j, err := journal.Open(b.TempDir(), journal.Options{Stamp: func() journal.Stamp {
				return journal.Stamp{Boot: boot.ID, BootMS: clock.BootMS(), UnixMS: time.Now().UnixMilli()}
			}})
			if err != nil {
				b.Fatal(err)
			}
			defer j.Close()
			g := &Gateway{id: "hz-07", journal: j, epoch: wire.Epoch(j.Epoch().String()), log: slog.New(slog.DiscardHandler)}
			timeline := &clock.Timeline{Boot: boot.ID}
			if err := timeline.Add(clock.Anchor{BootMS: clock.BootMS(), UnixMS: time.Now().UnixMilli(), ErrMS: 1, Source: "kernel"}); err != nil {
				b.Fatal(err)
			}
			g.clock = clock.New(clock.Options{Boot: boot, Runs: []clock.Run{{Timeline: timeline}}})
			g.dates = &dates{clock: g.clock}
			backlog(b, j, clock.BootMS())
			store(b, address)
			came := make(chan time.Time, 1)
			client(b, address, "alerts", wire.Filter(wire.DefaultPrefix, wire.AlertTopic), func(mqtt.Message) { came <- time.Now() })
			u, err := uplink.New(uplink.Options{Gateway: g.id, Epoch: g.epoch, Brokers: []string{"mqtt://" + address}, Limits: uplink.Limits{Backfill: rate},
				Journal: &source{journal: j, dates: g.dates, units: &obs.Catalog{}, log: g.log}, Save: func(s []byte) error { return j.SetState(uplinkKey, s) }})
			if err != nil {
				b.Fatal(err)
			}
			g.uplink, g.courier = u, newCourier(j.SyncTo, u.Alert, g.log)
			ctx, stop := context.WithCancel(b.Context())
			ended := make(chan error, 2)
			go func() { ended <- u.Run(ctx) }()
			go func() { ended <- g.courier.run(ctx) }()
			defer func() { stop(); <-ended; <-ended }()
			for u.Status().Backfill < 1000 {
				select {
				case <-ctx.Done():
					b.Fatal("no history moves")
				case <-time.After(time.Millisecond):
				}
			}
			before := u.Status().Backfill
			var took, synced []time.Duration
			for n := 0; b.Loop(); n++ {
				begin := time.Now()
				raise(b, g, n)
				took = append(took, (<-came).Sub(begin))
			}
			moved := u.Status().Backfill - before
			spent := b.Elapsed()
			waiting := u.Status().Waiting
			for range 50 {
				begin := time.Now()
				_, err := j.Append(record.KindSample, []byte("x"))
				if err == nil {
					err = j.Sync(b.Context())
				}
				if err != nil {
					b.Fatal(err)
				}
				synced = append(synced, time.Since(begin))
			}
			report(b, "", took)
			report(b, "sync-", synced)
			report(b, "bare-", bare(b, address))
			b.ReportMetric(float64(moved)/spent.Seconds(), "readings/s")
			b.ReportMetric(float64(waiting), "left")
		})
	}
}

// raise does what the gateway does with a rule's decision.
func raise(b *testing.B, g *Gateway, n int) {
	m := wire.Moment{Unix: time.Now().UnixMilli(), Boot: g.clock.Boot(), BootMS: g.clock.BootMS()}
	a := wire.Alert{V: 1, ID: fmt.Sprintf("01930e5a-7c3b-7f00-8a1b-%012d", n), Rev: 1, Rule: "river-high", Stage: "actual", Severity: wire.Orange,
		Condition: "active", At: m, Since: m, Text: map[string]string{"en": "river level 3.02 m"}}
	body, err := record.AppendAlert(nil, a)
	if err == nil {
		a.Seq, err = g.journal.AppendState(record.KindAlert, body, ruleKey+a.Rule, []byte("{}"))
	}
	if err != nil {
		b.Fatal(err)
	}
	a.Epoch = g.epoch
	g.courier.take(a)
}

// store acknowledges whatever comes.
func store(b *testing.B, address string) {
	var unpack wire.Unpacker
	var c mqtt.Client // its handler answers through it
	ready := make(chan struct{})
	c = client(b, address, "store", wire.DefaultPrefix+"/+/+", func(m mqtt.Message) {
		<-ready
		a := wire.Ack{V: wire.Version, Store: "st-1", Time: time.Now().UnixMilli()}
		switch t, err := wire.ParseTopic(wire.DefaultPrefix, m.Topic()); {
		case err != nil || t.Kind != wire.LiveTopic && t.Kind != wire.BackfillTopic && t.Kind != wire.AlertTopic:
			return
		case t.Kind == wire.AlertTopic:
			var al wire.Alert
			if wire.Decode(m.Payload(), &al) != nil {
				return
			}
			a.Alerts = []wire.Revised{{ID: al.ID, Rev: al.Rev}}
		default:
			p, err := unpack.Unpack(t.Gateway, m.Payload())
			if err != nil {
				b.Error(err)
				return
			}
			a.Epoch, a.Stored = p.Epoch, p.Ranges
		}
		payload, err := wire.Encode(&a)
		if err != nil {
			b.Error(err)
			return
		}
		c.Publish(wire.DefaultPrefix+"/hz-07/ack", 1, false, payload)
	})
	close(ready)
}

// bare measures a publish to a subscriber through the same broker, with nothing of
// ours in between.
func bare(b *testing.B, address string) (took []time.Duration) {
	came := make(chan time.Time, 1)
	c := client(b, address, "bare", "bare", func(mqtt.Message) { came <- time.Now() })
	for range 200 {
		begin := time.Now()
		c.Publish("bare", 1, false, make([]byte, 500))
		took = append(took, (<-came).Sub(begin))
	}
	return took
}

func report(b *testing.B, what string, took []time.Duration) {
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, what+"p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, what+"p99-ms")
}
