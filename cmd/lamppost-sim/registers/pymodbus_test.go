//go:build linux

package registers_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/registers"
	"github.com/lamppost-city/lamppost/drivers/catalog"
	"github.com/lamppost-city/lamppost/drivers/modbus"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/gateway"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// missing is what a maker's row holds when there is no value, and what the gateway must
// then not have either.
const missing = "missing"

// installed is one part as it stands in the field: what its maker's rows hold, in the
// maker's unit, and what the gateway must read. The second was worked out by hand.
type installed struct {
	part  string
	holds map[string]string  // the maker's name of a row: decimal number or missing
	reads map[string]float64 // channel: value; NaN: none
}

var none = math.NaN()

// field are parts of nineteen makers, and some that have none: both functions, every order of words that the
// catalogue has, numbers of 16 and 32 bits with and without sign and point, negative,
// large and missing ones, and words that tell whether a value is to be believed.
func field() []installed {
	return []installed{
		{"wxt530", map[string]string{"Relative humidity": "88.4", "Air pressure": "987.6", "Wind direction": "359.9", "Solar radiation": missing, "Air temperature": "-31.7", "Dew point": missing, "Precipitation type": "61"},
			map[string]float64{"rh": 88.4, "pressure": 987.6, "wind_dir": 359.9, "radiation": none, "temp": -31.7, "dew_point": none}},
		{"keller-36xw", map[string]string{"P1": "0.980665", "TOB1": "-1.25"}, // bar: ten metres of water
			map[string]float64{"level": 10, "water_temp": -1.25}},
		{"keller-33x", map[string]string{"P1": missing, "TOB1": "23"},
			map[string]float64{"water_pressure": none, "water_temp": 23}},
		{"sdm630", map[string]string{"Voltage l1": "229.9", "Voltage l2": "231.4", "Voltage l3": "0", "Current l1": "12.345", "Current l2": "0.007", "Current l3": "63.2",
			"Active power l1": "-2710.5", "Active power l2": "1.5", "Active power l3": "14500.5", "Power factor l1": "-0.955", "Power factor l2": "0.5", "Power factor l3": "1",
			"Total system power": "11791.5", "Frequency": "49.92", "Import active energy": "98765.4", "Export active energy": "0.25", "Total active energy": "98765.65"},
			map[string]float64{"voltage.l1": 229.9, "voltage.l2": 231.4, "voltage.l3": 0, "current.l1": 12.345, "current.l2": 0.007, "current.l3": 63.2,
				"power.l1": -2710.5, "power.l2": 1.5, "power.l3": 14500.5, "power_factor.l1": -0.955, "power_factor.l2": 0.5, "power_factor.l3": 1,
				"power": 11791.5, "frequency": 49.92, "energy": 98765.4, "energy_export": 0.25}},
		{"selec-em2m", map[string]string{"Active power": "-1.25", "Voltage": "231.5", "Current": "5.5", "Frequency": "50.03", "Import active energy": "4321.5"}, // kW
			map[string]float64{"power": -1250, "voltage": 231.5, "current": 5.5, "frequency": 50.03, "energy": 4321.5}},
		{"tuf-2000m", map[string]string{"Flow rate": "-36.5", "Velocity": "-1.287", "Fluid sound speed": "1482.5", "Positive accumulator": "1234567890"},
			map[string]float64{"flow": -36.5, "velocity": -1.287, "sound_speed": 1482.5, "volume": 1234567890}},
		{"phg-2091", map[string]string{"Temperature": "25", "pH": "10.07"},
			map[string]float64{"water_temp": 25, "ph": 10.07}},
		{"pzem-016", map[string]string{"Voltage": "225.7", "Current": "70.123", "Power": "15826.8", "Energy": "9999999", "Frequency": "49.9", "Power factor": "0.99"}, // Wh
			map[string]float64{"voltage": 225.7, "current": 70.123, "power": 15826.8, "energy": 9999.999, "frequency": 49.9, "power_factor": 0.99}},
		{"sr05-d1a3", map[string]string{"Irradiance": "-3.21"},
			map[string]float64{"radiation": -3.21}},
		{"sensecap-one", map[string]string{"Air temperature": "-19.875", "Barometric pressure": "98123.4", "Light intensity": "123456.789", "Wind speed, highest": "41.5"}, // Pa
			map[string]float64{"temp": -19.875, "pressure": 981.234, "illuminance": 123456.789, "wind_gust": 41.5}},
		{"huawei-02312pbl", map[string]string{"Temperature": missing, "Humidity": "28.7"},
			map[string]float64{"temp": none, "rh": 28.7}},
		{"xy-md02", map[string]string{"Temperature": "-10.1", "Humidity": "99.9"},
			map[string]float64{"temp": -10.1, "rh": 99.9}},
		{"urm15", map[string]string{"Distance": missing}, // 0xFFFF
			map[string]float64{"distance": none}},
		{"urm14", map[string]string{"Distance": "1234", "Internal temperature": "-7.5"}, // tenths of a millimetre
			map[string]float64{"distance": 0.1234, "temp": -7.5}},
		{"rs-fx-n01", map[string]string{"Wind direction, degrees": "270"},
			map[string]float64{"wind_dir": 270}},
		{"growatt-pv", map[string]string{"PV power": "7012.3", "Grid power": "6789.1", "Total energy": "98765.4", "Module temperature": "-12.5"},
			map[string]float64{"power.pv": 7012.3, "power": 6789.1, "energy": 98765.4, "temp.module": -12.5}},
		{"metsens300", map[string]string{"Pressure": "1003.5", "Temperature": "-40", "Relative humidity": missing},
			map[string]float64{"pressure": 1003.5, "temp": -40, "rh": none}},
		{"hach-tss", map[string]string{"Turbidity FNU/NTU": "3999.5", "Solids mg/L": "0.5"},
			map[string]float64{"turbidity": 3999.5, "suspended": 0.5}},
		{"leveline", map[string]string{"Temperature": "-1.23", "Pressure": "10125.5"}, // mbar
			map[string]float64{"water_temp": -1.23, "water_pressure": 1012.55}},
		{"weather-01f4", map[string]string{"Wind speed": "32.7", "Temperature": "-27.3", "Atmospheric pressure": "98.7", "Illuminance": "154321", "Wind direction": "315"}, // kPa
			map[string]float64{"wind_speed": 32.7, "temp": -27.3, "pressure": 987, "illuminance": 154321, "wind_dir": 315}},
		{"aqua-troll-400", map[string]string{"pH": "6.87", "ORP": "-215.5", "ORP quality": "3"},
			map[string]float64{"ph": 6.87, "orp": none}},
		{"sen0662", map[string]string{"PM1": "8.5", "PM2.5": "987.5", "PM10": "0.5"},
			map[string]float64{"pm1": 8.5, "pm2_5": 987.5, "pm10": 0.5}},
		{"smp3", map[string]string{"Irradiance": "-4"},
			map[string]float64{"radiation": -4}},
		{"waveshare-ai-8ch", map[string]string{"Channel 1": "4000", "Channel 2": "20000", "Channel 3": "3210"}, // microamperes; 3.21 mA is a broken loop
			map[string]float64{"loop_current.in1": 4, "loop_current.in2": 20}},
		{"elsner-p03", map[string]string{"Temperature": "-11.2", "Rain": "1", "Sun 2": "87", "Wind": "19.4"}, // klx
			map[string]float64{"temp": -11.2, "raining": 1, "illuminance.sun2": 87000, "wind_speed": 19.4}},
	}
}

