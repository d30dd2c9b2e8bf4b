package gateway_test

import (
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/status"
)

const derivations = `derived:
  gap: {is: "clear - x", of: pass.level, metric: distance, constants: {clear: 4.5}, name: {en: clearance}}
  high: {is: max, of: gap.distance, over: 1m, every: 1s}
`

func (p *post) derivedConfig() *config.Config {
	p.t.Helper()
	return p.config(`  low: {when: "gap.distance < 4.4", severity: blue, message: {en: "{device} {value}"}}
` + derivations)
}

// A derived stream is on the page, in the journal and in the rules like a measured one,
// and one that is derived of it; what windows hold outlives a restart.
func TestDerivedStreams(t *testing.T) {
	p := newPost(t)
	unplug := p.sensor(2000) // a level of 1 m, a clearance of 3.5 m
	p.start(p.derivedConfig())
	value := func(s status.Snapshot, device string) *status.Value {
		for i := range s.Values {
			if v := &s.Values[i]; v.Device == device && v.V != nil {
				return v
			}
		}
		return nil
	}
	s := p.until("both derived streams", func(s status.Snapshot) bool {
		return value(s, "gap") != nil && value(s, "high") != nil && len(s.Alerts) == 1
	})
	for device, channel := range map[string]string{"gap": "distance", "high": "distance"} {
		if v := value(s, device); v.Channel != channel || math.Abs(*v.V-3.5) > 1e-9 {
			t.Errorf("%s is %+v, want 3.5 m of distance", device, *v)
		}
	}
	if a := s.Alerts[0]; !strings.Contains(a.Text["en"], "clearance 3.5") {
		t.Errorf("the alert says %q", a.Text["en"])
	}
	p.stop()
	samples, _, _ := p.records()
	seen := map[string]int{}
	for _, s := range samples {
		seen[s.Device]++
		if s.Device == "gap" && s.Readings[0].Quality.Flag != obs.Pass {
			t.Errorf("clearance has quality %v", s.Readings[0].Quality)
		}
	}
	if seen["gap"] == 0 || seen["high"] == 0 {
		t.Errorf("the journal holds %v", seen)
	}

	// What the window holds outlives a restart, and also one at which the newest state was
	// never written: then it is read from the journal again.
	first := p.derivedState(nil)
	unplug()
	unplug = p.sensor(3000) // a clearance of 4.5 m
	p.start(p.derivedConfig())
	p.until("the greater clearance", func(s status.Snapshot) bool { v := value(s, "high"); return v != nil && *v.V > 4.4 })
	p.stop()
	p.derivedState(first)
	unplug()
	p.sensor(1000) // a clearance of 2.5 m
	p.start(p.derivedConfig())
	s = p.until("both derived streams again", func(s status.Snapshot) bool {
		v := value(s, "gap")
		return v != nil && *v.V < 2.6 && value(s, "high") != nil
	})
	if v := value(s, "high"); math.Abs(*v.V-4.5) > 1e-9 {
		t.Errorf("the most of a minute is %v after a restart, want the 4.5 m of the run before", *v.V)
	}
	p.stop()
}

// derivedState returns the kept state, and puts another one in its place.
func (p *post) derivedState(put []byte) []byte {
	p.t.Helper()
	j, err := journal.Open(filepath.Join(p.dir, "journal"), journal.Options{})
	if err != nil {
		p.t.Fatal(err)
	}
	defer j.Close()
	state, ok := j.State("derived")
	if !ok {
		p.t.Fatal("no state is kept")
	}
	if put != nil {
		err = j.SetState("derived", put)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	return state
}
