package e2e

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	"github.com/eclipse/paho.mqtt.golang/packets"
	"github.com/klauspost/compress/zstd"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// message is one hostile message.
type message struct {
	topic    string
	retained bool
	payload  []byte
}

// Rubbish on every topic in both directions, through a broker that keeps nobody
// from anything: both programs go on, everything good arrives meanwhile, nothing
// of the rubbish is stored, and what was set aside can be counted.
func TestRubbishOnEveryTopic(t *testing.T) {
	city, _, _ := newCity(t, "calm", "mosquitto")
	city.keepOnFailure()
	began := time.Now().Add(3 * time.Second)
	city.live()
	attacker := connect(t, city.broker, "attacker")
	ms := rubbish(t)
	page, err := city.page()
	if err != nil {
		t.Fatal(err)
	}
	ms = append(ms, message{wire.DefaultPrefix + "/" + gatewayID + "/ack", true, // a store that nobody knows has everything, and it is 1970
		fmt.Appendf(nil, `{"v":1,"store":"st-evil","epoch":%q,"stored":["1-1000000"],"time":1,"credit":{"window":1,"backfill":0}}`, page.State.Epoch)})
	before := city.metric("lamppost_ingest_rejected_total")
	for _, m := range ms {
		attacker.send(m)
	}
	rejected := func() float64 {
		return city.metric("lamppost_ingest_rejected_total") + city.metric("lamppost_ingest_refused_points_total") - before
	}
	eventually(t, soon, "the rubbish to be counted", func() bool { return rejected() >= float64(unusable(ms)) })
	parked, unparked := city.metric("lamppost_ingest_parked_total"), city.metric("lamppost_ingest_unparked_total")
	t.Logf("%d hostile messages: %.0f rejected, %.0f set aside, %.0f counted only", len(ms), rejected(), parked, unparked)
	if parked == 0 {
		t.Error("nothing was set aside")
	}
	pause(t, 9*time.Second)
	attacker.takeAway(ms)
	city.unharmed(began)
	city.onlyKnown()
	if n := city.metric("lamppost_ingest_readings_total"); n < 100 {
		t.Errorf("%v readings were taken meanwhile", n)
	}
	rss := city.metric("process_resident_memory_bytes") / 1e6
	t.Logf("the aggregator has %.0f MB resident", rss)
	if rss > 600 {
		t.Errorf("the aggregator has %.0f MB resident", rss)
	}
	city.gw.stop()
	city.cloud.stop()
}

// unusable counts the messages that an aggregator subscribes to and cannot use:
// those without a byte say nothing, the others go to the gateway or nowhere.
func unusable(ms []message) (n int) {
	for _, m := range ms {
		rest := strings.TrimPrefix(m.topic, wire.DefaultPrefix+"/")
		_, kind, _ := strings.Cut(rest, "/")
		kind, _, _ = strings.Cut(kind, "/")
		if len(m.payload) > 0 && wire.Kind(kind).Known() && wire.Kind(kind).Up() && kind != "reply" {
			n++
		}
	}
	return n
}

