package boardlab

import (
	"path/filepath"
	"sync"
	"testing"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/modbusslave"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/pty"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// slave is one temperature and humidity transmitter (XY-MD02) on a line of its own,
// whose values the lab sets.
type slave struct {
	link string // the host's end of the line

	mu     sync.Mutex
	values map[string]float64
}

func startSlave(t *testing.T, dir, name string, address uint8, baud int, values map[string]float64) *slave {
	t.Helper()
	s := &slave{link: filepath.Join(dir, name), values: values}
	unit, err := modbusslave.NewUnit(address, name, []modbusslave.Register{
		{Channel: "temp", Function: 4, Address: 1, Type: modbusslave.Int16, Scale: 0.1},
		{Channel: "rh", Function: 4, Address: 2, Type: modbusslave.Uint16, Scale: 0.1},
	}, s)
	if err != nil {
		t.Fatal(err)
	}
	port, err := pty.Open(s.link)
	if err != nil {
		t.Fatal(err)
	}
	line := &modbusslave.Line{Port: port, Baud: baud, Units: []*modbusslave.Unit{unit}, Record: s}
	var wg sync.WaitGroup
	wg.Go(line.Serve)
	t.Cleanup(func() {
		port.Close()
		wg.Wait()
	})
	return s
}

func (s *slave) set(channel string, v float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values[channel] = v
}

func (s *slave) Value(channel string) float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.values[channel]
}

func (s *slave) Mishap() scenario.Mishap { return scenario.Mishap{} }

// Add takes the lines of the truth log: the lab knows what it has set.
func (s *slave) Add(...truth.Line) {}
