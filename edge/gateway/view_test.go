package gateway

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/health"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// What a device measured before it died is shown as what it is: old.
func TestOldValuesAreStale(t *testing.T) {
	b := newStage(t)
	for _, c := range []struct {
		name    string
		every   time.Duration
		ageMS   int64
		quality obs.Quality
		stale   bool
		qc      int
		why     obs.Reason
	}{
		{"fresh", 2 * time.Second, 30_000, obs.Quality{Flag: obs.Pass}, false, 1, ""},
		{"half a minute", 2 * time.Second, 30_001, obs.Quality{Flag: obs.Pass}, true, 3, obs.Stale},
		{"three intervals", time.Minute, 180_000, obs.Quality{Flag: obs.Pass}, false, 1, ""},
		{"more", time.Minute, 180_001, obs.Quality{Flag: obs.Pass}, true, 3, obs.Stale},
		{"bad before", time.Minute, 180_001, obs.Quality{Flag: obs.Fail, Why: obs.Range}, true, 4, obs.Range},
		{"never there", time.Minute, 180_001, obs.Quality{Flag: obs.Missing}, true, 9, ""},
	} {
		spec := deviceSpec{id: "mains", every: c.every, plan: &drivers.Plan{Channels: []drivers.Channel{{Name: "level"}}}}
		d := newDevice(spec, b.metrics)
		d.answered, d.lastAt, d.last = true, 1000, []obs.Reading{{Value: 224, Quality: c.quality}}
		v := values(d, 1000+c.ageMS)
		if len(v) != 1 || v[0].Stale != c.stale || v[0].QC != c.qc || v[0].Why != string(c.why) {
			t.Errorf("%s: %+v, want stale %v, %d %q", c.name, v, c.stale, c.qc, c.why)
		}
	}
}

// A program that says a lot does not fill the page with it.
func TestLongErrorsAreCut(t *testing.T) {
	d := newDevice(deviceSpec{id: "mine", plan: &drivers.Plan{}}, nil)
	d.fault = errors.New(strings.Repeat("错", 20_000))
	v := (&Gateway{gen: &generation{lines: &Lines{}}}).deviceView(d, 60_000)
	if n := utf8.RuneCountInString(v.Detail); n != maxDetail+1 || !strings.HasSuffix(v.Detail, "错…") {
		t.Errorf("the detail has %d characters", n)
	}
	found := health.Assess(health.View{Devices: []health.Device{v}, Clock: health.Clock{State: "synced"}})
	if !slices.ContainsFunc(found, func(h wire.Health) bool {
		return h.About == "mine" && utf8.RuneCountInString(h.Text["en"]) < 2*maxDetail
	}) {
		t.Errorf("the findings are %v", found)
	}
}