// rubbish is what is sent: for each topic each sort of nonsense.
func rubbish(t *testing.T) (out []message) {
	t.Helper()
	noise := func(n int) []byte {
		b := make([]byte, n)
		rand.Read(b)
		return b
	}
	header := func(bn, vs string) []byte {
		return fmt.Appendf(nil, `[{"bn":%q,"bt":%d,"n":"pack","vs":%q},{"n":"river/level","u":"m","v":66.6,"t":0}]`, bn, time.Now().Unix(), vs)
	}
	bodies := [][]byte{
		noise(1), noise(100), noise(4000), noise(65_000),
		[]byte("{}"), []byte("[]"), []byte("null"), []byte(`{"v":99}`), []byte(`{"v":-1}`), []byte(`{"v":1}`), []byte(`{"v":1e400}`), []byte(`{"v":"1"}`),
		bytes.Repeat([]byte("["), 30_000), bytes.Repeat([]byte(`{"a":`), 10_000), []byte("\xff\xfe\x00\x00"),
		header("street-01/", "1-0123456789ab/1-1/live/99"), header("street-01/", "1-0123456789ab/1-1/live/-1"),
		header("other-gateway/", "1-0123456789ab/1-1/live/1"), header("", "1-0123456789ab/1-1/live/1"),
		header("街-01/", "1-0123456789ab/1-1/live/1"), header("street-01/", "1-0123456789ab/9-1/live/1"), header("street-01/", "nonsense"),
		padded(wire.MaxMessage + 1), padded(8 << 20), bomb(t, 1<<30), bytes.Repeat(bomb(t, 1<<20-1), 500),
	}
	kinds := []string{"live", "backfill", "alert", "event", "online", "state", "image/01940000-0000-7000-8000-000000000001/0",
		"ack", "command/c-1", "config/desired", "config/reported", "reply/c-1"}
	for _, kind := range kinds {
		topic := wire.DefaultPrefix + "/" + gatewayID + "/" + kind
		for _, b := range bodies {
			out = append(out, message{topic, false, b})
		}
		out = append(out, message{topic, false, nil}, message{topic, true, nil})
	}
	for _, id := range []string{"街灯-01", "..", "UPPER", strings.Repeat("x", 5000), "a b", "-", "%2e%2e", "\u202eevil"} {
		for _, kind := range []string{"live", "state", "event"} {
			out = append(out, message{wire.DefaultPrefix + "/" + id + "/" + kind, false, header(id+"/", "1-0123456789ab/1-1/live/1")})
		}
	}
	for _, kind := range []string{"live", "alert", "state", "image/街/0", "image/x/-1", "ack"} { // what a new subscriber gets first
		out = append(out, message{wire.DefaultPrefix + "/" + gatewayID + "/" + kind, true, padded(wire.MaxMessage)})
	}
	// More than a lane holds, and again with each new connection.
	out = append(out, message{wire.DefaultPrefix + "/" + gatewayID + "/live", true, padded(50 << 20)})
	// Well formed, but nothing that can be true.
	for i, year := range []int{1970, 1999, 2400, 9999} {
		at := time.Date(year, 1, 2, 0, 0, 0, 0, time.UTC).Unix()
		out = append(out, message{wire.DefaultPrefix + "/" + gatewayID + "/backfill", false, fmt.Appendf(nil,
			`[{"bn":"street-01/","bt":%d,"n":"pack","vs":"1-0123456789ab/%d-%d/backfill/1"},{"n":"river/level","u":"m","v":66.6,"t":0}]`, at, i+1, i+1)})
	}
	return out
}

// padded is a document that is valid but for its length.
func padded(n int) []byte {
	b := bytes.Repeat([]byte(" "), n)
	copy(b, `{"v":1,"online":false,"conn":9`)
	b[n-1] = '}'
	return b
}

