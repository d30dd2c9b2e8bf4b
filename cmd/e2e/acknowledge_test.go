package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// maxSilence is within how long after the center acknowledges the siren's relay is off:
// a real broker, a real serial line and both journals lie between.
const maxSilence = time.Second

// The underpass floods and the siren sounds; somebody acknowledges in the operations
// center, through a real broker: the relay is off well within a second, the beacon and
// the alert stay, and the alert says who has seen it, at the gateway and in the cloud.
func TestAcknowledgeFromTheCloud(t *testing.T) {
	t.Parallel()
	m := startMosquitto(t)
	c := &city{t: t, dir: t.TempDir(), broker: m.addr}
	c.keepOnFailure()
	c.startCloud()
	c.startSim(flash(t, "30m: 0.33"))
	c.gatewayCfg = variant(t, c.gatewayCfg, "flash.yaml", `(clear: "underpass.level < 0.22", clear_for:) 10s`, "$1 2s")
	c.trust()
	c.startGateway()
	eventually(t, soon, "the siren's relay on", func() bool { return slices.Equal(c.switched(), []string{"coil 0 on"}) })
	var alert view.Alert
	eventually(t, soon, "the alert in the cloud", func() bool {
		var doc struct{ Alerts []view.Alert }
		c.get("/alerts?state=active", &doc)
		i := slices.IndexFunc(doc.Alerts, func(a view.Alert) bool { return a.Rule == "underpass-flood" && a.Stage == "actual" })
		if i >= 0 {
			alert = doc.Alerts[i]
		}
		return i >= 0
	})

	asked := time.Now()
	r, err := http.Post(c.console+"/api/v1/alerts/"+alert.ID+"/acknowledge", "application/json", strings.NewReader(`{"by":"王芳"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if r.StatusCode != http.StatusOK {
		t.Fatalf("acknowledge: %s", r.Status)
	}
	eventually(t, soon, "the siren's relay off", func() bool { return slices.Equal(c.switched(), []string{"coil 0 on", "coil 0 off"}) })
	if took := time.Since(asked); took > maxSilence {
		t.Errorf("silent after %v, want %v at most", took, maxSilence)
	} else {
		t.Logf("silent after %v", took)
	}
	var got view.Alert
	eventually(t, soon, "the gateway's answer, and its word in the history", func() bool {
		c.get("/alerts/"+alert.ID, &got)
		return got.Command != nil && got.Command.State == "done" && slices.ContainsFunc(got.History, func(h view.Change) bool { return h.What == "heard" && strings.Contains(h.Note, "王芳") })
	})
	if got.Condition != "active" || !slices.Equal(got.Command.Outputs, []string{"siren"}) || got.Acknowledged == nil || got.Acknowledged.By != "王芳" {
		t.Errorf("the cloud has %+v, command %+v", got, got.Command)
	}
	page, err := c.page()
	if err != nil {
		t.Fatal(err)
	}
	if i := slices.IndexFunc(page.Alerts, func(a wire.Alert) bool { return a.ID == alert.ID }); i < 0 || page.Alerts[i].Condition != "active" || page.Alerts[i].Acknowledged == nil {
		t.Errorf("the gateway's page has %+v", page.Alerts)
	}
	// What it may switch it switches, through the same broker, and back by itself.
	off := time.Now() // at the latest
	eventually(t, soon, "its rest of a second", func() bool { return time.Since(off) > 1500*time.Millisecond })
	if said := c.tool("switch", gatewayID, "siren", "on", "--for", "1s", "--by", "li"); said != gatewayID+": done" {
		t.Errorf("switch said %q", said)
	}
	eventually(t, soon, "the relay on and off again", func() bool {
		return slices.Equal(c.switched(), []string{"coil 0 on", "coil 0 off", "coil 0 on", "coil 0 off"})
	})
	if said := c.tool("read", gatewayID, "underpass"); said != gatewayID+": done" {
		t.Errorf("read said %q", said)
	}
	if said := c.tool("still", gatewayID, "gauge"); !strings.HasPrefix(said, gatewayID+": done picture ") {
		t.Errorf("still said %q", said)
	}
	c.gw.stop()
	c.sim.stop()
	c.cloud.stop()
}
