package camera

import (
	"bytes"
	"fmt"
	"image/jpeg"
	"math"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenery"
	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/camera/vision"
	"github.com/lamppost-city/lamppost/drivers/obs"
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
		var rs []obs.Reading
		for range 12 { // a staff is looked at a few times before anything is said of it
			if rs, err = d.Sample(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if level, is := rs[len(rs)-1], log.last(t).V; !(math.Abs(level.Value-is) <= 0.02) {
			t.Errorf("%s: %+v, the water stands at %v m", url, level, is)
		}
		if _, ok := d.(drivers.StillSource).Still(); !ok {
			t.Errorf("%s: there is no still", url)
		}
	}
}

// The detector reads the level of the street's river with the marks that Staff gives, within
// two centimetres, at levels that the river usually has.
func TestLevelOfTheRiver(t *testing.T) {
	marks, width := Staff()
	c := vision.Config{Staff: &vision.Staff{Width: width}}
	for i, m := range marks {
		c.Staff.Marks[i] = vision.Mark{At: vision.Point{X: m.X, Y: m.Y}, Level: m.Level}
	}
	scene := NewScene()
	for _, level := range []float64{2, 2.35, 2.8, 3.2} {
		eye, err := vision.New(c)
		if err != nil {
			t.Fatal(err)
		}
		var seen vision.Seen
		for i := range 6 {
			at := afternoon.Add(time.Duration(i) * 10 * time.Second)
			b, err := scene.JPEG(State{Level: level, Light: 20000, Haze: 30, Wind: 2, At: at})
			if err != nil {
				t.Fatal(err)
			}
			m, err := jpeg.Decode(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			if seen, err = eye.Look(m, at); err != nil {
				t.Fatal(err)
			}
		}
		if !(math.Abs(seen.Level.Value-level) <= 0.02) {
			t.Errorf("water at %v m is read as %+v", level, seen.Level)
		}
	}
}
