package config_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers/catalog"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/edge/config"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

// everyDriver is env with all drivers and profiles that there are.
func everyDriver(t testing.TB) config.Env {
	t.Helper()
	profiles, err := catalog.Profiles(firmwareconfigs.Devices())
	if err != nil {
		t.Fatal(err)
	}
	e := env(t)
	e.Kinds = catalog.Builtin(profiles)
	return e
}

// wired is a file with one device, and a bus of each kind to hang it on.
func wired(device string) []byte {
	return []byte(`gateway: {id: g}
buses:
  i2c-1: {i2c: /dev/i2c-1}
  gpio: {gpio: /dev/gpiochip0}
  line: {serial: /dev/serial/by-id/line}
  soil: {sdi12: /dev/serial/by-id/soil}
devices:
  it: {` + device + "}\n")
}

// What a part cannot be is refused where it stands, with what it can be.
func TestWhatCannotBe(t *testing.T) {
	e := everyDriver(t)
	for device, want := range map[string]string{
		"driver: bme280, bus: i2c-1, address: 0x50": "E2605 a bme280 cannot be at 0x50; write 0x76 or 0x77",
		"driver: sht3x, bus: i2c-1, address: 0x76":  "E2605 a sht3x cannot be at 0x76; write 0x44 or 0x45",
		"driver: scd4x, bus: i2c-1, address: 0x44":  "E2605 a scd4x cannot be at 0x44; write 0x62",

		"driver: pulse, bus: gpio, line: GPIO1, channel: energy, per_pulse: 1000":                                                                                      "E2608 1000 kWh cannot be; write 0.00001 to 10 kWh, what one pulse stands for: 0.001 for a meter of 1000 pulses a kWh",
		"driver: flow-meter, bus: gpio, line: GPIO2, per_pulse: 10":                                                                                                    "E2608 10 m³ is 10000 litres a pulse, as only bulk meters have; write at most 1 m³ (0.01 is 10 litres)",
		"driver: rain-gauge, bus: gpio, line: GPIO3, per_pulse: 0.02":                                                                                                  "E1111 per_pulse cannot be 0.02 mm; write 0.05 to 2 mm",
		"driver: a02yyuw, port: /dev/serial/by-id/h, height: -3":                                                                                                       "E1111 height cannot be -3 m; write 0.05 to 100 m",
		"driver: jsnsr04t, port: /dev/serial/by-id/h, height: 3000":                                                                                                    "E1111 height cannot be 3000 m; write 0.05 to 100 m",
		"driver: loop, bus: line, address: 5, module: waveshare-ai-8ch, loops: {loop_current.in1: {channel: level, low: 0, high: 100000}}":                             "E2612 100000 m cannot be; write -200 to 9000 m, what level can be",
		"driver: loop, bus: line, address: 5, module: waveshare-ai-8ch, loops: {loop_current.in1: {channel: level, low: 0, high: 10}}, offsets: {loop_current.in1: 3}": "E2608 3 mA cannot be; write -2 to 2 mA, by which the input reads wrong",
		"profile: keller-36xw, bus: line, address: 3, offsets: {level: 9999999}":                                                                                       "E2612 9999999 m cannot be; write -195 to 8690 m, so that it stays a level",
		"profile: xy-md02, bus: line, address: 3, offsets: {rh: -200}":                                                                                                 "E2612 -200 % cannot be; write -50 to 50 %, which is half of what the part measures",
		"profile: rg-15, port: /dev/serial/by-id/h, offsets: {rain_rate: 9999999}":                                                                                     "E2612 9999999 mm/h cannot be; write -250 to 250 mm/h",
		"driver: sdi12, bus: soil, address: 0, channels: {soil_moisture: {value: 1, min: 0, max: 5000, resolution: 1}}":                                                "E2612 5000 % cannot be; write 0 to 100 %, what soil_moisture can be",
		"driver: camera, url: \"http://192.168.1.20:99999/still.jpg\"":                                                                                                 "E2608 port 99999 cannot be; write 1 to 65535, or leave it out",
	} {
		_, err := config.Load("g.yaml", wired(device), e)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\ngot  %v\nwant %s", device, err, want)
		}
	}
	for _, device := range []string{
		"driver: bme280, bus: i2c-1, address: 0x77", "driver: sht3x, bus: i2c-1, address: 0x45", "driver: scd4x, bus: i2c-1, address: 0x62",
		"driver: flow-meter, bus: gpio, line: GPIO2, per_pulse: 10, max_rate: 500",
		"profile: keller-36xw, bus: line, address: 3, offsets: {level: 3650.5, water_temp: -0.3}",
		"driver: loop, bus: line, address: 5, module: waveshare-ai-8ch, loops: {loop_current.in1: {channel: rh, low: 0, high: 100}}, offsets: {rh: -1.5}",
	} {
		if _, err := config.Load("g.yaml", wired(device), e); err != nil {
			t.Errorf("%s\n%v", device, err)
		}
	}
}

