package gateway

import (
	"slices"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/alert"
	"github.com/lamppost-city/lamppost/edge/wire"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

// The picture before an alert bears what its streams had shown when it was taken, or
// nothing of one that had shown nothing; the others bear what the raise had, and say so.
func TestSayingsAreOfThePicturesTime(t *testing.T) {
	metrics, err := obs.ParseCatalog(firmwareconfigs.MetricsFile, firmwareconfigs.Metrics())
	if err != nil {
		t.Fatal(err)
	}
	level, late := obs.Stream{Device: "river", Channel: "level"}, obs.Stream{Device: "bank", Channel: "level"}
	gen := &generation{trail: &alert.Trail{}, ruleStreams: map[string][]obs.Stream{"high": {level, late}}}
	pass := obs.Quality{Flag: obs.Pass}
	for i, v := range []float64{2.1, 2.4, 2.7, 3.2} {
		gen.trail.Add(level, int64(i)*5000, obs.Reading{Value: v, Quality: pass})
	}
	gen.trail.Add(late, 14_000, obs.Reading{Value: 1.5, Quality: pass})
	g, a := &Gateway{catalog: metrics}, &wire.Alert{Rule: "high", Severity: "red"}
	eye := &device{spec: deviceSpec{id: "eye", plan: &drivers.Plan{Overlay: &drivers.Overlay{}}}}
	for _, c := range []struct {
		label  string
		bootMS int64
		want   []string
	}{
		{beforeAlert, 12_500, []string{"before the alert: high red", "river/level 2.7 m"}},
		{beforeAlert, 5000, []string{"before the alert: high red", "river/level 2.4 m"}},
		{beforeAlert, -1, []string{"before the alert: high red"}},
		{atAlert, 15_000, []string{"at the alert: high red", "river/level 3.2 m", "bank/level 1.5 m"}},
	} {
		if got := g.sayings(gen, eye, a, c.label, c.bootMS); !slices.Equal(got, c.want) {
			t.Errorf("at %d ms: %q, want %q", c.bootMS, got, c.want)
		}
	}
	if got := g.sayings(gen, &device{}, a, atAlert, 0); got != nil {
		t.Errorf("without an overlay: %q", got)
	}
}
