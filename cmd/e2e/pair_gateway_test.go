package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// post is a gateway as the aggregators see it: it sends what they have not acknowledged again
// and again, lists its alerts in its state, and answers commands.
type post struct {
	t            *testing.T
	id, district string
	client       paho.Client
	epoch        wire.Epoch

	mu     sync.Mutex
	open   map[string][]byte // alerts not acknowledged yet, by id and revision
	active []wire.Revised
	boot   int64
	asked  map[string]int // how often a command came
	began  int64          // Unix milliseconds
}

const boot = "01234567"

func newPost(t *testing.T, broker, id, district string) *post {
	t.Helper()
	g := &post{t: t, id: id, district: district, epoch: wire.NewEpoch(1, [6]byte{1}), open: map[string][]byte{}, asked: map[string]int{}, began: time.Now().UnixMilli()}
	o := paho.NewClientOptions().AddBroker("mqtt://" + broker).SetClientID(id + ".0123456789ab").SetProtocolVersion(4).SetOrderMatters(false).SetCleanSession(false) // the acknowledgements come after a reconnect, too
	g.client = paho.NewClient(o)
	for _, step := range []func() paho.Token{g.client.Connect,
		func() paho.Token { return g.client.Subscribe("lamppost/v1/"+id+"/ack", 1, g.ack) },
		func() paho.Token { return g.client.Subscribe("lamppost/v1/"+id+"/command/#", 1, g.command) }} {
		if tok := step(); !tok.WaitTimeout(soon) || tok.Error() != nil {
			t.Fatal(tok.Error())
		}
	}
	t.Cleanup(func() { g.client.Disconnect(100) })
	g.say("online", true, &wire.Online{V: 1, Online: true, Conn: 1})
	return g
}

// say publishes a document.
func (g *post) say(topic string, retained bool, doc wire.Message) {
	b, err := wire.Encode(doc)
	if err != nil {
		g.t.Error(err)
	}
	g.send(topic, retained, b)
}

func (g *post) send(topic string, retained bool, b []byte) {
	g.client.Publish("lamppost/v1/"+g.id+"/"+topic, 1, retained, b)
}

func (g *post) ack(_ paho.Client, m paho.Message) {
	var a wire.Ack
	if err := wire.Decode(m.Payload(), &a); err != nil {
		g.t.Error(err)
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, r := range a.Alerts {
		delete(g.open, name(r.ID, r.Rev))
	}
}

func (g *post) command(_ paho.Client, m paho.Message) {
	var c wire.Command
	if err := json.Unmarshal(m.Payload(), &c); err != nil {
		g.t.Error(err)
		return
	}
	g.mu.Lock()
	g.asked[c.ID]++
	g.mu.Unlock()
	g.say("reply/"+c.ID, false, &wire.Reply{V: 1, ID: c.ID, OK: true})
}

func name(id string, rev int) string { return fmt.Sprintf("%s %d", id, rev) }

// raise sends an alert of a gauge, each of which has a place of its own.
func (g *post) raise(a wire.Alert, gauge int) {
	g.t.Helper()
	g.mu.Lock()
	g.boot++
	at := wire.Moment{Boot: boot, BootMS: g.boot, Unix: time.Now().UnixMilli()}
	a.V, a.Epoch, a.Seq, a.At, a.Since, a.Area, a.Condition, a.Stage = 1, g.epoch, uint64(1000+g.boot), at, at, fmt.Sprintf("%s%06d", g.district, 1000+gauge), "active", "actual"
	a.Device = fmt.Sprint("river-", gauge)
	b, err := wire.Encode(&a)
	if err == nil {
		g.open[name(a.ID, a.Rev)] = b
		g.active = append(g.active, wire.Revised{ID: a.ID, Rev: a.Rev})
	}
	g.mu.Unlock()
	if err != nil {
		g.t.Fatal(err)
	}
	g.send("alert", false, b)
}

// again sends what is not acknowledged, and returns how much that is.
func (g *post) again() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, b := range g.open {
		g.send("alert", false, b)
	}
	return len(g.open)
}

// state says which alerts are active.
func (g *post) state() {
	g.mu.Lock()
	g.boot++
	at := wire.Moment{Boot: boot, BootMS: g.boot, Unix: time.Now().UnixMilli()}
	s := wire.State{V: 1, Version: "1", Boot: boot, Epoch: g.epoch, At: at, Started: at, Clock: "synced",
		Devices: []wire.DeviceState{{ID: "river", Driver: "modbus", State: "ok", EveryMS: 1000}}, Alerts: append([]wire.Revised(nil), g.active...)}
	g.mu.Unlock()
	g.say("state", true, &s)
}

// reading sends one value.
func (g *post) reading(seq uint64, v float64) {
	p := wire.Pack{Gateway: g.id, Epoch: g.epoch, Ranges: []wire.Range{{From: seq, To: seq}}, Lane: wire.Live,
		Values: []wire.Value{{Stream: obs.Stream{Device: "river", Channel: "level"}, Time: g.began + int64(seq), V: v, Unit: "m", Quality: obs.Quality{Flag: obs.Pass}}}}
	var pk wire.Packer
	b, err := pk.Append(nil, &p)
	if err != nil {
		g.t.Error(err)
	}
	g.send("live", false, b)
}

// picture sends the pieces of one.
func (g *post) picture(id string, jpeg []byte) {
	g.t.Helper()
	pieces, err := wire.EncodeImage(wire.ImageMeta{ID: id, Device: "river", At: wire.Moment{Boot: boot, Unix: time.Now().UnixMilli()}}, jpeg)
	if err != nil {
		g.t.Fatal(err)
	}
	for i, b := range pieces {
		g.send(strings.Join([]string{"image", id, fmt.Sprint(i)}, "/"), false, b)
	}
}
