package config

import (
	"fmt"
	"time"
)

// chinaEast is where nothing is said: minutes east of Greenwich.
const chinaEast = 8 * 60

// eastOf reads a time zone as it is written, "+08:00": minutes east of Greenwich. Names
// of zones are not taken: their tables are not on every board.
func eastOf(text string) (minutes int, ok bool) {
	t, err := time.Parse("-07:00", text)
	if err != nil {
		return 0, false
	}
	_, east := t.Zone()
	return east / 60, east >= -12*3600 && east <= 14*3600
}

// zoneOf is the place's time so many minutes east of Greenwich.
func zoneOf(minutes int) *time.Location {
	sign, m := '+', minutes
	if m < 0 {
		sign, m = '-', -m
	}
	return time.FixedZone(fmt.Sprintf("%c%02d:%02d", sign, m/60, m%60), minutes*60)
}

// siteZone judges gateway.time_zone.
func (l *loader) siteZone(text string) *time.Location {
	minutes, ok := eastOf(text)
	switch {
	case text == "":
		return zoneOf(chinaEast)
	case !ok:
		l.say("E2104", fmt.Sprintf("%q is no time zone; write how far its clocks are ahead of Greenwich: \"+08:00\" in China", text), "gateway", "time_zone")
		return zoneOf(chinaEast)
	}
	return zoneOf(minutes)
}
