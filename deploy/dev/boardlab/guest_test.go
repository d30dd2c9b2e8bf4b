package boardlab

import (
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/deploy/dev/boardlab/machine"
	"github.com/lamppost-city/lamppost/deploy/dev/boardlab/panel"
)

// guest is the board as a test uses it: what cannot fail in a test that is right ends
// it.
type guest struct {
	*machine.Machine
	t *testing.T
}

// ask calls the agent.
func ask[A, R any](g guest, method string, argument A, reply *R) {
	g.t.Helper()
	if err := g.Call(panel.Service+"."+method, argument, reply); err != nil {
		g.t.Fatalf("the board: %s(%.200v): %v", method, argument, err)
	}
}

func (g guest) write(path, text string) {
	g.t.Helper()
	ask(g, "Write", panel.File{Path: path, Data: []byte(text)}, &panel.None{})
}

func (g guest) read(path string) string {
	g.t.Helper()
	var b []byte
	ask(g, "Read", path, &b)
	return strings.TrimSpace(string(b))
}

func (g guest) list(pattern string) (paths []string) {
	g.t.Helper()
	ask(g, "List", pattern, &paths)
	return paths
}

func (g guest) make(path string) {
	g.t.Helper()
	ask(g, "Make", path, &panel.None{})
}

// run runs a program to its end and demands that it succeeds.
func (g guest) run(args ...string) string {
	g.t.Helper()
	var end panel.End
	ask(g, "Run", panel.Program{Args: args}, &end)
	if end.Code != 0 {
		g.t.Fatalf("%s: exit code %d:\n%s", strings.Join(args, " "), end.Code, end.Output)
	}
	return string(end.Output)
}

func (g guest) serial(path string) (s panel.Serial) {
	g.t.Helper()
	ask(g, "Serial", path, &s)
	return s
}

func (g guest) link(path, to string) error {
	return g.Call(panel.Service+".Link", panel.Link{Path: path, To: to}, &panel.None{})
}

// i2c and w1 command the lab's modules.
func (g guest) i2c(commands ...string) {
	g.t.Helper()
	g.write("/sys/devices/platform/labi2c/command", strings.Join(commands, "\n"))
}

func (g guest) w1(commands ...string) {
	g.t.Helper()
	g.write("/sys/devices/platform/labw1/command", strings.Join(commands, "\n"))
}
