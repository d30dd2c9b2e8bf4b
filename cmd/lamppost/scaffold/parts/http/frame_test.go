package mypart

import (
	"encoding/json"
	"testing"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// FuzzReadings holds that a page is either refused or gives one reading per channel,
// and that those which have a value, written as a page, give the same readings again.
func FuzzReadings(f *testing.F) {
	f.Add([]byte(`{"temp": 21.5, "rh": 48}`))
	f.Add([]byte(`{"temp": null, "rh": 1e300}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, page []byte) {
		rs, err := readings(page)
		if err != nil {
			return
		}
		if len(rs) != len(channels) {
			t.Fatalf("%d readings for %d channels", len(rs), len(channels))
		}
		var s state
		for i, at := range []**float64{&s.Temp, &s.RH} {
			if rs[i].Quality.Flag != obs.Missing {
				*at = &rs[i].Value
			}
		}
		again, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := readings(again); err != nil || back[0].Quality != rs[0].Quality || back[1].Quality != rs[1].Quality {
			t.Errorf("%s gives %v, then %v, %v", page, rs, back, err)
		}
	})
}