// row is a row of a table as the server takes it.
type row struct {
	Function uint8    `json:"function"`
	At       uint16   `json:"at"`
	Type     string   `json:"type"`
	Order    string   `json:"order"`
	Step     string   `json:"step"`
	Value    string   `json:"value"`
	Missing  uint64   `json:"missing"`
	Fixed    []uint16 `json:"fixed"`
}

// rowsOf fills a maker's table. What nobody says anything about holds 1.
func rowsOf(t *testing.T, p installed) (rows []row) {
	t.Helper()
	table, ok := registers.Get(p.part)
	if !ok {
		t.Fatalf("there is no table of %s", p.part)
	}
	named := 0
	for _, r := range table.Rows {
		out := row{Function: r.Function, At: r.At, Type: string(r.Type), Order: r.Order, Missing: r.Missing, Fixed: r.Fixed,
			Step: strconv.FormatFloat(r.Step, 'f', -1, 64), Value: strconv.FormatFloat(r.Step, 'f', -1, 64)}
		if r.Tells != "" {
			out.Fixed = []uint16{r.OK}
		}
		if v, ok := p.holds[r.Name]; ok {
			out.Value, named = v, named+1
			if n, err := strconv.ParseUint(v, 10, 16); err == nil && r.Tells != "" {
				out.Fixed = []uint16{uint16(n)}
			}
		}
		rows = append(rows, out)
	}
	if named != len(p.holds) {
		t.Fatalf("%s: %d of %d names are in its maker's table", p.part, named, len(p.holds))
	}
	return rows
}

// tables writes the field for the server; unit n+1 is the n-th part.
func tables(t *testing.T) string {
	t.Helper()
	units := map[string][]row{}
	for i, p := range field() {
		units[strconv.Itoa(i+1)] = rowsOf(t, p)
	}
	b, err := json.Marshal(units)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "tables.json")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestFieldIsWide: the parts are of ten makers at least.
func TestFieldIsWide(t *testing.T) {
	makers := map[string]bool{}
	for _, p := range field() {
		if table, _ := registers.Get(p.part); table.Maker != "" {
			makers[table.Maker] = true
		}
	}
	if len(makers) < 10 || len(field()) < 10 {
		t.Errorf("%d parts of %d makers", len(field()), len(makers))
	}
}

// TestPymodbusOverTCP and TestPymodbusOverASerialLine: the whole gateway reads parts that
// pymodbus plays. Its encoder fills them from the makers' tables; no code of ours does.
func TestPymodbusOverTCP(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := ln.Addr().(*net.TCPAddr)
	ln.Close()
	pymodbus(t, tables(t), "tcp", strconv.Itoa(address.Port))
	readField(t, "tcp: "+address.String())
}

