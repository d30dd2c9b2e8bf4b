package parts

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/playback"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
)

// TestUnplugged: with --fault unplug there is no port, socket, folder or listener.
func TestUnplugged(t *testing.T) {
	for _, c := range []struct{ id, link string }{
		{"pms5003", "air"}, {"xy-md02", "cabinet"}, {"sdi12", "soil"}, {"bme280", "i2c.sock"}, {"digital", "gpio.sock"}, {"ds18b20", "w1"},
		{"xy-md02", ""}, {"camera", ""},
	} {
		p, err := Find(c.id)
		if err != nil {
			t.Fatal(err)
		}
		v, err := NewValues(p, c.id, 1, nil, []scenario.Fault{{Kind: scenario.Unplug}})
		if err != nil {
			t.Fatal(err)
		}
		at := Place{Listen: "127.0.0.1:0"}
		if c.link != "" {
			at = Place{Link: filepath.Join(t.TempDir(), c.link)}
		}
		ctx, cancel := context.WithCancel(t.Context())
		var said string
		err = p.Play(ctx, at, Stage{Device: c.id, Baud: 9600, Address: 1, Source: v, Record: playback.Nobody{}}, func(where string) {
			said = where
			cancel()
			where, _, _ = strings.Cut(where, ",")
			if _, err := os.Lstat(where); at.Link != "" && !os.IsNotExist(err) {
				t.Errorf("%s: %s is there (%v)", c.id, where, err)
			}
			if at.Link != "" {
				return
			}
			if conn, err := net.Dial("tcp", where); err == nil {
				conn.Close()
				t.Errorf("%s: somebody answers at %s", c.id, where)
			}
		})
		if err != nil || !strings.HasSuffix(said, ", unplugged") {
			t.Errorf("%s: says %q, error %v", c.id, said, err)
		}
	}
}