// Everything that is wrong is told at once: what a driver does not come to judge because it
// could not read another key, and what it judges after its first mistake; what only
// follows from another mistake is not told.
func TestAllMistakesAtOnce(t *testing.T) {
	e := everyDriver(t)
	for device, want := range map[string][]string{
		"driver: ezo, port: /dev/serial/by-id/e, type: do, outputs: [mg, mg], temperature: 99, odd: 1": {"temperature cannot be 99 °C", "mg, mg; write each", `unknown key "odd"`},
		"driver: ezo, port: /dev/serial/by-id/e, type: phx, temperature: 99":                           {`"phx" is no circuit`, "temperature cannot be 99 °C"},
		"driver: sdi12, bus: soil, address: 0, measure: Q, takes: 10m, channels: {soil_moisture: {value: 0, min: 3, max: 1, resolution: 1}, soil_temp: {value: 2, min: 0, max: 50, resolution: 0}}": {
			`"Q" is no SDI-12 measurement`, "takes cannot be 10m", "value cannot be 0", "from 3 (min) to 1 (max)", "from 0 (min) to 50 (max) in steps of 0"},
		"driver: sdi12, bus: soil, address: 0, channels: {soil_moisture: {value: 1, min: low, max: 1, resolution: 1}}": {`"low" is not a number`},
		"driver: sdi12, bus: soil, address: 0, channels: {soil_moisture: {value: 1, max: 1, resolution: 1}}":           {"has no min"},
		"driver: nmea0183, port: /dev/serial/by-id/e, measures: [wind], talker: gps, wind: tru, north: 400":            {"is no talker", "is no reference", "north cannot be 400"},
		"driver: jsnsr04t, port: /dev/serial/by-id/e, model: x, mode: 7, blind: 3, height: 3.00001":                    {"is not in this family", "no serial mode", "blind cannot be 3 m", "finer than the part measures"},
		"profile: keller-36xw, bus: line, address: 3, offsets: {levl: 1, watertemp: 2, water_temp: x}":                 {"no channel levl", "no channel watertemp", "E1110"},
		"driver: process, command: [x], memory: 1kB, dir: here, channels: {temp: {min: 1, max: 2, resolution: 1}}":     {"memory cannot be", "here depends on where"},
	} {
		_, err := config.Load("g.yaml", wired(device), e)
		var ps yamldoc.Problems
		if !errors.As(err, &ps) {
			t.Errorf("%s\n%v", device, err)
			continue
		}
		for _, w := range want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s\nwithout %s:\n%v", device, w, err)
			}
		}
		errs := 0
		for _, p := range ps {
			if !p.Warning() {
				errs++
			}
		}
		if errs != len(want) {
			t.Errorf("%s\n%d problems, want %d:\n%v", device, errs, len(want), err)
		}
	}
}
