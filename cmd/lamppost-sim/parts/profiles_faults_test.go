package parts_test

import (
	"math"
	"testing"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/modbusslave"
	"github.com/lamppost-city/lamppost/edge/gateway"
)

// TestProfilesTellWhatIsMissing: where the part has a way to say that it does not know a
// value, the gateway has no value either; never the number that stands for it, never 0.
func TestProfilesTellWhatIsMissing(t *testing.T) {
	b := newBench(t, profiles(t), nil, overTCP)
	for _, s := range b.parts {
		is := s.values(rounds()[3])
		for _, row := range s.table.Values() {
			if row.CanMiss() {
				is[row.Channel] = math.NaN()
			}
		}
		s.source.tell(is)
	}
	missing := 0
	b.read(t, func(o gateway.Outcome) {
		s := b.parts[o.Device.ID]
		for i, c := range o.Device.Plan.Channels {
			if !math.IsNaN(s.source.Value(c.Name)) {
				continue
			}
			missing++
			if o.Err == nil && o.Readings[i].Quality.Usable() {
				t.Errorf("%s.%s: the part says that it has no value, the gateway reads %v (%v)", o.Device.ID, c.Name, o.Readings[i].Value, o.Readings[i].Quality)
			}
		}
	})
	if missing < 50 {
		t.Errorf("only %d channels were missing", missing)
	}
}

// deafTo are the profiles that do not read the register in which their part reports a
// fault, with the reason.
var deafTo = map[string]string{
	"wm80": "the document at hand does not say what the error register holds when all is well",
}

// TestProfilesTellFaultsOfTheirOwn: what a part reports of itself reaches the readings,
// or stands in deafTo.
func TestProfilesTellFaultsOfTheirOwn(t *testing.T) {
	b := newBench(t, profiles(t), func(u *modbusslave.Unit) { u.Fault = true }, overTCP)
	for _, s := range b.parts {
		s.source.tell(s.values(rounds()[3]))
	}
	b.read(t, func(o gateway.Outcome) {
		s := b.parts[o.Device.ID]
		if !s.table.Reports() {
			return
		}
		if deafTo[o.Device.ID] != "" {
			if o.Err != nil || !o.Readings[0].Quality.Usable() {
				t.Errorf("%s hears of its part's fault now: take it out of deafTo", o.Device.ID)
			}
			return
		}
		for i, c := range o.Device.Plan.Channels {
			if o.Err == nil && o.Readings[i].Quality.Usable() {
				t.Errorf("%s.%s: the part reports a fault, the gateway believes it: %v", o.Device.ID, c.Name, o.Readings[i].Value)
			}
		}
	})
}
