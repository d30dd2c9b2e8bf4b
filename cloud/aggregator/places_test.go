package aggregator_test

import (
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

// put sends a document to the API.
func (c *cloud) put(path, kind, body string) string {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), http.MethodPut, c.console+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Content-Type", kind)
	resp, err := c.client.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		c.t.Fatalf("PUT %s: %s %v %s", path, resp.Status, err, b)
	}
	return string(b)
}

func demoCity(t *testing.T, name string) string {
	t.Helper()
	b, err := fs.ReadFile(firmwareconfigs.Sites(), name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A city is imported; a gateway that says only where it stands is found in its grid cell,
// with its alert; it is put elsewhere; its street is merged with another; and after a
// restart all that is still so.
func TestPlacesEndToEnd(t *testing.T) {
	dir := t.TempDir()
	c := start(t, at(dir))
	c.put("/api/v1/areas?name=demo-city.csv", "text/csv", demoCity(t, "demo-city.csv"))
	c.put("/api/v1/areas?name=demo-city.geojson", "application/geo+json", demoCity(t, "demo-city.geojson"))
	send, acks := c.gateway()
	state, err := wire.Encode(&wire.State{V: 1, Version: "1", Boot: "01234567", Epoch: wire.NewEpoch(1, [6]byte{1}), At: wire.Moment{Boot: "01234567", Unix: time.Now().UnixMilli()},
		Started: wire.Moment{Boot: "01234567"}, Clock: "synced", Site: wire.Site{Name: "bridge", Position: &wire.Position{Lat: 30.319, Lon: 120.142}, Language: "zh"},
		Devices: []wire.DeviceState{{ID: "river", Driver: "modbus", State: "ok", EveryMS: 5000, Channels: []string{"level"}}}})
	if err != nil {
		t.Fatal(err)
	}
	send("state", state)
	send("alert", alert(t))
	for deadline := time.After(patience); ; {
		select {
		case a := <-acks:
			if len(a.Alerts) == 0 {
				continue
			}
		case <-deadline:
			t.Fatal("the alert is not acknowledged")
		}
		break
	}
	counts := func(c *cloud, code string) view.AreaCounts {
		t.Helper()
		var d view.AreaDetail
		if status := c.get("/api/v1/areas/"+code, &d); status != http.StatusOK {
			t.Fatalf("area %s: %d", code, status)
		}
		return d.Counts
	}
	for deadline := time.Now().Add(patience); counts(c, "990101").Devices == 0; {
		if time.Now().After(deadline) {
			t.Fatal("the gateway's state has not come")
		}
	}
	area := func(c *cloud) string {
		t.Helper()
		var a struct{ Alerts []view.Alert }
		c.get("/api/v1/alerts", &a)
		var g view.Gateway
		c.get("/api/v1/gateways/gw", &g)
		return fmt.Sprint(a.Alerts[0].Area, " ", g.Area)
	}
	if got := area(c); got != "990101002002A02 990101002002A02" {
		t.Errorf("the alert and its gateway are in %s", got)
	}
	for _, code := range []string{"990101002002A02", "990101002002", "990101002", "990101", "9901"} {
		if got := counts(c, code); got.Gateways != 1 || got.Alerts != 1 || got.Worst != wire.Orange {
			t.Errorf("%s has %+v", code, got)
		}
	}
	c.put("/api/v1/gateways/gw/place", "application/json", `{"area":"990101001001"}`)
	c.put("/api/v1/areas?name=merged.csv", "text/csv", "code,name,replaces\n990101004,新桥街道,990101001;990101003\n")
	check := func(c *cloud) {
		t.Helper()
		if got := area(c); got != "990101001001 990101001001" {
			t.Errorf("moved, the alert and its gateway are in %s", got)
		}
		if got := counts(c, "990101004"); got.Gateways != 1 || got.Alerts != 1 {
			t.Errorf("the merged street has %+v", got)
		}
		if got, old := counts(c, "990101001"), counts(c, "990101002"); got.Gateways != 1 || old.Gateways != 0 {
			t.Errorf("by its old code the street has %+v, the one before %+v", got, old)
		}
	}
	check(c)
	c.stop()
	check(start(t, at(dir)))
}
