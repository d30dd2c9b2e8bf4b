package command

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

// ownKind is a driver that somebody links in.
func ownKind(name string) drivers.Kind {
	return drivers.Kind{Name: name, Wire: drivers.SerialLine, Plan: func(decode func(any) error) (*drivers.Plan, error) {
		return &drivers.Plan{
			Channels: []drivers.Channel{{Name: "temp", Min: -20, Max: 50, Resolution: 0.1}}, Timeout: time.Second, Line: drivers.LineSettings{Baud: 9600},
			OpenSerial: func(drivers.Port) (drivers.Driver, error) { return nil, drivers.ErrDevice },
		}, decode(&struct{}{})
	}}
}

// A driver that is passed in is known to the configuration; one whose name is taken
// ends every command that would use it.
func TestOwnKinds(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, os.WriteFile("gateway.yaml", []byte("gateway: {id: bridge-07}\njournal: {dir: .}\ndevices:\n  air: {driver: mine, port: /dev/serial/by-id/x}\n"), 0o600))
	for _, c := range []struct {
		own  []drivers.Kind
		code int
		want string
	}{
		{nil, exitConfig, `there is no driver "mine"`},
		{[]drivers.Kind{ownKind("mine")}, exitOK, "1 devices, 1 streams"},
		{[]drivers.Kind{ownKind("pms5003")}, exitUsage, "driver pms5003: the name is taken"},
	} {
		var out bytes.Buffer
		root := rootCommand(Options{Kinds: c.own})
		root.SetArgs([]string{"check", "gateway.yaml"})
		root.SetOut(&out)
		root.SetErr(&out)
		if code := report(&out, root.ExecuteContext(t.Context()), "en"); code != c.code || !strings.Contains(out.String(), c.want) {
			t.Errorf("exit %d, want %d with %q:\n%s", code, c.code, c.want, out.String())
		}
	}
}
