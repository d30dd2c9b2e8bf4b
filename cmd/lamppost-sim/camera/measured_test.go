package camera

import (
	"fmt"
	"math"
	"testing"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenery"
	"github.com/lamppost-city/lamppost/drivers"
)

// The gateway's driver reads the level off the staff of a film as it comes over the
// network, within two centimetres of what the truth log has for that picture.
func TestLevelOfAShow(t *testing.T) {
	film, err := scenery.New("river", 5, Width, Height)
	if err != nil {
		t.Fatal(err)
	}
	marks, width, _ := film.Staff()
	options := fmt.Sprintf("\nmeasure: [tamper]\nstaff: {marks: [[%v, %v, %v], [%v, %v, %v]], width: %v, lowest: 0.1, highest: 1.95}",
		marks[0].X, marks[0].Y, marks[0].Level, marks[1].X, marks[1].Y, marks[1].Level, width)
	show, err := NewShow("river", 5)
	if err != nil {
		t.Fatal(err)
	}
	log, at := streetOf(t, show)
	for _, url := range []string{"http://" + at + Path, "rtsp://" + at + RTSPPath} {
		d := watching(t, url+options)
		rs, err := d.Sample(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if level, is := rs[len(rs)-1], log.last(t).V; math.Abs(level.Value-is) > 0.02 {
			t.Errorf("%s: %+v, the water stands at %v m", url, level, is)
		}
		if _, ok := d.(drivers.StillSource).Still(); !ok {
			t.Errorf("%s: there is no still", url)
		}
	}
}
