package camera

import (
	"bytes"
	"image/jpeg"
	"math"
	"os"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/camera/vision"
)

// marksOf reads the staff of a page's example.
func marksOf(t *testing.T, page string) *vision.Staff {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`staff: \{marks: \[\[([\d.]+), ([\d.]+), ([\d.]+)\], \[([\d.]+), ([\d.]+), ([\d.]+)\]\], width: ([\d.]+)\}`).FindSubmatch(text)
	if m == nil {
		t.Fatalf("%s has no example of a staff", page)
	}
	var v [7]float64
	for i := range v {
		if v[i], err = strconv.ParseFloat(string(m[i+1]), 64); err != nil {
			t.Fatal(err)
		}
	}
	return &vision.Staff{Marks: [2]vision.Mark{{At: vision.Point{X: v[0], Y: v[1]}, Level: v[2]}, {At: vision.Point{X: v[3], Y: v[4]}, Level: v[5]}}, Width: v[6]}
}

// With the marks that the pages give for the simulator's camera the water is read to three
// centimetres, wherever it stands on the staff.
func TestMarksOfThePages(t *testing.T) {
	for _, page := range []string{"../../../docs/cameras.md", "../../../docs/cameras.zh-CN.md", "../README.md"} {
		staff := marksOf(t, page)
		for _, level := range []float64{2.2, 2.55, 2.9, 3.3} {
			eye, err := vision.New(vision.Config{Staff: staff})
			if err != nil {
				t.Fatalf("%s: %v", page, err)
			}
			scene, noon := NewScene(), time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
			var got float64
			for n := range 6 {
				at := noon.Add(time.Duration(n) * 10 * time.Second)
				b, _, err := scene.Paint(State{Level: level, Light: 20000, Haze: 30, Wind: 2, At: at})
				if err != nil {
					t.Fatal(err)
				}
				m, err := jpeg.Decode(bytes.NewReader(b))
				if err != nil {
					t.Fatal(err)
				}
				seen, err := eye.Look(m, at)
				if err != nil {
					t.Fatal(err)
				}
				got = seen.Level.Value
			}
			if !(math.Abs(got-level) <= 0.03) { // also not a number
				t.Errorf("%s: the water stands at %v m, %v is read", page, level, got)
			}
		}
	}
}
