package parts_test

import (
	"context"
	"fmt"
	"math"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/modbusslave"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/playback"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/pty"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/registers"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/catalog"
	"github.com/lamppost-city/lamppost/drivers/modbus"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/gateway"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// told is a source that says what it was told.
type told struct {
	mu sync.Mutex
	is map[string]float64
}

func (s *told) Value(channel string) float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.is[channel]
}

func (*told) Mishap() scenario.Mishap { return scenario.Mishap{} }

func (s *told) tell(is map[string]float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.is = is
}

// bench is a gateway's configuration with one slave behind a line of its own for
// each profile.
type bench struct {
	cfg     *config.Config
	metrics *obs.Catalog
	parts   map[string]*subject // by profile
}

// subject is a slave on the bench.
type subject struct {
	table  registers.Table
	rows   []modbusslave.Register
	source *told
	kinds  map[string]drivers.Channel // by channel, as the gateway has it
}

// profiles returns the ids of all profiles that are built in.
func profiles(t *testing.T) []string {
	t.Helper()
	all, err := modbus.ParseProfiles(firmwareconfigs.Devices())
	if err != nil {
		t.Fatal(err)
	}
	return all.IDs()
}

// newBench plays the counterparts of profiles. wire serves one of them and returns the
// bus as the gateway's configuration has it.
func newBench(t *testing.T, ids []string, change func(*modbusslave.Unit), wire func(*testing.T, string, *modbusslave.Unit, registers.Table) string) *bench {
	t.Helper()
	b := &bench{parts: map[string]*subject{}}
	var buses, devices strings.Builder
	for _, id := range ids {
		table, ok := registers.Get(id)
		if !ok {
			continue // TestEveryProfileHasACounterpart tells
		}
		s := &subject{table: table, source: &told{}, kinds: map[string]drivers.Channel{}}
		var err error
		if s.rows, err = table.Registers(table.Address); err != nil {
			t.Fatal(err)
		}
		address := max(table.Address, 1)
		u, err := table.Unit(address, id, s.source)
		if err != nil {
			t.Fatal(err)
		}
		if change != nil {
			change(u)
		}
		fmt.Fprintf(&buses, "  b-%s: {%s}\n", id, wire(t, id, u, table))
		fmt.Fprintf(&devices, "  %s: {profile: %s, bus: b-%s, address: %d}\n", id, id, id, address)
		b.parts[id] = s
	}
	b.load(t, "gateway: {id: g}\nbuses:\n"+buses.String()+"devices:\n"+devices.String())
	for _, d := range b.cfg.Devices {
		for _, c := range d.Plan.Channels {
			b.parts[d.ID].kinds[c.Name] = c
		}
	}
	return b
}

// load reads the configuration.
func (b *bench) load(t *testing.T, src string) {
	t.Helper()
	var err error
	if b.metrics, err = obs.ParseCatalog(firmwareconfigs.MetricsFile, firmwareconfigs.Metrics()); err != nil {
		t.Fatal(err)
	}
	all, err := modbus.ParseProfiles(firmwareconfigs.Devices())
	if err != nil {
		t.Fatal(err)
	}
	if b.cfg, err = config.Load("bench.yaml", []byte(src), config.Env{Kinds: catalog.Builtin(all.Set), Catalog: b.metrics}); err != nil {
		t.Fatal(err)
	}
}

// overTCP serves a unit behind a TCP address of its own.
func overTCP(t *testing.T, _ string, u *modbusslave.Unit, _ registers.Table) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := (&modbusslave.Host{Units: []*modbusslave.Unit{u}, Record: playback.Nobody{}}).Serve(ctx, ln); err != nil {
			t.Error(err)
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return "tcp: " + ln.Addr().String()
}

// overSerial serves a unit on a pseudo terminal, at the speed that its maker sets.
func overSerial(t *testing.T, id string, u *modbusslave.Unit, table registers.Table) string {
	t.Helper()
	port, err := pty.Open(filepath.Join(t.TempDir(), id))
	if err != nil {
		t.Fatal(err)
	}
	baud := table.Baud
	if baud == 0 {
		baud = 9600
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		(&modbusslave.Line{Port: port, Baud: baud, Units: []*modbusslave.Unit{u}, Record: playback.Nobody{}}).Serve()
	}()
	t.Cleanup(func() {
		port.Close()
		<-done
	})
	parity := "none"
	if strings.Contains(table.Format, "E") { // a pseudo terminal has none, whatever it is told
		parity = "even"
	}
	return fmt.Sprintf("serial: %s, baud: %d, parity: %s", port.Link(), baud, parity)
}

// round is what all channels are told at once.
type round struct {
	name string
	// value chooses for a channel that holds numbers from lo to hi, both written and
	// believed; NaN is missing.
	value func(r registers.Row, lo, hi float64) float64
}

