package config

import (
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
