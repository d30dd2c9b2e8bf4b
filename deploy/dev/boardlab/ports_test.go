package boardlab

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/deploy/dev/boardlab/panel"
)

// port is what `lamppost ports --json` says of a port.
type port struct {
	Name, Node, Serial, Driver, RS485 string
	Twin                              bool
	HeldBy                            []int    `json:"held_by"`
	UsedBy                            []string `json:"used_by"`
}

// The field engineer's list of ports is right on a real kernel: lasting names, drivers,
// who switches RS-485, and who holds and uses each.
func (l *lab) ports(t *testing.T) {
	l = l.in(t)
	var end panel.End
	ask(l.board, "Run", panel.Program{Args: []string{"/bin/lamppost", "ports", "--json"}}, &end)
	found := map[string]port{}
	for line := range strings.Lines(string(end.Output)) {
		var p port
		if err := json.Unmarshal([]byte(line), &p); err != nil {
			t.Fatalf("exit code %d: %v in %s", end.Code, err, end.Output)
		}
		found[p.Name] = p
	}
	for _, want := range []port{
		{Name: stableName(ours), Node: "/dev/ttyUSB0", Serial: ours, Driver: "ftdi_sio", RS485: "adapter", UsedBy: []string{"buses.rs485-1"}},
		{Name: "/dev/ttyAMA0", Node: "/dev/ttyAMA0", Driver: "uart-pl011", RS485: "on", UsedBy: []string{"buses.rs485-2"}},
	} {
		got := found[want.Name]
		want.HeldBy = []int{l.pid}
		if got.Name != want.Name || got.Node != want.Node || got.Serial != want.Serial || got.Driver != want.Driver || got.RS485 != want.RS485 ||
			got.Twin || !slices.Equal(got.HeldBy, want.HeldBy) || len(got.UsedBy) != 1 || !strings.HasPrefix(got.UsedBy[0], want.UsedBy[0]) {
			t.Errorf("ports says %+v, want %+v", got, want)
		}
	}
	if t.Failed() {
		t.Logf("exit code %d:\n%s", end.Code, end.Output)
	}
}
