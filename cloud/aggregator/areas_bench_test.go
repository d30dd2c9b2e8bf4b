package aggregator_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// village is the code of one of 549, shared out among 22 towns.
func village(n int) string { return fmt.Sprintf("990101%03d%03d", n%22+1, n%549+1) }

// county is a district of 22 towns and 549 villages.
func county() string {
	var b strings.Builder
	b.WriteString("code,name,parent\n99,省,\n9901,市,99\n990101,区,9901\n")
	for town := range 22 {
		fmt.Fprintf(&b, "990101%03d,镇%d,990101\n", town+1, town+1)
	}
	for n := range 549 {
		fmt.Fprintf(&b, "%s,村%d,%s\n", village(n), n+1, village(n)[:9])
	}
	return b.String()
}

// report publishes as a gateway of a village what it has: ten devices and, of some, an alert.
func report(b *testing.B, mqtt string, n int) {
	b.Helper()
	id := fmt.Sprintf("g-%04d", n)
	g := paho.NewClient(paho.NewClientOptions().AddBroker(mqtt).SetClientID(id + ".0123456789ab").SetProtocolVersion(4).SetAutoReconnect(false))
	do := func(tok paho.Token) {
		if !tok.WaitTimeout(patience) || tok.Error() != nil {
			b.Fatal(id, tok.Error())
		}
	}
	do(g.Connect())
	defer g.Disconnect(0)
	m := wire.Moment{Boot: "01234567", Unix: time.Now().UnixMilli()}
	s := wire.State{V: 1, Version: "1", Boot: m.Boot, Epoch: wire.NewEpoch(1, [6]byte{1}), At: m, Started: m, Clock: "synced",
		Site: wire.Site{Name: id, Language: "zh", Area: village(n % 549)}}
	for d := range 10 {
		s.Devices = append(s.Devices, wire.DeviceState{ID: fmt.Sprintf("d%d", d), Driver: "modbus", State: "ok", EveryMS: 5000, Channels: []string{"level"}})
	}
	text, err := wire.Encode(&s)
	if err != nil {
		b.Fatal(err)
	}
	do(g.Publish("lamppost/v1/"+id+"/state", 1, false, text))
	if n >= 300 {
		return
	}
	a := wire.Alert{V: 1, ID: alertID(n), Rev: 1, Epoch: s.Epoch, Seq: uint64(n + 1), Rule: fmt.Sprint("rule-", n%60), Stage: "actual", Condition: "active", At: m, Since: m,
		Severity: []wire.Severity{wire.Red, wire.Orange, wire.Yellow, wire.Blue}[n%4], Device: "d1", Channel: "level", Area: s.Site.Area, Text: map[string]string{"zh": "水位"}}
	if text, err = wire.Encode(&a); err != nil {
		b.Fatal(err)
	}
	do(g.Publish("lamppost/v1/"+id+"/alert", 1, false, text))
}

// BenchmarkAreasByAPI is the whole tree of a district as a console asks for it: 22 towns, 549
// villages, 10 000 devices of 1 000 gateways, with counts, the worst state and the cases of
// each area, over HTTP, with the JSON read. The goal is 50 ms.
func BenchmarkAreasByAPI(b *testing.B) {
	c := open(b)
	c.importAreas(county())
	for n := range 1000 {
		report(b, c.admin.mqtt, n)
	}
	li := c.hire("li", "dispatcher", "99")
	var district doc
	eventually(b, "all of them", func() bool {
		district = li.want(200, "GET", "/api/v1/areas/990101", nil)["counts"].(doc)
		return district["devices"] == 10_000.0 && district["alerts"] == 300.0 && district["cases"].(float64) > 60
	})
	var took []time.Duration
	for b.Loop() {
		begin := time.Now()
		if got := len(wholeTree(b, li)); got < 100_000 {
			b.Fatalf("the tree has %d bytes", got)
		}
		took = append(took, time.Since(begin))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(district["cases"].(float64), "cases")
}

// wholeTree asks for all areas with what is in them.
func wholeTree(b *testing.B, who person) []byte {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), "GET", who.console+"/api/v1/areas?depth=6&limit=1000", nil)
	if err != nil {
		b.Fatal(err)
	}
	r.AddCookie(who.cookie)
	res, err := who.client.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		b.Fatal(res.Status, err)
	}
	return text
}
