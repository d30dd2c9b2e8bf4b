package config_test

import (
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/loop"
	"github.com/lamppost-city/lamppost/drivers/modbus"
	"github.com/lamppost-city/lamppost/drivers/process"
	"github.com/lamppost-city/lamppost/edge/config"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

// Everything that a driver refuses is told at once, and a metric that the file itself
// names wrongly is told where it stands.
func TestRefusedOptions(t *testing.T) {
	e := env(t)
	e.Kinds = append(e.Kinds, process.Kind())
	_, err := config.Load("g.yaml", []byte(`gateway: {id: g}
devices:
  many: {driver: process, command: [/bin/x], dir: near, lines: -1, memory: 1kB, channels: {temp: {min: 5, max: 1, resolution: 1}}}
  slip: {driver: process, command: [/bin/x], channels: {tmep: {min: 1, max: 5, resolution: 1}}}
`), e)
	if err == nil {
		t.Fatal("taken")
	}
	for _, want := range []string{"E2608 near depends", "E1111 lines cannot be -1 lines/s; write 0 to 10000 lines/s", "E1111 memory cannot be 1kB; write 4MB to 4GB", "E2608 from 5 to 1", `g.yaml:4:57: E2608 there is no metric "tmep"; did you mean "temp"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("without %q: %v", want, err)
		}
	}
}

// A misspelt channel of a 4-20 mA loop is marked where it is written.
func TestMisspeltLoop(t *testing.T) {
	p, err := modbus.ParseProfiles(firmwareconfigs.Devices())
	if err != nil {
		t.Fatal(err)
	}
	e := env(t)
	e.Kinds = []drivers.Kind{loop.Kind(modbus.Kind(p))}
	_, err = config.Load("g.yaml", []byte(`gateway: {id: g}
buses: {b: {port: /dev/ttyUSB0}}
devices:
  tank:
    driver: loop
    module: waveshare-ai-8ch
    bus: b
    address: 1
    loops: {loop_current.in1: {channel: levle, low: 0, high: 10}}
`), e)
	if want := `g.yaml:9:41: E2608 there is no metric "levle"; did you mean "level"?`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v\nwant %s", err, want)
	}
}
