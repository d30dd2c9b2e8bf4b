package aggregator_test

import (
	"crypto/ed25519"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// post sends a JSON document and returns the status.
func (c *cloud) post(path, body string) int {
	c.t.Helper()
	r, err := c.client.Post(c.console+path, "application/json", strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	defer r.Body.Close()
	return r.StatusCode
}

// listener is a gateway that hears commands.
type listener struct {
	paho.Client
	commands chan paho.Message
}

func (c *cloud) listen() *listener {
	c.t.Helper()
	l := &listener{commands: make(chan paho.Message, 100)}
	o := paho.NewClientOptions().AddBroker(c.mqtt).SetClientID("gw.0123456789ab").SetProtocolVersion(4).SetAutoReconnect(false).
		SetDefaultPublishHandler(func(_ paho.Client, m paho.Message) { l.commands <- m })
	l.Client = paho.NewClient(o)
	for _, do := range []func() paho.Token{l.Connect, func() paho.Token { return l.Subscribe("lamppost/v1/gw/command/+", 1, nil) }} {
		if tok := do(); !tok.WaitTimeout(patience) || tok.Error() != nil {
			c.t.Fatal(tok.Error())
		}
	}
	c.t.Cleanup(func() { l.Disconnect(100) })
	return l
}

func (l *listener) say(t *testing.T, topic string, m wire.Message, retained bool) {
	t.Helper()
	b, err := wire.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	if tok := l.Publish("lamppost/v1/gw/"+topic, 1, retained, b); !tok.WaitTimeout(patience) || tok.Error() != nil {
		t.Fatal(tok.Error())
	}
}

// next waits for a command.
func (l *listener) next(t *testing.T) (paho.Message, wire.Command) {
	t.Helper()
	select {
	case m := <-l.commands:
		var cmd wire.Command
		if err := wire.Decode(m.Payload(), &cmd); err != nil {
			t.Fatal(err)
		}
		return m, cmd
	case <-time.After(patience):
		t.Fatal("no command came")
		return nil, wire.Command{}
	}
}

// A rewind that was asked for before a restart of the aggregator reaches the gateway
// when that comes online, signed with the key that the aggregator shows, and again
// when it comes once more; its answer is listed.
func TestRewindReachesTheGateway(t *testing.T) {
	dir := t.TempDir()
	c := start(t, at(dir))
	first := c.listen()
	first.say(t, "online", &wire.Online{V: 1, Online: true, Conn: 1}, true)
	var g view.Gateway
	eventually(t, "the gateway is known", func() bool { return c.get("/api/v1/gateways/gw", &g) == http.StatusOK && g.Online })
	first.say(t, "online", &wire.Online{V: 1, Conn: 1}, true)
	eventually(t, "the gateway is gone", func() bool { return c.get("/api/v1/gateways/gw", &g) == http.StatusOK && !g.Online })
	if s := c.post("/api/v1/gateways/nobody/commands", `{"kind":"rewind","since":0}`); s != http.StatusNotFound {
		t.Errorf("an unknown gateway: %d", s)
	}
	if s := c.post("/api/v1/gateways/gw/commands", `{"kind":"rewind","since":1795204800000,"by":"王芳"}`); s != http.StatusAccepted {
		t.Fatalf("status %d", s)
	}
	var before view.Info
	c.get("/api/v1/info", &before)
	c.stop()

	c = start(t, at(dir))
	var info view.Info
	if c.get("/api/v1/info", &info); info.CommandKey == "" || info.CommandKey != before.CommandKey {
		t.Errorf("key %q, before the restart %q", info.CommandKey, before.CommandKey)
	}
	if f, err := os.Stat(filepath.Join(dir, "command.key")); err != nil || f.Mode().Perm() != 0o600 {
		t.Errorf("the key's file: %v, %v", f, err)
	}
	key, err := wire.ParseKey(info.CommandKey)
	if err != nil {
		t.Fatal(err)
	}
	l := c.listen()
	if len(l.commands) > 0 {
		t.Error("the command was retained")
	}
	for conn := range int64(2) { // the second time it comes again, unchanged
		l.say(t, "online", &wire.Online{V: 1, Online: true, Conn: 2 + conn}, true)
		m, cmd := l.next(t)
		if m.Retained() || m.Topic() != "lamppost/v1/gw/command/"+cmd.ID {
			t.Errorf("topic %s, retained %v", m.Topic(), m.Retained())
		}
		if err := cmd.Verify([]ed25519.PublicKey{key}, wire.DefaultPrefix, "gw"); err != nil {
			t.Error(err)
		}
		if *cmd.Rewind != (wire.Rewind{Store: info.Store.ID, Since: 1795204800000}) {
			t.Errorf("rewind %+v, the store is %s", cmd.Rewind, info.Store.ID)
		}
		if conn == 1 {
			l.say(t, "reply/"+cmd.ID, &wire.Reply{V: 1, ID: cmd.ID, OK: true, Records: 12}, false)
		}
	}
	var doc struct{ Commands []view.Command }
	eventually(t, "the answer is listed", func() bool {
		c.get("/api/v1/gateways/gw/commands", &doc)
		return len(doc.Commands) == 1 && doc.Commands[0].State == "done"
	})
	if got := doc.Commands[0]; got.Records != 12 || got.Sent < 2 || got.By != "王芳" {
		t.Errorf("listed %+v", got)
	}
}
