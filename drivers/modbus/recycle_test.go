package modbus

import (
	"math"
	"testing"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// What is filled again must hold nothing of what it held: every channel is written,
// whatever the part answers, and a slice of another device is not taken.
func TestRecycledReadingsAreWrittenWhole(t *testing.T) {
	d := driver{layout: layout{shown: 3}}
	d.Recycle(make([]obs.Reading, 2))
	if d.spare != nil {
		t.Error("readings of another device were taken")
	}
	old := []obs.Reading{obs.Of(1), obs.Of(2), obs.Of(3)}
	d.Recycle(old)
	out := d.fresh()
	for i := range out {
		if out[i] != (obs.Reading{}) {
			t.Errorf("channel %d still says %v", i, out[i])
		}
	}
	if &out[0] != &old[0] || d.spare != nil {
		t.Error("they were not used again, or are given out twice")
	}
	if second := d.fresh(); &second[0] == &old[0] || math.IsNaN(second[0].Value) {
		t.Error("the same readings were given out twice")
	}
}
