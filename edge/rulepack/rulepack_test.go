package rulepack_test

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/rulepack"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

func reader(t testing.TB) rulepack.Reader {
	t.Helper()
	metrics, err := obs.ParseCatalog(firmwareconfigs.MetricsFile, firmwareconfigs.Metrics())
	if err != nil {
		t.Fatal(err)
	}
	return rulepack.Reader{Metrics: metrics, Fields: []string{"value"}, Ahead: []string{"in"}}
}

const tank = `name: {zh: 水箱, en: tanks}
rules:
  tank:
    about: {zh: 水箱, en: a tank}
    parameters:
      level: {is: stream, metric: level, about: {zh: 水位, en: level}}
      high:  {is: number, unit: m, example: 3, min: -5, about: {zh: 高, en: high}}
      top:   {is: number, unit: m, optional: true, example: 4, about: {zh: 顶, en: top}}
      soon:  {is: duration, default: 5m, max: 1h, about: {zh: 时间, en: time}}
    levels:
      red:  {when: "level >= top", for: soon}
      blue: {when: "max(level, soon) >= high", clear: "level < high - 0.1", clear_for: 1m}
    message: {zh: "{value}", en: "{value}"}
`

func set(t testing.TB, packs map[string]string) *rulepack.Set {
	t.Helper()
	s, err := reader(t).Read(folder(packs))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func folder(packs map[string]string) fs.FS {
	f := fstest.MapFS{}
	for name, text := range packs {
		f[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return f
}

var streams = []obs.Stream{{Device: "pm-north", Channel: "level"}, {Device: "a", Channel: "level.deep"}, {Device: "a", Channel: "distance"}}

func TestUse(t *testing.T) {
	s := set(t, map[string]string{"tank.yaml": tank})
	for _, c := range []struct{ with, want string }{
		{"level=pm-north.level high=2.50", "blue: max(pm-north.level, 5m) >= 2.5 | pm-north.level < 2.5 - 0.1 | 0s 1m0s"},
		{"level=a.level.deep high=-2 top=4_m soon=90s", "red: a.level.deep >= 4 |  | 1m30s 0s; blue: max(a.level.deep, 1m30s) >= (-2) | a.level.deep < (-2) - 0.1 | 0s 1m0s"},
		{"level=pm-north.level high=1 top=off soon=1h", "blue: max(pm-north.level, 1h) >= 1 | pm-north.level < 1 - 0.1 | 0s 1m0s"},
		{"high=1", "E3002 tank needs level, level; write with: {level: …}, a stream of the metric level, like device.level"},
		{"level=pm-north.level", "E3002 tank needs high, high; write with: {high: …}, a number of m from -5 on"},
		{"level=pm-north.level high=1e999", `high: E3003 "1e999" is not a number; write a number of m from -5 on`},
		{"level=pm-north.level high=NaN", `high: E3003 "NaN" is not a number; write a number of m from -5 on`},
		{"level=pm-north.level high=-6", "high: E3003 -6 is out of range for high; write a number of m from -5 on"},
		{"level=pm-north.level high=2_cm", "high: E3003 high is in m here, not in cm; write a number of m from -5 on"},
		{"level=pm-north.level high=1 soon=2h", "soon: E3003 2h is out of range for soon; write a duration like 5m up to 1h"},
		{"level=a.distance high=1", "level: E3003 a.distance measures distance, level needs level (water level); known: a.level.deep, pm-north.level"},
		{"level=b.level high=1", `level: E3003 there is no stream b.level; known: a.level.deep, pm-north.level`},
		{"level=off high=1", "level: E3003 level cannot be left out; write a stream of the metric level, like device.level"},
		{"level=pm-north.level high=1 hihg=2", `hihg: E3002 tank has no parameter "hihg"; did you mean "high"?`},
	} {
		with := map[string]string{}
		for _, f := range strings.Fields(c.with) {
			k, v, _ := strings.Cut(f, "=")
			with[k] = strings.ReplaceAll(v, "_", " ")
		}
		u, errs := s.Use("tank", with, streams)
		var got []string
		for _, e := range errs {
			got = append(got, e.Error())
		}
		if u != nil {
			for _, l := range u.Levels {
				got = append(got, l.Severity+": "+l.When.Is+" | "+l.Clear.Is+" | "+l.For.String()+" "+l.ClearFor.String())
			}
		}
		if text := strings.Join(got, "; "); text != c.want {
			t.Errorf("Use(%s)\n got %s\nwant %s", c.with, text, c.want)
		}
	}
}

// A mistake in an expanded text is found in the site's values and in the pack's file.
func TestPlace(t *testing.T) {
	u, errs := set(t, map[string]string{"tank.yaml": tank}).Use("tank", map[string]string{"level": "pm-north.level", "high": "2.50"}, streams)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	text := u.Levels[0].When.Is
	for part, want := range map[string]struct {
		names     string
		col, wide int
	}{
		"max":            {"", 21, 3},
		"pm-north.level": {"level", 25, 5},
		"5m":             {"soon", 32, 4},
		">=":             {"", 38, 2},
		"2.5":            {"high", 41, 4},
		text:             {"soon high level", 21, 24},
	} {
		names, at := u.Place("levels.blue.when", strings.Index(text, part), len(part))
		if strings.Join(names, " ") != want.names || at.File != "tank.yaml" || at.Line != 12 || at.Col != want.col || at.Width != want.wide {
			t.Errorf("%q: %v, %s:%d:%d, %d wide; want %+v", part, names, at.File, at.Line, at.Col, at.Width, want)
		}
	}
}

func TestExtend(t *testing.T) {
	built := set(t, map[string]string{"tank.yaml": tank, "other.yaml": strings.ReplaceAll(tank, "  tank:", "  other:")})
	own, err := built.Extend("packs", folder(map[string]string{"tank.yaml": strings.ReplaceAll(tank, "  tank:", "  cistern:"), "notes.txt": "?"}))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(own.RuleIDs(), " "); got != "cistern other" {
		t.Errorf("rules %s", got)
	}
	if p, _ := own.Pack("tank"); !p.Own || !p.Replaces || p.File != "packs/tank.yaml" {
		t.Errorf("%+v", p)
	}
	if p, _ := own.Pack("other"); p.Own || p.Replaces || slices.Equal(own.Digest(), built.Digest()) {
		t.Errorf("%+v", p)
	}
	// A broken file is told, and whoever uses its rules is told no more than that.
	broken, err := built.Extend("packs", folder(map[string]string{"mine.yaml": strings.ReplaceAll(strings.ReplaceAll(tank, "  tank:", "  mine:"), "is: stream", "is: steam"), "x.YML": ""}))
	var ps yamldoc.Problems
	if !errors.As(err, &ps) || !strings.Contains(err.Error(), "packs/mine.yaml:6:19: E3005 \"steam\" is no kind of parameter; did you mean \"stream\"?") ||
		!strings.Contains(err.Error(), "packs/x.YML:1:1: E3007 only files called *.yaml are read") {
		t.Errorf("%v", err)
	}
	if _, errs := broken.Use("mine", nil, nil); len(errs) != 1 || errs[0].Msg != "the pack that holds mine has mistakes" {
		t.Errorf("%v", errs)
	}
	// The same id twice.
	if _, err := built.Extend("packs", folder(map[string]string{"a.yaml": tank})); err == nil || !strings.Contains(err.Error(), "packs/a.yaml:3:3: E3006 a rule tank is in tank.yaml already") {
		t.Errorf("%v", err)
	}
}

func TestMistakes(t *testing.T) {
	for from, c := range map[string]struct{ to, want string }{
		"level >= top":          {"lvel >= top", `p.yaml:11:21: E3005 tank has no parameter "lvel"; did you mean "level"?`},
		"level < high - 0.1":    {"river.level < 3", "p.yaml:12:56: E3005 a pack knows no site's streams; make it a parameter: {is: stream, metric: …}"},
		"for: soon":             {"for: high", `p.yaml:11:41: E3005 "high" is neither a duration nor a parameter that is one; write 5m, or the name of a parameter with is: duration`},
		"metric: level":         {"metric: levle", `p.yaml:6:35: E3005 there is no metric "levle"; did you mean "level"?`},
		"metric: level, ":       {"metric: level, also: [depth_of], ", `p.yaml:6:49: E3005 there is no metric "depth_of"`},
		"level, about: {zh: 水位": {"level, also: [temp], about: {zh: 水位", "p.yaml:6:49: E3005 temp and level have different units; leave it out"},
		"example: 3, ":          {"", "p.yaml:7:7: E3005 high has neither a default nor an example; add default: …, or example: … if each site must say its own"},
		"default: 5m":           {"default: 5", `p.yaml:9:38: E3005 "5" is not a duration; write a duration like 5m up to 1h`},
		"red:  {":               {"rot:  {", `p.yaml:11:7: E3005 "rot" is no severity; write red, orange, yellow or blue`},
		"zh: \"{value}\"":       {"zh: \"{valu}\"", `p.yaml:13:20: E3005 a message has no field {valu}; did you mean "value"?`},
		"en: \"{value}\"":       {"en: 红色预警", "p.yaml:13:34: E3005 these words belong to warnings that the authorities issue; write what was measured; the severity is shown beside it"},
		"    levels:":           {"    when: level > high\n    levels:", "p.yaml:10:5: E3005 when stands beside levels, which have their own; write it below a level"},
		"name: {zh: 水箱, ":       {"nam: {zh: 水箱, ", `p.yaml:1:1: E1101 unknown key "nam"; did you mean "name"?`},
		"unit: m, example: 3,":  {"unit: m, metric: level, example: 3,", "p.yaml:7:36: E3005 a number has no metric; delete it"},
	} {
		text := strings.Replace(tank, from, c.to, 1)
		_, err := reader(t).Parse("p.yaml", "p", []byte(text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s → %s\n got %v\nwant %s", from, c.to, err, c.want)
		}
	}
}

func TestBrief(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "0s", 90 * time.Second: "1m30s", time.Hour: "1h", 49 * time.Hour: "49h", 48 * time.Hour: "2d"} {
		if got := rulepack.Brief(d); got != want {
			t.Errorf("Brief(%v) = %s, want %s", d, got, want)
		}
	}
}

// FuzzParse: any bytes are a pack or problems inside the file, and what is taken can be
// used with its own defaults and examples: what comes out has none of the names left
// that the values stand for.
func FuzzParse(f *testing.F) {
	f.Add([]byte(tank))
	f.Add([]byte("name: {zh: a, en: b}\nrules: {x: {about: {zh: a, en: b}, parameters: {}, when: '1', severity: red}}"))
	r := reader(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		if len(src) > 8192 {
			return
		}
		p, err := r.Parse("p.yaml", "p", src)
		if err != nil {
			return
		}
		s, err := r.Read(folder(map[string]string{"p.yaml": string(src)}))
		if err != nil {
			t.Fatalf("Parse takes what Read refuses: %v", err)
		}
		for _, rule := range p.Rules {
			with, known := map[string]string{}, []obs.Stream{}
			for _, x := range rule.Parameters {
				with[x.Name] = x.Default
				if x.Default == "" {
					with[x.Name] = x.Example
				}
				if x.Is == rulepack.Stream {
					with[x.Name] = "device." + x.Metric.Name
					known = append(known, obs.Stream{Device: "device", Channel: x.Metric.Name})
				}
			}
			u, errs := s.Use(rule.ID, with, known)
			if len(errs) > 0 {
				t.Fatalf("%s does not take its own examples: %v", rule.ID, errs)
			}
			for _, l := range u.Levels {
				for at := range l.When.Is {
					u.Place("levels."+l.Severity+".when", at, 1)
				}
			}
		}
	})
}
