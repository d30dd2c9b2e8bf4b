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
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/parts"
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
		if s.rows, err = table.Registers(); err != nil {
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

// compare holds what was read against what the slave was told.
func (s *subject) compare(t *testing.T, o gateway.Outcome) {
	t.Helper()
	if o.Err != nil {
		t.Errorf("%s: %v", o.Device.ID, o.Err)
		return
	}
	for i, c := range o.Device.Plan.Channels {
		got := o.Readings[i]
		want := s.held(c)
		if !slices.ContainsFunc(want, func(w float64) bool { return same(got.Value, w) }) || !got.Quality.Usable() {
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

// TestProfilesTellWhatIsMissing: where the part has a way to say that it does not know a
// value, the gateway has no value either; never the number that stands for it, never 0.
func TestProfilesTellWhatIsMissing(t *testing.T) {
	b := newBench(t, profiles(t), nil, overTCP)
	for _, s := range b.parts {
		is := s.values(rounds()[3])
		for _, row := range s.table.Values() {
			if row.CanMiss() {
				is[row.Channel] = math.NaN()
			}
		}
		s.source.tell(is)
	}
	missing := 0
	b.read(t, func(o gateway.Outcome) {
		s := b.parts[o.Device.ID]
		for i, c := range o.Device.Plan.Channels {
			if !math.IsNaN(s.source.Value(c.Name)) {
				continue
			}
			missing++
			if o.Err == nil && o.Readings[i].Quality.Usable() {
				t.Errorf("%s.%s: the part says that it has no value, the gateway reads %v (%v)", o.Device.ID, c.Name, o.Readings[i].Value, o.Readings[i].Quality)
			}
		}
	})
	if missing < 50 {
		t.Errorf("only %d channels were missing", missing)
	}
}

// deafTo are the profiles that do not read the register in which their part reports a
// fault, with the reason.
var deafTo = map[string]string{
	"wm80": "the document at hand does not say what the error register holds when all is well",
}

// TestProfilesTellFaultsOfTheirOwn: what a part reports of itself reaches the readings,
// or stands in deafTo.
func TestProfilesTellFaultsOfTheirOwn(t *testing.T) {
	b := newBench(t, profiles(t), func(u *modbusslave.Unit) { u.Fault = true }, overTCP)
	for _, s := range b.parts {
		s.source.tell(s.values(rounds()[3]))
	}
	b.read(t, func(o gateway.Outcome) {
		s := b.parts[o.Device.ID]
		if !s.table.Reports() {
			return
		}
		if deafTo[o.Device.ID] != "" {
			if o.Err != nil || !o.Readings[0].Quality.Usable() {
				t.Errorf("%s hears of its part's fault now: take it out of deafTo", o.Device.ID)
			}
			return
		}
		for i, c := range o.Device.Plan.Channels {
			if o.Err == nil && o.Readings[i].Quality.Usable() {
				t.Errorf("%s.%s: the part reports a fault, the gateway believes it: %v", o.Device.ID, c.Name, o.Readings[i].Value)
			}
		}
	})
}

// TestEveryProfileHasACounterpart: a profile without a table of its maker fails, one
// with a channel that the table does not have as well. Tables that no profile reads are
// listed.
func TestEveryProfileHasACounterpart(t *testing.T) {
	all, err := modbus.ParseProfiles(firmwareconfigs.Devices())
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, id := range all.IDs() {
		seen[id] = true
		p, _ := all.Get(id)
		table, ok := registers.Get(id)
		if !ok {
			t.Errorf("the profile %s has no counterpart: write its maker's table into registers", id)
			continue
		}
		for _, c := range p.Channels {
			if !slices.ContainsFunc(table.Values(), func(r registers.Row) bool { return r.Channel == c.Channel }) {
				t.Errorf("the profile %s reads %s, for which its maker's table has no row", id, c.Channel)
			}
		}
	}
	for _, table := range registers.All() {
		if !seen[table.ID] {
			t.Logf("no profile reads %s", table.ID)
		}
	}
}

// elsewhere are the drivers that no part of this list is read by, with where their
// counterpart is.
var elsewhere = map[string]string{
	"modbus":  "the profiles: each has a table of its maker",
	"loop":    "the modules: each has a table of its maker, with currents in it",
	"uart":    "the profiles: each has a part under its own id",
	"board":   "the machine that it runs on; its tests lay out the kernel's files",
	"process": "the example programs in drivers/process/examples",
}

// TestEveryDriverHasACounterpart: each driver, and each profile of whatever protocol, can
// be played alone under its name, with its channels.
func TestEveryDriverHasACounterpart(t *testing.T) {
	set, err := catalog.Profiles(firmwareconfigs.Devices())
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range catalog.Builtin(set) {
		_, err := parts.Find(k.Name)
		switch {
		case err != nil && elsewhere[k.Name] == "":
			t.Errorf("the driver %s has no counterpart: %v", k.Name, err)
		case err == nil && elsewhere[k.Name] != "":
			t.Errorf("the driver %s has a counterpart of its own: take it out of elsewhere", k.Name)
		}
	}
	for _, id := range set.IDs() {
		p, err := parts.Find(id)
		if err != nil {
			t.Errorf("the profile %s has no counterpart: %v", id, err)
			continue
		}
		profile, _ := set.Get(id)
		for _, c := range profile.Measures() {
			if _, ok := p.Channel(c.Name); !ok {
				t.Errorf("the profile %s measures %s, which its counterpart cannot be set to", id, c.Name)
			}
		}
	}
}

// TestUnitsAreThoseOfTheMetrics: the tables write down in which unit the gateway stores
// a channel; the metric catalogue says the same.
func TestUnitsAreThoseOfTheMetrics(t *testing.T) {
	metrics, err := obs.ParseCatalog(firmwareconfigs.MetricsFile, firmwareconfigs.Metrics())
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range registers.All() {
		for _, r := range table.Rows {
			if r.Channel == "" {
				continue
			}
			if m, ok := metrics.Lookup(r.Channel); ok && string(m.Unit) != r.Metric {
				t.Errorf("%s: %s is stored in %s, the table says %s", table.ID, r.Channel, m.Unit, r.Metric)
			}
		}
	}
}
