package ranging

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

var a02yyuw = Range{Near: 31, Far: 4500, Step: 1}

func TestHeight(t *testing.T) {
	for height, want := range map[float64]string{
		math.NaN(): "NaN m is finer", 4.30001: "write whole millimetres",
	} {
		_, err := a02yyuw.Gauge(&height)
		var o *drivers.OptionError
		if !errors.As(err, &o) || o.Key != "height" || !strings.Contains(o.Msg, want) {
			t.Errorf("height %v gives %v, want %q", height, err, want)
		}
	}
	at := func(h float64) *float64 { return &h }
	for _, c := range []struct {
		height *float64
		want   drivers.Channel
	}{
		{nil, drivers.Channel{Name: "distance", Min: 0.031, Max: 4.5, Resolution: 0.001}},
		{at(0), drivers.Channel{Name: "level", Min: -4.5, Max: -0.031, Resolution: 0.001}},
		{at(4.3), drivers.Channel{Name: "level", Min: -0.2, Max: 4.269, Resolution: 0.001}},
	} {
		if g, err := a02yyuw.Gauge(c.height); err != nil || g.Channel() != c.want {
			t.Errorf("the channel is %+v, %v; want %+v", g.Channel(), err, c.want)
		}
	}
}

// Every distance reads as itself, or as no echo; a level has at most three decimals.
func TestEveryDistance(t *testing.T) {
	height := 8.123
	g, err := a02yyuw.Gauge(&height)
	if err != nil {
		t.Fatal(err)
	}
	for distance := range 1 << 16 {
		r := g.Reading(distance)
		heard := distance >= 31 && distance <= 4500
		if heard && (r.Quality != obs.Quality{} || r.Value != float64(8123-distance)/1000) || !heard && r.Quality != (obs.Quality{Flag: obs.Missing, Why: obs.NoEcho}) {
			t.Fatalf("%d mm reads %+v", distance, r)
		}
	}
}