// bomb is a zstd frame of n zeros that does not say how long it is.
func bomb(t *testing.T, n int) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(w, zeros{}, int64(n)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// client is a plain MQTT client.
type client struct {
	t    *testing.T
	c    paho.Client
	addr string // of the broker
}

// sip is how much is written at once: the race detector looks at every byte of
// a longer write in one go, and meanwhile nothing else in this process can run.
const sip = 64 << 10

func connect(t *testing.T, addr, id string) client {
	t.Helper()
	c := paho.NewClient(paho.NewClientOptions().AddBroker("mqtt://" + addr).SetClientID(id).SetProtocolVersion(4).SetAutoReconnect(false))
	if tok := c.Connect(); !tok.WaitTimeout(soon) || tok.Error() != nil {
		t.Fatalf("connect %s: %v", id, tok.Error())
	}
	t.Cleanup(func() { c.Disconnect(100) })
	return client{t, c, addr}
}

func (c client) send(m message) {
	c.t.Helper()
	if len(m.payload) > 100*sip {
		c.sendInPieces(m)
		return
	}
	if tok := c.c.Publish(m.topic, 1, m.retained, m.payload); !tok.WaitTimeout(soon) || tok.Error() != nil {
		c.t.Fatalf("publish to %.80q: %v", m.topic, tok.Error())
	}
}

// sendInPieces is send on a connection of its own.
func (c client) sendInPieces(m message) {
	c.t.Helper()
	n, err := net.Dial("tcp", c.addr)
	if err != nil {
		c.t.Fatal(err)
	}
	defer n.Close()
	hello := packets.NewControlPacket(packets.Connect).(*packets.ConnectPacket)
	hello.ProtocolName, hello.ProtocolVersion, hello.CleanSession, hello.ClientIdentifier = "MQTT", 4, true, "attacker-in-pieces"
	if err := hello.Write(n); err != nil {
		c.t.Fatal(err)
	}
	if a, err := packets.ReadPacket(n); err != nil || a.(*packets.ConnackPacket).ReturnCode != 0 {
		c.t.Fatalf("connect: %v, %v", a, err)
	}
	head := []byte{packets.Publish<<4 | 1<<1}
	if m.retained {
		head[0] |= 1
	}
	head = binary.AppendUvarint(head, uint64(2+len(m.topic)+2+len(m.payload))) // MQTT's remaining length is the same varint
	head = binary.BigEndian.AppendUint16(head, uint16(len(m.topic)))
	head = binary.BigEndian.AppendUint16(append(head, m.topic...), 1)
	_, err = n.Write(head)
	for part := range slices.Chunk(m.payload, sip) {
		if err == nil {
			_, err = n.Write(part)
		}
	}
	if err != nil {
		c.t.Fatalf("publish to %.80q: %v", m.topic, err)
	}
	if a, err := packets.ReadPacket(n); err != nil || a.Details().MessageID != 1 {
		c.t.Fatalf("publish to %.80q: %v, %v", m.topic, a, err)
	}
}

// hear subscribes to a filter.
func (c client) hear(filter string, take func(payload []byte)) {
	c.t.Helper()
	tok := c.c.Subscribe(filter, 1, func(_ paho.Client, m paho.Message) { take(m.Payload()) })
	if !tok.WaitTimeout(soon) || tok.Error() != nil || tok.(*paho.SubscribeToken).Result()[filter] != 1 {
		c.t.Fatalf("subscribe to %s: %v", filter, tok.Error())
	}
}

// takeAway removes what was left behind at the broker.
func (c client) takeAway(ms []message) {
	for _, m := range ms {
		if m.retained {
			c.send(message{m.topic, true, nil})
		}
	}
}

// live waits until every stream has a value.
func (c *city) live() {
	c.t.Helper()
	eventually(c.t, soon, "a live value of every stream", func() bool {
		n := 0
		for _, v := range c.values() {
			if v.V != nil {
				n++
			}
		}
		return n >= 20
	})
}

// unharmed demands that both programs run, are well, and that all since began is
// stored as it was on the wires.
func (c *city) unharmed(began time.Time) {
	c.t.Helper()
	for _, p := range []*process{c.gw, c.cloud} {
		select {
		case <-p.done:
			c.t.Fatalf("%s ended: %v\n%s", p.name, p.err, p.tail())
		default:
		}
	}
	eventually(c.t, soon, "the aggregator to call itself healthy", func() bool { return c.town.healthy(c.console + "/healthz") })
	if !c.post.healthy("http://" + c.status + "/healthz") {
		c.t.Error("the gateway does not call itself healthy")
	}
	ended := time.Now().Add(-2 * time.Second)
	pause(c.t, 2*time.Second) // what is younger than three seconds may still be on its way
	c.drained(soon)
	report := c.judge(c.points(began.Add(-time.Minute).UnixMilli(), time.Now().Add(time.Minute).UnixMilli()), began, ended, nil)
	c.t.Log(report.String())
	if err := report.Err(); err != nil {
		c.t.Error(err)
	}
	if report.Lines < 50 {
		c.t.Errorf("only %d values were looked for", report.Lines)
	}
}

// onlyKnown demands that nothing is shown but the one gateway, its devices and
// values that can be true.
func (c *city) onlyKnown() {
	c.t.Helper()
	var gs struct{ Gateways []gatewayRow }
	c.get("/gateways", &gs)
	if len(gs.Gateways) != 1 || gs.Gateways[0].ID != gatewayID || !gs.Gateways[0].Online {
		c.t.Errorf("the aggregator shows %+v, want %s alone and online", gs.Gateways, gatewayID)
	}
	var all struct{ Values []valueRow }
	c.get("/values", &all)
	known := map[string]bool{"gateway": true}
	for _, g := range gs.Gateways {
		for _, d := range g.Devices {
			known[d.ID] = true
		}
	}
	for _, v := range all.Values {
		if !known[v.Device] || v.V != nil && *v.V == 66.6 {
			c.t.Errorf("shown: %+v", v)
		}
	}
	for _, p := range c.points(1, time.Now().AddDate(20, 0, 0).UnixMilli()) {
		if p.V == 66.6 || time.UnixMilli(p.T).Year() != time.Now().UTC().Year() && time.UnixMilli(p.T).Year() != time.Now().Year() {
			c.t.Errorf("stored: %+v", p)
		}
	}
}

// metric sums a figure of the aggregator over its labels.
func (c *city) metric(name string) (sum float64) {
	c.t.Helper()
	return figureIn(c.t, c.town, c.console+"/metrics", name)
}

// figure reads a figure from a Prometheus page and sums it over its labels.
func figure(t *testing.T, url, name string) (sum float64) {
	t.Helper()
	return figureIn(t, "", url, name)
}

// figureIn is figure where the page is in another place.
func figureIn(t *testing.T, at place, url, name string) (sum float64) {
	t.Helper()
	r, err := at.client().Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(string(b), "\n") {
		rest, ok := strings.CutPrefix(line, name)
		if !ok || rest == "" || rest[0] != '{' && rest[0] != ' ' {
			continue
		}
		v, err := strconv.ParseFloat(line[strings.LastIndexByte(line, ' ')+1:], 64)
		if err != nil {
			t.Fatalf("%s: %q: %v", url, line, err)
		}
		sum += v
	}
	return sum
}

// Rubbish on every socket, and a client that goes beyond its topics: the embedded
// broker, the console and the gateway's page go on.
func TestRubbishOnEverySocket(t *testing.T) {
	city, _, _ := newCity(t, "calm")
	city.keepOnFailure()
	began := time.Now().Add(3 * time.Second)
	city.live()
	broker := strings.TrimPrefix(city.mqtt, "mqtt://")
	for _, addr := range []string{broker, strings.TrimPrefix(city.console, "http://"), city.status} {
		for i, size := range []int{0, 1, 100, 10_000, 1 << 20} {
			shout(t, addr, size, i%2 == 0)
		}
	}
	// What claims to be the gateway may not speak for the cloud, nor for others.
	for i, topic := range []string{gatewayID + "/ack", gatewayID + "/command/c-1", gatewayID + "/config/desired", "other/live", "other/state", "../state", "x"} {
		forger := connect(t, broker, fmt.Sprintf("%s.%012d", gatewayID, i))
		tok := forger.c.Publish(wire.DefaultPrefix+"/"+topic, 1, true, []byte(`{"v":1,"store":"evil","time":1}`))
		if tok.WaitTimeout(5*time.Second) && tok.Error() == nil {
			t.Errorf("a gateway may publish to %s", topic)
		}
	}
	if n := city.metric("lamppost_broker_forbidden_total"); n < 7 {
		t.Errorf("%v forbidden messages were counted, want 7", n)
	}
	// Too large for the broker: it ends the connection, and only that one.
	for _, size := range []int{wire.MaxMessage + 2000, 1 << 20} {
		big := connect(t, broker, "big."+strconv.Itoa(size))
		tok := big.c.Publish(wire.DefaultPrefix+"/big/live", 1, false, make([]byte, size))
		if tok.WaitTimeout(5*time.Second) && tok.Error() == nil {
			t.Errorf("a message of %d bytes was taken", size)
		}
	}
	eventually(t, soon, "two oversized messages to be counted", func() bool { return city.metric("lamppost_broker_oversized_total") == 2 })
	pause(t, 14*time.Second)
	city.unharmed(began)
	city.onlyKnown()
	city.gw.stop()
	city.cloud.stop()
}

// shout sends random bytes to a socket and leaves, orderly or not.
func shout(t *testing.T, addr string, size int, orderly bool) {
	t.Helper()
	c, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(2 * time.Second)); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, size)
	rand.Read(b)
	_, _ = c.Write(b) // who is shouted at may hang up
	if !orderly {
		_ = c.(*net.TCPConn).SetLinger(0) // a reset is rubbish as well
		return
	}
	_ = c.(*net.TCPConn).CloseWrite()
	_, _ = io.Copy(io.Discard, c)
}
