package derive

import (
	"math"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lamppost-city/lamppost/drivers/obs"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

func tables(t testing.TB) *Tables {
	t.Helper()
	all, err := ParseTables(firmwareconfigs.Indices())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

var six = []string{"pm2_5", "pm10", "so2", "no2", "co", "o3"}

// The worked examples of HJ 633: concentrations in the order of six; the individual
// indices and the index of the edition of 2026; the index of 2012.
func TestAirIndexExamples(t *testing.T) {
	all := tables(t)
	for _, c := range []struct {
		name, period string
		in, want     []float64
		aqi, aqi2012 float64
		primary      string
	}{
		{"ozone day", "day", []float64{61, 120, 7, 45, 0.9, 172}, []float64{101, 100, 7, 57, 23, 111}, 111, 111, "o3"},
		{"both", "day", []float64{60, 98, 9, 52, 1.1, 160}, []float64{100, 85, 9, 65, 28, 100}, 100, 100, "pm2_5 o3"},
		{"heavy", "day", []float64{168, 214, 18, 88, 2.6, 34}, []float64{218, 137, 18, 104, 65, 17}, 218, 218, "pm2_5"},
		{"clean", "day", []float64{12, 29, 5, 18, 0.4, 78}, []float64{18, 29, 5, 23, 10, 39}, 39, 39, ""},
		{"ozone hour", "hour", []float64{45, 96, 8, 38, 0.6, 201}, []float64{70, 83, 3, 19, 6, 101}, 101, 101, "o3"},
		{"dust hour", "hour", []float64{28, 655, 11, 25, 0.5, 90}, []float64{40, 500, 4, 13, 5, 29}, 500, 500, "pm10"},
	} {
		t.Run(c.name, func(t *testing.T) {
			of := func(name string) mean { return mean{V: c.in[slices.Index(six, name)], OK: true, F: obs.Pass} }
			got := all.air["hj633-2026"].judge(six, c.period, of)
			var primary []string
			for i, want := range c.want {
				if got[i+1].Value != want {
					t.Errorf("individual index of %s %v = %v, want %v", six[i], c.in[i], got[i+1].Value, want)
				}
				if got[i+1].Value == got[0].Value && got[0].Value > 50 {
					primary = append(primary, six[i])
				}
			}
			if got[0].Value != c.aqi || strings.Join(primary, " ") != c.primary {
				t.Errorf("index %v by %q, want %v by %q", got[0].Value, primary, c.aqi, c.primary)
			}
			if old := all.air["hj633-2012"].judge(six, c.period, of)[0].Value; old != c.aqi2012 {
				t.Errorf("index by the edition of 2012 is %v, want %v", old, c.aqi2012)
			}
		})
	}
}

// Single values: both editions; nought stands for "not computed".
func TestIndividualIndex(t *testing.T) {
	all := tables(t)
	for _, c := range []struct {
		column   string
		v        float64
		new, old int64
	}{
		{"pm2_5.day", 35, 50, 50}, {"pm2_5.day", 36, 52, 52}, {"pm2_5.day", 60, 100, 82}, {"pm2_5.day", 61, 101, 83},
		{"pm2_5.day", 75, 114, 100}, {"pm2_5.day", 100, 137, 132}, {"pm2_5.day", 150, 200, 200},
		{"pm10.day", 51, 51, 51}, {"pm10.day", 120, 100, 85}, {"pm10.day", 121, 101, 86}, {"pm10.day", 150, 112, 100},
		{"o3.day", 161, 101, 101}, {"o3.day", 801, 300, 0}, {"so2.hour", 801, 200, 0}, {"so2.hour", 800, 200, 200},
		{"no2.day", 41, 52, 52}, {"co.hour", 10.1, 101, 101}, {"co.day", 2.2, 55, 55},
		{"pm2_5.day", 34.5, 49, 49}, {"pm2_5.day", 35.5, 52, 52}, {"pm2_5.day", 0, 0, 0}, {"pm2_5.day", -3, 0, 0}, {"pm2_5.day", 9999, 500, 500},
	} {
		for edition, want := range map[string]int64{"hj633-2026": c.new, "hj633-2012": c.old} {
			table := all.air[edition]
			if got, _ := table.index(table.columns[c.column], c.v); got != want {
				t.Errorf("%s: index(%s, %v) = %d, want %d", edition, c.column, c.v, got, want)
			}
		}
	}
	epa := all.air["epa-2024"]
	for v, want := range map[float64]int64{97.5: 180, 9.0: 50, 9.04: 50, 9.1: 51, 9.09: 50, 35.4: 100, 35.5: 101, 0: 0, 400: 500} {
		if got, _ := epa.index(epa.columns["pm2_5.hour"], v); got != want {
			t.Errorf("epa-2024: index(%v) = %d, want %d", v, got, want)
		}
	}
}

// Over every concentration of every table the integer result is the exact fraction's.
func TestIndexIsExact(t *testing.T) {
	for edition, table := range tables(t).air {
		for name, c := range table.columns {
			last := int64(0)
			for s := int64(0); s <= c.rows[len(c.rows)-1].to; s++ {
				got, _ := table.index(c, float64(s)/math.Pow10(c.decimals))
				r := c.rows[slices.IndexFunc(c.rows, func(r segment) bool { return s <= r.to })]
				num, den := (r.high-r.low)*(s-r.from), r.to-r.from
				low, high := (got-r.low)*den, (got-r.low-1)*den // of the ceiling: high < num <= low
				if table.up && !(high < num && num <= low) || !table.up && 2*max(num-low, low-num) > den {
					t.Fatalf("%s %s: index of %d is %d, exactly %d + %d/%d", edition, name, s, got, r.low, num, den)
				}
				if got < last {
					t.Fatalf("%s %s falls from %d to %d at %d", edition, name, last, got, s)
				}
				last = got
			}
		}
	}
}

func TestIndexNeedsItsPollutants(t *testing.T) {
	table := tables(t).air["hj633-2026"]
	of := func(v float64) func(string) mean {
		return func(name string) mean { return mean{V: v, OK: name == "pm2_5", F: obs.Suspect, Why: obs.Rate} }
	}
	if got := table.judge(six, "hour", of(60)); !missing(got[0], obs.Sparse) || got[1].Value != 100 || got[1].Quality.Why != obs.Rate {
		t.Errorf("with five pollutants missing and PM2.5 60 the index is %v, its own %v", got[0], got[1])
	}
	for _, v := range []float64{60, 61} {
		got := table.judge(six, "hour", of(v))
		if most := got[len(got)-1]; most.Value != got[1].Value || most.Quality.Flag != obs.Suspect || most.Quality.Why != obs.Sparse {
			t.Errorf("with five of six missing the largest is %v, want at least %v, suspect and sparse", most, got[1].Value)
		}
		got = table.judge([]string{"pm2_5"}, "hour", of(v))
		if most := got[len(got)-1]; most.Value != got[1].Value || most.Quality.Why != obs.Rate {
			t.Errorf("of all that is measured the largest is %v, want %v as it is", most, got[1])
		}
	}
	none := table.judge(six, "hour", func(string) mean { return mean{} })
	if most := none[len(none)-1]; !missing(most, obs.Sparse) {
		t.Errorf("with nothing measured the largest is %v", most)
	}
	if got := table.judge(six, "hour", of(61)); got[0].Value != 101 || got[0].Quality.Flag != obs.Suspect {
		t.Errorf("with five pollutants missing and PM2.5 61 the index is %v, want 101, suspect", got[0])
	}
}

// missing says whether r has no value for this reason.
func missing(r obs.Reading, why obs.Reason) bool {
	return r.Quality == (obs.Quality{Flag: obs.Missing, Why: why}) && math.IsNaN(r.Value)
}

func TestWaterClass(t *testing.T) {
	table := tables(t).water["gb3838-2002"]
	names := []string{"do", "codmn", "ammonia_n", "total_p", "ph"}
	in := []float64{6.3, 3.8, 0.41, 0.087, 7.82}
	class := func(lake bool, names []string, in []float64) []float64 {
		var rs []obs.Reading
		for _, v := range in {
			rs = append(rs, obs.Reading{Value: v, Quality: obs.Quality{Flag: obs.Pass}})
		}
		var out []float64
		for _, r := range waterOf(table, names, lake)(rs, At{}) {
			out = append(out, r.Value)
		}
		return out
	}
	for _, c := range []struct {
		name string
		lake bool
		of   []string
		in   []float64
		want []float64
	}{
		{"a river of class II", false, names, in, []float64{2, 2, 2, 2, 2, 1}},
		{"the same water in a lake", true, append(slices.Clone(names), "total_n"), append(slices.Clone(in), 2.12), []float64{6, 2, 2, 2, 4, 1, 6}},
		{"a limit counts as met", false, []string{"cod"}, []float64{15}, []float64{1, 1}},
		{"as does one that a sum of floats just misses", false, []string{"ammonia_n"}, []float64{0.1 + 0.05}, []float64{1, 1}},
		{"worse than V", false, []string{"cod"}, []float64{40.1}, []float64{6, 6}},
		{"sour", false, []string{"ph"}, []float64{5.99}, []float64{6, 6}},
		{"saturated", false, []string{"do", "do_saturation"}, []float64{7.1, 90}, []float64{1, 1}},
		{"not saturated", false, []string{"do", "do_saturation"}, []float64{7.1, 89.9}, []float64{2, 2}},
	} {
		if got := class(c.lake, c.of, c.in); !slices.Equal(got, c.want) {
			t.Errorf("%s: classes of %v %v are %v, want %v", c.name, c.of, c.in, got, c.want)
		}
	}
}

func TestNowCast(t *testing.T) {
	no := math.NaN()
	for _, c := range []struct {
		in   []float64
		want float64
	}{
		{[]float64{30, 32, 31, 29, 30, 33, 32, 31, 30, 29, 31, 30}, 30.7},
		{[]float64{120, 95, 70, 48, 35, 30, 28, 27, 26, 25, 25, 24}, 97.5},
		{[]float64{120, no, 70, 48, 35, no, 28, 27, 26, 25, 25, 24}, 99.7},
		{[]float64{120, no, no, 48, 35, 30, 28, 27, 26, 25, 25, 24}, no},
		{[]float64{0, 0, 0, 71, 0, 0, 0, 0, 0, 0, 0, 0}, 4.4},
		{[]float64{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 0},
		{[]float64{30.3, 30.3, 30.3, 30.3}, 30.3}, // which binary floating point truncates to 30.2
		{[]float64{12.1, 12.1}, 12.1},
		{[]float64{12.1}, no},
		{nil, no},
	} {
		if got, ok := NowCast(c.in); ok == math.IsNaN(c.want) || ok && got != c.want {
			t.Errorf("NowCast(%v) = %v, %v; want %v", c.in, got, ok, c.want)
		}
	}
}

func TestHalfEven(t *testing.T) {
	for _, c := range []struct {
		v        float64
		decimals int
		want     int64
	}{
		{34.5, 0, 34}, {35.5, 0, 36}, {4.05, 1, 40}, {4.15, 1, 42}, {34.50001, 0, 35}, {34.49999, 0, 34}, {0.5, 0, 0}, {-0.5, 0, 0},
	} {
		if got := halfEven(c.v, c.decimals); got != c.want {
			t.Errorf("halfEven(%v, %d) = %d, want %d", c.v, c.decimals, got, c.want)
		}
	}
}

// The factors at 25 °C and 0 °C as they are in use, to three decimals.
func TestGasFactors(t *testing.T) {
	g := tables(t).gases
	for name, want := range map[string][2]float64{"no2": {1.880, 2.053}, "o3": {1.962, 2.141}, "so2": {2.619, 2.858}, "no": {1.227, 1.339}} {
		for i, state := range []string{"25C", "0C"} {
			got, ok := g.factor(obs.Metric{Unit: "[ppb]"}, obs.Metric{Name: name, Unit: "ug/m3"}, state)
			if !ok || math.Abs(got-want[i]) > 0.0006 {
				t.Errorf("1 ppb of %s at %s = %.4f ug/m3, want %v", name, state, got, want[i])
			}
		}
	}
	if got, _ := g.factor(obs.Metric{Unit: "[ppm]"}, obs.Metric{Name: "co", Unit: "mg/m3"}, "25C"); math.Abs(got-1.145) > 0.0006 {
		t.Errorf("1 ppm of CO = %.4f mg/m3, want 1.145", got)
	}
	if got, ok := g.factor(obs.Metric{Unit: "mm"}, obs.Metric{Name: "level", Unit: "m"}, "25C"); !ok || got != 0.001 {
		t.Errorf("1 mm = %v m", got)
	}
	for _, to := range []obs.Metric{{Name: "pm2_5", Unit: "ug/m3"}, {Name: "level", Unit: "m"}, {Unit: "{NTU}"}} {
		if f, ok := g.factor(obs.Metric{Unit: "[ppb]"}, to, "25C"); ok {
			t.Errorf("ppb become %s by %v", to.Unit, f)
		}
	}
}

func TestBadTables(t *testing.T) {
	head := "edition: e\nsource: s\n"
	for _, c := range []struct{ src, want string }{
		{"kind: air\n" + head + "round: down", "round is up or nearest"},
		{"kind: air\n" + head + "round: up\nindex: [0, 50]\ncolumns: {x.hour: {steps: [0, 5, 6], above: none}}", "more steps than indices"},
		{"kind: air\n" + head + "round: up\nindex: [0, 50, 40]\ncolumns: {x.hour: {steps: [0, 5, 6], above: none}}", "rise from row to row"},
		{"kind: air\n" + head + "round: up\nindex: [0, 50, 60]\ncolumns: {x: {steps: [0, 5, 6], above: none}}", "pollutant.hour"},
		{"kind: air\n" + head + "round: up\nindex: [0, 50, 60]\ncolumns: {x.day: {steps: [1, 5, 6], above: some}}", "above is an index, or none"},
		{"kind: air\n" + head + "round: up\nall: [y]", "no column y.hour"},
		{"kind: water\n" + head + "indicators: {do: {least: [1, 2, 3, 4, 5]}}", "limits are five"},
		{"kind: water\n" + head + "indicators: {do: {}}", "an indicator has"},
		{"kind: gases\n" + head + "molar_mass: {o3: 0}", "not possible"},
		{"kind: soup\n" + head, "no kind of table"},
		{"kind: air\n", "edition"},
	} {
		_, err := ParseTables(fstest.MapFS{"t.yaml": {Data: []byte(c.src)}})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q gives %v\nwant %s", c.src, err, c.want)
		}
	}
}

// FuzzTables holds that each index of a table that is accepted never falls while the
// concentration rises, and never panics.
func FuzzTables(f *testing.F) {
	for _, name := range []string{"hj633-2026.yaml", "epa-2024.yaml", "gb3838-2002.yaml", "gases.yaml"} {
		file, err := firmwareconfigs.Indices().Open(name)
		if err != nil {
			f.Fatal(err)
		}
		info, _ := file.Stat()
		src := make([]byte, info.Size())
		if _, err := file.Read(src); err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		all, err := ParseTables(fstest.MapFS{"t.yaml": {Data: src}})
		if err != nil {
			return
		}
		for _, table := range all.air {
			for name, c := range table.columns {
				last := int64(0)
				for _, r := range c.rows {
					for _, s := range []int64{r.from, (r.from + r.to) / 2, r.to} {
						got, ok := table.index(c, float64(s)/math.Pow10(c.decimals))
						if !ok || got < last {
							t.Fatalf("%s: index falls from %d to %d, %v, at %d", name, last, got, ok, s)
						}
						last = got
					}
				}
			}
		}
		for _, table := range all.water {
			for name, i := range table.indicators {
				for v := -1.0; v < 20; v += 0.5 {
					if class, ok := i.class(v, true); ok && (class < 1 || class > worse) {
						t.Fatalf("%s %v has class %v", name, v, class)
					}
				}
			}
		}
	})
}
