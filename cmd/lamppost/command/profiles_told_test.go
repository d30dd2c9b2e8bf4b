package command

import (
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/catalog"
	"github.com/lamppost-city/lamppost/drivers/modbus"
	"github.com/lamppost-city/lamppost/drivers/profile"
	"github.com/lamppost-city/lamppost/drivers/senseair"
	"github.com/lamppost-city/lamppost/drivers/uart"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

// A warm-up that a built-in profile states has a source, and is what the driver of the
// same part takes; whatever nobody states is said to be that.
func TestProfilesSayTheirWarmUp(t *testing.T) {
	profiles, err := catalog.Profiles(firmwareconfigs.Devices())
	if err != nil {
		t.Fatal(err)
	}
	stated := 0
	for _, id := range profiles.IDs() {
		p, _ := profiles.Get(id)
		f := p.About()
		text := warmUpText(f, "en")
		switch {
		case f.WarmUp == 0 && f.WarmUpSource == "":
			if text != "not stated" {
				t.Errorf("%s: %q, want not stated", id, text)
			}
		case f.WarmUpSource == "":
			t.Errorf("%s: a warm-up of %v and nobody who states it; write warm_up_source", id, f.WarmUp)
		default:
			stated++
		}
	}
	if stated < 13 {
		t.Errorf("%d profiles state a warm-up, want the 13 whose sources say one", stated)
	}
	s8, _ := profiles.Get("senseair-s8")
	plan, err := senseair.Kind().Plan(func(any) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	if s8.About().WarmUp != plan.WarmUp || plan.WarmUp == 0 {
		t.Errorf("the profile of the Senseair S8 warms for %v, its driver for %v", s8.About().WarmUp, plan.WarmUp)
	}
}

// Who has to set a line finds out on the page, or is told what to do.
func TestProfilesSayTheirLine(t *testing.T) {
	profiles, err := catalog.Profiles(firmwareconfigs.Devices())
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range profiles.IDs() {
		p, _ := profiles.Get(id)
		line, address := delivered(p)
		whole := line.Baud > 0 && (address > 0 || p.About().Protocol == "uart")
		if ask := lineAsk(p, "en"); (ask == "") != whole || (lineAsk(p, "zh") == "") != whole {
			t.Errorf("%s: line %+v, address %d, and the advice is %q", id, line, address, ask)
		}
		if text := deliveredText(p, "en"); whole && strings.Contains(text, "not stated") || text == "" {
			t.Errorf("%s: line %+v is told as %q", id, line, text)
		}
	}
}

func TestDeliveredText(t *testing.T) {
	for _, tc := range []struct {
		p    profile.Profile
		want string
	}{
		{&modbus.Profile{Line: profile.Line{Baud: 9600, Parity: "none", Stop: 1}, Address: 2}, "9600 8N1, address 2"},
		{&modbus.Profile{Line: profile.Line{Baud: 19200, Parity: "even", Stop: 1}, Address: 1}, "19200 8E1, address 1"},
		{&modbus.Profile{Line: profile.Line{Baud: 9600}}, "9600"},
		{&modbus.Profile{Line: profile.Line{Parity: "even", Stop: 1}}, "8E1, speed not stated"},
		{&modbus.Profile{Address: 17}, "line not stated, address 17"},
		{&modbus.Profile{}, "-"},
		{&uart.Profile{Line: uart.Line{Line: profile.Line{Baud: 4800, Parity: "odd", Stop: 2}}}, "4800 8O2"},
	} {
		if got := deliveredText(tc.p, "en"); got != tc.want {
			t.Errorf("%+v is told as %q, want %q", tc.p, got, tc.want)
		}
	}
}

func TestWarmUpText(t *testing.T) {
	for _, tc := range []struct {
		head profile.Head
		want string
	}{
		{profile.Head{WarmUp: time.Minute, WarmUpSource: "manual"}, "60 s"},
		{profile.Head{WarmUp: 3 * time.Minute, WarmUpSource: "manual"}, "3 min"},
		{profile.Head{WarmUp: 62 * time.Second, WarmUpSource: "manual"}, "62 s"},
		{profile.Head{WarmUp: 350 * time.Millisecond, WarmUpSource: "manual"}, "0.35 s"},
		{profile.Head{WarmUpSource: "manual"}, "none"},
		{profile.Head{}, "not stated"},
	} {
		if got := warmUpText(&tc.head, "en"); got != tc.want {
			t.Errorf("%+v is told as %q, want %q", tc.head, got, tc.want)
		}
	}
}
