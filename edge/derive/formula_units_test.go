package derive

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// What a formula's parts are decides what its result is in, and whether it means anything.
func TestFormulaMeanings(t *testing.T) {
	lib := library(t)
	streams := map[string]string{"x": "river/level", "y": "canal/level", "t": "far/temp", "v": "mast/wind_speed", "d": "mast/wind_dir", "e": "far/wind_dir",
		"a": "mic/noise", "b": "far/noise", "r": "gauge/rain", "u": "far/voltage", "i": "far/current"}
	for _, st := range streams {
		o, _ := obs.ParseStream(st)
		m, ok := lib.Metrics.Lookup(o.Channel)
		if !ok {
			t.Fatal(st)
		}
		lib.Known[o] = Known{Every: 10 * time.Second, Metric: m}
	}
	for _, c := range []struct{ is, metric, want string }{
		{"12.4 - x", "level", ""},
		{"x + 0.001 * r", "level", ""},
		{"x^0.5 + 1", "level", "E2906 level is in m, this is in m^0.5; name a metric with that unit, or multiply with what makes one of it, like 0.001 * x"},
		{"«x^0.5 + y»", "level", "E2906 m^0.5 and m do not go together; multiply one of them, like 0.001 * x"},
		{"2.1 * x^0.5 + y", "level", ""},
		{"x * y", "level", "E2906 level is in m, this is in m^2; name a metric with that unit, or multiply with what makes one of it, like 0.001 * x"},
		{"sqrt(x * y)", "level", ""},
		{"x - 1", "temp", "E2906 temp is in Cel, this is in m; name a metric with the unit of level"},
		{"u * i", "power", ""},
		{"u * i", "level", "E2906 level is in m, this is in A·V; name a metric with that unit, or multiply with what makes one of it, like 0.001 * x"},
		{"x * 1.07 ^ (t - 20)", "level", ""},
		{"x + «cos(t)»", "level", "E2906 cos is of an angle in degrees, this is in Cel; name a direction or a tilt, or multiply with what makes degrees of it"},
		{"v * cos(d - 30)", "wind_speed", ""},
		{"d + 15", "wind_dir", ""},
		{"180 - abs(abs(d - e) - 180)", "tilt", ""},
		{"«d / 2»", "wind_dir", "E2906 a direction cannot be multiplied or divided: 360 is 0 again; turn it by adding degrees, like x + 180, or write sin(x) and cos(x)"},
		{"(«d + e») / 2", "wind_dir", "E2906 two directions have no sum and no mean: of 350 and 10 that would be 180, which is south; write is: vector-mean with of: {speed: …, dir: …}"},
		{"«d - e»", "wind_dir", "E2906 the difference of two directions jumps at north: 350 and 10 are 20 apart, not 340; write 180 - abs(abs(a - b) - 180), which is how far they are apart"},
		{"(«a + b») / 2", "noise", "E2906 two levels in decibels have no sum and no plain mean: of 40 and 80 that would be 60, and is 77; for the energy mean of two write 10*log10((10^(a/10) + 10^(b/10)) / 2); of one over a time, is: leq"},
		{"«a / 2»", "noise", "E2906 a level in decibels cannot be multiplied or divided: half of the energy is 3 dB less; add or subtract decibels, like x - 3; energies are 10^(x/10)"},
		{"10*log10((10^(a/10) + 10^(b/10)) / 2)", "noise", ""},
		{"a - b", "noise", ""},
		{"1 / («x - x»)", "level", "E2909 this is always 0; name two different streams, or leave it out"},
		{"y + («(x + y) - (y + x)»)", "level", "E2909 this is always 0; name two different streams, or leave it out"},
		{"«x / x» + y", "level", "E2909 this is always 1; name two different streams, or leave it out"},
		{"x / «0»", "level", "E2909 nothing can be divided by 0; write what to divide by"},
		{"x / («k - k»)", "level", "E2909 nothing can be divided by 0; write what to divide by"},
	} {
		text := strings.NewReplacer("«", "", "»", "").Replace(c.is)
		spec := Spec{ID: "s", Is: text, Metric: c.metric}
		for _, name := range slices.Compact(slices.Sorted(slices.Values(regexp.MustCompile(`\b[a-z]\b`).FindAllString(text, -1)))) {
			if o, err := obs.ParseStream(streams[name]); err == nil {
				spec.Of = append(spec.Of, Source{name, o})
			} else {
				spec.Constants = append(spec.Constants, Constant{name, []Since{{Is: 2}}})
			}
		}
		_, wrong := Compile([]Spec{spec}, lib)
		got, marked := "", c.is
		for _, e := range wrong {
			if got += fmt.Sprintf("%s %s; %s", e.Code, e.Msg, e.Hint); e.Key == "is" {
				marked = text[:e.Offset] + "«" + text[e.Offset:e.Offset+e.Length] + "»" + text[e.Offset+e.Length:]
			}
		}
		if got != c.want || marked != c.is {
			t.Errorf("%s of %s:\n%s\n%s, want\n%s", marked, c.metric, marked, got, c.want)
		}
	}
}

// What has no finite result at a moment is missing, with the reason, and there again behind it.
func TestNoResultAtAMoment(t *testing.T) {
	for _, is := range []string{"1 / (x - 2)", "ln(x - 2) + 0.1 * x", "0.1 * (x - 2) ^ -1.5"} {
		s := engine(t, Spec{ID: "s", Is: is, Of: from("river/level"), Metric: "level"})
		for i, v := range []float64{2, 3} {
			s.see(time.Duration(10*i+1)*time.Second, "river/level", v)
		}
		if len(s.got) != 2 {
			t.Fatalf("%s: %v", is, s.got)
		}
		if q := s.got[0].Readings[0].Quality; q != (obs.Quality{Flag: obs.Missing, Why: obs.NotANumber}) {
			t.Errorf("%s of 2 is worth %v, want missing, not a number", is, q)
		}
	}
}

// A direction that was turned goes on at 0 behind 360.
func TestTurned(t *testing.T) {
	spec := Spec{ID: "vane", Is: "x + 30", Of: from("mast/wind_dir")}
	for dir, want := range map[float64]float64{0: 30, 330: 360, 331: 1, 360: 30} {
		s := engine(t, spec)
		s.see(time.Second, "mast/wind_dir", dir)
		if got := s.got; len(got) != 1 || got[0].Readings[0].Value != want {
			t.Errorf("%v turned by 30 is %v, want %v", dir, got, want)
		}
	}
	spec.Is = "15 - x"
	s := engine(t, spec)
	if s.see(time.Second, "mast/wind_dir", 20); len(s.got) != 1 || s.got[0].Readings[0].Value != 355 {
		t.Errorf("mirrored: %v, want 355", s.got)
	}
}
