package lab

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/bus/w1"
	"github.com/lamppost-city/lamppost/drivers/ds18b20"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Scratchpads that are published, captured or computed.
func TestScratchpads(t *testing.T) {
	for want, raw := range map[string]float64{
		"91 01 4B 46 7F FF 0F 10 25": 25.0625,
		"5E FF 4B 46 7F FF 02 10 B6": -10.125,
		"FF FF 4B 46 7F FF 01 10 9A": -0.0625,
	} {
		s := Slave{Source: &fixed{values: map[string]float64{"temp": raw}}}
		if got := s.convert(); string(got[:]) != string(unhex(t, want)) || got.temp() != raw {
			t.Errorf("%v is % X, want %s", raw, got[:], want)
		}
	}
	cold := Slave{cold: true}
	if got := cold.convert(); string(got[:]) != string(unhex(t, "50 05 4B 46 7F FF 0C 10 1C")) || cold.cold || len(got.lines()) != 0 {
		t.Errorf("after power-on % X", got[:])
	}
	if c := crcMaxim(unhex(t, "28 AC 41 0E 07 00 00")); c != 0x74 {
		t.Errorf("the check byte of an id is %#x", c)
	}
	text, temp := padOf(0x0550, 0x0C).files(scenario.Mishap{})
	if want := "50 05 4b 46 7f ff 0c 10 1c : crc=1c YES\n50 05 4b 46 7f ff 0c 10 1c t=85000\n"; text != want || temp != "85000\n" {
		t.Errorf("files %q and %q", text, temp)
	}
}

// The gateway's driver, through the owner of the folder, reads what the truth log says,
// and tells each fault from a value.
func TestDS18B20IsReadByTheDriver(t *testing.T) {
	water, log := &fixed{values: map[string]float64{"temp": 9.0625}}, &ledger{}
	const id = "28-0316a2794eff"
	lab, err := OpenW1(filepath.Join(t.TempDir(), "w1"), log, Slave{ID: id, Device: "pipe", Source: water})
	if err != nil {
		t.Fatal(err)
	}
	bus, err := w1.New(w1.Config{Path: lab.Path()})
	if err != nil {
		t.Fatal(err)
	}
	defer bus.Close()
	slave, err := bus.Slave(id)
	if err != nil {
		t.Fatal(err)
	}
	p, err := ds18b20.Kind().Plan(func(any) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	d, err := p.OpenOneWire(slave)
	if err != nil {
		t.Fatal(err)
	}
	refresh := func() []truth.Line {
		t.Helper()
		log.take()
		if err := lab.Refresh(); err != nil {
			t.Fatal(err)
		}
		return log.take()
	}
	for _, v := range []float64{9.0625, -10.125, -0.0625, 0, 84.9375, 124} {
		water.set("temp", v)
		lines := refresh()
		rs, err := d.Sample(t.Context())
		if err != nil || len(lines) != 1 || math.Abs(rs[0].Value-lines[0].V) > lines[0].Resolution/2 || lines[0].V != v {
			t.Errorf("%v: %v, %v; truth %+v", v, rs, err, lines)
		}
	}
	for name, c := range map[string]struct {
		m    scenario.Mishap
		word string
	}{"silent": {scenario.Mishap{Silent: true}, "timeout"}, "a wrong check byte": {scenario.Mishap{Flip: true}, "checksum"}, "a shorted line": {scenario.Mishap{Garbage: true}, ""}} {
		water.befall(c.m)
		for _, l := range refresh() {
			if l.Channel != "" {
				t.Errorf("%s: truth %+v", name, l)
			}
		}
		rs, err := d.Sample(t.Context())
		if err == nil && rs[0].Quality.Usable() || c.word != "" && drivers.FaultWord(err) != c.word {
			t.Errorf("%s: %v, %v; want %s", name, rs, err, c.word)
		}
	}
	water.befall(scenario.Mishap{})
	if err := lab.Unplug(); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Sample(t.Context()); !errors.Is(err, drivers.ErrUnplugged) {
		t.Errorf("unplugged: %v", err)
	}
	if err := lab.Replug(); err != nil {
		t.Fatal(err)
	}
	if rs, err := d.Sample(t.Context()); err == nil && rs[0].Quality.Flag == obs.Pass {
		t.Errorf("the 85 °C of a slave that was switched on is taken: %v", rs)
	}
	refresh()
	if rs, err := d.Sample(t.Context()); err != nil || rs[0].Value != 124 {
		t.Errorf("back: %v, %v", rs, err)
	}
	if err := lab.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(lab.Path()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder stays: %v", err)
	}
}

// A folder that holds something else is nobody's to remove.
func TestW1LeavesOthersAlone(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "letter"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenW1(dir, &ledger{}); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("a folder in use: %v", err)
	}
}
