package config_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/a02yyuw"
	"github.com/lamppost-city/lamppost/drivers/anemometer"
	"github.com/lamppost-city/lamppost/drivers/bme280"
	"github.com/lamppost-city/lamppost/drivers/camera"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/digital"
	"github.com/lamppost-city/lamppost/drivers/ds18b20"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/drivers/pms5003"
	"github.com/lamppost-city/lamppost/drivers/pulse"
	"github.com/lamppost-city/lamppost/drivers/raingauge"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/gateway"
	"github.com/lamppost-city/lamppost/edge/rulepack"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

// modbusKind stands for the Modbus driver: two profiles are enough here.
func modbusKind() drivers.Kind {
	parts := map[string]drivers.Plan{
		"keller-36xw":  {Channels: []drivers.Channel{{Name: "level", Min: -1, Max: 10}, {Name: "water_temp", Min: -10, Max: 60}}, MinEvery: time.Second, Timeout: 400 * time.Millisecond, Exchanges: []int{8 + 9, 8 + 9}, Line: drivers.LineSettings{Baud: 9600, Parity: "none", StopBits: 1}},
		"weather-01f4": {Channels: []drivers.Channel{{Name: "rain", Max: 6553}, {Name: "temp.air", Min: -40, Max: 80}}, MinEvery: 2 * time.Second, Timeout: time.Second, Exchanges: []int{8 + 250}, Line: drivers.LineSettings{Baud: 4800}},
	}
	return drivers.Kind{Name: "modbus", Wire: drivers.ModbusUnit, Profiles: []string{"keller-36xw", "weather-01f4"}, Plan: func(decode func(any) error) (*drivers.Plan, error) {
		var o struct {
			Profile string             `yaml:"profile,required"`
			Offsets map[string]float64 `yaml:"offsets"`
			Panic   bool               `yaml:"panic"`
		}
		if err := decode(&o); err != nil {
			return nil, err
		}
		if o.Panic {
			panic("out of cheese")
		}
		p, ok := parts[o.Profile]
		if !ok {
			return nil, &drivers.OptionError{Key: "profile", Msg: fmt.Sprintf("there is no profile %q; %s", o.Profile, yamldoc.Hint(o.Profile, []string{"keller-36xw", "weather-01f4"}))}
		}
		for ch := range o.Offsets {
			if !slices.ContainsFunc(p.Channels, func(c drivers.Channel) bool { return c.Name == ch }) {
				return nil, &drivers.OptionError{Key: "offsets." + ch, Msg: "the device has no channel " + ch}
			}
		}
		return &p, nil
	}}
}

func env(t testing.TB) config.Env {
	t.Helper()
	catalog, err := obs.ParseCatalog(firmwareconfigs.MetricsFile, firmwareconfigs.Metrics())
	if err != nil {
		t.Fatal(err)
	}
	packs, err := gateway.ReadPacks(catalog, firmwareconfigs.Rules())
	if err != nil {
		t.Fatal(err)
	}
	return config.Env{Packs: gateway.PackUser(func() (*rulepack.Set, error) { return packs, nil }), Kinds: []drivers.Kind{modbusKind(), pms5003.Kind(), a02yyuw.Kind(), camera.Kind(), bme280.Kind(), ds18b20.Kind(), digital.Kind(), pulse.Kind(), raingauge.Kind(), anemometer.Kind()}, Catalog: catalog, Rules: gateway.RuleChecker, Derived: gateway.DerivedChecker(catalog), Origins: true}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// Each testdata/*.bad.yaml is refused with exactly the text in the .want beside it.
func TestBad(t *testing.T) {
	names, _ := filepath.Glob("testdata/*.bad.yaml")
	if len(names) < 24 {
		t.Fatalf("only %d bad files", len(names))
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			src, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			c, err := config.Load(filepath.Base(name), src, env(t))
			var ps yamldoc.Problems
			if c != nil || !errors.As(err, &ps) {
				t.Fatalf("Load = %v, %v, want problems", c, err)
			}
			var b strings.Builder
			if err := ps.Render(&b); err != nil {
				t.Fatal(err)
			}
			golden(t, strings.TrimSuffix(name, ".bad.yaml")+".want", b.String())
		})
	}
}

// Each testdata/*.good.yaml is taken; the .show beside it is the resolved view, with
// the warnings below.
func TestGood(t *testing.T) {
	names, _ := filepath.Glob("testdata/*.good.yaml")
	if len(names) < 4 {
		t.Fatalf("only %d good files", len(names))
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			src, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			c, err := config.Load(filepath.Base(name), src, env(t))
			if err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			if err := errors.Join(c.Show(&b), c.Warnings.Render(&b)); err != nil {
				t.Fatal(err)
			}
			golden(t, strings.TrimSuffix(name, ".good.yaml")+".show", b.String())
		})
	}
}

// Every id in the package comment is produced by a file in testdata, and the other
// way round.
func TestEveryIDIsShown(t *testing.T) {
	id := regexp.MustCompile(`\b[EW]2[0-9]{3}\b`)
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	var seen []byte
	for _, pattern := range []string{"testdata/*.want", "testdata/*.show"} {
		names, _ := filepath.Glob(pattern)
		for _, n := range names {
			b, err := os.ReadFile(n)
			if err != nil {
				t.Fatal(err)
			}
			seen = append(seen, b...)
		}
	}
	set := func(b []byte) []string {
		var all []string
		for _, m := range id.FindAll(b, -1) {
			all = append(all, string(m))
		}
		slices.Sort(all)
		return slices.Compact(all)
	}
	if diff := cmp.Diff(set(doc), set(seen)); diff != "" {
		t.Errorf("ids in the comment and in testdata (-comment +testdata):\n%s", diff)
	}
}

