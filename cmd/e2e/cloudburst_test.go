package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// burst is the underpass's flood of the cloudburst at three times its pace, in an
// otherwise equal storm; the rule's times are shortened alike.
const burst = `title: {zh: 暴雨, en: a hasty cloudburst}
about: {zh: 三倍速的下穿通道积水, en: the underpass floods three times as fast}
base: calm
cycle: 30m
quantities:
  underpass.level: {keys: {0s: 0.012, 30s: 0.014, 42s: 0.048, 55s: 0.108, 72s: 0.186, 90s: 0.27, 107s: 0.344, 120s: 0.405, 130s: 0.436, 137s: 0.43, 149s: 0.34, 162s: 0.205, 174s: 0.09, 186s: 0.02, 30m: 0.012}, wander: {by: 0.008, over: 15s}, noise: 0.0016, min: 0}
`

// course is the underpass's alert as the aggregator tells it; the zero value while there
// is none.
func (c *city) course() (a view.Alert) {
	c.t.Helper()
	for _, row := range c.alerts() {
		if row.Rule == "underpass-flood" {
			c.get("/alerts/"+row.ID, &a)
		}
	}
	return a
}

// steps are what a timeline says, one word or two each.
func steps(a view.Alert) (out []string) {
	for _, s := range a.Timeline {
		switch {
		case s.Switched != nil && s.Switched.On:
			out = append(out, s.Switched.Output+" on")
		case s.Switched != nil:
			out = append(out, s.Switched.Output+" off")
		case s.What == "actual":
			out = append(out, string(s.Severity))
		default:
			out = append(out, s.What)
		}
	}
	return out
}

// The underpass floods: the pre-alert announces between when, the limit is reached
// within that, the alert climbs to red and comes down, the siren sounds from the limit
// to the end; the aggregator has it all in one alert's timeline, with a picture of each
// change, and the relay board was truly switched.
func TestCloudburstIsTold(t *testing.T) {
	t.Parallel()
	city := &city{t: t, dir: t.TempDir()}
	city.startCloud()
	scenario := filepath.Join(t.TempDir(), "burst.yaml")
	if err := os.WriteFile(scenario, []byte(burst), 0o600); err != nil {
		t.Fatal(err)
	}
	city.startSim(scenario)
	city.gatewayCfg = variant(t, city.gatewayCfg, "burst.yaml", `within: 3m\s+window: 90s`, "within: 1m\n      window: 30s")
	city.startGateway()
	city.keepOnFailure()
	eventually(t, 2*soon, "the pre-alert", func() bool { return city.course().Stage == "forecast" })
	if text := city.course().Text["en"]; !strings.HasPrefix(text, "underpass: 0.27 m expected ") {
		t.Errorf("the pre-alert says %q", text)
	}
	want := []string{"forecast", "orange", "siren on", "red", "orange", "cleared", "siren off"}
	var a view.Alert
	eventually(t, 3*soon, "the alert to clear and the siren to be silent", func() bool {
		a = city.course()
		return a.Condition == "cleared" && slices.Contains(steps(a), "siren off")
	})
	// How often the range was told anew depends on how fast this machine is.
	a.Timeline = slices.DeleteFunc(a.Timeline, func(s view.Step) bool { return s.What == "renewed" })
	if got := steps(a); !slices.Equal(got, want) {
		t.Fatalf("the timeline says %q, want %q", got, want)
	}
	foreseen, reached := a.Timeline[0], a.Timeline[1]
	if foreseen.From == nil || foreseen.To == nil || reached.At < *foreseen.From || reached.At > *foreseen.To {
		t.Errorf("the limit was reached at %d, expected was %+v", reached.At, foreseen)
	}
	city.freshPictures(a)
	if got := city.switched(); !slices.Equal(got, []string{"coil 0 on", "coil 1 on", "coil 1 off", "coil 0 off"}) {
		t.Errorf("the relay board was switched %q", got)
	}
	city.gw.stop()
	city.sim.stop()
	city.cloud.stop()
}

// jpeg returns a picture that the aggregator has; it may still be on its way.
func (c *city) jpeg(id string) (b []byte) {
	c.t.Helper()
	if id == "" {
		c.t.Error("a change of the alert has no picture")
		return nil
	}
	eventually(c.t, soon, "picture "+id, func() bool {
		r, err := c.town.client().Get(c.console + "/api/v1/images/" + id + ".jpg")
		if err != nil {
			return false
		}
		defer r.Body.Close()
		if r.StatusCode != http.StatusOK || r.Header.Get("Content-Type") != "image/jpeg" {
			return false
		}
		b, err = io.ReadAll(r.Body)
		return err == nil
	})
	return b
}

// freshPictures demands that the picture of each change is of that moment: the camera is
// asked anew, it is not the one that happened to be there.
func (c *city) freshPictures(a view.Alert) {
	c.t.Helper()
	const later = 10 * time.Second // so long a change waits for its picture
	for _, s := range a.Timeline {
		if s.What != "forecast" && s.What != "actual" {
			continue
		}
		sum := sha256.Sum256(c.jpeg(s.Image))
		lines, err := truth.ReadFile(filepath.Join(c.dir, "street", "truth.jsonl"))
		if err != nil {
			c.t.Fatal(err)
		}
		i := slices.IndexFunc(lines, func(l truth.Line) bool { return l.Via == truth.Still && l.SHA256 == hex.EncodeToString(sum[:]) })
		if i < 0 {
			c.t.Errorf("the picture of %s, %s was never taken", s.What, s.Severity)
			continue
		}
		after := time.Duration(lines[i].T-s.At) * time.Millisecond
		c.t.Logf("the picture of %s, %s was taken %v after it", s.What, s.Severity, after)
		if after < -time.Second || after > later+c.slack() {
			c.t.Errorf("the picture of %s, %s was taken %v after it", s.What, s.Severity, after)
		}
	}
}
