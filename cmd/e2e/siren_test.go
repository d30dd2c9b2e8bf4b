package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
	"github.com/lamppost-city/lamppost/edge/status"
)

// flash floods the underpass from 12 s on, for the given keys behind that.
func flash(t *testing.T, keys string) (scenario string) {
	t.Helper()
	scenario = filepath.Join(t.TempDir(), "flash.yaml")
	text := `title: {zh: 积水, en: flash}
about: {zh: 下穿通道短时积水, en: the underpass floods for a moment}
base: calm
cycle: 30m
quantities:
  underpass.level: {keys: {0s: 0.004, 10s: 0.004, 12s: 0.33, ` + keys + `}, noise: 0.0016, min: 0}
`
	if err := os.WriteFile(scenario, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return scenario
}

// newFlood starts a city whose underpass floods, with a gateway that does not wait
// long.
func newFlood(t *testing.T, keys string) *city {
	t.Helper()
	c := &city{t: t, dir: t.TempDir()}
	c.startCloud()
	c.startSim(flash(t, keys))
	c.gatewayCfg = variant(t, c.gatewayCfg, "flash.yaml", `(clear: "underpass.level < 0.22", clear_for:) 10s`, "$1 2s")
	c.startGateway()
	c.keepOnFailure()
	return c
}

// switched are the marks of the relay board, in order.
func (c *city) switched() (out []string) {
	c.t.Helper()
	lines, err := truth.ReadFile(filepath.Join(c.dir, "street", "truth.jsonl"))
	if err != nil {
		c.t.Fatal(err)
	}
	for _, l := range lines {
		if l.Event == "switch" {
			out = append(out, l.Detail)
		}
	}
	return out
}

// siren is how the gateway's page shows it.
func (c *city) siren() status.Output {
	s, err := c.page()
	if err != nil || len(s.Outputs) == 0 { // the page is there before the outputs are
		return status.Output{}
	}
	i := slices.IndexFunc(s.Outputs, func(o status.Output) bool { return o.ID == "siren" })
	if i < 0 {
		c.t.Fatalf("the page has no siren: %+v", s.Outputs)
	}
	return s.Outputs[i]
}

// The broker dies, the underpass floods: the siren sounds, and is silent when the water
// is gone. When the broker is back, the cloud learns what was switched and why.
func TestSirenNeedsNoBroker(t *testing.T) {
	t.Parallel()
	city := newFlood(t, "30s: 0.33, 33s: 0.004, 30m: 0.004")
	eventually(t, soon, "the gateway at its broker, and the siren off", func() bool {
		s, err := city.page()
		return err == nil && s.Uplink.AckedMS >= 0 && city.siren().State == "off"
	})
	city.cloud.kill()
	eventually(t, soon, "the siren's relay on", func() bool { return slices.Equal(city.switched(), []string{"coil 0 on"}) })
	eventually(t, soon, "the siren on the page", func() bool {
		o := city.siren()
		return o.State == "on" && o.Why == "rule" && o.By == "underpass-flood" && o.LeftMS > 0
	})
	if s, err := city.page(); err != nil || s.Uplink.Connected {
		t.Errorf("the broker was to be dead: %+v, %v", s.Uplink, err)
	}
	eventually(t, soon, "the siren's relay off", func() bool { return slices.Equal(city.switched(), []string{"coil 0 on", "coil 0 off"}) })
	city.startCloud()
	var told []string
	eventually(t, soon, "both events at the aggregator", func() bool {
		told = nil
		city.rows(`select json_extract(body, '$.actuation.output') || ' ' || json_extract(body, '$.actuation.on') || ' ' || json_extract(body, '$.actuation.why') || ' '
			|| json_extract(body, '$.actuation.by') || ' ' || json_extract(body, '$.actuation.result') from event
			where gateway = '`+gatewayID+`' and kind = 'actuation' order by boot_ms`, func(scan func(...any) error) error {
			var line string
			err := scan(&line)
			told = append(told, line)
			return err
		})
		return len(told) >= 2
	})
	if want := []string{"siren 1 rule underpass-flood done", "siren 0 rule underpass-flood done"}; !slices.Equal(told, want) {
		t.Errorf("the aggregator was told %q, want %q", told, want)
	}
	city.gw.stop()
	city.sim.stop()
	city.cloud.stop()
}

// The gateway is killed while the siren sounds: the relay stays on, as nobody is there,
// until the next start sets it off; the alert that goes on does not switch it on again.
// A person does, for as long as they say, and is in the event.
func TestSirenAfterAKill(t *testing.T) {
	t.Parallel()
	city := newFlood(t, "30m: 0.33")
	eventually(t, soon, "the siren's relay on", func() bool { return slices.Equal(city.switched(), []string{"coil 0 on"}) })
	eventually(t, soon, "the event on the disk", func() bool {
		return strings.Contains(city.lamppost("buffer", "inspect", "--kind", "event"), "underpass-flood: done")
	})
	city.gw.kill()
	city.startGateway()
	eventually(t, soon, "the relay off", func() bool { return slices.Equal(city.switched(), []string{"coil 0 on", "coil 0 off"}) })
	eventually(t, soon, "the alert, and the siren off", func() bool {
		s, err := city.page()
		return err == nil && len(s.Alerts) > 0 && city.siren().State == "off" && !city.siren().Asked && city.siren().ForMS > 1500
	})
	if out := city.lamppost("output", "on", "siren", "--for", "2s"); !strings.Contains(out, "command of ") {
		t.Errorf("output on: %s", out)
	}
	eventually(t, soon, "the relay on and off", func() bool {
		return slices.Equal(city.switched(), []string{"coil 0 on", "coil 0 off", "coil 0 on", "coil 0 off"})
	})
	city.gw.stop()
	out := city.lamppost("buffer", "inspect", "--kind", "event")
	for _, want := range []string{"off, safe state: done (it was on when the gateway ended)", "on, command ", "off, command "} {
		if !strings.Contains(out, want) {
			t.Errorf("the journal does not say %q:\n%s", want, out)
		}
	}
	city.sim.stop()
	city.cloud.stop()
}

// lamppost runs one of the gateway's tools on its configuration and returns what it
// says; it has to end well.
func (c *city) lamppost(args ...string) string {
	c.t.Helper()
	began := time.Now()
	code, said := ends(c.t, "lamppost", append(args, "--config", c.gatewayCfg, "--lang", "en")...)
	if code != 0 {
		c.t.Fatalf("lamppost %s: exit %d after %v\n%s", strings.Join(args, " "), code, time.Since(began), said)
	}
	return said
}
