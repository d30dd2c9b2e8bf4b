package obs

import (
	"errors"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

const small = `metrics:
  temp:  {unit: Cel, text: ℃, min: -60, max: 125, decimals: 1, label: {zh: 温度, en: temperature}, hj212: a01001}
  rh:    {unit: "%", wire: "%RH", text: "%", min: 0, max: 100, decimals: 1, label: {zh: 相对湿度, en: relative humidity}}
  level: {unit: m, text: m, min: -200, max: 9000, decimals: 2, label: {zh: 水位, en: water level}}
`

func parse(t *testing.T, src string) *Catalog {
	t.Helper()
	c, err := ParseCatalog("m.yaml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestLookup(t *testing.T) {
	c := parse(t, small)
	want := Metric{
		Name: "temp", Unit: "Cel", Wire: "Cel", Text: "℃", Min: -60, Max: 125, Decimals: 1,
		Label: Label{ZH: "温度", EN: "temperature"}, HJ212: "a01001",
	}
	for _, channel := range []string{"temp", "temp.inlet", "temp.l1"} {
		if got, ok := c.Lookup(channel); !ok || got != want {
			t.Errorf("Lookup(%q) = %+v, %v; want %+v", channel, got, ok, want)
		}
	}
	for _, channel := range []string{"", ".", "temperature", "temp2", ".temp", "TEMP"} {
		if got, ok := c.Lookup(channel); ok {
			t.Errorf("Lookup(%q) = %+v, want none", channel, got)
		}
	}
	if m, _ := c.Lookup("rh"); m.Wire != "%RH" || m.Unit != "%" {
		t.Errorf("rh has wire unit %q and UCUM code %q, want %%RH and %%", m.Wire, m.Unit)
	}
}

func TestAllKeepsTheFilesOrderAndIsACopy(t *testing.T) {
	c := parse(t, small)
	var names []string
	for _, m := range c.All() {
		names = append(names, m.Name)
	}
	if got := strings.Join(names, " "); got != "temp rh level" {
		t.Errorf("All() is %q, want the order of the file", got)
	}
	c.All()[0].Name = "changed"
	if c.All()[0].Name != "temp" {
		t.Error("All() hands out the catalogue's own memory")
	}
}

func TestBadCatalogs(t *testing.T) {
	const good = `{unit: m, text: m, min: 0, max: 1, decimals: 2, label: {zh: 水位, en: level}}`
	one := func(edit ...string) string { // good with replacements: old, new, old, new …
		return "metrics:\n  level: " + strings.NewReplacer(edit...).Replace(good) + "\n"
	}
	for _, c := range []struct{ name, src, want string }{
		{"not YAML", "metrics: [", "m.yaml:1:"},
		{"unknown key", one("min:", "minimum:"), `m.yaml:2:29: E1101 unknown key "minimum"`},
		{"no unit", one("unit: m, ", ""), "E1104 metrics.level has no unit"},
		{"twice", "metrics:\n  level: " + good + "\n  level: " + good, `m.yaml:3:3: E1006 "level" stands here a second time`},
		{"empty", "metrics:\n", "m.yaml:1:1: E1103"},
		{"empty map", "metrics: {}\n", "m.yaml:1:10: E1906 the catalogue holds no metric"},
		{"name", "metrics:\n  pm2.5: " + good, `m.yaml:2:3: E1901 metric "pm2.5": '.' is not allowed at position 4`},
		{"unit with a space", one("unit: m", "unit: m s"), `m.yaml:2:17: E1902 "m s" is not a UCUM code`},
		{"unit not ASCII", one("unit: m", "unit: μg/m3"), `m.yaml:2:17: E1902 "μg/m3" is not a UCUM code`},
		{"percent on the wire", one("unit: m", `unit: "%"`), `E1902 "%" means a ratio from 0 to 1 in SenML`},
		{"wire unit of its own", one("unit: m", "unit: m, wire: metre"), `m.yaml:2:26: E1902 "metre" is neither a SenML unit nor the UCUM code "m"`},
		{"range upside down", one("max: 1", "max: -1"), "m.yaml:2:42: E1903 max -1 is not above min 0"},
		{"decimals", one("decimals: 2", "decimals: 12"), "E1903 12 decimals; write 0 to 9"},
		{"half a label", one("en: level", `en: " "`), "E1904 a label is empty"},
		{"factor code", one("}}", "}, hj212: PM25}"), `E1905 "PM25" is not an HJ 212 factor code`},
		{"factor code twice", strings.ReplaceAll(one("}}", "}, hj212: a34004}"), "\n  level", "\n  other: {unit: m, text: m, min: 0, max: 1, decimals: 0, label: {zh: a, en: b}, hj212: a34004}\n  level"), "m.yaml:3:93: E1905 a34004 is already the code of other"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseCatalog("m.yaml", []byte(c.src))
			var ps yamldoc.Problems
			if !errors.As(err, &ps) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("ParseCatalog gives %v\nwant problems with %s", err, c.want)
			}
		})
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	_, err := ParseCatalog("m.yaml", []byte(`metrics:
  Level: {unit: m, text: m, min: 1, max: 1, decimals: -1, label: {zh: a, en: b}, hj212: w1}
`))
	var ps yamldoc.Problems
	if !errors.As(err, &ps) || len(ps) != 4 {
		t.Errorf("%d problems, want 4 (name, max, decimals, hj212):\n%v", len(ps), err)
	}
}

// A number that nothing has is no line full of digits.
func TestNumbersAreBounded(t *testing.T) {
	for _, v := range []float64{1e308, -1e308, 1.2345678901234567e200, math.MaxFloat64, 1e15, 5e-324, -3e-200} {
		for decimals := range 10 {
			if got := (Metric{Decimals: decimals}).Format(v); len(got) > 24 {
				t.Errorf("Format(%v) with %d decimals is %s", v, decimals, got)
			}
		}
		got := Number(v)
		if back, err := strconv.ParseFloat(got, 64); len(got) > 24 || err != nil || back != v {
			t.Errorf("Number(%v) is %s", v, got)
		}
	}
	for v, want := range map[float64]string{0: "0", 0.35: "0.35", 123456789: "123456789", -20: "-20", 1e308: "1e+308"} {
		if got := Number(v); got != want {
			t.Errorf("Number(%v) is %s, want %s", v, got, want)
		}
	}
	if got := (Metric{Decimals: 2}).Format(math.Inf(1)); got != "-" {
		t.Errorf("what is infinite is written %s", got)
	}
}

func TestFormat(t *testing.T) {
	m := Metric{Decimals: 2}
	for _, c := range []struct {
		v    float64
		want string
	}{
		{2.713, "2.71"}, {-0.004, "-0.004"}, {0.0049, "0.0049"}, {0.001234, "0.0012"}, {0.00996, "0.01"}, {0.0000996, "0.0001"}, {-0.005001, "-0.01"}, {2e-8, "0.00000002"}, {2e-9, "2e-09"}, {1e-17, "1e-17"}, {math.Copysign(0, -1), "0.00"}, {100, "100.00"}, {math.NaN(), "-"}, {0, "0.00"},
	} {
		if got := m.Format(c.v); got != c.want {
			t.Errorf("Format(%v) = %q, want %q", c.v, got, c.want)
		}
	}
}

func TestLabelIn(t *testing.T) {
	l := Label{ZH: "水位", EN: "water level"}
	if l.In("zh") != "水位" || l.In("en") != "water level" || l.In("fr") != "water level" {
		t.Errorf("In(zh, en, fr) = %q, %q, %q", l.In("zh"), l.In("en"), l.In("fr"))
	}
}

func TestSecondaryUnit(t *testing.T) {
	for _, u := range []string{"ug/m3", "ppm", "kWh", "/100", "hPa", "mm", "dBm"} {
		if !SecondaryUnit(u) || primaryUnits[u] {
			t.Errorf("%s is a secondary unit of RFC 8798 and no primary one", u)
		}
	}
	for _, u := range []string{"m", "Cel", "%RH", "deg", "VA", "mg/L", "%", ""} {
		if SecondaryUnit(u) {
			t.Errorf("SecondaryUnit(%q) = true", u)
		}
	}
}

// FuzzParseCatalog holds that what is accepted can be used: each metric is found
// under its name, has a usable range, and a unit that a SenML reader understands.
func FuzzParseCatalog(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte("metrics:\n  a: &a {unit: m, text: m, min: 0, max: 1, decimals: 0, label: {zh: a, en: b}}\n  b: *a\n"))
	f.Add([]byte("metrics: {x: {unit: '%'}}"))
	f.Fuzz(func(t *testing.T, src []byte) {
		c, err := ParseCatalog("m.yaml", src)
		if err != nil {
			return
		}
		for _, m := range c.All() {
			got, ok := c.Lookup(m.Name)
			switch {
			case !ok || got != m:
				t.Errorf("Lookup(%q) = %+v, %v", m.Name, got, ok)
			case CheckChannel(m.Name) != nil:
				t.Errorf("metric %q is no channel: %v", m.Name, CheckChannel(m.Name))
			case m.Wire == "%" || m.Wire == "":
				t.Errorf("metric %q has wire unit %q", m.Name, m.Wire)
			case !(m.Min < m.Max):
				t.Errorf("metric %q goes from %v to %v", m.Name, m.Min, m.Max)
			}
		}
	})
}

func BenchmarkLookup(b *testing.B) {
	src, err := os.ReadFile("../../firmware-configs/metrics/metrics.yaml")
	if err != nil {
		b.Fatal(err)
	}
	c, err := ParseCatalog("metrics.yaml", src)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := c.Lookup("temp.inlet"); !ok {
			b.Fatal("no temp")
		}
	}
}
