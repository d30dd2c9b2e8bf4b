package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// ends runs a program that is expected to end by itself and returns its exit
// status and all it said.
func ends(t *testing.T, path string, args ...string) (code int, said string) {
	t.Helper()
	p := start(t, filepath.Join(bin, path), args...)
	select {
	case <-p.done:
	case <-time.After(soon):
		t.Errorf("%s %s does not end", path, strings.Join(args, " "))
		p.kill()
	}
	b, err := os.ReadFile(p.log)
	if err != nil {
		t.Fatal(err)
	}
	return p.cmd.ProcessState.ExitCode(), string(b)
}

// variant writes a configuration beside the one given, with something replaced.
func variant(t *testing.T, path, name string, replace ...string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	for i := 0; i < len(replace); i += 2 {
		next := regexp.MustCompile(replace[i]).ReplaceAllString(text, replace[i+1])
		if next == text {
			t.Fatalf("%s has no %s", path, replace[i])
		}
		text = next
	}
	out := filepath.Join(filepath.Dir(path), name)
	if err := os.WriteFile(out, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return out
}

// Who cannot start says why, with the status that scripts rely on, and harms
// nobody who runs.
func TestRefusedStarts(t *testing.T) {
	city, _, _ := newCity(t, "calm")
	city.keepOnFailure()
	cloudCfg := filepath.Join(city.dir, "cloud.yaml")
	free := func() string { return fmt.Sprintf("127.0.0.1:%d", port(t)) }
	for _, c := range []struct {
		name    string
		program string
		args    []string
		code    int
		say     []string
	}{
		{"a second gateway on the same journal", "lamppost",
			[]string{"run", "--config", variant(t, city.gatewayCfg, "second.yaml", `listen: "[^"]*"`, `listen: "`+free()+`"`)}, 6, []string{"journal", "another lamppost"}},
		{"a gateway on the same configuration", "lamppost", []string{"run", "--config", city.gatewayCfg}, 6, []string{"journal"}},
		{"a gateway without its file", "lamppost", []string{"run", "--config", filepath.Join(city.dir, "missing.yaml")}, 3, []string{"missing.yaml", "no such file"}},
		{"a gateway with a wrong file", "lamppost",
			[]string{"run", "--config", variant(t, city.gatewayCfg, "wrong.yaml", `profile: xy-md02`, `profile: xy-md03`)}, 3, []string{"wrong.yaml:", "xy-md03", "xy-md02"}},
		{"a gateway that would show its page to everybody", "lamppost",
			[]string{"run", "--config", variant(t, city.gatewayCfg, "open.yaml", `listen: "[^"]*"`, `listen: "0.0.0.0:0"`)}, 3, []string{"E2402"}},
		{"a gateway on a wrong flag", "lamppost", []string{"run", "--confg", "x"}, 2, []string{"confg"}},
		{"a second aggregator on the same data", "lamppost-cloud",
			[]string{"serve", "--config", variant(t, cloudCfg, "second-cloud.yaml", `listen: 127.0.0.1:\d+\n`, "listen: "+free()+"\n", `listen: "[^"]*"`, `listen: "`+free()+`"`)}, 6, []string{"in use", "cloud"}},
		{"an aggregator that everybody could reach", "lamppost-cloud",
			[]string{"serve", "--config", variant(t, cloudCfg, "open-cloud.yaml", `listen: 127.0.0.1:\d+\n`, "listen: 0.0.0.0:8080\n")}, 3, []string{"0.0.0.0:8080", "open-cloud.yaml:1:", "insecure"}},
		{"an aggregator whose broker everybody could reach", "lamppost-cloud",
			[]string{"serve", "--config", variant(t, cloudCfg, "open-mqtt.yaml", `listen: "[^"]*"`, `listen: ":1883"`)}, 3, []string{":1883", "insecure"}},
		{"an aggregator without its file", "lamppost-cloud", []string{"serve", "--config", filepath.Join(city.dir, "missing.yaml")}, 3, []string{"missing.yaml"}},
		{"an aggregator whose port is taken", "lamppost-cloud",
			[]string{"serve", "--config", variant(t, cloudCfg, "port-cloud.yaml", `data: .*`, "data: "+filepath.Join(city.dir, "d2"))}, 6, []string{"address already in use"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, said := ends(t, c.program, c.args...)
			t.Log(said)
			if code != c.code {
				t.Errorf("exit status %d, want %d", code, c.code)
			}
			if n := strings.Count(said, "error:"); n > 1 || strings.Count(said, "address already in use") > 1 {
				t.Error("it says the same twice")
			}
			for _, s := range c.say {
				if !strings.Contains(said, s) {
					t.Errorf("it does not say %q", s)
				}
			}
		})
	}
	city.live()
	city.gw.stop()
	city.cloud.stop()
}

// A wrong configuration never replaces a good one; a good one is taken over while
// the gateway runs, and no reading is lost on the way.
func TestReload(t *testing.T) {
	city, _, _ := newCity(t, "calm")
	city.keepOnFailure()
	began := time.Now().Add(3 * time.Second)
	city.live()
	was := city.config()
	good, err := os.ReadFile(city.gatewayCfg)
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]string{
		"nothing":     "",
		"not YAML":    "gateway: {id: [\n",
		"one slip":    strings.Replace(string(good), "profile: sdm120", "profile: sdm12", 1),
		"a rule":      strings.Replace(string(good), "river.level > 2.80", "rivr.level > 2.80", 1),
		"no id":       strings.Replace(string(good), "id: "+gatewayID, "id: 'Not An Id'", 1),
		"a torn file": string(good[:bytes.Index(good, []byte("profile: sdm120"))+len("profile: sd")]),
	} {
		if err := os.WriteFile(city.gatewayCfg, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		n := city.said("the old one goes on")
		city.hup()
		eventually(t, soon, "the refusal of "+name, func() bool { return city.said("the old one goes on") > n })
		if now := city.config(); now != was {
			t.Errorf("%s: the gateway runs %s, want %s as before", name, now, was)
		}
	}
	if err := os.Remove(city.gatewayCfg); err != nil {
		t.Fatal(err)
	}
	n := city.said("the old one goes on")
	city.hup()
	eventually(t, soon, "the refusal of a missing file", func() bool { return city.said("the old one goes on") > n })

	changed := strings.Replace(string(good), `name: "模拟街区 · simulated street"`, `name: "another name"`, 1)
	changed = strings.NewReplacer("river.level > 2.80", "river.level > 1.00", "river.level < 2.70", "river.level < 0.90").Replace(changed)
	if err := os.WriteFile(city.gatewayCfg, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	pause(t, 3*time.Second)
	city.hup()
	eventually(t, soon, "the new configuration to run", func() bool { return city.config() != was })
	eventually(t, soon, "the aggregator to know it", func() bool { g := city.gateway(); return g.Config == city.config() && g.Name == "another name" })
	eventually(t, soon, "the changed rule's alert", func() bool {
		for _, a := range city.alerts() {
			if a.Rule == "river-high" {
				return true
			}
		}
		return false
	})
	ended := time.Now().Add(-2 * time.Second)
	pause(t, 2*time.Second)
	city.drained(soon)
	points := city.points(began.Add(-time.Minute).UnixMilli(), ended.Add(time.Minute).UnixMilli())
	// A part that talks by itself and was cut off in the middle of its frame has the
	// slot made up for with its next one: late, and soon before the next slot's.
	report := city.judge(points, began, ended, func(r *truth.Run) { r.Slack += time.Second })
	t.Log(report.String())
	if err := report.Err(); err != nil {
		t.Error(err)
	}
	city.noPauses(began, ended)
	if gaps := city.gaps(); len(gaps) != 0 {
		t.Errorf("gaps were declared: %+v", gaps)
	}
	city.gw.stop()
	city.cloud.stop()
}

// config is the revision that the gateway says it runs.
func (c *city) config() string {
	c.t.Helper()
	s, err := c.page()
	if err != nil {
		c.t.Fatal(err)
	}
	return s.State.Config
}

func (c *city) hup() {
	c.t.Helper()
	if err := c.gw.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		c.t.Fatal(err)
	}
}

// said counts how often the gateway has said something so far.
func (c *city) said(what string) int {
	c.t.Helper()
	b, err := os.ReadFile(c.gw.log)
	if err != nil {
		c.t.Fatal(err)
	}
	return strings.Count(string(b), what)
}

// noPauses demands that no device was left alone for three intervals.
func (c *city) noPauses(from, to time.Time) {
	c.t.Helper()
	beats, every := c.beats(from, to)
	slack := c.slack().Milliseconds()
	for id, times := range beats {
		for i := 1; i < len(times); i++ {
			if d := times[i] - times[i-1]; d > 3*every[id]+slack {
				c.t.Errorf("%s: nothing for %d ms from %s on, one each %d ms is due", id, d, time.UnixMilli(times[i-1]).UTC().Format("15:04:05.000"), every[id])
			}
		}
	}
}
