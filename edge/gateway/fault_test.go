package gateway

import (
	"fmt"
	"slices"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/poll"
)

// A fault that lasts is written down once a minute, one that turns into another at
// once, and the first one after a good sample as well.
func TestWhichFaultsAreWritten(t *testing.T) {
	d := newDevice(deviceSpec{id: "box", plan: &drivers.Plan{}}, &obs.Catalog{})
	timeout, stranger := fmt.Errorf("x: %w", drivers.ErrTimeout), fmt.Errorf("x: %w", drivers.ErrWrongPart)
	var got []string
	for _, s := range []struct {
		second int64
		err    error
	}{
		{1, timeout}, {2, timeout}, {60, timeout}, {61, timeout}, {62, stranger}, {63, stranger}, {64, timeout}, {65, timeout},
		{66, nil}, {67, timeout}, {68, timeout}, {127, timeout},
	} {
		rec, write := d.take(poll.Sample{Device: "box", BootMS: s.second * 1000, Err: s.err})
		if write && s.err != nil {
			got = append(got, fmt.Sprint(s.second, " ", rec.Fault))
		}
	}
	want := []string{"1 timeout", "61 timeout", "62 wrong-part", "64 timeout", "67 timeout", "127 timeout"}
	if !slices.Equal(got, want) {
		t.Errorf("written: %q, want %q", got, want)
	}
}
