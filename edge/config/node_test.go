package config

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

// A bus that no board has may stand beside the configuration; the kernel's own have one
// place, and what is refused says which.
func TestRelativeBuses(t *testing.T) {
	for _, c := range []struct{ bus, id, says string }{
		{"i2c: ./dev/air.sock", "W2505", "simulated"},
		{"i2c: air.sock", "W2505", "simulated"},
		{"i2c: ./dev/i2c-1", "E2505", "write the whole path of the adapter's node, like /dev/i2c-1"},
		{"i2c: i2c-1", "E2505", "write the whole path"},
		{"w1: ./slaves", "W2505", "simulated"},
		{"w1: devices", "E2505", "write the whole path of the folder of the slaves, /sys/bus/w1/devices"},
	} {
		doc, err := yamldoc.Parse("box.yaml", []byte("buses:\n  one: {"+c.bus+"}\n"))
		if err != nil {
			t.Fatal(err)
		}
		key, _, _ := strings.Cut(c.bus, ":")
		l := &loader{doc: doc}
		l.node(Bus{ID: "one"}, key)
		if len(l.problems) != 1 || l.problems[0].ID != c.id || !strings.Contains(l.problems[0].Msg+"; "+l.problems[0].Hint, c.says) {
			t.Errorf("%s: %v, want %s: %s", c.bus, l.problems, c.id, c.says)
		}
	}
}

// A port or a bus is the same whether it is written as a whole path or from the folder
// in which the program is started, and a chip's label is no path.
func TestRelativeNamesAreTheSameLine(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	at := func(name string) string { return filepath.Join(dir, name) }
	ports := &loader{config: &Config{Buses: []Bus{{ID: "b", Serial: at("dev/bus")}, {ID: "s", SDI12: "dev/soil"}}, Devices: []Device{{ID: "d", Port: "./dev/air"}}}}
	for name, want := range map[string]bool{"dev/bus": true, "./dev/../dev/bus": true, at("dev/soil"): true, at("dev/air"): true, "air": false, "/dev/air": false} {
		ports.problems = nil
		ports.doc, _ = yamldoc.Parse("box.yaml", []byte("devices: {x: {port: 1}}\n"))
		if ports.port(name, "devices", "x", "port"); (len(ports.problems) == 1 && ports.problems[0].ID == "E2504") != want {
			t.Errorf("%s is taken: %v, want %v", name, ports.problems, want)
		}
	}
	for _, c := range []struct {
		a, b Bus
		same bool
	}{
		{Bus{I2C: "dev/i2c-1.sock"}, Bus{I2C: at("dev/i2c-1.sock")}, true},
		{Bus{OneWire: "./dev/w1"}, Bus{OneWire: at("dev/w1/")}, true},
		{Bus{GPIO: "gpio.sock"}, Bus{GPIO: at("gpio.sock")}, true},
		{Bus{GPIO: "gpiochip0"}, Bus{GPIO: "/dev/gpiochip0"}, true},
		{Bus{GPIO: "pinctrl-bcm2711"}, Bus{GPIO: at("pinctrl-bcm2711")}, false},
		{Bus{I2C: "dev/i2c-1.sock"}, Bus{I2C: "/dev/i2c-1.sock"}, false},
	} {
		if got := c.a.wires() == c.b.wires(); got != c.same {
			t.Errorf("%q and %q are the same: %v", c.a.wires(), c.b.wires(), got)
		}
	}
}