func TestResolved(t *testing.T) {
	src, err := os.ReadFile("testdata/full.good.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c, err := config.Load("full.good.yaml", src, env(t))
	if err != nil {
		t.Fatal(err)
	}
	d := c.Devices[0]
	if d.ID != "river" || d.Driver != "modbus" || d.Profile != "keller-36xw" || d.Address != 3 || d.Every != 5*time.Second || d.Timeout != 400*time.Millisecond || d.Plan == nil || d.Metrics[0].Name != "level" {
		t.Errorf("river = %+v", d)
	}
	if b := c.Buses[0]; b.Line != (drivers.LineSettings{Baud: 9600, Parity: "none", StopBits: 1}) || b.Turnaround != 20*time.Millisecond {
		t.Errorf("bus = %+v", b)
	}
	if r := c.Rules[0]; r.ID != "river-high" || len(r.Reads) != 1 || r.Reads[0].Channel != "level" || r.Message["en"] == "" {
		t.Errorf("rule = %+v", r)
	}
	if len(c.Hash) != 12 || c.Journal.Size != 2e9 {
		t.Errorf("hash %q, journal %+v", c.Hash, c.Journal)
	}
	changed, err := config.Load("full.good.yaml", append(src, '\n'), env(t))
	if err != nil || changed.Hash == c.Hash {
		t.Errorf("another file has the same hash %q, %v", c.Hash, err)
	}
	if n := len(c.Streams()); n < 7 {
		t.Errorf("%d streams", n)
	}
}

func TestInsecureFlag(t *testing.T) {
	src := []byte("gateway: {id: g}\nstatus: {listen: \"0.0.0.0:8090\"}\n")
	e := env(t)
	if _, err := config.Load("a.yaml", src, e); err == nil {
		t.Error("an open address was taken")
	}
	e.Insecure = true
	if _, err := config.Load("a.yaml", src, e); err != nil {
		t.Errorf("with the flag: %v", err)
	}
}

func TestTooMany(t *testing.T) {
	var devices, rules bytes.Buffer
	for i := range 1001 {
		fmt.Fprintf(&devices, "  d%d: {driver: pms5003, port: /dev/x%d}\n", i, i)
	}
	for i := range 1001 {
		fmt.Fprintf(&rules, "  r%d: {when: d0.pm10 > 3, severity: red}\n", i)
	}
	src := fmt.Sprintf("gateway: {id: g}\ndevices:\n%srules:\n%s", &devices, &rules)
	_, err := config.Load("a.yaml", []byte(src), env(t))
	want := "a.yaml:2:1: E2003 1001 devices are too many for one gateway; at most 1000\na.yaml:1004:1: E2003 1001 rules are too many for one gateway; at most 1000"
	if err == nil || err.Error() != want {
		t.Errorf("%v\nwant %s", err, want)
	}
}

// FuzzLoad: any bytes are a configuration or problems inside the file; what is
// taken can be shown and does not change when it is loaded again.
func FuzzLoad(f *testing.F) {
	names, _ := filepath.Glob("testdata/*.yaml")
	for _, name := range names {
		src, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	e := env(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		if len(src) > 8192 {
			return
		}
		c, err := config.Load("f.yaml", src, e)
		if (c == nil) == (err == nil) {
			t.Fatalf("Load = %v, %v", c, err)
		}
		var ps yamldoc.Problems
		if errors.As(err, &ps) {
			for _, p := range ps {
				if p.Line < 1 || p.Line > bytes.Count(src, []byte("\n"))+1 {
					t.Errorf("problem outside the file: %v", p)
				}
			}
			return
		}
		var a, b strings.Builder
		again, err := config.Load("f.yaml", src, e)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(c.Show(&a), again.Show(&b)); err != nil || a.String() != b.String() || c.Hash != again.Hash {
			t.Errorf("%v\n%s\n%s", err, &a, &b)
		}
	})
}

func BenchmarkLoad(b *testing.B) {
	src, err := os.ReadFile("testdata/full.good.yaml")
	if err != nil {
		b.Fatal(err)
	}
	e := env(b)
	b.ReportAllocs()
	b.SetBytes(int64(len(src)))
	for b.Loop() {
		if _, err := config.Load("full.good.yaml", src, e); err != nil {
			b.Fatal(err)
		}
	}
}

// Where the machine knows the name that lasts, the warning says it.
func TestStableNameIsSuggested(t *testing.T) {
	src := "gateway: {id: g}\nbuses:\n  line: {serial: /dev/ttyUSB0}\ndevices:\n  river: {profile: keller-36xw, bus: line, address: 3}\n"
	for stable, want := range map[string]string{
		"/dev/serial/by-id/usb-FTDI_A50285BI-if00-port0": "write /dev/serial/by-id/usb-FTDI_A50285BI-if00-port0",
		"": "write the one that lamppost ports shows (ls -l /dev/serial/by-id/)",
	} {
		e := env(t)
		e.StableName = func(node string) string {
			if node != "/dev/ttyUSB0" {
				t.Errorf("asked for %s", node)
			}
			return stable
		}
		c, err := config.Load("gateway.yaml", []byte(src), e)
		if err != nil {
			t.Fatal(err)
		}
		if len(c.Warnings) != 1 || c.Warnings[0].ID != "W2501" || !strings.Contains(c.Warnings[0].Error(), want) {
			t.Errorf("warnings %v, want %q", c.Warnings, want)
		}
	}
}
