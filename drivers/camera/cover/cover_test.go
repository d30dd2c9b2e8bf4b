package cover

import (
	"fmt"
	"testing"

	"github.com/lamppost-city/lamppost/drivers/camera/vision"
)

// A side that runs along the rim, or beyond nothing, marks dots of the picture only.
func TestCoverStaysInThePicture(t *testing.T) {
	for _, p := range []vision.Polygon{
		{{X: 0, Y: 0}, {X: 1, Y: 0}, {X: 1, Y: 1}, {X: 0, Y: 1}},
		{{X: 1, Y: 0}, {X: 1, Y: 1}, {X: 0.9999, Y: 0.5}},
	} {
		Dots(p, 33, 17, func(x, y int) {
			if x < 0 || x >= 33 || y < 0 || y >= 17 {
				t.Fatalf("%v marks %d, %d of a picture of 33 × 17", p, x, y)
			}
		})
	}
}

func ExampleDots() {
	rows := [3][]byte{[]byte("......"), []byte("......"), []byte("......")}
	Dots(vision.Polygon{{X: 0.4, Y: 0}, {X: 0.6, Y: 0}, {X: 0.6, Y: 0.5}, {X: 0.4, Y: 0.5}}, 6, 3, func(x, y int) { rows[y][x] = '#' })
	for _, r := range rows {
		fmt.Println(string(r))
	}
	// Output:
	// ..##..
	// ..##..
	// ......
}