func TestPymodbusOverASerialLine(t *testing.T) {
	socat, err := exec.LookPath("socat")
	need(t, "socat", err == nil)
	dir := t.TempDir()
	ours, theirs := filepath.Join(dir, "ours"), filepath.Join(dir, "theirs")
	start(t, socat, "pty,raw,echo=0,link="+ours, "pty,raw,echo=0,link="+theirs)
	eventually(t, "socat's line", func() error {
		_, err := os.Stat(theirs)
		if err == nil {
			_, err = os.Stat(ours)
		}
		return err
	})
	pymodbus(t, tables(t), "serial", theirs, "115200")
	readField(t, "serial: "+ours+", baud: 115200, parity: none, stop: 1")
}

// readField reads all parts through the gateway and compares.
func readField(t *testing.T, bus string) {
	t.Helper()
	var devices strings.Builder
	for i, p := range field() {
		fmt.Fprintf(&devices, "  %s: {profile: %s, bus: line, address: %d}\n", p.part, p.part, i+1)
	}
	profiles, err := modbus.ParseProfiles(firmwareconfigs.Devices())
	if err != nil {
		t.Fatal(err)
	}
	metrics, err := obs.ParseCatalog(firmwareconfigs.MetricsFile, firmwareconfigs.Metrics())
	if err != nil {
		t.Fatal(err)
	}
	src := "gateway: {id: g}\nbuses:\n  line: {" + bus + "}\ndevices:\n" + devices.String()
	cfg, err := config.Load("field.yaml", []byte(src), config.Env{Kinds: catalog.Builtin(profiles.Set), Catalog: metrics})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the server", func() error {
		first, err := gateway.Read(t.Context(), cfg, metrics, []string{cfg.Devices[0].ID})
		if err != nil {
			return err
		}
		return first[0].Err
	})
	outcomes, err := gateway.Read(t.Context(), cfg, metrics, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range field() {
		i := slices.IndexFunc(outcomes, func(o gateway.Outcome) bool { return o.Device.ID == p.part })
		if i < 0 {
			t.Errorf("%s was not read", p.part)
			continue
		}
		p.compare(t, outcomes[i])
	}
}

// compare holds a reading of each channel against what was worked out by hand.
func (p installed) compare(t *testing.T, o gateway.Outcome) {
	t.Helper()
	if o.Err != nil && p.part != "urm15" { // its only value is missing
		t.Errorf("%s: %v", p.part, o.Err)
		return
	}
	left := len(p.reads)
	for i, c := range o.Device.Plan.Channels {
		want, told := p.reads[c.Name]
		if !told {
			continue
		}
		left--
		switch {
		case math.IsNaN(want):
			if o.Err == nil && o.Readings[i].Quality.Usable() {
				t.Errorf("%s.%s reads %v, and the part has no value", p.part, c.Name, o.Readings[i].Value)
			}
		case math.Abs(o.Readings[i].Value-want) > 1e-12*max(1, math.Abs(want)) || !trusted(o.Readings[i].Quality, o.Device.Plan.WarmUp):
			t.Errorf("%s.%s reads %v (%v), want %v", p.part, c.Name, o.Readings[i].Value, o.Readings[i].Quality, want)
		}
	}
	if left != 0 {
		t.Errorf("%s: %d channels are not in its profile", p.part, left)
	}
}

// trusted says whether a value is worth what it can be right after its part was opened.
func trusted(q obs.Quality, warmUp time.Duration) bool {
	if warmUp > 0 {
		return q == obs.Quality{Flag: obs.Fail, Why: obs.WarmUp}
	}
	return q.Usable()
}

// python is the interpreter for which Debian installs its modules.
const python = "/usr/bin/python3"

func pymodbus(t *testing.T, args ...string) {
	t.Helper()
	need(t, "python3-pymodbus", exec.Command(python, "-c", "import pymodbus.server, serial_asyncio").Run() == nil)
	start(t, python, append([]string{"testdata/makers.py"}, args...)...)
}

// need skips the test, or fails it where all parts must be there.
func need(t *testing.T, what string, there bool) {
	t.Helper()
	switch {
	case there:
	case os.Getenv("LAMPPOST_REQUIRE_PARTS") != "":
		t.Fatalf("%s is not installed; run make setup", what)
	default:
		t.Skipf("%s is not installed; run make setup", what)
	}
}

// start runs a program until the test ends, and shows what it said if that failed.
func start(t *testing.T, name string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, name, args...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // it was killed
		if t.Failed() {
			t.Logf("%s said:\n%s", filepath.Base(name), said.Bytes())
		}
	})
}

// soon only ever ends a test that fails.
const soon = 60 * time.Second

// eventually asks again and again until there is no error.
func eventually(t *testing.T, what string, ask func() error) {
	t.Helper()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for end := time.Now().Add(soon); ; <-again.C {
		err := ask()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s: %v", what, err)
		}
	}
}