func rounds() []round {
	return []round{
		{"as the list says", func(r registers.Row, _, _ float64) float64 { return r.Is }},
		{"lowest", func(_ registers.Row, lo, _ float64) float64 { return lo }},
		{"highest", func(_ registers.Row, _, hi float64) float64 { return hi }},
		{"a third up", func(_ registers.Row, lo, hi float64) float64 { return lo + (hi-lo)*0.337 }},
		{"a little above nothing", func(_ registers.Row, lo, hi float64) float64 { return min(max(lo, hi/1000), hi) }},
	}
}

// TestProfilesReadTheirCounterparts: the gateway reads each part that it has a profile
// for from a slave that was filled from the maker's table, and each channel is what the
// table was told, at both ends of its range and between.
func TestProfilesReadTheirCounterparts(t *testing.T) {
	b := newBench(t, profiles(t), nil, overTCP)
	for _, r := range rounds() {
		t.Run(r.name, func(t *testing.T) { b.play(t, r) })
	}
}

// TestProfilesOverSerialLines: the same over pseudo terminals, at the speed of the part.
func TestProfilesOverSerialLines(t *testing.T) {
	b := newBench(t, profiles(t), nil, overSerial)
	b.play(t, rounds()[3])
}

// TestProfilesWithoutGaps: the same from slaves that refuse every request with a
// register in it that the maker does not name.
func TestProfilesWithoutGaps(t *testing.T) {
	b := newBench(t, profiles(t), func(u *modbusslave.Unit) {
		if u.Gaps == modbusslave.Zeros {
			u.Gaps = modbusslave.Refuse
		}
	}, overTCP)
	b.play(t, rounds()[3])
}

// play tells every slave its values, lets the gateway read all, and compares.
func (b *bench) play(t *testing.T, r round) {
	t.Helper()
	for _, s := range b.parts {
		s.source.tell(s.values(r))
	}
	b.read(t, func(o gateway.Outcome) { b.parts[o.Device.ID].compare(t, o) })
}

// read lets the gateway read all.
func (b *bench) read(t *testing.T, each func(gateway.Outcome)) {
	t.Helper()
	outcomes, err := gateway.Read(t.Context(), b.cfg, b.metrics, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(outcomes) != len(b.parts) {
		t.Errorf("%d outcomes of %d parts", len(outcomes), len(b.parts))
	}
	for _, o := range outcomes {
		each(o)
	}
}

// values are what a round has for each row of the table.
func (s *subject) values(r round) map[string]float64 {
	out := map[string]float64{}
	for _, row := range s.table.Values() {
		c, known := s.kinds[row.Channel]
		if !known {
			out[row.Channel] = row.Is
			continue
		}
		lo, hi := c.Min, c.Max
		for _, reg := range s.rows {
			if reg.Channel == row.Channel { // as far as each form of it can be written
				_, least := reg.Encode(c.Min)
				_, most := reg.Encode(c.Max)
				lo, hi = max(lo, least), min(hi, most)
			}
		}
		out[row.Channel] = r.value(row, lo, hi)
	}
	return out
}

// compare holds what was read against what the slave was told. A part that needs time
// has just been opened: its values come, and are flagged as those of a driver are.
func (s *subject) compare(t *testing.T, o gateway.Outcome) {
	t.Helper()
	if o.Err != nil {
		t.Errorf("%s: %v", o.Device.ID, o.Err)
		return
	}
	for i, c := range o.Device.Plan.Channels {
		got := o.Readings[i]
		want := s.held(c)
		good := got.Quality.Usable()
		if o.Device.Plan.WarmUp > 0 {
			good = got.Quality == obs.Quality{Flag: obs.Fail, Why: obs.WarmUp}
		}
		if !slices.ContainsFunc(want, func(w float64) bool { return same(got.Value, w) }) || !good {
			t.Errorf("%s.%s: the gateway reads %v (%v), the maker's table says %v", o.Device.ID, c.Name, got.Value, got.Quality, want)
		}
	}
}

// held returns what each of the rows for a channel stands for. A number with a point is
// rounded by the gateway to the steps that its profile names: what it must then be is
// written out here once more, in the words of a decimal number.
func (s *subject) held(c drivers.Channel) (want []float64) {
	for _, reg := range s.rows {
		if reg.Channel != c.Name {
			continue
		}
		_, held := reg.Encode(s.source.Value(c.Name))
		if reg.Type == modbusslave.Float32 && c.Resolution > 0 {
			n := math.Round(held / c.Resolution)
			for _, n := range []float64{n - 1, n, n + 1} { // which one, the last bit of a float32 decides
				if math.Abs(n*c.Resolution-held) <= c.Resolution*(0.5+1e-6)+2e-7*math.Abs(held) {
					want = append(want, n*c.Resolution)
				}
			}
			continue
		}
		want = append(want, held)
	}
	return want
}

// same says whether two numbers differ by no more than a number of 32 bits with a point
// can tell.
func same(a, b float64) bool {
	return math.Abs(a-b) <= 1e-9+3e-7*max(math.Abs(a), math.Abs(b))
}
