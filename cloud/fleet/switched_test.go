package fleet_test

import (
	"testing"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// What was switched is given for a gateway and a time, dated and in order.
func TestSwitched(t *testing.T) {
	b := open(t)
	for i, unix := range []int64{3000, 1000, 2000, 0} {
		b.event(t, wire.Event{V: 1, Epoch: "2-00000000000b", Seq: uint64(i + 1), Kind: "actuation", At: wire.Moment{Boot: "b", Unix: unix},
			Actuation: &wire.Actuation{Output: "siren", On: true, Why: wire.WhyRule, By: "flood", Result: wire.Done}})
	}
	b.event(t, gapEvent(9, wire.Moment{Unix: 1000}, wire.Moment{Unix: 2000}))
	for _, c := range []struct {
		gateway  string
		from, to int64
		want     []int64
	}{
		{"gw", 0, 9000, []int64{1000, 2000, 3000}},
		{"gw", 1000, 2000, []int64{1000, 2000}},
		{"gw", 1001, 1999, nil},
		{"other", 0, 9000, nil},
	} {
		got, err := b.Switched(t.Context(), c.gateway, c.from, c.to)
		if err != nil || len(got) != len(c.want) {
			t.Fatalf("Switched(%s, %d, %d) = %v, %v; want %v", c.gateway, c.from, c.to, got, err, c.want)
		}
		for i, e := range got {
			if e.At.Unix != c.want[i] || e.Actuation == nil || e.Actuation.Output != "siren" {
				t.Errorf("Switched(%s, %d, %d)[%d] = %+v, want one at %d", c.gateway, c.from, c.to, i, e, c.want[i])
			}
		}
	}
}
