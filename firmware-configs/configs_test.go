package firmwareconfigs_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode"

	catalogue "github.com/lamppost-city/lamppost/drivers/catalog"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
	"github.com/lamppost-city/lamppost/drivers/modbus"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/drivers/uart"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

func catalog(t *testing.T) *obs.Catalog {
	t.Helper()
	c, err := obs.ParseCatalog(firmwareconfigs.MetricsFile, firmwareconfigs.Metrics())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The units that stored data, rules and profiles already count on.
func TestUnitsAreFixed(t *testing.T) {
	c := catalog(t)
	for channel, wire := range map[string]string{
		"level": "m", "distance": "m", "water_temp": "Cel", "temp.inlet": "Cel", "rh": "%RH", "pressure": "hPa",
		"wind_speed": "m/s", "wind_dir": "deg", "rain": "mm", "rain_rate": "mm/h", "noise": "dB", "pm1": "ug/m3",
		"pm2_5": "ug/m3", "pm10": "ug/m3", "particles_0_3": "/dL", "co2": "ppm", "voltage": "V", "current": "A",
		"power": "W", "power_apparent": "VA", "power_reactive": "var", "power_factor": "/", "energy": "kWh",
		"frequency": "Hz", "brightness": "/100", "sharpness": "/", "uptime": "s", "illuminance": "lx", "radiation": "W/m2",
		"conductivity": "uS/cm", "turbidity": "{NTU}", "do": "mg/L", "ph": "pH", "battery": "%EL",
	} {
		m, ok := c.Lookup(channel)
		if !ok || m.Wire != wire {
			t.Errorf("%s has wire unit %q (found: %v), want %q", channel, m.Wire, ok, wire)
		}
	}
}

// Units that UCUM writes otherwise than SenML must not travel as UCUM: a reader
// would not know them although a registered one exists.
func TestWireUnitIsRegisteredWhereOneExists(t *testing.T) {
	registered := map[string]string{
		"%": "/100 %RH %EL", "[ppm]": "ppm", "[pH]": "pH", "dB[SPL]": "dB", "kW.h": "kWh", "V.A": "VA", "1": "/", "{dBm}": "dBm",
	}
	for _, m := range catalog(t).All() {
		if want, ok := registered[m.Unit]; ok && !strings.Contains(want, m.Wire) {
			t.Errorf("%s travels as %q, want one of %s", m.Name, m.Wire, want)
		}
	}
}

// The factor codes of HJ 212-2017 annex B that city platforms ask for first.
func TestFactorCodes(t *testing.T) {
	c := catalog(t)
	for metric, code := range map[string]string{
		"pm2_5": "a34004", "pm10": "a34002", "so2": "a21026", "no2": "a21004", "co": "a21005", "o3": "a05024",
		"temp": "a01001", "rh": "a01002", "pressure": "a01006", "wind_speed": "a01007", "wind_dir": "a01008",
		"ph": "w01001", "do": "w01009", "water_temp": "w01010", "conductivity": "w01014", "turbidity": "w01003",
		"cod": "w01018", "codmn": "w01019", "ammonia_n": "w21003", "total_n": "w21001", "total_p": "w21011", "noise": "LA",
	} {
		if m, _ := c.Lookup(metric); m.HJ212 != code {
			t.Errorf("%s has factor code %q, want %q", metric, m.HJ212, code)
		}
	}
}

func TestLabelsAreInTheirLanguage(t *testing.T) {
	same := map[string]bool{"pm1": true, "pm2_5": true, "pm10": true} // the same word in both
	for _, m := range catalog(t).All() {
		han := strings.ContainsFunc(m.Label.ZH, func(r rune) bool { return unicode.Is(unicode.Han, r) })
		if han == same[m.Name] {
			t.Errorf("%s has the Chinese label %q", m.Name, m.Label.ZH)
		}
		if strings.ContainsFunc(m.Label.EN+m.Text, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
			t.Errorf("%s has Chinese in its English label %q or its unit text %q", m.Name, m.Label.EN, m.Text)
		}
	}
}

func TestMetricsIsACopy(t *testing.T) {
	clear(firmwareconfigs.Metrics())
	catalog(t)
}

// Each profile is decoded, held against its own fixtures, and makes a device whose
// channels are metrics, inside the metric's range.
func TestDevicesDecode(t *testing.T) {
	profiles, err := catalogue.Profiles(firmwareconfigs.Devices())
	if err != nil {
		t.Fatal(err)
	}
	if len(profiles.IDs()) == 0 {
		t.Fatal("no device profiles")
	}
	metrics := catalog(t)
	for _, id := range profiles.IDs() {
		t.Run(id, func(t *testing.T) {
			k := modbus.Kind(modbus.Of(profiles))
			k.Sample = fmt.Sprintf("devices: {part: {profile: %s, bus: line, address: 1}}", id)
			if p, _ := profiles.Get(id); p.About().Protocol == "uart" {
				k = uart.Kind(profiles)
				k.Sample = fmt.Sprintf("devices: {part: {profile: %s, port: /dev/ttyAMA2}}", id)
			}
			drivertest.Describe(t, k, metrics)
		})
	}
}
