package gateway_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"net"
	"os/exec"
	"slices"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/status"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// center is a cloud as a gateway's commands know it: a key, and a real broker.
type center struct {
	t       *testing.T
	client  mqtt.Client
	key     ed25519.PrivateKey
	replies chan wire.Reply
	issued  int64
}

// newCenter starts a mosquitto. The address is the broker's.
func newCenter(t *testing.T) (c *center, address string) {
	t.Helper()
	exe, err := exec.LookPath("mosquitto")
	if err != nil {
		if exe, err = exec.LookPath("/usr/sbin/mosquitto"); err != nil {
			t.Skip("there is no mosquitto")
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	cmd := exec.CommandContext(t.Context(), exe, "-p", port)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Wait() })
	c = &center{t: t, key: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize)), replies: make(chan wire.Reply, 10)}
	c.client = mqtt.NewClient(mqtt.NewClientOptions().AddBroker("tcp://127.0.0.1:" + port).SetClientID("center").SetAutoReconnect(false).SetConnectRetry(true).SetConnectRetryInterval(20 * time.Millisecond))
	if !c.client.Connect().WaitTimeout(10 * time.Second) {
		t.Fatal("no connection to mosquitto")
	}
	t.Cleanup(func() { c.client.Disconnect(50) })
	if !c.client.Subscribe("lamppost/v1/post-1/reply/+", 1, func(_ mqtt.Client, m mqtt.Message) {
		var r wire.Reply
		if err := wire.Decode(m.Payload(), &r); err != nil {
			t.Errorf("%s: %v", m.Payload(), err)
		}
		c.replies <- r
	}).WaitTimeout(10 * time.Second) {
		t.Fatal("no subscription")
	}
	return c, "mqtt://127.0.0.1:" + port
}

// uplink is the configuration's block that trusts this center.
func (c *center) uplink(address, may string) string {
	return "uplink:\n  broker: " + address + "\n  commands: {center: {key: \"" + wire.FormatKey(c.key.Public().(ed25519.PublicKey)) + "\", " + may + "}}\n"
}

// ask makes a command of what it is given, sends it and returns the answer.
func (c *center) ask(cmd wire.Command) (wire.Reply, time.Duration) {
	c.t.Helper()
	now := time.Now()
	c.issued = max(c.issued+1, now.UnixMilli())
	cmd.V, cmd.Issued, cmd.Until = wire.Version, c.issued, c.issued+60_000
	cmd.ID = fmt.Sprintf("01930e5a-7c3b-7f00-8a1b-%012d", c.issued%1e12)
	cmd.Sign(c.key, wire.DefaultPrefix, "post-1")
	payload, err := wire.Encode(&cmd)
	if err != nil {
		c.t.Fatal(err)
	}
	c.client.Publish("lamppost/v1/post-1/command/"+cmd.ID, 1, false, payload)
	select {
	case r := <-c.replies:
		if r.ID != cmd.ID {
			c.t.Errorf("answered %s, asked %s", r.ID, cmd.ID)
		}
		return r, time.Since(now)
	case <-time.After(30 * time.Second):
		c.t.Fatalf("no answer to %+v", cmd)
		return wire.Reply{}, 0
	}
}

// trusting is p's configuration with outputs, where the siren is audible and the center
// may command.
func (p *post) trusting(r *relayBoard, uplink string) *config.Config {
	p.t.Helper()
	cfg := p.switching(r, sirens+uplink)
	for i := range cfg.Outputs {
		cfg.Outputs[i].Audible = cfg.Outputs[i].ID == "siren"
	}
	return cfg
}

func flooding(s status.Snapshot) *wire.Alert {
	i := slices.IndexFunc(s.Alerts, func(a wire.Alert) bool { return a.Rule == "flood" })
	if i < 0 {
		return nil
	}
	return &s.Alerts[i]
}

// The center acknowledges: the siren is silent, the rest goes on, the alert stays and
// says who has seen it; also over a restart. It acknowledges again: nothing changes.
func TestAcknowledgeSilences(t *testing.T) {
	p, r := newPost(t), newRelayBoard(t)
	c, address := newCenter(t)
	p.sensor(2200)
	cfg := p.trusting(r, c.uplink(address, "may: [acknowledge, read, still]"))
	p.start(cfg)
	s := p.until("siren on", func(s status.Snapshot) bool {
		return output(s, "siren").State == "on" && flooding(s) != nil && s.Uplink.Connected
	})
	id, rev := flooding(s).ID, flooding(s).Rev
	reply, took := c.ask(wire.Command{Kind: wire.KindAcknowledge, Acknowledge: &wire.Acknowledge{Alert: id}, By: "王芳"})
	if !reply.OK || !slices.Equal(reply.Outputs, []string{"siren"}) || r.is(3) {
		t.Errorf("answered %+v, coil %t", reply, r.is(3))
	}
	t.Logf("asked to answered: %v", took)
	s = p.until("the alert says so", func(s status.Snapshot) bool {
		return flooding(s) != nil && flooding(s).Acknowledged != nil && output(s, "siren").State == "off"
	})
	if a := flooding(s); a.Condition != "active" || a.ID != id || a.Rev != rev+1 || a.Acknowledged.By != "王芳 (center)" {
		t.Errorf("alert %+v", a)
	}
	if again, _ := c.ask(wire.Command{Kind: wire.KindAcknowledge, Acknowledge: &wire.Acknowledge{Alert: id}}); !again.OK || len(again.Outputs) != 0 {
		t.Errorf("again: %+v", again)
	}
	if other, _ := c.ask(wire.Command{Kind: wire.KindAcknowledge, Acknowledge: &wire.Acknowledge{Alert: "01930e5a-7c3b-7f00-8a1b-000000000000"}}); other.Why != wire.RefusedUnknown {
		t.Errorf("another alert: %+v", other)
	}
	if read, _ := c.ask(wire.Command{Kind: wire.KindRead, Read: &wire.Read{Device: "pass"}}); !read.OK && read.Why != wire.RefusedClock {
		t.Errorf("read: %+v", read)
	}
	if sw, _ := c.ask(wire.Command{Kind: wire.KindActuate, Actuate: &wire.Actuate{Output: "siren", On: true}}); sw.Why != wire.RefusedGrant || r.is(3) {
		t.Errorf("actuate without a grant: %+v", sw)
	}
	p.stop()
	if !slices.Contains(p.acts(), "siren false command 王芳 (center) done") {
		t.Errorf("events %q", p.acts())
	}
	p.start(cfg)
	s = p.until("the alert again", func(s status.Snapshot) bool { return flooding(s) != nil })
	if a := flooding(s); a.Acknowledged == nil || a.Acknowledged.By != "王芳 (center)" {
		b, _ := json.Marshal(a)
		t.Errorf("after a restart: %s", b)
	}
	p.stop()
}
