package gateway

import (
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

// A device whose channels are others after a reload, by its configuration or by its
// profile, takes nothing over: last values would stand under another name.
func TestOtherChannelsAreAnotherDevice(t *testing.T) {
	catalog, err := obs.ParseCatalog(firmwareconfigs.MetricsFile, firmwareconfigs.Metrics())
	if err != nil {
		t.Fatal(err)
	}
	made := func(channel string) *generation {
		spec := deviceSpec{id: "hall", profile: "mine", where: "plant #1", every: time.Second, plan: &drivers.Plan{Channels: []drivers.Channel{{Name: channel, Max: 1}}}}
		return &generation{lines: &Lines{}, devices: map[string]*device{"hall": newDevice(spec, catalog)}}
	}
	for channel, want := range map[string]bool{"temp": true, "rh": false} {
		old, next := made("temp"), made(channel)
		old.devices["hall"].answered = true
		(&Gateway{}).adoptDevices(next, old)
		if d := next.devices["hall"]; d.answered != want || d.channels[0] != channel {
			t.Errorf("after temp, %s: answered %v, channels %v", channel, d.answered, d.channels)
		}
	}
}
