package view_test

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

func ExamplePoint() {
	points := []view.Point{
		{T: 1795291200400, V: 2.71, Quality: obs.Quality{Flag: obs.Pass}},
		{T: 1795291205400, V: math.NaN(), Quality: obs.Quality{Flag: obs.Missing, Why: "timeout"}},
	}
	b, err := json.Marshal(points)
	fmt.Println(string(b), err)
	// Output: [[1795291200400,2.71,1,""],[1795291205400,null,9,"timeout"]] <nil>
}

func TestPointIsJSONWhateverComesIn(t *testing.T) {
	for _, v := range []float64{0, -0.5, 1e300, 5e-324, math.Inf(1), math.NaN()} {
		for _, why := range []string{"", "rate", "a\"b", "a\\b", "\x00", "雨", "\xff"} {
			b, err := json.Marshal(view.Point{T: -1, V: v, Quality: obs.Quality{Flag: obs.Fail, Why: obs.Reason(why)}})
			if err != nil {
				t.Errorf("point %v %q: %v", v, why, err)
				continue
			}
			var row [4]any
			if err := json.Unmarshal(b, &row); err != nil {
				t.Errorf("point %v %q gives %s: %v", v, why, b, err)
			}
		}
	}
}

func BenchmarkPoint(b *testing.B) {
	points := make([]view.Point, 1000)
	for i := range points {
		points[i] = view.Point{T: 1795291200400 + int64(i), V: 2.71, Quality: obs.Quality{Flag: obs.Pass}}
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := json.Marshal(points); err != nil {
			b.Fatal(err)
		}
	}
}
