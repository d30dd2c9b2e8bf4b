package ingest

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// mosquitto starts the real one and returns how to stop and to start it again.
func mosquitto(t *testing.T) (url string, stop, start func()) {
	t.Helper()
	exe, err := exec.LookPath("mosquitto")
	if err != nil {
		t.Skip("mosquitto is not installed")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_, port, _ := net.SplitHostPort(address)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	conf := filepath.Join(t.TempDir(), "mosquitto.conf")
	if err := os.WriteFile(conf, []byte("listener "+port+" 127.0.0.1\nallow_anonymous true\npersistence false\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var cmd *exec.Cmd
	start = func() {
		cmd = exec.Command(exe, "-c", conf)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		end := time.Now().Add(patience)
		for {
			c, err := net.Dial("tcp", address)
			if err == nil {
				_ = c.Close()
				return
			}
			if time.Now().After(end) {
				t.Fatal(err)
			}
		}
	}
	stop = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	start()
	t.Cleanup(func() { stop() })
	return "mqtt://" + address, stop, start
}

func TestMosquitto(t *testing.T) {
	for name, share := range map[string]bool{"plain": false, "shared": true} {
		t.Run(name, func(t *testing.T) {
			url, stop, start := mosquitto(t)
			r := rigAt(t, url)
			r.share = share
			r.start()
			g := r.gateway("gw", "")
			r.alive(g)
			g.sendDoc("online", &wire.Online{V: 1, Online: true, Conn: 1}, true)
			g.ack("the greeting", anything)
			// More than its window of 20 messages, while the store is slow to come.
			r.store.set(errDown)
			for n := uint64(1); n <= 50; n++ {
				g.sendPack(g.pack(n, n))
			}
			r.store.set(nil)
			g.stored(epoch(1), wire.Range{From: 1, To: 50})
			// The broker is killed and forgets everything.
			stop()
			r.eventually("the loss shows", func() bool { return r.in.CheckLink(t.Context()) != nil })
			start()
			r.eventually("ingest is back", func() bool { return r.in.CheckLink(t.Context()) == nil })
			r.alive(r.gateway("gw", "/again"))
		})
	}
}

// After a real broker was killed and was away long enough for tries to be spaced
// out, every connection is back within 5 s, and the last soon after the first.
func TestLanesComeBackAfterMosquittoWasAway(t *testing.T) {
	url, stop, start := mosquitto(t)
	r := rigAt(t, url)
	r.start()
	stop()
	r.eventually("tries are spaced out", func() bool {
		r.in.gate.mu.Lock()
		defer r.in.gate.mu.Unlock()
		return !r.in.gate.open && time.Until(r.in.gate.next) > 2*leastWait
	})
	start()
	begin := time.Now()
	back := map[string]time.Duration{}
	r.eventually("all are back", func() bool {
		for _, l := range r.in.lanes {
			if _, ok := back[l.name]; !ok && l.down.why() == "" {
				back[l.name] = time.Since(begin).Round(time.Millisecond)
			}
		}
		return r.in.CheckLink(t.Context()) == nil
	})
	t.Log("back after", back)
	if d := time.Since(begin); d > mostWait {
		t.Errorf("all were back after %s, more than %s", d, mostWait)
	}
}

// An aggregator may start before its broker.
func TestBrokerComesLater(t *testing.T) {
	url, stop, start := mosquitto(t)
	stop()
	r := rigAt(t, url)
	time.AfterFunc(moment, start)
	r.start()
	r.alive(r.gateway("gw", ""))
}

// deaf is a broker that grants every subscription and delivers nothing, as NATS and
// RabbitMQ do with shared ones.
func deaf(t *testing.T, grant byte) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			answer(c, grant)
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
	})
	return "mqtt://" + l.Addr().String()
}

func answer(c net.Conn, grant byte) {
	defer c.Close()
	for {
		p, err := packets.ReadPacket(c)
		if err != nil {
			return
		}
		switch p := p.(type) {
		case *packets.ConnectPacket:
			_ = packets.NewControlPacket(packets.Connack).Write(c)
		case *packets.SubscribePacket:
			s := packets.NewControlPacket(packets.Suback).(*packets.SubackPacket)
			s.MessageID, s.ReturnCodes = p.MessageID, []byte{grant}
			_ = s.Write(c)
		case *packets.PublishPacket:
			a := packets.NewControlPacket(packets.Puback).(*packets.PubackPacket)
			a.MessageID = p.MessageID
			_ = a.Write(c)
		case *packets.DisconnectPacket:
			return
		}
	}
}

func TestBrokerWithoutSharedSubscriptions(t *testing.T) {
	for name, grant := range map[string]byte{"grants and delivers nothing": 1, "refuses": 0x80} {
		t.Run(name, func(t *testing.T) {
			r := rigAt(t, deaf(t, grant))
			in, err := New(Options{Broker: r.url, Prefix: wire.DefaultPrefix, Share: true, Store: r.store, Fleet: r.fleet, Ledger: r.fleet,
				Alerts: r.cases, Images: r.images, DB: r.db, Metrics: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			if err := in.Run(ctx); !errors.Is(err, ErrShare) {
				t.Errorf("Run = %v, want ErrShare", err)
			}
		})
	}
}

func TestRefusedSubscriptionIsNoticed(t *testing.T) {
	r := rigAt(t, deaf(t, 0x80))
	in, err := New(Options{Broker: r.url, Prefix: wire.DefaultPrefix, Store: r.store, Fleet: r.fleet, Ledger: r.fleet,
		Alerts: r.cases, Images: r.images, DB: r.db, Metrics: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	c, _, err := in.connect(t.Context(), "x", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Disconnect(farewell)
	if err := subscribe(t.Context(), c, "a/#", 1); err == nil {
		t.Error("a refused subscription passes as granted")
	}
}
