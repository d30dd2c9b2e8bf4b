package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/view"
)

// tool runs the aggregator's program once and returns what it prints.
func (c *city) tool(args ...string) string {
	c.t.Helper()
	var out, errOut bytes.Buffer
	cmd := exec.CommandContext(c.t.Context(), filepath.Join(bin, "lamppost-cloud"), append(args, "--config", filepath.Join(c.dir, "cloud.yaml"))...)
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Run(); err != nil {
		c.t.Fatalf("lamppost-cloud %s: %v: %s", strings.Join(args, " "), err, errOut.String())
	}
	return strings.TrimSpace(out.String())
}

// trust puts the aggregator's key into the gateway's configuration.
func (c *city) trust() {
	c.t.Helper()
	text, err := os.ReadFile(c.gatewayCfg)
	if err != nil {
		c.t.Fatal(err)
	}
	block := "uplink:\n  commands: {center: {key: \"" + c.tool("key") + "\", may: [rewind, acknowledge, read, still, actuate], outputs: [siren]}}\n"
	mended := strings.Replace(string(text), "uplink:\n", block, 1)
	if mended == string(text) {
		c.t.Fatalf("no uplink block in\n%s", text)
	}
	if err := os.WriteFile(c.gatewayCfg, []byte(mended), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

// emptyStore takes all that the embedded store holds and leaves it its name, as a
// restore from a backup that was made before the first reading would.
func (c *city) emptyStore() {
	c.t.Helper()
	dir := filepath.Join(c.dir, "cloud", "store")
	files, err := os.ReadDir(dir)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, f := range files {
		if f.Name() == "id" {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, f.Name())); err != nil {
			c.t.Fatal(err)
		}
	}
}

// A store that lost everything fills its hole from the gateway's journal when the
// operations center asks for it: all that was acknowledged before comes again, and
// nothing stands there twice. Without the request it does not come: to the gateway
// it is stored.
func TestRestoredStoreFillsItsHole(t *testing.T) {
	t.Parallel()
	c := &city{t: t, dir: t.TempDir()}
	c.keepOnFailure()
	c.startCloud()
	c.startSim("calm")
	c.trust()
	began := time.Now()
	c.startGateway()
	c.live()
	pause(t, 15*time.Second)
	c.drained(soon)
	until := time.Now().Add(-2 * time.Second).UnixMilli() // what came before is stored and acknowledged
	before := c.points(began.UnixMilli(), until)
	if len(before) < 50 {
		t.Fatalf("only %d points before the loss", len(before))
	}

	c.cloud.stop()
	c.emptyStore()
	c.startCloud()
	c.live()
	if left := c.points(began.UnixMilli(), until); len(left)*10 > len(before) {
		t.Fatalf("%d of %d points are still there: nothing was lost", len(left), len(before))
	}

	if said := c.tool("rewind", "--gateway", gatewayID, "--since", began.Add(-time.Minute).Format(time.RFC3339), "--by", "e2e"); !strings.HasPrefix(said, gatewayID+": asked, command ") {
		t.Errorf("rewind said %q", said)
	}
	var doc struct{ Commands []view.Command }
	eventually(t, soon, "the gateway to answer", func() bool {
		c.get("/gateways/"+gatewayID+"/commands", &doc)
		return len(doc.Commands) == 1 && doc.Commands[0].State != "waiting"
	})
	if got := doc.Commands[0]; got.State != "done" || got.Records < 10 {
		t.Fatalf("the gateway answered %+v", got)
	}
	eventually(t, time.Minute, "the hole to be filled", func() bool {
		return len(c.points(began.UnixMilli(), until)) >= len(before)
	})
	after := c.points(began.UnixMilli(), until)
	if len(after) != len(before) {
		t.Errorf("%d points, before the loss it was %d", len(after), len(before))
	}
	have := map[string]float64{}
	for _, p := range after {
		have[p.Device+"/"+p.Channel+time.UnixMilli(p.T).String()] = p.V
	}
	for _, p := range before {
		if v, ok := have[p.Device+"/"+p.Channel+time.UnixMilli(p.T).String()]; !ok || v != p.V {
			t.Errorf("%s/%s at %d was %v, is %v (%v)", p.Device, p.Channel, p.T, p.V, v, ok)
		}
	}
	if said := c.tool("commands", gatewayID); !strings.Contains(said, "done") || !strings.Contains(said, "e2e") {
		t.Errorf("commands said\n%s", said)
	}
	t.Logf("%d points were lost and came again; %d records sent again", len(before), doc.Commands[0].Records)
}
